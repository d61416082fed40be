import { describe, expect, test } from "vitest";
import { MonthList } from "../src/months";
import type { Card } from "../src/records";

const PAGE = 5;

function card(sortTime: string, path = sortTime, precision?: Card["precision"]): Card {
  return { path, sortTime, widthPx: 3, heightPx: 2, ...(precision && { precision }) };
}

/** A table with these photos, and what was asked of it. */
function table(cards: readonly Card[]) {
  const sorted = cards.toSorted((one, other) => (one.sortTime < other.sortTime ? 1 : -1));
  const asked: (string | undefined)[] = [];
  return {
    asked,
    fails: false,
    async page(month: string | undefined, year: string | undefined, after?: Record<string, unknown>) {
      asked.push(month);
      if (this.fails) throw new Error("no");
      const until = (after?.["time_key"] as string | undefined) ?? `${month ?? ""}\uffff`;
      const found = sorted.filter(
        ({ sortTime }) => sortTime.startsWith(year ?? "") && (after ? sortTime < until : month === undefined || sortTime.slice(0, 7) <= month),
      );
      const page = found.slice(0, PAGE);
      return { cards: page, next: found.length > PAGE ? { time_key: page.at(-1)!.sortTime } : undefined };
    },
  };
}

function times(month: string, photos: number): Card[] {
  return Array.from({ length: photos }, (_, index) => card(`${month}-${String(photos - index).padStart(2, "0")}T12:00:00`));
}

const months = { "2021-08": 7, "2021-07": 1, "2020-12": 3, "2019-05": 6, "2019-04": 2 };
const all = Object.entries(months).flatMap(([month, photos]) => times(month, photos));

function shown(list: MonthList) {
  return list.sections.value.map(({ key, cards, isWhole }) => `${key} ${cards.length}${isWhole ? "" : "+"}`);
}

async function readAll(list: MonthList): Promise<void> {
  for (let tries = 0; list.state.value !== "done" && tries < 50; tries++) {
    await list.readOn(list.sections.value.find(({ isWhole }) => !isWhole)!.key);
  }
}

function opened(photos: readonly Card[] = all, year?: string) {
  const rows = table(photos);
  const list = new MonthList(rows, year);
  const first = list.sections.value[0]!.key;
  return { rows, list, first };
}

describe("the months of the timeline", () => {
  test("are found without counts", async () => {
    const { list } = opened();

    await readAll(list);

    expect(shown(list)).toEqual(["2021-08 7", "2021-07 1", "2020-12 3", "2019-05 6", "2019-04 2"]);
    expect(list.cards.value.map(({ path }) => path)).toEqual(all.map(({ path }) => path));
  });

  test("are gone to without reading what is before them", async () => {
    const { list, first, rows } = opened();
    await list.readOn(first);
    list.count(new Map(Object.entries(months)));

    await list.readOn("2019-05");

    expect(rows.asked).toEqual([first, "2019-05"]);
    expect(shown(list)).toEqual(["2021-08 5+", "2021-07 0+", "2020-12 0+", "2019-05 5+", "2019-04 0+"]);
  });

  test("give the photos around the one in view, and none beyond a gap", async () => {
    const { list, first } = opened();
    await list.readOn(first);
    list.count(new Map(Object.entries(months)));
    await list.readOn("2019-05");

    list.look("2019-05");
    expect(new Set(list.cards.value.map(({ path }) => path.slice(0, 7)))).toEqual(new Set(["2019-05"]));
    await list.more();
    expect(list.cards.value).toHaveLength(8);
    expect(list.state.value).toBe("idle");
    list.look("2021-08");
    expect(list.cards.value).toHaveLength(5);
    await readAll(list);
    expect(list.cards.value).toHaveLength(all.length);
  });

  test.each([
    ["too high", { "2021-08": 90, "2020-12": 40 }],
    ["too low", { "2021-08": 1, "2019-05": 2 }],
    ["of months without photos", { ...months, "2020-01": 5, "2022-01": 3, "1999-01": 1 }],
    ["missing", {}],
    ["of years only", { "2020-12": undefined, "2019-12": undefined }],
  ])("are right once they are read, if their counts are %s", async (_, counts) => {
    for (const isEarly of [true, false]) {
      const { list, first } = opened();
      if (!isEarly) await list.readOn(first);
      list.count(new Map(Object.entries<number | undefined>(counts)));

      await readAll(list);

      expect(shown(list)).toEqual(["2021-08 7", "2021-07 1", "2020-12 3", "2019-05 6", "2019-04 2"]);
    }
  });

  test("of a year are no others", async () => {
    const { list } = opened(all, "2019");
    list.count(new Map(Object.entries(months)));

    await readAll(list);

    expect(shown(list)).toEqual(["2019-05 6", "2019-04 2"]);
  });

  test("take new photos, where they belong or are read later", async () => {
    const { list, first } = opened();
    await list.readOn(first);
    list.count(new Map(Object.entries(months)));
    const newest = card("2022-02-02T02:02:02");
    const inGap = card("2020-12-31T00:00:00");
    const among = card("2021-08-06T18:00:00");

    for (const one of [newest, inGap, among]) list.insert(one);

    expect(shown(list)).toEqual(["2022-02 1", "2021-08 6+", "2021-07 0+", "2020-12 0+", "2019-05 0+", "2019-04 0+"]);
    expect(list.sections.value.map(({ photos }) => photos)).toEqual([undefined, 8, 1, 4, 6, 2]);
    list.insert({ ...among, sortTime: "2022-02-01T00:00:00" }); // the same photo, with another date
    expect(shown(list).slice(0, 2)).toEqual(["2022-02 2", "2021-08 5+"]);
  });

  test("lose photos, and disappear without any", async () => {
    const { list } = opened();
    await readAll(list);
    const [only] = list.sections.value[1]!.cards;

    expect(list.remove(only!.path, "nothing")).toEqual([only]);

    expect(shown(list)).toEqual(["2021-08 7", "2020-12 3", "2019-05 6", "2019-04 2"]);
    list.putBack(only!);
    expect(shown(list)).toEqual(["2021-08 7", "2021-07 1", "2020-12 3", "2019-05 6", "2019-04 2"]);
    list.remove(...all.map(({ path }) => path));
    expect(list.sections.value).toEqual([]);
    expect(list.state.value).toBe("done");
    list.insert(only!);
    expect(list.cards.value).toEqual([only]);
  });

  test("count a photo once, whether or not it was read before it is edited", async () => {
    const { list, first } = opened();
    await list.readOn(first);
    list.count(new Map(Object.entries(months)), { isAll: true });
    const counts = () => Object.fromEntries(list.sections.value.map(({ key, photos }) => [key, photos]));
    const unread = times("2019-05", 6)[2]!;

    list.update({ ...unread }, true); // with another title
    expect(counts()).toMatchObject({ "2019-05": 6 });
    const read = list.sections.value[0]!.cards[2]!;
    list.update({ ...read, sortTime: "2020-12-24T18:00:00" }, true);
    expect(counts()).toMatchObject({ "2021-08": 6, "2020-12": 4 });
    list.update({ ...read, sortTime: "2003-03-03T03:03:03" }, true); // a month without photos, far below
    expect(counts()).toMatchObject({ "2020-12": 3, "2003-03": 1 });
    list.remove(read.path);
    expect(counts()).not.toHaveProperty("2003-03");
  });

  test("disappear if a new count has none of them", async () => {
    const { list, first } = opened();
    await list.readOn(first);
    list.count(new Map(Object.entries(months)), { isAll: true });

    list.count(new Map(Object.entries({ "2021-08": 7, "2020-12": 2 })), { isAll: true });

    expect(list.sections.value.map(({ key, photos }) => [key, photos])).toEqual([["2021-08", 7], ["2020-12", 2]]);
  });

  test("say what failed, and read it again", async () => {
    const { list, first, rows } = opened();
    rows.fails = true;
    await list.readOn(first);
    expect([list.state.value, list.error]).toEqual(["failed", "no"]);

    rows.fails = false;
    list.again();
    await expect.poll(() => list.state.value).toBe("idle");

    expect(list.cards.value).toHaveLength(PAGE);
  });

  test("far away are forgotten, and read again", async () => {
    const many = Array.from({ length: 40 }, (_, month) => {
      const key = `${2000 + Math.floor(month / 12)}-${String(1 + (month % 12)).padStart(2, "0")}`;
      return Array.from({ length: 400 }, (_, index) => card(`${key}-10T00:${String(Math.floor(index / 60)).padStart(2, "0")}:${String(index % 60).padStart(2, "0")}`));
    }).flat();
    const { list, first } = opened(many);
    const pages = { page: async (month: string | undefined) => ({ cards: many.filter(({ sortTime }) => sortTime.slice(0, 7) === month), next: month === "2000-01" ? undefined : { time_key: "" } }) };
    Object.assign(list, { gallery: pages });
    list.count(new Map(many.map(({ sortTime }) => [sortTime.slice(0, 7), 400])));
    for (const { key } of list.sections.value) {
      if (key === first) continue;
      list.look(key);
      await list.readOn(key);
    }

    const kept = list.sections.value.reduce((sum, { cards }) => sum + cards.length, 0);

    expect(kept).toBeLessThanOrEqual(8000);
    expect(list.sections.value.filter(({ key }) => key !== first).every(({ photos }) => photos === 400)).toBe(true);
  });

  test("have photos of a year after those of its first month", async () => {
    const scans = [card("1965-01-01T00:00:00", "year", "year"), card("1965-01-01T00:00:00", "month", "month"), card("1965-01-20T10:00:00", "time")];
    const { list } = opened(scans);

    await readAll(list);

    expect(list.cards.value.map(({ path }) => path)).toEqual(["time", "month", "year"]);
  });
});
