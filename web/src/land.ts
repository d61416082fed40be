/** The shapes of the world behind the photos: land, borders of countries, and the largest towns. */

import { inWindow, project, worldPx, type Point, type Size, type View } from "./mercator";
import { HttpError, persist } from "./retry";

/** As tools/places/world.py writes it. A line has its first position, and then the steps to each next one. */
interface World {
  /** In a degree. */
  units: number;
  land: Line[][];
  borders: Line[];
  /** Name, longitude and latitude; the largest first. */
  towns: [string, number, number][];
}

type Line = number[];

interface Shape {
  path: Path2D;
  left: number;
  right: number;
  top: number;
  bottom: number;
}

export interface Land {
  land: Shape[];
  borders: Shape[];
  towns: (Point & { name: string })[];
}

/** The colors of what is drawn. */
export interface Ink {
  land: string;
  border: string;
  town: string;
  halo: string;
  font: string;
}

const SIDE = 4096; // of the world in a path: not so small that numbers of 32 bits lose digits
const TOWNS_AT_ZOOM = 2; // before, their names would hide the continents
const TOWNS_OF_ZOOM = 40; // that are tried at zoom 2, and twice as many at each next one
const NAME_PX = 13;

/** @throws Error: the shapes cannot be loaded. */
export async function loadLand(): Promise<Land> {
  const { units, land, borders, towns } = await persist(async () => {
    const answer = await fetch("./world.json");
    if (!answer.ok) throw new HttpError(`world.json: HTTP status ${answer.status}`, answer.status);
    return (await answer.json()) as World;
  });
  return {
    land: land.map((rings) => shapeOf(rings, units)),
    borders: borders.map((line) => shapeOf([line], units)),
    towns: towns.map(([name, longitude, latitude]) => ({ name, ...project(latitude / units, longitude / units) })),
  };
}

function shapeOf(lines: readonly Line[], units: number): Shape {
  const path = new Path2D();
  const shape: Shape = { path, left: 1, right: 0, top: 1, bottom: 0 };
  for (const steps of lines) {
    let [longitude, latitude] = [0, 0];
    for (let at = 0; at < steps.length; at += 2) {
      longitude += steps[at]!;
      latitude += steps[at + 1]!;
      const { x, y } = project(latitude / units, longitude / units);
      if (at === 0) path.moveTo(x * SIDE, y * SIDE);
      else path.lineTo(x * SIDE, y * SIDE);
      shape.left = Math.min(shape.left, x);
      shape.right = Math.max(shape.right, x);
      shape.top = Math.min(shape.top, y);
      shape.bottom = Math.max(shape.bottom, y);
    }
  }
  return shape;
}

/** Draw what a view shows. */
export function draw(canvas: HTMLCanvasElement, { land, borders, towns }: Land, view: View, size: Size, ink: Ink): void {
  const ratio = devicePixelRatio;
  const [width, height] = [Math.round(size.widthPx * ratio), Math.round(size.heightPx * ratio)];
  if (canvas.width !== width) canvas.width = width;
  if (canvas.height !== height) canvas.height = height;
  const pen = canvas.getContext("2d");
  if (!pen) return;
  pen.resetTransform();
  pen.clearRect(0, 0, width, height);
  const px = worldPx(view.zoom);
  const [halfX, halfY] = [size.widthPx / px / 2, size.heightPx / px / 2];
  const scale = (px * ratio) / SIDE;
  pen.lineWidth = 1 / (px / SIDE);
  pen.lineJoin = "round";
  pen.fillStyle = ink.land;
  pen.strokeStyle = ink.border;
  for (const turn of [-1, 0, 1]) {
    const [left, right] = [view.x - halfX - turn, view.x + halfX - turn];
    if (right < 0 || left > 1) continue;
    const isShown = (one: Shape) =>
      one.right >= left && one.left <= right && one.bottom >= view.y - halfY && one.top <= view.y + halfY;
    pen.setTransform(scale, 0, 0, scale, (halfX + turn - view.x) * px * ratio, (halfY - view.y) * px * ratio);
    for (const one of land) if (isShown(one)) pen.fill(one.path, "evenodd");
    for (const one of borders) if (isShown(one)) pen.stroke(one.path);
  }
  pen.setTransform(ratio, 0, 0, ratio, width / 2, height / 2);
  nameTowns(pen, towns, view, size, ink);
}

/** Write the names of the largest towns that have room. */
function nameTowns(pen: CanvasRenderingContext2D, towns: Land["towns"], view: View, size: Size, ink: Ink): void {
  if (view.zoom < TOWNS_AT_ZOOM) return;
  pen.font = `${NAME_PX}px ${ink.font}`;
  pen.textAlign = "center";
  pen.lineWidth = 3;
  pen.lineJoin = "round";
  pen.fillStyle = ink.town;
  pen.strokeStyle = ink.halo;
  const most = TOWNS_OF_ZOOM * 2 ** (view.zoom - TOWNS_AT_ZOOM);
  const taken: { x: number; y: number; half: number }[] = [];
  for (const town of towns.slice(0, most)) {
    const { x, y } = inWindow(view, town);
    if (Math.abs(x) > size.widthPx / 2 || Math.abs(y) > size.heightPx / 2) continue;
    const half = pen.measureText(town.name).width / 2 + 6;
    if (taken.some((one) => Math.abs(one.y - y) < 2 * NAME_PX && Math.abs(one.x - x) < one.half + half)) continue;
    taken.push({ x, y, half });
    pen.beginPath();
    pen.arc(x, y, 2, 0, 2 * Math.PI);
    pen.fill();
    pen.strokeText(town.name, x, y - 6);
    pen.fillText(town.name, x, y - 6);
  }
}
