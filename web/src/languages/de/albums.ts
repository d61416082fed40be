import type { Catalog } from "../catalog";

export default {
  "{count} albums in it": { one: "{count} Album darin", other: "{count} Alben darin" },
  "{count} photos in {albums} albums will be moved, one after the other.": {
    one: "{count} Foto in {albums} Alben wird verschoben, eines nach dem anderen.",
    other: "{count} Fotos in {albums} Alben werden verschoben, eines nach dem anderen.",
  },
  "{count} photos moved": { one: "{count} Foto verschoben", other: "{count} Fotos verschoben" },
  "{count} photos were not moved before the page was left.": {
    one: "{count} Foto wurde nicht verschoben, bevor die Seite verlassen wurde.",
    other: "{count} Fotos wurden nicht verschoben, bevor die Seite verlassen wurde.",
  },
  "{count} photos were not moved:": {
    one: "{count} Foto wurde nicht verschoben:",
    other: "{count} Fotos wurden nicht verschoben:",
  },
  "{count} photos will be moved, one after the other.": {
    one: "{count} Foto wird verschoben.",
    other: "{count} Fotos werden verschoben, eines nach dem anderen.",
  },
  "{path} is the cover of its album": "{path} ist das Titelbild seines Albums",
  "A slash puts an album into another one: Trip/Day 1.": "Ein Schrägstrich legt ein Album in ein anderes: Reise/Tag 1.",
  "Albums in this album": "Alben in diesem Album",
  Breadcrumb: "Pfad",
  Cancel: "Abbrechen",
  Create: "Anlegen",
  "Find an album, or name a new one": "Album suchen oder ein neues benennen",
  Forget: "Vergessen",
  "Go on": "Weitermachen",
  "Move to an album": "In ein Album verschieben",
  "Move to the new album “{album}”": "In das neue Album „{album}“ verschieben",
  "Move {count} photos": { one: "{count} Foto verschieben", other: "{count} Fotos verschieben" },
  "Move {count} photos to an album": {
    one: "{count} Foto in ein Album verschieben",
    other: "{count} Fotos in ein Album verschieben",
  },
  Moved: "Verschoben",
  "Moved to “{album}”.": "Nach „{album}“ verschoben.",
  "Moving to “{album}”…": "Wird nach „{album}“ verschoben …",
  Moves: "Verschiebungen",
  "Moving photos: {moved} of {all}": "Fotos werden verschoben: {moved} von {all}",
  Name: "Name",
  "New album": "Neues Album",
  "New album in “{album}”": "Neues Album in „{album}“",
  "No album": "Kein Album",
  "No albums yet. Drop a folder to make one, or make a new album.":
    "Noch keine Alben. Ziehen Sie einen Ordner hierher, oder legen Sie ein neues Album an.",
  "No photos yet": "Noch keine Fotos",
  "Only a photo that is ready can be moved.": "Nur ein fertiges Foto kann verschoben werden.",
  "Only this browser knows the album until it has a photo.":
    "Nur dieser Browser kennt das Album, bis es ein Foto hat.",
  "Processing takes longer than usual. The photo is still where it was.":
    "Die Verarbeitung dauert länger als sonst. Das Foto ist noch, wo es war.",
  "Remove the album": "Album entfernen",
  Rename: "Umbenennen",
  "Rename the album": "Album umbenennen",
  "S3 has no folders: until the album has a photo, only this browser knows it.":
    "S3 hat keine Ordner: Bis das Album ein Foto hat, kennt nur dieser Browser es.",
  "See all albums": "Alle Alben ansehen",
  "Show the album": "Album ansehen",
  Stop: "Anhalten",
  "The album has too many photos of this name.": "Das Album hat zu viele Fotos dieses Namens.",
  "The copy was changed or deleted. The photo is still where it was.":
    "Die Kopie wurde geändert oder gelöscht. Das Foto ist noch, wo es war.",
  "The copy is not the same as the photo. Both are kept.":
    "Die Kopie ist nicht gleich dem Foto. Beide bleiben erhalten.",
  "The photo changed while it was moved. Both are kept.":
    "Das Foto wurde geändert, während es verschoben wurde. Beide bleiben erhalten.",
  "The photo is not there any more.": "Das Foto ist nicht mehr da.",
  "The photo stays where it was: its copy could not be processed. {reason}":
    "Das Foto bleibt, wo es war: Seine Kopie konnte nicht verarbeitet werden. {reason}",
  "The photos are in the albums above.": "Die Fotos sind in den Alben darüber.",
  "The photos are in this album": "Die Fotos sind in diesem Album",
  "The trash keeps them at their old place as well, for {count} days.": {
    one: "Der Papierkorb behält sie auch am alten Ort, {count} Tag lang.",
    other: "Der Papierkorb behält sie auch am alten Ort, {count} Tage lang.",
  },
  "There is an album “{album}”. Its photos stay, and these are added to them.":
    "Es gibt ein Album „{album}“. Seine Fotos bleiben, und diese kommen hinzu.",
  "There is no album “{album}”, or it has no photos.": "Es gibt kein Album „{album}“, oder es hat keine Fotos.",
  "This album has no photos yet. Drop photos here, or choose Add photos.":
    "Dieses Album hat noch keine Fotos. Ziehen Sie Fotos hierher, oder wählen Sie „Fotos hinzufügen“.",
  "This photo is the cover of its album.": "Dieses Foto ist das Titelbild seines Albums.",
  "Use as album cover": "Als Titelbild verwenden",
} satisfies Catalog;
