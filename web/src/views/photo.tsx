import { useSignal, useSignalEffect } from "@preact/signals";
import { useCallback, useEffect, useLayoutEffect, useMemo, useRef } from "preact/hooks";
import { useApp } from "../app";
import type { Neighbors } from "../gallery";
import { t } from "../language";
import { Loading } from "../loading";
import { splitPath, type Boxed, type Photo } from "../records";
import { persist } from "../retry";
import { go, href, leavePhoto, route } from "../routes";
import type { Viewer } from "../viewer";
import { Facts } from "./facts";
import { Failure } from "./failure";
import { CloseIcon, FactsIcon, FullScreenIcon, KeysIcon, NextIcon, PauseIcon, PlayIcon, PreviousIcon } from "./icons";
import { Keys } from "./keys";
import { Slides, type Scene } from "./slide";
import { ToastCard } from "./toast";
import "./photo.css";

const PHONE = "(max-width: 760px)"; // as in photo.css
const PACES_S = [3, 5, 10, 30];
const FACTS = "gallery.facts"; // names of what is remembered
const PACE = "gallery.pace";

/** An open photo, between its neighbors in the list. */
export function PhotoDialog({ path }: { path: string }) {
  const app = useApp();
  const dialog = useRef<HTMLDialogElement>(null);
  const whole = useRef<HTMLDivElement>(null);
  const stage = useRef<HTMLDivElement>(null);
  const facts = useRef<HTMLDivElement>(null);

  const records = useMemo(() => new Map<string, Loading<Photo | null>>(), [app]);
  const recordOf = useCallback(
    (one: string) => {
      const known = records.get(one);
      if (known) return known;
      const loading = new Loading(async () => (await app.gallery.photo(one)) ?? null);
      records.set(one, loading);
      return loading;
    },
    [records],
  );
  const photo = recordOf(path).value.value ?? undefined;
  const shown = useSignal<Boxed | undefined>(undefined); // a label or a person; its boxes are drawn
  const openPath = useSignal(path);

  const list = app.list.value;
  const cards = list?.cards.value ?? [];
  const at = cards.findIndex((card) => card.path === path);
  const isMissing = at < 0;
  const beside = useMemo(
    () => (photo && isMissing ? new Loading<Neighbors>(() => neighborsOf(photo)) : undefined),
    [photo, isMissing],
  );
  async function neighborsOf(one: Photo): Promise<Neighbors> {
    const { view, query } = route.peek();
    if (view !== "search") return app.gallery.neighbors(route.peek(), one);
    return (await persist(() => import("../terms"))).neighbors(app.aws, query, one);
  }
  const neighbor = (step: 1 | -1) => {
    if (!isMissing) return cards[at + step]?.path;
    return step > 0 ? beside?.value.value?.next : beside?.value.value?.previous;
  };
  const [previous, next] = [neighbor(-1), neighbor(1)];

  const viewer = useSignal<Viewer | undefined>(undefined);
  const isZoomed = useSignal(false);
  const isBare = useSignal(false); // without buttons
  const hasKeys = useSignal(false);
  const isFull = useSignal(false);
  const hasFacts = useSignal(localStorage.getItem(FACTS) !== "hidden");
  const plays = useSignal(false);
  const paceS = useSignal(Number(localStorage.getItem(PACE)) || PACES_S[1]!);

  const scene = useMemo<Scene>(
    () => ({
      open: openPath,
      shown,
      card: (one) => app.list.peek()?.cards.peek().find((card) => card.path === one),
      record: recordOf,
      onSize: (one) => viewer.peek()?.fit(one),
      onClose: () => dialog.current?.close(),
    }),
    [app],
  );
  const slides = useMemo(() => new Slides(app, scene), [app]);

  useLayoutEffect(() => dialog.current?.showModal(), []);
  const last = useRef(path);
  last.current = path;
  useEffect(() => () => focusTile(last.current), []);

  useLayoutEffect(() => {
    openPath.value = path;
    shown.value = undefined;
    if (!isMissing && at > cards.length - 5) void list?.more();
  }, [path]);

  const paths = [previous, path, next].filter((one) => one !== undefined);
  const index = previous === undefined ? 0 : 1;
  useLayoutEffect(() => {
    for (const one of records.keys()) if (!paths.includes(one)) records.delete(one);
    const { current: place } = stage;
    if (viewer.value) viewer.value.show(paths, index, { isAnimated: plays.peek() && !isStill() });
    else place?.replaceChildren(slides.of(path));
    slides.keep(paths);
  }, [viewer.value, ...paths, index]);

  useEffect(() => {
    let isGone = false;
    async function load(): Promise<void> {
      const { current: place } = stage;
      if (viewer.peek() || !place) return;
      const { Viewer: Made } = await import("../viewer");
      if (isGone) return;
      place.replaceChildren();
      viewer.value = new Made(place, [openPath.peek()], 0, {
        slide: (one) => slides.of(one),
        size: (one) => slides.size(one),
        onOpen: (one) => go({ ...route.peek(), photo: one }, { replace: true }),
        onClose: () => {
          if (isCovered.current) uncover();
          else dialog.current?.close();
        },
        onSwipeUp: showFacts,
        onTap: () => {
          if (plays.peek()) plays.value = false;
          else isBare.value = !isBare.peek();
        },
        onZoom: (one) => {
          isZoomed.value = one;
          if (one) plays.value = false;
        },
      });
    }
    const tryToLoad = () => void load().catch(() => undefined); // the picture is there without it
    tryToLoad();
    addEventListener("online", tryToLoad);
    return () => {
      isGone = true;
      removeEventListener("online", tryToLoad);
      viewer.peek()?.destroy();
      slides.keep([]);
    };
  }, []);

  function open(one: string | undefined): void {
    if (one !== undefined) go({ ...route.peek(), photo: one }, { replace: true });
  }

  // On a phone: whether the facts are over the picture, or on their way.
  const isCovered = useRef(false);
  const aimedPx = useRef<number>(undefined); // where the last movement of our own is to end
  useEffect(() => {
    const ended = () => {
      const { scrollTop, scrollHeight, clientHeight } = whole.current!;
      const { current: aimed } = aimedPx;
      aimedPx.current = undefined;
      // A movement that another one has interrupted says nothing.
      if (aimed !== undefined && Math.abs(scrollTop - Math.min(aimed, scrollHeight - clientHeight)) > 2) return;
      isCovered.current = scrollTop > clientHeight / 4;
    };
    whole.current?.addEventListener("scrollend", ended); // the person may have scrolled
  }, []);

  function scrollTo(topPx: number): void {
    aimedPx.current = topPx;
    whole.current?.scrollTo({ top: topPx, behavior: isStill() ? "auto" : "smooth" });
  }

  function showFacts(): void {
    isCovered.current = true;
    scrollTo((stage.current?.clientHeight ?? 0) * 0.6);
    facts.current?.focus({ preventScroll: true });
  }

  function uncover(): void {
    isCovered.current = false;
    scrollTo(0);
  }

  function toggleFacts(): void {
    if (matchMedia(PHONE).matches) {
      if (isCovered.current) uncover();
      else showFacts();
      return;
    }
    hasFacts.value = !hasFacts.value;
    localStorage.setItem(FACTS, hasFacts.value ? "shown" : "hidden");
  }

  function toggleFullScreen(): void {
    if (document.fullscreenElement) void document.exitFullscreen();
    else void whole.current?.requestFullscreen().catch(() => undefined); // the person's settings may forbid it
  }

  useEffect(() => {
    const follow = () => (isFull.value = document.fullscreenElement !== null);
    document.addEventListener("fullscreenchange", follow);
    return () => {
      document.removeEventListener("fullscreenchange", follow);
      if (document.fullscreenElement) void document.exitFullscreen();
    };
  }, []);

  const isSettled = slides.settled.value.has(path);
  const isReading = list?.state.value === "loading";
  useEffect(() => {
    if (!plays.value || !isSettled || (next === undefined && isReading)) return;
    const timer = setTimeout(() => {
      if (next !== undefined) {
        open(next);
      } else {
        plays.value = false;
        app.news.value = t("The slideshow has ended.");
      }
    }, paceS.value * 1000);
    return () => clearTimeout(timer);
  }, [plays.value, paceS.value, isSettled, isReading, path, next]);
  useSignalEffect(() => {
    if (!plays.value) return;
    const stop = () => (plays.value = false);
    let lock: WakeLockSentinel | undefined;
    let isOver = false;
    void navigator.wakeLock?.request("screen").then(
      (given) => {
        lock = given;
        if (isOver) void given.release();
      },
      () => undefined, // the screen then goes dark as usual
    );
    document.addEventListener("visibilitychange", stop);
    return () => {
      isOver = true;
      document.removeEventListener("visibilitychange", stop);
      void lock?.release();
    };
  });

  function arrow(event: KeyboardEvent, right: number, down: number): void {
    if (viewer.value && isZoomed.value) viewer.value.pan(right, down);
    else if (right !== 0) open(right > 0 ? next : previous);
    else return; // scrolls the facts
    event.preventDefault();
  }

  function keyed(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (document.querySelectorAll("dialog:modal").length > 1) return; // another dialog is over this one
    const target = event.target as Element;
    if (target.closest("input, textarea, select, [contenteditable]")) return;
    const isOnControl = target.closest("button, a, summary") !== null;
    const actions: Record<string, () => void> = {
      ArrowLeft: () => arrow(event, -1, 0),
      ArrowRight: () => arrow(event, 1, 0),
      ArrowUp: () => arrow(event, 0, -1),
      ArrowDown: () => arrow(event, 0, 1),
      "+": () => viewer.value?.zoom(1),
      "-": () => viewer.value?.zoom(-1),
      z: () => viewer.value?.toggleZoom(),
      i: toggleFacts,
      f: toggleFullScreen,
      s: () => (plays.value = !plays.value),
      " ": () => {
        if (isOnControl) return; // Space is its click
        event.preventDefault();
        plays.value = !plays.value;
      },
      "?": () => (hasKeys.value = true),
    };
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    if (Object.hasOwn(actions, key)) actions[key]?.();
  }

  const press = useRef(keyed);
  press.current = keyed;
  useEffect(() => {
    // Not those of the dialog alone: a button that is hidden at the end of the list leaves the focus to the page.
    const listen = (event: KeyboardEvent) => press.current(event);
    document.addEventListener("keydown", listen);
    return () => document.removeEventListener("keydown", listen);
  }, []);

  const { file } = splitPath(path);
  const name = (photo && app.edits.of(photo).title) ?? file;
  return (
    <dialog ref={dialog} class="photo" tabIndex={-1} aria-label={name} onClose={leavePhoto}>
      <div ref={whole} class={`whole ${hasFacts.value ? "" : "without-facts"}`}>
        <div class={`stage ${isBare.value ? "bare" : ""} ${plays.value ? "playing" : ""}`}>
          <div ref={stage} class="pictures" />
          {beside?.error.value && <Failure message={beside.error.value} onRetry={beside.load} />}
          <button class="round close" aria-label={t("Close")} title={t("Close")} onClick={() => dialog.current?.close()}>
            <CloseIcon />
          </button>
          <button class="round previous" aria-label={t("Previous photo")} disabled={previous === undefined} onClick={() => open(previous)}>
            <PreviousIcon />
          </button>
          <button class="round next" aria-label={t("Next photo")} disabled={next === undefined} onClick={() => open(next)}>
            <NextIcon />
          </button>
          <button class="round tool keys-button" aria-label={t("Keys")} title={t("Keys")} onClick={() => (hasKeys.value = true)}>
            <KeysIcon />
          </button>
          {document.fullscreenEnabled && (
            <button class="round tool full" aria-label={t("Full screen")} title={t("Full screen")} aria-pressed={isFull.value} onClick={toggleFullScreen}>
              <FullScreenIcon />
            </button>
          )}
          <button
            class="round tool play"
            aria-label={plays.value ? t("Pause the slideshow") : t("Slideshow")}
            title={plays.value ? t("Pause the slideshow") : t("Slideshow")}
            disabled={next === undefined && !plays.value}
            onClick={() => (plays.value = !plays.value)}
          >
            {plays.value ? <PauseIcon /> : <PlayIcon />}
          </button>
          <button class="round tool about" aria-label={t("Facts")} title={t("Facts")} aria-pressed={hasFacts.value} aria-controls="facts" onClick={toggleFacts}>
            <FactsIcon />
          </button>
          {plays.value && (
            <label class="pace">
              {t("Pace")}
              <select
                value={paceS.value}
                onChange={({ currentTarget }) => {
                  paceS.value = Number(currentTarget.value);
                  localStorage.setItem(PACE, currentTarget.value);
                }}
              >
                {PACES_S.map((seconds) => (
                  <option key={seconds} value={seconds}>
                    {t({ one: "{count} second", other: "{count} seconds" }, { count: seconds })}
                  </option>
                ))}
              </select>
            </label>
          )}
        </div>
        <div ref={facts} id="facts" class="beside" tabIndex={-1}>
          {photo && (
            <Facts
              photo={photo}
              shown={shown.value}
              onShow={(boxed) => (shown.value = boxed)}
              onDelete={async () => {
                const following = next ?? previous;
                await app.delete(path);
                if (following === undefined) {
                  dialog.current?.close();
                  return;
                }
                open(following);
                dialog.current?.focus(); // the button disappears
              }}
            />
          )}
        </div>
      </div>
      {hasKeys.value && <Keys onClose={() => (hasKeys.value = false)} />}
      <ToastCard />
    </dialog>
  );
}

/** Return whether the person wants no motion. */
function isStill(): boolean {
  return matchMedia("(prefers-reduced-motion: reduce)").matches;
}

/** Focus the photo in its list, once the dialog is gone; the whole list if it does not have the photo. */
function focusTile(path: string): void {
  requestAnimationFrame(() => {
    const address = href({ ...route.peek(), photo: path });
    const tile = document.querySelector<HTMLElement>(`a.tile[href="${CSS.escape(address)}"]`);
    if (tile) tile.focus();
    else document.getElementById("content")?.focus({ preventScroll: true });
  });
}
