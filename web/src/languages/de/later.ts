import type { Catalog } from "../catalog";

export default {
  "Load the page again": "Seite neu laden",
} satisfies Catalog;
