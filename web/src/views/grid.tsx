import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useCallback, useEffect, useLayoutEffect, useMemo, useRef } from "preact/hooks";
import { useApp } from "../app";
import { justify, type Row } from "../justify";
import type { PhotoList } from "../lists";
import type { Card } from "../records";
import { monthInWords } from "../words";
import { Failure } from "./failure";
import { MonthCheck, useSelecting } from "./selecting";
import { Tile } from "./tile";

const GAP_PX = 4;
const MONTH_PX = 34; // with text of the usual size
const TEXT_PX = 15; // the usual size: 93.75 % of 16 px
const AHEAD_PX = 2000;

interface Props {
  list: PhotoList;
  /** Whether the first photo of each month has the month above it. */
  months?: boolean;
  /** Shown instead of a list without photos. */
  empty: ComponentChildren;
}

/** Photos in rows. More are read as the person scrolls. */
export function Grid({ list, months = false, empty }: Props) {
  const app = useApp();
  const place = useRef<HTMLDivElement>(null);
  const widthPx = useSignal(0);
  const scale = useSignal(1); // of the text: a month needs a wider photo below it if the text is larger
  const cards = list.cards.value;

  useLayoutEffect(() => {
    app.list.value = list;
    const measure = () => {
      widthPx.value = place.current?.clientWidth ?? 0;
      scale.value = Math.max(1, parseFloat(getComputedStyle(document.documentElement).fontSize) / TEXT_PX);
    };
    const resized = new ResizeObserver(measure);
    resized.observe(place.current!);
    measure();
    return () => resized.disconnect();
  }, [list]);

  useSelecting(place);

  const rowPx = (widthPx.value < 600 ? 128 : 208) * scale.value;
  const rows = useMemo(
    () => justify(cards, shapeOf, { widthPx: widthPx.value, rowPx, gapPx: GAP_PX }),
    [cards, widthPx.value, rowPx],
  );
  const firsts = useMemo(() => (months ? firstsOfMonths(cards) : new Set<Card>()), [cards, months]);

  return (
    <div class="grid" ref={place} onKeyDown={moveByArrows}>
      {widthPx.value > 0 && rows.map((row) => <TileRow key={row.tiles[0]?.item.path} row={row} firsts={firsts} monthPx={MONTH_PX * scale.value} />)}
      {list.state.value === "done" && cards.length === 0 && empty}
      <More list={list} />
    </div>
  );
}

/** A month is named above its first photo, within the row: a month of few photos needs no row of its own. */
function TileRow({
  row: { tiles, heightPx },
  firsts,
  monthPx,
}: { row: Row<Card>; firsts: ReadonlySet<Card>; monthPx: number }) {
  const named = tiles.some(({ item }) => firsts.has(item));
  const height = `${heightPx + (named ? monthPx : 0)}px`;
  return (
    <ul class="row" style={{ height, containIntrinsicHeight: height }}>
      {tiles.map(({ item, widthPx }) => (
        <li key={item.path} style={{ width: `${widthPx}px` }}>
          {firsts.has(item) && (
            <div class="month">
              <h2>{monthOf(item)}</h2>
              <MonthCheck card={item} />
            </div>
          )}
          <Tile card={item} heightPx={heightPx} />
        </li>
      ))}
    </ul>
  );
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
      {state === "loading" && <p class="quiet">Loading…</p>}
      {state === "failed" && <Failure message={list.error} onRetry={again} />}
    </div>
  );
}

function shapeOf({ widthPx, heightPx }: Card): number {
  return widthPx / heightPx;
}

function monthOf({ sortTime, precision }: Card): string {
  return monthInWords(sortTime, precision);
}

function firstsOfMonths(cards: readonly Card[]): Set<Card> {
  const months = cards.map(monthOf);
  return new Set(cards.filter((_, index) => months[index] !== months[index - 1]));
}

/** Left and right move to the neighbor, up and down to the nearest photo of the next row. */
function moveByArrows(event: KeyboardEvent): void {
  const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -1, ArrowDown: 1 }[event.key];
  const here = (event.target as Element).closest<HTMLElement>("a.tile");
  if (step === undefined || !here || event.altKey || event.ctrlKey || event.metaKey) return;
  const tiles = [...(event.currentTarget as Element).querySelectorAll<HTMLElement>("a.tile")];
  let next = tiles[tiles.indexOf(here) + step];
  if (event.key === "ArrowUp" || event.key === "ArrowDown") {
    const rows = [...(event.currentTarget as Element).querySelectorAll(".row")];
    const row = rows[rows.indexOf(here.closest(".row")!) + step];
    const middle = (tile: Element) => tile.getBoundingClientRect().left + tile.clientWidth / 2;
    next = [...(row?.querySelectorAll<HTMLElement>("a.tile") ?? [])].sort(
      (one, other) => Math.abs(middle(one) - middle(here)) - Math.abs(middle(other) - middle(here)),
    )[0];
  }
  if (next) {
    event.preventDefault();
    next.focus();
  }
}
