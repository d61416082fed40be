/** Originals in a ZIP: read one after the other, a few ahead, and written by the browser as they come. */

import { HttpError } from "./retry";
import { downloadZip } from "client-zip";
import { t } from "./language";
import { zipNames } from "./zipnames";

const AHEAD = 3; // originals in memory at once
const STALLED_MS = 60_000;

/** A photo to be zipped. */
export interface Source {
  path: string;
  /** The local time of the camera. */
  sortTime: string;
}

export interface Hooks {
  /** Return a new signed URL of a photo's original. */
  url: (path: string) => Promise<string>;
  /** Do a task, again after errors that pass. */
  persist: <T>(task: () => Promise<T>) => Promise<T>;
  /** Bytes that have arrived, of a try that may fail. */
  received: (bytes: number) => void;
  succeeded: (path: string) => void;
  failed: (path: string, error: unknown) => void;
  stopped: AbortSignal;
}

interface Entry {
  name: string;
  lastModified: Date;
  input: Blob;
}

/** The entries of ZIPs. A photo that fails is reported and left out. */
export class Entries {
  private readonly entries: AsyncGenerator<Entry>;
  private next: Entry | undefined;
  private hasEnded = false;

  constructor(photos: readonly Source[], hooks: Hooks) {
    this.entries = entriesOf(photos, hooks);
  }

  /** Whether there are no more entries. */
  async ended(): Promise<boolean> {
    if (!this.next && !this.hasEnded) {
      const { value, done } = await this.entries.next();
      this.hasEnded = done === true;
      this.next = value as Entry | undefined;
    }
    return this.hasEnded;
  }

  /** Yield entries until a ZIP would have more bytes. */
  async *upTo(maxBytes: number): AsyncGenerator<Entry> {
    for (let bytes = 0; !(await this.ended()); ) {
      const entry = this.next!;
      if (bytes > 0 && bytes + entry.input.size > maxBytes) return;
      bytes += entry.input.size;
      this.next = undefined;
      yield entry;
    }
  }
}

async function* entriesOf(photos: readonly Source[], hooks: Hooks): AsyncGenerator<Entry> {
  const names = zipNames(photos.map(({ path }) => path));
  const begun: Promise<Blob | undefined>[] = [];
  for (const [index, photo] of photos.entries()) {
    while (begun.length < photos.length && begun.length <= index + AHEAD - 1) begun.push(read(photos[begun.length]!, hooks));
    const input = await begun[index];
    begun[index] = Promise.resolve(undefined); // so that its memory is free once it is written
    if (hooks.stopped.aborted) return;
    if (!input) continue;
    yield { name: names[index]!, lastModified: dateOf(photo.sortTime), input };
    hooks.succeeded(photo.path);
  }
}

/** Return a photo's bytes; undefined if it failed, which is reported. */
async function read({ path }: Source, hooks: Hooks): Promise<Blob | undefined> {
  try {
    return await hooks.persist(async () => {
      let received = 0;
      try {
        return await fetchBlob(await hooks.url(path), hooks.stopped, (bytes) => {
          received += bytes;
          hooks.received(bytes);
        });
      } catch (error) {
        hooks.received(-received);
        throw error;
      }
    });
  } catch (error) {
    if (!hooks.stopped.aborted) hooks.failed(path, error);
    return undefined;
  }
}

async function fetchBlob(url: string, stopped: AbortSignal, received: (bytes: number) => void): Promise<Blob> {
  const stalled = new AbortController();
  let timer = setTimeout(() => stalled.abort(), STALLED_MS);
  try {
    const answer = await fetch(url, { signal: AbortSignal.any([stopped, stalled.signal]), cache: "no-store" });
    const { status } = answer;
    if (!answer.ok || !answer.body) {
      const message = t("The file could not be read (HTTP status {status}).", { status: String(status) });
      throw new HttpError(message, status);
    }
    const parts: Uint8Array<ArrayBuffer>[] = [];
    const reader = answer.body.getReader();
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      clearTimeout(timer);
      timer = setTimeout(() => stalled.abort(), STALLED_MS);
      parts.push(part.value);
      received(part.value.length);
    }
    return new Blob(parts);
  } catch (error) {
    if (stalled.signal.aborted) throw new DOMException(t("The connection was lost."), "TimeoutError");
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

/** A ZIP has the date as the clock of the camera showed it. */
function dateOf(sortTime: string): Date {
  const date = new Date(sortTime.slice(0, 19));
  const canBeWritten = date.getFullYear() >= 1980 && date.getFullYear() < 2108; // false if it is invalid
  return canBeWritten ? date : new Date(1980, 0, 1);
}

/** Return the bytes of a ZIP of entries. */
export function zipOf(entries: AsyncIterable<Entry>): Response {
  return downloadZip(entries);
}
