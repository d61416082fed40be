/**
 * Uploads that a page did not end: a reload, a closed tab and a sign-out stop them.
 *
 * A page cannot keep the files themselves. So it remembers their names and sizes, and the person has
 * to choose or drop them again.
 */

import { signal } from "@preact/signals";

export interface Unsent {
  /** album/file, as in the table. */
  path: string;
  bytes: number;
}

export interface Interrupted {
  /** The album into which the last files were to go. */
  album: string;
  /** The number of files that were sent. */
  sent: number;
  unsent: readonly Unsent[];
}

const PREFIX = "gallery.uploads.";
const WRITE_AFTER_MS = 300; // thousands of files change their state within a second

export class Remembered {
  /** The uploads of earlier pages; files that are chosen again are not among them any more. */
  readonly interrupted = signal<Interrupted | undefined>(undefined);
  private readonly prefix: string;
  private readonly key: string;
  private pending: (() => Interrupted) | undefined;
  private release: () => void = () => undefined;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly storage: Storage | undefined,
    owner: string,
    private readonly locks: Pick<LockManager, "query" | "request"> | undefined,
  ) {
    this.prefix = `${PREFIX}${owner}.`;
    this.key = this.prefix + crypto.randomUUID();
  }

  /** Read what earlier pages have left, but not what other open tabs upload at the moment. */
  async read(): Promise<void> {
    // The lock says that this page is alive. It ends with the page, or with the sign-out.
    const signedOut = new Promise<void>((resolve) => (this.release = resolve));
    void this.locks?.request(this.key, () => signedOut).catch(() => undefined);
    const locks = await this.locks?.query().catch(() => undefined); // an origin may have none
    const alive = new Set(locks?.held?.map(({ name }) => name));
    const keys = Object.keys(this.storage ?? {}).filter((key) => key.startsWith(this.prefix) && !alive.has(key));
    const found = keys.flatMap((key) => parsed(this.storage?.getItem(key)) ?? []);
    const unsent = [...new Map(found.flatMap((one) => one.unsent).map((one) => [one.path, one])).values()];
    const last = found.at(-1);
    if (last && unsent.length > 0) {
      const sent = found.reduce((sum, one) => sum + one.sent, 0);
      this.interrupted.value = { album: last.album, sent, unsent };
      this.write(this.interrupted.value); // under the name of this page
    }
    for (const key of keys) this.storage?.removeItem(key);
  }

  /** Write what is to be remembered: the person has signed out. */
  close(): void {
    this.now();
    this.release();
  }

  /** Forget the uploads of earlier pages. */
  forget(): void {
    this.interrupted.value = undefined;
  }

  /** Take files that are chosen again out of the uploads of earlier pages. */
  resumed(paths: ReadonlySet<string>): void {
    const { value: interrupted } = this.interrupted;
    if (!interrupted) return;
    const unsent = interrupted.unsent.filter(({ path }) => !paths.has(path));
    this.interrupted.value = unsent.length > 0 ? { ...interrupted, unsent } : undefined;
  }

  /** Remember the uploads of this page soon, or at once if the page is left. */
  later(uploads: () => Interrupted): void {
    this.pending = uploads;
    this.timer ??= setTimeout(this.now, WRITE_AFTER_MS);
  }

  readonly now = (): void => {
    clearTimeout(this.timer);
    this.timer = undefined;
    if (this.pending) this.write(this.pending());
    this.pending = undefined;
  };

  private write(uploads: Interrupted): void {
    try {
      if (uploads.unsent.length === 0) this.storage?.removeItem(this.key);
      else this.storage?.setItem(this.key, JSON.stringify(uploads));
    } catch {
      // the storage is full, or forbidden
    }
  }
}

function parsed(text: string | null | undefined): Interrupted | undefined {
  try {
    const { album, sent, unsent } = JSON.parse(text ?? "") as Partial<Interrupted>;
    const isUnsent = ({ path, bytes }: Partial<Unsent>) => typeof path === "string" && typeof bytes === "number";
    if (typeof album !== "string" || typeof sent !== "number" || !unsent?.every(isUnsent)) return undefined;
    return { album, sent, unsent };
  } catch {
    return undefined;
  }
}
