import { afterEach, describe, expect, test } from "vitest";
import { LANGUAGES, languageOf, setLanguage, t } from "../src/language";
import type { Catalog } from "../src/languages/catalog";

const SOURCES = import.meta.glob<string>(["../src/**/*.ts", "../src/**/*.tsx", "!../src/language.ts"], {
  eager: true,
  query: "?raw",
  import: "default",
});
const STRING = String.raw`"((?:[^"\\]|\\.)*)"`;
// t("…"), and t({ one: "…", other: "…" }); a text in a table is marked by a call of t as well.
const CALLS = [
  new RegExp(String.raw`\bt\(\s*${STRING}`, "g"),
  new RegExp(String.raw`\bt\(\s*\{.*?\bother:\s*${STRING}`, "gs"),
];

function textsOfThePage(): Set<string> {
  const sources = Object.values(SOURCES);
  const found = sources.flatMap((source) => CALLS.flatMap((call) => [...source.matchAll(call)].map(([, text]) => text)));
  return new Set(found.map((text) => JSON.parse(`"${text}"`) as string));
}

const namesIn = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name).sort();

afterEach(() => setLanguage("en"));

describe.each(Object.keys(LANGUAGES))("the language %s", (code) => {
  test("has every text of the page, and no other", async () => {
    const catalog: Catalog = await LANGUAGES[code]!();

    expect(Object.keys(catalog).sort()).toEqual([...textsOfThePage()].sort());
  });

  test("has the values of each text", async () => {
    const catalog: Catalog = await LANGUAGES[code]!();

    for (const [english, translated] of Object.entries(catalog)) {
      const forms = typeof translated === "string" ? [translated] : Object.values(translated);
      expect(forms.map(namesIn)).toEqual(forms.map(() => namesIn(english)));
    }
  });
});

test("a text is in the language, with its values by the locale", async () => {
  await setLanguage("de");

  expect(t("See all photos")).toBe("Alle Fotos ansehen");
  expect(t({ one: "{count} of {all}", other: "{count} of all {all}" }, { count: 1, all: 12_345 })).toBe("1 of 12.345");
  expect(t("{a} and {b}", { a: "<b>" })).toBe("<b> and {b}");
});

test("the first language of the reader that the page has is taken, else English", () => {
  expect(languageOf(["fr-CH", "de-CH", "en"])).toBe("de");
  expect(languageOf(["en-US", "de"])).toBe("en");
  expect(languageOf(["xx", "constructor"])).toBe("en");
});
