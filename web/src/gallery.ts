/** The queries of the gallery. Each is a DynamoDB Query of one partition. */

import type { Aws, Item, Page, Query } from "./aws";
import { albumDigest, hex, sha256 } from "./digests";
import { CARD_FIELDS, cardOf, pathOf, photoOf, problemOf, sortKey, splitPath, type Card, type Photo, type Problem, type Untrusted } from "./records";
import type { Route } from "./routes";
import { SIZE_DIGITS, type AlbumRow } from "./rows.gen";

const PAGE = 200; // cards; DynamoDB reads at most 1 MB at once
const MAX_YEARS = 200;
const MAX_COUNTS = 10_000; // rows; DynamoDB reads at most 1 MB at once
const MAX_COPIES = 10; // of one photo, of which one has to be READY
const LAST = "\u{10ffff}"; // sorts after every text that begins with the same prefix

const WHOLE_BYTES = 32 * 1024 * 1024; // the largest file that is hashed in one piece, in memory
const PIECE_BYTES = 512 * 1024; // of a larger file: hashed without a long task

/** A file's bytes, as the index by_content has them. */
export interface Content {
  bytes: number;
  /** Compute the SHA-256, in hex digits. */
  sha256: () => Promise<string>;
}

export interface AlbumCount {
  name: string;
  photos: number;
  /** The path of the photo that a person chose as the cover. */
  chosenCover?: string;
}

export interface Album extends AlbumCount {
  cover: Card | undefined;
}

export interface PageOfCards {
  cards: Card[];
  /** The keys after which the next page starts; absent on the last page. */
  next: Page["next"];
}

/** Paths. */
export interface Neighbors {
  previous?: string | undefined;
  next?: string | undefined;
}

/** The pages of a query, one after the other. After an error, `next` reads the same page again. */
export class Pages<T> {
  private after: Page["next"];
  private ended = false;

  constructor(
    private readonly read: (after: Page["next"]) => Promise<Page>,
    private readonly rows: (items: Item[]) => T[],
  ) {}

  /** @returns undefined after the last page. */
  async next(): Promise<T[] | undefined> {
    if (this.ended) return undefined;
    const { items, next } = await this.read(this.after);
    this.after = next;
    this.ended = next === undefined;
    return this.rows(items);
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T[]> {
    for (let page = await this.next(); page; page = await this.next()) yield page;
  }
}

export class Gallery {
  constructor(private readonly aws: Aws) {}

  /**
   * A page of READY photos of all years or of one, newest first.
   *
   * @param month such as 2021-08; the page begins with its last photo. Absent: with the newest photo.
   * @param after the page before.
   */
  async page(month: string | undefined, year?: string, after?: Page["next"]): Promise<PageOfCards> {
    const { items, next } = await this.aws.query({
      index: "by_time",
      where: "#time_key BETWEEN :from AND :to",
      values: { ":from": `time#${year ? `${year}-` : ""}`, ":to": `time#${month ?? year ?? ""}${month || year ? "-" : ""}${LAST}` },
      descending: true,
      limit: PAGE,
      after,
      fields: [...CARD_FIELDS, "time_key"],
    });
    return { cards: items.map(cardOf), next };
  }

  /**
   * The number of READY photos of each month, such as 2021-08. Photos that were processed before there
   * were counts are not in it.
   */
  async months(): Promise<Map<string, number>> {
    const counts = new Map<string, number>(); // the count of a month is the sum of several rows
    let after: Page["next"];
    do {
      const page = await this.aws.query({
        where: "begins_with(#sk, :month)",
        values: { ":month": "month#" },
        fields: ["sk", "photos"],
        limit: MAX_COUNTS,
        after,
      });
      for (const { sk, photos } of page.items) {
        const [, month = ""] = text(sk).split("#");
        if (/^\d{4}-(0[1-9]|1[0-2])$/.test(month) && typeof photos === "number") counts.set(month, (counts.get(month) ?? 0) + photos);
      }
      after = page.next;
    } while (after !== undefined);
    return new Map([...counts].filter(([, photos]) => photos > 0));
  }

  /** The month of the oldest READY photo, such as 1965-01. */
  async oldestMonth(): Promise<string | undefined> {
    const { items } = await this.aws.query({
      index: "by_time",
      where: "begins_with(#time_key, :from)",
      values: { ":from": "time#" },
      limit: 1,
      fields: ["time_key"],
    });
    return text(items[0]?.["time_key"]).slice(5, 12) || undefined;
  }

  /** The years that have photos, newest first: one small Query for each. */
  async years(): Promise<string[]> {
    const years: string[] = [];
    let before = `time#${LAST}`;
    while (years.length < MAX_YEARS) {
      const { items } = await this.aws.query({
        index: "by_time",
        where: "#time_key BETWEEN :from AND :to",
        values: { ":from": "time#", ":to": before },
        descending: true,
        limit: 1,
        fields: ["time_key"],
      });
      const year = text(items[0]?.["time_key"]).slice(5, 9);
      if (!year) break;
      years.push(year);
      before = `time#${year}`;
    }
    return years;
  }

  /** Photos that were rejected or failed, newest first. */
  problems(): Pages<Problem> {
    const query = {
      index: "by_time",
      where: "begins_with(#time_key, :from)",
      values: { ":from": "problem#" },
      descending: true,
    } as const;
    return this.pages(async () => query, (items) => items.map(problemOf));
  }

  /** The READY photos of a month, such as 2021-08, newest first. */
  month(month: string): Pages<Card> {
    return this.cards("time_key", async () => ({
      index: "by_time",
      where: "begins_with(#time_key, :from)",
      values: { ":from": `time#${month}-` },
      descending: true,
    }));
  }

  /** Deleted photos, the last one first. Their sort times are those of the deletion, in UTC. */
  trash(): Pages<Card> {
    return this.cards("time_key", async () => ({
      index: "by_time",
      where: "begins_with(#time_key, :from)",
      values: { ":from": "trash#" },
      descending: true,
    }));
  }

  /** The ThumbHash of a deleted photo, which no index has. */
  async thumbhash(path: string): Promise<string | undefined> {
    return text((await this.aws.get(sortKey(path)))?.["thumbhash"]) || undefined;
  }

  /** The photos of an album, oldest first. */
  album(name: string): Pages<Card> {
    return this.cards("album_key", async () => ({
      index: "by_album",
      where: "begins_with(#album_key, :album)",
      values: { ":album": `${await albumDigest(name)}#` },
    }));
  }

  /** The paths of all photos of an album, oldest first. */
  async pathsOf(album: string): Promise<string[]> {
    const paths: string[] = [];
    for await (const page of this.album(album)) paths.push(...page.map(({ path }) => path));
    return paths;
  }

  /** The albums that have photos, by name: one Query. */
  async albumCounts(): Promise<AlbumCount[]> {
    const counts = new Map<string, AlbumCount>(); // the count of an album is the sum of several rows
    const fields: (keyof AlbumRow)[] = ["album", "photos", "cover"];
    const query = { where: "begins_with(#sk, :album)", values: { ":album": "album#" }, fields };
    for await (const page of this.pages(async () => query, (items) => items as Untrusted<AlbumRow>[])) {
      for (const { album: name, photos, cover } of page) {
        if (typeof name !== "string" || typeof photos !== "number") continue;
        const before = counts.get(name);
        const chosenCover = typeof cover === "string" ? pathOf(cover) : before?.chosenCover;
        counts.set(name, { name, photos: (before?.photos ?? 0) + photos, ...(chosenCover && { chosenCover }) });
      }
    }
    return [...counts.values()].filter(({ photos }) => photos > 0).sort(byName);
  }

  /** The albums that have photos, by name, each with its cover: one or two more reads for each album. */
  async albums(): Promise<Album[]> {
    const counts = await this.albumCounts();
    return Promise.all(counts.map(async (album) => ({ ...album, cover: await this.coverOf(album) })));
  }

  /** The chosen cover of an album, as long as the photo is in it; else its newest photo. */
  async coverOf({ name, chosenCover }: AlbumCount): Promise<Card | undefined> {
    if (chosenCover !== undefined && splitPath(chosenCover).album === name) {
      const photo = await this.photo(chosenCover);
      if (photo?.thumb && photo.status !== "DELETED") return photo;
    }
    return this.newestOf(name);
  }

  private async newestOf(album: string): Promise<Card | undefined> {
    const { items } = await this.aws.query({
      index: "by_album",
      where: "begins_with(#album_key, :album)",
      values: { ":album": `${await albumDigest(album)}#` },
      descending: true,
      limit: 1,
      fields: [...CARD_FIELDS, "album_key"],
    });
    return items[0] && cardOf(items[0]);
  }

  async photo(path: string): Promise<Photo | undefined> {
    const item = await this.aws.get(sortKey(path));
    return item && photoOf(item);
  }

  /**
   * A READY photo with these bytes, whatever its name and album; the one at `path` before others.
   *
   * A small Query says whether a photo has as many bytes. Only then the file is hashed. A raw photo is
   * never found: the hash in its row is that of its preview.
   */
  async sameBytes({ bytes, sha256 }: Content, path: string): Promise<Photo | undefined> {
    const size = `${String(bytes).padStart(SIZE_DIGITS, "0")}#`;
    if ((await this.withContent(size, 1)).length === 0) return undefined;
    const hash = await sha256();
    const copies = await this.withContent(`${size}${hash}#`, MAX_COPIES);
    for (const copy of copies.toSorted((one, other) => Number(other === path) - Number(one === path))) {
      const photo = await this.photo(copy); // the index may be behind
      if (photo?.status === "READY" && photo.bytes === bytes && photo.sha256 === hash) return photo;
    }
    return undefined;
  }

  /** The paths of photos with content keys that begin so. */
  private async withContent(beginning: string, limit: number): Promise<string[]> {
    const { items } = await this.aws.query({
      index: "by_content",
      where: "begins_with(#content_key, :content)",
      values: { ":content": beginning },
      limit,
      fields: ["sk"],
    });
    return items.map((item) => cardOf(item).path);
  }

  /** The photos before and after a photo in a list that is no search: one small Query for each. */
  async neighbors({ view, argument }: Route, photo: Photo): Promise<Neighbors> {
    const list = await this.listOf(view, argument, photo);
    if (!list?.key?.startsWith(list.prefix)) return {}; // such as a problem, or a photo of another album
    const { index, name, prefix, key, isDescending } = list;
    const beside = async (descending: boolean): Promise<string | undefined> => {
      const { items } = await this.aws.query({
        index,
        where: `#${name} BETWEEN :from AND :to`,
        values: { ":from": descending ? prefix : key, ":to": descending ? key : prefix + LAST },
        descending,
        limit: 2, // the first one is the photo itself
        fields: ["sk", name],
      });
      const found = items.find((item) => item[name] !== key);
      return found && cardOf(found).path;
    };
    const [lower, higher] = await Promise.all([beside(true), beside(false)]);
    return isDescending ? { previous: higher, next: lower } : { previous: lower, next: higher };
  }

  private async listOf(view: Route["view"], argument: string | undefined, photo: Photo) {
    if (view === "timeline") {
      const prefix = `time#${argument ? `${argument}-` : ""}`;
      return { index: "by_time", name: "time_key", prefix, key: photo.timeKey, isDescending: true } as const;
    }
    if (view === "albums" && argument !== undefined) {
      const prefix = `${await albumDigest(argument)}#`;
      return { index: "by_album", name: "album_key", prefix, key: photo.albumKey, isDescending: false } as const;
    }
    return undefined;
  }

  private cards(key: "album_key" | "time_key", query: () => Promise<Omit<Query, "limit">>): Pages<Card> {
    return this.pages(
      async () => ({ ...(await query()), fields: [...CARD_FIELDS, key] }),
      (items) => items.map(cardOf),
    );
  }

  private pages<T>(query: () => Promise<Omit<Query, "limit">>, rows: (items: Item[]) => T[]): Pages<T> {
    return new Pages(async (after) => this.aws.query({ ...(await query()), limit: PAGE, after }), rows);
  }
}

export function byName(one: { name: string }, other: { name: string }): number {
  return one.name.localeCompare(other.name, undefined, { numeric: true });
}

/**
 * Return the SHA-256 of a file in hex digits.
 *
 * The browser's own hash is 12 times as fast, but needs the whole file in memory: four files of
 * 256 MiB at once are too much for a phone.
 */
export async function sha256OfFile(file: Blob, wholeBytes = WHOLE_BYTES): Promise<string> {
  if (file.size <= wholeBytes) return sha256(await file.arrayBuffer());
  // Few files are so large. The package's own entry adds HMAC and helpers for old browsers: 1 kB more.
  const { RawSha256 } = await import("@aws-crypto/sha256-js/build/module/RawSha256");
  const hash = new RawSha256();
  for (let from = 0; from < file.size; from += PIECE_BYTES) {
    hash.update(new Uint8Array(await file.slice(from, from + PIECE_BYTES).arrayBuffer()));
  }
  return hex(hash.digest());
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}
