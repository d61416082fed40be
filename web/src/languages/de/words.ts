import type { Catalog } from "../catalog";

export default {
  "A browser cannot use the name {key}: its folder . or .. leads to another one.":
    "Ein Browser kann den Namen {key} nicht verwenden: Der Ordner . oder .. darin führt zu einem anderen.",
  "AWS cannot answer at the moment.": "AWS kann gerade nicht antworten.",
  "AWS receives too many requests at the moment.": "AWS bekommt gerade zu viele Anfragen.",
  "An error occurred. The photo is not the cause.": "Ein Fehler ist aufgetreten. Er liegt nicht am Foto.",
  Deleted: "Gelöscht",
  "JPEG, PNG, WebP, GIF, TIFF, AVIF, HEIC, and raw photos such as NEF, DNG and CR3, up to {mib} MiB":
    "JPEG, PNG, WebP, GIF, TIFF, AVIF, HEIC und Rohdaten wie NEF, DNG und CR3, bis {mib} MiB",
  "Labeling failed{because}.": "Die Labels konnten nicht ermittelt werden{because}.",
  "Labels are pending{because}.": "Die Labels stehen noch aus{because}.",
  "Not labeled{because}.": "Ohne Labels{because}.",
  "Nothing was recognized.": "Es wurde nichts erkannt.",
  "Off the coast of {country}": "Vor der Küste von {country}",
  Processing: "In Arbeit",
  "Processing failed": "Die Verarbeitung ist gescheitert",
  Ready: "Fertig",
  Rejected: "Abgelehnt",
  Digitized: "Digitalisiert",
  Modified: "Geändert",
  Taken: "Aufgenommen",
  "The photo is being changed at the same time.": "Das Foto wird gerade auch anderswo geändert.",
  "The connection was lost.": "Die Verbindung ist unterbrochen.",
  "The file cannot be decoded.": "Die Datei lässt sich nicht dekodieren.",
  "The file ends before the picture does.": "Die Datei endet, bevor das Bild zu Ende ist.",
  "The file is archived. The operator of the gallery can restore it and process the photo again.":
    "Die Datei ist archiviert. Wer die Galerie betreibt, kann sie wiederherstellen und das Foto noch einmal verarbeiten.",
  "The file is empty.": "Die Datei ist leer.",
  "The file is encrypted with a key that the gallery does not have. Upload it without one.":
    "Die Datei ist mit einem Schlüssel verschlüsselt, den die Galerie nicht hat. Lade sie ohne einen hoch.",
  "The file is larger than its format may be, at most {mib} MiB.":
    "Die Datei ist größer, als sie in ihrem Format sein darf, höchstens {mib} MiB.",
  "The file is not in the gallery's bucket.": "Die Datei ist nicht im Bucket der Galerie.",
  "The file takes far more work to decode than a photo should.":
    "Die Datei braucht zum Dekodieren weit mehr Aufwand, als ein Foto sollte.",
  "The file type is not supported, whatever the file is called.":
    "Der Dateityp wird nicht unterstützt, wie auch immer die Datei heißt.",
  "The name of the file or album is not valid.": "Der Name der Datei oder des Albums ist ungültig.",
  "The picture has more megapixels than its format may have: {least} to {most}.":
    "Das Bild hat mehr Megapixel, als sein Format haben darf: {least} bis {most}.",
  "The raw photo has no JPEG preview of at least {pixels} pixels. Upload a JPEG of it.":
    "Die Rohdaten haben keine JPEG-Vorschau von mindestens {pixels} Pixeln. Lade ein JPEG davon hoch.",
  Undated: "Ohne Datum",
  "{count} bytes": { one: "{count} Byte", other: "{count} Bytes" },
  "{count} files and folders: the browser cannot read them": {
    one: "{count} Datei oder Ordner: nicht lesbar für den Browser",
    other: "{count} Dateien und Ordner: nicht lesbar für den Browser",
  },
  "{count} hidden or system files and folders: other programs keep them": {
    one: "{count} versteckte Datei oder Systemdatei: gehört anderen Programmen",
    other: "{count} versteckte Dateien und Systemdateien: gehören anderen Programmen",
  },
  "{count} other files: not a photo": {
    one: "{count} andere Datei: kein Foto",
    other: "{count} andere Dateien: keine Fotos",
  },
  "{count} sidecar files: metadata beside photos is not read": {
    one: "{count} Begleitdatei: Metadaten neben Fotos werden nicht gelesen",
    other: "{count} Begleitdateien: Metadaten neben Fotos werden nicht gelesen",
  },
  "{count} videos: the gallery has photos only": {
    one: "{count} Video: die Galerie hat nur Fotos",
    other: "{count} Videos: die Galerie hat nur Fotos",
  },
  "{degrees}° E": "{degrees}° O",
  "{degrees}° N": "{degrees}° N",
  "{degrees}° S": "{degrees}° S",
  "{degrees}° W": "{degrees}° W",
  "{km} km from {place}": "{km} km von {place}",
  "{place} (or {others})": "{place} (oder {others})",
  "{stars} of 5 stars": "{stars} von 5 Sternen",
} satisfies Catalog;
