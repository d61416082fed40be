/** Facts in words. Every text is plain: nothing here makes markup. */

import type { Photo } from "./records";

const LOCALE = "en-GB";

/** Why a photo was refused: a code of the pipeline's, in words. */
const REASONS: Record<string, string> = {
  BAD_KEY: "Its name or album is not one that a photo can have.",
  FOREIGN_BUCKET: "It lies in a bucket that is not the gallery's.",
  EMPTY: "The file is empty.",
  TOO_LARGE: "The file is larger than 25 MiB.",
  UNSUPPORTED_TYPE: "It is no picture of a kind that is accepted, whatever its name says.",
  TOO_MANY_PIXELS: "It has more than 50 million pixels.",
  TOO_COMPLEX: "It is far more work to decode than a photo should be.",
  TRUNCATED: "The file ends before its picture does.",
  UNREADABLE: "It begins like a picture, but cannot be decoded.",
};

export function reasonInWords(code: string | undefined): string {
  return REASONS[code ?? ""] ?? "Something went wrong that is not the photo's fault.";
}

/** "2021-08-14T09:31:00" as "14 August 2021, 09:31". The camera's wall clock: no zone is applied. */
export function localTime(local: string): string {
  const moment = wallClock(local);
  return moment === undefined
    ? local
    : `${format(moment, { day: "numeric", month: "long", year: "numeric" })}, ${local.slice(11, 16)}`;
}

/** "2021-08" as "Aug 2021". */
export function monthInWords(month: string): string {
  const moment = wallClock(`${month.slice(0, 7)}-01T00:00:00`);
  return moment === undefined ? "Undated" : format(moment, { month: "short", year: "numeric" });
}

/** An instant, in the time of whoever looks. */
export function instant(utc: string): string {
  const moment = new Date(utc);
  return Number.isNaN(moment.getTime())
    ? utc
    : moment.toLocaleString(LOCALE, { dateStyle: "long", timeStyle: "short" });
}

function wallClock(local: string): Date | undefined {
  const moment = new Date(`${local.slice(0, 19)}Z`);
  return Number.isNaN(moment.getTime()) ? undefined : moment;
}

function format(moment: Date, options: Intl.DateTimeFormatOptions): string {
  return moment.toLocaleDateString(LOCALE, { ...options, timeZone: "UTC" });
}

export function coordinates(latitude: number, longitude: number): string {
  const one = (degrees: number, positive: string, negative: string) =>
    `${Math.abs(degrees).toFixed(4)}° ${degrees < 0 ? negative : positive}`;
  return `${one(latitude, "N", "S")}, ${one(longitude, "E", "W")}`;
}

/** 0.0167 as "1/60 s". */
export function exposureTime(seconds: number): string {
  return seconds > 0 && seconds < 0.3 ? `1/${Math.round(1 / seconds)} s` : `${+seconds.toFixed(1)} s`;
}

export function exposure(camera: Photo["camera"]): string {
  return [
    camera.exposureS && exposureTime(camera.exposureS),
    camera.fNumber && `f/${+camera.fNumber.toFixed(1)}`,
    camera.iso && `ISO ${camera.iso}`,
    camera.focalLengthMm && `${+camera.focalLengthMm.toFixed(1)} mm`,
  ]
    .filter(Boolean)
    .join(" · ");
}

/** "NIKON CORPORATION" and "NIKON D3X" as "NIKON D3X". */
export function cameraName({ make = "", model = "" }: Photo["camera"]): string {
  const [brand = ""] = make.split(" ");
  return model.toLowerCase().startsWith(brand.toLowerCase()) ? model || make : `${make} ${model}`.trim();
}

export function fileSize(bytes: number): string {
  if (bytes < 1000) return `${bytes} bytes`;
  return bytes < 1e6 ? `${Math.round(bytes / 1000)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}

export function count(number: number, one: string, many = `${one}s`): string {
  return `${number.toLocaleString(LOCALE)} ${number === 1 ? one : many}`;
}

/** What becomes of labels: READY, PENDING:…, SKIPPED:… or FAILED:…. */
export function labelsInWords(status: string | undefined): string {
  const [word = "", why = ""] = (status ?? "").split(":");
  if (word === "READY") return "Nothing was recognised.";
  if (word === "SKIPPED") return `Not looked at${why && ` (${why})`}.`;
  if (word === "PENDING") return `Still to be labeled${why && ` (${why})`}.`;
  return `Could not be labeled${why && ` (${why})`}.`;
}

export function capitalised(label: string): string {
  return label.charAt(0).toUpperCase() + label.slice(1);
}

/** Names that differ in case or in encoding alone become equal, as in the table. */
export function folded(label: string): string {
  return label.normalize("NFD").toLowerCase().normalize("NFC").trim();
}
