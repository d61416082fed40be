/** What a person has typed into the form of a photo, and the patch that it asks for. */

import type { Patch } from "./aws";
import { t } from "./language";
import { positionIn, positionText } from "./positions";
import type { Photo, Precision } from "./records";

export interface Draft {
  title: string;
  description: string;
  keywords: string[];
  /** A keyword that is not added yet. */
  keyword: string;
  precision: Precision | "time";
  /** As an input of type date has it: 2016-04-09; empty: no date. */
  date: string;
  time: string;
  month: string;
  year: string;
  /** A position, as a person writes it; empty: none. */
  position: string;
}

export type Field = "title" | "description" | "keywords" | "taken" | "location";
export type Problems = Partial<Record<Field, string>>;

/** As the texts of files: images/shared/limits.py. */
export const MAX_TITLE = 256;
export const MAX_DESCRIPTION = 2000;
export const MAX_KEYWORD = 64;
export const MAX_KEYWORDS = 100;

/** Return a draft with what a photo has. */
export function draftOf(photo: Photo): Draft {
  return {
    title: photo.title ?? "",
    description: photo.description ?? "",
    keywords: photo.keywords,
    keyword: "",
    ...takenOf(photo),
    position: photo.location ? positionText(photo.location) : "",
  };
}

/** Return the part of a draft with the date of a photo. */
export function takenOf({ takenAt: taken }: Photo): Pick<Draft, "precision" | "date" | "time" | "month" | "year"> {
  const local = taken?.local ?? "";
  return {
    precision: taken?.precision ?? "time",
    date: local.slice(0, 10),
    time: local.slice(11, 19),
    month: local.slice(0, 7),
    year: local.slice(0, 4),
  };
}

/**
 * Return the patch that makes a photo as a draft says, and what is wrong with the draft.
 *
 * @param photo as the draft began.
 * @param file the photo without edits: a value that is the file's brings the file's back.
 */
export function patchOf(draft: Draft, photo: Photo, file: Photo): { patch: Patch; problems: Problems } {
  const patch: Patch = {};
  const problems: Problems = {};
  const before = draftOf(photo);
  for (const name of ["title", "description"] as const) {
    const text = tidy(draft[name]);
    const max = name === "title" ? MAX_TITLE : MAX_DESCRIPTION;
    if (characters(text) > max) problems[name] = t("At most {count} characters.", { count: max });
    else if (text !== before[name]) patch[name] = text === (file[name] ?? "") ? null : text;
  }
  const words = withKeyword(draft);
  if (words.some((word) => characters(word) > MAX_KEYWORD)) {
    problems.keywords = t("At most {count} characters in a keyword.", { count: MAX_KEYWORD });
  } else if (words.length > MAX_KEYWORDS) {
    problems.keywords = t("At most {count} keywords.", { count: MAX_KEYWORDS });
  } else if (!same(words, before.keywords)) {
    patch.keywords = same(words, file.keywords) ? null : words;
  }
  if (takenText(draft) !== takenText(before)) {
    const taken = takenIn(draft);
    if (taken === undefined) problems.taken = t("This date is not complete.");
    else if (takenText(draft) === takenText(draftOf(file))) patch.taken = null;
    else patch.taken = taken ?? "removed";
  }
  if (draft.position.trim() !== before.position) {
    const position = positionIn(draft.position);
    if (draft.position.trim() === "") patch.location = file.location ? "removed" : null;
    else if (!position) problems.location = t("This is no position. Two numbers are one, such as 52.5, 13.4.");
    else if (file.location && positionText(position) === positionText(file.location)) patch.location = null;
    else patch.location = position;
  }
  return { patch, problems };
}

/** Return the keywords of a draft, with the one that is not added yet. */
export function withKeyword({ keywords, keyword }: Draft): string[] {
  const added = keyword.split(",").map(tidy);
  return [...new Set([...keywords, ...added.filter((word) => word !== "")])];
}

/** The local time; null: no date; undefined: a part of it is missing. */
function takenIn({ precision, date, time, month, year }: Draft): Patch["taken"] | undefined {
  const valid = (day: string) => !Number.isNaN(Date.parse(`${day}T00:00:00Z`)) && /^\d{4}-\d\d-\d\d$/.test(day);
  if (precision === "time") {
    if (date === "") return null;
    const whole = time.length === 5 ? `${time}:00` : time;
    return valid(date) && /^\d\d:\d\d:\d\d$/.test(whole) ? { local: `${date}T${whole}` } : undefined;
  }
  const known = { day: date, month, year }[precision].trim();
  if (known === "") return null;
  const day = { day: known, month: `${known}-01`, year: `${known.padStart(4, "0")}-01-01` }[precision];
  return valid(day) ? { local: `${day}T00:00:00`, precision } : undefined;
}

function takenText(draft: Draft): string {
  const taken = takenIn(draft);
  if (taken === null) return "";
  return typeof taken === "object" ? `${taken.local} ${taken.precision ?? ""}` : "?";
}

/** Return a text as the table has it: in Unicode's form C, on one line. */
function tidy(text: string): string {
  return text.normalize("NFC").replace(/\s+/g, " ").trim();
}

function characters(text: string): number {
  return [...text].length;
}

function same(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((word, index) => word === other[index]);
}
