import { describe, expect, test } from "vitest";
import type { EditRequest, Edited } from "../src/aws";
import { draftOf, patchOf, type Draft } from "../src/drafts";
import { Edits, fileOf } from "../src/edits";
import { photoOf, type Photo } from "../src/records";
import { holds } from "../src/terms";

const ROW = {
  sk: "photo#2016/tacos/a.jpg",
  status: "READY",
  title: "Tacos",
  keywords: ["food", "lunch"],
  taken_at: { local: "2016-04-09T14:08:13", plausible: 1 },
  location: { latitude: 52.5, longitude: 13.4 },
  sort_time: "2016-04-09T14:08:13.000Z",
  time_key: "time#2016-04-09T14:08:13.000Z#0a",
  labels: [
    { name: "Cat", confidence: 98, parents: ["Animal"] },
    { name: "Animal", confidence: 98, parents: [] },
  ],
};

const photo = (edits?: object): Photo => photoOf({ ...ROW, ...(edits && { edits: JSON.stringify(edits) }) });

/** The patch of what a person changes in the form. */
function patch(changes: Partial<Draft>, edits?: object) {
  const one = photo(edits);
  return patchOf({ ...draftOf(one), ...changes }, one, fileOf(one));
}

describe("a draft", () => {
  test("that nobody has changed asks for nothing", () => {
    expect(patch({})).toEqual({ patch: {}, problems: {} });
    expect(patch({}, { title: "Lunch", keywords: [] })).toEqual({ patch: {}, problems: {} });
  });

  test.each<[Partial<Draft>, object]>([
    [{ title: " Two\n tacos " }, { title: "Two tacos" }],
    [{ title: "" }, { title: "" }],
    [{ title: "Cafe\u0301" }, { title: "Caf\u00e9" }],
    [{ description: " one\r\ntwo " }, { description: "one two" }],
    [{ keyword: "party" }, { keywords: ["food", "lunch", "party"] }],
    [{ keyword: "a, b,a,food" }, { keywords: ["food", "lunch", "a", "b"] }],
    [{ keywords: [] }, { keywords: [] }],
    [{ time: "14:08:14" }, { taken: { local: "2016-04-09T14:08:14" } }],
    [{ time: "14:08" }, { taken: { local: "2016-04-09T14:08:00" } }],
    [{ precision: "day" }, { taken: { local: "2016-04-09T00:00:00", precision: "day" } }],
    [{ precision: "month", month: "1965-07" }, { taken: { local: "1965-07-01T00:00:00", precision: "month" } }],
    [{ precision: "year", year: "1965" }, { taken: { local: "1965-01-01T00:00:00", precision: "year" } }],
    [{ date: "" }, { taken: "removed" }],
    [{ position: "" }, { location: "removed" }],
    [{ position: "0, -1" }, { location: { latitude: 0, longitude: -1 } }],
  ])("%j asks for %j", (changes, expected) => {
    expect(patch(changes)).toEqual({ patch: expected, problems: {} });
  });

  test("with the value of the file brings it back", () => {
    const edits = { title: "x", keywords: ["x"], taken: { local: "2000-01-01T00:00:00" }, removed: ["location"] };
    const file = draftOf(photo());

    expect(patch(file, edits).patch).toMatchObject({ title: null, keywords: null });
  });

  test.each<[Partial<Draft>, string]>([
    [{ title: "x".repeat(257) }, "title"],
    [{ description: "x".repeat(2001) }, "description"],
    [{ keyword: "x".repeat(65) }, "keywords"],
    [{ keywords: Array.from({ length: 101 }, (_, number) => `${number}`) }, "keywords"],
    [{ time: "" }, "taken"],
    [{ precision: "month", month: "1965-13" }, "taken"],
    [{ precision: "year", year: "x" }, "taken"],
    [{ position: "Berlin" }, "location"],
  ])("%j is wrong in its %s", (changes, name) => {
    const { patch: asked, problems } = patch(changes);

    expect(Object.keys(problems)).toEqual([name]);
    expect(asked).toEqual({});
  });
});

/** An API that answers when a test says so. */
function api() {
  const asked: { request: EditRequest; answer: (edited: Edited) => void; fail: (error: Error) => void }[] = [];
  const shown: Photo[] = [];
  const edits = new Edits({
    edit: (request) => new Promise((answer, fail) => asked.push({ request, answer, fail })),
    show: (one) => shown.push(one),
  });
  return { asked, shown, edits };
}

const turn = () => new Promise((resolve) => setTimeout(resolve));

describe("edits", () => {
  test("are shown at once, and then as the API has made them", async () => {
    const { asked, shown, edits } = api();
    const read = photo();

    const done = edits.edit(read, { title: "Lunch" });

    expect(edits.of(read).title).toBe("Lunch");
    await turn();
    asked[0]!.answer({ edits: { title: "LUNCH" }, sort_time: "2016-04-09T14:08:13.000Z" });
    await done;
    expect(edits.of(read).title).toBe("LUNCH");
    expect(shown.map(({ title }) => title)).toEqual(["Lunch", "LUNCH"]);
  });

  test("that fail leave the photo as it was", async () => {
    const { asked, shown, edits } = api();
    const read = photo();
    const done = edits.edit(read, { title: "Lunch" });
    await turn();

    asked[0]!.fail(new Error("no"));

    await expect(done).rejects.toThrow("no");
    expect(edits.of(read).title).toBe("Tacos");
    expect(shown.at(-1)?.title).toBe("Tacos");
  });

  test("of one photo are made one after the other, and an error undoes one only", async () => {
    const { asked, edits } = api();
    const read = photo();
    const first = edits.edit(read, { title: "Lunch" });
    const second = edits.edit(read, { hide_labels: ["cat"] });
    await turn();
    expect(asked).toHaveLength(1);
    expect(edits.of(read).labels.map(({ name }) => name)).toEqual(["Animal"]);

    asked[0]!.fail(new Error("no"));
    await expect(first).rejects.toThrow();
    await turn();
    expect(edits.of(read)).toMatchObject({ title: "Tacos", labels: [{ name: "Animal" }] });

    asked[1]!.answer({ edits: { hidden_labels: ["cat"] }, sort_time: ROW.sort_time });
    await second;
    expect(holds({ kind: "label", text: "cat" }, edits.of(read))).toBe(false);
    expect(holds({ kind: "label", text: "animal" }, edits.of(read))).toBe(true);
  });

  test("move the photo to where its time is", async () => {
    const { asked, edits } = api();
    const read = photo();
    const done = edits.edit(read, { taken: { local: "1999-01-01T00:00:00" } });
    await turn();
    asked[0]!.answer({ edits: { taken: { local: "1999-01-01T00:00:00" } }, sort_time: "1999-01-01T00:00:00.000Z" });
    await done;

    expect(edits.of(read)).toMatchObject({
      sortTime: "1999-01-01T00:00:00.000Z",
      timeKey: "time#1999-01-01T00:00:00.000Z#0a",
    });
  });

  test("of a photo that was read again are those of the table", async () => {
    const { asked, edits } = api();
    const done = edits.edit(photo(), { title: "Lunch" });
    await turn();
    asked[0]!.answer({ edits: { title: "Lunch" }, sort_time: ROW.sort_time });
    await done;

    expect(edits.of(photo({ title: "Dinner" })).title).toBe("Dinner");
  });
});

describe("of a photo that is moved meanwhile", () => {
  const copy = () => photoOf({ ...ROW, sk: "photo#tacos/a.jpg" });

  test("an edit that comes too late for the old path is made at the new one", async () => {
    const { asked, shown, edits } = api();
    const done = edits.edit(photo(), { title: "Lunch" });
    await turn();

    edits.moved("2016/tacos/a.jpg", copy());
    expect(shown.at(-1)).toMatchObject({ path: "tacos/a.jpg", title: "Lunch" });
    asked[0]!.fail(new Error("there is no photo 2016/tacos/a.jpg"));
    await turn();
    asked[1]!.answer({ edits: { title: "Lunch" } });

    await done;
    expect(asked[1]!.request).toEqual({ path: "tacos/a.jpg", title: "Lunch" });
  });

  test("what is typed is saved at the new path", async () => {
    const { edits } = api();
    const typed = { ...draftOf(photo()), title: "Lunch" };
    const editing = edits.begin(photo());
    edits.drafts.set("2016/tacos/a.jpg", typed);
    edits.setUnsaved("2016/tacos/a.jpg", "no connection");

    edits.moved("2016/tacos/a.jpg", copy());

    expect(editing.photo.path).toBe("tacos/a.jpg");
    expect([...edits.drafts]).toEqual([["tacos/a.jpg", typed]]);
    expect([...edits.unsaved.value]).toEqual([["tacos/a.jpg", "no connection"]]);
  });

  test("a form that was closed before does not follow it", () => {
    const { edits } = api();
    const editing = edits.begin(photo());
    edits.end(editing);

    edits.moved("2016/tacos/a.jpg", copy());

    expect(editing.photo.path).toBe("2016/tacos/a.jpg");
  });
});
