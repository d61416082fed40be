/**
 * Moving photos between albums. An album is the beginning of a key, and S3 does not rename objects. So each photo is
 *
 * 1. copied to a new key of which S3 has nothing, not even in the trash: S3 copies, and nothing is overwritten;
 * 2. waited for, until the workflow has made the copy READY with the same bytes. Its labels are those of the photo,
 *    which is still there;
 * 3. given the edits of the photo;
 * 4. deleted at its old key, if S3 still has that very copy, and if the photo still has the bytes that were copied;
 * 5. waited for once more, until its row is DELETED: only then no edit can reach it. The copy gets the last ones.
 *
 * Rows follow S3 by seconds, or by hours if the workflow is behind. So S3 alone says what is there. An object at the
 * new key is taken for the copy only if this move may have made it: where it copies to is remembered before it does.
 * Wherever this stops, the photo is there once or twice. Trying it again finds the copy, and goes on.
 */

import { signal } from "@preact/signals";
import { ChangedError, ExistsError, type Aws, type Item, type Patch } from "./aws";
import { numbered } from "./files";
import type { Gallery } from "./gallery";
import { t } from "./language";
import { isInProgress, MOVES, type Move, type State, type Wanted } from "./moves";
import { editsOf, photoOf, sortKey, splitPath, type Photo } from "./records";
import { faultOf, persist, UPLOADING } from "./retry";
import type { Version } from "./s3";
import { isWithin } from "./shelves";
import { errorInWords, reasonInWords } from "./words";

const AT_ONCE = 4;
const MAX_NAMES = 100; // of photos with one name in one album
const LOOK_AGAIN_MS = 400; // the first pause between two reads of a row; each is longer than the one before
const LOOK_AGAIN_MAX_MS = 4000;
const READY_MS = 5 * 60 * 1000; // most photos take seconds
const SETTLE_MS = 60 * 1000; // for a photo that is being processed already
const DELETED_MS = 60 * 1000; // from S3's event to the row
const UNVERSIONED = "null"; // the id of S3's only version of an object, in a bucket without versions
// Formats of which the hash is that of all bytes. Of a raw photo it is that of its preview.
const HASHED_WHOLE = ["JPEG", "PNG", "WEBP", "GIF", "TIFF", "AVIF", "HEIC"];

/** The message says what is wrong, in the reader's language. */
class MoveError extends Error {}

interface Found {
  item: Item;
  photo: Photo;
}

interface Copy extends Found {
  /** Its version in S3. */
  version: string;
  /** Whether S3 has told this move the version of its copy. Otherwise it is an object that may be the copy. */
  isMade: boolean;
  /** The edits that it lacks. */
  patch: Patch | undefined;
}

/** What moving needs of AWS. */
export type MovingAws = Pick<
  Aws,
  "copy" | "delete" | "deletesForGood" | "deleteUnchanged" | "deleteVersion" | "edit" | "get" | "owner" | "versions"
>;

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
    const failed = this.moves.value.filter(({ state }) => state.value.is === "failed").map(toRemember);
    const tried = new Map([...this.remembered(), ...failed].map((one) => [`${one.path}>${one.album}`, one]));
    const moves = wanted
      .filter(isToMove)
      .map((one): Move => ({ ...tried.get(`${one.path}>${one.album}`), ...one, state: signal<State>({ is: "queued" }) }));
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
      const copy = await this.copyOfDeleted(move, source);
      if (copy) return copy.photo;
      throw new MoveError(t("The photo is not there any more."));
    }
    if (source.photo.status !== "READY") throw new MoveError(t("Only a photo that is ready can be moved."));
    const copy = (await this.earlierCopy(move, source)) ?? (await this.copy(move, source));
    const to = copy.photo.path;
    const last = await this.editCopy(to, source, copy.patch);
    if (move.isCover) await this.ask(() => this.aws.edit({ album: move.album, cover: to }));
    await this.checkCopy(move, copy, source);
    this.note(move, { given: editsIn(last.item) });
    await this.deleteSource(source);
    const gone = await this.settled(move.path, DELETED_MS, (found) => !found || found.photo.status === "DELETED" || isOther(found, source));
    if (gone && !isOther(gone, source)) await this.giveLast(to, gone, editsIn(last.item));
    // Otherwise the trash shows a photo that nobody has deleted. If this fails, it stays there until it expires.
    const { versionId: version } = source.photo;
    if (version && copy.isMade && this.aws.deletesForGood) {
      await this.ask(() => this.aws.deleteVersion(move.path, version)).catch(() => undefined);
    }
    return (await this.read(to))?.photo ?? copy.photo;
  }

  /** Return the copy of a photo that an earlier try has deleted, or of which it had the copy. */
  private async copyOfDeleted({ to, version, given }: Move, source: Found | undefined): Promise<Found | undefined> {
    if (to === undefined || (version === undefined && given === undefined)) return undefined;
    const copy = await this.read(to);
    if (copy?.photo.status !== "READY" || !currentOf(await this.versions(to))) return undefined;
    if (source && given !== undefined) await this.giveLast(to, source, given);
    else if (source) {
      // A person has deleted it.
      const patch = patchFor(editsOf(source.item), editsOf(copy.item), false);
      if (patch && patch !== "conflict") await this.ask(() => this.aws.edit({ path: to, ...patch }));
    }
    return this.read(to);
  }

  /** Copy the photo to the first name that is free, and wait until the copy is READY. */
  private async copy(move: Move, source: Found): Promise<Copy> {
    const { file } = splitPath(move.path);
    for (let number = 1; number <= MAX_NAMES; number++) {
      const name = number === 1 ? file : numbered(file, number);
      const to = [move.album, name].filter(Boolean).join("/");
      if (!(await this.isFree(to, source))) continue;
      let mayBeMine = move.to === to; // an earlier try has asked S3 to copy
      this.note(move, { to, etag: etagOf(source), version: undefined, given: undefined });
      try {
        const answer = await this.ask(async () => {
          try {
            return await this.aws.copy(move.path, to, etagOf(source));
          } catch (error) {
            mayBeMine ||= isUnknown(error);
            throw error;
          }
        });
        const version = answer ?? UNVERSIONED;
        this.note(move, { version });
        const copy = await this.ready(move, version, source, true);
        return { ...copy, version, isMade: true, patch: patchFor(editsOf(source.item), editsOf(copy.item), true) };
      } catch (error) {
        if (error instanceof ChangedError) throw new MoveError(changed());
        if (!(error instanceof ExistsError)) throw error;
      }
      const mine = mayBeMine ? await this.earlierCopy(move, source) : undefined;
      if (mine) return mine;
      this.note(move, { to: undefined });
    }
    throw new MoveError(t("The album has too many photos of this name."));
  }

  /** Return the copy that an earlier try has made, or of which the answer was lost. */
  private async earlierCopy(move: Move, source: Found): Promise<Copy | undefined> {
    const { to, etag, version } = move;
    if (to === undefined || etag !== etagOf(source)) return undefined;
    const now = currentOf(await this.versions(to));
    if (!now || now.bytes !== source.photo.bytes || (version !== undefined && version !== now.id)) return undefined;
    const copy = await this.ready(move, now.id, source, version !== undefined);
    if (!isSameContent(source.photo, copy.photo) && version === undefined) return undefined;
    const patch = patchFor(editsOf(source.item), editsOf(copy.item), false);
    return patch === "conflict" ? undefined : { ...copy, version: now.id, isMade: version !== undefined, patch };
  }

  /**
   * Whether S3 has no photo of this name, nor one in the trash. Over the trashed photo itself, with the same edits, it
   * may be copied: so a photo that was moved can be moved back.
   */
  private async isFree(to: string, source: Found): Promise<boolean> {
    const versions = await this.versions(to);
    const newest = versions.find(({ isMarker }) => !isMarker);
    if (!newest) return true;
    if (currentOf(versions) || newest.bytes !== source.photo.bytes || newest.etag !== etagOf(source)) return false;
    const row = await this.read(to);
    return patchFor(editsOf(source.item), row ? editsOf(row.item) : {}, true) === undefined;
  }

  /** Ask S3 whether the copy is there. @throws MoveError: it is not. */
  private async checkCopy(move: Move, copy: Copy, source: Found): Promise<void> {
    const now = currentOf(await this.versions(copy.photo.path));
    if (now?.id === copy.version && now.bytes === source.photo.bytes && now.etag === etagOf(copy)) return;
    this.note(move, { to: undefined, version: undefined });
    throw new MoveError(t("The copy was changed or deleted. The photo is still where it was."));
  }

  /** Wait until a copy is READY. @throws MoveError: it is not; then it is deleted, if this move has made it. */
  private async ready(move: Move, version: string, source: Found, isMade: boolean): Promise<Found> {
    const { to = "" } = move;
    const isEnded = (found: Found | undefined) => {
      const photo = found?.photo;
      const isOfCopy = version === UNVERSIONED || photo?.claimedVersion === version || photo?.versionId === version;
      return photo !== undefined && isOfCopy && photo.status !== "PROCESSING" && photo.status !== "DELETED";
    };
    const copy = await this.settled(to, READY_MS, isEnded);
    if (!copy || !isEnded(copy)) {
      throw new MoveError(t("Processing takes longer than usual. The photo is still where it was."));
    }
    const { status, reason } = copy.photo;
    if (status === "READY" && (!isMade || isSameHash(source.photo, copy.photo))) return copy;
    this.note(move, { to: undefined, version: undefined });
    if (status === "READY") throw new MoveError(t("The copy is not the same as the photo. Both are kept."));
    if (isMade) await this.discard(to, version);
    throw new MoveError(
      t("The photo stays where it was: its copy could not be processed. {reason}", { reason: reasonInWords(reason) }),
    );
  }

  /** Delete a copy that is of no use; the photo is still where it was. */
  private async discard(to: string, version: string): Promise<void> {
    const isForGood = version !== UNVERSIONED && this.aws.deletesForGood;
    // If that fails, the copy is listed among the problems, and can be deleted there.
    await (isForGood ? this.aws.deleteVersion(to, version) : this.aws.delete(to)).catch(() => undefined);
  }

  /**
   * Give the copy the edits of the photo, those too that a person has made while it was copied.
   *
   * @param patch the edits that the copy lacked when it was READY.
   * @returns the photo, of which the copy has the edits.
   */
  private async editCopy(to: string, source: Found, patch: Patch | undefined): Promise<Found> {
    if (patch) await this.ask(() => this.aws.edit({ path: to, ...patch }));
    const now = await this.read(source.photo.path);
    const since = now && patchFor(editsOf(now.item), editsOf(source.item), true);
    return since ? this.editCopy(to, now, since) : source;
  }

  /** Give the copy what a person has edited of the photo until it was deleted. */
  private async giveLast(to: string, deleted: Found, given: string): Promise<void> {
    const patch = patchFor(editsOf(deleted.item), editsOf({ edits: given }), true);
    if (patch) await this.ask(() => this.aws.edit({ path: to, ...patch }));
  }

  private async deleteSource(source: Found): Promise<void> {
    const { path } = source.photo;
    try {
      await this.ask(() => this.aws.deleteUnchanged(path, etagOf(source)));
    } catch (error) {
      if (!(error instanceof ChangedError)) throw error;
      // It may be gone, by a try whose answer was lost.
      if (currentOf(await this.versions(path))) throw new MoveError(changed());
    }
  }

  private versions(path: string): Promise<Version[]> {
    return this.ask(() => this.aws.versions(path));
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

  /** Change what is known of a move, and remember that. */
  private note(move: Move, part: { [name in "to" | "etag" | "version" | "given"]?: string | undefined }): void {
    Object.assign(move, part);
    this.remember((before) => before.map((one) => (one.path === move.path ? toRemember(move) : one)));
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

function toRemember({ path, album, to, etag, version, given, isCover }: Wanted): Wanted {
  return {
    ...{ path, album },
    ...(to !== undefined && { to }),
    ...(etag !== undefined && { etag }),
    ...(version !== undefined && { version }),
    ...(given !== undefined && { given }),
    ...(isCover && { isCover }),
  };
}

function changed(): string {
  return t("The photo changed while it was moved. Both are kept.");
}

function etagOf({ item }: Found): string | undefined {
  return typeof item["etag"] === "string" ? item["etag"] : undefined;
}

function editsIn(item: Item): string {
  return typeof item["edits"] === "string" ? item["edits"] : "{}";
}

function currentOf(versions: readonly Version[]): Version | undefined {
  return versions.find(({ isLatest, isMarker }) => isLatest && !isMarker);
}

/** Whether another photo has the name of a photo that was deleted. */
function isOther({ photo }: Found, source: Found): boolean {
  return photo.status === "READY" && photo.claimedVersion !== source.photo.claimedVersion;
}

/** Whether S3 may have done what it was asked for, and the answer was lost. */
function isUnknown(error: unknown): boolean {
  const fault = faultOf(error);
  return fault === "connection" || (fault === "service" && (error as Error).name !== "ConditionalRequestConflict");
}

/** Whether two photos have the same bytes, as far as their rows tell. */
export function isSameContent(one: Photo, other: Photo): boolean {
  const isEtagEqual = one.row.etag !== undefined && one.row.etag === other.row.etag;
  return isSameHash(one, other) && (isEtagEqual || HASHED_WHOLE.includes(one.format ?? ""));
}

/** Whether two photos have the same hash. That of raw photos is the hash of their previews. */
function isSameHash(one: Photo, other: Photo): boolean {
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
