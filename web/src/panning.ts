/** How a map is moved by mouse, wheel, trackpad and fingers. */

import type { Point } from "./mercator";

const DRAG_PX = 5; // a shorter way is a click
const WHEEL_PX = 240; // of a wheel, for one doubling
const PINCH_PX = 60; // of a trackpad's pinch, which browsers send as a wheel with Ctrl
const LINE_PX = 16; // Firefox counts in lines

interface Moves {
  /** The map follows the pointer by so many pixels. */
  onMove: (right: number, down: number) => void;
  /** Zoom by doublings about a point of the window, in pixels from its middle. */
  onZoom: (by: number, about: Point) => void;
  /** A double click. */
  onStep: (by: number, about: Point) => void;
  /** A pointer is on the map. */
  onBegin: () => void;
}

/** @returns a function that stops it. */
export function followPointers(map: HTMLElement, { onMove, onZoom, onStep, onBegin }: Moves): () => void {
  const gone = new AbortController();
  const { signal } = gone;
  const pointers = new Map<number, Point>();
  let draggedPx = 0;

  const fromMiddle = ({ clientX, clientY }: MouseEvent): Point => {
    const { left, top, width, height } = map.getBoundingClientRect();
    return { x: clientX - left - width / 2, y: clientY - top - height / 2 };
  };
  const isControl = ({ target }: Event) => target instanceof Element && target.closest(".controls, .attribution") !== null;

  map.addEventListener(
    "pointerdown",
    (event) => {
      if (event.button !== 0 || isControl(event)) return;
      if (pointers.size === 0) draggedPx = 0;
      pointers.set(event.pointerId, fromMiddle(event));
      onBegin();
    },
    { signal },
  );
  map.addEventListener(
    "pointermove",
    (event) => {
      const before = pointers.get(event.pointerId);
      if (!before) return;
      const now = fromMiddle(event);
      const other = [...pointers].find(([id]) => id !== event.pointerId)?.[1];
      pointers.set(event.pointerId, now);
      const [right, down] = [now.x - before.x, now.y - before.y];
      draggedPx += Math.hypot(right, down);
      if (draggedPx < DRAG_PX) return;
      map.setPointerCapture(event.pointerId); // no click follows
      const fingers = other ? 2 : 1; // of which one has moved
      onMove(right / fingers, down / fingers);
      if (!other) return;
      const by = Math.log2(distance(now, other) / distance(before, other));
      if (Number.isFinite(by)) onZoom(by, { x: (now.x + other.x) / 2, y: (now.y + other.y) / 2 });
    },
    { signal },
  );
  for (const end of ["pointerup", "pointercancel"] as const) {
    map.addEventListener(end, ({ pointerId }) => void pointers.delete(pointerId), { signal });
  }
  map.addEventListener(
    "wheel",
    (event) => {
      event.preventDefault(); // or the page scrolls, or the browser zooms it
      const px = event.deltaY * (event.deltaMode === WheelEvent.DOM_DELTA_LINE ? LINE_PX : 1);
      onZoom(-px / (event.ctrlKey ? PINCH_PX : WHEEL_PX), fromMiddle(event));
    },
    { signal, passive: false },
  );
  map.addEventListener(
    "dblclick",
    (event) => {
      if (!isControl(event)) onStep(event.shiftKey ? -1 : 1, fromMiddle(event));
    },
    { signal },
  );
  map.addEventListener("dragstart", (event) => event.preventDefault(), { signal }); // of a picture or a link
  map.addEventListener(
    "click",
    (event) => {
      if (draggedPx < DRAG_PX || event.detail === 0 || isControl(event)) return;
      event.preventDefault();
      event.stopPropagation();
    },
    { signal, capture: true },
  );
  return () => gone.abort();
}

function distance(one: Point, other: Point): number {
  return Math.hypot(one.x - other.x, one.y - other.y);
}
