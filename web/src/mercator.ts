/**
 * The map's projection, Web Mercator, in which tile servers draw, and the part of the map that a window shows.
 *
 * The world is a square of side 1: x grows eastwards from the antimeridian, y southwards from 85° N.
 */

import type { Area } from "./geohash";

export const TILE_PX = 256; // the world's side at zoom 0
export const MAX_ZOOM = 18; // 0.6 m to the pixel
const MAX_LATITUDE = 85.051129; // the world is a square
const LEAST_DECIMALS = 1;

export interface Point {
  x: number;
  y: number;
}

export interface Size {
  widthPx: number;
  heightPx: number;
}

/** The middle of the window, and by how many doublings the world is larger than a tile. */
export interface View extends Point {
  zoom: number;
}

export function project(latitude: number, longitude: number): Point {
  const phi = (Math.max(-MAX_LATITUDE, Math.min(MAX_LATITUDE, latitude)) * Math.PI) / 180;
  const y = 0.5 - Math.log(Math.tan(Math.PI / 4 + phi / 2)) / (2 * Math.PI);
  return { x: (longitude + 180) / 360, y: Math.max(0, Math.min(1, y)) };
}

export function unproject({ x, y }: Point): { latitude: number; longitude: number } {
  return { latitude: (Math.atan(Math.sinh((0.5 - y) * 2 * Math.PI)) * 180) / Math.PI, longitude: x * 360 - 180 };
}

/** The world's side in pixels. */
export function worldPx(zoom: number): number {
  return TILE_PX * 2 ** zoom;
}

/** Return the shortest way eastwards from one x to another: -0.5 to 0.5. */
export function eastwards(from: number, to: number): number {
  return to - from - Math.round(to - from);
}

/** Return the view nearest to `view` that shows nothing but the world, and no place twice. */
export function within(view: View, { widthPx, heightPx }: Size): View {
  const least = Math.log2(Math.max(widthPx, heightPx, 1) / TILE_PX);
  const zoom = Math.max(least, Math.min(MAX_ZOOM, view.zoom));
  const half = heightPx / worldPx(zoom) / 2;
  return { x: view.x - Math.floor(view.x), y: Math.max(half, Math.min(1 - half, view.y)), zoom };
}

export function moved(view: View, size: Size, rightPx: number, downPx: number): View {
  const px = worldPx(view.zoom);
  return within({ ...view, x: view.x + rightPx / px, y: view.y + downPx / px }, size);
}

/** Zoom so that a point of the window, in pixels from its middle, shows the same place. */
export function zoomed(view: View, size: Size, by: number, fromX = 0, fromY = 0): View {
  const { zoom } = within({ ...view, zoom: view.zoom + by }, size);
  const change = 1 / worldPx(view.zoom) - 1 / worldPx(zoom);
  return within({ x: view.x + fromX * change, y: view.y + fromY * change, zoom }, size);
}

/** Return where a point is in the window, in pixels from its middle. */
export function inWindow(view: View, { x, y }: Point): Point {
  const px = worldPx(view.zoom);
  return { x: eastwards(view.x, x) * px, y: (y - view.y) * px };
}

/** Return the area of a view, with a margin to each side: a share of the window. */
export function areaOf(view: View, { widthPx, heightPx }: Size, margin = 0): Area {
  const px = worldPx(view.zoom);
  const [halfX, halfY] = [(widthPx / px) * (0.5 + margin), (heightPx / px) * (0.5 + margin)];
  const { latitude: north, longitude: west } = unproject({ x: view.x - halfX, y: Math.max(0, view.y - halfY) });
  const { latitude: south, longitude: east } = unproject({ x: view.x + halfX, y: Math.min(1, view.y + halfY) });
  // Photos near the poles are shown at the edge of the world.
  return { west, east, north: view.y - halfY <= 1e-9 ? 90 : north, south: view.y + halfY >= 1 - 1e-9 ? -90 : south };
}

/** Return a view that shows all points, with room around them; at most at `maxZoom`. */
export function viewOf(points: readonly Point[], size: Size, maxZoom = MAX_ZOOM): View {
  const { middle, width, height } = extent(points);
  const room = 0.65; // of the window
  const zoom = Math.log2(Math.min((size.widthPx * room) / width, (size.heightPx * room) / height) / TILE_PX);
  return within({ ...middle, zoom: Math.min(maxZoom, zoom) }, size);
}

/** Return the middle of points, and how far they lie apart. */
export function extent(points: readonly Point[]): { middle: Point; width: number; height: number } {
  const first = points[0] ?? { x: 0.5, y: 0.5 };
  let [left, right, top, bottom] = [0, 0, first.y, first.y];
  for (const { x, y } of points) {
    const east = eastwards(first.x, x);
    left = Math.min(left, east);
    right = Math.max(right, east);
    top = Math.min(top, y);
    bottom = Math.max(bottom, y);
  }
  return { middle: { x: first.x + (left + right) / 2, y: (top + bottom) / 2 }, width: right - left, height: bottom - top };
}

/** Return a view as it is written in an address: latitude, longitude, zoom. */
export function addressOf(view: View): string {
  const { latitude, longitude } = unproject(view);
  const decimals = Math.max(LEAST_DECIMALS, Math.ceil(Math.log10(worldPx(view.zoom) / 360)));
  return [latitude.toFixed(decimals), longitude.toFixed(decimals), +view.zoom.toFixed(2)].join(",");
}

/** Return the view of an address; undefined if it has none. */
export function viewAt(address: string | undefined): View | undefined {
  const [latitude = Number.NaN, longitude = Number.NaN, zoom = Number.NaN] = (address ?? "").split(",").map(Number);
  if (!(Math.abs(latitude) <= 90 && Math.abs(longitude) <= 180 && zoom >= 0)) return undefined;
  return { ...project(latitude, longitude), zoom: Math.min(zoom, MAX_ZOOM) };
}
