/** The terms of a search as a person sees them: chips, which the address has, and all of which a photo has. */

import type { Aws } from "./aws";
import { folded, termText, wordsOf } from "./fold";
import type { Neighbors } from "./gallery";
import { t } from "./language";
import { hiddenLabels, splitPath, type Card, type Photo } from "./records";
import { rowKindsOf, Search, type Period, type RowKind, type Term, type TermKind } from "./search";
import { cameraName, capitalized, localTime, monthInWords } from "./words";

export const MAX_CHIPS = 10; // as MAX_TERMS in gallery/search.py
const TIME_KINDS = ["in", "before", "after"] as const;
const NAME_KINDS = ["person", "keyword", "city", "region", "country", "place", "camera", "label", "word", "any", "album"] as const;

/** Of times, whose texts are 2019, 2019-08 or 2019-08-14. */
export type TimeKind = (typeof TIME_KINDS)[number];

export interface Chip {
  kind: TermKind | TimeKind;
  /** As it is written in the file, or by a person. Of an album: its path. */
  text: string;
}

/** Return the chips of an address, such as label=dog&place=Portugal&before=2019, each once. */
export function chipsOf(query: string | undefined): Chip[] {
  const chips = new Map<string, Chip>();
  for (const [name, text] of new URLSearchParams(query)) {
    const kind = [...NAME_KINDS, ...TIME_KINDS].find((one) => one === name);
    if (kind === undefined || (kind !== "album" && termText(text) === "")) continue;
    const words = kind === "word" ? wordsOf(text) : []; // no photo has a word such as mom's
    for (const one of words.length > 0 ? words : [text]) {
      const chip = { kind, text: one };
      if (!chips.has(keyOf(chip))) chips.set(keyOf(chip), chip);
    }
  }
  return [...chips.values()].slice(0, MAX_CHIPS);
}

export function queryOf(chips: readonly Chip[]): string {
  return new URLSearchParams(chips.map(({ kind, text }) => [kind, text])).toString();
}

/** Return what is the same for all spellings of a chip. */
export function keyOf({ kind, text }: Chip): string {
  return `${kind}#${kind === "album" ? text : termText(text)}`;
}

export function searchOf(aws: Pick<Aws, "query">, chips: readonly Chip[], options?: ConstructorParameters<typeof Search>[3]): Search {
  return new Search(aws, chips.filter(isTerm), periodOf(chips), options);
}

function isTerm(chip: Chip): chip is Term {
  return !isTime(chip);
}

function isTime({ kind }: Chip): boolean {
  return TIME_KINDS.some((one) => one === kind);
}

/** Return the time that is in all periods. */
function periodOf(chips: readonly Chip[]): Period {
  let from: string | undefined;
  let to: string | undefined;
  for (const { kind, text } of chips) {
    const past = `${text}~`; // after all sort times that begin so
    const low = kind === "in" ? text : kind === "after" ? past : undefined;
    const high = kind === "in" ? past : kind === "before" ? text : undefined;
    if (low !== undefined && (from === undefined || low > from)) from = low;
    if (high !== undefined && (to === undefined || high < to)) to = high;
  }
  return { from, to };
}

/** Return "Dog", "before August 2019" or "Trip / Day 1". */
export function chipInWords({ kind, text }: Chip): string {
  if (kind === "before") return t("before {when}", { when: timeInWords(text) });
  if (kind === "after") return t("after {when}", { when: timeInWords(text) });
  if (kind === "in") return timeInWords(text);
  if (kind === "album") return text.split("/").join(" / ") || t("No album");
  return kind !== "any" && text === termText(text) ? capitalized(text) : text;
}

function timeInWords(text: string): string {
  if (/^\d{4}$/.test(text)) return text;
  if (/^\d{4}-\d\d$/.test(text)) return monthInWords(text, undefined, "long");
  return /^\d{4}-\d\d-\d\d$/.test(text) ? localTime(`${text}T00:00:00`, "day") : text;
}

// Texts of a table are functions: the language may change.
const KINDS: Record<Chip["kind"], () => string> = {
  person: () => t("Person"),
  keyword: () => t("Keyword"),
  city: () => t("City"),
  region: () => t("Region"),
  country: () => t("Country"),
  place: () => t("Place"),
  camera: () => t("Camera"),
  label: () => t("Label"),
  word: () => t("Word"),
  any: () => t("Anywhere"),
  album: () => t("Album"),
  in: () => t("Period"),
  before: () => t("Period"),
  after: () => t("Period"),
};

export function kindInWords(kind: Chip["kind"]): string {
  return KINDS[kind]();
}

/** Whether the search finds a photo, as far as its row says it. A label is also one of its descendants. */
export function holds({ kind, text }: Chip, photo: Photo): boolean {
  const { sortTime } = photo;
  if (kind === "album") return splitPath(photo.path).album === text;
  if (isTime({ kind, text })) {
    const { from = "", to = "~" } = periodOf([{ kind, text }]);
    return from <= sortTime && sortTime < to;
  }
  const wanted = termText(text);
  return rowKindsOf(kind as Exclude<TermKind, "album">).some((one) => textsOf(photo, one).some((found) => termText(found) === wanted));
}

function textsOf(photo: Photo, kind: RowKind): string[] {
  const { place } = photo;
  switch (kind) {
    case "person":
      return photo.people.map(({ name }) => name);
    case "keyword":
      return photo.keywords;
    case "city":
    case "region":
    case "country":
      return place?.[kind] ? [place[kind]] : [];
    case "camera":
      return [cameraName(photo.camera)];
    case "label": {
      const hidden = hiddenLabels(photo.row);
      return photo.labels.flatMap(({ name, parents }) => [name, ...parents]).filter((name) => !hidden.includes(folded(name)));
    }
    case "word":
      return [photo.title, photo.description].flatMap((one) => wordsOf(one ?? ""));
  }
}

/** Whether a search finds a new or an edited photo. A card alone does not say it. */
export function takes(chips: readonly Chip[], card: Card | Photo): boolean {
  return "row" in card && chips.every((chip) => holds(chip, card));
}

/** The photos before and after a photo in a search; none of a photo that the search does not find. */
export async function neighbors(aws: Pick<Aws, "query">, query: string | undefined, photo: Photo): Promise<Neighbors> {
  const [, end] = photo.timeKey?.split(/^time#/) ?? [];
  if (end === undefined) return {};
  const chips = chipsOf(query);
  const [newer, [same, older]] = await Promise.all([
    first(searchOf(aws, chips, { order: "oldest", after: end, limit: 1 }), 1),
    first(searchOf(aws, chips, { at: end, limit: 2 }), 2),
  ]);
  return same?.path === photo.path ? { previous: newer[0]?.path, next: older?.path } : {};
}

const NEIGHBOR_PAGES = 3; // of 100 requests; a photo that is farther away is not found

/** Return the first photos that a search finds in a few pages. */
async function first(search: Search, count: number): Promise<Card[]> {
  const found: Card[] = [];
  for (let pages = 0; pages < NEIGHBOR_PAGES && found.length < count; pages++) found.push(...((await search.next()) ?? []));
  return found;
}

/** Why a search finds nothing. */
export interface Explanation {
  /** The chips that no photo has. */
  unknown: Chip[];
  /** What finds photos without some of the chips, and how many, as far as one page goes: it may be none so far. */
  others: { chips: Chip[]; without: Chip[]; photos: number; hasMore: boolean }[];
}

const COUNTED = 50;

/**
 * Return what would find photos in place of chips that no photo has all of: one page of a search for each.
 *
 * @throws Error: a request failed, or the reader has left.
 */
export async function explain(aws: Pick<Aws, "query">, chips: readonly Chip[], left?: AbortSignal): Promise<Explanation> {
  const page = async (some: readonly Chip[], limit: number) => {
    const search = searchOf({ query: async (one) => (left?.throwIfAborted(), aws.query(one)) }, some, { limit });
    const found = (await search.next()) ?? [];
    return { photos: found.length, isWhole: search.isWhole };
  };
  const alone = await Promise.all(chips.map((chip) => page([chip], 1)));
  const unknown = chips.filter((_, index) => alone[index]!.photos === 0 && alone[index]!.isWhole);
  const counted = async (without: readonly (readonly Chip[])[]) => {
    const others = without.map(async (some) => {
      const rest = chips.filter((chip) => !some.includes(chip));
      const { photos, isWhole } = await page(rest, COUNTED + 1);
      return { chips: rest, without: [...some], photos: Math.min(photos, COUNTED), hasMore: photos > COUNTED || !isWhole };
    });
    return (await Promise.all(others)).filter(({ photos, hasMore }) => photos > 0 || hasMore);
  };
  // Without another chip, there is still the one that no photo has.
  const others = await counted(unknown.length > 0 ? [unknown] : chips.map((chip) => [chip]));
  if (others.length > 0 || chips.length - unknown.length < 2) return { unknown, others };
  const known = chips.filter((chip) => !unknown.includes(chip));
  return { unknown, others: await counted(known.map((chip) => chips.filter((one) => one !== chip))) };
}
