/**
 * Geohashes of nine characters, as the rows of located photos have them, and the ranges of them that cover an area.
 *
 * A geohash is a number of 45 bits in base 32: bits of longitude and latitude in turn, the longitude's first.
 */

import type { Position } from "./positions";

const ALPHABET = "0123456789bcdefghjkmnpqrstuvwxyz";
const CHARACTERS = 9;
const LONGITUDE_BITS = 23;
const LATITUDE_BITS = 22;
const BITS = LONGITUDE_BITS + LATITUDE_BITS;
const MAX_CELLS = 3; // that an area is wide or high, at most: it then lies in up to 4 × 4 of them
const MAX_RANGES = 4; // each is at least one query

/** An area in degrees. `east` may be over 180, or `west` below -180: the area then crosses the antimeridian. */
export interface Area {
  west: number;
  south: number;
  east: number;
  north: number;
}

/** Geohashes as numbers, both ends included. */
export interface Range {
  from: number;
  to: number;
}

/** All geohashes. */
export const EVERYWHERE: Range = { from: 0, to: 2 ** BITS - 1 };

/** Return the middle of the cell of a geohash, at most 3 m from the position; undefined if it is none. */
export function positionOf(geohash: string): Position | undefined {
  if (geohash.length !== CHARACTERS) return undefined;
  const halves = [0, 0] as [number, number]; // longitude, latitude
  let bits = 0;
  for (const character of geohash) {
    const value = ALPHABET.indexOf(character);
    if (value < 0) return undefined;
    for (let mask = 16; mask > 0; mask >>= 1) {
      const half = bits++ % 2 === 0 ? 0 : 1;
      halves[half] = halves[half] * 2 + (value & mask ? 1 : 0);
    }
  }
  return {
    latitude: ((halves[1] + 0.5) / 2 ** LATITUDE_BITS) * 180 - 90,
    longitude: ((halves[0] + 0.5) / 2 ** LONGITUDE_BITS) * 360 - 180,
  };
}

/** Return the geohash of a number. */
export function geohashOf(code: number): string {
  let text = "";
  for (let rest = code; text.length < CHARACTERS; rest = Math.floor(rest / 32)) text = ALPHABET[rest % 32] + text;
  return text;
}

/**
 * Return at most four ranges with all geohashes of an area, in order.
 *
 * They have others too: those of whole cells, each at most twice as wide and high as needed, and those between
 * cells if these lie apart in the order of geohashes.
 */
export function rangesOf(area: Area): Range[] {
  const parts = area.east - area.west >= 360 ? [{ ...area, west: -180, east: 180 }] : split(area);
  return fewer(joined(parts.flatMap(cellsOf)), MAX_RANGES);
}

/** Return what is in `ranges` but not in `others`. Both are in order, and without overlaps. */
export function without(ranges: readonly Range[], others: readonly Range[]): Range[] {
  let rest = [...ranges];
  for (const other of others) {
    rest = rest.flatMap(({ from, to }) => [
      ...(from < other.from ? [{ from, to: Math.min(to, other.from - 1) }] : []),
      ...(to > other.to ? [{ from: Math.max(from, other.to + 1), to }] : []),
    ]);
  }
  return rest;
}

/** Return ranges in order, those that touch or overlap as one. */
export function joined(ranges: readonly Range[]): Range[] {
  const found: Range[] = [];
  for (const { from, to } of ranges.toSorted((one, other) => one.from - other.from)) {
    const last = found.at(-1);
    if (last && from <= last.to + 1) last.to = Math.max(last.to, to);
    else found.push({ from, to });
  }
  return found;
}

/** Cut an area at the antimeridian. */
function split({ west, south, east, north }: Area): Area[] {
  const turned = ((((west + 180) % 360) + 360) % 360) - 180;
  const end = turned + (east - west);
  if (end <= 180) return [{ west: turned, south, east: end, north }];
  return [
    { west: turned, south, east: 180, north },
    { west: -180, south, east: end - 360, north },
  ];
}

/** Return the cells of an area: of the smallest size of which it has at most 4 × 4. */
function cellsOf({ west, south, east, north }: Area): Range[] {
  const size = Math.max((east - west) / 360, (north - south) / 180);
  const halvings = Math.max(0, Math.min(LATITUDE_BITS, Math.floor(Math.log2(MAX_CELLS / Math.max(size, 2 ** -40)))));
  const cells = 2 ** halvings; // in each direction
  const index = (share: number) => Math.max(0, Math.min(cells - 1, Math.floor(share * cells)));
  const [left, right] = [index((west + 180) / 360), index((east + 180) / 360)];
  const [bottom, top] = [index((south + 90) / 180), index((north + 90) / 180)];
  const geohashes = 2 ** (BITS - 2 * halvings); // in each cell
  const found: Range[] = [];
  for (let x = left; x <= right; x++) {
    for (let y = bottom; y <= top; y++) {
      const from = interleaved(x, y, halvings) * geohashes;
      found.push({ from, to: from + geohashes - 1 });
    }
  }
  return found;
}

function interleaved(x: number, y: number, bits: number): number {
  let code = 0;
  for (let bit = bits - 1; bit >= 0; bit--) code = code * 4 + ((x >> bit) & 1) * 2 + ((y >> bit) & 1);
  return code;
}

/** Close the smallest gaps until there are few ranges. */
function fewer(ranges: Range[], most: number): Range[] {
  while (ranges.length > most) {
    const gaps = ranges.slice(1).map(({ from }, at) => from - ranges[at]!.to);
    const at = gaps.indexOf(Math.min(...gaps));
    ranges.splice(at, 2, { from: ranges[at]!.from, to: ranges[at + 1]!.to });
  }
  return ranges;
}
