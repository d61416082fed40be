import { describe, expect, test } from "vitest";
import { APART_PX, Clusters } from "../src/clusters";
import { EVERYWHERE, geohashOf, joined, positionOf, rangesOf, without, type Area } from "../src/geohash";
import { App } from "../src/app";
import type { Aws } from "../src/aws";
import { LocatedList, picked } from "../src/located";
import { addressOf, areaOf, eastwards, inWindow, moved, project, unproject, viewAt, viewOf, within, worldPx, zoomed } from "../src/mercator";
import { photoOf, type Photo } from "../src/records";
import { href, parseRoute } from "../src/routes";

/** Numbers that look random, the same in each run. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/** The geohash of a position, by halving: https://en.wikipedia.org/wiki/Geohash */
function geohash(latitude: number, longitude: number): string {
  const bounds = { even: [-180, 180], odd: [-90, 90] } as { even: [number, number]; odd: [number, number] };
  let code = 0;
  for (let bit = 0; bit < 45; bit++) {
    const isLongitude = bit % 2 === 0;
    const [value, range] = isLongitude ? [longitude, bounds.even] : [latitude, bounds.odd];
    const middle = (range[0] + range[1]) / 2;
    code = code * 2 + (value >= middle ? 1 : 0);
    range[value >= middle ? 0 : 1] = middle;
  }
  return geohashOf(code);
}

const codeOf = (text: string) => [...text].reduce((code, one) => code * 32 + "0123456789bcdefghjkmnpqrstuvwxyz".indexOf(one), 0);
const SIZE = { widthPx: 1000, heightPx: 600 };

describe("a geohash", () => {
  test.each([
    ["u4pruydqq", 57.64911, 10.40744], // https://en.wikipedia.org/wiki/Geohash
    ["s00000000", 0, 0],
    ["000000000", -90, -180],
    ["zzzzzzzzz", 90, 180],
  ])("%s is the cell of its position", (text, latitude, longitude) => {
    const found = positionOf(text)!;

    expect(Math.abs(found.latitude - latitude)).toBeLessThan(0.001);
    expect(Math.abs(found.longitude - longitude)).toBeLessThan(0.001);
  });

  test("of any position leads back to it, to 3 m", () => {
    const next = random(1);
    for (let count = 0; count < 500; count++) {
      const [latitude, longitude] = [next() * 180 - 90, next() * 360 - 180];
      const found = positionOf(geohash(latitude, longitude))!;
      expect(Math.abs(found.latitude - latitude)).toBeLessThanOrEqual(90 / 2 ** 22);
      expect(Math.abs(found.longitude - longitude)).toBeLessThanOrEqual(180 / 2 ** 23);
    }
  });

  test.each(["", "u33d", "u33dc0cpa", "u33dc0cpkk", "U33DC0CPK"])("is not %o", (text) => {
    expect(positionOf(text)).toBeUndefined();
  });
});

describe("the ranges of an area", () => {
  const has = (ranges: { from: number; to: number }[], latitude: number, longitude: number) => {
    const code = codeOf(geohash(latitude, longitude));
    return ranges.some(({ from, to }) => from <= code && code <= to);
  };

  test("are at most four, in order, and have every position in it", () => {
    const next = random(2);
    for (let count = 0; count < 300; count++) {
      const west = next() * 360 - 180;
      const south = next() * 180 - 90;
      const area: Area = { west, east: west + 360 * next() ** 4, south, north: Math.min(90, south + 180 * next() ** 4) };

      const ranges = rangesOf(area);

      expect(ranges.length).toBeLessThanOrEqual(4);
      expect(joined(ranges)).toEqual(ranges);
      for (let point = 0; point < 20; point++) {
        const longitude = area.west + (area.east - area.west) * next();
        const latitude = area.south + (area.north - area.south) * next();
        expect(has(ranges, latitude, longitude > 180 ? longitude - 360 : longitude)).toBe(true);
      }
    }
  });

  test("across the antimeridian are on both sides, and not around the world", () => {
    for (const area of [
      { west: 178, east: 182, south: -18, north: -16 },
      { west: -182, east: -178, south: -18, north: -16 },
    ]) {
      const ranges = rangesOf(area);

      expect(has(ranges, -17, 179.9)).toBe(true);
      expect(has(ranges, -17, -179.9)).toBe(true);
      expect(has(ranges, -17, 0)).toBe(false);
    }
  });

  test("of a city leave out the next one", () => {
    const ranges = rangesOf({ west: -9.25, east: -9.05, south: 38.65, north: 38.8 });

    expect(has(ranges, 38.71, -9.14)).toBe(true);
    expect(has(ranges, 41.15, -8.61)).toBe(false); // Porto
  });

  test("of the whole world are one", () => {
    expect(rangesOf({ west: -180, east: 180, south: -90, north: 90 })).toEqual([EVERYWHERE]);
    expect(rangesOf({ west: -250, east: 190, south: -90, north: 90 })).toEqual([EVERYWHERE]);
  });

  test("without those that are known have nothing twice, and nothing is missing", () => {
    const next = random(3);
    const some = () =>
      joined(
        Array.from({ length: 4 }, () => {
          const from = Math.floor(next() * 90);
          return { from, to: from + Math.floor(next() * 12) };
        }),
      );
    const members = (ranges: { from: number; to: number }[]) =>
      new Set(ranges.flatMap(({ from, to }) => Array.from({ length: to - from + 1 }, (_, index) => from + index)));
    for (let count = 0; count < 200; count++) {
      const [wanted, known] = [some(), some()];
      const expected = [...members(wanted)].filter((one) => !members(known).has(one));

      expect([...members(without(wanted, known))].sort()).toEqual(expected.sort());
    }
  });
});

describe("the projection", () => {
  test("leads back, and is that of tile servers", () => {
    const next = random(4);
    for (let count = 0; count < 200; count++) {
      const position = { latitude: next() * 170 - 85, longitude: next() * 360 - 180 };
      const found = unproject(project(position.latitude, position.longitude));
      expect(found.latitude).toBeCloseTo(position.latitude, 9);
      expect(found.longitude).toBeCloseTo(position.longitude, 9);
    }
    // https://wiki.openstreetmap.org/wiki/Slippy_map_tilenames
    const { x, y } = project(51.5, -0.0833);
    expect([Math.floor(x * 2 ** 10), Math.floor(y * 2 ** 10)]).toEqual([511, 340]);
  });

  test("has the poles at the edges", () => {
    expect(project(90, 0).y).toBeCloseTo(0, 6);
    expect(project(-90, 0).y).toBeCloseTo(1, 6);
    expect(areaOf(within({ x: 0.5, y: 0, zoom: 3 }, SIZE), SIZE).north).toBe(90);
    expect(areaOf(within({ x: 0.5, y: 1, zoom: 3 }, SIZE), SIZE).south).toBe(-90);
  });
});

describe("a view", () => {
  test("shows nothing but the world, wherever it is moved", () => {
    const next = random(5);
    let view = within({ x: 0.5, y: 0.5, zoom: 0 }, SIZE);
    for (let count = 0; count < 300; count++) {
      view = next() < 0.5 ? moved(view, SIZE, (next() - 0.5) * 3000, (next() - 0.5) * 3000) : zoomed(view, SIZE, (next() - 0.5) * 8);
      const half = SIZE.heightPx / worldPx(view.zoom) / 2;
      expect(view.x).toBeGreaterThanOrEqual(0);
      expect(view.x).toBeLessThan(1);
      expect(view.y - half).toBeGreaterThanOrEqual(-1e-9);
      expect(view.y + half).toBeLessThanOrEqual(1 + 1e-9);
      expect(worldPx(view.zoom)).toBeGreaterThanOrEqual(1000 - 1e-6);
    }
  });

  test("is zoomed about a point, which stays where it is", () => {
    const view = within({ x: 0.52, y: 0.33, zoom: 6 }, SIZE);
    const lisbon = project(38.71, -9.14);
    const before = inWindow(view, lisbon);

    const after = inWindow(zoomed(view, SIZE, 1.7, before.x, before.y), lisbon);

    expect(after.x).toBeCloseTo(before.x, 4);
    expect(after.y).toBeCloseTo(before.y, 4);
  });

  test("is found again by its address", () => {
    for (const zoom of [2.3, 7, 12.25, 18]) {
      const view = within({ ...project(38.71234567, -9.14234567), zoom }, SIZE);
      const found = viewAt(addressOf(view))!;
      expect(Math.abs(found.x - view.x) * worldPx(zoom)).toBeLessThan(1);
      expect(Math.abs(found.y - view.y) * worldPx(zoom)).toBeLessThan(1);
      expect(found.zoom).toBeCloseTo(zoom, 2);
    }
    expect(addressOf(within({ ...project(38.7, -9.1), zoom: 8 }, SIZE))).toBe("38.700,-9.100,8");
  });

  test.each([undefined, "", "1,2", "91,0,3", "0,181,3", "a,b,c", "0,0,-1"])("has no address %o", (address) => {
    expect(viewAt(address)).toBeUndefined();
  });

  test("of points on both sides of the antimeridian has both, and is small", () => {
    const points = [project(-17, 179.5), project(-17.5, -179.5)];

    const view = viewOf(points, SIZE);

    expect(view.zoom).toBeGreaterThan(8);
    for (const point of points) expect(Math.abs(inWindow(view, point).x)).toBeLessThan(SIZE.widthPx / 2);
  });
});

describe("clusters", () => {
  const WORLD = { x: 0.5, y: 0.5, halfX: 0.5, halfY: 0.5 };
  const photos = (count: number, seed: number) => {
    const next = random(seed);
    const towns = Array.from({ length: 12 }, () => [next() * 160 - 80, next() * 360 - 180] as const);
    return Array.from({ length: count }, (_, index) => {
      const [latitude, longitude] = towns[index % towns.length]!;
      const near = () => (next() - 0.5) * 10 ** (1 - 4 * next());
      const turned = ((longitude + near() + 540) % 360) - 180;
      return { ...project(latitude + near(), turned), time: index % 97, path: String(index) };
    });
  };

  test("have each photo once, are apart, and show the newest photo", () => {
    const all = photos(300, 6);
    const clusters = new Clusters(all);
    for (const zoom of [0, 5, 14]) {
      const found = clusters.at(zoom, WORLD);
      const members = found.map((one) => clusters.photosOf(one));

      expect(members.flat().length).toBe(all.length);
      expect(new Set(members.flat()).size).toBe(all.length);
      expect(members.map(({ length }) => length)).toEqual(found.map(({ count }) => count));
      for (const [at, one] of found.entries()) {
        expect(one.newest.time).toBe(Math.max(...members[at]!.map(({ time }) => time)));
        expect(members[at]).toContain(one.newest);
      }
      const apart = APART_PX / worldPx(zoom) - 1e-12;
      for (const [at, one] of found.entries()) {
        for (const other of found.slice(at + 1)) {
          expect(Math.hypot(eastwards(one.x, other.x), one.y - other.y)).toBeGreaterThanOrEqual(apart);
        }
      }
    }
  });

  test("do not depend on the order of the photos", () => {
    const all = photos(500, 7);
    const counts = (some: typeof all) =>
      new Clusters(some)
        .at(6, WORLD)
        .map(({ key, count }) => `${key} ${count}`)
        .sort();

    expect(counts(all.toReversed())).toEqual(counts(all));
  });

  test("join photos on both sides of the antimeridian", () => {
    const both = [179.99, -179.99].map((longitude) => ({ ...project(-17, longitude), time: 2020 }));

    expect(new Clusters(both).at(4, WORLD).map(({ count }) => count)).toEqual([2]);
    expect(new Clusters(both).at(18, WORLD)).toHaveLength(2);
  });

  test("stay while the map is moved", () => {
    const all = photos(3000, 8);
    const px = worldPx(7);
    const near = all[0]!;
    const clusters = new Clusters(all);
    const shown = (right: number, made = clusters) => {
      const window = { x: near.x + right / px, y: near.y, halfX: 500 / px, halfY: 300 / px };
      const found = made.at(7, window).filter(({ x, y }) => Math.abs(eastwards(near.x, x)) * px < 300 && Math.abs(y - near.y) * px < 300);
      return found.map(({ key, count }) => `${key} ${count}`).sort();
    };

    const expected = shown(0);
    expect(expected.length).toBeGreaterThan(3);
    for (const right of [-200, -90, 50, 130, 200]) {
      expect(shown(right)).toEqual(expected);
      expect(shown(right, new Clusters(all))).toEqual(expected); // with other surroundings
    }
  });

  test("leave out photos that are elsewhere", () => {
    const all = photos(500, 9);
    const clusters = new Clusters(all);
    const { x, y } = all[3]!;
    const window = { x, y, halfX: 0.001, halfY: 0.001 };

    const inside = all.filter((one) => Math.abs(eastwards(x, one.x)) <= 0.001 && Math.abs(one.y - y) <= 0.001);

    expect(clusters.inside(window)).toEqual(inside);
    expect(clusters.at(12, window).length).toBeLessThan(clusters.at(12, WORLD).length / 2);
  });

  test("of no photo are none", () => {
    expect(new Clusters([]).at(3, WORLD)).toEqual([]);
  });
});

describe("the located photos", () => {
  const WORLD = { west: -180, east: 180, south: -90, north: 90 };
  const LISBON = { west: -9.25, east: -9.05, south: 38.65, north: 38.8 };
  const row = (number: number, latitude: number, longitude: number) => ({
    sk: `geo#${geohash(latitude, longitude)}#2021-08-14T09:31:0${number % 10}#${String(number).padStart(24, "0")}`,
    photo: `photo#Trip/${number}.jpg`,
    thumb: { key: `thumb/${number}`, width_px: 400, height_px: 300 },
  });
  type Asked = { values: Record<string, string>; fields?: readonly string[] };

  function table(rows: ReturnType<typeof row>[], pageRows = 2) {
    const asked: Asked[] = [];
    const state = { fails: false };
    const sorted = rows.toSorted((one, other) => (one.sk < other.sk ? -1 : 1));
    const query = async ({ values, after, fields }: Asked & { after?: Record<string, unknown> | undefined }) => {
      if (state.fails) throw new Error("The request failed");
      asked.push({ values, ...(fields && { fields }) });
      const found = sorted.filter(({ sk }) => sk >= values[":from"]! && sk <= values[":to"]! && sk > String(after?.["sk"] ?? ""));
      const items = found.slice(0, pageRows);
      return { items, ...(found.length > pageRows && { next: { sk: items.at(-1)!.sk } }) };
    };
    return { list: new LocatedList({ query } as never), asked, state };
  }

  const until = async (list: LocatedList, state: string) => {
    while (list.state.value !== state) await Promise.resolve();
  };

  const ROWS = [row(1, 38.71, -9.14), row(2, 38.72, -9.13), row(3, 38.7, -9.2), row(4, 52.5, 13.4), row(5, -17, 179.9)];

  test("of an area are read first, and the others when they are shown", async () => {
    const { list, asked } = table(ROWS);

    list.show(LISBON);
    await until(list, "done");
    expect(list.cards.value.map(({ path }) => path).sort()).toEqual(["Trip/1.jpg", "Trip/2.jpg", "Trip/3.jpg"]);
    expect(list.isWhole).toBe(false);
    const ranges = new Set(asked.map(({ values }) => values[":from"]));
    expect(ranges.size).toBeLessThanOrEqual(4);

    const before = asked.length;
    list.show(LISBON);
    await until(list, "done");
    expect(asked).toHaveLength(before);
    list.show(WORLD);
    await until(list, "done");
    const lisbon = `geo#${geohash(38.71, -9.14)}#`;
    expect(asked.slice(before).some(({ values }) => values[":from"]! <= lisbon && lisbon <= values[":to"]!)).toBe(false);

    expect(list.cards.value.map(({ path }) => path).sort()).toEqual(ROWS.map(({ photo }) => photo.slice(6)));
    expect(list.isWhole).toBe(true);
  });

  test("are read with the parts that the map shows", async () => {
    const { list, asked } = table(ROWS);

    list.show(WORLD);
    await until(list, "done");

    expect(asked[0]!.fields).not.toContain("thumb");
    const [first] = list.cards.value;
    expect(first!.thumb).toMatchObject({ key: expect.stringMatching(/^thumb/), widthPx: 400, heightPx: 300 });
    expect(first!.sortTime).toMatch(/^2021-08-14T/);
  });

  test("go on after an error where they were", async () => {
    const { list, state } = table(ROWS);
    state.fails = true;
    list.show(WORLD);
    await until(list, "failed");

    state.fails = false;
    list.again();
    await until(list, "done");

    expect(list.cards.value).toHaveLength(ROWS.length);
  });

  test("follow edits, deletions and uploads", async () => {
    const { list } = table(ROWS);
    list.show(WORLD);
    await until(list, "done");
    const photo = (path: string, location?: Photo["location"]) => ({ path, sortTime: "", row: {}, ...(location && { location }) }) as unknown as Photo;

    list.remove("Trip/1.jpg", "Trip/5.jpg");
    list.putBack(photo("Trip/5.jpg", { latitude: -17, longitude: 179.9, valid: true }));
    list.update(photo("Trip/2.jpg", { latitude: 10, longitude: 20, valid: true }), true);
    list.update(photo("Trip/3.jpg"), true); // its position was removed
    list.insert(photo("Trip/6.jpg", { latitude: 0, longitude: 0, valid: true }));
    list.insert(photo("Trip/7.jpg"));
    list.insert(photo("Trip/8.jpg", { latitude: 0, longitude: 0, valid: false })); // the receiver had no fix

    const paths = list.cards.value.map(({ path }) => path).sort();
    expect(paths).toEqual(["Trip/2.jpg", "Trip/4.jpg", "Trip/5.jpg", "Trip/6.jpg"]);
    expect(list.cards.value.every(({ x, y }) => x >= 0 && y >= 0)).toBe(true);
    expect(unproject(list.cards.value.find(({ path }) => path === "Trip/2.jpg")!).latitude).toBeCloseTo(10);
  });

  test("leave out rows that have no geohash", async () => {
    const { list } = table([...ROWS, { ...row(8, 1, 1), sk: "geo#u33#2021-08-14T09:31:00#000000000000000000000008" }]);

    list.show(WORLD);
    await until(list, "done");

    expect(list.cards.value).toHaveLength(ROWS.length);
  });
});

test("a list of the map follows moves, edits and deletions", async () => {
  const at = (path: string, latitude: number, more = {}) => {
    const time = `2021-08-14T09:31:0${path.charCodeAt(0) % 10}`;
    const location = { latitude, longitude: -9.1, gps_valid: true };
    const photo = photoOf({ sk: `photo#${path}`, status: "READY", sort_time: time, location, ...more });
    return { ...photo, ...project(latitude, -9.1), time: 0 };
  };
  const app = new App({} as Aws);
  const photos = ["a.jpg", "b.jpg", "c.jpg", "d.jpg"].map((path) => at(path, 38.7));
  const { list } = picked(app, photos, { ...project(38.7, -9.1), halfX: 0, halfY: 0 }, "Lisbon");
  while (list.state.value !== "done") await Promise.resolve();
  const paths = () => list.cards.value.map(({ path }) => path);

  expect(paths()).toEqual(["c.jpg", "b.jpg", "a.jpg", "d.jpg"]);
  app.moved("d.jpg", at("Trip/d.jpg", 38.70001, { sort_time: "2020-01-01T00:00:00" }));
  expect(paths()).toEqual(["c.jpg", "b.jpg", "a.jpg", "Trip/d.jpg"]);
  app.moved("e.jpg", at("b.jpg", 38.7, { title: "Edited" }));
  expect(list.cards.value[1]).toMatchObject({ title: "Edited" });
  app.moved("e.jpg", at("c.jpg", 38.8)); // its position was edited
  app.moved("e.jpg", at("a.jpg", 38.7, { location: undefined })); // or removed
  expect(paths()).toEqual(["b.jpg", "Trip/d.jpg"]);
  app.moved("e.jpg", at("a.jpg", 38.7));
  expect(paths()).toEqual(["b.jpg", "a.jpg", "Trip/d.jpg"]);
});

test("the address of the map has its part and the open photo", () => {
  const address = href({ view: "map", at: "38.7,-9.1,8", photo: "Trip/a b&c.jpg" });

  expect(address).toBe("#/map?at=38.7,-9.1,8&photo=Trip%2Fa+b%26c.jpg");
  expect(parseRoute(address)).toEqual({ view: "map", at: "38.7,-9.1,8", photo: "Trip/a b&c.jpg" });
  expect(parseRoute("#/map?at=%3Cscript%3E")).toEqual({ view: "map" });
  expect(parseRoute("#/map/x").view).toBe("unknown");
  expect(parseRoute("#/albums/cat?at=1,2,3")).toEqual({ view: "albums", argument: "cat" });
});
