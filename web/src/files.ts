/** Files and folders that were dropped or chosen, each with the folder that becomes its album. */

import { MAX_BYTES, type Reason } from "./rows.gen";

export interface Chosen {
  file: File;
  /** Folders below what was dropped, such as 2016/taco; empty for a file. */
  folder: string;
}

const MAX_KEY_BYTES = 1024; // S3's limit

// Files in photo folders that are not photos, as in local/process.py. The workflow checks the bytes of the others.
const BESIDE_PHOTOS = /\.(aae|avi|csv|db|html|ini|jsonl?|m4v|md|mov|mp4|pdf|txt|xml|xmp|zip)$/i;

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
export function chosenFiles(files: FileList): Chosen[] {
  return [...files]
    .map((file) => ({ file, folder: file.webkitRelativePath.split("/").slice(0, -1).join("/") }))
    .filter(({ file, folder }) => folder === "" || isLikelyPhoto(file.name));
}

/** Return dropped files. The items are gone after the first await, so all are read before it. */
export async function droppedFiles(transfer: DataTransfer): Promise<Chosen[]> {
  const dropped = [...transfer.items].map((item) => ({ entry: item.webkitGetAsEntry(), file: item.getAsFile() }));
  const found = dropped.map(({ entry, file }) => (entry ? filesOf(entry, "") : file ? [{ file, folder: "" }] : []));
  return (await Promise.all(found)).flat();
}

async function filesOf(entry: FileSystemEntry, folder: string): Promise<Chosen[]> {
  if (entry.isFile) {
    if (folder !== "" && !isLikelyPhoto(entry.name)) return [];
    const file = await new Promise<File>((resolve, reject) =>
      (entry as FileSystemFileEntry).file(resolve, reject),
    );
    return [{ file, folder }];
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  const below: FileSystemEntry[] = [];
  for (;;) {
    // A reader returns up to 100 entries at a time, and none at the end.
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) =>
      reader.readEntries(resolve, reject),
    );
    if (some.length === 0) break;
    below.push(...some.filter(({ name }) => !name.startsWith(".")));
  }
  const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
  return (await Promise.all(below.map((one) => filesOf(one, path)))).flat();
}

function isLikelyPhoto(name: string): boolean {
  return !name.startsWith(".") && !BESIDE_PHOTOS.test(name);
}

function hasLoneSurrogate(text: string): boolean {
  return /\p{Surrogate}/u.test(text);
}
