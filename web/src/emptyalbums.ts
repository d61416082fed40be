/**
 * Albums without photos. S3 has no folders: an album is the beginning of its photos' keys, so that only this
 * browser can know one without photos. It is forgotten once it has some.
 */

import { signal } from "@preact/signals";
import { isWithin } from "./shelves";

const PREFIX = "gallery.albums.";

export class EmptyAlbums {
  readonly names = signal<readonly string[]>([]);
  private readonly key: string;

  constructor(
    private readonly storage: Storage | undefined,
    owner: string,
  ) {
    this.key = PREFIX + owner;
    this.names.value = this.read();
  }

  add(name: string): void {
    this.write([...this.read().filter((one) => one !== name), name]);
  }

  remove(name: string): void {
    this.write(this.read().filter((one) => one !== name));
  }

  /** Rename an album, and those below it. */
  rename(from: string, to: string): void {
    this.write(this.read().map((one) => (isWithin(one, from) ? to + one.slice(from.length) : one)));
  }

  /** Forget albums that have photos. */
  filled(names: Iterable<string>): void {
    const full = [...names];
    const left = this.read().filter((empty) => !full.some((one) => isWithin(one, empty)));
    if (left.length !== this.names.peek().length) this.write(left);
  }

  private read(): string[] {
    try {
      const names: unknown = JSON.parse(this.storage?.getItem(this.key) ?? "[]");
      return Array.isArray(names) ? names.filter((one) => typeof one === "string" && one !== "") : [];
    } catch {
      return [];
    }
  }

  private write(names: readonly string[]): void {
    const unique = [...new Set(names)];
    this.names.value = unique;
    try {
      if (unique.length === 0) this.storage?.removeItem(this.key);
      else this.storage?.setItem(this.key, JSON.stringify(unique));
    } catch {
      // the storage is full, or forbidden
    }
  }
}
