import { signal, useSignal } from "@preact/signals";
import { Component } from "preact";
import { useEffect, useLayoutEffect, useMemo, useRef } from "preact/hooks";
import { useApp, useKept } from "../app";
import { APART_PX, Clusters, type Cluster, type Window } from "../clusters";
import { draw, loadLand, type Ink } from "../land";
import { t } from "../language";
import { Loading } from "../loading";
import { LocatedList, picked as listOf, type Picked, type Spot } from "../located";
import {
  addressOf,
  areaOf,
  eastwards,
  extent,
  inWindow,
  MAX_ZOOM,
  moved,
  unproject,
  viewAt,
  viewOf,
  within,
  worldPx,
  zoomed,
  type Size,
  type View,
} from "../mercator";
import { followPointers } from "../panning";
import { splitPath, type Picture } from "../records";
import { go, href, route } from "../routes";
import { coordinates, localTime } from "../words";
import { Empty } from "./empty";
import { Failure } from "./failure";
import { Grid } from "./grid";
import { CloseIcon } from "./icons";
import { Thumb } from "./thumb";
import { Tiles } from "./tiles";
import "./photo-map.css";

const WORLD: View = { x: 0.53, y: 0.42, zoom: 0 }; // most people live north of the equator
const DATA = ["GeoNames", "Natural Earth"]; // of land.ts
const REST_MS = 250; // without a movement, after which photos are read and the address is written
const FLIGHT_MS = 250;
const STEP_PX = 120; // of an arrow key
const MARGIN = 0.25; // of the window, to each side, for which photos are read
const MARKER_PX = 60;

/** All photos with a position, on a map of the world. */
export function PhotoMap() {
  const app = useApp();
  const list = useMemo(() => {
    if (!app.located || app.located.isOld) app.located = new LocatedList(app.aws);
    return app.located;
  }, [app]);
  const land = useMemo(() => new Loading(loadLand), []);
  const map = useRef<HTMLDivElement>(null);
  const surface = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const section = useRef<HTMLElement>(null);
  const size = useSignal<Size>({ widthPx: 0, heightPx: 0 });
  const ink = useSignal<Ink | undefined>(undefined);
  const view = useSignal(viewAt(route.peek().at) ?? WORLD);
  const picked = useKept("picked", () => signal<Picked | undefined>(undefined));
  const flight = useRef<{ frame: number; to: View }>(undefined);
  const hasMoved = useRef(false);
  const written = useRef<string | undefined>(route.peek().at);
  const resting = useRef<ReturnType<typeof setTimeout>>(undefined);
  const here = useSignal<readonly Spot[] | undefined>(undefined); // the photos in the window, once it rests

  const { cards } = list;
  const clusters = useMemo(() => new Clusters(cards.value), [cards.value]);
  const latest = useRef(clusters);
  latest.current = clusters;
  const now = within(view.value, size.value);
  const zoom = Math.floor(now.zoom);
  const shown = size.value.widthPx > 0 ? visible(clusters.at(zoom, windowOf(now, size.value)), now, size.value) : [];

  /** Write the address of the view, and read its photos. */
  function settle(): void {
    clearTimeout(resting.current);
    if (size.peek().widthPx === 0) return;
    const to = addressOf(view.peek());
    const { view: name, at: before, ...others } = route.peek();
    if (name === "map" && before !== to && (before !== undefined || hasMoved.current)) {
      written.current = to;
      go({ view: name, at: to, ...others }, { replace: true });
    }
    list.show(areaOf(view.peek(), size.peek(), MARGIN));
    count();
  }

  function count(): void {
    here.value = latest.current.inside(windowOf(view.peek(), size.peek()));
  }

  function show(to: View): void {
    view.value = within(to, size.peek());
    clearTimeout(resting.current);
    resting.current = setTimeout(settle, REST_MS);
  }

  function look(to: View): void {
    hasMoved.current = true;
    show(to);
  }

  /** Move to a view, so that the person sees where it is; at once if the person wants no motion. */
  function fly(to: View): void {
    stop();
    const from = view.peek();
    const end = within(to, size.peek());
    const east = eastwards(from.x, end.x);
    const startMs = performance.now();
    const step = () => {
      const share = Math.min(1, (performance.now() - startMs) / FLIGHT_MS);
      const eased = 1 - (1 - share) ** 3;
      const height = from.zoom + (end.zoom - from.zoom) * eased;
      // So that the place that both views show at one point of the window stays there.
      const done = Math.abs(end.zoom - from.zoom) < 1e-6 ? eased : (2 ** -height - 2 ** -from.zoom) / (2 ** -end.zoom - 2 ** -from.zoom);
      look({ x: from.x + east * done, y: from.y + (end.y - from.y) * done, zoom: height });
      flight.current = share < 1 ? { frame: requestAnimationFrame(step), to: end } : undefined;
    };
    if (matchMedia("(prefers-reduced-motion: reduce)").matches) look(end);
    else step();
  }

  function stop(): void {
    cancelAnimationFrame(flight.current?.frame ?? 0);
    flight.current = undefined;
  }

  /** Where the person will be: two clicks in a row are two steps. */
  const goal = () => flight.current?.to ?? view.peek();
  const zoomBy = (by: number, x = 0, y = 0) => fly(zoomed(goal(), size.peek(), by, x, y));

  useLayoutEffect(() => {
    const measure = () => {
      const { clientWidth: widthPx, clientHeight: heightPx } = map.current!;
      if (widthPx === size.peek().widthPx && heightPx === size.peek().heightPx) return;
      const isFirst = size.peek().widthPx === 0;
      size.value = { widthPx, heightPx };
      show(view.peek());
      if (isFirst) settle();
    };
    const resized = new ResizeObserver(measure);
    resized.observe(map.current!);
    measure();
    const leave = followPointers(map.current!, {
      onBegin: stop,
      onMove: (right, down) => look(moved(view.peek(), size.peek(), -right, -down)),
      onZoom: (by, { x, y }) => {
        stop();
        look(zoomed(view.peek(), size.peek(), by, x, y));
      },
      onStep: (by, { x, y }) => zoomBy(by, x, y),
    });
    return () => {
      resized.disconnect();
      leave();
      stop();
      clearTimeout(resting.current);
    };
  }, [list]);

  // The address may be another one: after Back, or by the person.
  const { at } = route.value;
  useEffect(() => {
    if (route.peek().view !== "map" || at === written.current) return;
    written.current = at;
    hasMoved.current = false;
    stop();
    show(viewAt(at) ?? WORLD);
  }, [at]);

  useEffect(() => {
    if (size.peek().widthPx > 0) count();
  }, [cards.value]);

  useEffect(() => {
    if (!picked.value) app.list.value = undefined; // a photo of the map has no neighbors
  }, [picked.value]);

  useEffect(() => {
    const dark = matchMedia("(prefers-color-scheme: dark)");
    const mix = () => (ink.value = inkOf(surface.current!));
    mix();
    dark.addEventListener("change", mix);
    return () => dark.removeEventListener("change", mix);
  }, []);

  useLayoutEffect(() => {
    if (canvas.current && land.value.value && ink.value) draw(canvas.current, land.value.value, now, size.value, ink.value);
  });

  function keyed(event: KeyboardEvent): void {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    const by = { "+": 1, "=": 1, "-": -1, "−": -1 }[event.key];
    if (step) fly(moved(goal(), size.peek(), step[0]! * STEP_PX, step[1]! * STEP_PX));
    else if (by) zoomBy(by);
    else return;
    event.preventDefault();
  }

  function pick(photos: readonly Spot[], window: Window, name: string): void {
    picked.value = listOf(app, photos, window, name);
    requestAnimationFrame(() => {
      section.current?.focus({ preventScroll: true });
      section.current?.scrollIntoView({ block: "start" });
    });
  }

  /** Zoom in until the photos of a cluster come apart; if they never do, show them. */
  function open(cluster: Cluster<Spot>): void {
    const photos = clusters.photosOf(cluster);
    const { middle, width, height } = extent(photos);
    if (Math.max(width, height) * worldPx(MAX_ZOOM) < APART_PX) {
      pick(photos, { ...middle, halfX: width / 2, halfY: height / 2 }, nameOf(cluster));
      return;
    }
    const to = viewOf(photos, size.peek());
    fly({ ...to, zoom: Math.max(to.zoom, Math.min(MAX_ZOOM, Math.floor(view.peek().zoom) + 1)) });
    surface.current?.focus({ preventScroll: true }); // the button disappears
  }

  const { config } = app.aws;
  const isFailed = list.state.value === "failed";
  const counted = here.value?.length ?? 0;
  return (
    <>
      <h1 class="unseen">{t("Map")}</h1>
      <div ref={map} class="photo-map" onKeyDown={keyed}>
        <div
          ref={surface}
          class="surface"
          role="application"
          tabIndex={0}
          aria-label={t("Map of your photos. The arrow keys move it, + and − zoom.")}
        >
          <canvas ref={canvas} aria-hidden="true" />
          {config.map_tiles_url && size.value.widthPx > 0 && (
            <Tiles url={config.map_tiles_url} view={now} size={size.value} />
          )}
        </div>
        <ul class="markers" aria-label={t("Photos on the map")}>
          {shown.map((cluster) => {
            const { x, y } = inWindow(now, cluster);
            return (
              <li key={cluster.key} style={{ transform: `translate(${Math.round(x)}px, ${Math.round(y)}px)` }}>
                {cluster.count === 1 ? (
                  <a class="tile marker" href={href({ ...route.value, photo: cluster.newest.path })} onClick={settle} aria-label={photoName(cluster.newest)} title={photoName(cluster.newest)}>
                    <Still picture={cluster.newest.thumb} />
                  </a>
                ) : (
                  <button class="marker" onClick={() => open(cluster)} aria-label={nameOf(cluster)} title={nameOf(cluster)}>
                    <Still picture={cluster.newest.thumb} />
                    <span class="count">{cluster.count.toLocaleString()}</span>
                  </button>
                )}
              </li>
            );
          })}
        </ul>
        <div class="controls">
          <button aria-label={t("Zoom in")} title={t("Zoom in")} onClick={() => zoomBy(1)}>
            +
          </button>
          <button aria-label={t("Zoom out")} title={t("Zoom out")} onClick={() => zoomBy(-1)}>
            −
          </button>
        </div>
        <p class="attribution" dir="auto">
          {[config.map_tiles_attribution, ...DATA].filter(Boolean).join(" · ")}
        </p>
      </div>
      {land.error.value && <Failure message={land.error.value} onRetry={land.load} />}
      {isFailed && <Failure message={list.error} onRetry={list.again} />}
      {list.isWhole && cards.value.length === 0 ? (
        <Empty>{t("No photo has a position yet.")}</Empty>
      ) : (
        <div class="below-map">
          <p role="status">
            {list.state.value === "idle"
              ? ""
              : list.state.value === "loading"
              ? t({ one: "{count} photo here so far…", other: "{count} photos here so far…" }, { count: counted })
              : t({ one: "{count} photo here", other: "{count} photos here" }, { count: counted })}
          </p>
          {counted > 0 && (
            <button onClick={() => pick(here.peek() ?? [], windowOf(view.peek(), size.peek()), t("Photos in this part of the map"))}>{t("Show as a list")}</button>
          )}
        </div>
      )}
      {picked.value && (
        <section ref={section} class="picked" tabIndex={-1} aria-labelledby="picked">
          <div class="picked-head">
            <h2 id="picked">{picked.value.name}</h2>
            <button
              class="icon-only"
              aria-label={t("Close the list")}
              title={t("Close the list")}
              onClick={() => {
                picked.value = undefined;
                surface.current?.focus();
              }}
            >
              <CloseIcon />
            </button>
          </div>
          <Grid key={picked.value.id} list={picked.value.list} empty={<Empty>{t("No photo is left here.")}</Empty>} />
        </section>
      )}
    </>
  );
}

/** A thumbnail that is drawn again only if it is another one. */
class Still extends Component<{ picture: Picture | undefined }> {
  override shouldComponentUpdate({ picture }: { picture: Picture | undefined }): boolean {
    return picture?.key !== this.props.picture?.key;
  }

  override render({ picture }: { picture: Picture | undefined }) {
    return <Thumb picture={picture} />;
  }
}

function visible(clusters: readonly Cluster<Spot>[], view: View, { widthPx, heightPx }: Size): Cluster<Spot>[] {
  const [halfX, halfY] = [(widthPx + MARKER_PX) / 2, (heightPx + MARKER_PX) / 2];
  return clusters.filter((cluster) => {
    const { x, y } = inWindow(view, cluster);
    return Math.abs(x) < halfX && Math.abs(y) < halfY;
  });
}

function windowOf({ x, y, zoom }: View, { widthPx, heightPx }: Size): Window {
  const px = worldPx(zoom);
  return { x, y, halfX: widthPx / px / 2, halfY: heightPx / px / 2 };
}

function nameOf(cluster: Cluster<Spot>): string {
  const { latitude, longitude } = unproject(cluster);
  const place = coordinates(latitude, longitude);
  return t({ one: "{count} photo near {place}", other: "{count} photos near {place}" }, { count: cluster.count, place });
}

function photoName({ path, title, sortTime, precision }: Spot): string {
  return `${title ?? splitPath(path).file}${sortTime && `, ${localTime(sortTime, precision)}`}`;
}

function inkOf(surface: HTMLElement): Ink {
  // Computed, unlike custom properties: each is one of the two colors of light-dark().
  const { color, caretColor, textDecorationColor, columnRuleColor, fontFamily } = getComputedStyle(surface);
  return { land: columnRuleColor, border: textDecorationColor, town: color, halo: caretColor, font: fontFamily };
}
