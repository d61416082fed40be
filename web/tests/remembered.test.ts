import { describe, expect, test } from "vitest";
import { Remembered } from "../src/remembered";
import { storageOf } from "./storage";

const locksOf = (...held: string[]) =>
  ({ request: async () => undefined, query: async () => ({ held: held.map((name) => ({ name })), pending: [] }) }) as never;

const unsent = (...paths: string[]) => paths.map((path) => ({ path, bytes: 1 }));

describe("interrupted uploads", () => {
  test("are those of pages that are not open any more, each file once", async () => {
    const storage = storageOf({
      "gallery.uploads.ada.1": JSON.stringify({ album: "A", sent: 2, unsent: unsent("A/1", "A/2") }),
      "gallery.uploads.ada.2": JSON.stringify({ album: "B", sent: 1, unsent: unsent("A/2", "B/1") }),
      "gallery.uploads.ada.open": JSON.stringify({ album: "C", sent: 0, unsent: unsent("C/1") }),
      "gallery.uploads.bob.1": JSON.stringify({ album: "D", sent: 0, unsent: unsent("D/1") }),
    });
    const remembered = new Remembered(storage, "ada", locksOf("gallery.uploads.ada.open"));

    await remembered.read();

    expect(remembered.interrupted.value).toEqual({ album: "B", sent: 3, unsent: unsent("A/1", "A/2", "B/1") });
    const keys = Object.keys(storage);
    expect(keys).toHaveLength(3); // of the open page, of Bob, and of this page
    expect(keys).toContain("gallery.uploads.ada.open");
  });

  test("end with the last file that is chosen again", async () => {
    const entry = JSON.stringify({ album: "A", sent: 0, unsent: unsent("A/1", "A/2") });
    const remembered = new Remembered(storageOf({ "gallery.uploads.ada.1": entry }), "ada", undefined);
    await remembered.read();

    remembered.resumed(new Set(["A/1", "A/9"]));
    expect(remembered.interrupted.value?.unsent).toEqual(unsent("A/2"));
    remembered.resumed(new Set(["A/2"]));
    expect(remembered.interrupted.value).toBeUndefined();
  });

  test.each(["", "{", "null", "[]", '{"album":1,"sent":0,"unsent":[]}', '{"album":"A","sent":0,"unsent":[{"path":1}]}'])(
    "that cannot be read (%s) are forgotten",
    async (entry) => {
      const storage = storageOf({ "gallery.uploads.ada.1": entry });
      const remembered = new Remembered(storage, "ada", undefined);
      await remembered.read();

      expect(remembered.interrupted.value).toBeUndefined();
      expect(Object.keys(storage)).toEqual([]);
    },
  );

  test("are written once for many changes, and not at all if nothing is left", () => {
    const storage = storageOf();
    const remembered = new Remembered(storage, "ada", undefined);
    for (const left of [unsent("a", "b"), unsent("b")]) remembered.later(() => ({ album: "", sent: 1, unsent: left }));
    expect(Object.keys(storage)).toEqual([]);
    remembered.now();
    expect(Object.values(storage).map((text) => JSON.parse(text).unsent)).toEqual([unsent("b")]);

    remembered.later(() => ({ album: "", sent: 2, unsent: [] }));
    remembered.now();
    expect(Object.keys(storage)).toEqual([]);
  });

  test("need no storage", async () => {
    const remembered = new Remembered(undefined, "ada", undefined);
    await remembered.read();
    remembered.later(() => ({ album: "", sent: 0, unsent: unsent("a") }));
    remembered.now();

    expect(remembered.interrupted.value).toBeUndefined();
  });
});
