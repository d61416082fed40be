/** Facts in words. Every text is plain: nothing here makes markup. */

import type { Why } from "./files";
import { locale, t, translated } from "./language";
import type { Photo, Place, Precision, Status } from "./records";
import { faultOf, type Fault } from "./retry";
import { MAX_BYTES, MAX_MEGAPIXELS, MIN_MEGAPIXELS, MIN_PREVIEW_PX, type Reason } from "./rows.gen";

const MAX_MIB = MAX_BYTES / (1024 * 1024);

// Texts of a table are functions: the language may change.
const REASONS: Record<Reason, () => string> = {
  BAD_KEY: () => t("The name of the file or album is not valid."),
  FOREIGN_BUCKET: () => t("The file is not in the gallery's bucket."),
  ARCHIVED: () =>
    t("The file is archived. The operator of the gallery can restore it and process the photo again."),
  CUSTOMER_KEY: () => t("The file is encrypted with a key that the gallery does not have. Upload it without one."),
  EMPTY: () => t("The file is empty."),
  TOO_LARGE: () => t("The file is larger than its format may be, at most {mib} MiB.", { mib: MAX_MIB }),
  UNSUPPORTED_TYPE: () => t("The file type is not supported, whatever the file is called."),
  RAW_WITHOUT_PREVIEW: () =>
    t("The raw photo has no JPEG preview of at least {pixels} pixels. Upload a JPEG of it.", { pixels: MIN_PREVIEW_PX }),
  TOO_MANY_PIXELS: () =>
    t("The picture has more megapixels than its format may have: {least} to {most}.", {
      least: MIN_MEGAPIXELS,
      most: MAX_MEGAPIXELS,
    }),
  TOO_COMPLEX: () => t("The file takes far more work to decode than a photo should."),
  TRUNCATED: () => t("The file ends before the picture does."),
  UNREADABLE: () => t("The file cannot be decoded."),
};

const STATUSES: Record<Status, () => string> = {
  PROCESSING: () => t("Processing"),
  READY: () => t("Ready"),
  REJECTED: () => t("Rejected"),
  FAILED: () => t("Processing failed"),
  DELETED: () => t("Deleted"),
};

const LEFT_OUT: Record<Why, (count: number) => string> = {
  VIDEO: (count) =>
    t(
      {
        one: "{count} video: the gallery has photos only",
        other: "{count} videos: the gallery has photos only",
      },
      { count },
    ),
  SIDECAR: (count) =>
    t(
      {
        one: "{count} sidecar file: metadata beside photos is not read",
        other: "{count} sidecar files: metadata beside photos is not read",
      },
      { count },
    ),
  OTHER: (count) =>
    t({ one: "{count} other file: not a photo", other: "{count} other files: not a photo" }, { count }),
  SYSTEM: (count) =>
    t(
      {
        one: "{count} hidden or system file or folder: other programs keep them",
        other: "{count} hidden or system files and folders: other programs keep them",
      },
      { count },
    ),
  UNREADABLE: (count) =>
    t(
      {
        one: "{count} file or folder: the browser cannot read it",
        other: "{count} files and folders: the browser cannot read them",
      },
      { count },
    ),
};

/** Return "2 videos: the gallery has photos only". */
export function leftOutInWords(why: Why, count: number): string {
  return LEFT_OUT[why](count);
}

const FAULTS: Record<Exclude<Fault, "other">, () => string> = {
  connection: () => t("The connection was lost."),
  throttling: () => t("AWS receives too many requests at the moment."),
  service: () => t("AWS cannot answer at the moment."),
  conflict: () => t("The photo is being changed at the same time."),
};

// Messages of Cognito are shown as they are; these have translations, and tests/language.test.ts finds them here:
// t("Incorrect username or password."), t("User does not exist."), t("User is disabled."),
// t("Password attempts exceeded"), t("Attempt limit exceeded, please try after some time."),
// t("Temporary password has expired and must be reset by an administrator."),
// t("Invalid verification code provided, please try again."), t("Invalid code received for user"),
// t("Invalid code provided, please request a code again."),
// t("Password did not conform with policy: Password not long enough"),
// t("Password did not conform with policy: Password must have uppercase characters"),
// t("Password did not conform with policy: Password must have lowercase characters"),
// t("Password did not conform with policy: Password must have numeric characters"),
// t("Password did not conform with policy: Password must have symbol characters")

/** Return what went wrong with a request. */
export function errorInWords(error: unknown): string {
  const fault = faultOf(error);
  if (fault !== "other") return FAULTS[fault]();
  return translated(error instanceof Error ? error.message : String(error));
}

/** Return why an upload waits. */
export function faultInWords(fault: Fault): string {
  return fault === "other" ? "" : FAULTS[fault]();
}

/** Return the formats that are accepted, and the limit on a file. */
export function acceptedInWords(): string {
  return t("JPEG, PNG, WebP, GIF, TIFF, AVIF, HEIC, and raw photos such as NEF, DNG and CR3, up to {mib} MiB", {
    mib: MAX_MIB,
  });
}

/** Return why a photo was rejected. */
export function reasonInWords(code: string | undefined): string {
  return isReason(code) ? REASONS[code]() : t("An error occurred. The photo is not the cause.");
}

/** Return the status of a photo, and why it has ended so. */
export function statusInWords({ status, reason }: Pick<Photo, "status" | "reason">): string {
  const why = status === "REJECTED" || status === "FAILED" ? ` ${reasonInWords(reason)}` : "";
  return `${STATUSES[status]?.() ?? status}.${why}`;
}

function isReason(code: string | undefined): code is Reason {
  return code !== undefined && Object.hasOwn(REASONS, code);
}

/** Return a number in the reader's locale. */
export function number(value: number, options?: Intl.NumberFormatOptions): string {
  return value.toLocaleString(locale(), options);
}

/**
 * Return "14 August 2021, 09:31" for "2021-08-14T09:31:00", or the part of it that is known, such as "July 1965".
 * In the United States it is "August 14, 2021, 9:31 AM".
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
  if (precision !== undefined) return date;
  return `${date}, ${format(moment, { timeStyle: "short" })}`;
}

/** Return "Aug 2021" or "August 2021" for "2021-08"; of a photo of which the year alone is known, "2021". */
export function monthInWords(month: string, precision?: Precision, length: "short" | "long" = "short"): string {
  const moment = wallClock(`${month.slice(0, 7)}-01T00:00:00`);
  if (moment === undefined) return t("Undated");
  return format(moment, { year: "numeric", ...(precision !== "year" && { month: length }) });
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
    : moment.toLocaleString(locale(), { dateStyle: "long", timeStyle: "short" });
}

function wallClock(local: string): Date | undefined {
  const moment = new Date(`${local.slice(0, 19)}Z`);
  return Number.isNaN(moment.getTime()) ? undefined : moment;
}

const formats = new Map<string, Intl.DateTimeFormat>(); // a new one takes 50 times as long as a date

function format(moment: Date, options: Intl.DateTimeFormatOptions): string {
  const key = JSON.stringify([locale(), options]);
  const known = formats.get(key) ?? new Intl.DateTimeFormat(locale(), { ...options, timeZone: "UTC" });
  formats.set(key, known);
  return known.format(moment);
}

const NEAR_KM = 10; // farther from a town's center than this, the distance is said

/** Return "Kehl, Baden-Wurttemberg, Germany (or France)", or "Off the coast of Portugal". */
export function placeInWords(place: Place): string {
  const { city, region, country, distanceKm = 0 } = place;
  const names = [...new Set([city, region, country].filter(Boolean))].join(", "); // Berlin and Taiwan once
  const isFar = Boolean(city) && distanceKm > NEAR_KM;
  const near = isFar ? t("{km} km from {place}", { km: Math.round(distanceKm), place: names }) : names;
  const words = place.offshore ? t("Off the coast of {country}", { country }) : near;
  const others = new Intl.ListFormat(locale(), { type: "disjunction" }).format(place.otherCountries.map(countryName));
  return others ? t("{place} (or {others})", { place: words, others }) : words;
}

/** Return "France" for "FR"; a code that is none as it is. */
function countryName(code: string): string {
  try {
    return new Intl.DisplayNames(locale(), { type: "region" }).of(code) ?? code;
  } catch {
    return code;
  }
}

/** Return "52.5163° N, 13.3777° E". */
export function coordinates(latitude: number, longitude: number): string {
  const digits = { minimumFractionDigits: 4, maximumFractionDigits: 4 };
  const degrees = (value: number) => number(Math.abs(value), digits);
  const north = { degrees: degrees(latitude) };
  const east = { degrees: degrees(longitude) };
  return [
    latitude < 0 ? t("{degrees}° S", north) : t("{degrees}° N", north),
    longitude < 0 ? t("{degrees}° W", east) : t("{degrees}° E", east),
  ].join(", ");
}

const TENTHS = { maximumFractionDigits: 1 };

/** Return "1/60 s" for 0.0167. */
export function exposureTime(seconds: number): string {
  return seconds > 0 && seconds < 0.3 ? `1/${number(Math.round(1 / seconds))} s` : `${number(seconds, TENTHS)} s`;
}

export function exposure(camera: Photo["camera"]): string {
  return [
    camera.exposureS && exposureTime(camera.exposureS),
    camera.fNumber && `f/${number(camera.fNumber, TENTHS)}`,
    camera.iso && `ISO ${camera.iso}`,
    camera.focalLengthMm && `${number(camera.focalLengthMm, TENTHS)} mm`,
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
  if (rating < 1) return { shown: t("Rejected"), words: t("Rejected") };
  const full = Math.min(Math.round(rating), 5);
  return { shown: "★".repeat(full) + "☆".repeat(5 - full), words: t("{stars} of 5 stars", { stars: full }) };
}

export function fileSize(bytes: number): string {
  if (bytes < 1000) return t({ one: "{count} byte", other: "{count} bytes" }, { count: bytes });
  if (bytes < 1e6) return `${number(Math.round(bytes / 1000))} kB`;
  return `${number(bytes / 1e6, { minimumFractionDigits: 1, maximumFractionDigits: 1 })} MB`;
}

/** Return "1 photo" or "2 photos", in English: what is translated has its plural forms in `t`. */
export function count(many: number, one: string, others = `${one}s`): string {
  return `${number(many)} ${many === 1 ? one : others}`;
}

/** Return why a photo has no labels: READY, PENDING:…, SKIPPED:… or FAILED:…. */
export function labelsInWords(status: string | undefined): string {
  const [word = "", why = ""] = (status ?? "").split(":");
  const because = why && ` (${why})`;
  if (word === "READY") return t("Nothing was recognized.");
  if (word === "SKIPPED") return t("Not labeled{because}.", { because });
  if (word === "PENDING") return t("Labels are pending{because}.", { because });
  return t("Labeling failed{because}.", { because });
}

export function capitalized(label: string): string {
  return label.charAt(0).toUpperCase() + label.slice(1);
}
