import { describe, expect, test } from "vitest";
import errors from "../../images/shared/errors.py?raw";
import { parseConfig } from "../src/config";
import { albumName, numbered, refusalOf } from "../src/files";
import { albumDigest } from "../src/gallery";
import { justify } from "../src/justify";
import { PhotoList } from "../src/lists";
import { cardOf, cardOfLabel, photoOf } from "../src/records";
import { href, parseRoute } from "../src/routes";
import { stateOf } from "../src/uploads";
import { cameraName, coordinates, exposureTime, localTime, reasonInWords } from "../src/words";

describe("rows of pictures", () => {
  const shapes = [1.5, 0.67, 1.5, 1, 2.2, 0.1, 9, 1.5, 1.5, 0.75];
  const rows = justify(shapes, (shape) => shape, { widthPx: 1000, rowPx: 200, gapPx: 4 });

  test("hold every picture once, in order", () => {
    expect(rows.flatMap(({ tiles }) => tiles.map(({ item }) => item))).toEqual(shapes);
  });

  test("are never wider than the page, and all but the last fill it", () => {
    for (const [index, { tiles, heightPx }] of rows.entries()) {
      const widthPx = tiles.reduce((sum, tile) => sum + tile.widthPx, 4 * (tiles.length - 1));
      expect(widthPx).toBeLessThanOrEqual(1000);
      expect(heightPx).toBeLessThanOrEqual(200);
      if (index < rows.length - 1) expect(widthPx).toBeGreaterThan(1000 - tiles.length - 1);
    }
  });
});

describe("a row of the table", () => {
  test("that is empty or of wrong types makes a photo without facts", () => {
    const photo = photoOf({ sk: 3, taken_at: "yesterday", location: [], labels: { a: 1 }, camera: null, edits: "{" });

    expect(photo).toMatchObject({ path: "", labels: [], keywords: [], camera: {}, truncated: false });
    expect(photo).not.toHaveProperty("takenAt");
    expect(photo).not.toHaveProperty("location");
  });

  test("tells its sort time by its key where that is all there is", () => {
    expect(cardOf({ sk: "photo#a/b.jpg", time_key: "time#2021-08-14T07:31:00#abc" }).sortTime).toBe("2021-08-14T07:31:00");
    expect(cardOfLabel({ sk: "label#c#sharp#2020-01-01T00:00:00#abc", photo: "photo#a#b.jpg" })).toMatchObject({
      path: "a#b.jpg",
      sortTime: "2020-01-01T00:00:00",
    });
  });

  test("is shown with what a person wrote over it, and without the labels that they hid", () => {
    const labels = [{ name: "Cat" }, { name: "Dog" }];
    const edits = JSON.stringify({ title: "Chelsea", description: "", keywords: null, hidden_labels: ["dog"] });
    const photo = photoOf({ sk: "photo#a.jpg", title: "IMG 1", description: "old", keywords: ["x"], labels, edits });

    expect(photo).toMatchObject({ title: "Chelsea", keywords: ["x"] });
    expect(photo).not.toHaveProperty("description");
    expect(photo.labels.map(({ name }) => name)).toEqual(["Cat"]);
  });
});

describe("the time", () => {
  test("is the camera's wall clock, whatever zone the page is in", () => {
    expect(localTime("2021-08-14T23:59:00.5")).toBe("14 August 2021, 23:59");
    expect(localTime("no time")).toBe("no time");
  });

  test("has an offset only where the file states one", () => {
    expect(photoOf({ taken_at: { local: "2021-08-14T09:31:00" } }).takenAt).not.toHaveProperty("offset");
    expect(photoOf({ taken_at: { local: "2021-08-14T09:31:00", offset: "+02:00" } }).takenAt?.offset).toBe("+02:00");
  });
});

test("facts in words", () => {
  expect(coordinates(-33.93207, 18.8602)).toBe("33.9321° S, 18.8602° E");
  expect([exposureTime(1 / 60), exposureTime(2), exposureTime(0.5)]).toEqual(["1/60 s", "2 s", "0.5 s"]);
  expect(cameraName({ make: "NIKON CORPORATION", model: "NIKON D3X" })).toBe("NIKON D3X");
  expect(cameraName({ make: "Apple", model: "iPhone 12" })).toBe("Apple iPhone 12");
  expect(cameraName({ make: "Leica" })).toBe("Leica");
});

describe("a file", () => {
  const file = (bytes: number) => ({ size: bytes }) as File;

  test("is refused before its upload for what the pipeline would refuse unread", () => {
    expect(refusalOf(file(0), "uploads/o/a.jpg")).toBe("EMPTY");
    expect(refusalOf(file(26_214_401), "uploads/o/a.jpg")).toBe("TOO_LARGE");
    expect(refusalOf(file(1), `uploads/o/${"ü".repeat(512)}`)).toBe("BAD_KEY");
    expect(refusalOf(file(1), "uploads/o/\ud800.jpg")).toBe("BAD_KEY");
    expect(refusalOf(file(26_214_400), "uploads/o/a.jpg")).toBeUndefined();
  });

  test("goes to an album without empty parts or ways up", () => {
    expect(albumName(" 2016//taco/ ", "../x/.")).toBe("2016/taco/x");
    expect(albumName("u\u0308")).toBe("ü");
  });

  test("is numbered before its ending", () => {
    expect([numbered("a.b.jpg", 2), numbered("a", 3)]).toEqual(["a.b (2).jpg", "a (3)"]);
  });
});

test("every reason of the pipeline has words", () => {
  const codes = [...errors.matchAll(/code = "(\w+)"/g)].map(([, code]) => code);

  expect(codes.length).toBeGreaterThan(5);
  for (const code of codes) expect(reasonInWords(code)).not.toBe(reasonInWords(undefined));
});

test("an upload ends as its row does, and fails where its execution died", () => {
  const row = (status: string) => photoOf({ status, reason: "EMPTY" });

  expect(stateOf(row("READY"), false, 1).is).toBe("ready");
  expect(stateOf(row("REJECTED"), false, 1)).toEqual({ is: "refused", code: "EMPTY" });
  expect(stateOf(row("PROCESSING"), false, 1).is).toBe("processing");
  expect(stateOf(row("PROCESSING"), true, 1)).toMatchObject({ is: "failed", again: "upload" });
});

test("an address leads back to where it was made, whatever stands in it", () => {
  const to = { view: "albums", argument: "2016/tacos & 100 %?#", photo: "a/b&c=d?#.jpg" } as const;

  expect(parseRoute(href(to))).toEqual(to);
  expect(parseRoute("#/nowhere")).toEqual({ view: "timeline" });
  expect(parseRoute("#/albums/%")).toEqual({ view: "albums", argument: "%" });
});

test("an album's digest is the first 24 hex digits of its SHA-256", async () => {
  expect(await albumDigest("")).toBe("e3b0c44298fc1c149afbf4c8");
});

describe("a list", () => {
  const card = (path: string, sortTime: string) => ({ path, sortTime, widthPx: 1, heightPx: 1 });
  async function* pages() {
    yield [];
    yield [card("c", "3"), card("a", "1")];
    yield [card("a", "1")];
  }

  test("puts what arrives in its place, once, and passes over empty pages", async () => {
    const list = new PhotoList(pages(), "newest", () => true);
    await list.more();
    list.insert(card("b", "2"));
    list.insert(card("b", "2"));
    await list.more();

    expect(list.cards.value.map(({ path }) => path)).toEqual(["c", "b", "a"]);
    expect(list.state.value).toBe("done");
  });

  test("says why it ends early", async () => {
    const list = new PhotoList(
      (async function* () {
        throw new Error("denied");
      })(),
    );
    await list.more();

    expect([list.state.value, list.error]).toEqual(["failed", "denied"]);
  });
});

test("a configuration without a field is refused by that field's name", () => {
  expect(() => parseConfig({ region: "eu-west-1" })).toThrow("photos_bucket");
  expect(() => parseConfig(null)).toThrow("region");
});
