/**
 * The page in the reader's language.
 *
 * English texts are in the code: they are the names of their translations in languages/<code>/. Dates and
 * numbers follow the reader's locale, whatever the language.
 */

import { signal } from "@preact/signals";
import type { Catalog, Text } from "./languages/catalog";

export type Values = Record<string, string | number>;

/** The languages other than English; each has a catalog for each part of the page. */
export const LANGUAGES: Record<string, () => Promise<Catalog>> = {
  de: async () => (await import("./languages/de")).default,
};

/** Views that show a text follow it. */
const current = signal<{ code: string; plurals: Intl.PluralRules; catalog: Catalog }>({
  code: "en",
  plurals: new Intl.PluralRules("en"),
  catalog: {},
});

const CHOSEN = "gallery.language"; // in localStorage

/** The language that the person chose in this browser; empty: that of the browser. */
export function chosenLanguage(): string {
  return localStorage.getItem(CHOSEN) ?? "";
}

/** Use the language that the person chose in this browser, else the first one of the browser that the page has. */
export async function setReadersLanguage(): Promise<void> {
  await setLanguage(languageOf([chosenLanguage(), ...navigator.languages]));
}

/** Remember a language for this browser, and use it; empty: that of the browser. */
export async function chooseLanguage(code: string): Promise<void> {
  localStorage.setItem(CHOSEN, code);
  await setReadersLanguage();
}

/** Return the first of the reader's languages that the page has. */
export function languageOf(wanted: readonly string[]): string {
  const primary = wanted.map((one) => one.toLowerCase().split("-")[0] ?? "");
  return primary.find((one) => one === "en" || Object.hasOwn(LANGUAGES, one)) ?? "en";
}

/** Use a language from now on, in the views on the page too. */
export async function setLanguage(code: string): Promise<void> {
  const catalog = (await LANGUAGES[code]?.()) ?? {};
  const known = Object.hasOwn(LANGUAGES, code) ? code : "en";
  current.value = { code: known, plurals: new Intl.PluralRules(known), catalog };
  if (typeof document !== "undefined") document.documentElement.lang = known;
}

/** The reader's locale of the page's language, else the language itself: dates and names of countries follow it. */
export function locale(): string {
  const { code } = current.value;
  const wanted = globalThis.navigator?.languages ?? [];
  return wanted.find((one) => one.toLowerCase().split("-")[0] === code) ?? (code === "en" ? "en-GB" : code);
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
  const { catalog, plurals } = current.value;
  const key = typeof text === "string" ? text : text.other;
  const found = (Object.hasOwn(catalog, key) && catalog[key]) || text;
  const form = typeof found === "string" ? found : (found[plurals.select(Number(values.count))] ?? found.other);
  return form.replace(/\{(\w+)\}/g, (name, key: string) => {
    const value = values[key];
    return typeof value === "number" ? value.toLocaleString(locale()) : (value ?? name);
  });
}

/** Return the translation of a text that another program made, if there is one. */
export function translated(text: string): string {
  return t(text);
}
