import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import vectors from "../../tests/vectors.json";
import type { Item, Page, Query } from "../src/aws";
import { cleaned } from "../src/fold";
import { ROW_KINDS, rowKindsOf, Search, type Period, type RowKind, type Term, type TermKind } from "../src/search";

/** Rows in memory, which are read as DynamoDB reads them. */
class Memory {
  requests = 0;
  read = 0;
  fails = 0; // so many of the next requests
  /** Of the table, and of each index: by the key that they are sorted by. */
  private readonly sorted: Record<string, Item[]>;

  constructor(rows: readonly Item[]) {
    const by = (key: string) => rows.filter((row) => key in row).sort((one, other) => (String(one[key]) < String(other[key]) ? -1 : 1));
    this.sorted = { sk: by("sk"), album_key: by("album_key"), time_key: by("time_key") };
  }

  async query({ index, where, values, limit, descending }: Query): Promise<Page> {
    this.requests++;
    if (this.fails > 0) {
      this.fails--;
      throw new Error("lost");
    }
    const key = /^#(\w+) BETWEEN :from AND :to$/.exec(where)![1]!;
    expect(index).toBe({ album_key: "by_album", time_key: "by_time" }[key]);
    expect(values[":from"]! <= values[":to"]!, "DynamoDB refuses such bounds").toBe(true);
    const all = this.sorted[key]!;
    const [from, to] = [at(all, key, values[":from"]!), at(all, key, `${values[":to"]!}\0`)];
    const items = descending ? all.slice(Math.max(from, to - limit), to).reverse() : all.slice(from, Math.min(to, from + limit));
    this.read += items.length;
    return { items, ...(items.length >= limit && { next: items.at(-1)! }) };
  }
}

/** Return the index of the first row whose key is not less than a text. */
function at(rows: readonly Item[], key: string, text: string): number {
  let [low, high] = [0, rows.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (String(rows[middle]![key]) < text) low = middle + 1;
    else high = middle;
  }
  return low;
}

interface Made {
  path: string;
  end: string;
  terms: readonly string[];
  albumDigest?: string;
}

function rowsOf(photos: readonly Made[]): Item[] {
  return photos.flatMap(({ path, end, terms, albumDigest = "none" }) => [
    { sk: `photo#${path}`, time_key: `time#${end}`, album_key: `${albumDigest}#${end}` },
    ...terms.map((term) => ({ sk: `${term}#${end}`, photo: `photo#${path}`, width_px: 4, height_px: 3 })),
  ]);
}

async function pathsOf(search: Search): Promise<string[]> {
  const paths = [];
  for await (const page of search) paths.push(...page.map(({ path }) => path));
  return paths;
}

const digest = (number: number) => number.toString(16).padStart(24, "0");
const endOf = (number: number) => `${new Date(1000 * number).toISOString().slice(0, 19)}#${digest(number)}`;
const label = (text: string): Term => ({ kind: "label", text });

interface Case {
  what: string;
  terms: Term[];
  from?: string;
  to?: string;
  found: string[];
}

interface Many {
  what: string;
  photos: number;
  every: Record<string, number>;
  terms: Term[];
  found: number;
  most_rows: number;
}

const { rows, cases, many } = vectors.searches as unknown as { rows: Item[]; cases: Case[]; many: Many[] };

describe("a search", () => {
  test.each(cases)("finds $what", async ({ terms, from, to, found }) => {
    expect(await pathsOf(new Search(new Memory(rows), terms, { from, to }))).toEqual(found);
    expect(await pathsOf(new Search(new Memory(rows), terms, { from, to }, { order: "oldest" }))).toEqual(found.toReversed());
  });

  test.each(many)("reads few rows: $what", async ({ photos, every, terms, found, most_rows }) => {
    const kinds = Object.entries(every);
    const made = Array.from({ length: photos }, (_, number) => ({
      path: `${number}`,
      end: endOf(number),
      terms: kinds.filter(([, each]) => number % each === 0).map(([term]) => term),
    }));
    const memory = new Memory(rowsOf(made));

    expect(await pathsOf(new Search(memory, terms))).toHaveLength(found);
    expect(memory.read).toBeLessThanOrEqual(most_rows);
  });

  test("goes on after an error, and after a page without photos", async () => {
    const memory = new Memory(
      rowsOf(
        Array.from({ length: 30_000 }, (_, number) => ({
          path: `${number}`,
          end: endOf(number),
          terms: [number % 2 ? "label#dog" : "label#beach", ...(number === 0 ? ["label#dog"] : [])],
        })),
      ),
    );
    const search = new Search(memory, [label("dog"), label("beach")]);

    expect(await search.next()).toEqual([]);
    memory.fails = 1;
    await expect(search.next()).rejects.toThrow("lost");
    expect(await pathsOf(search)).toEqual(["0"]);
  });

  test("of nothing finds nothing, and asks nothing", async () => {
    const memory = new Memory([]);

    expect(await pathsOf(new Search(memory, []))).toEqual([]);
    expect(await pathsOf(new Search(memory, [label("dog")], { from: "2017", to: "2016" }))).toEqual([]);
    expect(await pathsOf(new Search(memory, [label("dog")], { from: "2017" }, { at: "2016" }))).toEqual([]);
    expect(memory.requests).toBe(0);
  });

  test("sends the first request of each term at once", async () => {
    const memory = new Memory(rows);
    const search = new Search(memory, [label("dog"), label("beach"), { kind: "place", text: "Lagos" }]);

    const page = search.next();
    await Promise.resolve();
    await Promise.resolve();
    await Promise.resolve();

    expect(memory.requests).toBe(5);
    expect(await page).toHaveLength(1);
  });
});

describe("a search finds what a brute force finds", () => {
  const texts = ["dog", "beach", "c", "c#", "c#2016"];
  const albums = ["", "Trip"];
  let digests: Record<string, string>;

  beforeAll(async () => {
    const { albumDigest } = await import("../src/digests");
    digests = Object.fromEntries(await Promise.all(albums.map(async (name) => [name, await albumDigest(name)] as const)));
  });

  const rowTerms = texts.flatMap((text) => ROW_KINDS.map((kind) => ({ kind, text })));
  const photo = fc.record({
    second: fc.integer({ min: 0, max: 400_000_000 }),
    album: fc.constantFrom(...albums),
    terms: fc.subarray(rowTerms, { minLength: rowTerms.length / 4 }),
  });
  const wanted = fc.oneof(
    { weight: 4, arbitrary: fc.record({ kind: fc.constantFrom<TermKind>("label", "word", "place", "any"), text: fc.constantFrom(...texts) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant<TermKind>("album"), text: fc.constantFrom(...albums) }) },
  );
  const year = (...years: string[]) => fc.option(fc.constantFrom(...years), { nil: undefined, freq: 3 });

  function has(one: { album: string; terms: readonly { kind: RowKind; text: string }[] }, { kind, text }: Term): boolean {
    if (kind === "album") return one.album === text;
    return one.terms.some((term) => rowKindsOf(kind).includes(term.kind) && term.text === text);
  }

  test("for any terms and period, in pages of any length, in both orders, from any photo on, also after errors", async () => {
    const search = {
      photos: fc.array(photo, { maxLength: 80, size: "max" }),
      terms: fc.array(wanted, { maxLength: 3 }),
      period: fc.record({ from: year("1970", "1972", "1975-05"), to: year("1974", "1979-11", "1980") }),
      order: fc.constantFrom("newest" as const, "oldest" as const),
      limit: fc.constantFrom(1, 3, 50),
      start: fc.option(fc.nat(79), { nil: undefined, freq: 2 }),
      failing: fc.uniqueArray(fc.nat(20)),
    };
    let successes = 0;
    await fc.assert(
      fc.asyncProperty(fc.record(search), async ({ photos, terms, period, order, limit, start, failing }) => {
        const made = photos.map(({ second, ...one }, number) => ({
          ...one,
          path: `${number}`,
          end: `${new Date(1000 * second).toISOString().slice(0, 19)}#${digest(number)}`,
          albumDigest: digests[one.album]!,
        }));
        const { from = "0", to = ":" }: Period = period;
        const isAll = terms.length > 0 || period.from !== undefined || period.to !== undefined;
        const after = start === undefined ? undefined : made[start % made.length]?.end;
        const expected = made
          .filter((one) => isAll && from <= one.end && one.end < to && terms.every((term) => has(one, term)))
          .filter(({ end }) => after === undefined || (order === "newest" ? end < after : end > after))
          .sort((one, other) => (one.end < other.end === (order === "oldest") ? -1 : 1));
        const memory = new Memory(rowsOf(made.map((one) => ({ ...one, terms: one.terms.map(({ kind, text }) => `${kind}#${text}`) }))));

        const found = new Search(memory, terms, period, { order, limit, after });
        const paths: string[] = [];
        for (;;) {
          memory.fails = failing.includes(memory.requests) ? 1 : 0;
          const page = await found.next().catch((error: Error) => error.message);
          if (page === undefined) break;
          if (page === "lost") continue;
          expect(page.length).toBeLessThanOrEqual(limit);
          paths.push(...(page as { path: string }[]).map(({ path }) => path));
        }

        expect(paths).toEqual(expected.map(({ path }) => path));
        if (paths.length > 0) successes++;
      }),
      { numRuns: 300, seed: 1 }, // the same photos in each run
    );
    expect(successes).toBeGreaterThan(150);
  });
});

test("a text is cleaned as by clean_label in images/shared/text.py", () => {
  expect(cleaned("\u200e Maria\n do \t Carmo\u001d\u0000 ")).toBe("Maria do Carmo");
  expect(cleaned("Sa\u0303o\u3000Paulo\ufeff")).toBe("São Paulo");
  expect(cleaned("\ud83d a")).toBe("a");
  expect([...cleaned("🐈".repeat(70))]).toHaveLength(64);
});
