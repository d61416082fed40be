/** The blurred picture of a photo, which is in its row: it is there before the photo's thumbnail. */

import { thumbHashToAverageRGBA, thumbHashToRGBA } from "thumbhash";

const FRAME_MS = 4; // for pictures that are drawn in one frame
const CACHE_MS = 80; // a picture from the cache is there sooner
const LEAST_BYTES = 5;

const waiting = new Map<HTMLCanvasElement, Uint8Array>();
let isPlanned = false;

/** @returns undefined if the text is no ThumbHash. */
export function bytesOf(thumbhash: string): Uint8Array | undefined {
  try {
    const bytes = Uint8Array.from(atob(thumbhash), (character) => character.charCodeAt(0));
    return bytes.length < LEAST_BYTES ? undefined : bytes;
  } catch {
    return undefined;
  }
}

/** Return the average color for CSS. */
export function colorOf(thumbhash: Uint8Array): string {
  const { r, g, b, a } = thumbHashToAverageRGBA(thumbhash);
  const [red, green, blue] = [r, g, b].map((level) => Math.round(level * 255));
  return `rgb(${red} ${green} ${blue} / ${Math.round(a * 100)}%)`;
}

/**
 * Draw a blurred picture soon, a few in each frame.
 *
 * It is a canvas, since the page's security policy allows no pictures from data.
 *
 * @returns a function that does not draw it any more.
 */
export function drawSoon(canvas: HTMLCanvasElement, thumbhash: Uint8Array): () => void {
  const timer = setTimeout(() => {
    waiting.set(canvas, thumbhash);
    plan();
  }, CACHE_MS);
  return () => {
    clearTimeout(timer);
    waiting.delete(canvas);
  };
}

function plan(): void {
  if (!isPlanned) requestAnimationFrame(drawSome);
  isPlanned = true;
}

function drawSome(startedMs: number): void {
  isPlanned = false;
  for (const [canvas, thumbhash] of waiting) {
    waiting.delete(canvas);
    draw(canvas, thumbhash);
    if (performance.now() - startedMs > FRAME_MS) break;
  }
  if (waiting.size > 0) plan();
}

function draw(canvas: HTMLCanvasElement, thumbhash: Uint8Array): void {
  const { w, h, rgba } = thumbHashToRGBA(thumbhash);
  if (w === 0 || h === 0) return; // of a row that is damaged
  canvas.width = w;
  canvas.height = h;
  canvas.getContext("2d", { willReadFrequently: true })?.putImageData(new ImageData(new Uint8ClampedArray(rgba), w, h), 0, 0);
}
