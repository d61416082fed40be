/**
 * Where the photos of a list are on the page, whether or not they are in the document.
 *
 * Sizes are computed, never measured: a library for windows of measured rows would have nothing to do.
 */

import { justify, type Row } from "./justify";
import type { Section } from "./lists";
import type { Card } from "./records";

const ASPECT = 1.4; // of a photo that has not been read
const UNCOUNTED = 24; // photos of a section that has neither photos nor a count
const EVEN = 0.2; // of the scrubber is shared by all blocks alike: a month of few photos can be hit

export interface Measures {
  widthPx: number;
  /** The largest height of a row. */
  rowPx: number;
  gapPx: number;
  /** Of a heading; 0 in a list without them. */
  headingPx: number;
}

export interface PlacedRow extends Row<Card> {
  /** From the top of the block. */
  topPx: number;
}

/** Photos with the same heading. */
export interface Block {
  key: string;
  section: Section;
  /** The first photo under the heading; absent if none has been read. */
  first: Card | undefined;
  /** From the top of the list. */
  topPx: number;
  heightPx: number;
  rows: readonly PlacedRow[];
  /** How many photos it has; undefined if that is not known. */
  photos: number | undefined;
  /** From the top of the block: where photos have not been read. As high as the block if all have. */
  unreadPx: number;
  /** Whether there is more to read at the end of the block. */
  isOpen: boolean;
}

export interface Layout {
  blocks: readonly Block[];
  heightPx: number;
  widthPx: number;
}

export interface Spot {
  block: Block;
  row: PlacedRow;
  /** The place of the photo in the row. */
  tile: number;
}

type Part = Pick<Block, "rows"> & { cards: readonly Card[]; endPx: number };

/** Lays out lists. The parts of a list that have not changed are not laid out again. */
export class Typesetter {
  private known = new Map<string, Part>();
  private measures = "";

  layout(sections: readonly Section[], measures: Measures): Layout {
    const { headingPx, rowPx, gapPx, widthPx } = measures;
    const wanted = JSON.stringify(measures);
    if (wanted !== this.measures) this.known.clear();
    this.measures = wanted;
    const usualPx = Math.round((rowPx * widthPx) / (widthPx + (ASPECT * rowPx) / 2)); // a row ends with half a photo too many
    const blocks: Block[] = [];
    const parts = new Map<string, Part>();
    let topPx = 0;
    for (const section of sections) {
      const groups = headingPx > 0 ? byHeading(section.cards) : [section.cards];
      for (const [index, cards] of groups.entries()) {
        const key = index === 0 ? section.key : `${section.key} ${cards[0]?.precision}`;
        const part = this.part(key, cards, measures);
        parts.set(key, part);
        const isOpen = index === groups.length - 1 && !section.isWhole;
        const unread = isOpen ? unreadOf(section) : 0;
        // What is before the first page moves nothing down: it is almost always nothing.
        const isBeforeAll = section.key.endsWith("-99") && cards.length === 0 && sections.length > 1;
        const heightPx = isBeforeAll ? 0 : part.endPx + Math.ceil((unread * ASPECT * usualPx) / widthPx) * (usualPx + gapPx);
        const photos = section.isWhole ? cards.length : groups.length === 1 ? section.photos : undefined;
        blocks.push({ key, section, first: cards[0], topPx, heightPx, rows: part.rows, photos, unreadPx: Math.min(part.endPx, heightPx), isOpen });
        topPx += heightPx;
      }
    }
    this.known = parts;
    return { blocks, heightPx: topPx, widthPx };
  }

  private part(key: string, cards: readonly Card[], { headingPx, ...measures }: Measures): Part {
    const before = this.known.get(key);
    if (before?.cards === cards) return before;
    const kept = before && beginsWith(cards, before.cards) ? before.rows.slice(0, -1) : []; // the last row may get more
    const done = kept.reduce((sum, { tiles }) => sum + tiles.length, 0);
    const rows: PlacedRow[] = [...kept];
    const last = kept.at(-1);
    let topPx = last ? last.topPx + last.heightPx + measures.gapPx : headingPx;
    for (const row of justify(done > 0 ? cards.slice(done) : cards, shapeOf, measures)) {
      rows.push({ ...row, topPx });
      topPx += row.heightPx + measures.gapPx;
    }
    return { cards, rows, endPx: topPx };
  }
}

/** The part of a list between two heights, from the top of the list. */
export function inView<T extends { topPx: number; heightPx: number }>(
  all: readonly T[],
  fromPx: number,
  toPx: number,
): readonly T[] {
  const first = firstIndex(all, ({ topPx, heightPx }) => topPx + heightPx > fromPx);
  const end = firstIndex(all, ({ topPx }) => topPx >= toPx);
  return all.slice(first, Math.max(first, end));
}

/** The block at a height; the last one below the list. */
export function blockAt({ blocks }: Layout, px: number): Block | undefined {
  return blocks[Math.min(firstIndex(blocks, ({ topPx, heightPx }) => topPx + heightPx > px), blocks.length - 1)];
}

/** Where a photo is. */
export function find({ blocks }: Layout, path: string): Spot | undefined {
  for (const block of blocks) {
    for (const row of block.rows) {
      const tile = row.tiles.findIndex(({ item }) => item.path === path);
      if (tile >= 0) return { block, row, tile };
    }
  }
  return undefined;
}

/** The photo beside another one, in reading order, or the nearest one above or below it. */
export function beside(layout: Layout, { block, row, tile }: Spot, way: "left" | "right" | "up" | "down", gapPx: number): Card | undefined {
  const step = way === "left" || way === "up" ? -1 : 1;
  const isInRow = way === "left" || way === "right";
  const same = isInRow ? row.tiles[tile + step]?.item : undefined;
  if (same) return same;
  const next = block.rows[block.rows.indexOf(row) + step] ?? rowBeyond(layout, block, step);
  if (!next) return undefined;
  if (isInRow) return next.tiles.at(step < 0 ? -1 : 0)?.item;
  const middle = middles(row, gapPx)[tile] ?? 0;
  const others = middles(next, gapPx).map((one) => Math.abs(one - middle));
  return next.tiles[others.indexOf(Math.min(...others))]?.item;
}

/** The last row of the block before, or the first one of the block after. Photos between may have to be read. */
function rowBeyond({ blocks }: Layout, block: Block, step: 1 | -1): PlacedRow | undefined {
  const next = blocks[blocks.indexOf(block) + step];
  const upper = step < 0 ? next : block;
  return upper?.isOpen ? undefined : next?.rows.at(step < 0 ? -1 : 0);
}

function middles({ tiles }: PlacedRow, gapPx: number): number[] {
  let left = 0;
  return tiles.map(({ widthPx }) => {
    const middle = left + widthPx / 2;
    left += widthPx + gapPx;
    return middle;
  });
}

/** Photos of which the year alone is known follow those of its first month. */
function byHeading(cards: readonly Card[]): readonly (readonly Card[])[] {
  const years = cards.findIndex(({ precision }) => precision === "year");
  return years <= 0 ? [cards] : [cards.slice(0, years), cards.slice(years)];
}

function unreadOf({ cards, photos }: Section): number {
  if (photos === undefined) return cards.length === 0 ? UNCOUNTED : 0;
  return Math.max(photos - cards.length, 0);
}

function beginsWith(cards: readonly Card[], others: readonly Card[]): boolean {
  return others.length > 0 && others.every((card, index) => card === cards[index]);
}

function shapeOf({ widthPx, heightPx }: Card): number {
  return widthPx / heightPx;
}

/** The first element for which a condition holds that holds for all after it. */
function firstIndex<T>(all: readonly T[], holds: (one: T) => boolean): number {
  let [low, high] = [0, all.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (holds(all[middle]!)) high = middle;
    else low = middle + 1;
  }
  return low;
}


/** The places of the blocks along a scrubber, 0 to 1: by their heights, but none without room. */
export function stopsOf({ blocks }: Layout): { block: Block; at: number }[] {
  const shown = blocks.filter(({ key }) => !key.endsWith("-99")); // before the first page
  const even = EVEN / Math.max(shown.length, 1);
  const total = Math.max(shown.reduce((sum, block) => sum + block.heightPx, 0), 1);
  let at = 0;
  return shown.map((block) => {
    const stop = { block, at };
    at += even + (1 - EVEN) * (block.heightPx / total);
    return stop;
  });
}
