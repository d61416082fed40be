/** What the table holds of a photo. Nothing in it is trusted to be there, or to be of its type. */

import { folded } from "./words";

export type Status = "PROCESSING" | "READY" | "REJECTED" | "FAILED" | "DELETED";

export interface Picture {
  key: string;
  widthPx: number;
  heightPx: number;
}

/** As much of a photo as a list shows. */
export interface Card {
  /** Below the owner: album/file. */
  path: string;
  sortTime: string;
  title?: string;
  thumb?: Picture;
  widthPx: number;
  heightPx: number;
}

export interface Box {
  left: number;
  top: number;
  width: number;
  height: number;
}

export interface Label {
  name: string;
  /** Per cent. */
  confidence: number;
  parents: string[];
  boxes: Box[];
}

export interface Photo extends Card {
  status: Status;
  key: string;
  versionId?: string;
  claimed?: string;
  executionArn?: string;
  reason?: string;
  step?: string;
  error?: string;
  updatedAt?: string;
  uploadedAt?: string;
  bytes?: number;
  format?: string;
  truncated: boolean;
  takenAt?: { local: string; offset?: string; plausible: boolean };
  location?: { latitude: number; longitude: number; altitudeM?: number; valid: boolean };
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
  labels: Label[];
  labelsStatus?: string;
  large?: Picture;
}

export type Item = Record<string, unknown>;

const PHOTO = "photo#";

/** album and file of album/file; the album is empty for a file of no album. */
export function splitPath(path: string): { album: string; file: string } {
  const slash = path.lastIndexOf("/");
  return { album: path.slice(0, Math.max(slash, 0)), file: path.slice(slash + 1) };
}

export function sortKey(path: string): string {
  return PHOTO + path;
}

/** A card of a photo's row. */
export function cardOf(row: Item): Card {
  const item = edited(row);
  const thumb = picture(map(map(item["renditions"])["thumb"]));
  return card(text(item["sk"]) ?? "", item, thumb);
}

/** A card of a label's row, which holds no more of the photo than this. */
export function cardOfLabel(item: Item): Card {
  return card(text(item["photo"]) ?? "", item, picture(map(item["thumb"])));
}

export function photoOf(row: Item): Photo {
  const item = edited(row);
  const hidden = list(edits(row)["hidden_labels"]);
  const taken = map(item["taken_at"]);
  const local = text(taken["local"]);
  const place = map(item["location"]);
  const latitude = number(place["latitude"]);
  const longitude = number(place["longitude"]);
  const camera = map(item["camera"]);
  return {
    ...cardOf(row),
    status: (text(item["status"]) ?? "PROCESSING") as Status,
    key: text(item["key"]) ?? "",
    ...present({
      versionId: text(item["version_id"]),
      claimed: text(item["claimed"]),
      executionArn: text(item["execution_arn"]),
      reason: text(item["reason"]),
      step: text(item["step"]),
      error: text(item["error"]),
      updatedAt: text(item["updated_at"]),
      uploadedAt: text(item["uploaded_at"]),
      bytes: number(item["bytes"]),
      format: text(item["format"]),
      description: text(item["description"]),
      labelsStatus: text(item["labels_status"]),
      large: picture(map(map(item["renditions"])["large"])),
      takenAt: local && {
        local,
        ...present({ offset: text(taken["offset"]) }),
        plausible: flag(taken["plausible"], true),
      },
      location:
        latitude === undefined || longitude === undefined
          ? undefined
          : {
              latitude,
              longitude,
              ...present({ altitudeM: number(place["altitude_m"]) }),
              valid: flag(place["gps_valid"], true),
            },
    }),
    truncated: flag(item["truncated"], false),
    camera: present({
      make: text(camera["make"]),
      model: text(camera["model"]),
      lens: text(camera["lens"]),
      iso: number(camera["iso"]),
      fNumber: number(camera["f_number"]),
      exposureS: number(camera["exposure_s"]),
      focalLengthMm: number(camera["focal_length_mm"]),
    }),
    keywords: list(item["keywords"]).flatMap((word) => text(word) ?? []),
    labels: list(item["labels"])
      .map((label) => labelOf(map(label)))
      .filter(({ name }) => !hidden.includes(folded(name))),
  };
}

/** A row with what a person wrote over what the file says. An empty text takes it away. */
function edited(row: Item): Item {
  const written = Object.entries(edits(row)).filter(
    ([name, value]) => ["title", "description", "keywords"].includes(name) && value !== null,
  );
  return { ...row, ...Object.fromEntries(written) };
}

function edits(row: Item): Item {
  try {
    return map(JSON.parse(text(row["edits"]) ?? "{}"));
  } catch {
    return {};
  }
}

function card(sk: string, item: Item, thumb: Picture | undefined): Card {
  return {
    path: sk.startsWith(PHOTO) ? sk.slice(PHOTO.length) : sk,
    sortTime: text(item["sort_time"]) ?? timeInKey(item) ?? "",
    widthPx: number(item["width_px"]) ?? thumb?.widthPx ?? 1,
    heightPx: number(item["height_px"]) ?? thumb?.heightPx ?? 1,
    ...present({ title: text(item["title"]), thumb }),
  };
}

/** The sort time, which is the last but one part of each key that sorts by it. */
function timeInKey(item: Item): string | undefined {
  const key = text(item["time_key"]) ?? text(item["album_key"]) ?? text(item["sk"]);
  return key?.split("#").at(-2);
}

function labelOf(item: Item): Label {
  return {
    name: text(item["name"]) ?? "",
    confidence: number(item["confidence"]) ?? 0,
    parents: list(item["parents"]).flatMap((name) => text(name) ?? []),
    boxes: list(item["instances"]).flatMap((instance) => {
      const box = map(map(instance)["box"]);
      const [left, top, width, height] = ["left", "top", "width", "height"].map((side) => number(box[side]));
      if (left === undefined || top === undefined || width === undefined || height === undefined) return [];
      return { left, top, width, height };
    }),
  };
}

function picture(item: Item): Picture | undefined {
  const key = text(item["key"]);
  const widthPx = number(item["width_px"]);
  const heightPx = number(item["height_px"]);
  return key && widthPx && heightPx ? { key, widthPx, heightPx } : undefined;
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

function map(value: unknown): Item {
  return value !== null && typeof value === "object" && !Array.isArray(value) ? (value as Item) : {};
}

/** A flag is the number 1 or 0. */
function flag(value: unknown, otherwise: boolean): boolean {
  return typeof value === "boolean" ? value : (number(value) ?? Number(otherwise)) !== 0;
}

type Present<T> = { [K in keyof T]?: Exclude<T[K], undefined | ""> };

/** The fields that are there: absent beats undefined. */
function present<T extends Record<string, unknown>>(fields: T): Present<T> {
  return Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== undefined && value !== ""),
  ) as Present<T>;
}
