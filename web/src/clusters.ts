/** Photos of a map that are near one another at a zoom are one cluster. */

import { eastwards, worldPx, type Point } from "./mercator";

export const APART_PX = 60; // between two clusters, at least
const CELL_PX = 64; // at least as much, so that only neighboring cells can be nearer
const AROUND = 3; // windows in each direction, of which the clusters are computed at once

/** A part of the world around a point: half its width and height. */
export interface Window extends Point {
  halfX: number;
  halfY: number;
}

export interface Cluster<T> extends Point {
  key: string;
  count: number;
  /** The photo with the latest time. */
  newest: T;
}

interface Cell {
  id: number;
  column: number;
  row: number;
  count: number;
  x: number; // sums
  y: number;
  newest: number; // index of a photo
}

interface Made<T> {
  zoom: number;
  around: Window;
  clusters: Cluster<T>[];
  ofPhoto: Int32Array; // index of the cluster; -1: none
}

export function isInside(window: Window, x: number, y: number): boolean {
  return Math.abs(eastwards(window.x, x)) <= window.halfX && Math.abs(y - window.y) <= window.halfY;
}

type Placed = Point & { readonly time: number };

/**
 * The clusters of photos.
 *
 * Photos are counted in the cells of a grid. The fullest cell takes the neighbors with centers nearer than
 * `APART_PX`, then the fullest one of the others, and so on. It keeps its own center, so that all clusters are
 * apart. While the map is moved, clusters stay: those of its surroundings are computed too.
 */
export class Clusters<T extends Placed> {
  private readonly xs: Float64Array; // 20 times as quick to read as 50,000 objects
  private readonly ys: Float64Array;
  private readonly times: Float64Array;
  private made: Made<T> | undefined;

  constructor(private readonly photos: readonly T[]) {
    this.xs = new Float64Array(photos.length);
    this.ys = new Float64Array(photos.length);
    this.times = new Float64Array(photos.length);
    for (let at = 0; at < photos.length; at++) {
      const { x, y, time } = photos[at]!;
      this.xs[at] = x;
      this.ys[at] = y;
      this.times[at] = time;
    }
  }

  /**
   * Return the clusters of a window and of its surroundings.
   *
   * @param zoom is an integer.
   */
  at(zoom: number, window: Window): Cluster<T>[] {
    if (this.made?.zoom !== zoom || !covers(this.made.around, window)) {
      const around = { ...window, halfX: window.halfX * AROUND, halfY: window.halfY * AROUND };
      this.made = this.make(zoom, around);
    }
    return this.made.clusters;
  }

  /** Return the photos of a cluster that `at` has returned last. */
  photosOf({ key }: Cluster<T>): T[] {
    const { clusters, ofPhoto } = this.made!;
    const place = clusters.findIndex((one) => one.key === key);
    const found: T[] = [];
    for (let at = 0; at < ofPhoto.length; at++) if (ofPhoto[at] === place) found.push(this.photos[at]!);
    return found;
  }

  /** Return the photos in a window. */
  inside(window: Window): T[] {
    const found: T[] = [];
    for (let at = 0; at < this.xs.length; at++) {
      if (isInside(window, this.xs[at]!, this.ys[at]!)) found.push(this.photos[at]!);
    }
    return found;
  }

  private make(zoom: number, around: Window): Made<T> {
    const ofPhoto = new Int32Array(this.photos.length).fill(-1);
    const columns = Math.max(1, Math.floor(worldPx(zoom) / CELL_PX));
    const cells = this.cellsOf(columns, around, ofPhoto);
    const sorted = [...cells.values()].sort((one, other) => other.count - one.count || one.row - other.row || one.column - other.column);
    const apart = APART_PX / worldPx(zoom);
    const clusters: Cluster<T>[] = [];
    const taken = new Int32Array(cells.size).fill(-1); // by cell: the cluster
    for (const cell of sorted) {
      if (taken[cell.id] !== -1) continue;
      let { count, newest } = cell;
      taken[cell.id] = clusters.length;
      for (let row = cell.row - 1; row <= cell.row + 1; row++) {
        for (let step = -1; step <= 1; step++) {
          const column = (cell.column + step + columns) % columns; // across the antimeridian
          const other = row < 0 || row >= columns ? undefined : cells.get(row * columns + column);
          if (!other || taken[other.id] !== -1 || distance(cell, other) >= apart) continue;
          taken[other.id] = clusters.length;
          count += other.count;
          if (this.times[other.newest]! > this.times[newest]!) newest = other.newest;
        }
      }
      const key = `${zoom}/${cell.column}/${cell.row}`;
      clusters.push({ key, x: cell.x / cell.count, y: cell.y / cell.count, count, newest: this.photos[newest]! });
    }
    for (let at = 0; at < ofPhoto.length; at++) if (ofPhoto[at] !== -1) ofPhoto[at] = taken[ofPhoto[at]!]!;
    return { zoom, around, clusters, ofPhoto };
  }

  /** Count photos in cells, by the number of the cell, and write the ID of its cell for each photo. */
  private cellsOf(columns: number, { x, y, halfX, halfY }: Window, ofPhoto: Int32Array): Map<number, Cell> {
    const { xs, ys, times } = this;
    const cells = new Map<number, Cell>();
    const left = Math.floor((x - halfX) * columns);
    const width = Math.ceil(2 * halfX * columns) + 1;
    const [top, bottom] = [Math.floor((y - halfY) * columns), Math.floor((y + halfY) * columns)];
    for (let at = 0; at < xs.length; at++) {
      const row = Math.min(columns - 1, Math.floor(ys[at]! * columns));
      const column = Math.min(columns - 1, Math.floor(xs[at]! * columns));
      if (row < top || row > bottom || (((column - left) % columns) + columns) % columns >= width) continue;
      const key = row * columns + column;
      let cell = cells.get(key);
      if (!cell) {
        cell = { id: cells.size, column, row, count: 0, x: 0, y: 0, newest: at };
        cells.set(key, cell);
      }
      cell.count++;
      cell.x += xs[at]!;
      cell.y += ys[at]!;
      if (times[at]! > times[cell.newest]!) cell.newest = at;
      ofPhoto[at] = cell.id;
    }
    return cells;
  }
}

function covers(around: Window, window: Window): boolean {
  const spareX = around.halfX - window.halfX;
  const spareY = around.halfY - window.halfY;
  // As much as half a window around it is known: what is near its edge has all of its neighbors.
  return (
    Math.abs(eastwards(around.x, window.x)) <= spareX - window.halfX &&
    Math.abs(window.y - around.y) <= spareY - window.halfY
  );
}

function distance(one: Cell, other: Cell): number {
  return Math.hypot(eastwards(one.x / one.count, other.x / other.count), one.y / one.count - other.y / other.count);
}
