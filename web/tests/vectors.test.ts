/// <reference types="node" />
import { existsSync, readFileSync } from "node:fs";
import { rgbaToThumbHash } from "thumbhash";
import { describe, expect, test } from "vitest";
import vectors from "../../tests/vectors.json";
import { leftOutOf } from "../src/files";
import { folderOf } from "../src/layouts";
import { caseFolded, folded, wordsOf } from "../src/fold";
import { albumDigest } from "../src/digests";
import { bytesOf, colorOf } from "../src/placeholders";
import { cardOf, photoOf, readingOrder, sortKey, splitPath } from "../src/records";

const owned = vectors.upload_keys.filter((vector) => vector.owned);

describe("tests/vectors.json", () => {
  test.each(owned)("$photo_sort_key is the row of its key", async (vector) => {
    const path = vector.key.slice(`uploads/${vector.owner}/`.length);

    expect(splitPath(path)).toEqual({ album: vector.album, file: vector.file });
    expect(sortKey(path)).toBe(vector.photo_sort_key);
    expect(await albumDigest(splitPath(path).album)).toBe(vector.album_digest);
  });

  test.each(vectors.adopted_keys.filter((vector) => vector.owned))("$key is in the folder of its owner", (vector) => {
    const { prefix, owner, owner_of: of = "", key, photo_sort_key: row } = vector;
    const folder = folderOf({ prefix, ...(owner !== null && { owner }) }, of);

    expect(key.startsWith(folder)).toBe(true);
    expect(sortKey(key.slice(folder.length))).toBe(row);
  });

  test.each(owned)("$key is in the folder of its owner, in the gallery's own bucket", ({ key, owner = "" }) => {
    expect(key.startsWith(folderOf(undefined, owner))).toBe(true);
  });

  test.each(vectors.files_in_folders)("$path is left out as $left_out", ({ path, left_out: expected }) => {
    expect(leftOutOf(path)?.why ?? null).toBe(expected);
  });

  test.each(vectors.label_orders)("$what: labels are sorted from specific to general", ({ labels, order }) => {
    expect(readingOrder(labels).map(({ name }) => name)).toEqual(order);
  });

  test.each(vectors.edited_photos)("a photo with $what is shown with a person's edits", (vector) => {
    const row = { ...vector.row, edits: JSON.stringify(vector.edits) };
    const { takenAt, location, place, precision, sources } = photoOf(row);

    expect(takenAt?.local ?? null).toBe(vector.time);
    expect([precision ?? null, cardOf(row).precision ?? null]).toEqual([vector.precision, vector.precision]);
    expect(location?.latitude ?? null).toBe(vector.latitude);
    expect(place?.city ?? null).toBe(vector.city);
    expect(sources).toEqual("sources" in vector ? vector.sources : {});
  });

  test.each(vectors.labels)("$name is folded to $folded", ({ name, folded: expected }) => {
    expect(folded(name)).toBe(expected);
    expect(folded(expected)).toBe(expected);
  });

  test.each(vectors.terms.filter(({ key }) => key !== null))("$what: the term of $written is $key", (vector) => {
    expect(`${vector.kind}#${folded(vector.written ?? "")}`).toBe(vector.key);
  });

  test.each(vectors.words)("the words of $text are $words", ({ text, words }) => {
    expect(wordsOf(text)).toEqual(words);
  });

  test.each(vectors.thumbhashes)("$thumbhash is what the reference makes", ({ width, height, rgba, thumbhash }) => {
    const pixels = Uint8Array.from(atob(rgba), (character) => character.charCodeAt(0));

    expect(bytesOf(thumbhash)).toEqual(rgbaToThumbHash(width, height, pixels));
    expect(colorOf(bytesOf(thumbhash)!)).toMatch(/^rgb\(\d+ \d+ \d+ \/ \d+%\)$/);
  });

  test.each(["", "AAA=", "no base64!", "ä"])("%j is no ThumbHash", (text) => {
    expect(bytesOf(text)).toBeUndefined();
  });
});

// tests/web/test_units.py writes this file: every character of Python's Unicode, and its case folding.
const casefold = process.env["CASEFOLD"] ?? "";

test.skipIf(!existsSync(casefold))("every character is folded as by Python's str.casefold", () => {
  const all = JSON.parse(readFileSync(casefold, "utf8")) as Record<string, string>;

  expect(Object.keys(all).length).toBeGreaterThan(200_000);
  expect(Object.entries(all).filter(([character, expected]) => caseFolded(character) !== expected)).toEqual([]);
}, 60_000);
