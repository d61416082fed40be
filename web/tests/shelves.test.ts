import { describe, expect, test } from "vitest";
import { EmptyAlbums } from "../src/emptyalbums";
import { albumsAround, isWithin, lastPart, shelvesIn } from "../src/shelves";
import { storageOf } from "./storage";

const ALBUMS = [
  { name: "", photos: 1 },
  { name: "Trip", photos: 2, chosenCover: "Trip/b.jpg" },
  { name: "Trip/Day 10", photos: 4 },
  { name: "Trip/Day 2/Evening", photos: 8 },
  { name: "Trips", photos: 16 },
];

describe("albums within albums", () => {
  test("the outermost albums have the photos of all albums below them", () => {
    expect(shelvesIn(undefined, ALBUMS, [])).toEqual([
      { name: "", photos: 1, albums: 0, coverOf: ALBUMS[0] },
      { name: "Trip", photos: 14, albums: 2, coverOf: ALBUMS[1] },
      { name: "Trips", photos: 16, albums: 0, coverOf: ALBUMS[4] },
    ]);
  });

  test("an album without photos of its own has a cover from below", () => {
    expect(shelvesIn("Trip", ALBUMS, [])).toEqual([
      { name: "Trip/Day 2", photos: 8, albums: 1, coverOf: ALBUMS[3] },
      { name: "Trip/Day 10", photos: 4, albums: 0, coverOf: ALBUMS[2] },
    ]);
  });

  test("albums that only the browser knows are among them", () => {
    expect(shelvesIn("Trip", [], ["Trip/New", "Trip/New/Newer", "Trip"])).toEqual([
      { name: "Trip/New", photos: 0, albums: 0 },
    ]);
    expect(shelvesIn("Trip/Day 10", ALBUMS, [])).toEqual([]);
    expect(shelvesIn("", ALBUMS, [])).toEqual([]);
  });

  test("names", () => {
    expect([isWithin("Trip/a", "Trip"), isWithin("Trip", "Trip"), isWithin("Trips", "Trip")]).toEqual([true, true, false]);
    expect([lastPart("a/b/c"), lastPart("a"), lastPart("")]).toEqual(["c", "a", ""]);
    expect([albumsAround("a/b/c"), albumsAround("a")]).toEqual([["a", "a/b"], []]);
  });
});

describe("albums without photos", () => {
  test("are remembered for the next page of the same owner", () => {
    const storage = storageOf();
    const albums = new EmptyAlbums(storage, "ada");
    albums.add("Trip");
    albums.add("Trip/Day 1");
    albums.add("Trip");

    expect(new EmptyAlbums(storage, "ada").names.value).toEqual(["Trip/Day 1", "Trip"]);
    expect(new EmptyAlbums(storage, "bob").names.value).toEqual([]);
  });

  test("are forgotten once they have photos, or one below them has", () => {
    const albums = new EmptyAlbums(storageOf(), "ada");
    for (const name of ["Trip", "Trip/Day 1", "Other"]) albums.add(name);

    albums.filled(["Trip/Day 1", "Others"]);

    expect(albums.names.value).toEqual(["Other"]);
  });

  test("are renamed with those below them", () => {
    const albums = new EmptyAlbums(storageOf(), "ada");
    for (const name of ["Trip", "Trip/Day 1", "Trips"]) albums.add(name);

    albums.rename("Trip", "Journey");

    expect(albums.names.value).toEqual(["Journey", "Journey/Day 1", "Trips"]);
  });

  test("a storage with something else is no error", () => {
    for (const text of ["", "no JSON", "{}", '[1, null, "", "Trip"]']) {
      const albums = new EmptyAlbums(storageOf({ "gallery.albums.ada": text }), "ada");
      expect(albums.names.value).toEqual(text.includes("Trip") ? ["Trip"] : []);
    }
    expect(new EmptyAlbums(undefined, "ada").names.value).toEqual([]);
  });
});
