/** The names of photos in a ZIP: folders as in the gallery, and valid and distinct on each system. */

const MAX_CHARACTERS = 120; // of a name; Windows allows 260 for the whole path
// Source: https://learn.microsoft.com/en-us/windows/win32/fileio/naming-a-file
const FORBIDDEN = /[<>:"\\|?*\p{Cc}]/gu;
const RESERVED = /^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i;

/** Return a name for each path, in order. */
export function zipNames(paths: readonly string[]): string[] {
  const taken = new Set<string>();
  return paths.map((path) => {
    const parts = path.split("/").map(safe);
    const file = parts.pop()!;
    const folder = parts.map((part) => `${part}/`).join("");
    const dot = file.lastIndexOf(".");
    const [stem, extension] = dot > 0 ? [file.slice(0, dot), file.slice(dot)] : [file, ""];
    for (let number = 1; ; number++) {
      const name = `${folder}${stem}${number > 1 ? ` (${number})` : ""}${extension}`;
      const alike = name.normalize("NFC").toLowerCase(); // as macOS and Windows compare names
      if (taken.has(alike)) continue;
      taken.add(alike);
      return name;
    }
  });
}

/** Return one part of a path that no system refuses, and that leads to no other folder. */
function safe(part: string): string {
  const kept = part.replace(FORBIDDEN, "_").replace(/[. ]+$/, (end) => "_".repeat(end.length)) || "_";
  const named = RESERVED.test(kept) ? `_${kept}` : kept;
  const characters = [...named];
  if (characters.length <= MAX_CHARACTERS) return named;
  const extension = /\.[^.]{1,8}$/.exec(named)?.[0] ?? "";
  return characters.slice(0, MAX_CHARACTERS - extension.length).join("") + extension;
}
