import type { Catalog } from "../catalog";

export default {
  "From {archive}": "Aus {archive}",
} satisfies Catalog;
