import { beforeEach, describe, expect, test } from "vitest";
import { ChangedError, ExistsError, type Edited, type EditRequest, type Item } from "../src/aws";
import { isInProgress, MOVES, type Move } from "../src/moves";
import { Moving, patchFor, type MovingAws } from "../src/moving";
import { pathOf } from "../src/records";
import { ConflictError } from "../src/retry";
import { storageOf } from "./storage";

const EDITS = { title: "Taco", hidden_labels: ["dog"] };

/** S3 and the table of one owner. Each request is recorded; a test lets some of them fail. */
class FakeAws implements MovingAws {
  readonly owner = "ada";
  deletesForGood = true;
  requests: string[] = [];
  rows = new Map<string, Item>();
  /** Raised instead of the answer: the request has been done, or has not. */
  faults: { request: RegExp; done: boolean; error: Error }[] = [];
  /** What the workflow makes of the next copies. */
  outcome: Item = { status: "READY" };
  private versions = 0;

  put(path: string, content: string, more: Item = {}): string {
    const version = `v${++this.versions}`;
    this.rows.set(path, {
      ...{ sk: `photo#${path}`, key: `uploads/ada/${path}`, status: "READY", etag: `etag of ${content}` },
      ...{ sha256: content, bytes: content.length, version_id: version, claimed_version: version },
      ...more,
    });
    return version;
  }

  /** The content of all photos that are not deleted. */
  get photos(): Record<string, string> {
    const there = [...this.rows].filter(([, row]) => row["status"] !== "DELETED");
    return Object.fromEntries(there.map(([path, row]) => [path, String(row["sha256"])]));
  }

  async get(sk: string): Promise<Item | undefined> {
    const row = this.rows.get(pathOf(sk));
    return row && { ...row };
  }

  async copy(from: string, to: string, etag: string | undefined): Promise<string> {
    return this.request(`copy ${from} ${to}`, () => {
      const source = this.rows.get(from);
      const there = this.rows.get(to);
      if (there && there["status"] !== "DELETED") throw new ExistsError(to);
      if (!source || source["status"] === "DELETED" || source["etag"] !== etag) throw new ChangedError(from);
      return this.put(to, String(source["sha256"]), { edits: there?.["edits"], ...this.outcome });
    });
  }

  async edit(request: EditRequest): Promise<Edited> {
    await this.request(`edit ${JSON.stringify(request)}`, () => {
      const row = this.rows.get(String(request["path"]));
      const { path: _, hide_labels: hidden, ...fields } = request;
      const before = JSON.parse(String(row?.["edits"] ?? "{}")) as object;
      if (row) row["edits"] = JSON.stringify({ ...before, ...fields, ...(hidden ? { hidden_labels: hidden } : {}) });
    });
    return {};
  }

  async deleteUnchanged(path: string, etag: string | undefined): Promise<void> {
    await this.request(`delete ${path}`, () => {
      const row = this.rows.get(path);
      if (row?.["status"] === "DELETED" || row?.["etag"] !== etag) throw new ChangedError(path);
      this.rows.set(path, { ...row, status: "DELETED" });
    });
  }

  async delete(path: string): Promise<void> {
    await this.request(`delete ${path}`, () => this.rows.set(path, { ...this.rows.get(path), status: "DELETED" }));
  }

  async deleteVersion(path: string, version: string): Promise<void> {
    await this.request(`delete ${path} ${version}`, () => {
      if (this.rows.get(path)?.["version_id"] === version) this.rows.set(path, { ...this.rows.get(path), status: "DELETED" });
    });
  }

  private async request<T>(name: string, answer: () => T): Promise<T> {
    this.requests.push(name);
    const at = this.faults.findIndex(({ request }) => request.test(name));
    const [fault] = at < 0 ? [] : this.faults.splice(at, 1);
    if (fault && !fault.done) throw fault.error;
    const result = answer();
    if (fault) throw fault.error;
    return result;
  }
}

let aws: FakeAws;
let storage: Storage;
let shown: string[];

beforeEach(() => {
  aws = new FakeAws();
  storage = storageOf();
  shown = [];
});

const LOST = new TypeError("Failed to fetch");
const CONFLICT = new ConflictError("conflict");
const REFUSED = Object.assign(new Error("refused"), { name: "AccessDenied" });

function open(signedOut = new AbortController().signal): Moving {
  const gallery = { album: () => ({}) as never, albumCounts: async () => [] };
  return new Moving(aws, gallery, storage, undefined, (from, { path }) => shown.push(`${from} > ${path}`), signedOut, 0.001);
}

async function ended(moving: Moving): Promise<Move["state"]["value"][]> {
  while (moving.moves.value.some(isInProgress)) await new Promise((resolve) => setTimeout(resolve, 1));
  return moving.moves.value.map(({ state }) => state.value);
}

const remembered = () => JSON.parse(storage.getItem(MOVES + "ada") ?? "[]") as unknown[];

test("a photo is copied, edited, and deleted only then", async () => {
  const version = aws.put("A/a.jpg", "taco", { edits: JSON.stringify(EDITS) });
  const moving = open();

  moving.add([{ path: "A/a.jpg", album: "B/C" }]);

  expect(remembered()).toEqual([{ path: "A/a.jpg", album: "B/C" }]);
  expect(await ended(moving)).toEqual([{ is: "moved", to: "B/C/a.jpg" }]);
  expect(aws.requests).toEqual([
    "copy A/a.jpg B/C/a.jpg",
    'edit {"path":"B/C/a.jpg","title":"Taco","hide_labels":["dog"]}',
    "delete A/a.jpg",
    `delete A/a.jpg ${version}`,
  ]);
  expect(aws.photos).toEqual({ "B/C/a.jpg": "taco" });
  expect(shown).toEqual(["A/a.jpg > B/C/a.jpg"]);
  expect(remembered()).toEqual([]);
});

test("a photo stays in the trash if the user may not delete it for good", async () => {
  aws.put("A/a.jpg", "taco");
  aws.deletesForGood = false;
  const moving = open();

  moving.add([{ path: "A/a.jpg", album: "B" }]);

  expect(await ended(moving)).toEqual([{ is: "moved", to: "B/a.jpg" }]);
  expect(aws.requests).toEqual(["copy A/a.jpg B/a.jpg", "delete A/a.jpg"]);
});

test("another photo of the same name is neither overwritten nor taken for the copy", async () => {
  aws.put("A/a.jpg", "taco");
  aws.put("B/a.jpg", "burrito");
  aws.put("B/a (2).jpg", "nacho");
  const moving = open();

  moving.add([{ path: "A/a.jpg", album: "B" }]);

  expect(await ended(moving)).toEqual([{ is: "moved", to: "B/a (3).jpg" }]);
  expect(aws.photos).toEqual({ "B/a.jpg": "burrito", "B/a (2).jpg": "nacho", "B/a (3).jpg": "taco" });
});

// Where a page may be left: [what fails, whether it was done, the photos that are there then].
const STOPS: [RegExp, boolean, string[]][] = [
  [/^copy/, false, ["A/a.jpg"]],
  [/^copy/, true, ["A/a.jpg", "B/a.jpg"]],
  [/^edit/, false, ["A/a.jpg", "B/a.jpg"]],
  [/^edit/, true, ["A/a.jpg", "B/a.jpg"]],
  [/^delete/, false, ["A/a.jpg", "B/a.jpg"]],
  [/^delete/, true, ["B/a.jpg"]],
];

describe.each(STOPS)("a move that stops at %s, done: %s", (request, done, there) => {
  async function stopped(): Promise<Moving> {
    aws.put("A/a.jpg", "taco", { edits: JSON.stringify(EDITS) });
    aws.faults.push({ request, done, error: REFUSED });
    const moving = open();
    moving.add([{ path: "A/a.jpg", album: "B" }]);
    expect(await ended(moving)).toEqual([{ is: "failed", message: "refused" }]);
    expect(Object.keys(aws.photos).sort()).toEqual(there);
    return moving;
  }

  function expectMoved(): void {
    expect(aws.photos).toEqual({ "B/a.jpg": "taco" });
    expect(JSON.parse(String(aws.rows.get("B/a.jpg")?.["edits"]))).toEqual(EDITS);
    expect(aws.requests.filter((one) => one.startsWith("copy"))).toHaveLength(done || request.source !== "^copy" ? 1 : 2);
    expect(remembered()).toEqual([]);
  }

  test("goes on when it is tried again", async () => {
    const moving = await stopped();

    moving.retryFailed();

    expect(await ended(moving)).toEqual([{ is: "moved", to: "B/a.jpg" }]);
    expectMoved();
  });

  test("goes on in the next page", async () => {
    await stopped();
    const next = open();
    await next.readInterrupted();
    expect(next.interrupted.value).toMatchObject([{ path: "A/a.jpg", album: "B" }]);

    next.goOn();

    expect(await ended(next)).toEqual([{ is: "moved", to: "B/a.jpg" }]);
    expectMoved();
  });

  test("goes on when the photo is moved again by a page that remembers nothing", async () => {
    await stopped();
    if (!("A/a.jpg" in aws.photos)) return; // it has moved
    storage = storageOf();
    const next = open();

    next.add([{ path: "A/a.jpg", album: "B" }]);

    expect(await ended(next)).toEqual([{ is: "moved", to: "B/a.jpg" }]);
    expectMoved();
  });

  test("does not notice a lost connection", async () => {
    aws.put("A/a.jpg", "taco", { edits: JSON.stringify(EDITS) });
    aws.faults.push({ request, done, error: LOST });
    const moving = open();

    moving.add([{ path: "A/a.jpg", album: "B" }]);

    expect(await ended(moving)).toEqual([{ is: "moved", to: "B/a.jpg" }]);
    expect(aws.photos).toEqual({ "B/a.jpg": "taco" });
    expect(JSON.parse(String(aws.rows.get("B/a.jpg")?.["edits"]))).toEqual(EDITS);
  });
});

test("a copy that was edited meanwhile is left alone", async () => {
  aws.put("A/a.jpg", "taco", { edits: '{"title": "Taco"}' });
  aws.put("B/a.jpg", "taco", { edits: '{"title": "My taco"}' });
  const moving = open();

  moving.add([{ path: "A/a.jpg", album: "B" }]);

  expect(await ended(moving)).toEqual([{ is: "moved", to: "B/a (2).jpg" }]);
  expect(aws.rows.get("B/a.jpg")?.["edits"]).toBe('{"title": "My taco"}');
});

test("an edit that is made while the photo is copied is not lost", async () => {
  aws.put("A/a.jpg", "taco", { edits: '{"title": "Taco"}' });
  const moving = open();
  const { edit } = aws;
  aws.edit = async (request) => {
    if (request.title === "Taco") aws.rows.get("A/a.jpg")!["edits"] = '{"title": "Two tacos", "description": "Hot"}';
    return edit.call(aws, request);
  };

  moving.add([{ path: "A/a.jpg", album: "B" }]);

  expect(await ended(moving)).toEqual([{ is: "moved", to: "B/a.jpg" }]);
  expect(JSON.parse(String(aws.rows.get("B/a.jpg")?.["edits"]))).toEqual({ title: "Two tacos", description: "Hot" });
});

test("edits that a deleted photo has left at the new name are removed", async () => {
  aws.put("A/a.jpg", "taco");
  aws.put("B/a.jpg", "nacho", { status: "DELETED", edits: '{"title": "Nacho", "hidden_labels": ["cat"]}' });
  const moving = open();

  moving.add([{ path: "A/a.jpg", album: "B" }]);

  await ended(moving);
  expect(aws.requests).toContain('edit {"path":"B/a.jpg","title":null,"show_labels":["cat"]}');
});

test("a photo that was replaced while it was moved is kept", async () => {
  aws.put("A/a.jpg", "taco", { edits: '{"title": "Taco"}' });
  const moving = open();
  const { edit } = aws;
  aws.edit = async (request) => {
    aws.put("A/a.jpg", "burrito");
    return edit.call(aws, request);
  };

  moving.add([{ path: "A/a.jpg", album: "B" }]);

  expect(await ended(moving)).toEqual([{ is: "failed", message: "The photo changed while it was moved. Both are kept." }]);
  expect(aws.photos).toEqual({ "A/a.jpg": "burrito", "B/a.jpg": "taco" });
});

test.each(["REJECTED", "FAILED"])("a photo of which the copy is %s stays, without the copy", async (status) => {
  aws.put("A/a.jpg", "taco");
  aws.outcome = { status, reason: "UNREADABLE" };
  const moving = open();

  moving.add([{ path: "A/a.jpg", album: "B" }]);

  const [state] = await ended(moving);
  expect(state).toMatchObject({ is: "failed", message: expect.stringContaining("The photo stays where it was") });
  expect(aws.photos).toEqual({ "A/a.jpg": "taco" });
  expect(remembered()).toHaveLength(1);
});

test("a copy with other bytes is not taken for the photo", async () => {
  aws.put("A/a.jpg", "taco");
  aws.outcome = { status: "READY", sha256: "tac?" };
  const moving = open();

  moving.add([{ path: "A/a.jpg", album: "B" }]);

  expect(await ended(moving)).toEqual([{ is: "failed", message: "The copy is not the same as the photo. Both are kept." }]);
  expect(aws.photos).toEqual({ "A/a.jpg": "taco", "B/a.jpg": "tac?" });
});

test("an edit that meets the workflow is sent again", async () => {
  aws.put("A/a.jpg", "taco", { edits: '{"title": "Taco"}' });
  for (let count = 0; count < 2; count++) aws.faults.push({ request: /^edit/, done: false, error: CONFLICT });
  const moving = open();

  moving.add([{ path: "A/a.jpg", album: "B" }]);

  expect(await ended(moving)).toEqual([{ is: "moved", to: "B/a.jpg" }]);
  expect(aws.requests.filter((one) => one.startsWith("edit"))).toHaveLength(3);
});

test("a photo that is not ready, deleted or in the album is not moved", async () => {
  aws.put("A/failed.jpg", "x", { status: "FAILED" });
  aws.put("A/deleted.jpg", "x", { status: "DELETED" });
  aws.put("B/there.jpg", "x");
  const moving = open();

  moving.add(["A/failed.jpg", "A/deleted.jpg", "A/none.jpg", "B/there.jpg"].map((path) => ({ path, album: "B" })));

  expect(await ended(moving)).toEqual([
    { is: "failed", message: "Only a photo that is ready can be moved." },
    { is: "failed", message: "The photo is not there any more." },
    { is: "failed", message: "The photo is not there any more." },
  ]);
  expect(aws.requests).toEqual([]);
});

test("many photos are moved a few at a time, and those that wait can be stopped", async () => {
  const paths = Array.from({ length: 20 }, (_, index) => `A/${index}.jpg`);
  for (const path of paths) aws.put(path, path);
  const moving = open();

  moving.add(paths.map((path) => ({ path, album: "B" })));
  expect(moving.moves.value.filter(({ state }) => state.value.is === "moving")).toHaveLength(4);
  moving.stop();

  expect(await ended(moving)).toHaveLength(4);
  expect(Object.keys(aws.photos).filter((path) => path.startsWith("B/"))).toHaveLength(4);
  expect(Object.keys(aws.photos)).toHaveLength(20);
  expect(remembered()).toEqual([]);
});

test("another page that moves photos at the moment is not disturbed", async () => {
  storage = storageOf({ [`${MOVES}ada`]: '[{"path": "A/a.jpg", "album": "B"}]' });
  const locks = { query: async () => ({ held: [{ name: `${MOVES}ada` }] }), request: async () => undefined } as never;
  const moving = new Moving(aws, {} as never, storage, locks, () => undefined, new AbortController().signal);

  await moving.readInterrupted();

  expect(moving.interrupted.value).toEqual([]);
});

test("an album is renamed with all albums in it, and keeps its cover", async () => {
  const albums: Record<string, string[]> = { A: ["A/a.jpg", "A/b.jpg"], "A/C": ["A/C/c.jpg"], AB: ["AB/d.jpg"] };
  for (const path of Object.values(albums).flat()) aws.put(path, path);
  const gallery = {
    albumCounts: async () => Object.entries(albums).map(([name, { length: photos }]) => ({ name, photos, chosenCover: "A/b.jpg" })),
    album: (name: string) =>
      (async function* () {
        for (const path of albums[name] ?? []) yield [{ path }];
      })() as never,
  };
  const moving = new Moving(aws, gallery, storage, undefined, () => undefined, new AbortController().signal, 0.001);

  expect(await moving.rename("A", "A/New")).toBe(3);

  await ended(moving);
  expect(Object.keys(aws.photos).sort()).toEqual(["A/New/C/c.jpg", "A/New/a.jpg", "A/New/b.jpg", "AB/d.jpg"]);
  expect(aws.requests).toContain('edit {"album":"A/New","cover":"A/New/b.jpg"}');
});

describe("edits for a copy", () => {
  const TAKEN = { local: "2016-04-09T00:00:00", precision: "day" };

  test("are those of the photo", () => {
    const photo = { title: "", keywords: ["a"], taken: TAKEN, location: { latitude: 1, longitude: 2 }, place: { country: "X" } };
    expect(patchFor({ ...photo, hidden_labels: ["dog"] }, {}, true)).toEqual({
      ...{ title: "", keywords: ["a"], taken: TAKEN, location: { latitude: 1, longitude: 2 }, hide_labels: ["dog"] },
    });
    expect(patchFor({ removed: ["location", "taken"] }, {}, true)).toEqual({ taken: "removed", location: "removed" });
    expect(patchFor({}, {}, true)).toBeUndefined();
  });

  test("are not sent if the copy has them", () => {
    const reordered = { taken: { precision: "day", local: TAKEN.local }, removed: ["location"] };
    expect(patchFor({ taken: TAKEN, removed: ["location"] }, reordered, true)).toBeUndefined();
    expect(patchFor({ taken: TAKEN, removed: ["location"] }, reordered, false)).toBeUndefined();
  });

  test("do not replace what a person has edited since", () => {
    expect(patchFor({ title: "A" }, { title: "B" }, false)).toBe("conflict");
    expect(patchFor({}, { title: "B", hidden_labels: ["cat"] }, false)).toBeUndefined();
    expect(patchFor({ title: "A", hidden_labels: ["dog"] }, { hidden_labels: ["cat"] }, false)).toEqual({
      ...{ title: "A", hide_labels: ["dog"] },
    });
  });
});
