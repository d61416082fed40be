import { beforeAll, describe, expect, test, vi } from "vitest";
import { App } from "../src/app";
import type { Aws } from "../src/aws";
import { parseConfig } from "../src/config";
import { albumName, chosenFiles, leftOutOf, numbered, refusalOf } from "../src/files";
import { Pages } from "../src/gallery";
import { justify } from "../src/justify";
import { PhotoList } from "../src/lists";
import { cardOf, cardOfLabel, photoOf, problemOf, type Card } from "../src/records";
import { href, parseRoute, route } from "../src/routes";
import { stateOf } from "../src/uploads";
import {
  cameraName,
  coordinates,
  exposureTime,
  labelsInWords,
  localTime,
  monthInWords,
  offsetInWords,
  stars,
  placeInWords,
  statusInWords,
  timeName,
} from "../src/words";

beforeAll(() => void vi.stubGlobal("navigator", { languages: ["en-GB"] })); // dates follow the reader's locale

describe("rows of pictures", () => {
  const shapes = [1.5, 0.67, 1.5, 1, 2.2, 0.1, 9, 1.5, 1.5, 0.75];
  const rows = justify(shapes, (shape) => shape, { widthPx: 1000, rowPx: 200, gapPx: 4 });

  test("have every picture once, in order", () => {
    expect(rows.flatMap(({ tiles }) => tiles.map(({ item }) => item))).toEqual(shapes);
  });

  test("are never wider than the page, and all but the last are as wide", () => {
    for (const [index, { tiles, heightPx }] of rows.entries()) {
      const widthPx = tiles.reduce((sum, tile) => sum + tile.widthPx, 4 * (tiles.length - 1));
      expect(widthPx).toBeLessThanOrEqual(1000);
      expect(heightPx).toBeLessThanOrEqual(200);
      if (index < rows.length - 1) expect(widthPx).toBeGreaterThan(1000 - tiles.length - 1);
    }
  });
});

describe("a row of the table", () => {
  test("with wrong types becomes a photo without facts", () => {
    const wrong = { labels: { a: 1 }, people: { a: 1 }, camera: null, creator: 1, rating: "5", edits: "{" };
    const photo = photoOf({ sk: 3, taken_at: "yesterday", location: [], ...wrong });

    expect(photo).toMatchObject({ path: "", labels: [], people: [], keywords: [], camera: {}, truncated: false });
    expect(photo).not.toHaveProperty("creator");
    expect(photo).not.toHaveProperty("rating");
    expect(photo).not.toHaveProperty("takenAt");
    expect(photo).not.toHaveProperty("location");
  });

  test("of an index has its sort time in its key", () => {
    expect(cardOf({ sk: "photo#a/b.jpg", time_key: "time#2021-08-14T07:31:00#abc" }).sortTime).toBe("2021-08-14T07:31:00");
    expect(cardOfLabel({ sk: "label#c#sharp#2020-01-01T00:00:00#abc", photo: "photo#a#b.jpg" })).toMatchObject({
      path: "a#b.jpg",
      sortTime: "2020-01-01T00:00:00",
    });
  });

  test("has the precision of the time that it is sorted by", () => {
    const taken = (plausible: number) => ({ local: "1965-01-01T00:00:00", precision: "year", plausible });
    const time_key = "time#1965-01-01T00:00:00#abc";
    const sk = "label#dog#1965-01-01T00:00:00#abc";

    expect(cardOf({ time_key, taken_at: taken(1) }).precision).toBe("year");
    expect(cardOf({ time_key, taken_at: taken(0) })).not.toHaveProperty("precision");
    expect(cardOf({ time_key, taken_at: { precision: "century" } })).not.toHaveProperty("precision");
    expect(cardOfLabel({ sk, precision: "month" }).precision).toBe("month");
    expect(photoOf({ taken_at: taken(0) }).takenAt?.precision).toBe("year");
  });

  test("of a photo has the time in sort_time, not the one in its key", () => {
    const row = { sk: "photo#a.jpg", time_key: "problem#2021-08-14T07:31:00#abc", sort_time: "2020-01-01T00:00:00" };

    expect(photoOf(row).sortTime).toBe("2020-01-01T00:00:00");
    expect(photoOf({ sk: "photo#a.jpg" }).sortTime).toBe("");
  });

  test("has 1 and 0 as flags", () => {
    const shown = (value: number) =>
      photoOf({
        truncated: value,
        taken_at: { local: "2021-08-14T09:31:00", plausible: value },
        location: { latitude: 1, longitude: 2, gps_valid: value },
      });

    expect(shown(1)).toMatchObject({ truncated: true, takenAt: { plausible: true }, location: { valid: true } });
    expect(shown(0)).toMatchObject({ truncated: false, takenAt: { plausible: false }, location: { valid: false } });
  });

  test("without a flag has the flag's default", () => {
    const photo = photoOf({ taken_at: { local: "2021-08-14T09:31:00" }, location: { latitude: 1, longitude: 2 } });

    expect(photo).toMatchObject({ truncated: false, takenAt: { plausible: true }, location: { valid: true } });
  });

  test("has people with their boxes, and leaves out what is neither", () => {
    const box = { left: 0.5, top: 0.25, width: 0.25, height: 0.125 };
    const people = [{ name: "Ada", boxes: [box, { left: 1 }, 3] }, { name: "Grace" }, { boxes: [box] }, { name: "" }, null];

    expect(photoOf({ people }).people).toEqual([
      { name: "Ada", boxes: [box] },
      { name: "Grace", boxes: [] },
    ]);
  });

  test("is shown with a person's edits and without hidden labels", () => {
    const labels = [{ name: "Cat" }, { name: "Dog" }, { name: "Straße" }];
    const edits = JSON.stringify({ title: "Chelsea", description: "", keywords: null, hidden_labels: ["dog", "strasse"] });
    const photo = photoOf({ sk: "photo#a.jpg", title: "IMG 1", description: "old", keywords: ["x"], labels, edits });

    expect(photo).toMatchObject({ title: "Chelsea", keywords: ["x"] });
    expect(photo).not.toHaveProperty("description");
    expect(photo.labels.map(({ name }) => name)).toEqual(["Cat"]);
  });
});

describe("the time", () => {
  test("is the camera's, whatever the time zone of the browser is", () => {
    expect(localTime("2021-08-14T23:59:00.5")).toBe("14 August 2021, 23:59");
    expect(localTime("no time")).toBe("no time");
  });

  test("has no more than what is known of it", () => {
    const start = "1965-07-01T00:00:00";

    expect(localTime(start, "day")).toBe("1 July 1965");
    expect(localTime(start, "month")).toBe("July 1965");
    expect(localTime(start, "year")).toBe("1965");
    expect([monthInWords(start), monthInWords(start, "month"), monthInWords(start, "year")]).toEqual([
      "Jul 1965",
      "Jul 1965",
      "1965",
    ]);
  });

  test("is called what it is", () => {
    const sources = ["EXIF:DateTimeOriginal", "XMP:DateCreated", "FILENAME", undefined];

    expect(new Set(sources.map(timeName))).toEqual(new Set(["Taken"]));
    expect(["XMP:CreateDate", "EXIF:DateTimeDigitized", "IPTC:DigitalCreationDate"].map(timeName)).toEqual(
      Array(3).fill("Digitized"),
    );
    expect(timeName("EXIF:DateTime")).toBe("Modified");
    expect([offsetInWords("+05:45"), offsetInWords("Z")]).toEqual(["UTC+05:45", "UTC"]);
  });

  test("has an offset only if the file states one", () => {
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
  expect([4, 5, -1].map(stars)).toEqual([
    { shown: "★★★★☆", words: "4 of 5 stars" },
    { shown: "★★★★★", words: "5 of 5 stars" },
    { shown: "Rejected", words: "Rejected" },
  ]);
});

describe("a place in words", () => {
  const shown = (place: object) => {
    const photo = photoOf({ place: { country: "Germany", country_code: "DE", source: "GeoNames", ...place } });
    return photo.place && placeInWords(photo.place);
  };

  test("is its city, region and country", () => {
    expect(shown({ city: "Kehl", region: "Baden", distance_km: 1 })).toBe("Kehl, Baden, Germany");
    expect(shown({ city: "Berlin", region: "Berlin" })).toBe("Berlin, Germany");
    expect(shown({})).toBe("Germany");
  });

  test("says how far the city is, if it is far", () => {
    expect(shown({ city: "Kehl", distance_km: 26.4 })).toBe("26 km from Kehl, Germany");
  });

  test("names the other countries in which it may be", () => {
    expect(shown({ other_countries: ["FR", "CH", 3] })).toBe("Germany (or France or Switzerland)");
    expect(shown({ other_countries: ["1"] })).toBe("Germany (or 1)");
  });

  test("at sea is off a coast", () => {
    expect(shown({ offshore: 1, distance_km: 12 })).toBe("Off the coast of Germany");
  });

  test("without a country is none", () => {
    expect(photoOf({ place: { city: "Kehl" } }).place).toBeUndefined();
    expect(photoOf({ place: [] }).place).toBeUndefined();
  });
});

describe("a file", () => {
  const file = (bytes: number, name = "a.jpg") => ({ name, size: bytes }) as File;

  test("is refused before its upload if the workflow would reject it unread", () => {
    expect(refusalOf(file(0), "uploads/o/a.jpg")).toBe("EMPTY");
    expect(refusalOf(file(268_435_457), "uploads/o/a.jpg")).toBe("TOO_LARGE");
    expect(refusalOf(file(1), `uploads/o/${"ü".repeat(512)}`)).toBe("BAD_KEY");
    expect(refusalOf(file(1), "uploads/o/\ud800.jpg")).toBe("BAD_KEY");
    expect(refusalOf(file(268_435_456), "uploads/o/a.jpg")).toBeUndefined();
  });

  test("goes to an album without empty parts and parent folders", () => {
    expect(albumName(" 2016//taco/ ", "../x/.")).toBe("2016/taco/x");
    expect(albumName("u\u0308")).toBe("ü");
  });

  test("of a folder of another program is left out with the folder, which is named once", () => {
    const file = (webkitRelativePath: string) => ({ name: webkitRelativePath.split("/").at(-1), webkitRelativePath }) as File;
    const choice = chosenFiles(["T/a.jpg", "T/@eaDir/a/b.jpg", "T/@eaDir/c.jpg", "T/x/.cache/d.jpg"].map(file));

    expect(choice.files.map(({ file: { name }, folder }) => [name, folder])).toEqual([["a.jpg", "T"]]);
    expect(choice.leftOut).toEqual([
      { path: "T/@eaDir/", why: "SYSTEM" },
      { path: "T/x/.cache/", why: "SYSTEM" },
    ]);
  });

  test("that was chosen by itself may be hidden, but not a video", () => {
    expect(leftOutOf(".hidden.jpg")).toBeUndefined();
    expect(leftOutOf("a.mp4")).toEqual({ path: "a.mp4", why: "VIDEO" });
  });

  test("has its number before the extension", () => {
    expect([numbered("a.b.jpg", 2), numbered("a", 3)]).toEqual(["a.b (2).jpg", "a (3)"]);
  });
});

test("a problem is shown with its status and its reason", () => {
  const shown = (status: string, reason?: string) =>
    statusInWords(problemOf({ sk: "photo#a.jpg", status, ...(reason && { reason }) }));

  expect(shown("REJECTED", "EMPTY")).toBe("Rejected. The file is empty.");
  expect(shown("REJECTED", "TOO_LARGE")).toBe("Rejected. The file is larger than its format may be, at most 256 MiB.");
  expect(shown("REJECTED", "TOO_MANY_PIXELS")).toBe(
    "Rejected. The picture has more megapixels than its format may have: 65 to 500.",
  );
  expect(shown("FAILED", "constructor")).toBe("Processing failed. An error occurred. The photo is not the cause.");
  expect(shown("PROCESSING")).toBe("Processing.");
});

test("a photo without labels is shown with the reason", () => {
  expect(["READY", "SKIPPED:TOO_SMALL", "FAILED:X", "PENDING:Timeout"].map(labelsInWords)).toEqual([
    "Nothing was recognized.",
    "Not labeled (TOO_SMALL).",
    "Labeling failed (X).",
    "Labels are pending (Timeout).",
  ]);
});

test("an upload ends like its row, and fails if its execution died", () => {
  const row = (status: string) => photoOf({ status, reason: "EMPTY" });

  expect(stateOf(row("READY"), false, 1).is).toBe("ready");
  expect(stateOf(row("REJECTED"), false, 1)).toEqual({ is: "refused", code: "EMPTY" });
  expect(stateOf(row("PROCESSING"), false, 1).is).toBe("processing");
  expect(stateOf(row("PROCESSING"), true, 1)).toMatchObject({ is: "failed", again: "upload" });
});

test("an address is parsed to the route that it was made from", () => {
  const to = { view: "albums", argument: "2016/tacos & 100 %?#", photo: "a/b&c=d?#.jpg" } as const;

  expect(parseRoute(href(to))).toEqual(to);
  expect(parseRoute("#/nowhere/1?x")).toEqual({ view: "unknown", argument: "#/nowhere/1?x" });
  expect(["", "#", "#/"].map((hash) => parseRoute(hash).view)).toEqual(["timeline", "timeline", "timeline"]);
  expect(parseRoute("#/albums/%")).toEqual({ view: "albums", argument: "%" });
});

test("uploads go to the album on the page, else to the chosen one", () => {
  const app = new App({} as Aws);
  app.album.value = "Chosen";
  const destinationOn = (hash: string) => {
    route.value = parseRoute(hash);
    return app.destination();
  };

  expect(["#/albums/Trip", "#/albums", "#/timeline/2021"].map(destinationOn)).toEqual(["Trip", "Chosen", "Chosen"]);
});

describe("a list", () => {
  const card = (path: string, sortTime: string): Card => ({ path, sortTime, widthPx: 1, heightPx: 1 });
  const pagesOf = (...pages: Card[][]) => ({ next: async () => pages.shift() });

  test("inserts a new photo in order and once, and skips empty pages", async () => {
    const list = new PhotoList(pagesOf([], [card("c", "3"), card("a", "1")], [card("a", "1")]), "newest", () => true);
    await list.more();
    list.insert(card("b", "2"));
    list.insert(card("b", "2"));
    await list.more();

    expect(list.cards.value.map(({ path }) => path)).toEqual(["c", "b", "a"]);
    expect(list.state.value).toBe("done");
  });

  test("keeps photos of one year, of its first month and of its first day apart", async () => {
    const start = "1965-01-01T00:00:00";
    const precisions = ["year", "month", undefined, "day", "year"] as const;
    const cards = precisions.map((precision, index) => ({ ...card(`${index}`, start), ...(precision && { precision }) }));
    const listed = async (order: "oldest" | "newest") => {
      const list = new PhotoList(pagesOf(cards.slice(0, 2), cards.slice(2, 4)), order, () => true);
      await list.more();
      await list.more();
      await list.more();
      list.insert(cards[4]!);
      return list.cards.value.map(({ precision }) => precision ?? "time");
    };

    expect(await listed("newest")).toEqual(["time", "day", "month", "year", "year"]);
    expect(await listed("oldest")).toEqual(["year", "year", "month", "day", "time"]);
  });

  test("has the error of a page that failed, and reads the same page when it is asked again", async () => {
    const answers = [new Error("denied"), { items: [{ sk: "photo#a" }], next: { sk: "a" } }, new Error("denied"), { items: [{ sk: "photo#b" }] }];
    const asked: unknown[] = [];
    const read = async (after: unknown) => {
      asked.push(after);
      const answer = answers.shift()!;
      if (answer instanceof Error) throw answer;
      return answer;
    };
    const list = new PhotoList(new Pages(read, (items) => items.map(cardOf)));

    const states = [];
    for (let reading = 0; reading < 4; reading++) {
      await list.more();
      states.push(list.state.value);
    }
    await list.more();

    expect(states).toEqual(["failed", "idle", "failed", "idle"]);
    expect(list.error).toBe("denied");
    expect(list.state.value).toBe("done");
    expect(list.cards.value.map(({ path }) => path)).toEqual(["a", "b"]);
    expect(asked).toEqual([undefined, undefined, { sk: "a" }, { sk: "a" }]);
  });
});

test("a configuration without a field is refused, and the error names the field", () => {
  expect(() => parseConfig({ region: "eu-west-1" })).toThrow("photos_bucket");
  expect(() => parseConfig(null)).toThrow("region");
});
