import type { Catalog } from "../catalog";

/** All catalogs of this folder: one for each part of the page. */
const parts = import.meta.glob<Catalog>(["./*.ts", "!./index.ts"], { eager: true, import: "default" });

export default Object.assign({}, ...Object.values(parts)) as Catalog;
