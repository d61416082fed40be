/** The photos that have a position, as far as the map has needed them. */

import type { Aws, Item } from "./aws";
import { isInside, type Window } from "./clusters";
import { Pages } from "./gallery";
import { EVERYWHERE, geohashOf, joined, positionOf, rangesOf, without, type Area, type Range } from "./geohash";
import { PhotoList } from "./lists";
import { project, type Point } from "./mercator";
import type { Position } from "./positions";
import { cardOfLabel, type Card, type Photo } from "./records";
import { errorInWords } from "./words";

/** A photo on the map. */
export interface Spot extends Card, Point {
  /** The sort time as a number, which is compared 20 times as quickly. */
  time: number;
}

const MOST_ROWS = 10_000; // of a page; DynamoDB reads at most 1 MB at once, which are about 2,600
// Not the whole row: 50,000 of them are 26 MB of JSON, these parts are 18.
const FIELDS = ["sk", "photo", "precision", "thumb.key", "thumb.width_px", "thumb.height_px", "thumb.thumbhash"];
const ROUNDED = 1e-6; // of the world: 40 m, a row's position is that of a cell
const LAST = "\u{10ffff}"; // sorts after every text that begins with the same prefix
const KEPT_MS = 5 * 60 * 1000; // another device may have uploaded photos

/** A list without an end or an order: it has the photos of the areas that were shown. */
export class LocatedList extends PhotoList<Spot> {
  private asked: readonly Range[] = [];
  private readonly unread: Pages<Spot>[] = [];
  private readonly known = new Set<string>(); // paths that were in the list, even if they are not any more
  private isReading = false;
  private readonly bornMs = Date.now();

  override readonly again = (): void => void this.readAll();

  constructor(private readonly aws: Pick<Aws, "query">) {
    super({ next: async () => undefined });
  }

  /** Whether the photos of the whole world have been read. */
  get isWhole(): boolean {
    return this.state.value === "done" && without([EVERYWHERE], this.asked).length === 0;
  }

  get isOld(): boolean {
    return Date.now() - this.bornMs > KEPT_MS;
  }

  /** Read the photos of an area, but those that were read before. */
  show(area: Area): void {
    const missing = without(rangesOf(area), this.asked);
    this.asked = joined([...this.asked, ...missing]);
    this.unread.push(...missing.map((range) => this.pagesOf(range)));
    if (this.state.value !== "failed") void this.readAll();
  }

  override async more(): Promise<void> {}

  override insert(card: Card | Photo): void {
    const spot = spotOf(card);
    if (!spot) return;
    this.known.add(spot.path);
    this.cards.value = [...this.cards.value.filter(({ path }) => path !== spot.path), spot];
  }

  override update(card: Card | Photo, isReady: boolean): void {
    this.remove(card.path);
    if (isReady) this.insert(card);
  }

  override putBack(...cards: (Card | Photo)[]): void {
    for (const card of cards) this.insert(card);
  }

  private pagesOf({ from, to }: Range): Pages<Spot> {
    const values = { ":from": `geo#${geohashOf(from)}#`, ":to": `geo#${geohashOf(to)}#${LAST}` };
    const query = { where: "#sk BETWEEN :from AND :to", values, fields: FIELDS, limit: MOST_ROWS };
    return new Pages(
      (after) => this.aws.query({ ...query, after }),
      (items) => items.flatMap(spotOfRow),
    );
  }

  private async readAll(): Promise<void> {
    if (this.isReading) return;
    this.isReading = true;
    this.state.value = "loading";
    try {
      for (let pages = this.unread[0]; pages; pages = this.unread[0]) {
        const page = await pages.next();
        if (page) this.add(page);
        else this.unread.shift();
      }
      this.state.value = "done";
    } catch (error) {
      this.error = errorInWords(error);
      this.state.value = "failed";
    } finally {
      this.isReading = false;
    }
  }

  /** Add photos, but those that have come by another way, such as an upload. */
  private add(page: readonly Spot[]): void {
    const fresh = page.filter(({ path }) => !this.known.has(path));
    for (const { path } of fresh) this.known.add(path);
    this.cards.value = [...this.cards.value, ...fresh];
  }
}

/** The photos that a person wants to see of the map. */
export interface Picked {
  id: number;
  name: string;
  list: PhotoList;
}

interface Keeper {
  keep: <T>(name: string, make: () => T) => T;
}

/** Return photos of a window as a list that follows moves, edits and deletions. */
export function picked(app: Keeper, photos: readonly Spot[], { x, y, halfX, halfY }: Window, name: string): Picked {
  const window = { x, y, halfX: halfX + ROUNDED, halfY: halfY + ROUNDED };
  const id = performance.now();
  const list = app.keep(`picked ${id}`, () => {
    const pages = [[...photos]];
    return new PhotoList<Card>({ next: async () => pages.shift() }, "newest", (card) => {
      const spot = spotOf(card);
      return spot !== undefined && isInside(window, spot.x, spot.y);
    });
  });
  void list.more().then(() => list.more()); // no photo is unread
  return { id, name, list };
}

function spotOfRow(item: Item): Spot | [] {
  const [, geohash = ""] = String(item["sk"]).split("#");
  const position = positionOf(geohash);
  return position ? spotAt(cardOfLabel(item), position) : [];
}

function spotOf(card: Card | Photo): Spot | undefined {
  return "location" in card && card.location?.valid ? spotAt(card, card.location) : undefined;
}

function spotAt(card: Card, { latitude, longitude }: Position): Spot {
  return { ...card, ...project(latitude, longitude), time: Number(card.sortTime.replace(/\D/g, "")) };
}
