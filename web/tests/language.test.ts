import { afterEach, describe, expect, test, vi } from "vitest";
import { LANGUAGES, languageOf, setLanguage, t } from "../src/language";
import type { Catalog } from "../src/languages/catalog";
import { coordinates, exposureTime, fileSize, localTime, monthInWords, placeInWords, reasonInWords } from "../src/words";

const SOURCES = import.meta.glob<string>(["../src/**/*.ts", "../src/**/*.tsx", "!../src/language.ts"], {
  eager: true,
  query: "?raw",
  import: "default",
});
const CATALOGS: Record<string, Record<string, Catalog>> = {
  de: import.meta.glob<Catalog>(["../src/languages/de/*.ts", "!../src/languages/de/index.ts"], { eager: true, import: "default" }),
};
const STRING = String.raw`"((?:[^"\\]|\\.)*)"`;
// t("…"), and t({ one: "…", other: "…" }); a text in a table is marked by a call of t as well.
const CALLS = [
  new RegExp(String.raw`\bt\(\s*${STRING}`, "g"),
  new RegExp(String.raw`\bt\(\s*\{(?:"(?:[^"\\]|\\.)*"|[^"}])*?\bother:\s*${STRING}`, "gs"),
];

function textsOfThePage(): Set<string> {
  const sources = Object.values(SOURCES);
  const found = sources.flatMap((source) => CALLS.flatMap((call) => [...source.matchAll(call)].map(([, text]) => text)));
  return new Set(found.map((text) => JSON.parse(`"${text}"`) as string));
}

const namesIn = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name).sort();

afterEach(async () => {
  vi.unstubAllGlobals();
  await setLanguage("en");
});

describe.each(Object.keys(LANGUAGES))("the language %s", (code) => {
  test("has every text of the page, and no other", async () => {
    const catalog: Catalog = await LANGUAGES[code]!();

    expect(Object.keys(catalog).sort()).toEqual([...textsOfThePage()].sort());
  });

  test("has each text once", () => {
    const keys = Object.values(CATALOGS[code] ?? {}).flatMap((part) => Object.keys(part));

    expect(keys.filter((key, index) => keys.indexOf(key) !== index)).toEqual([]);
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

describe("dates, numbers and countries", () => {
  const place = { country: "Germany", offshore: false, otherCountries: ["FR", "CH"], source: "" };
  const shown = () => [
    localTime("2021-08-14T09:31:00").replace(/\s/g, " "), // a narrow space is before "AM"
    monthInWords("2021-03"),
    coordinates(52.5163, 13.3777),
    exposureTime(2.5),
    fileSize(1_500_000),
    placeInWords(place),
  ];

  test.each([
    ["en-US", ["August 14, 2021, 9:31 AM", "Mar 2021", "52.5163° N, 13.3777° E", "2.5 s", "1.5 MB", "Germany (or France or Switzerland)"]],
    ["de-DE", ["14. August 2021, 09:31", "März 2021", "52,5163° N, 13,3777° O", "2,5 s", "1,5 MB", "Germany (oder Frankreich oder Schweiz)"]],
    ["fr-FR", ["14 August 2021, 09:31", "Mar 2021", "52.5163° N, 13.3777° E", "2.5 s", "1.5 MB", "Germany (or France or Switzerland)"]],
  ])("are those of %s", async (wanted, expected) => {
    vi.stubGlobal("navigator", { languages: [wanted] });
    await setLanguage(languageOf([wanted]));

    expect(shown()).toEqual(expected);
  });

  test("follow the language once it is another one", async () => {
    expect(reasonInWords("EMPTY")).toBe("The file is empty.");

    await setLanguage("de");

    expect(reasonInWords("EMPTY")).toBe("Die Datei ist leer.");
  });
});
