/**
 * The page in the reader's language.
 *
 * English texts are in the code: they are the names of their translations in languages/<code>/. Dates and
 * numbers follow the reader's locale, whatever the language.
 */

import type { Catalog, Text } from "./languages/catalog";

export type Values = Record<string, string | number>;

/** The languages other than English; each has a catalog for each part of the page. */
export const LANGUAGES: Record<string, () => Promise<Catalog>> = {
  de: async () => (await import("./languages/de")).default,
};

let language = "en";
let plurals = new Intl.PluralRules("en");
let catalog: Catalog = {};

/** Return the first of the reader's languages that the page has. */
export function languageOf(wanted: readonly string[]): string {
  const primary = wanted.map((one) => one.toLowerCase().split("-")[0] ?? "");
  return primary.find((one) => one === "en" || Object.hasOwn(LANGUAGES, one)) ?? "en";
}

/** Use a language from now on; views that are on the page already do not change. */
export async function setLanguage(code: string): Promise<void> {
  catalog = (await LANGUAGES[code]?.()) ?? {};
  language = Object.hasOwn(LANGUAGES, code) ? code : "en";
  plurals = new Intl.PluralRules(language);
  if (typeof document !== "undefined") document.documentElement.lang = language;
}

/** The reader's locale of the page's language, else the language itself: dates and names of countries follow it. */
export function locale(): string {
  const wanted = globalThis.navigator?.languages ?? [];
  return wanted.find((one) => one.toLowerCase().split("-")[0] === language) ?? (language === "en" ? "en-GB" : language);
}

/**
 * Return a text in the reader's language, with the values in place of their {names}.
 *
 * t("Delete this photo?")
 * t({ one: "{count} photo", other: "{count} photos" }, { count: 3 })
 *
 * tests/language.test.ts finds texts by these forms, so the text is always written out.
 */
export function t(text: Text, values: Values = {}): string {
  const found = catalog[typeof text === "string" ? text : text.other] ?? text;
  const form = typeof found === "string" ? found : (found[plurals.select(Number(values.count))] ?? found.other);
  return form.replace(/\{(\w+)\}/g, (name, key: string) => {
    const value = values[key];
    return typeof value === "number" ? value.toLocaleString(locale()) : (value ?? name);
  });
}
