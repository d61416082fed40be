import { writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { brotliCompressSync } from "node:zlib";
import type { Plugin, Rolldown } from "vite";
import { defineConfig } from "vitest/config";

/** Write each script and style sheet in Brotli too, at its best. CloudFront compresses in haste. */
const compressed: Plugin = {
  name: "compressed",
  writeBundle({ dir }, bundle) {
    for (const [name, file] of Object.entries(bundle)) {
      const content = file.type === "chunk" ? file.code : file.source;
      if (!/\.(js|css)$/.test(name)) continue;
      const small = brotliCompressSync(content);
      if (small.length < Buffer.byteLength(content)) writeFileSync(`${dir}/${name}.br`, small);
    }
  },
};

const PHOTOSWIPE = resolve("node_modules/photoswipe/src/js");
const PARTS: Record<string, string> = {
  "./keyboard.js": "Keyboard as default",
  "./opener.js": "Opener as default",
  "./placeholder.js": "Placeholder as default",
  "./slide/get-thumb-bounds.js": "getThumbBounds",
  "./ui/ui.js": "UI as default",
};

/** Take PhotoSwipe from its sources, with src/viewer-parts.ts in place of what the viewer does not use: 3 kB less. */
const smallPhotoSwipe: Plugin = {
  name: "small-photoswipe",
  enforce: "pre",
  resolveId(source, importer) {
    if (source === "photoswipe") return `${PHOTOSWIPE}/photoswipe.js`;
    return importer?.startsWith(PHOTOSWIPE) && Object.hasOwn(PARTS, source) ? `\0${source}` : null;
  },
  load(id) {
    const part = id.startsWith("\0") ? PARTS[id.slice(1)] : undefined;
    return part && `export { ${part} } from ${JSON.stringify(resolve("src/viewer-parts.ts"))};`;
  },
};

/** The entries of the page: what an import() names is one too. */
const SIGNED_OUT = [resolve("src/main.tsx"), resolve("src/share/main.tsx")];

/**
 * Return the file of the page that has a module, if it is not the bundler's choice: one file has what several parts of
 * the page after the sign-in share. It is loaded in any case, and Brotli makes less of one file than of two.
 */
function sharedBySignedIn(id: string, modules: { getModuleInfo: (id: string) => Rolldown.ModuleInfo | null }): string | null {
  const entries = new Set<string>();
  const seen = new Set<string>();
  const visit = (one: string): void => {
    if (seen.has(one)) return;
    seen.add(one);
    const info = modules.getModuleInfo(one);
    if (!info) return;
    if (info.isEntry || info.dynamicImporters.length > 0) entries.add(one);
    info.importers.forEach(visit);
  };
  visit(id);
  const isNeededBefore = SIGNED_OUT.some((entry) => entries.has(entry)) || [...entries].some((entry) => entry.endsWith(".html"));
  const isSignedIn = entries.has(resolve("src/signed-in.tsx"));
  return !isNeededBefore && (isSignedIn || entries.size > 1) ? "signed-in" : null;
}

export default defineConfig({
  base: "./", // the site may lie in a folder
  plugins: [compressed, smallPhotoSwipe],
  // h("p", null, text) has fewer bytes than jsx("p", { children: text }). The types are those of tsconfig.json.
  oxc: { jsx: { runtime: "classic", pragma: "h", pragmaFrag: "Fragment" }, jsxInject: 'import { h, Fragment } from "preact"' },
  build: {
    target: "es2022",
    assetsInlineLimit: 0, // a data: URL would need room in the Content-Security-Policy
    // A part's other scripts are on the page before it: only style sheets are named beside each import().
    modulePreload: {
      polyfill: false,
      resolveDependencies: (_, names, { hostType }) => (hostType === "html" ? names : names.filter((name) => name.endsWith(".css"))),
    },
    rolldownOptions: {
      input: ["index.html", "share.html"],
      output: { codeSplitting: { includeDependenciesRecursively: false, groups: [{ name: sharedBySignedIn }] } },
    },
  },
  test: { include: ["tests/**/*.test.ts"], testTimeout: 60_000 }, // this machine may be busy with other tests
});
