/**
 * Deleting, and taking it back.
 *
 * In a bucket with versions, S3 puts a delete marker over a photo. Without the marker the photo is back. The
 * workflow follows S3's events, and writes the photo's row and renditions again.
 */

import { ExistsError, type Aws } from "./aws";
import type { Config } from "./config";
import type { Gallery } from "./gallery";
import { each, eachAtOnce, Job, type Jobs } from "./jobs";
import { t } from "./language";
import { PhotoList } from "./lists";
import { cardOf, type Photo } from "./records";
import type { Version } from "./s3";

/** The photos in the trash. */
export class TrashList extends PhotoList {}

/** Begins the `time_key` of a photo in the trash. */
const TRASH = "trash#";
const DAY_MS = 24 * 60 * 60 * 1000;
const LOOK_MS = 400; // then longer each time
const LOOK_MAX_MS = 4000;
const PATIENCE_MS = 120_000;
const FOLLOWED_AT_ONCE = 4; // photos that the workflow restores

/** A photo that was deleted. */
interface Deleted {
  path: string;
  /** The version id of its delete marker; undefined in a bucket without versions. */
  marker: string | undefined;
}

/** The part of the page that follows. */
export interface Followers {
  /** The lists of photos that are not deleted. */
  lists: () => readonly PhotoList[];
  /** Those of the trash, if the person has been there. */
  trashed: () => readonly TrashList[];
  deleted: (paths: readonly string[]) => void;
  restored: (photo: Photo) => void;
}

type Homes = ReadonlyMap<PhotoList, ReadonlySet<string>>;

export class Trash {
  private readonly closed = new AbortController();
  /** Paths of deleted photos that the workflow may not have put into the trash yet. */
  private readonly awaited = new Set<string>();

  constructor(
    private readonly aws: Aws,
    private readonly gallery: Gallery,
    private readonly jobs: Jobs,
    private readonly config: Pick<Config, "trash_days" | "delete_for_good">,
    private readonly followers: Followers,
  ) {}

  /** Whether a deleted photo can be restored. */
  get isKept(): boolean {
    return this.days > 0;
  }

  /** How many days a photo can be restored. */
  get days(): number {
    return this.config.trash_days ?? 0;
  }

  get canDeleteForGood(): boolean {
    return this.config.delete_for_good === true;
  }

  /** Until when a photo can be restored that was deleted at a time (UTC). */
  restorableUntil(deleted: string): Date {
    return new Date(Date.parse(`${deleted.slice(0, 19)}Z`) + this.days * DAY_MS);
  }

  /** Make the list of the photos in the trash. It follows those that the workflow has not put there yet. */
  list(): TrashList {
    void this.followDeleted([...this.awaited]);
    return new TrashList(this.gallery.trash(), "newest", () => true);
  }

  /** Delete a photo. @throws what S3 answers. */
  async delete(path: string): Promise<void> {
    this.follow([{ path, marker: await this.aws.delete(path) }]);
  }

  /** Delete many photos. */
  deleteAll(paths: readonly string[]): void {
    const markers = new Map<string, string | undefined>();
    const task = async (path: string) => void markers.set(path, await this.aws.delete(path));
    const ended = (done: readonly string[]) => this.follow(done.map((path) => ({ path, marker: markers.get(path) })));
    this.jobs.start(new Job({ title: t("Deleting photos"), failed: notDeleted }, each(task), ended), paths);
  }

  /**
   * Restore photos.
   *
   * @param markers the version ids of their delete markers, as far as known.
   * @param homes lists that had the photos.
   */
  restoreAll(paths: readonly string[], markers: ReadonlyMap<string, string> = new Map(), homes: Homes = new Map()): void {
    const ended = (done: readonly string[]) => {
      if (done.length === 0) return;
      this.leave(done);
      this.jobs.toast.value = {
        text: t({ one: "{count} photo restored.", other: "{count} photos restored." }, { count: done.length }),
      };
      void this.followRestored(done, homes);
    };
    const task = (path: string) => this.restore(path, markers.get(path));
    this.jobs.start(new Job({ title: t("Restoring photos"), failed: notRestored }, each(task), ended), paths);
  }

  /** Delete photos of the trash for good. */
  deleteForGood(paths: readonly string[]): void {
    const ended = (done: readonly string[]) => {
      if (done.length === 0) return;
      this.leave(done);
      this.jobs.toast.value = {
        text: t({ one: "{count} photo deleted for good.", other: "{count} photos deleted for good." }, { count: done.length }),
      };
    };
    const task = (path: string) => this.purge(path);
    this.jobs.start(new Job({ title: t("Deleting photos for good"), failed: notDeleted }, each(task), ended), paths);
  }

  /** Wait for no photo any more: the person has signed out. */
  close(): void {
    this.closed.abort();
  }

  private follow(deleted: readonly Deleted[]): void {
    if (deleted.length === 0) return;
    const paths = deleted.map(({ path }) => path);
    const removed = this.followers.lists().map((list) => [list, list.remove(...paths)] as const);
    const homes = new Map(removed.map(([list, cards]) => [list, new Set(cards.map(({ path }) => path))]));
    this.followers.deleted(paths);
    for (const path of paths) this.awaited.add(path);
    if (this.followers.trashed().length > 0) void this.followDeleted(paths);
    const markers = new Map(
      deleted.flatMap(({ path, marker }) => (marker === undefined ? [] : [[path, marker] as const])),
    );
    this.jobs.toast.value = {
      text: t({ one: "{count} photo deleted.", other: "{count} photos deleted." }, { count: paths.length }),
      ...(markers.size > 0 && { undo: () => this.restoreAll([...markers.keys()], markers, homes) }),
    };
  }

  /** Photos are in the trash no longer. */
  private leave(paths: readonly string[]): void {
    for (const path of paths) this.awaited.delete(path);
    for (const list of this.followers.trashed()) list.remove(...paths);
  }

  /** Show deleted photos in the trash, as soon as the workflow has put them there. */
  private async followDeleted(paths: readonly string[]): Promise<void> {
    await eachAtOnce(paths, FOLLOWED_AT_ONCE, this.closed.signal, async (path) => {
      const isThere = (photo: Photo) => photo.timeKey?.startsWith(TRASH) === true || !this.awaited.has(path);
      const photo = await this.once(path, isThere).catch(() => undefined);
      if (this.awaited.delete(path) && photo) for (const list of this.followers.trashed()) list.insert(cardOf(photo.row));
    });
  }

  /** Show restored photos in their lists, as soon as the workflow has written them. */
  private async followRestored(paths: readonly string[], homes: Homes): Promise<void> {
    await eachAtOnce(paths, FOLLOWED_AT_ONCE, this.closed.signal, async (path) => {
      const photo = await this.once(path, isRestored).catch(() => undefined);
      if (photo?.status === "READY") this.followers.restored(photo);
      if (photo) for (const [list, had] of homes) if (had.has(path)) list.putBack(photo);
    });
  }

  /**
   * Restore a photo.
   *
   * @param marker its delete marker, if known: whatever is current above it is another photo.
   * @throws Error: the photo is not the current one of its path afterwards.
   */
  private async restore(path: string, marker: string | undefined): Promise<void> {
    let wanted: Version | undefined;
    // A photo that was deleted twice has two markers on top.
    for (;;) {
      const versions = await this.aws.versions(path);
      const [newest, older] = versions;
      if (!newest || newest.isMarker) throw new Error(t("The photo cannot be restored any more."));
      const latest = versions.find(({ isLatest }) => isLatest);
      const isAbove = !latest?.isMarker && versions.some(({ id }) => id === marker);
      const isCopy = !this.canDeleteForGood && newest.bytes === older?.bytes; // of an earlier try, or of another tab
      const isOther = wanted ? newest.id !== wanted.id : isAbove && !isCopy;
      if (isOther) throw new Error(t("Another photo has its name now."));
      if (!latest?.isMarker) return;
      wanted ??= newest;
      if (this.canDeleteForGood) await this.aws.deleteVersion(path, latest.id);
      else return this.restoreByCopy(path, wanted);
    }
  }

  /** Copy a version over the delete marker. The marker stays. */
  private async restoreByCopy(path: string, wanted: Version): Promise<void> {
    try {
      await this.aws.copyVersion(path, wanted.id);
    } catch (error) {
      if (!(error instanceof ExistsError)) throw error;
      // Another photo came first; or an answer was lost, and the copy is there. S3 tells no hash of the two.
      const latest = (await this.aws.versions(path)).find(({ isLatest }) => isLatest);
      if (latest?.bytes !== wanted.bytes) throw new Error(t("Another photo has its name now."), { cause: error });
    }
  }

  /**
   * Delete all versions of a photo.
   *
   * S3 cannot delete a version on condition that the photo is still deleted: If-Match compares with the current
   * version, and a delete marker has no ETag. So its versions are listed before each
   * deletion: if the photo was restored meanwhile, in another tab, nothing more is deleted. The oldest version goes
   * first, then the newest one, which is the photo, and then the marker on top: wherever this stops, the photo is
   * in the trash, or gone, and no older version is shown.
   * https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-deletes.html
   */
  private async purge(path: string): Promise<void> {
    for (;;) {
      const versions = await this.aws.versions(path); // the markers after the others, newest first
      const latest = versions.find(({ isLatest }) => isLatest);
      if (!latest) return;
      if (!latest.isMarker) throw new Error(t("The photo is not in the trash any more."));
      const oldest = versions.findLast(({ id }) => id !== latest.id) ?? latest;
      await this.aws.deleteVersion(path, oldest.id);
    }
  }

  /** Wait until the workflow has written a photo so; return undefined if the photo takes longer. */
  private async once(path: string, isSo: (photo: Photo) => boolean): Promise<Photo | undefined> {
    const began = performance.now();
    for (let pauseMs = LOOK_MS; performance.now() - began < PATIENCE_MS; pauseMs = Math.min(pauseMs * 1.3, LOOK_MAX_MS)) {
      if (this.closed.signal.aborted) return undefined;
      const photo = await this.gallery.photo(path);
      if (photo && isSo(photo)) return photo;
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
    return undefined;
  }
}

function isRestored({ status }: Photo): boolean {
  return status !== "DELETED" && status !== "PROCESSING";
}

function notDeleted(count: number): string {
  return t({ one: "{count} photo could not be deleted.", other: "{count} photos could not be deleted." }, { count });
}

function notRestored(count: number): string {
  return t({ one: "{count} photo could not be restored.", other: "{count} photos could not be restored." }, { count });
}
