import { defineConfig } from "vitest/config";

export default defineConfig({
  base: "./", // the site may lie in a folder
  build: {
    target: "es2022",
    assetsInlineLimit: 0, // a data: URL would need room in the Content-Security-Policy
    modulePreload: { polyfill: false },
    rollupOptions: { input: ["index.html", "share.html"] },
  },
  test: { include: ["tests/**/*.test.ts"] },
});
