import { useSignal, type ReadonlySignal } from "@preact/signals";
import { useLayoutEffect, useMemo, useRef } from "preact/hooks";
import { t } from "../language";
import { stopsOf, type Block, type Layout } from "../layout";
import { monthInWords } from "../words";
import "./scrubber.css";

const LABEL_REM = 1.6; // between two years

interface Props {
  layout: Layout;
  /** The key of the block at the top of the window. */
  here: ReadonlySignal<string>;
  onJump: (block: Block) => void;
}

/**
 * A slider along the edge that goes to a month. The newest month is at the top.
 *
 * Source: https://www.w3.org/WAI/ARIA/apg/patterns/slider/
 */
export function Scrubber({ layout, here, onJump }: Props) {
  const track = useRef<HTMLDivElement>(null);
  const heightPx = useSignal(0);
  const isHeld = useSignal(false);
  const pointed = useSignal<number | undefined>(undefined); // a stop, by the pointer
  const stops = useMemo(() => stopsOf(layout), [layout]);
  const now = Math.max(stops.findIndex(({ block }) => block.key === here.value), 0);

  useLayoutEffect(() => {
    const element = track.current!;
    const measure = () => (heightPx.value = element.clientHeight);
    const resized = new ResizeObserver(measure);
    resized.observe(element);
    measure();
    return () => resized.disconnect();
  }, []);

  function stopAt(y: number): number {
    const share = (y - (track.current?.getBoundingClientRect().top ?? 0)) / Math.max(heightPx.peek(), 1);
    return Math.max(stops.findLastIndex(({ at }) => at <= share), 0);
  }

  function jump(stop: number): void {
    const { block } = stops[Math.min(Math.max(stop, 0), stops.length - 1)]!;
    if (block.key !== here.peek()) onJump(block);
  }

  function moved(event: PointerEvent): void {
    pointed.value = stopAt(event.clientY);
    if (isHeld.peek()) jump(pointed.value);
  }

  function keyed(event: KeyboardEvent): void {
    const year = (step: -1 | 1) => {
      const { key } = stops[now]!.block;
      const others = stops.map(({ block }, index) => ({ index, year: block.key.slice(0, 4) }));
      const found = step > 0 ? others.find((one) => one.index > now && one.year < key.slice(0, 4)) : others.findLast((one) => one.index < now && one.year > key.slice(0, 4));
      return found?.index ?? (step > 0 ? stops.length - 1 : 0);
    };
    const steps: Record<string, () => number> = {
      ArrowUp: () => now - 1,
      ArrowRight: () => now - 1,
      ArrowDown: () => now + 1,
      ArrowLeft: () => now + 1,
      PageUp: () => year(-1),
      PageDown: () => year(1),
      Home: () => stops.length - 1, // the lowest value, as of every slider: the oldest month
      End: () => 0,
    };
    const step = Object.hasOwn(steps, event.key) ? steps[event.key] : undefined;
    if (!step || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    pointed.value = undefined;
    jump(step());
  }

  const shown = pointed.value ?? now;
  const rem = typeof document === "undefined" ? 16 : parseFloat(getComputedStyle(document.documentElement).fontSize);
  const years = useMemo(() => yearsOf(stops, heightPx.value, LABEL_REM * rem), [stops, heightPx.value, rem]);
  const isUseful = stops.length > 1;
  return (
    <div class="scrubber">
      <div
        ref={track}
        class={isHeld.value ? "rail held" : "rail"}
        hidden={!isUseful}
        role="slider"
        tabIndex={0}
        aria-label={t("Month")}
        aria-orientation="vertical"
        aria-valuemin={0}
        aria-valuemax={Math.max(stops.length - 1, 0)}
        aria-valuenow={Math.max(stops.length - 1 - now, 0)}
        aria-valuetext={stops[now] && inWords(stops[now].block)}
        onKeyDown={keyed}
        onPointerDown={(event) => {
          if (event.button !== 0) return;
          event.currentTarget.setPointerCapture(event.pointerId);
          isHeld.value = true;
          moved(event);
        }}
        onPointerMove={moved}
        onLostPointerCapture={() => {
          isHeld.value = false;
          pointed.value = undefined;
        }}
        onPointerLeave={() => {
          if (!isHeld.peek()) pointed.value = undefined;
        }}
      >
        {years.map(({ year, at, isNamed }) => (
          <span key={year} class={isNamed ? "year" : "tick"} style={{ top: `${at * 100}%` }} aria-hidden="true">
            {isNamed && year}
          </span>
        ))}
        <span class="hand" style={{ top: `${(stops[now]?.at ?? 0) * 100}%` }} />
        {stops[shown] && (
          <span class={pointed.value === undefined ? "bubble" : "bubble pointed"} style={{ top: `${stops[shown].at * 100}%` }} aria-hidden="true">
            {inWords(stops[shown].block)}
          </span>
        )}
      </div>
    </div>
  );
}

/** Return "August 2021", or "1965" for photos of which the year alone is known. */
export function blockName({ section, first }: Block): string {
  return monthInWords(section.key, first?.precision, "long");
}

/** Return "August 2021, 34 photos". */
function inWords(block: Block): string {
  const month = blockName(block);
  if (block.photos === undefined) return month;
  return `${month}, ${t({ one: "{count} photo", other: "{count} photos" }, { count: block.photos })}`;
}

/** The years along the track, of which those that have room are named. */
function yearsOf(stops: readonly { block: Block; at: number }[], heightPx: number, apartPx: number) {
  const years: { year: string; at: number; isNamed: boolean }[] = [];
  let lastPx = -Infinity;
  for (const { block, at } of stops) {
    const year = block.key.slice(0, 4);
    if (year === years.at(-1)?.year || year === "9999") continue;
    const isNamed = at * heightPx - lastPx >= apartPx && at * heightPx <= heightPx - apartPx / 2;
    if (isNamed) lastPx = at * heightPx;
    years.push({ year, at, isNamed });
  }
  return years;
}
