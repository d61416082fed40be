import type { Catalog } from "../catalog";

export default {
  "Not found": "Nicht gefunden",
  "See all photos": "Alle Fotos ansehen",
} satisfies Catalog;
