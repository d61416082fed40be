import type { Catalog } from "../catalog";

export default {
  "Close the list": "Liste schließen",
  Map: "Karte",
  "Map of your photos. The arrow keys move it, + and − zoom.":
    "Karte deiner Fotos. Die Pfeiltasten verschieben sie, + und − vergrößern und verkleinern.",
  "No photo has a position yet.": "Noch hat kein Foto eine Position.",
  "No photo is left here.": "Hier ist kein Foto mehr.",
  "Photos in this part of the map": "Fotos in diesem Teil der Karte",
  "Photos on the map": "Fotos auf der Karte",
  "Show as a list": "Als Liste zeigen",
  "Show on the map": "Auf der Karte zeigen",
  "Zoom in": "Vergrößern",
  "Zoom out": "Verkleinern",
  "{count} photos here": { one: "{count} Foto hier", other: "{count} Fotos hier" },
  "{count} photos here so far…": { one: "Bisher {count} Foto hier …", other: "Bisher {count} Fotos hier …" },
  "{count} photos near {place}": { one: "{count} Foto bei {place}", other: "{count} Fotos bei {place}" },
} satisfies Catalog;
