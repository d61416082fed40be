/** Albums within albums: the path of an album has slashes, and only albums with photos have rows. */

import { byName, type AlbumCount } from "./gallery";
import { t } from "./language";

/** An album as a list shows it, with all that is below it. */
export interface Shelf {
  name: string;
  /** Its own photos, and those of all albums below it. */
  photos: number;
  /** The number of albums below it that have photos. */
  albums: number;
  /** The album of which the cover is shown: itself, if it has photos. Absent if nothing below it has any. */
  coverOf?: AlbumCount;
}

/** Whether an album is another one, or somewhere below it. */
export function isWithin(name: string, outer: string): boolean {
  return name === outer || name.startsWith(`${outer}/`);
}

/** Return the last part of an album's path. */
export function lastPart(name: string): string {
  return name.slice(name.lastIndexOf("/") + 1);
}

/** Return the path of an album as it is shown: "Trips / Rome". */
export function albumInWords(name: string): string {
  return name.split("/").join(" / ") || t("No album");
}

/** Return the paths of the albums around an album, the outermost first. */
export function albumsAround(name: string): string[] {
  const parts = name.split("/");
  return parts.slice(1).map((_, index) => parts.slice(0, index + 1).join("/"));
}

/**
 * Return the albums directly below another one, or the outermost ones.
 *
 * @param outer undefined for the outermost albums.
 * @param empty albums without photos that the browser remembers.
 */
export function shelvesIn(outer: string | undefined, albums: readonly AlbumCount[], empty: readonly string[]): Shelf[] {
  const shelves = new Map<string, Shelf>();
  const prefix = outer === undefined ? "" : `${outer}/`;
  const all = [...albums, ...empty.map((name): AlbumCount => ({ name, photos: 0 }))];
  for (const album of all) {
    if (!album.name.startsWith(prefix) || (outer !== undefined && album.name === prefix)) continue;
    const slash = album.name.indexOf("/", prefix.length);
    const name = slash < 0 ? album.name : album.name.slice(0, slash);
    const shelf = shelves.get(name) ?? { name, photos: 0, albums: 0 };
    shelf.photos += album.photos;
    if (name !== album.name && album.photos > 0) shelf.albums++;
    if (album.photos > 0 && (name === album.name || !shelf.coverOf)) shelf.coverOf = album;
    shelves.set(name, shelf);
  }
  return [...shelves.values()].sort(byName);
}
