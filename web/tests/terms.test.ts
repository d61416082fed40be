import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Item, Page, Query } from "../src/aws";
import { setLanguage } from "../src/language";
import { isFoundBy, photoOf } from "../src/records";
import { href, parseRoute, searchHref } from "../src/routes";
import { isSame, Suggestions, termsOf, timesOf, type Suggestion } from "../src/suggestions";
import { chipInWords, chipsOf, explain, neighbors, queryOf, searchOf, takes, type Chip } from "../src/terms";

beforeEach(() => void vi.stubGlobal("navigator", { languages: ["en-GB"] }));
afterEach(async () => {
  vi.unstubAllGlobals();
  await setLanguage("en");
});

const endOf = (number: number) => `${2000 + number}-06-01T00:00:00#${String(number).padStart(24, "0")}`;

/** Compare texts by code point, as DynamoDB does: in UTF-16 \uffff is after all characters. */
function compare(one: unknown, other: unknown): number {
  if (!/[\ud800-\uffff]/.test(`${one}${other}`)) return String(one) < String(other) ? -1 : Number(one !== other);
  const [these, those] = [[...String(one)], [...String(other)]];
  const at = these.findIndex((character, index) => character !== those[index]);
  return at < 0 ? these.length - those.length : (these[at]!.codePointAt(0) ?? 0) - (those[at]?.codePointAt(0) ?? -1);
}

/** A gallery of photos, one of each year from 2000 on; `terms` are those of each. */
class Memory {
  readonly asked: string[] = [];
  fails = false;
  private readonly rows: Item[];

  constructor(terms: readonly (readonly string[])[], private readonly texts: Record<string, string> = {}) {
    this.rows = terms
      .flatMap((some, number) => [
        { sk: `photo#${number}`, time_key: `time#${endOf(number)}` },
        ...some.map((term) => ({
          sk: `${term}#${endOf(number)}`,
          photo: `photo#${number}`,
          ...(this.texts[term] && { text: this.texts[term] }),
        })),
      ])
      .sort((one, other) => (one.sk < other.sk ? -1 : 1));
  }

  async query({ where, values, limit, descending }: Query): Promise<Page> {
    this.asked.push(values[":from"]!);
    if (this.fails) throw new Error("lost");
    const key = /^#(\w+)/.exec(where)![1]!;
    const isIn = (value: unknown) => compare(value, values[":from"]) >= 0 && compare(value, values[":to"]) <= 0;
    const found = this.rows.filter((row) => key in row && isIn(row[key]));
    if (key !== "sk") found.sort((one, other) => (one[key]! < other[key]! ? -1 : 1));
    if (descending) found.reverse();
    const items = found.slice(0, limit);
    return { items, ...(found.length > limit && { next: items.at(-1)! }) };
  }

  async months() {
    return new Map([["2016-04", 3], ["2019-08", 12], ["2021-08", 1]]);
  }

  async albumCounts() {
    return [{ name: "Trips/Summer in Portugal", photos: 7 }, { name: "Dogs", photos: 2 }];
  }
}

describe("an address of a search", () => {
  test("has the terms as they are written, and each once", () => {
    const chips: Chip[] = [
      { kind: "label", text: "dog" },
      { kind: "city", text: "São Paulo & more?#" },
      { kind: "album", text: "" },
      { kind: "before", text: "2019-08" },
    ];
    const to = { view: "search", query: queryOf(chips), photo: "a/b&c=d?#.jpg" } as const;

    expect(parseRoute(href(to))).toEqual(to);
    expect(chipsOf(to.query)).toEqual(chips);
    expect(chipsOf("label=Dog&label=+dog+&colour=red&label=+&word=dog")).toEqual([
      { kind: "label", text: "Dog" },
      { kind: "word", text: "dog" },
    ]);
    expect(chipsOf(Array.from({ length: 30 }, (_, number) => `label=${number}`).join("&"))).toHaveLength(10);
  });

  test("that a person wrote may have a question mark in a term", () => {
    expect(parseRoute("#/search?label=a?b")).toEqual({ view: "search", query: "label=a%3Fb" });
  });

  test("of earlier releases has one label", () => {
    expect(parseRoute("#/search/hot%20dog?photo=a.jpg")).toEqual({ view: "search", query: "label=hot+dog", photo: "a.jpg" });
    expect(parseRoute("#/search")).toEqual({ view: "search" });
    expect(parseRoute("#/search/")).toEqual({ view: "search" });
    expect(searchHref("label", "hot dog")).toBe("#/search?label=hot+dog");
  });

  test("without terms is that of the view", () => {
    expect(href({ view: "search" })).toBe("#/search");
  });
});

test("a term is shown as it is written, or with a capital", () => {
  const shown = (kind: Chip["kind"], text: string) => chipInWords({ kind, text });

  expect([shown("label", "dog"), shown("camera", "Canon EOS 5D"), shown("any", "dog")]).toEqual(["Dog", "Canon EOS 5D", "dog"]);
  expect([shown("in", "2019"), shown("before", "2019-08"), shown("after", "2019-08-14")]).toEqual([
    "2019",
    "before August 2019",
    "after 14 August 2019",
  ]);
  expect([shown("album", "Trip/Day 1"), shown("album", ""), shown("in", "someday")]).toEqual(["Trip / Day 1", "No album", "someday"]);
});

describe("a photo", () => {
  const photo = photoOf({
    sk: "photo#Trip/a.jpg",
    sort_time: "2018-08-14T09:31:00",
    title: "Grandma's beach-house",
    keywords: ["São Paulo"],
    people: [{ name: "Ada", boxes: [] }],
    place: { country: "Portugal", city: "Lagos", source: "" },
    camera: { make: "Canon", model: "Canon EOS 5D" },
    labels: [{ name: "Dog", confidence: 90, parents: ["Animal"] }, { name: "Cat", confidence: 80, parents: ["Animal"] }],
    edits: JSON.stringify({ hidden_labels: ["cat"] }),
  });

  test.each([
    "person=ada", "keyword=S%C3%A3o+paulo", "city=LAGOS", "country=portugal", "place=lagos", "place=Portugal", "camera=canon+eos+5d",
    "label=dog", "label=animal", "word=grandma", "word=grandma's", "word=beach", "word=House", "word=Beach-House", "any=ada", "any=dog", "album=Trip", "in=2018", "in=2018-08",
    "in=2018-08-14", "before=2019", "after=2017", "after=2018-07", "label=dog&person=Ada&before=2019",
  ])("is found by %s", (query) => expect(takes(chipsOf(query), photo)).toBe(true));

  test.each([
    "person=dog", "keyword=dog", "region=lagos", "place=dog", "label=cat", "word=s", "word=beach-hut", "any=cat", "any=Grandma's", "album=trip", "album=", "in=2019",
    "before=2018", "after=2018", "before=2018-08", "label=dog&before=2018",
  ])("is not found by %s", (query) => expect(takes(chipsOf(query), photo)).toBe(false));

  test("is not judged by its card alone", () => {
    const { row: _, ...card } = photo;

    expect(takes(chipsOf("label=dog"), card)).toBe(false);
  });
});

describe("the neighbors of a photo", () => {
  const memory = new Memory([["label#dog"], ["label#dog", "city#faro"], ["label#cat"], ["label#dog", "city#faro"], ["city#faro"], ["label#dog"]]);
  const beside = (number: number, query: string) =>
    neighbors(memory, query, photoOf({ sk: `photo#${number}`, time_key: `time#${endOf(number)}` }));

  test("are those of the search", async () => {
    expect(await beside(3, "label=dog")).toEqual({ previous: "5", next: "1" });
    expect(await beside(3, "label=dog&city=faro")).toEqual({ previous: undefined, next: "1" });
    expect(await beside(1, "label=dog&city=faro")).toEqual({ previous: "3", next: undefined });
    expect(await beside(3, "any=dog&after=2000")).toEqual({ previous: "5", next: "1" });
    expect(await beside(3, "before=2004")).toEqual({ previous: undefined, next: "2" });
  });

  test("are none of a photo that the search does not find", async () => {
    expect(await beside(2, "label=dog")).toEqual({});
    expect(await beside(5, "label=dog&before=2004")).toEqual({});
    expect(await neighbors(memory, "label=dog", photoOf({ sk: "photo#3", time_key: "problem#2000-01-01T00:00:00#1" }))).toEqual({});
  });
});

const secondOf = (second: number) =>
  `${new Date(Date.UTC(2020, 0, 1) + second * 1000).toISOString().slice(0, 19)}#${String(second).padStart(24, "0")}`;

/** A photo of each second: with both terms at second 0, with a at the other even ones, with b at odd ones. */
class Endless {
  asked = 0;

  async query({ values, limit, descending }: Query): Promise<Page> {
    if (++this.asked > 5000) throw new Error("too many requests");
    const [from, to] = [values[":from"]!, values[":to"]!];
    const [, term, time] = /^(label#[ab])#(.{19})?/.exec(descending ? to : from)!;
    const start = (Date.parse(`${time}Z`) - Date.UTC(2020, 0, 1)) / 1000;
    const items: Item[] = [];
    for (let second = start; items.length < limit; second += descending ? -1 : 1) {
      const sk = `${term}#${secondOf(second)}`;
      const isThere = second === 0 || (second % 2 === 0) === (term === "label#a");
      if (isThere && sk >= from && sk <= to) items.push({ sk, photo: `photo#${second}` });
      if (descending ? sk < from : sk > to) return { items };
    }
    return { items, next: items.at(-1)! };
  }
}

describe("a search without photos", () => {
  const memory = new Memory([
    ...Array.from({ length: 60 }, () => ["label#dog"]),
    ...Array.from({ length: 3 }, () => ["city#faro", "person#ada"]),
  ]);

  test("says what the others find", async () => {
    const [dog, faro, ada] = chipsOf("label=dog&city=faro&person=ada");

    expect(await explain(memory, [dog!, faro!])).toEqual({
      unknown: [],
      others: [
        { chips: [faro], without: [dog], photos: 3, hasMore: false },
        { chips: [dog], without: [faro], photos: 50, hasMore: true },
      ],
    });
    expect((await explain(memory, [dog!, faro!, ada!])).others).toEqual([{ chips: [faro, ada], without: [dog], photos: 3, hasMore: false }]);
  });

  test("says what each term finds, if leaving out one is not enough", async () => {
    const [dog, faro, ada, cat] = chipsOf("label=dog&city=faro&person=ada&label=cat");
    const others = await explain(new Memory([["label#dog"], ["city#faro"], ["person#ada"], ["city#faro"]]), [dog!, faro!, ada!]);

    expect(others.others.map(({ chips, photos }) => [chips, photos])).toEqual([[[dog], 1], [[faro], 2], [[ada], 1]]);
    expect((await explain(memory, [dog!, faro!, cat!])).others.map(({ chips, photos }) => [chips, photos])).toEqual([
      [[dog], 50],
      [[faro], 3],
    ]);
  });

  describe("in a large gallery", () => {
    const many = Array.from({ length: 3000 }, (_, number) => [Math.floor(number / 9) % 2 ? "label#a" : "label#b"]);
    const [a, b, c] = chipsOf("label=a&label=b&label=c");
    const made = () => new Memory([["label#a", "label#b"], ...many, ["label#c"]]);

    test("reads one page of each", async () => {
      const large = made();

      expect(await explain(large, [a!, b!, c!])).toEqual({
        unknown: [],
        others: [{ chips: [a, b], without: [c], photos: 0, hasMore: true }], // the first photo is far away
      });
      expect(large.asked.length).toBeLessThan(3 + 3 * 110);
    });

    test("reads nothing more after the view is left", async () => {
      const large = made();
      const left = new AbortController();
      const explained = explain(large, [a!, b!, c!], left.signal);
      for (let waited = 0; waited < 10_000 && large.asked.length < 40; waited++) await Promise.resolve();
      left.abort();

      await expect(explained).rejects.toThrow("abort");
      expect(large.asked.length).toBeLessThan(44);
    });

    test("has neighbors that are near, and stops looking for others", async () => {
      const endless = new Endless();

      expect(await neighbors(endless, "label=a&label=b", photoOf({ sk: "photo#0", time_key: `time#${secondOf(0)}` }))).toEqual({});
      expect(endless.asked).toBeGreaterThan(100);
      expect(endless.asked).toBeLessThan(2 * 3 * 110);
    });
  });

  test("names the terms that no photo has", async () => {
    const [zebra, faro, ada] = chipsOf("label=zebra&city=faro&person=ada");

    expect(await explain(memory, [zebra!, faro!, ada!])).toEqual({
      unknown: [zebra],
      others: [{ chips: [faro, ada], without: [zebra], photos: 3, hasMore: false }],
    });
    expect(await explain(memory, chipsOf("label=zebra&label=lion"))).toEqual({ unknown: chipsOf("label=zebra&label=lion"), others: [] });
  });
});

describe("suggestions", () => {
  const terms = [
    ["label#dog", "label#dog food", "person#dora", "city#berlin", "region#berlin", "label#c", "label#c#", "label#c#d", "word#summer"],
    ["label#dog", "country#dominica", "camera#canon eos 5d", "keyword#donkey#1"],
  ];
  const memory = new Memory(terms, { "person#dora": "Dora", "camera#canon eos 5d": "Canon EOS 5D" });
  const never = new AbortController().signal;

  async function suggested(text: string, of = memory): Promise<string[]> {
    let last: Suggestion[] = [];
    await new Suggestions(of, of).suggest(text, (found) => (last = found), never);
    return last.map(({ kind, text: written, photos }) => [kind, written, ...(photos === undefined ? [] : [photos])].join(" "));
  }

  test("are of all kinds, as they are written", async () => {
    expect(await suggested(" DO")).toEqual([
      "album Dogs 2",
      "person Dora",
      "country dominica",
      "label dog food",
      "label dog",
      "keyword donkey#1",
    ]);
    expect(await suggested("Canon")).toEqual(["camera Canon EOS 5D"]);
    expect(await suggested("c")).toEqual(["label c#", "label c", "label c#d", "camera Canon EOS 5D"]);
    expect(await suggested("summer in")).toEqual(["album Trips/Summer in Portugal 7"]);
    expect(await suggested("zebra")).toEqual([]);
    expect(await suggested("  ")).toEqual([]);
  });

  test("a city that is a region as well is one place", async () => {
    expect(await suggested("berl")).toEqual(["place berlin"]);
  });

  test("of a text that is no longer in the field are not shown", async () => {
    const typing = new AbortController();
    const show = vi.fn();
    const asking = new Suggestions(memory, memory).suggest("do", show, typing.signal);
    typing.abort();
    const before = memory.asked.length;
    await asking;

    expect(show).not.toHaveBeenCalled();
    expect(memory.asked.length).toBe(before); // only the first request of each kind
  });

  test("count again after an error", async () => {
    const failing = new Memory(terms);
    const suggestions = new Suggestions(failing, failing);
    const months = vi.spyOn(failing, "months").mockRejectedValueOnce(new Error("lost"));
    const show = vi.fn();

    await expect(suggestions.suggest("2019", show, never)).rejects.toThrow("lost");
    await suggestions.suggest("2019", show, never);
    await suggestions.suggest("2016", show, never);

    expect(show).toHaveBeenLastCalledWith([{ kind: "in", text: "2016", photos: 3 }, { kind: "after", text: "2016", photos: 13 }]);
    expect(months).toHaveBeenCalledTimes(2);
  });

  test("one small request for each", async () => {
    const few = new Memory([["label#dog"]]);

    expect(await suggested("do", few)).toEqual(["album Dogs 2", "label dog"]);
    expect(few.asked).toHaveLength(9); // one of each kind, and one after the dog
  });

  test("are also those that go on with a character of many bytes", async () => {
    const found = await suggested("cat", new Memory([["label#cat\u{1f431}"]]));

    expect(found).toEqual(["label cat\u{1f431}"]);
  });

  test("are the terms of a kind, of any text", async () => {
    const found: string[] = [];
    for await (const { text } of termsOf(memory, "label", "", 10)) found.push(text);

    expect(found).toEqual(["c#", "c", "c#d", "dog food", "dog"]);
  });
});

describe("a text without a kind", () => {
  const memory = new Memory([["keyword#hot dog", "label#dog", "word#hot"]]);
  const chips = async (text: string) => queryOf(await new Suggestions(memory, memory).chipsFor(text));

  test("is one term if a photo has it, else its words", async () => {
    expect(await chips(" Hot  dog ")).toBe("any=Hot+dog");
    expect(await chips("cold dog")).toBe("any=cold&any=dog");
    expect(await chips("dog")).toBe("any=dog");
    expect(await chips(" \u200e ")).toBe("");
  });

  test.each([
    ["Mom's birthday", ["mom", "birthday"], "any=Mom&any=birthday"],
    ["Day 1", ["day"], "any=Day"],
    ["New-York trip", ["new", "york", "trip"], "any=New&any=York&any=trip"],
    ["IMG_0001", ["img", "0001"], "any=IMG&any=0001"],
    ["Plan B", ["plan"], "any=Plan"],
    ["St. Pauli", ["st", "pauli"], "any=St&any=Pauli"],
    ["l'été", ["été"], "any=%C3%A9t%C3%A9"],
    ["Paris, 2nd visit", ["paris", "2nd", "visit"], "any=Paris&any=2nd&any=visit"],
  ])("finds the photo with the title %s", async (title, words, query) => {
    const photos = new Memory([words.map((word) => `word#${word}`)]);
    const found = await new Suggestions(photos, memory).chipsFor(title);

    expect(queryOf(found)).toBe(query);
    expect(await searchOf(photos, found).next()).toHaveLength(1);
  });

  test("is cut only where no photo has it as it stands", async () => {
    const photos = new Memory([["keyword#at&t", "label#c#", "word#dog", "person#o"]]);
    const asked = async (text: string) => queryOf(await new Suggestions(photos, memory).chipsFor(text));

    expect(await asked("AT&T, dog")).toBe("any=AT&any=dog");
    expect(await asked("AT&T dog")).toBe("any=AT%26T&any=dog");
    expect(await asked("C# dog O P")).toBe("any=C%23&any=dog&any=O");
    expect(await asked("P Q")).toBe("any=P+Q"); // nothing would be left
    expect(await asked("🎉")).toBe("any=%F0%9F%8E%89");
    expect((await new Suggestions(photos, memory).chipsFor("- ".repeat(5000))).length).toBe(1);
    expect(photos.asked.length).toBeLessThan(600);
  });

  test("may be a time, or have one in it", async () => {
    expect(await chips("2019")).toBe("in=2019");
    expect(await chips("1812")).toBe("any=1812");
    expect(await chips("before 2019")).toBe("before=2019");
    expect(await chips("dog before August 2019 beach")).toBe("any=dog&before=2019-08&any=beach");
    expect(await chips("dog August 2019")).toBe("any=dog&in=2019-08");
  });
});

describe("periods", () => {
  const months = new Map([["2016-04", 3], ["2019-07", 2], ["2019-08", 12], ["2021-08", 1]]);
  const times = (text: string) => timesOf(text, months).map(({ kind, text: time, photos }) => `${kind} ${time} ${photos}`);

  test.each([
    ["20", ["in 2021 1", "in 2019 14", "in 2016 3"]],
    ["201", ["in 2019 14", "in 2016 3"]],
    ["2019", ["in 2019 14", "before 2019 3", "after 2019 1"]],
    ["aug", ["in 2021-08 1", "in 2019-08 12"]],
    ["August 2", ["in 2021-08 1", "in 2019-08 12"]],
    ["august 2019", ["in 2019-08 12", "before 2019-08 5", "after 2019-08 1"]],
    ["2019-08", ["in 2019-08 12", "before 2019-08 5", "after 2019-08 1"]],
    ["2019-08-14", ["in 2019-08-14 undefined", "before 2019-08-14 undefined", "after 2019-08-14 undefined"]],
    ["before 2019", ["before 2019 3"]],
    ["After 2016", ["after 2016 15"]],
    ["before 2", ["before 2021 17", "before 2019 3"]],
    ["1999", ["after 1999 18"]],
    ["2019-13", []],
    ["a", []],
    ["", []],
  ])("of %j", (text, expected) => expect(times(text)).toEqual(expected));

  test("are in the reader's language", async () => {
    vi.stubGlobal("navigator", { languages: ["de-DE"] });
    await setLanguage("de");

    expect(times("vor 2019")).toEqual(["before 2019 3"]);
    expect(timesOf("juli", months)).toEqual([{ kind: "in", text: "2019-07", photos: 2 }]);
    expect(chipInWords({ kind: "after", text: "2019-08" })).toBe("nach August 2019");
  });
});

test("two spellings of a term are the same", () => {
  expect(isSame({ kind: "city", text: "São Paulo" }, { kind: "city", text: "são paulo" })).toBe(true);
  expect(isSame({ kind: "city", text: "Berlin" }, { kind: "region", text: "Berlin" })).toBe(false);
  expect(isSame({ kind: "album", text: "Trip" }, { kind: "album", text: "trip" })).toBe(false);
  expect(isSame(undefined, undefined)).toBe(false);
});

test("a fact is a link only if the search finds its photo", () => {
  const row = { found_by: ["keyword#são paulo", "label#c#2016"] };
  const old = { label_keys: ["label#c#2016#2018-08-14T09:31:00#a5486b38a188136446b67fb5"] };

  expect(isFoundBy(row, "keyword", "Sa\u0303o Paulo")).toBe(true);
  expect(isFoundBy(row, "label", "C#2016")).toBe(true);
  expect(isFoundBy(row, "city", "São Paulo")).toBe(false);
  expect(isFoundBy(old, "label", "C#2016")).toBe(true);
  expect(isFoundBy(old, "label", "c")).toBe(false);
  expect(isFoundBy(old, "keyword", "c#2016")).toBe(false);
  expect(isFoundBy({}, "label", "dog")).toBe(false);
});
