import { useSignal } from "@preact/signals";
import { Component, type ComponentChildren } from "preact";
import { useCallback, useEffect, useLayoutEffect, useMemo, useRef } from "preact/hooks";
import { useApp } from "../app";
import { t } from "../language";
import { beside, blockAt, find, inView, Typesetter, type Block, type Layout, type PlacedRow, type Spot } from "../layout";
import type { PhotoList } from "../lists";
import { href, route } from "../routes";
import { Failure } from "./failure";
import { blockName, Scrubber } from "./scrubber";
import { MonthCheck, useSelecting } from "./selecting";
import { Tile } from "./tile";
import "./grid.css";

const GAP_PX = 4;
const HEADING_PX = 40; // with text of the usual size
const TEXT_PX = 15; // the usual size: 93.75 % of 16 px
const AROUND_PX = 900; // about one screen: tiles above and below the window are in the document
const STEP_PX = 128; // of scrolling, after which other tiles are in the document
const AHEAD_PX = 2000; // photos are read before they are in view
const REST_MS = 120; // photos far from those that were read are read once the list rests
const NOTHING: Layout = { blocks: [], heightPx: 0, widthPx: 0 };

interface Props {
  list: PhotoList;
  /** Whether the photos stand under headings, with a scrubber beside them. */
  months?: boolean;
  /** Shown instead of a list without photos. */
  empty: ComponentChildren;
}

/** The part of the list for which there are tiles, from the top of the list. */
interface Range {
  fromPx: number;
  toPx: number;
}

/** What stays in its place when photos above it are read, or when the width changes. */
interface Anchor {
  /** Of its block. */
  key: string;
  /** The first photo of a row; absent for a heading, and where photos have not been read. */
  path: string | undefined;
  /** The top of the window, from the top of the list. */
  topPx: number;
  /** How much of the row, or of the block, is above the window. */
  share: number;
}

/** Photos in rows. The document has those in and near the window, and others are read as the person scrolls. */
export function Grid({ list, months = false, empty }: Props) {
  const app = useApp();
  const place = useRef<HTMLDivElement>(null);
  const widthPx = useSignal(0);
  const scale = useSignal(1); // of the text
  const range = useSignal<Range>({ fromPx: 0, toPx: 0 });
  const here = useSignal(""); // the block at the top of the window
  const focused = useSignal<string | undefined>(undefined); // its row stays in the document
  const anchor = useRef<Anchor | undefined>(undefined);
  const aimed = useRef<string | undefined>(undefined); // the block that the scrubber went to
  const wanted = useRef<string | undefined>(undefined); // a photo to be focused once it is in the document

  const rowPx = (widthPx.value < 600 ? 128 : 208) * scale.value;
  const headingPx = months ? HEADING_PX * scale.value : 0;
  const typesetter = useMemo(() => new Typesetter(), [list]);
  const sections = list.sections.value;
  const layout = useMemo(
    () => (widthPx.value > 0 ? typesetter.layout(sections, { widthPx: widthPx.value, rowPx, gapPx: GAP_PX, headingPx }) : NOTHING),
    [typesetter, sections, widthPx.value, rowPx, headingPx],
  );
  const latest = useRef(layout);

  const topPx = () => -(place.current?.getBoundingClientRect().top ?? 0) + barPx();
  const follow = useMemo(
    () => () => {
      if (!place.current) return;
      const top = topPx();
      const fromPx = Math.floor((top - AROUND_PX) / STEP_PX) * STEP_PX;
      const toPx = Math.ceil((top + innerHeight + AROUND_PX) / STEP_PX) * STEP_PX;
      if (fromPx !== range.peek().fromPx || toPx !== range.peek().toPx) range.value = { fromPx, toPx };
      // It stays the same until the person scrolls: a window that gets narrow and wide again shows the same photos.
      const isLaidOut = place.current.clientWidth === latest.current.widthPx;
      const isScrolled = Math.abs(top - (anchor.current?.topPx ?? 0)) > 1;
      if (isLaidOut && isScrolled) anchor.current = top > 0 ? anchorAt(latest.current, top) : undefined;
      // At the end of the page, the last blocks cannot be at the top of the window.
      const isAtEnd = top > 0 && scrollY + innerHeight >= document.documentElement.scrollHeight - 2;
      const { blocks } = latest.current;
      const last = isAtEnd ? (blocks.find(({ key }) => key === aimed.current) ?? blocks.at(-1)) : undefined;
      if (!isAtEnd) aimed.current = undefined;
      const block = last ?? blockAt(latest.current, Math.max(top, 0) + 1);
      here.value = block?.key ?? "";
      const open = openSpot(latest.current);
      list.look((open?.block ?? block)?.section.key ?? "");
    },
    [list],
  );

  useLayoutEffect(() => {
    app.list.value = list;
    const measure = () => {
      scale.value = Math.max(1, parseFloat(getComputedStyle(document.documentElement).fontSize) / TEXT_PX);
      widthPx.value = place.current?.clientWidth ?? 0;
      document.documentElement.style.setProperty("--bar", `${barPx()}px`);
      follow();
    };
    const resized = new ResizeObserver(measure);
    resized.observe(place.current!);
    addEventListener("scroll", follow, { passive: true });
    addEventListener("resize", measure);
    measure();
    return () => {
      resized.disconnect();
      removeEventListener("scroll", follow);
      removeEventListener("resize", measure);
    };
  }, [list]);

  useLayoutEffect(() => {
    const kept = anchor.current;
    const before = latest.current;
    latest.current = layout;
    const isOtherWidth = before.widthPx !== layout.widthPx;
    const wantedPx = kept && pxOf(layout, before, kept);
    if (kept && wantedPx !== undefined) {
      const movedPx = wantedPx - (isOtherWidth ? topPx() : kept.topPx); // what is above the list changes with the width
      if (movedPx !== 0) scrollBy({ top: movedPx, behavior: "instant" });
      anchor.current = { ...kept, topPx: wantedPx };
    }
    follow();
  }, [layout]);

  useSelecting(place);

  const { photo } = route.value;
  useLayoutEffect(() => {
    const open = openSpot(latest.current); // the list follows the photos that are opened over it
    if (open && !isShown(open)) scrollToSpot(open);
    follow();
  }, [photo]);

  const isFailed = list.state.value === "failed";
  const next = isFailed ? undefined : toRead(layout, range.value);
  useEffect(() => {
    if (!next) return;
    if (next.first !== undefined || layout.blocks[0] === next) {
      void list.readOn(next.section.key);
      return;
    }
    const timer = setTimeout(() => void list.readOn(next.section.key), REST_MS);
    return () => clearTimeout(timer);
  }, [list, sections, list.state.value, next?.key, range.value]);

  useLayoutEffect(() => {
    const tile = wanted.current === undefined ? undefined : tileOf(wanted.current);
    if (!tile) return;
    wanted.current = undefined;
    tile.focus();
  });

  function tileOf(path: string): HTMLElement | null {
    const address = href({ ...route.peek(), photo: path });
    return place.current?.querySelector(`a.tile[href="${CSS.escape(address)}"]`) ?? null;
  }

  function isShown({ block, row }: Spot): boolean {
    const top = block.topPx + row.topPx - topPx();
    return top + row.heightPx > headingPx && top < innerHeight - barPx();
  }

  function scrollToSpot({ block, row }: Spot): void {
    const roomPx = innerHeight - barPx() - headingPx;
    goTo(block.topPx + row.topPx - headingPx - Math.max(0, (roomPx - row.heightPx) / 2));
  }

  /** Scroll so that a height of the list is at the top of the window. */
  function goTo(px: number): void {
    scrollBy({ top: px - topPx(), behavior: "instant" });
    follow();
  }

  function jump({ key, topPx: px }: Block): void {
    aimed.current = key;
    goTo(px);
  }

  /** Left and right move to the neighbor, up and down to the nearest photo of the next row. */
  function moveByArrows(event: KeyboardEvent): void {
    const way = ({ ArrowLeft: "left", ArrowRight: "right", ArrowUp: "up", ArrowDown: "down" } as const)[event.key];
    const path = pathOf(event.target);
    if (way === undefined || path === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
    const spot = find(layout, path);
    const card = spot && beside(layout, spot, way, GAP_PX);
    if (!card) return;
    event.preventDefault();
    const tile = tileOf(card.path);
    if (tile) {
      tile.focus();
      return;
    }
    wanted.current = card.path;
    const to = find(layout, card.path);
    if (to) scrollToSpot(to);
  }

  const cards = sections.some((section) => section.cards.length > 0);
  const { fromPx, toPx } = range.value;
  const kept = focused.value === undefined ? undefined : find(layout, focused.value);
  const blocks = new Set(inView(layout.blocks, fromPx, toPx));
  if (kept) blocks.add(kept.block);
  const grid = (
    <div
      class={months ? "grid months" : "grid"}
      ref={place}
      onKeyDown={moveByArrows}
      onFocusIn={({ target }) => (focused.value = pathOf(target))}
      onFocusOut={() => (focused.value = undefined)}
      style={{ minHeight: `${layout.heightPx}px`, "--row": `${rowPx}px` }}
    >
      {[...blocks].filter(({ heightPx }) => heightPx > 0).map((block) => (
        <Photos key={block.key} block={block} fromPx={fromPx - block.topPx} toPx={toPx - block.topPx} kept={kept?.row} headingPx={headingPx} />
      ))}
      {list.state.value === "done" && !cards && empty}
      {!cards && list.state.value === "loading" && <p class="unseen">{t("Loading…")}</p>}
      {isFailed && (
        <div class="not-read">
          <Failure message={list.error} onRetry={list.again} />
        </div>
      )}
    </div>
  );
  const scrubber = useMemo(() => <Scrubber layout={layout} here={here} onJump={jump} />, [layout]);
  if (!months) return grid;
  return (
    <div class="beside-scrubber">
      {grid}
      {scrubber}
    </div>
  );
}

interface PhotosProps {
  block: Block;
  fromPx: number;
  toPx: number;
  kept: PlacedRow | undefined;
  headingPx: number;
}

/** The rows of a block that are in or near the window, and its heading. */
function Photos({ block, fromPx, toPx, kept, headingPx }: PhotosProps) {
  const rows = new Set(inView(block.rows, fromPx, toPx));
  if (kept && block.rows.includes(kept)) rows.add(kept);
  return (
    <div class="block" style={{ top: `${block.topPx}px`, height: `${block.heightPx}px` }}>
      {headingPx > 0 && <Heading block={block} heightPx={headingPx} />}
      {[...rows].map((row) => (
        <TileRow key={row.tiles[0]?.item.path} row={row} />
      ))}
      {block.heightPx > block.unreadPx && (
        <div class="unread" style={{ top: `${block.unreadPx}px`, height: `${block.heightPx - block.unreadPx}px` }} />
      )}
    </div>
  );
}

function Heading({ block, heightPx }: { block: Block; heightPx: number }) {
  return (
    <div class="heading" style={{ height: `${heightPx}px` }}>
      <h2 class="month" dir="auto">
        {blockName(block)}
      </h2>
      {block.first && <MonthCheck card={block.first} />}
    </div>
  );
}

/** A row is drawn again only if it is another one. */
class TileRow extends Component<{ row: PlacedRow }> {
  override shouldComponentUpdate({ row }: { row: PlacedRow }): boolean {
    return row !== this.props.row;
  }

  override render({ row: { tiles, topPx, heightPx } }: { row: PlacedRow }) {
    return (
      <ul class="row" style={{ top: `${topPx}px`, height: `${heightPx}px` }}>
        {tiles.map(({ item, widthPx }) => (
          <li key={item.path} style={{ width: `${widthPx}px` }}>
            <Tile card={item} heightPx={heightPx} />
          </li>
        ))}
      </ul>
    );
  }
}

/** The block to read next: in the window, else below it, else as far above it as is read ahead. */
function toRead({ blocks }: Layout, { fromPx, toPx }: Range): Block | undefined {
  const open = (from: number, to: number) =>
    inView(blocks, from - 1, to + 1).filter(
      ({ isOpen, topPx, unreadPx, heightPx }) => isOpen && topPx + unreadPx <= to && topPx + heightPx >= from,
    );
  return open(fromPx + AROUND_PX, toPx - AROUND_PX)[0] ?? open(fromPx, toPx + AHEAD_PX)[0] ?? open(fromPx - AHEAD_PX, toPx)[0];
}

function openSpot(layout: Layout): Spot | undefined {
  const { photo } = route.peek();
  return photo === undefined ? undefined : find(layout, photo);
}

/** What is at a height: the first photo of a row, or the heading of a block. */
function anchorAt(layout: Layout, topPx: number): Anchor | undefined {
  const block = blockAt(layout, topPx);
  if (!block) return undefined;
  const insidePx = topPx - block.topPx;
  const row = inView(block.rows, insidePx, block.heightPx)[0];
  const isHeading = !row || (row === block.rows[0] && row.topPx > insidePx);
  return isHeading || insidePx > block.unreadPx
    ? { key: block.key, path: undefined, topPx, share: insidePx / block.heightPx }
    : { key: block.key, path: row.tiles[0]?.item.path, topPx, share: (insidePx - row.topPx) / row.heightPx };
}

/** Where the top of the window has to be in another layout; undefined if the photo is not there any more. */
function pxOf(layout: Layout, before: Layout, { key, path, topPx, share }: Anchor): number | undefined {
  if (path !== undefined) {
    const spot = find(layout, path);
    return spot && spot.block.topPx + spot.row.topPx + share * spot.row.heightPx;
  }
  const block = layout.blocks.find((one) => one.key <= key); // the newest months come first
  const known = before.blocks.find((one) => one.key === key);
  if (!block || !known) return undefined;
  const insidePx = layout.widthPx === before.widthPx ? topPx - known.topPx : share * block.heightPx;
  return block.topPx + insidePx;
}

/** Reads the next page before the end of the list is in view, and shows an error if that fails. */
export function More({ list }: { list: PhotoList<never> | PhotoList }) {
  const place = useRef<HTMLDivElement>(null);
  const state = list.state.value;
  const again = useCallback(() => void list.more(), [list]);

  useEffect(() => {
    if (state !== "idle") return;
    const nearEnd = new IntersectionObserver(
      (entries) => {
        if (entries.some(({ isIntersecting }) => isIntersecting)) void list.more();
      },
      { rootMargin: `${AHEAD_PX}px 0px` },
    );
    nearEnd.observe(place.current!);
    return () => nearEnd.disconnect();
  }, [list, state]);

  return (
    <div ref={place} class="more">
      {state === "loading" && <p class="quiet">{t("Loading…")}</p>}
      {state === "failed" && <Failure message={list.error} onRetry={again} />}
    </div>
  );
}

function pathOf(target: EventTarget | null): string | undefined {
  const tile = target instanceof Element ? target.closest<HTMLAnchorElement>("a.tile") : null;
  const query = tile?.getAttribute("href")?.split("?", 2)[1];
  return new URLSearchParams(query).get("photo") ?? undefined;
}

/** The height of the bar at the top of the window, under which the list scrolls. */
function barPx(): number {
  const bar = document.querySelector<HTMLElement>(".bar");
  return bar && getComputedStyle(bar).position === "sticky" ? bar.offsetHeight : 0;
}
