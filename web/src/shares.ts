/**
 * Shares: copies of renditions, and one manifest that says what they are.
 *
 * Keys are shares/<days>/<identity>/<name>/<file>: S3 deletes them by the days, IAM allows them by the
 * identity, and nobody can guess the name. See docs/decisions/0021-shares-by-copies-that-expire.md.
 */

import { days as DAYS } from "../../workflow/shares.json";
import type { Aws } from "./aws";
import type { Gallery } from "./gallery";
import { t } from "./language";
import type { Photo, Picture } from "./records";
import { linkOf, MANIFEST, parseManifest, type Manifest, type SharedFile, type SharedPicture } from "./share/manifest";
import { placeInWords } from "./words";

export { DAYS };
export const MAX_PHOTOS = 1000;
export const MAX_TITLE = 200;

const NAME_BYTES = 16; // 128 bits: no two are the same, and nobody guesses one
const AT_ONCE = 6;
const DAY_MS = 24 * 60 * 60 * 1000;
const TYPES: Record<string, string> = { avif: "image/avif", jpeg: "image/jpeg", jpg: "image/jpeg", webp: "image/webp" };

/** What a share says of its photos, beside the pictures. */
export interface Allowed {
  titles: boolean;
  dates: boolean;
  places: boolean;
  people: boolean;
}

export interface Share {
  /** <days>/<identity>/<name>, as in its link. */
  path: string;
  link: string;
  /** Absent if the share was not completed, or is not completely withdrawn. */
  manifest?: Manifest;
}

interface NewShare {
  title: string;
  paths: readonly string[];
  days: number;
  allowed: Allowed;
  signal: AbortSignal;
  progress: (done: number) => void;
}

export class Shares {
  constructor(
    private readonly aws: Pick<
      Aws,
      "copyToShare" | "deleteShared" | "getShared" | "listShared" | "owner" | "putShared" | "sharesUrl"
    >,
    private readonly gallery: Pick<Gallery, "photo">,
  ) {}

  /**
   * Copy the renditions of photos, then write the manifest: there is no share before it is complete.
   *
   * @returns the share, and the paths of photos that have no picture.
   * @throws Error: a copy failed, or the person has stopped it. What was copied is deleted.
   */
  async create({ title, paths, days, allowed, signal, progress }: NewShare): Promise<{ share: Share; left: string[] }> {
    const name = base64url(crypto.getRandomValues(new Uint8Array(NAME_BYTES)));
    const path = `${days}/${this.aws.owner}/${name}`;
    const createdAt = new Date();
    let done = 0;
    try {
      const pictures = await inParallel(paths, async (one, index) => {
        signal.throwIfAborted();
        const picture = await this.copy(one, `shares/${path}/`, index, allowed);
        progress(++done);
        return picture;
      });
      signal.throwIfAborted();
      const shared = pictures.filter((one) => one !== undefined);
      if (shared.length === 0) throw new Error(t("None of these photos has a picture."));
      const manifest: Manifest = {
        version: 1,
        title: title.trim().slice(0, MAX_TITLE),
        createdAt: createdAt.toISOString(),
        expiresAt: new Date(createdAt.getTime() + days * DAY_MS).toISOString(),
        pictures: shared,
      };
      await this.aws.putShared(`shares/${path}/${MANIFEST}`, JSON.stringify(manifest));
      return { share: this.share(path, manifest), left: paths.filter((_, index) => !pictures[index]) };
    } catch (error) {
      await this.withdraw(path).catch(() => undefined); // the list of shares has it, until it is deleted
      throw error;
    }
  }

  /** Return all shares, the newest first. Delete those that have expired. */
  async list(): Promise<Share[]> {
    const folders = await Promise.all(
      DAYS.map((days) => this.aws.listShared(`shares/${days}/${this.aws.owner}/`, { folders: true })),
    );
    const shares = await inParallel(folders.flat(), async (folder) => {
      const path = folder.replace(/^shares\//, "").replace(/\/$/, "");
      return this.share(path, await this.read(path));
    });
    const isOver = ({ manifest }: Share) => manifest !== undefined && Date.parse(manifest.expiresAt) <= Date.now();
    for (const { path } of shares.filter(isOver)) void this.withdraw(path).catch(() => undefined); // S3 will
    return shares
      .filter((one) => !isOver(one))
      .toSorted((one, other) => (other.manifest?.createdAt ?? "").localeCompare(one.manifest?.createdAt ?? ""));
  }

  /** Delete all objects of a share, its manifest first: from then on nobody sees it. */
  async withdraw(path: string): Promise<void> {
    await this.aws.deleteShared(`shares/${path}/${MANIFEST}`);
    const keys = await this.aws.listShared(`shares/${path}/`, { folders: false });
    await inParallel(keys, (key) => this.aws.deleteShared(key));
  }

  private async read(path: string): Promise<Manifest | undefined> {
    try {
      return parseManifest(await this.aws.getShared(`shares/${path}/${MANIFEST}`));
    } catch (error) {
      if ((error as Error).name === "NoSuchKey" || error instanceof SyntaxError) return undefined;
      throw error;
    }
  }

  private share(path: string, manifest: Manifest | undefined): Share {
    return { path, link: linkOf(this.aws.sharesUrl ?? "", path), ...(manifest && { manifest }) };
  }

  private async copy(path: string, folder: string, index: number, allowed: Allowed): Promise<SharedPicture | undefined> {
    const photo = await this.gallery.photo(path);
    const large = photo?.large ?? photo?.thumb;
    if (!photo || !large) return undefined;
    const copy = async (picture: Picture, name: string): Promise<SharedFile> => {
      const extension = picture.key.slice(picture.key.lastIndexOf(".") + 1);
      const file = `${index}-${name}.${extension}`;
      await this.aws.copyToShare(picture.key, folder + file, TYPES[extension] ?? "application/octet-stream");
      return { file, widthPx: picture.widthPx, heightPx: picture.heightPx };
    };
    const files = { thumb: await copy(photo.thumb ?? large, "thumb"), large: await copy(large, "large") };
    return { ...files, ...factsOf(photo, allowed) };
  }
}

/** Return what a share says of a photo: nothing that is not allowed. */
export function factsOf(photo: Photo, allowed: Allowed): Omit<SharedPicture, "thumb" | "large"> {
  const { title, description, takenAt: taken, place, people } = photo;
  const names = people.map(({ name }) => name);
  return {
    ...(allowed.titles && title && { title }),
    ...(allowed.titles && description && { description }),
    ...(allowed.dates &&
      taken?.plausible && {
        taken: { local: taken.local, ...(taken.precision && { precision: taken.precision }) },
      }),
    ...(allowed.places && place && { place: placeInWords(place) }),
    ...(allowed.people && names.length > 0 && { people: names }),
  };
}

function base64url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes)).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}

/** Do a task for each item, a few at a time; after the first error no more. Return the results in order. */
async function inParallel<T, R>(items: readonly T[], task: (item: T, index: number) => Promise<R>): Promise<R[]> {
  const results = new Array<R>(items.length);
  let next = 0;
  let failed = false;
  const work = async () => {
    while (next < items.length && !failed) {
      const index = next++;
      try {
        results[index] = await task(items[index]!, index);
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  };
  const workers = await Promise.allSettled(Array.from({ length: Math.min(AT_ONCE, items.length) }, work));
  for (const one of workers) if (one.status === "rejected") throw one.reason;
  return results;
}
