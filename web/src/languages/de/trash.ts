import type { Catalog } from "../catalog";

export default {
  "Another photo has its name now.": "Ein anderes Foto hat jetzt diesen Namen.",
  "Delete all photos in the trash for good?": "Alle Fotos im Papierkorb endgültig löschen?",
  "Delete for good": "Endgültig löschen",
  "Delete selected for good": "Ausgewählte endgültig löschen",
  "Delete {count} photos for good?": {
    one: "{count} Foto endgültig löschen?",
    other: "{count} Fotos endgültig löschen?",
  },
  "Delete for good: {name}": "Endgültig löschen: {name}",
  "Delete {name} for good?": "{name} endgültig löschen?",
  "Deleted photos can be restored for {count} days.": {
    one: "Gelöschte Fotos können {count} Tag lang wiederhergestellt werden.",
    other: "Gelöschte Fotos können {count} Tage lang wiederhergestellt werden.",
  },
  "Deleted {when}": "Gelöscht am {when}",
  "Deleting photos for good": "Fotos werden endgültig gelöscht",
  "Empty the trash": "Papierkorb leeren",
  "Nobody can delete them for good before.": "Vorher kann sie niemand endgültig löschen.",
  Restore: "Wiederherstellen",
  "Restore all": "Alle wiederherstellen",
  "Restore selected": "Ausgewählte wiederherstellen",
  "Restore {name}": "{name} wiederherstellen",
  "Restoring photos": "Fotos werden wiederhergestellt",
  "Select all": "Alle auswählen",
  "The photo cannot be restored any more.": "Das Foto kann nicht mehr wiederhergestellt werden.",
  "The photo is not in the trash any more.": "Das Foto ist nicht mehr im Papierkorb.",
  "The trash is empty.": "Der Papierkorb ist leer.",
  "This gallery has no trash: a deleted photo cannot be restored.":
    "Diese Galerie hat keinen Papierkorb: Ein gelöschtes Foto kann nicht wiederhergestellt werden.",
  Trash: "Papierkorb",
  Undo: "Rückgängig",
  "Yes, delete for good": "Ja, endgültig löschen",
  "can be restored until {when}": "wiederherstellbar bis {when}",
  "{count} photos could not be deleted.": {
    one: "{count} Foto konnte nicht gelöscht werden.",
    other: "{count} Fotos konnten nicht gelöscht werden.",
  },
  "{count} photos could not be restored.": {
    one: "{count} Foto konnte nicht wiederhergestellt werden.",
    other: "{count} Fotos konnten nicht wiederhergestellt werden.",
  },
  "{count} photos deleted for good.": {
    one: "{count} Foto endgültig gelöscht.",
    other: "{count} Fotos endgültig gelöscht.",
  },
  "{count} photos deleted.": { one: "{count} Foto gelöscht.", other: "{count} Fotos gelöscht." },
  "{count} photos restored.": { one: "{count} Foto wiederhergestellt.", other: "{count} Fotos wiederhergestellt." },
} satisfies Catalog;
