/** Pictures are loaded by the browser, which does not say why one fails. */

import { signal } from "@preact/signals";
import { pauseAfter, READING } from "./retry";

const TRIES = 4;

/** The pictures on the page that could not be loaded. */
export class Pictures {
  readonly failed = signal<ReadonlySet<() => void>>(new Set());

  /** Follow the connection, until the person signs out. */
  open(signedOut: AbortSignal): void {
    addEventListener("online", this.tryAgain, { signal: signedOut });
  }

  /** @returns a function that forgets the picture, once it is not on the page any more. */
  add(again: () => void): () => void {
    this.failed.value = new Set([...this.failed.value, again]);
    return () => {
      if (!this.failed.value.has(again)) return;
      const others = new Set(this.failed.value);
      others.delete(again);
      this.failed.value = others;
    };
  }

  readonly tryAgain = (): void => {
    const failed = this.failed.value;
    this.failed.value = new Set();
    for (const again of failed) again();
  };
}

/**
 * Load a picture into an element, again with a new URL if that fails.
 *
 * @throws the last error.
 */
export async function loadInto(
  image: HTMLImageElement,
  url: (isNew: boolean) => Promise<string>,
  stopped: AbortSignal,
): Promise<void> {
  for (let tried = 1; !stopped.aborted; tried++) {
    try {
      const source = await url(tried > 1);
      if (stopped.aborted) return;
      await loaded(image, source);
      return;
    } catch (error) {
      await pauseAfter(error, tried, { ...READING, tries: TRIES, signal: stopped });
    }
  }
}

function loaded(image: HTMLImageElement, source: string): Promise<void> {
  return new Promise((resolve, reject) => {
    image.addEventListener("load", () => resolve(), { once: true });
    image.onerror = () => reject(new TypeError("Load failed")); // as fetch() in Safari
    image.src = source;
  });
}
