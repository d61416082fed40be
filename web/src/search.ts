/**
 * Photos that have all of some terms, newest first, as `find` in gallery/search.py finds them.
 *
 * The rows of every term of a photo end alike, with its sort time and key digest. So the search leaps: each
 * term goes on to the first row at or before the end that another term has reached. For each term at most 24
 * times as many rows are read as the rarest term has.
 */

import type { Aws, Item } from "./aws";
import { folded } from "./fold";
import { cardOfLabel, type Card } from "./records";
import { DIGEST_CHARACTERS } from "./rows.gen";

const FIRST_ROWS = 16; // of one of several terms: half a read unit, as for one row
const MOST_ROWS = 256;
const PAGE = 50; // cards
const MAX_REQUESTS = 100; // for one page, which may then be empty
const END_CHARACTERS = "2016-04-09T14:08:13#".length + DIGEST_CHARACTERS;
const LOWEST = "0"; // ends begin with a digit
const HIGHEST = ":";

/** A term as a person writes it. */
export interface Term {
  kind: "label";
  text: string;
}

/** Bounds of the camera's local time, such as 2016-01-01T00:00:00: from the first to before the second. */
export interface Period {
  from?: string | undefined;
  to?: string | undefined;
}

/** The pages of a search, one after the other. After an error, `next` goes on where it was. */
export class Search {
  private readonly rows: readonly TermRows[];
  private readonly low: string;
  private at: string;
  private ended = false;

  constructor(aws: Pick<Aws, "query">, terms: readonly Term[], { from = LOWEST, to = HIGHEST }: Period = {}) {
    const prefixes = new Set(terms.map(({ kind, text }) => `${kind}#${folded(text)}#`));
    this.low = from;
    this.at = to;
    this.rows = [...prefixes].map((prefix) => new TermRows(aws, prefix, this.low, prefixes.size > 1 ? FIRST_ROWS : PAGE));
    this.ended = this.rows.length === 0 || from >= to;
  }

  /** @returns undefined after the last page. */
  async next(): Promise<Card[] | undefined> {
    if (this.ended) return undefined;
    const found: Card[] = [];
    const requests = () => this.rows.reduce((sum, rows) => sum + rows.requests, 0);
    const most = requests() + MAX_REQUESTS;
    while (found.length < PAGE && requests() < most) {
      for (const rows of this.rows) {
        const end = await rows.seek(this.at);
        if (end === undefined) {
          this.ended = true;
          return found;
        }
        this.at = end;
      }
      if (this.rows.every(({ end }) => end === this.at)) {
        found.push(cardOfLabel(this.rows[0]!.row!));
        this.at = below(this.at);
      }
    }
    return found;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Card[]> {
    for (let page = await this.next(); page; page = await this.next()) yield page;
  }
}

/** The rows of one term, read from one end to another that lies further on. */
class TermRows {
  requests = 0;
  private page: { end: string; row: Item }[] = []; // the first is the next
  private hasMore = true; // rows behind the page
  private size: number;
  private landings = 0; // in the page
  private reached: string | undefined; // the end of the last row that was read

  constructor(
    private readonly aws: Pick<Aws, "query">,
    private readonly prefix: string,
    private readonly low: string,
    private readonly firstRows: number,
  ) {
    this.size = firstRows;
  }

  /** The row to which the last seek led. */
  get row(): Item | undefined {
    return this.page[0]?.row;
  }

  get end(): string | undefined {
    return this.page[0]?.end;
  }

  /** Go on to the first row at or before `end`, and return its end; undefined if there is none. */
  async seek(end: string): Promise<string | undefined> {
    for (;;) {
      const past = this.page.findIndex((one) => one.end <= end);
      this.page = past < 0 ? [] : this.page.slice(past);
      if (this.page.length > 0) {
        this.landings++;
        return this.end;
      }
      if (!this.hasMore) return undefined;
      await this.read(end);
    }
  }

  /** Read the page that begins at `end`: a longer one if every fourth row of the page before was landed on. */
  private async read(end: string): Promise<void> {
    // A page may have no row of this term: then the next one begins behind it.
    const from = this.reached !== undefined && this.reached <= end ? below(this.reached) : end;
    const size = 4 * this.landings >= this.size ? Math.min(2 * this.size, MOST_ROWS) : this.firstRows;
    this.requests++;
    const { items, next } = await this.aws.query({
      where: "#sk BETWEEN :from AND :to",
      values: { ":from": this.prefix + this.low, ":to": this.prefix + from },
      descending: true,
      limit: size,
    });
    this.size = size;
    this.landings = 0;
    this.hasMore = next !== undefined;
    // A text with a # has rows among those of the text before the #: their ends are longer.
    const rows = items.map((row) => ({ end: String(row["sk"]).slice(this.prefix.length), row }));
    this.reached = rows.at(-1)?.end;
    this.page = rows.filter((one) => one.end.length === END_CHARACTERS);
  }
}

/** Return a text between `end` and the ends before it. */
function below(end: string): string {
  return `${end.slice(0, -1)}${String.fromCharCode(end.charCodeAt(end.length - 1) - 1)}~`;
}
