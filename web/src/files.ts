/** Files and folders that were dropped or chosen, each with the folder that becomes its album. */

import { MAX_BYTES, type Reason } from "./rows.gen";

export interface Chosen {
  file: File;
  /** Folders below what was dropped, such as 2016/taco; empty for a file. */
  folder: string;
}

const MAX_KEY_BYTES = 1024; // S3's limit

/** Why a file is not sent. SYSTEM: other programs keep it beside photos, such as thumbnails of their own. */
export type Why = "VIDEO" | "SIDECAR" | "OTHER" | "SYSTEM" | "UNREADABLE";

export interface LeftOut {
  /** A file; or a folder with all that is in it, which ends with a slash. */
  path: string;
  why: Why;
}

export interface Choice {
  files: Chosen[];
  leftOut: LeftOut[];
}

// As in images/shared/not_photos.py; tests/vectors.json holds both to the same. The workflow checks the bytes of all others.
const SYSTEM_FOLDERS =
  /^(\..*|#recycle|#snapshot|\$recycle\.bin|@eadir|@tmp|__macosx|lost\+found|system volume information)$/i;
const SYSTEM_FILES = /^(\..*|.*\.(db|ini))$/i; // Thumbs.db, desktop.ini
const KINDS: [Why, RegExp][] = [
  ["VIDEO", /\.(3gp|avi|m2ts|m4v|mkv|mov|mp4|mpe?g|mts|webm|wmv)$/i],
  ["SIDECAR", /\.(aae|json|thm|xmp)$/i],
  ["OTHER", /\.(aac|csv|docx?|html?|jsonl|m4a|md|mp3|pdf|rar|txt|wav|xlsx?|xml|zip)$/i],
];

/** Return what is left out with a file, and why: the file itself, or the outermost folder of a kind. */
export function leftOutOf(path: string): LeftOut | undefined {
  const folders = path.split("/");
  const file = folders.pop() ?? "";
  const system = folders.findIndex((name) => SYSTEM_FOLDERS.test(name));
  if (system >= 0) return { path: `${folders.slice(0, system + 1).join("/")}/`, why: "SYSTEM" };
  if (folders.length > 0 && SYSTEM_FILES.test(file)) return { path, why: "SYSTEM" };
  const why = KINDS.find(([, pattern]) => pattern.test(file))?.[0];
  return why && { path, why };
}

/** Return the reason for which the workflow would reject a file, if it is known before the upload. */
export function refusalOf(file: File, key: string): Reason | undefined {
  if (new TextEncoder().encode(key).length > MAX_KEY_BYTES || hasLoneSurrogate(key)) return "BAD_KEY";
  if (file.size === 0) return "EMPTY";
  if (file.size > MAX_BYTES) return "TOO_LARGE";
  return undefined;
}

/** Return an album's path as in keys: in NFC, without empty parts, "." and "..". */
export function albumName(...parts: string[]): string {
  return parts
    .flatMap((part) => part.normalize("NFC").split("/"))
    .map((part) => part.trim())
    .filter((part) => part !== "" && part !== "." && part !== "..")
    .join("/");
}

/** Return "a (2).jpg" for "a.jpg" and 2. */
export function numbered(name: string, number: number): string {
  const dot = name.lastIndexOf(".");
  return dot > 0 ? `${name.slice(0, dot)} (${number})${name.slice(dot)}` : `${name} (${number})`;
}

/** Return the files of an <input type=file>, with their folders if it has webkitdirectory. */
export function chosenFiles(files: Iterable<File>): Choice {
  return choiceOf(
    [...files].map((file) => ({ file, folder: file.webkitRelativePath.split("/").slice(0, -1).join("/") })),
  );
}

function choiceOf(found: Chosen[], unreadable: LeftOut[] = []): Choice {
  const leftOut = new Map(unreadable.map((one) => [one.path, one]));
  const files = found.filter(({ file, folder }) => {
    const out = leftOutOf(folder === "" ? file.name : `${folder}/${file.name}`);
    if (out) leftOut.set(out.path, out);
    return !out;
  });
  return { files, leftOut: [...leftOut.values()] };
}

/** Return dropped files. The items are gone after the first await, so all are read before it. */
export async function droppedFiles(transfer: DataTransfer): Promise<Choice> {
  const dropped = [...transfer.items].map((item) => ({ entry: item.webkitGetAsEntry(), file: item.getAsFile() }));
  const unreadable: LeftOut[] = [];
  const found = dropped.map(({ entry, file }) => (entry ? filesOf(entry, "", unreadable) : file ? [{ file, folder: "" }] : []));
  return choiceOf((await Promise.all(found)).flat(), unreadable);
}

async function filesOf(entry: FileSystemEntry, folder: string, leftOut: LeftOut[]): Promise<Chosen[]> {
  const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
  try {
    if (entry.isFile) {
      const file = await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject));
      return [{ file, folder }];
    }
    const out = leftOutOf(`${path}/`);
    if (out) {
      leftOut.push(out);
      return [];
    }
    const reader = (entry as FileSystemDirectoryEntry).createReader();
    const below: FileSystemEntry[] = [];
    for (;;) {
      // A reader returns up to 100 entries at a time, and none at the end.
      const some = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
      if (some.length === 0) break;
      below.push(...some);
    }
    return (await Promise.all(below.map((one) => filesOf(one, path, leftOut)))).flat();
  } catch {
    leftOut.push({ path: entry.isFile ? path : `${path}/`, why: "UNREADABLE" });
    return [];
  }
}

function hasLoneSurrogate(text: string): boolean {
  return /\p{Surrogate}/u.test(text);
}
