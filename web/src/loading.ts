/** A value that is loaded, and can be loaded again after an error. */

import { signal } from "@preact/signals";
import { errorInWords } from "./words";

export class Loading<T> {
  readonly value = signal<T | undefined>(undefined);
  /** In words; empty without an error. */
  readonly error = signal("");

  constructor(private readonly task: () => Promise<T>) {
    void this.load();
  }

  readonly load = async (): Promise<void> => {
    this.error.value = "";
    try {
      this.value.value = await this.task();
    } catch (error) {
      this.error.value = errorInWords(error);
    }
  };
}
