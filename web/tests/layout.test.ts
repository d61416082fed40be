import { describe, expect, test } from "vitest";
import { beside, blockAt, find, inView, stopsOf, Typesetter, type Measures } from "../src/layout";
import type { Section } from "../src/lists";
import type { Card } from "../src/records";

const MEASURES: Measures = { widthPx: 1000, rowPx: 200, gapPx: 4, headingPx: 40 };

function cards(month: string, number: number, precision?: Card["precision"]): Card[] {
  return Array.from({ length: number }, (_, index) => ({
    path: `${month}/${precision ?? ""}${index}`,
    sortTime: `${month}-01T00:00:00`,
    widthPx: 200 + ((index * 7919) % 101) * 5,
    heightPx: 300,
    ...(precision && { precision }),
  }));
}

function section(key: string, read: number, photos = read, isWhole = read === photos): Section {
  return { key, cards: cards(key, read), isWhole, photos };
}

const sections = [section("2021-08", 40), section("2021-07", 12, 50), section("2021-06", 0, 30), section("2021-05", 7)];

describe("the layout of a list", () => {
  test("has blocks and rows without gaps or overlaps", () => {
    const { blocks, heightPx } = new Typesetter().layout(sections, MEASURES);

    let topPx = 0;
    for (const block of blocks) {
      expect(block.topPx).toBe(topPx);
      topPx += block.heightPx;
      let rowTopPx = 40;
      for (const row of block.rows) {
        expect(row.topPx).toBe(rowTopPx);
        rowTopPx += row.heightPx + 4;
      }
      expect(block.unreadPx).toBe(rowTopPx);
    }
    expect(heightPx).toBe(topPx);
    expect(blocks.map(({ isOpen }) => isOpen)).toEqual([false, true, true, false]);
  });

  test("gives unread photos about the room that they take", () => {
    const lay = (read: number, isWhole: boolean) => new Typesetter().layout([section("2021-08", read, 1000, isWhole)], MEASURES).heightPx;

    expect(lay(0, false) / lay(1000, true)).toBeGreaterThan(0.7);
    expect(lay(0, false) / lay(1000, true)).toBeLessThan(1.4);
  });

  test("is the same, whether the photos came in one page or in several", () => {
    const all = cards("2021-08", 300);
    const typesetter = new Typesetter();
    for (const read of [100, 101, 250]) typesetter.layout([{ key: "", cards: all.slice(0, read), isWhole: false }], MEASURES);
    const [first, ...others] = all;
    const changed = [first!, ...others.slice(0, 50), ...others.slice(51)];

    for (const list of [all, changed, [...changed, ...cards("2020-01", 3)]]) {
      const grown = typesetter.layout([{ key: "", cards: list, isWhole: true }], MEASURES);

      expect(grown).toEqual(new Typesetter().layout([{ key: "", cards: list, isWhole: true }], MEASURES));
    }
  });

  test("keeps the rows of sections that have not changed", () => {
    const typesetter = new Typesetter();
    const before = typesetter.layout(sections, MEASURES);
    const after = typesetter.layout([section("2022-01", 3), ...sections], MEASURES);

    expect(after.blocks[1]!.rows).toBe(before.blocks[0]!.rows);
    expect(typesetter.layout(sections, { ...MEASURES, widthPx: 500 }).blocks[0]!.rows).not.toBe(before.blocks[0]!.rows);
  });

  test("has a heading of its own for photos of which the year alone is known", () => {
    const mixed: Section = { key: "1965-01", cards: [...cards("1965-01", 2, "month"), ...cards("1965-01", 3, "year")], isWhole: true };
    const only: Section = { key: "1964-01", cards: cards("1964-01", 3, "year"), isWhole: true };

    const { blocks } = new Typesetter().layout([mixed, only], MEASURES);

    expect(blocks.map(({ key, first, photos }) => [key, first?.precision, photos])).toEqual([
      ["1965-01", "month", 2],
      ["1965-01 year", "year", 3],
      ["1964-01", "year", 3],
    ]);
  });

  test("has few rows in view, however long the list is", () => {
    const long = Array.from({ length: 120 }, (_, month) => section(`${2020 - Math.floor(month / 12)}-${month}`, 400));
    const { blocks, heightPx } = new Typesetter().layout(long, MEASURES);
    for (let px = 0; px < heightPx; px += 9973) {
      const rows = inView(blocks, px, px + 3000).flatMap((block) => inView(block.rows, px - block.topPx, px + 3000 - block.topPx));
      expect(rows.length).toBeLessThan(30);
      expect(rows.length).toBeGreaterThan(0);
    }
  });

  test("is walked from photo to photo, and not over what is unread", () => {
    const layout = new Typesetter().layout(sections, MEASURES);
    const all = [...sections[0]!.cards];
    let here = find(layout, all[0]!.path)!;
    for (const next of all.slice(1)) {
      const card = beside(layout, here, "right", 4)!;
      expect(card.path).toBe(next.path);
      here = find(layout, card.path)!;
    }
    expect(beside(layout, here, "right", 4)?.path).toBe("2021-07/0");
    expect(beside(layout, here, "down", 4)?.path).toMatch(/^2021-07/);
    expect(beside(layout, find(layout, "2021-07/11")!, "right", 4)).toBeUndefined();
    expect(beside(layout, find(layout, "2021-05/0")!, "left", 4)).toBeUndefined();
    expect(beside(layout, find(layout, all[0]!.path)!, "up", 4)).toBeUndefined();
  });

  test("gives each month a place on the scrubber, in order", () => {
    const layout = new Typesetter().layout([{ key: "9999-99", cards: [], isWhole: false }, ...sections], MEASURES);
    const stops = stopsOf(layout);

    expect(stops.map(({ block }) => block.key)).toEqual(sections.map(({ key }) => key));
    expect(stops[0]!.at).toBe(0);
    for (const [index, { at }] of stops.entries()) if (index > 0) expect(at - stops[index - 1]!.at).toBeGreaterThan(0.04);
    expect(stops.at(-1)!.at).toBeLessThan(0.96);
    expect(blockAt(layout, 1e9)?.key).toBe("2021-05");
  });
});
