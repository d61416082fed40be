/** The questions that a gallery asks of its table. Each is a Query of one partition. */

import type { Aws, Page, Query } from "./aws";
import { cardOf, cardOfLabel, photoOf, sortKey, type Card, type Item, type Photo } from "./records";
import { folded } from "./words";

const PAGE = 200; // cards: a megabyte is the most that DynamoDB reads at once
const MAX_YEARS = 200;
const CARD_FIELDS = ["sk", "title", "edits", "width_px", "height_px", "renditions"] as const;
const LAST = "\uffff"; // sorts after all that may follow a prefix

export interface Album {
  name: string;
  photos: number;
  cover: Card | undefined;
}

export class Gallery {
  constructor(private readonly aws: Aws) {}

  /** READY photos, the newest first; of one year where it is given. */
  timeline(year?: string): AsyncGenerator<Card[]> {
    const prefix = `time#${year ? `${year}-` : ""}`;
    return this.cards("time_key", {
      index: "by_time",
      where: "begins_with(#time_key, :from)",
      values: { ":from": prefix },
      descending: true,
    });
  }

  /** The years in which there are photos, the newest first: one small Query for each. */
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

  /** What was rejected or has failed, the newest first. */
  async *problems(): AsyncGenerator<Photo[]> {
    const query = {
      index: "by_time",
      where: "begins_with(#time_key, :from)",
      values: { ":from": "problem#" },
      descending: true,
    } as const;
    for await (const page of this.pages(query)) yield page.map(photoOf);
  }

  /** The photos of an album, the oldest first. */
  async *album(name: string): AsyncGenerator<Card[]> {
    yield* this.cards("album_key", {
      index: "by_album",
      where: "begins_with(#album_key, :album)",
      values: { ":album": `${await albumDigest(name)}#` },
    });
  }

  /** The albums that have photos, by name, each with its newest photo: one more Query for each. */
  async albums(): Promise<Album[]> {
    const counts = new Map<string, number>(); // each album's is spread over several rows
    const query = { where: "begins_with(#sk, :album)", values: { ":album": "album#" }, fields: ["album", "photos"] };
    for await (const page of this.pages(query)) {
      for (const { album, photos } of page) {
        if (typeof album !== "string" || typeof photos !== "number") continue;
        counts.set(album, (counts.get(album) ?? 0) + photos);
      }
    }
    const names = [...counts].filter(([, photos]) => photos > 0).map(([name]) => name);
    names.sort((one, other) => one.localeCompare(other, undefined, { numeric: true }));
    return Promise.all(
      names.map(async (name) => ({ name, photos: counts.get(name) ?? 0, cover: await this.newestOf(name) })),
    );
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

  /** READY photos with a label or one of its ancestors, the newest first. */
  async *labeled(label: string): AsyncGenerator<Card[]> {
    const query = {
      where: "begins_with(#sk, :label)",
      values: { ":label": `label#${folded(label)}#` },
      descending: true,
    };
    // Not those of a label that goes on behind a # of its own.
    const its = (item: Item) => item["label"] === folded(label);
    for await (const page of this.pages(query)) yield page.filter(its).map(cardOfLabel);
  }

  /**
   * Labels and ancestors that begin with a text, by name: one small Query for each, and each is
   * yielded as it is found.
   */
  async *labels(beginning: string, limit: number): AsyncGenerator<string> {
    const prefix = `label#${folded(beginning)}`;
    let from = prefix;
    for (let found = 0; found < limit; found++) {
      const { items } = await this.aws.query({
        where: "#sk BETWEEN :from AND :to",
        values: { ":from": from, ":to": prefix + LAST },
        limit: 1,
        fields: ["sk", "label"],
      });
      const label = text(items[0]?.["label"]);
      if (!label) return;
      yield label;
      from = `label#${label}$`; // "$" comes after "#": past all rows of this label
    }
  }

  async photo(path: string): Promise<Photo | undefined> {
    const item = await this.aws.get(sortKey(path));
    return item && photoOf(item);
  }

  private async *cards(key: string, query: Omit<Query, "limit">): AsyncGenerator<Card[]> {
    for await (const page of this.pages({ ...query, fields: [...CARD_FIELDS, key] })) yield page.map(cardOf);
  }

  private async *pages(query: Omit<Query, "limit">): AsyncGenerator<Item[]> {
    let next: Page["next"];
    do {
      const page: Page = await this.aws.query({ ...query, limit: PAGE, after: next });
      next = page.next;
      yield page.items;
    } while (next);
  }
}

/** The first 24 hex digits of the SHA-256 of an album's path. */
export async function albumDigest(name: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(name));
  return [...new Uint8Array(digest)]
    .slice(0, 12)
    .map((byte) => byte.toString(16).padStart(2, "0"))
    .join("");
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}
