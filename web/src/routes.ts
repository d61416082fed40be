/** The address of a view: #/<view>/<argument…>?photo=<path>. */

import { signal } from "@preact/signals";

export type View = "timeline" | "albums" | "search" | "problems";

export interface Route {
  view: View;
  /** A year of the timeline, an album or a label; absent: all of them. */
  argument?: string;
  /** The path of the open photo. */
  photo?: string;
}

const VIEWS: readonly string[] = ["timeline", "albums", "search", "problems"] satisfies View[];

export function parseRoute(hash: string): Route {
  const [path = "", query = ""] = hash.replace(/^#\/?/, "").split("?", 2);
  const slash = path.indexOf("/");
  const view = slash < 0 ? path : path.slice(0, slash);
  const photo = new URLSearchParams(query).get("photo");
  return {
    view: VIEWS.includes(view) ? (view as View) : "timeline",
    ...(slash < 0 ? {} : { argument: decode(path.slice(slash + 1)) }),
    ...(photo ? { photo } : {}),
  };
}

export function href({ view, argument, photo }: Route): string {
  const path = argument === undefined ? view : `${view}/${encodeURIComponent(argument)}`;
  return `#/${path}${photo ? `?${new URLSearchParams({ photo })}` : ""}`;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // a % that a person typed
  }
}

export const route = signal<Route>({ view: "timeline" });

export function go(to: Route, { replace = false } = {}): void {
  if (replace) {
    history.replaceState(null, "", href(to));
    route.value = to;
  } else {
    location.hash = href(to);
  }
}

export function followAddress(): void {
  const read = () => {
    route.value = parseRoute(location.hash);
  };
  addEventListener("hashchange", read);
  read();
}
