/** Rows of the table as the page shows them. Nothing in a row is trusted to be there, or to be of its type. */

import { folded, termText } from "./fold";
import type {
  AlbumIndexRow,
  BoundingBox,
  Camera,
  Instance,
  Label as LabelInRow,
  Location,
  Person as PersonInRow,
  Place as PlaceInRow,
  PhotoRow,
  Rendition,
  TakenAt,
  TermRow,
  TimeIndexRow,
} from "./rows.gen";

/** A row, or a part of one, as it was read: it has the right names at most. */
export type Untrusted<T> = { readonly [K in keyof T]?: unknown };

export type Status = PhotoRow["status"];

/** The smallest unit of a date that is known; absent: a full time. */
export type Precision = NonNullable<TakenAt["precision"]>;

export interface Picture {
  key: string;
  widthPx: number;
  heightPx: number;
  /** In base64; to be shown until the picture is loaded. */
  thumbhash?: string;
}

/** The place of a photo, in words. */
export interface Place {
  country: string;
  region?: string;
  city?: string;
  distanceKm?: number; // to the center of the city; at sea, to land
  offshore: boolean;
  otherCountries: string[]; // ISO codes of countries in which it may be as well
  source: string; // names of the data sets
}

/** The part of a photo that a list shows. */
export interface Card {
  /** Below the owner: album/file. */
  path: string;
  /** The local time of the camera; of an undated photo the upload, in UTC. */
  sortTime: string;
  precision?: Precision;
  title?: string;
  thumb?: Picture;
  widthPx: number;
  heightPx: number;
}

/** A photo that was rejected or failed. */
export interface Problem extends Card {
  status: Status;
  reason?: string;
  step?: string;
  error?: string;
}

export type Box = Pick<BoundingBox, "left" | "top" | "width" | "height">;

/** A name, and where in the picture its bearer is. */
export interface Boxed {
  name: string;
  boxes: Box[];
}

export interface Label extends Boxed {
  /** Percent. */
  confidence: number;
  parents: string[];
}

export interface Photo extends Problem {
  /** What the table has of it. */
  row: Untrusted<PhotoRow>;
  key: string;
  /** The photo's place in the lists; see TimeIndexRow and AlbumIndexRow. */
  timeKey?: string;
  albumKey?: string;
  versionId?: string;
  claimedVersion?: string;
  executionArn?: string;
  updatedAt?: string;
  uploadedAt?: string;
  bytes?: number;
  sha256?: string;
  format?: string;
  truncated: boolean;
  takenAt?: { local: string; precision?: Precision; source?: string; offset?: string; plausible: boolean };
  location?: { latitude: number; longitude: number; altitudeM?: number; valid: boolean };
  place?: Place;
  camera: {
    make?: string;
    model?: string;
    lens?: string;
    iso?: number;
    fNumber?: number;
    exposureS?: number;
    focalLengthMm?: number;
  };
  description?: string;
  keywords: string[];
  creator?: string;
  copyright?: string;
  /** 1 to 5 stars, or -1: rejected. */
  rating?: number;
  people: Boxed[];
  labels: Label[];
  labelsStatus?: string;
  /** Of fields that only an archive states: its name, such as TAKEOUT. */
  sources: Record<string, string>;
  large?: Picture;
}

/** What a card needs of a row in an index. */
export const CARD_FIELDS = ["sk", "title", "edits", "taken_at", "width_px", "height_px", "renditions"] satisfies (keyof AlbumIndexRow &
  keyof TimeIndexRow)[];

const PHOTO = "photo#";
/** The source of a time that a person wrote. */
export const EDITED = "EDITED";
/** The coarsest first: a year is listed before the months, days and times that begin with it. */
export const PRECISIONS: readonly Precision[] = ["year", "month", "day"];

/** Split album/file; the album is empty for a file directly below its owner. */
export function splitPath(path: string): { album: string; file: string } {
  const slash = path.lastIndexOf("/");
  return { album: path.slice(0, Math.max(slash, 0)), file: path.slice(slash + 1) };
}

export function sortKey(path: string): string {
  return PHOTO + path;
}

/** Return the path of a photo's sort key. */
export function pathOf(sk: string): string {
  return sk.startsWith(PHOTO) ? sk.slice(PHOTO.length) : sk;
}

/** Return the card of a photo in an index. */
export function cardOf(row: Untrusted<AlbumIndexRow & TimeIndexRow>): Card {
  const item = edited(row);
  const key = text(row.time_key) ?? text(row.album_key);
  const taken = map<TakenAt>(item.taken_at);
  const precision = flag(taken.plausible, true) ? precisionOf(taken.precision) : undefined;
  return card(text(row.sk) ?? "", key, item, precision, renditionOf(row, "thumb"));
}

/** Return the card of a label's row. */
export function cardOfLabel(row: Untrusted<TermRow>): Card {
  return card(text(row.photo) ?? "", text(row.sk), row, precisionOf(row.precision), picture(map<Rendition>(row.thumb)));
}

/** Return the problem of a photo in the index by_time. */
export function problemOf(row: Untrusted<TimeIndexRow>): Problem {
  return {
    ...cardOf(row),
    status: statusOf(row),
    ...present({ reason: text(row.reason), step: text(row.step), error: text(row.error) }),
  };
}

/** Return the photo of its own row. */
export function photoOf(row: Untrusted<PhotoRow>): Photo {
  const item = edited(row);
  const hidden = list(editsOf(row)["hidden_labels"]);
  const taken = map<TakenAt>(item.taken_at);
  const local = text(taken.local);
  const position = map<Location>(item.location);
  const latitude = number(position.latitude);
  const longitude = number(position.longitude);
  const camera = map<Camera>(item.camera);
  return {
    ...problemOf(row),
    row,
    key: text(item.key) ?? "",
    ...present({
      sortTime: text(item.sort_time),
      timeKey: text(item.time_key),
      albumKey: text(item.album_key),
      versionId: text(item.version_id),
      claimedVersion: text(item.claimed_version),
      executionArn: text(item.execution_arn),
      updatedAt: text(item.updated_at),
      uploadedAt: text(item.uploaded_at),
      bytes: number(item.bytes),
      sha256: text(item.sha256),
      format: text(item.format),
      description: text(item.description),
      creator: text(item.creator),
      copyright: text(item.copyright),
      rating: number(item.rating),
      labelsStatus: text(item.labels_status),
      large: renditionOf(row, "large"),
      takenAt: local && {
        local,
        ...present({
          precision: precisionOf(taken.precision),
          source: text(taken.source),
          offset: text(taken.offset),
        }),
        plausible: flag(taken.plausible, true),
      },
      location:
        latitude === undefined || longitude === undefined
          ? undefined
          : {
              latitude,
              longitude,
              ...present({ altitudeM: number(position.altitude_m) }),
              valid: flag(position.gps_valid, true),
            },
      place: placeOf(map<PlaceInRow>(item.place)),
    }),
    truncated: flag(item.truncated, false),
    camera: present({
      make: text(camera.make),
      model: text(camera.model),
      lens: text(camera.lens),
      iso: number(camera.iso),
      fNumber: number(camera.f_number),
      exposureS: number(camera.exposure_s),
      focalLengthMm: number(camera.focal_length_mm),
    }),
    sources: sourcesOf(row),
    keywords: list(item.keywords).flatMap((word) => text(word) ?? []),
    people: list(item.people).flatMap((person) => {
      const { name, boxes } = map<PersonInRow>(person);
      return text(name) ? { name: text(name) ?? "", boxes: list(boxes).flatMap(boxOf) } : [];
    }),
    labels: readingOrder(
      list(item.labels)
        .map((label) => labelOf(map<LabelInRow>(label)))
        .filter(({ name }) => !hidden.includes(folded(name))),
    ),
  };
}

/** The fields that only an archive states, without those that a person has written since. */
function sourcesOf(row: Untrusted<PhotoRow>): Record<string, string> {
  const written = editsOf(row);
  return Object.fromEntries(
    Object.entries(map<Record<string, unknown>>(row.sources)).flatMap(([field, source]) =>
      text(source) && !isChanged(written, field) ? [[field, text(source) ?? ""]] : [],
    ),
  );
}

/** Whether a search for a term finds the photo. A row of an earlier release has whole sort keys, of labels only. */
export function isFoundBy({ found_by: terms, label_keys: keys }: Untrusted<PhotoRow>, kind: string, text: string): boolean {
  const term = `${kind}#${termText(text)}`;
  const found = Array.isArray(terms) ? terms : Array.isArray(keys) ? keys.map((key) => String(key).split("#").slice(0, -2).join("#")) : [];
  return found.includes(term);
}

/** The folded names of labels that a person has hidden. */
export function hiddenLabels(row: { readonly edits?: unknown }): string[] {
  return list(editsOf(row)["hidden_labels"]).flatMap((name) => text(name) ?? []);
}

/** Sort labels from specific to general: Cat, Mammal, Animal. As `reading_order` in local/report.py. */
export function readingOrder<T extends Pick<Label, "name" | "confidence" | "parents">>(labels: readonly T[]): T[] {
  const ancestors = new Set(labels.flatMap(({ parents }) => parents));
  const depth = ({ name, parents }: T) => (ancestors.has(name) ? parents.length : Number.POSITIVE_INFINITY);
  return labels.toSorted((one, other) => {
    const deeper = depth(other) - depth(one);
    return deeper || other.confidence - one.confidence; // NaN, of two infinities, is falsy
  });
}

function placeOf(place: Untrusted<PlaceInRow>): Place | undefined {
  const country = text(place.country);
  if (!country) return undefined;
  return {
    country,
    ...present({ region: text(place.region), city: text(place.city), distanceKm: number(place.distance_km) }),
    offshore: flag(place.offshore, false),
    otherCountries: list(place.other_countries).flatMap((code) => text(code) ?? []),
    source: text(place.source) ?? "",
  };
}

/** Return a row with a person's edits. An empty text removes the file's. */
function edited<T extends { readonly edits?: unknown }>(row: T): T {
  const { taken, location, place, removed, ...edits } = editsOf(row);
  const written = Object.entries(edits).filter(
    ([name, value]) => ["title", "description", "keywords"].includes(name) && value !== null,
  );
  const isRemoved = (name: string) => list(removed).includes(name);
  return {
    ...row,
    ...Object.fromEntries(written),
    ...(isRemoved("taken") && { taken_at: undefined }),
    ...(isRemoved("location") && { location: undefined, place: undefined }),
    ...(text(map<TakenAt>(taken).local) && { taken_at: { ...map<TakenAt>(taken), source: EDITED } }),
    ...(number(map<Location>(location).latitude) !== undefined && { location, place }),
  };
}

/** Whether a person has written or removed a field, by their edits. */
export function isChanged(written: Record<string, unknown>, field: string): boolean {
  return (written[field] ?? undefined) !== undefined || list(written["removed"]).includes(field);
}

/** Return a person's edits of a row, as they are stored. */
export function editsOf(row: { readonly edits?: unknown }): Record<string, unknown> {
  try {
    return map<Record<string, unknown>>(JSON.parse(text(row.edits) ?? "{}"));
  } catch {
    return {};
  }
}

function card(
  sk: string,
  rangeKey: string | undefined,
  item: Untrusted<Pick<PhotoRow, "title" | "width_px" | "height_px">>,
  precision: Precision | undefined,
  thumb: Picture | undefined,
): Card {
  return {
    path: pathOf(sk),
    sortTime: rangeKey?.split("#").at(-2) ?? "", // <prefix>#<sort time>#<digest>
    widthPx: number(item.width_px) ?? thumb?.widthPx ?? 1,
    heightPx: number(item.height_px) ?? thumb?.heightPx ?? 1,
    ...present({ precision, title: text(item.title), thumb }),
  };
}

function precisionOf(value: unknown): Precision | undefined {
  return PRECISIONS.find((one) => one === value);
}

function statusOf(row: Untrusted<TimeIndexRow>): Status {
  return (text(row.status) ?? "PROCESSING") as Status;
}

function renditionOf(row: Untrusted<TimeIndexRow>, name: string): Picture | undefined {
  return picture(map<Rendition>(map<Record<string, unknown>>(row.renditions)[name]));
}

function labelOf(item: Untrusted<LabelInRow>): Label {
  return {
    name: text(item.name) ?? "",
    confidence: number(item.confidence) ?? 0,
    parents: list(item.parents).flatMap((name) => text(name) ?? []),
    boxes: list(item.instances).flatMap((instance) => boxOf(map<Instance>(instance).box)),
  };
}

function boxOf(value: unknown): Box | [] {
  const box = map<BoundingBox>(value);
  const [left, top, width, height] = [box.left, box.top, box.width, box.height].map(number);
  if (left === undefined || top === undefined || width === undefined || height === undefined) return [];
  return { left, top, width, height };
}

function picture(item: Untrusted<Rendition>): Picture | undefined {
  const key = text(item.key);
  const widthPx = number(item.width_px);
  const heightPx = number(item.height_px);
  return key && widthPx && heightPx ? { key, widthPx, heightPx, ...present({ thumbhash: text(item.thumbhash) }) } : undefined;
}

function text(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

function number(value: unknown): number | undefined {
  return typeof value === "number" && Number.isFinite(value) ? value : undefined;
}

function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

function map<T>(value: unknown): Untrusted<T> {
  return value !== null && typeof value === "object" && !Array.isArray(value) ? (value as Untrusted<T>) : {};
}

/** A flag is the number 1 or 0. */
function flag(value: unknown, otherwise: boolean): boolean {
  return typeof value === "boolean" ? value : (number(value) ?? Number(otherwise)) !== 0;
}

type Present<T> = { [K in keyof T]?: Exclude<T[K], undefined | ""> };

/** Return the fields that have a value. */
function present<T extends Record<string, unknown>>(fields: T): Present<T> {
  return Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== undefined && value !== ""),
  ) as Present<T>;
}
