import { defineConfig } from "vitest/config";

export default defineConfig({
  base: "./", // the site may lie in a folder
  build: {
    target: "es2022",
    cssCodeSplit: false, // one small file: a view that is loaded later needs nothing else
    assetsInlineLimit: 0, // a data: URL would need room in the Content-Security-Policy
    modulePreload: { polyfill: false },
  },
  test: { include: ["tests/**/*.test.ts"] },
});
