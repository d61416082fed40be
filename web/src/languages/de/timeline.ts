import type { Catalog } from "../catalog";

export default {
  "{count} photos": { one: "{count} Foto", other: "{count} Fotos" },
  All: "Alle",
  "Loading…": "Wird geladen …",
  Month: "Monat",
  "No photos yet. Drop photos anywhere on this page, or choose Add photos.":
    "Noch keine Fotos. Ziehen Sie Fotos auf diese Seite, oder wählen Sie „Fotos hinzufügen“.",
  "See all years": "Alle Jahre ansehen",
  "There are no photos of the year “{year}”.": "Es gibt keine Fotos aus dem Jahr „{year}“.",
  Years: "Jahre",
  "Years: {error}": "Jahre: {error}",
} satisfies Catalog;
