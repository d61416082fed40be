/** Facts in words. Every text is plain: nothing here makes markup. */

import type { Why } from "./files";
import type { Photo, Place, Precision, Status } from "./records";
import { faultOf, type Fault } from "./retry";
import { MAX_BYTES, MAX_MEGAPIXELS, MIN_MEGAPIXELS, MIN_PREVIEW_PX, type Reason } from "./rows.gen";

const LOCALE = "en-GB"; // 14 August 2021, 09:31
const MIB = 1024 * 1024;

const REASONS: Record<Reason, string> = {
  BAD_KEY: "The name of the file or album is not valid.",
  FOREIGN_BUCKET: "The file is not in the gallery's bucket.",
  ARCHIVED:
    "The file is archived. The operator of the gallery can restore it and process the photo again.",
  CUSTOMER_KEY: "The file is encrypted with a key that the gallery does not have. Upload it without one.",
  EMPTY: "The file is empty.",
  TOO_LARGE: `The file is larger than its format may be, at most ${MAX_BYTES / MIB} MiB.`,
  UNSUPPORTED_TYPE: "The file type is not supported, whatever the file is called.",
  RAW_WITHOUT_PREVIEW: `The raw photo has no JPEG preview of at least ${MIN_PREVIEW_PX} pixels. Upload a JPEG of it.`,
  TOO_MANY_PIXELS: `The picture has more megapixels than its format may have: ${MIN_MEGAPIXELS} to ${MAX_MEGAPIXELS}.`,
  TOO_COMPLEX: "The file takes far more work to decode than a photo should.",
  TRUNCATED: "The file ends before the picture does.",
  UNREADABLE: "The file cannot be decoded.",
};

const STATUSES: Record<Status, string> = {
  PROCESSING: "Processing",
  READY: "Ready",
  REJECTED: "Rejected",
  FAILED: "Processing failed",
  DELETED: "Deleted",
};

const LEFT_OUT: Record<Why, [one: string, many: string, why: string]> = {
  VIDEO: ["video", "videos", "the gallery has photos only"],
  SIDECAR: ["sidecar file", "sidecar files", "metadata beside photos is not read"],
  OTHER: ["other file", "other files", "not a photo"],
  SYSTEM: ["hidden or system file or folder", "hidden or system files and folders", "other programs keep them"],
  UNREADABLE: ["file or folder", "files and folders", "the browser cannot read it"],
};

/** Return "2 videos: the gallery has photos only". */
export function leftOutInWords(why: Why, number: number): string {
  const [one, many, because] = LEFT_OUT[why];
  return `${count(number, one, many)}: ${because}`;
}

const FAULTS: Record<Exclude<Fault, "other">, string> = {
  connection: "The connection was lost.",
  throttling: "AWS receives too many requests at the moment.",
  service: "AWS cannot answer at the moment.",
  conflict: "The photo is being changed at the same time.",
};

/** Return what went wrong with a request. */
export function errorInWords(error: unknown): string {
  const fault = faultOf(error);
  if (fault !== "other") return FAULTS[fault];
  return error instanceof Error ? error.message : String(error);
}

/** Return why an upload waits. */
export function faultInWords(fault: Fault): string {
  return fault === "other" ? "" : FAULTS[fault];
}

/** The formats that are accepted, and the limit on a file. */
export const ACCEPTED =
  `JPEG, PNG, WebP, GIF, TIFF, AVIF, HEIC, and raw photos such as NEF, DNG and CR3, up to ${MAX_BYTES / MIB} MiB`;

/** Return why a photo was rejected. */
export function reasonInWords(code: string | undefined): string {
  return isReason(code) ? REASONS[code] : "An error occurred. The photo is not the cause.";
}

/** Return the status of a photo, and why it has ended so. */
export function statusInWords({ status, reason }: Pick<Photo, "status" | "reason">): string {
  const why = status === "REJECTED" || status === "FAILED" ? ` ${reasonInWords(reason)}` : "";
  return `${STATUSES[status] ?? status}.${why}`;
}

function isReason(code: string | undefined): code is Reason {
  return code !== undefined && Object.hasOwn(REASONS, code);
}

/**
 * Return "14 August 2021, 09:31" for "2021-08-14T09:31:00", or the part of it that is known, such as "July 1965".
 * It is the camera's local time: no time zone is applied.
 */
export function localTime(local: string, precision?: Precision): string {
  const moment = wallClock(local);
  if (moment === undefined) return local;
  const date = format(moment, {
    year: "numeric",
    ...(precision !== "year" && { month: "long" }),
    ...(precision !== "year" && precision !== "month" && { day: "numeric" }),
  });
  return precision === undefined ? `${date}, ${local.slice(11, 16)}` : date;
}

/** Return "Aug 2021" for "2021-08"; of a photo of which the year alone is known, "2021". */
export function monthInWords(month: string, precision?: Precision): string {
  const moment = wallClock(`${month.slice(0, 7)}-01T00:00:00`);
  if (moment === undefined) return "Undated";
  return format(moment, { year: "numeric", ...(precision !== "year" && { month: "short" }) });
}

/** Return what the time of a photo is: that of the exposure, of the scan, or of the last change. */
export function timeName(source: string | undefined): "Taken" | "Digitized" | "Modified" {
  if (source === "EXIF:DateTime") return "Modified";
  return /:(DateTimeDigitized|CreateDate|DigitalCreationDate)$/.test(source ?? "") ? "Digitized" : "Taken";
}

/** Return "UTC+02:00" for "+02:00", and "UTC" for "Z". */
export function offsetInWords(offset: string): string {
  return `UTC${offset === "Z" ? "" : offset}`;
}

/** Return a UTC time in the time zone of the browser. */
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

const NEAR_KM = 10; // farther from a town's center than this, the distance is said

/** Return "Kehl, Baden-Wurttemberg, Germany (or France)", or "Off the coast of Portugal". */
export function placeInWords(place: Place): string {
  const { city, region, country, distanceKm = 0 } = place;
  const names = [...new Set([city, region, country].filter(Boolean))].join(", "); // Berlin and Taiwan once
  const far = city && distanceKm > NEAR_KM ? `${Math.round(distanceKm)} km from ` : "";
  const words = place.offshore ? `Off the coast of ${country}` : far + names;
  const others = place.otherCountries.map(countryName).join(" or ");
  return others ? `${words} (or ${others})` : words;
}

/** Return "France" for "FR"; a code that is none as it is. */
function countryName(code: string): string {
  try {
    return new Intl.DisplayNames(LOCALE, { type: "region" }).of(code) ?? code;
  } catch {
    return code;
  }
}

export function coordinates(latitude: number, longitude: number): string {
  const one = (degrees: number, positive: string, negative: string) =>
    `${Math.abs(degrees).toFixed(4)}° ${degrees < 0 ? negative : positive}`;
  return `${one(latitude, "N", "S")}, ${one(longitude, "E", "W")}`;
}

/** Return "1/60 s" for 0.0167. */
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

/** Return "NIKON D3X" for "NIKON CORPORATION" and "NIKON D3X". */
export function cameraName({ make = "", model = "" }: Photo["camera"]): string {
  const [brand = ""] = make.split(" ");
  return model.toLowerCase().startsWith(brand.toLowerCase()) ? model || make : `${make} ${model}`.trim();
}

/** Return "★★★★☆" for 4, and the same in words. */
export function stars(rating: number): { shown: string; words: string } {
  if (rating < 1) return { shown: "Rejected", words: "Rejected" };
  const full = Math.min(Math.round(rating), 5);
  return { shown: "★".repeat(full) + "☆".repeat(5 - full), words: `${full} of 5 stars` };
}

export function fileSize(bytes: number): string {
  if (bytes < 1000) return `${bytes} bytes`;
  return bytes < 1e6 ? `${Math.round(bytes / 1000)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}

export function count(number: number, one: string, many = `${one}s`): string {
  return `${number.toLocaleString(LOCALE)} ${number === 1 ? one : many}`;
}

/** Return why a photo has no labels: READY, PENDING:…, SKIPPED:… or FAILED:…. */
export function labelsInWords(status: string | undefined): string {
  const [word = "", why = ""] = (status ?? "").split(":");
  if (word === "READY") return "Nothing was recognized.";
  if (word === "SKIPPED") return `Not labeled${why && ` (${why})`}.`;
  if (word === "PENDING") return `Labels are pending${why && ` (${why})`}.`;
  return `Labeling failed${why && ` (${why})`}.`;
}

export function capitalized(label: string): string {
  return label.charAt(0).toUpperCase() + label.slice(1);
}
