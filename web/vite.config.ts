import { writeFileSync } from "node:fs";
import { brotliCompressSync } from "node:zlib";
import type { Plugin } from "vite";
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

export default defineConfig({
  base: "./", // the site may lie in a folder
  plugins: [compressed],
  build: {
    target: "es2022",
    assetsInlineLimit: 0, // a data: URL would need room in the Content-Security-Policy
    modulePreload: { polyfill: false },
    rollupOptions: { input: ["index.html", "share.html"] },
  },
  test: { include: ["tests/**/*.test.ts"] },
});
