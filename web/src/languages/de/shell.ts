import type { Catalog } from "../catalog";

export default {
  "Add photos": "Neue Fotos",
  Albums: "Alben",
  Delete: "Löschen",
  "Delete {name}": "{name} löschen",
  "Delete {name}?": "{name} löschen?",
  "Drop photos or folders into {album}": "Fotos oder Ordner in {album} ablegen",
  "Error message": "Fehlermeldung",
  Gallery: "Galerie",
  Keep: "Behalten",
  Labels: "Labels",
  "No problems.": "Keine Probleme.",
  "Picture not loaded": "Bild nicht geladen",
  Problems: "Probleme",
  "Rejected files cannot be shown. Failed ones can be processed again by the operator of the gallery. Both are kept until you delete them.":
    "Abgelehnte Dateien können nicht gezeigt werden. Gescheiterte kann verarbeiten lassen, wer die Galerie betreibt. Beide bleiben, bis du sie löschst.",
  Search: "Suche",
  "Skip to the photos": "Zu den Fotos springen",
  "Step {step}": "Schritt {step}",
  "The gallery has no page “{address}”.": "Die Galerie hat keine Seite „{address}“.",
  Timeline: "Zeitleiste",
  "Try again": "Noch einmal versuchen",
  "Uploaded {when}": "Hochgeladen am {when}",
  Views: "Ansichten",
  "Yes, delete": "Ja, löschen",
  "{count} in progress": "{count} in Arbeit",
  "{count} pictures could not be loaded.": {
    one: "{count} Bild konnte nicht geladen werden.",
    other: "{count} Bilder konnten nicht geladen werden.",
  },
  "{photo} is ready": "{photo} ist fertig",
} satisfies Catalog;
