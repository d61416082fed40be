import type { Catalog } from "../catalog";

export default {
  "Rejected files cannot be shown. Failed ones can be processed again by the operator of the gallery.":
    "Abgelehnte Dateien können nicht gezeigt werden. Gescheiterte kann verarbeiten lassen, wer die Galerie betreibt.",
  "The photos of this gallery belong to another user.": "Die Fotos dieser Galerie gehören einem anderen Benutzer.",
  "This gallery only reads its photos: they cannot be added, moved or deleted here.":
    "Diese Galerie liest ihre Fotos nur: hier lassen sich keine hinzufügen, verschieben oder löschen.",
} satisfies Catalog;
