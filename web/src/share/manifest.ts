/** What a share contains, as its file share.json says it. The gallery writes it, and the page of shares reads it. */

export const MANIFEST = "share.json";

/** A link is <url>/#<days>/<identity>/<name>; its files are below shares/<days>/<identity>/<name>/. */
const PATH = /^\d{1,3}\/[a-z0-9-]+:[0-9a-f-]{36}\/[A-Za-z0-9_-]{22,}$/;

export interface SharedFile {
  file: string;
  widthPx: number;
  heightPx: number;
}

export interface SharedPicture {
  thumb: SharedFile;
  large: SharedFile;
  /** All others only if the person has allowed them. */
  title?: string;
  description?: string;
  taken?: { local: string; precision?: "day" | "month" | "year" };
  place?: string;
  people?: string[];
}

export interface Manifest {
  version: 1;
  title: string;
  createdAt: string;
  /** After this moment the page shows nothing, although S3 may delete the files later. */
  expiresAt: string;
  pictures: SharedPicture[];
}

/** Return the path of a link; undefined if it is none. */
export function pathOf(hash: string): string | undefined {
  let path = hash.replace(/^#\/?/, "");
  try {
    path = decodeURIComponent(path); // some programs encode the colon
  } catch {
    return undefined;
  }
  return PATH.test(path) ? path : undefined;
}

export function linkOf(url: string, path: string): string {
  return `${url.replace(/\/$/, "")}/#${path}`;
}

/** Return the URL of a file of a share. */
export function urlOf(path: string, file: string): string {
  return `./shares/${path.split("/").map(encodeURIComponent).join("/")}/${file}`;
}

/** @throws Error: the text is no manifest. */
export function parseManifest(text: string): Manifest {
  const found = JSON.parse(text) as Partial<Manifest> | null;
  const pictures = Array.isArray(found?.pictures) ? found.pictures.flatMap(pictureOf) : undefined;
  if (!found || !pictures || Number.isNaN(Date.parse(found.expiresAt ?? ""))) throw new Error("not a share");
  return {
    version: 1,
    title: typeof found.title === "string" ? found.title : "",
    createdAt: String(found.createdAt ?? ""),
    expiresAt: found.expiresAt ?? "",
    pictures,
  };
}

function pictureOf(value: unknown): SharedPicture | [] {
  const { thumb, large, title, description, taken, place, people } = (value ?? {}) as Partial<SharedPicture>;
  if (!isFile(thumb) || !isFile(large)) return [];
  const names = Array.isArray(people) ? people.filter((one) => typeof one === "string") : [];
  return {
    thumb,
    large,
    ...(typeof title === "string" && { title }),
    ...(typeof description === "string" && { description }),
    ...(typeof taken?.local === "string" && { taken }),
    ...(typeof place === "string" && { place }),
    ...(names.length > 0 && { people: names }),
  };
}

function isFile(one: SharedFile | undefined): one is SharedFile {
  return typeof one?.file === "string" && /^[\w.-]+$/.test(one.file) && one.widthPx > 0 && one.heightPx > 0;
}
