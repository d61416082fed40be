/**
 * Moving photos between albums. An album is the beginning of a key, and S3 does not rename objects. So each photo is
 *
 * 1. copied to its new key: S3 copies, nothing is sent, and nothing is overwritten;
 * 2. waited for, until the workflow has made the copy READY with the same bytes. Its labels are those of the photo,
 *    which is still there;
 * 3. given the edits of the photo;
 * 4. deleted at its old key, if it still has the bytes that were copied.
 *
 * Wherever this stops, the photo is there once or twice. Moving it again finds the copy by its content, and goes on.
 */

import { signal } from "@preact/signals";
import { ChangedError, ExistsError, type Aws, type Item, type Patch } from "./aws";
import { numbered } from "./files";
import type { Gallery } from "./gallery";
import { t } from "./language";
import { isInProgress, MOVES, type Move, type State, type Wanted } from "./moves";
import { editsOf, photoOf, sortKey, splitPath, type Photo } from "./records";
import { persist, UPLOADING } from "./retry";
import { isWithin } from "./shelves";
import { errorInWords, reasonInWords } from "./words";

const AT_ONCE = 4;
const MAX_NAMES = 100; // of photos with one name in one album
const LOOK_AGAIN_MS = 400; // the first pause between two reads of a row; each is longer than the one before
const LOOK_AGAIN_MAX_MS = 4000;
const READY_MS = 5 * 60 * 1000; // most photos take seconds
const SETTLE_MS = 60 * 1000; // for a photo that is being processed already
const DELETED_MS = 20 * 1000; // from S3's event to the row

/** The message says what is wrong, in the reader's language. */
class MoveError extends Error {}

interface Found {
  item: Item;
  photo: Photo;
}

/** What moving needs of AWS. */
export type MovingAws = Pick<Aws, "copy" | "delete" | "deletesForGood" | "deleteUnchanged" | "deleteVersion" | "edit" | "get" | "owner">;

export class Moving {
  readonly moves = signal<readonly Move[]>([]);
  /** Moves of earlier pages that have not ended. */
  readonly interrupted = signal<readonly Wanted[]>([]);
  private readonly queue: Move[] = [];
  private readonly key: string;
  private running = 0;
  private release: () => void = () => undefined;

  constructor(
    private readonly aws: MovingAws,
    private readonly gallery: Pick<Gallery, "album" | "albumCounts">,
    private readonly storage: Storage | undefined,
    private readonly locks: Pick<LockManager, "query" | "request"> | undefined,
    /** Called when a photo has moved. */
    private readonly moved: (from: string, photo: Photo) => void,
    private readonly signedOut: AbortSignal,
    private readonly scale = 1, // of all times; tests wait less
  ) {
    this.key = MOVES + aws.owner;
    signedOut.addEventListener("abort", () => {
      this.queue.length = 0;
      this.release();
    });
  }

  /** Read what earlier pages have left, but not what another open tab moves at the moment. */
  async readInterrupted(): Promise<void> {
    const locks = await this.locks?.query().catch(() => undefined); // an origin may have none
    if (locks?.held?.some(({ name }) => name === this.key)) return;
    const mine = new Set(this.moves.value.map(({ path }) => path));
    this.interrupted.value = this.remembered().filter(({ path }) => !mine.has(path));
  }

  goOn(): void {
    const { value: wanted } = this.interrupted;
    this.interrupted.value = [];
    this.add(wanted);
  }

  forget(): void {
    this.remember(() => []);
    this.interrupted.value = [];
  }

  /** Move photos. Those that are in the album already stay as they are. */
  add(wanted: readonly Wanted[]): void {
    const busy = new Set(this.moves.value.filter(isInProgress).map(({ path }) => path));
    const isToMove = ({ path, album }: Wanted) => splitPath(path).album !== album && !busy.has(path);
    const moves = wanted.filter(isToMove).map((one): Move => ({ ...one, state: signal<State>({ is: "queued" }) }));
    const paths = new Set(moves.map(({ path }) => path));
    this.moves.value = [...this.moves.value.filter(({ path }) => !paths.has(path)), ...moves];
    this.remember((before) => [...before.filter(({ path }) => !paths.has(path)), ...moves.map(toRemember)]);
    this.interrupted.value = this.interrupted.value.filter(({ path }) => !paths.has(path));
    for (const move of moves) this.enqueue(move);
  }

  /**
   * Move all photos of an album and of the albums below it.
   *
   * @returns the number of photos that are being moved.
   * @throws Error: not all photos could be listed; none is moved.
   */
  async rename(from: string, to: string): Promise<number> {
    const wanted: Wanted[] = [];
    for (const { name, chosenCover } of await this.gallery.albumCounts()) {
      if (!isWithin(name, from)) continue;
      for await (const page of this.gallery.album(name)) {
        for (const { path } of page) {
          const isCover = path === chosenCover;
          wanted.push({ path, album: to + name.slice(from.length), ...(isCover && { isCover }) });
        }
      }
    }
    this.add(wanted);
    return wanted.length;
  }

  retry(move: Move): void {
    if (move.state.value.is === "failed") this.enqueue(move);
  }

  retryFailed(): void {
    for (const move of this.moves.value) this.retry(move);
  }

  /** Do not begin another move. Those that have begun go on. */
  stop(): void {
    const stopped = new Set(this.queue.splice(0));
    const paths = new Set([...stopped].map(({ path }) => path));
    this.moves.value = this.moves.value.filter((move) => !stopped.has(move));
    this.remember((before) => before.filter(({ path }) => !paths.has(path)));
  }

  /** Forget the moves that have ended, and those that failed. */
  clear(): void {
    const ended = new Set(this.moves.value.filter((move) => !isInProgress(move)).map(({ path }) => path));
    this.moves.value = this.moves.value.filter(isInProgress);
    this.remember((before) => before.filter(({ path }) => !ended.has(path)));
  }

  private enqueue(move: Move): void {
    move.state.value = { is: "queued" };
    this.queue.push(move);
    this.next();
  }

  private next(): void {
    if (this.running === 0 && this.queue.length > 0) {
      // The lock says that a page is at work. It ends with the page.
      const idle = new Promise<void>((resolve) => (this.release = resolve));
      void this.locks?.request(this.key, () => idle).catch(() => undefined);
    }
    while (this.running < AT_ONCE) {
      const move = this.queue.shift();
      if (!move) break;
      this.running++;
      void this.run(move).finally(() => {
        this.running--;
        this.next();
      });
    }
    if (this.running === 0) this.release();
  }

  private async run(move: Move): Promise<void> {
    move.state.value = { is: "moving" };
    try {
      const photo = await this.move(move);
      if (this.signedOut.aborted) return;
      this.remember((before) => before.filter(({ path }) => path !== move.path));
      move.state.value = { is: "moved", to: photo.path };
      this.moved(move.path, photo);
    } catch (error) {
      if (this.signedOut.aborted) return;
      move.state.value = { is: "failed", message: error instanceof MoveError ? error.message : errorInWords(error) };
    }
  }

  /** @throws MoveError: the photo stays where it was. */
  private async move(move: Move): Promise<Photo> {
    const source = await this.settled(move.path, SETTLE_MS, (found) => found?.photo.status !== "PROCESSING");
    if (!source || source.photo.status === "DELETED") {
      // An earlier page may have deleted it, and may have had no time to remember it.
      const copy = move.to === undefined ? undefined : await this.read(move.to);
      if (copy?.photo.status === "READY") return copy.photo;
      throw new MoveError(t("The photo is not there any more."));
    }
    if (source.photo.status !== "READY") throw new MoveError(t("Only a photo that is ready can be moved."));
    const { copy, patch } = await this.copy(move, source);
    const to = copy.photo.path;
    this.remember((before) => before.map((one) => (one.path === move.path ? { ...one, to } : one)));
    move.to = to;
    await this.editCopy(to, source, patch);
    if (move.isCover) await this.ask(() => this.aws.edit({ album: move.album, cover: to }));
    await this.deleteSource(source);
    return (await this.read(to))?.photo ?? copy.photo;
  }

  /** Return the copy, once it is READY, and the edits that it lacks. */
  private async copy(move: Move, source: Found): Promise<{ copy: Found; patch: Patch | undefined }> {
    const { file } = splitPath(move.path);
    for (let number = 1; number <= MAX_NAMES; number++) {
      const name = number === 1 ? file : numbered(file, number);
      const to = [move.album, name].filter(Boolean).join("/");
      const before = await this.read(to);
      if (!before || before.photo.status === "DELETED") {
        try {
          const version = await this.ask(() => this.aws.copy(move.path, to, etagOf(source)));
          const copy = await this.ready(to, version, source);
          return { copy, patch: patchFor(editsOf(source.item), editsOf(copy.item), true) };
        } catch (error) {
          if (error instanceof ChangedError) throw new MoveError(changed());
          if (!(error instanceof ExistsError)) throw error;
        }
      }
      // It may be the copy of an earlier try: its answer was lost, or its page was left.
      const isThere = (found: Found | undefined) => found !== undefined && !["DELETED", "PROCESSING"].includes(found.photo.status);
      const there = await this.settled(to, SETTLE_MS, isThere);
      if (!there || !isThere(there)) {
        throw new MoveError(t("The album has a photo of this name that is being processed. Try again later."));
      }
      const patch = patchFor(editsOf(source.item), editsOf(there.item), false);
      if (isSameContent(source.photo, there.photo) && patch !== "conflict") return { copy: there, patch };
    }
    throw new MoveError(t("The album has too many photos of this name."));
  }

  /** Wait until a copy is READY. @throws MoveError: it is not; then the copy is deleted. */
  private async ready(to: string, version: string | undefined, source: Found): Promise<Found> {
    const isEnded = (found: Found | undefined) => {
      const photo = found?.photo;
      const isOfCopy = version === undefined || photo?.claimedVersion === version || photo?.versionId === version;
      return photo !== undefined && isOfCopy && photo.status !== "PROCESSING" && photo.status !== "DELETED";
    };
    const copy = await this.settled(to, READY_MS, isEnded);
    if (!copy || !isEnded(copy)) {
      throw new MoveError(t("Processing takes longer than usual. The photo is still where it was."));
    }
    const { status, reason } = copy.photo;
    if (status === "READY" && isSameContent(source.photo, copy.photo)) return copy;
    if (status === "READY") throw new MoveError(t("The copy is not the same as the photo. Both are kept."));
    await this.discard(to, version);
    throw new MoveError(
      t("The photo stays where it was: its copy could not be processed. {reason}", { reason: reasonInWords(reason) }),
    );
  }

  /** Delete a copy that is of no use; the photo is still where it was. */
  private async discard(to: string, version: string | undefined): Promise<void> {
    const isForGood = version !== undefined && this.aws.deletesForGood;
    // If that fails, the copy is listed among the problems, and can be deleted there.
    await (isForGood ? this.aws.deleteVersion(to, version) : this.aws.delete(to)).catch(() => undefined);
  }

  /**
   * Give the copy the edits of the photo, those too that a person has made while it was copied.
   *
   * @param patch the edits that the copy lacked when it was READY.
   */
  private async editCopy(to: string, source: Found, patch: Patch | undefined): Promise<void> {
    if (patch) await this.ask(() => this.aws.edit({ path: to, ...patch }));
    const now = await this.read(source.photo.path);
    const since = now && patchFor(editsOf(now.item), editsOf(source.item), true);
    if (since) await this.editCopy(to, now, since);
  }

  private async deleteSource(source: Found): Promise<void> {
    const { path, versionId: version, claimedVersion } = source.photo;
    try {
      await this.ask(() => this.aws.deleteUnchanged(path, etagOf(source)));
    } catch (error) {
      if (!(error instanceof ChangedError)) throw error;
      // It may be gone, by a try whose answer was lost.
      const isOther = (found: Found | undefined) =>
        found?.photo.status === "DELETED" || found?.photo.claimedVersion !== claimedVersion;
      const now = await this.settled(path, DELETED_MS, isOther);
      if (now && now.photo.status !== "DELETED") throw new MoveError(changed());
    }
    // Otherwise the trash shows a photo that nobody has deleted. If this fails, it stays there until it expires.
    if (version && this.aws.deletesForGood) await this.ask(() => this.aws.deleteVersion(path, version)).catch(() => undefined);
  }

  private async read(path: string): Promise<Found | undefined> {
    const item = await this.ask(() => this.aws.get(sortKey(path)));
    return item && { item, photo: photoOf(item) };
  }

  /** Read a row until it is as wanted, or until the time is over. */
  private async settled(path: string, patienceMs: number, isWanted: (found: Found | undefined) => boolean): Promise<Found | undefined> {
    const until = performance.now() + patienceMs * this.scale;
    for (let pauseMs = LOOK_AGAIN_MS; ; pauseMs = Math.min(pauseMs * 1.2, LOOK_AGAIN_MAX_MS)) {
      const found = await this.read(path);
      if (isWanted(found)) return found;
      if (performance.now() >= until || this.signedOut.aborted) return found;
      await this.pause(pauseMs);
    }
  }

  private pause(pauseMs: number): Promise<void> {
    return new Promise((resolve) => setTimeout(resolve, pauseMs * this.scale));
  }

  private ask<T>(task: () => Promise<T>): Promise<T> {
    return persist(task, { ...UPLOADING, signal: this.signedOut });
  }

  private remembered(): Wanted[] {
    try {
      const wanted: unknown = JSON.parse(this.storage?.getItem(this.key) ?? "[]");
      const isWanted = (one: Partial<Wanted> | null) => typeof one?.path === "string" && typeof one.album === "string";
      return Array.isArray(wanted) ? wanted.filter(isWanted) : [];
    } catch {
      return [];
    }
  }

  private remember(change: (before: readonly Wanted[]) => readonly Wanted[]): void {
    const wanted = change(this.remembered());
    try {
      if (wanted.length === 0) this.storage?.removeItem(this.key);
      else this.storage?.setItem(this.key, JSON.stringify(wanted));
    } catch {
      // the storage is full, or forbidden
    }
  }
}

function toRemember({ path, album, to, isCover }: Wanted): Wanted {
  return { path, album, ...(to !== undefined && { to }), ...(isCover && { isCover }) };
}

function changed(): string {
  return t("The photo changed while it was moved. Both are kept.");
}

function etagOf({ item }: Found): string | undefined {
  return typeof item["etag"] === "string" ? item["etag"] : undefined;
}

/** Whether two photos have the same bytes. Of a raw photo the hash is that of its preview. */
export function isSameContent(one: Photo, other: Photo): boolean {
  const { bytes, sha256 } = one;
  const isKnown = bytes !== undefined && sha256 !== undefined;
  return isKnown && other.status === "READY" && bytes === other.bytes && sha256 === other.sha256;
}

type Edits = Readonly<Record<string, unknown>>;
const FIELDS = ["title", "description", "keywords", "taken", "location"] as const;

/**
 * Return the edits that make a copy have those of the photo.
 *
 * @param isNew whether the copy was made by this page. Otherwise a person may have edited it since: nothing of that
 *   is overwritten.
 * @returns undefined if there is nothing to edit, "conflict" if both have another value.
 */
export function patchFor(photo: Edits, copy: Edits, isNew: true): Patch | undefined;
export function patchFor(photo: Edits, copy: Edits, isNew: false): Patch | "conflict" | undefined;
export function patchFor(photo: Edits, copy: Edits, isNew: boolean): Patch | "conflict" | undefined {
  const patch: Record<string, unknown> = {}; // the table has what the API took
  for (const field of FIELDS) {
    const [wanted, there] = [editOf(photo, field), editOf(copy, field)];
    if (isEqual(wanted, there)) continue;
    if (isNew) patch[field] = wanted ?? null; // a deleted photo of this name may have left its edits
    else if (there === undefined) patch[field] = wanted;
    else if (wanted !== undefined) return "conflict";
  }
  const [hidden, hiddenThere] = [textsOf(photo["hidden_labels"]), textsOf(copy["hidden_labels"])];
  const toHide = hidden.filter((name) => !hiddenThere.includes(name));
  const toShow = isNew ? hiddenThere.filter((name) => !hidden.includes(name)) : [];
  if (toHide.length > 0) patch["hide_labels"] = toHide;
  if (toShow.length > 0) patch["show_labels"] = toShow;
  return Object.keys(patch).length > 0 ? patch : undefined;
}

function editOf(edits: Edits, field: (typeof FIELDS)[number]): unknown {
  if (textsOf(edits["removed"]).includes(field)) return "removed";
  return edits[field] ?? undefined;
}

function textsOf(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((one) => typeof one === "string") : [];
}

/** Whether two values of JSON are equal, whatever the order of their names. */
function isEqual(one: unknown, other: unknown): boolean {
  const sorted = (_: string, value: unknown) =>
    value !== null && typeof value === "object" && !Array.isArray(value) ? Object.fromEntries(Object.entries(value).sort()) : value;
  return JSON.stringify(one, sorted) === JSON.stringify(other, sorted);
}
