import { describe, expect, test } from "vitest";
import vectors from "../../tests/vectors.json";
import type { Item, Page, Query } from "../src/aws";
import { Search, type Term } from "../src/search";

/** Rows in memory, which are read as DynamoDB reads them. */
class Memory {
  requests = 0;
  read = 0;
  fails = false;
  private readonly rows: Item[];

  constructor(rows: readonly Item[]) {
    this.rows = rows
      .map((row): Item => ({ ...row, width_px: 4, height_px: 3 }))
      .sort((one, other) => (String(one["sk"]) < String(other["sk"]) ? -1 : 1));
  }

  async query({ values, limit, descending }: Query): Promise<Page> {
    this.requests++;
    if (this.fails) throw new Error("lost");
    expect(descending).toBe(true);
    const below = this.rows.slice(0, this.rows.findLastIndex((row) => String(row["sk"]) <= values[":to"]!) + 1);
    const within = below.slice(-limit).filter((row) => String(row["sk"]) >= values[":from"]!).reverse();
    const items = within;
    this.read += items.length;
    return { items, ...(within.length >= limit && { next: items.at(-1)! }) };
  }
}

const { rows, cases } = vectors.searches;
const labelRows = rows.filter(({ sk }) => sk.startsWith("label#"));
const ofLabels = cases.filter(({ terms }) => terms.length > 0 && terms.every(({ kind }) => kind === "label"));

function rowsOf(photos: readonly { path: string; end: string; terms: readonly string[] }[]): Item[] {
  return photos.flatMap(({ path, end, terms }) => terms.map((term) => ({ sk: `${term}#${end}`, photo: `photo#${path}` })));
}

async function pathsOf(search: Search): Promise<string[]> {
  const paths = [];
  for await (const page of search) paths.push(...page.map(({ path }) => path));
  return paths;
}

const digest = (number: number) => number.toString(16).padStart(24, "0");
const endOf = (number: number) => `${new Date(1000 * number).toISOString().slice(0, 19)}#${digest(number)}`;

function termOf(term: string): Term {
  const [kind, ...text] = term.split("#");
  return { kind: kind as Term["kind"], text: text.join("#") };
}

describe("a search", () => {
  test.each(ofLabels)("$what", async ({ terms, from, to, found }) => {
    const search = new Search(new Memory(labelRows), terms as Term[], { from, to });

    expect(await pathsOf(search)).toEqual(found);
  });

  test("finds what a brute force finds", async () => {
    const words = ["dog", "beach", "c", "c#", "c#2016"];
    let state = 1; // a generator with a fixed start: the same photos in each run
    const dice = () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
    for (let round = 0; round < 200; round++) {
      const photos = Array.from({ length: Math.floor(dice() * 120) }, (_, number) => ({
        path: `${number}.jpg`,
        end: endOf(number),
        terms: words.filter(() => dice() < 0.6).map((word) => `label#${word}`),
      }));
      const wanted = words.filter(() => dice() < 0.4).concat("dog");
      const all = photos.filter(({ terms }) => wanted.every((word) => terms.includes(`label#${word}`)));

      const search = new Search(new Memory(rowsOf(photos)), wanted.map((text) => ({ kind: "label", text })));

      expect(await pathsOf(search)).toEqual(all.map(({ path }) => path).reverse());
    }
  });

  test("reads few rows of a frequent term beside a rare one", async () => {
    const memory = new Memory(
      rowsOf(
        Array.from({ length: 5000 }, (_, number) => ({
          path: `${number}`,
          end: endOf(number),
          terms: ["label#dog", ...(number % 500 === 0 ? ["label#beach"] : [])],
        })),
      ),
    );

    const search = new Search(memory, [termOf("label#dog"), termOf("label#beach")]);

    expect(await pathsOf(search)).toHaveLength(10);
    expect(memory.read).toBeLessThanOrEqual(10 + 16 * 11);
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
    const search = new Search(memory, [termOf("label#dog"), termOf("label#beach")]);

    expect(await search.next()).toEqual([]);
    memory.fails = true;
    await expect(search.next()).rejects.toThrow("lost");
    memory.fails = false;
    expect(await pathsOf(search)).toEqual(["0"]);
  });

  test("of nothing finds nothing, and asks nothing", async () => {
    const memory = new Memory([]);

    expect(await pathsOf(new Search(memory, []))).toEqual([]);
    expect(await pathsOf(new Search(memory, [termOf("label#dog")], { from: "2017", to: "2016" }))).toEqual([]);
    expect(memory.requests).toBe(0);
  });
});
