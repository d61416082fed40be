/**
 * How photos in a list are selected: by mouse, touch and keyboard.
 *
 * The listeners are on the element around the list. A tile is any element in it with the attribute
 * data-path, so that the list may have only the tiles that are in view.
 */

import type { Card } from "./records";
import type { Selection } from "./selection";

const DRAG_PX = 6; // a shorter way of the mouse is a click
const HOLD_MS = 450; // Android's menu of a link, which is not shown, comes after 500 ms
const HOLD_PX = 10; // a longer way of the finger scrolls
const EDGE_PX = 80; // near the edge of the window the list scrolls
const SCROLL_PX = 18; // in a frame, at most
const BUZZ_MS = 12;

interface Box {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

/**
 * Follow the gestures over a list.
 *
 * @param cards the photos of the list, in order.
 * @returns a function that stops it.
 */
export function followGestures(container: HTMLElement, selection: Selection, cards: () => readonly Card[]): () => void {
  const gone = new AbortController();
  const { signal } = gone;
  const find = finder(cards);
  const swallowed = { click: false }; // the click after a drag

  container.addEventListener(
    "click",
    (event) => {
      const tile = tileOf(event.target);
      if (swallowed.click) {
        swallowed.click = false;
        handled(event);
        return;
      }
      if (!tile) return;
      const isCheck = event.target instanceof Element && event.target.closest("[role=checkbox]") !== null;
      const opensTab = !isCheck && (event.ctrlKey || event.metaKey);
      const isByPointer = event.detail > 0; // Enter opens the photo
      if (opensTab || !(isCheck || event.shiftKey || (selection.size.peek() > 0 && isByPointer))) return;
      handled(event);
      const card = find(tile.path);
      if (event.shiftKey) selection.extend(cards(), tile.path);
      else if (card) selection.toggle(card);
    },
    { capture: true, signal },
  );
  followKeys(container, selection, cards, signal);
  followMouse(container, selection, find, swallowed, signal);
  followTouch(container, selection, cards, find, signal);
  container.addEventListener("dragstart", (event) => event.preventDefault(), { signal }); // of a link or a picture
  return () => gone.abort();
}

/** Space selects the focused photo; Shift with an arrow or Space selects up to it. */
function followKeys(
  container: HTMLElement,
  selection: Selection,
  cards: () => readonly Card[],
  signal: AbortSignal,
): void {
  let extending = false;
  container.addEventListener(
    "keydown",
    (event) => {
      const tile = tileOf(event.target);
      const isLink = event.target instanceof HTMLAnchorElement;
      extending = event.shiftKey && event.key.startsWith("Arrow");
      if (!tile || event.altKey || event.ctrlKey || event.metaKey) return;
      if (extending) {
        selection.anchorAt(tile.path);
      } else if (event.key === " " && isLink) {
        event.preventDefault(); // or the page scrolls
        const card = cards().find(({ path }) => path === tile.path);
        if (event.shiftKey) selection.extend(cards(), tile.path);
        else if (card) selection.toggle(card);
      }
    },
    { capture: true, signal }, // the arrow moves the focus after that
  );
  container.addEventListener(
    "focusin",
    ({ target }) => {
      const tile = tileOf(target);
      if (extending && tile) selection.extend(cards(), tile.path);
    },
    { signal },
  );
  container.addEventListener(
    "keyup",
    ({ key }) => {
      if (key === "Shift") extending = false;
    },
    { signal },
  );
}

/** A rectangle selects the photos in it, beside those that are selected. */
function followMouse(
  container: HTMLElement,
  selection: Selection,
  find: (path: string) => Card | undefined,
  swallowed: { click: boolean },
  signal: AbortSignal,
): void {
  container.addEventListener(
    "pointerdown",
    (down) => {
      if (down.pointerType !== "mouse" || down.button !== 0 || down.shiftKey) return;
      if (!(down.target instanceof Element) || down.target.closest("button, input")) return;
      const start = { x: down.clientX + scrollX, y: down.clientY + scrollY };
      const at = { x: down.clientX, y: down.clientY };
      const seen = new Map<string, Box>(); // tiles that have been in view since the drag began, on the page
      const drag = new AbortController();
      const listening = { signal: AbortSignal.any([drag.signal, signal]) };
      let rectangle: HTMLElement | undefined;
      let frame = 0;

      const draw = () => {
        scrollAtEdge(at.y);
        const box = boxBetween(start, { x: at.x + scrollX, y: at.y + scrollY });
        Object.assign(rectangle!.style, {
          left: `${box.left}px`,
          top: `${box.top}px`,
          width: `${box.right - box.left}px`,
          height: `${box.bottom - box.top}px`,
        });
        for (const tile of container.querySelectorAll<HTMLElement>("[data-path]")) {
          const { left, top, right, bottom } = tile.getBoundingClientRect();
          seen.set(tile.dataset["path"]!, {
            left: left + scrollX,
            top: top + scrollY,
            right: right + scrollX,
            bottom: bottom + scrollY,
          });
        }
        const inside = [...seen].filter(([, tile]) => overlap(tile, box)).flatMap(([path]) => find(path) ?? []);
        selection.add(inside);
        frame = requestAnimationFrame(draw);
      };
      const end = (keep: boolean) => {
        drag.abort();
        if (!rectangle) return;
        if (keep) draw(); // where the pointer is now: it may have moved since the last frame
        cancelAnimationFrame(frame);
        rectangle.remove();
        document.documentElement.classList.remove("dragging");
        if (!keep) selection.add([]);
        selection.end();
        swallowed.click = true;
        const forget = () => setTimeout(() => (swallowed.click = false)); // the click comes at once, or not at all
        if (keep) forget();
        else addEventListener("pointerup", forget, { once: true, signal });
      };
      const moved = (event: PointerEvent) => {
        at.x = event.clientX;
        at.y = event.clientY;
        const way = Math.hypot(at.x + scrollX - start.x, at.y + scrollY - start.y);
        if (rectangle || way < DRAG_PX) return;
        rectangle = document.createElement("div");
        rectangle.className = "rectangle";
        document.body.append(rectangle);
        document.documentElement.classList.add("dragging"); // no text is selected
        selection.end();
        frame = requestAnimationFrame(draw);
      };
      addEventListener("pointermove", moved, listening);
      addEventListener("pointerup", () => end(true), listening);
      addEventListener("pointercancel", () => end(true), listening);
      addEventListener(
        "keydown",
        (event) => {
          if (event.key !== "Escape" || !rectangle) return;
          handled(event);
          end(false);
        },
        { capture: true, ...listening },
      );
    },
    { signal },
  );
}

/** A finger that stays selects the photo; if it then moves over others, it selects up to them. */
function followTouch(
  container: HTMLElement,
  selection: Selection,
  cards: () => readonly Card[],
  find: (path: string) => Card | undefined,
  signal: AbortSignal,
): void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isHeld = false;
  let frame = 0;
  const at = { x: 0, y: 0 };

  const reach = () => {
    scrollAtEdge(at.y);
    const tile = tileOf(document.elementFromPoint(at.x, at.y));
    if (tile && container.contains(tile.element)) selection.extend(cards(), tile.path);
    frame = requestAnimationFrame(reach);
  };
  const end = () => {
    clearTimeout(timer);
    cancelAnimationFrame(frame);
    timer = undefined;
    if (isHeld) selection.end();
    isHeld = false;
  };
  container.addEventListener(
    "touchstart",
    (event) => {
      end();
      const [finger] = event.touches;
      const tile = tileOf(event.target);
      if (!finger || !tile || event.touches.length > 1) return;
      at.x = finger.clientX;
      at.y = finger.clientY;
      timer = setTimeout(() => {
        const card = find(tile.path);
        if (!card) return;
        isHeld = true;
        navigator.vibrate?.(BUZZ_MS);
        if (!selection.has(card.path)) selection.toggle(card);
        selection.begin(card.path);
        frame = requestAnimationFrame(reach);
      }, HOLD_MS);
    },
    { passive: true, signal },
  );
  container.addEventListener(
    "touchmove",
    (event) => {
      const [finger] = event.touches;
      if (!finger) return;
      if (isHeld) {
        event.preventDefault(); // or the list scrolls
        at.x = finger.clientX;
        at.y = finger.clientY;
      } else if (Math.hypot(finger.clientX - at.x, finger.clientY - at.y) > HOLD_PX) {
        end();
      }
    },
    { passive: false, signal },
  );
  container.addEventListener(
    "touchend",
    (event) => {
      if (isHeld && event.cancelable) event.preventDefault(); // or the photo opens
      end();
    },
    { passive: false, signal },
  );
  container.addEventListener("touchcancel", end, { signal });
  container.addEventListener(
    "contextmenu",
    (event) => {
      if (timer !== undefined) event.preventDefault(); // the menu of the link
    },
    { signal },
  );
}

function handled(event: Event): void {
  event.preventDefault();
  event.stopPropagation();
}

function tileOf(target: EventTarget | null): { element: Element; path: string } | undefined {
  const element = target instanceof Element ? target.closest<HTMLElement>("[data-path]") : null;
  const path = element?.dataset["path"];
  return element && path !== undefined ? { element, path } : undefined;
}

/** Return a function that finds a photo of the list, which may change meanwhile. */
function finder(cards: () => readonly Card[]): (path: string) => Card | undefined {
  let known: readonly Card[] = [];
  let byPath = new Map<string, Card>();
  return (path) => {
    if (cards() !== known) {
      known = cards();
      byPath = new Map(known.map((card) => [card.path, card]));
    }
    return byPath.get(path);
  };
}

/** Scroll the window if a pointer is near its upper or lower edge. */
function scrollAtEdge(y: number): void {
  const depth = Math.max(EDGE_PX - y, y - (innerHeight - EDGE_PX), 0) / EDGE_PX;
  if (depth > 0) scrollBy(0, Math.sign(y - innerHeight / 2) * Math.min(depth, 1) * SCROLL_PX);
}

function boxBetween(one: { x: number; y: number }, other: { x: number; y: number }): Box {
  return {
    left: Math.min(one.x, other.x),
    top: Math.min(one.y, other.y),
    right: Math.max(one.x, other.x),
    bottom: Math.max(one.y, other.y),
  };
}

function overlap(one: Box, other: Box): boolean {
  return one.left < other.right && one.right > other.left && one.top < other.bottom && one.bottom > other.top;
}
