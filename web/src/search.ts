/**
 * Photos that have all of some terms, in order of time, as `find` in gallery/search.py finds them.
 *
 * The rows of every term of a photo end alike, with its sort time and key digest; so do its keys in the
 * indexes by_album and by_time. Rows in the order of these ends are a stream. The search leaps: each stream goes
 * on to the first row at or after the end that another one has reached. Of each stream at most 16 rows are read
 * for each photo of the rarest term that a page passes, and as many once more: docs/search.md.
 */

import type { Aws, Item, Query } from "./aws";
import { albumDigest } from "./digests";
import { termText } from "./fold";
import { CARD_FIELDS, cardOf, cardOfLabel, type Card } from "./records";
import { DIGEST_CHARACTERS } from "./rows.gen";

const FIRST_ROWS = 8; // of one of several streams: half a read unit, as for one row
const MOST_ROWS = 256;
const PAGE = 50; // cards
const MAX_REQUESTS = 100; // for one page, which may then be empty
const END_CHARACTERS = "2016-04-09T14:08:13#".length + DIGEST_CHARACTERS;
const LOWEST = "0"; // ends begin with a digit
const HIGHEST = ":";

/** Kinds of rows by which a photo is found in words, in the order in which a photo keeps them. */
export const ROW_KINDS = ["person", "keyword", "city", "region", "country", "camera", "label", "word"] as const;

export type RowKind = (typeof ROW_KINDS)[number];

/** `place` is a city, region or country; `any` is a term of any kind of row. */
export type TermKind = RowKind | "place" | "any" | "album";

const UNIONS = { place: ["city", "region", "country"], any: ROW_KINDS } as const satisfies Record<string, readonly RowKind[]>;

/** A term as a person writes it. */
export interface Term {
  kind: TermKind;
  text: string;
}

/**
 * Bounds of the camera's local time, such as 2016-01-01T00:00:00 or 2016: from the first to before the second.
 * They are compared as texts.
 */
export interface Period {
  from?: string | undefined;
  to?: string | undefined;
}

interface Options {
  order?: "newest" | "oldest";
  /** How many photos a page has at most. */
  limit?: number;
  /** The end of the photo that comes before the first one; or of the first one itself. */
  after?: string | undefined;
  at?: string | undefined;
}

/** Return the kinds of rows in which a term may be. */
export function rowKindsOf(kind: Exclude<TermKind, "album">): readonly RowKind[] {
  return kind === "place" || kind === "any" ? UNIONS[kind] : [kind];
}

/** Where a search goes through the ends. */
interface Way {
  low: string;
  high: string;
  isDescending: boolean;
}

/** The pages of a search, one after the other. After an error, `next` goes on where it was. */
export class Search {
  private streams: readonly Stream[] | undefined;
  private readonly way: Way;
  private readonly limit: number;
  private at: string;
  private ended: boolean;
  private found: Card[] = [];

  /** With no term, but a period, it finds all photos of the period. */
  constructor(
    private readonly aws: Pick<Aws, "query">,
    private readonly terms: readonly Term[],
    { from, to }: Period = {},
    { order = "newest", limit = PAGE, after, at }: Options = {},
  ) {
    const isDescending = order === "newest";
    const [low, high] = [from ?? LOWEST, to ?? HIGHEST];
    this.way = { low, high, isDescending };
    this.limit = limit;
    const edge = isDescending ? high : low;
    const start = after === undefined ? (at ?? edge) : beyond(after, isDescending);
    this.at = isBefore(start, edge, isDescending) ? edge : start;
    const isAll = terms.length === 0 && from === undefined && to === undefined;
    this.ended = isAll || low >= high || (isDescending ? this.at <= low : this.at >= high);
  }

  /** Whether no photo follows the pages that were read. */
  get isWhole(): boolean {
    return this.ended;
  }

  /** @returns undefined after the last page. */
  async next(): Promise<Card[] | undefined> {
    if (this.ended) return undefined;
    const streams = await this.opened();
    const requests = () => streams.reduce((sum, stream) => sum + stream.requests, 0);
    const most = requests() + MAX_REQUESTS;
    while (!this.ended && this.found.length < this.limit && requests() < most) {
      for (const stream of streams) {
        const end = await stream.seek(this.at);
        this.ended = end === undefined;
        if (end === undefined) break;
        this.at = end;
      }
      if (!this.ended && streams.every(({ end }) => end === this.at)) {
        this.found.push(streams[0]!.card);
        this.at = beyond(this.at, this.way.isDescending);
      }
    }
    const { found } = this;
    this.found = [];
    return found;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Card[]> {
    for (let page = await this.next(); page; page = await this.next()) yield page;
  }

  /** Make the streams of the terms, and read the first rows of all at once. */
  private async opened(): Promise<readonly Stream[]> {
    if (this.streams) return this.streams;
    const sources = new Map<string, readonly Source[]>(); // each term once
    for (const term of this.terms) sources.set(`${term.kind}#${textOf(term)}`, await sourcesOf(term));
    if (sources.size === 0) sources.set("", [{ index: "by_time", key: "time_key", prefix: "time#" }]);
    const fewest = [...sources.values()].toSorted((one, other) => one.length - other.length); // to seek in first
    const firstRows = fewest.flat().length > 1 ? FIRST_ROWS : Math.max(this.limit, FIRST_ROWS);
    const streams = fewest.map((alike) => {
      const rows = alike.map((source) => new Rows(this.aws, source, this.way, firstRows));
      return rows.length > 1 ? new Union(rows, this.way.isDescending) : rows[0]!;
    });
    await all(streams.map((stream) => stream.seek(this.at)));
    this.streams = streams;
    return streams;
  }
}

/** Where the rows of a stream are: those with keys that begin with the prefix. */
interface Source {
  index?: "by_album" | "by_time";
  key: "sk" | "album_key" | "time_key";
  prefix: string;
}

function textOf({ kind, text }: Term): string {
  return kind === "album" ? text : termText(text);
}

async function sourcesOf(term: Term): Promise<readonly Source[]> {
  const { kind } = term;
  const text = textOf(term);
  if (kind === "album") return [{ index: "by_album", key: "album_key", prefix: `${await albumDigest(text)}#` }];
  return rowKindsOf(kind).map((one) => ({ key: "sk", prefix: `${one}#${text}#` }));
}

/** Rows in the order of their ends, read from one end to another that lies further on. */
interface Stream {
  readonly requests: number;
  /** The end of the row to which the last seek led; undefined if it led beyond all rows that were read. */
  readonly end: string | undefined;
  readonly card: Card;
  /**
   * Go on to `end` or beyond, and return a position before which there is no more row; undefined if there is none at
   * all. One request of each source at most: if there is no row at the position, the next seek goes on.
   */
  seek: (end: string) => Promise<string | undefined>;
}

/** The rows of one source. */
class Rows implements Stream {
  requests = 0;
  private page: { end: string; row: Item }[] = []; // the first is the next
  private hasMore = true; // rows behind the page
  private size: number;
  private landings = 0; // rows of the page to which a seek led
  private landed: string | undefined; // the last one of them
  private behind: string; // the page

  constructor(
    private readonly aws: Pick<Aws, "query">,
    private readonly source: Source,
    private readonly way: Way,
    private readonly firstRows: number,
  ) {
    this.size = firstRows;
    this.behind = way.isDescending ? HIGHEST : LOWEST;
  }

  get end(): string | undefined {
    return this.page[0]?.end;
  }

  get card(): Card {
    const { row = {} } = this.page[0] ?? {};
    return this.source.index ? cardOf(row) : cardOfLabel(row);
  }

  async seek(end: string): Promise<string | undefined> {
    const { low, high, isDescending } = this.way;
    if (isDescending ? end < low : end > high) return undefined; // it is behind the rows of a longer text
    const past = this.page.findIndex((one) => !isBefore(one.end, end, isDescending));
    this.page = past < 0 ? [] : this.page.slice(past);
    if (this.page.length === 0 && this.hasMore && !isBefore(end, this.behind, isDescending)) await this.read(end);
    if (this.page.length === 0) return this.hasMore ? this.behind : undefined;
    if (this.end !== this.landed) this.landings++;
    this.landed = this.end;
    return this.end;
  }

  /** Read the page that begins at `end`: a longer one if every fourth row of the page before was landed on. */
  private async read(end: string): Promise<void> {
    const { isDescending, low, high } = this.way;
    const { index, key, prefix } = this.source;
    const size = 4 * this.landings >= this.size ? Math.min(2 * this.size, MOST_ROWS) : this.firstRows;
    const query: Query = {
      ...(index && { index, fields: [...CARD_FIELDS, key] }),
      where: `#${key} BETWEEN :from AND :to`,
      values: { ":from": prefix + (isDescending ? low : end), ":to": prefix + (isDescending ? end : high) },
      descending: isDescending,
      limit: size,
    };
    this.requests++;
    const { items, next } = await this.aws.query(query);
    this.size = size;
    this.landings = 0;
    this.hasMore = next !== undefined && items.length > 0;
    // A text with a # has rows among those of the text before the #: their ends are longer.
    const rows = items.map((row) => ({ end: String(row[key]).slice(prefix.length), row }));
    const last = rows.at(-1)?.end;
    if (last !== undefined) this.behind = this.after(last);
    this.page = rows.filter((one) => one.end.length === END_CHARACTERS);
  }

  /**
   * Return the position that follows the last row of a page. If it is a row of a longer text, all rows of that text are
   * passed. No other row lies among them: a sort time has a capital T, and a folded text has none.
   */
  private after(end: string): string {
    const { isDescending } = this.way;
    const longer = end.slice(0, -END_CHARACTERS - 1);
    return longer ? `${longer}#${isDescending ? LOWEST : HIGHEST}` : beyond(end, isDescending);
  }
}

/** The rows of several sources: the nearest one is the next. Those of one photo are one row. */
class Union implements Stream {
  private nearest: Rows | undefined;

  constructor(
    private readonly streams: readonly Rows[],
    private readonly isDescending: boolean,
  ) {}

  get requests(): number {
    return this.streams.reduce((sum, { requests }) => sum + requests, 0);
  }

  get end(): string | undefined {
    return this.nearest?.end;
  }

  get card(): Card {
    return this.nearest!.card;
  }

  async seek(end: string): Promise<string | undefined> {
    const positions = await all(this.streams.map((stream) => stream.seek(end)));
    let nearest: string | undefined;
    this.nearest = undefined;
    for (const [index, position] of positions.entries()) {
      if (position === undefined || (nearest !== undefined && !isBefore(position, nearest, this.isDescending))) continue;
      nearest = position;
      const stream = this.streams[index]!;
      this.nearest = stream.end === position ? stream : undefined;
    }
    return nearest;
  }
}

/** Wait for all, also if one of them fails: a stream is not to be read twice at once. */
async function all<T>(tasks: readonly Promise<T>[]): Promise<T[]> {
  return (await Promise.allSettled(tasks)).map((one) => {
    if (one.status === "rejected") throw one.reason;
    return one.value;
  });
}

function isBefore(one: string, other: string, isDescending: boolean): boolean {
  return isDescending ? one > other : one < other;
}

/** Return a text between `end` and the ends that follow it. */
function beyond(end: string, isDescending: boolean): string {
  if (!isDescending) return `${end}!`;
  return `${end.slice(0, -1)}${String.fromCharCode(end.charCodeAt(end.length - 1) - 1)}~`;
}
