/** What a person may mean who types into the search field, from what the gallery has. */

import type { Aws } from "./aws";
import { folded, termText, wordsOf } from "./fold";
import type { AlbumCount, Gallery } from "./gallery";
import { locale, t } from "./language";
import { ROW_KINDS, rowKindsOf, type RowKind } from "./search";
import { keyOf, MAX_CHIPS, searchOf, type Chip, type TimeKind } from "./terms";

export interface Suggestion extends Chip {
  /** How many photos it has, where that is known without reading them. */
  photos?: number | undefined;
}

export type Months = ReadonlyMap<string, number>;

const OF_EACH_KIND = 4;
const LONGEST_TIME = 3; // words: before August 2019
const GROUPS = ["time", "album", "person", "place", "label", "keyword", "camera", "word"] as const;
const PLACES = rowKindsOf("place");
const LAST = "\u{10ffff}"; // sorts after every text that begins with the same prefix

type Group = (typeof GROUPS)[number];

/**
 * Terms of a kind that begin with a text, by name: one small Query for each. Each is yielded as soon as it is found.
 */
export async function* termsOf(aws: Pick<Aws, "query">, kind: RowKind, beginning: string, limit: number): AsyncGenerator<Chip> {
  const prefix = `${kind}#${beginning}`;
  let from = prefix;
  for (let found = 0; found < limit; found++) {
    const { items } = await aws.query({
      where: "#sk BETWEEN :from AND :to",
      values: { ":from": from, ":to": prefix + LAST },
      limit: 1,
      fields: ["sk", "text"],
    });
    const { sk, text } = items[0] ?? {};
    if (typeof sk !== "string") return;
    const term = sk.split("#").slice(1, -2).join("#"); // <kind>#<term>#<sort time>#<digest>
    yield { kind, text: typeof text === "string" && text ? text : term };
    from = `${kind}#${term}#:`; // after all rows of this term, whose times begin with a digit
  }
}

/** Makes suggestions; the counts of months and albums are read once. */
export class Suggestions {
  private counted: Promise<{ months: Months; albums: readonly AlbumCount[] }> | undefined;

  constructor(
    private readonly aws: Pick<Aws, "query">,
    private readonly gallery: Pick<Gallery, "months" | "albumCounts">,
  ) {}

  /** Show suggestions as they are found, until the person has typed more. */
  async suggest(text: string, show: (found: Suggestion[]) => void, stale: AbortSignal): Promise<void> {
    const typed = termText(text);
    const groups = new Map<Group, Suggestion[]>();
    if (typed === "") {
      if (!stale.aborted) show([]);
      return;
    }
    const add = (group: Group, found: readonly Suggestion[]) => {
      if (stale.aborted) return;
      groups.set(group, [...(groups.get(group) ?? []), ...found]);
      show(GROUPS.flatMap((one) => (one === "place" ? placesOf(groups.get(one) ?? []) : (groups.get(one) ?? []))));
    };
    const ofRows = async (kind: RowKind) => {
      const found: Chip[] = [];
      for await (const one of termsOf(this.aws, kind, typed, OF_EACH_KIND)) {
        if (stale.aborted) return;
        found.push(one);
      }
      add(PLACES.includes(kind) ? "place" : (kind as Group), found);
    };
    const ofCounts = async () => {
      const { months, albums } = await this.counts();
      add("time", timesOf(text, months));
      add("album", albumsOf(typed, albums));
    };
    await Promise.all([ofCounts(), ...ROW_KINDS.map(ofRows)]);
  }

  /**
   * Return the chips of a text without a kind: one if a photo has the whole text, else those of its parts between
   * spaces. Of a part that no photo has as a whole, such as "Mom's", they are its words. What is no word is left out.
   */
  async chipsFor(text: string): Promise<Chip[]> {
    const { months } = await this.counts();
    const parts = text.trim().split(/\s+/).filter((part) => termText(part) !== "").slice(0, LONGEST_TIME * MAX_CHIPS);
    const whole = { kind: "any", text: parts.join(" ") } as const;
    if (parts.length > 1 && (await this.isFound(whole))) return [whole];
    const chips: Chip[] = [];
    for (let at = 0; at < parts.length && chips.length < MAX_CHIPS; ) {
      const sizes = [LONGEST_TIME, LONGEST_TIME - 1, 1].filter((size) => at + size <= parts.length);
      const times = sizes.map((size) => timeOf(parts.slice(at, at + size).join(" "), months));
      const longest = times.findIndex((time) => time !== undefined);
      const time = times[longest];
      chips.push(...(time ? [time] : await this.wordsFor(parts[at]!)));
      at += sizes[longest] ?? 1;
    }
    return chips.length > 0 || parts.length === 0 ? chips : [whole];
  }

  /** Return the chip of a text that is a word or that a photo has; else those of its words. */
  private async wordsFor(text: string): Promise<Chip[]> {
    const words = wordsOf(text);
    const isWord = words.length === 1 && termText(words[0]!) === termText(text);
    const found = isWord || (await this.isFound({ kind: "any", text })) ? [text] : words;
    return found.map((word) => ({ kind: "any", text: word }));
  }

  private async isFound(chip: Chip): Promise<boolean> {
    return Boolean((await searchOf(this.aws, [chip], { limit: 1 }).next())?.length);
  }

  private counts() {
    this.counted ??= (async () => {
      const [months, albums] = await Promise.all([this.gallery.months(), this.gallery.albumCounts()]);
      return { months, albums };
    })();
    this.counted.catch(() => (this.counted = undefined)); // it is read again
    return this.counted;
  }
}

/** What is a city and a region, as Berlin, is a place. */
function placesOf(found: readonly Suggestion[]): Suggestion[] {
  const places = new Map<string, Suggestion>();
  for (const place of found) {
    const name = termText(place.text);
    places.set(name, places.has(name) ? { ...place, kind: "place" } : place);
  }
  return [...places.values()].slice(0, OF_EACH_KIND);
}

/** Albums with a word of their path that begins so. */
function albumsOf(typed: string, albums: readonly AlbumCount[]): Suggestion[] {
  const found = albums.filter(({ name }) => ` ${folded(name).replaceAll(/[/_-]/g, " ")}`.includes(` ${typed}`));
  return found.slice(0, OF_EACH_KIND).map(({ name, photos }) => ({ kind: "album", text: name, photos }));
}

/** Return the periods that a text may mean: "201" years, "aug" months, "2019" also the time before and after. */
export function timesOf(text: string, months: Months): Suggestion[] {
  const { kind, rest } = timeKindOf(text);
  const exact = exactTime(rest);
  const known = [...new Set([...months.keys()].flatMap((month) => [month.slice(0, 4), month]))].sort().reverse();
  const alike = exact === undefined ? known.filter((time) => isMeant(rest, time)) : [exact];
  const kinds = kind ? [kind] : exact === undefined ? (["in"] as const) : (["in", "before", "after"] as const);
  const chips = alike.flatMap((time) => kinds.map((one) => ({ kind: one, text: time, photos: photosOf(one, time, months) })));
  const isDay = exact !== undefined && exact.length > "2019-08".length; // only months are counted
  return chips
    .filter(({ photos }) => photos > 0)
    .slice(0, OF_EACH_KIND)
    .map((chip) => (isDay ? { ...chip, photos: undefined } : chip));
}

/** Return the chip of a text that is the name of a time of which there are photos. */
function timeOf(text: string, months: Months): Chip | undefined {
  const { kind = "in", rest } = timeKindOf(text);
  const time = exactTime(rest);
  return time !== undefined && photosOf(kind, time, months) > 0 ? { kind, text: time } : undefined;
}

/** Return "before" and "2019" for "before 2019" in the reader's language. */
function timeKindOf(text: string): { kind: TimeKind | undefined; rest: string } {
  const typed = folded(text);
  const words = { before: t("before {when}", { when: "" }), after: t("after {when}", { when: "" }) };
  for (const kind of ["before", "after"] as const) {
    const word = folded(words[kind]);
    if (typed.startsWith(`${word} `)) return { kind, rest: typed.slice(word.length).trim() };
  }
  return { kind: undefined, rest: typed };
}

/** Return 2019, 2019-08 or 2019-08-14 for "2019", "August 2019", "2019-08" and "2019-08-14". */
function exactTime(text: string): string | undefined {
  if (/^\d{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01]))?)?$/.test(text)) return text;
  const [, name = "", year = ""] = /^(\D+) (\d{4})$/.exec(text) ?? [];
  const month = monthNames().indexOf(name);
  return month >= 0 ? `${year}-${String(month + 1).padStart(2, "0")}` : undefined;
}

/** Whether a text is the beginning of a year, or of a month's name with the beginning of a year. */
function isMeant(text: string, time: string): boolean {
  const [year = "", month] = time.split("-");
  if (month === undefined) return /^\d{1,3}$/.test(text) && year.startsWith(text);
  const [, name = "", digits = ""] = /^(\D{2,}?)(?: (\d{1,4}))?$/.exec(text) ?? [];
  return name !== "" && (monthNames()[Number(month) - 1] ?? "").startsWith(name) && year.startsWith(digits);
}

function monthNames(): string[] {
  const format = new Intl.DateTimeFormat(locale(), { month: "long", timeZone: "UTC" });
  return Array.from({ length: 12 }, (_, month) => folded(format.format(Date.UTC(2000, month, 1))));
}

/** Return how many photos a period has, by the counts of months; of a day, with those of its month. */
function photosOf(kind: TimeKind, time: string, months: Months): number {
  let sum = 0;
  for (const [month, photos] of months) {
    const day = time.length > month.length ? time.slice(0, month.length) : time;
    const isIn = kind === "in" ? month.startsWith(day) : kind === "before" ? month < time : month > `${time}:`;
    if (isIn) sum += photos;
  }
  return sum;
}

/** Whether two suggestions are the same. */
export function isSame(one: Chip | undefined, other: Chip | undefined): boolean {
  return one !== undefined && other !== undefined && keyOf(one) === keyOf(other);
}
