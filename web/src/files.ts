/** Files and folders that somebody dropped or chose, each with the album that it goes to. */

export interface Chosen {
  file: File;
  /** Folders below what was dropped, such as 2016/taco; empty for a file. */
  folder: string;
}

export const MAX_BYTES = 26_214_400; // as in images/shared/limits.py
export const MAX_KEY_BYTES = 1024; // S3's

// What lies in folders of photos and is none, as in local/process.py; the bytes of all else decide.
const BESIDE_PHOTOS = /\.(aae|avi|csv|db|html|ini|jsonl?|m4v|md|mov|mp4|pdf|txt|xml|xmp|zip)$/i;

/** Why a file need not be uploaded to be refused: the pipeline's own code. */
export function refusalOf(file: File, key: string): string | undefined {
  if (new TextEncoder().encode(key).length > MAX_KEY_BYTES || hasLoneSurrogate(key)) return "BAD_KEY";
  if (file.size === 0) return "EMPTY";
  if (file.size > MAX_BYTES) return "TOO_LARGE";
  return undefined;
}

/** An album as it stands in keys: no empty parts, no ways up, one spelling of each letter. */
export function albumName(...parts: string[]): string {
  return parts
    .flatMap((part) => part.normalize("NFC").split("/"))
    .map((part) => part.trim())
    .filter((part) => part !== "" && part !== "." && part !== "..")
    .join("/");
}

/** "a.jpg" as "a (2).jpg". */
export function numbered(name: string, number: number): string {
  const dot = name.lastIndexOf(".");
  return dot > 0 ? `${name.slice(0, dot)} (${number})${name.slice(dot)}` : `${name} (${number})`;
}

/** From <input type=file>, with folders where webkitdirectory gives them. */
export function chosenFiles(files: FileList): Chosen[] {
  return [...files]
    .map((file) => ({ file, folder: file.webkitRelativePath.split("/").slice(0, -1).join("/") }))
    .filter(({ file, folder }) => folder === "" || isLikelyPhoto(file.name));
}

/** From a drop. All must be taken from the event before anything is awaited. */
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
    // A reader gives a hundred at a time, and none at the end.
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
