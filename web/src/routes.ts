/** The address of a view: #/<view>/<argument…>?photo=<path>; #/search?label=dog&place=Portugal; #/map?at=<part>. */

import { batch, signal } from "@preact/signals";

export type View = "timeline" | "albums" | "search" | "map" | "shares" | "problems" | "trash" | "unknown";

export interface Route {
  view: View;
  /** A year of the timeline, or an album; absent: all of them. Of an unknown view: the address. */
  argument?: string;
  /** The terms of a search, such as label=dog&place=Portugal; absent: none. See terms.ts. */
  query?: string;
  /** The part of the map: latitude, longitude and zoom. */
  at?: string;
  /** The path of the open photo. */
  photo?: string;
}

const VIEWS: readonly string[] = ["timeline", "albums", "search", "map", "shares", "problems", "trash"] satisfies View[];

const AT = /^-?[\d.]+,-?[\d.]+,[\d.]+$/;

export function parseRoute(hash: string): Route {
  const [path = "", ...rest] = hash.replace(/^#\/?/, "").split("?");
  const query = rest.join("?"); // a person may have typed one in a term
  const slash = path.indexOf("/");
  const view = (slash < 0 ? path : path.slice(0, slash)) || "timeline";
  const values = new URLSearchParams(query);
  const photo = values.get("photo");
  const at = values.get("at") ?? "";
  const isKnown = VIEWS.includes(view) && !(["map", "problems", "shares", "trash"].includes(view) && slash >= 0);
  if (!isKnown) return { view: "unknown", argument: decode(hash) };
  const argument = slash < 0 ? undefined : decode(path.slice(slash + 1));
  const opened = photo ? { photo } : {};
  if (view === "map") return { view, ...(AT.test(at) && { at }), ...opened };
  if (view !== "search") return { view: view as View, ...(argument !== undefined && { argument }), ...opened };
  values.delete("photo");
  if (argument) values.append("label", argument); // an address of before there were other terms
  const terms = values.toString();
  return { view, ...(terms && { query: terms }), ...opened };
}

export function href({ view, argument, query, at, photo }: Route): string {
  if (view === "unknown") return photo ? href({ view: "timeline", photo }) : (argument ?? "#");
  const path = argument === undefined ? view : `${view}/${encodeURIComponent(argument)}`;
  const opened = photo && String(new URLSearchParams({ photo }));
  const parameters = [at && `at=${at}`, query, opened].filter(Boolean).join("&");
  return `#/${path}${parameters && `?${parameters}`}`;
}

/** Return the address of a search for one term. */
export function searchHref(kind: string, text: string): string {
  return href({ view: "search", query: new URLSearchParams({ [kind]: text }).toString() });
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // a % that a person typed
  }
}

export const route = signal<Route>({ view: "timeline" });

/**
 * The place in the history of the list on the page. A photo over a list has the place of the list,
 * so that a list and its scroll position are found again after Back.
 */
export const place = signal("");

/** What the browser keeps with each entry of the history. */
interface Entry {
  place: string;
  /** The address of the entry before; absent if the gallery was opened with this one. */
  from?: string;
}

let entry: Entry = { place: "" };
const scrolledPx = new Map<string, number>(); // by place
const focused = new Map<string, string>(); // by place: the address of the link that was followed

export function go(to: Route, { replace = false } = {}): void {
  if (!replace) {
    location.hash = href(to);
    return;
  }
  history.replaceState(history.state, "", href(to));
  route.value = to;
}

/** Close the open photo. It is the same as Back, if the photo was opened from its list. */
export function leavePhoto(): void {
  const { photo: _, ...list } = route.peek();
  if (entry.from === href(list)) history.back();
  else go(list, { replace: true });
}

export function followAddress(): void {
  history.scrollRestoration = "manual"; // the browser would scroll before the list is there
  let first = true;
  const read = () => {
    const to = parseRoute(location.hash);
    const { view, argument, query } = route.peek();
    scrolledPx.set(place.peek(), scrollY);
    const link = document.activeElement?.closest("main a")?.getAttribute("href");
    if (link) focused.set(place.peek(), link);
    const known = history.state as Entry | null;
    if (known?.place) {
      entry = known;
    } else {
      const isSameList = !first && to.view === view && to.argument === argument && to.query === query;
      entry = {
        place: isSameList ? place.peek() : crypto.randomUUID(),
        ...(!first && { from: href(route.peek()) }),
      };
      history.replaceState(entry, "");
    }
    first = false;
    batch(() => {
      route.value = to;
      place.value = entry.place;
    });
  };
  addEventListener("hashchange", read);
  read();
}

const RESTORING_FRAMES = 30; // a list is laid out in the first ones

/**
 * Scroll to where the list at this place was left, or to the top, and focus the link that was followed there.
 *
 * @returns a function that stops it.
 */
export function restoreScroll(): () => void {
  const topPx = scrolledPx.get(place.peek()) ?? 0;
  const link = focused.get(place.peek());
  let isFocused = link === undefined;
  let isScrolled = false; // after that, the person may scroll
  let frames = 0;
  let next = 0;
  const step = () => {
    if (!isScrolled) scrollTo(0, topPx);
    isScrolled ||= Math.abs(scrollY - topPx) <= 1;
    if (!isFocused) {
      const found = document.querySelector<HTMLElement>(`main a[href="${CSS.escape(link!)}"]`);
      found?.focus({ preventScroll: true });
      isFocused = found !== null;
    }
    if (!(isFocused && isScrolled) && ++frames < RESTORING_FRAMES) next = requestAnimationFrame(step);
  };
  step();
  return () => cancelAnimationFrame(next);
}
