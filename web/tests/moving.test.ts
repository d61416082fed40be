import { beforeEach, describe, expect, test } from "vitest";
import { ChangedError, ExistsError, type Edited, type EditRequest, type Item } from "../src/aws";
import { isInProgress, MOVES, type Move } from "../src/moves";
import { isSameContent, Moving, patchFor, type MovingAws } from "../src/moving";
import { pathOf, photoOf } from "../src/records";
import { HttpError } from "../src/retry";
import type { Version } from "../src/s3";
import { storageOf } from "./storage";

const EDITS = { title: "Taco", hidden_labels: ["dog"] };

/** A version of an object; of a delete marker the content is undefined. */
interface Stored {
  id: string;
  content: string | undefined;
}

/** S3 and the table of one owner. Each request is recorded; a test lets some of them fail. */
class FakeAws implements MovingAws {
  readonly owner = "ada";
  deletesForGood = true;
  requests: string[] = [];
  /** The versions of each object, newest first. */
  objects = new Map<string, Stored[]>();
  rows = new Map<string, Item>();
  /** Raised instead of the answer: the request has been done, or has not. */
  faults: { request: RegExp; done: boolean; error: Error }[] = [];
  /** What the workflow makes of the next copies. */
  outcome: Item = { status: "READY" };
  /** Whether the workflow has no time for deletions. */
  isBehind = false;
  private last = 0;

  put(path: string, content: string, more: Item = {}): string {
    const id = `v${++this.last}`;
    this.objects.set(path, [{ id, content }, ...(this.objects.get(path) ?? [])]);
    this.rows.set(path, {
      ...{ sk: `photo#${path}`, key: `uploads/ada/${path}`, status: "READY", etag: `etag of ${content}` },
      ...{ sha256: content, bytes: content.length, version_id: id, claimed_version: id },
      ...more,
    });
    return id;
  }

  /** The content of all photos that are not deleted, as S3 has them. */
  get photos(): Record<string, string> {
    return Object.fromEntries([...this.objects.keys()].flatMap((path) => {
      const content = this.current(path);
      return content === undefined ? [] : [[path, content]];
    }));
  }

  async get(sk: string): Promise<Item | undefined> {
    const row = this.rows.get(pathOf(sk));
    return row && { ...row };
  }

  async versions(path: string): Promise<Version[]> {
    const all = (this.objects.get(path) ?? []).map(({ id, content }, index): Version => {
      const more = content !== undefined && { bytes: content.length, etag: `etag of ${content}` };
      return { id, isMarker: content === undefined, isLatest: index === 0, ...more };
    });
    return all.sort((one, other) => Number(one.isMarker) - Number(other.isMarker));
  }

  async copy(from: string, to: string, etag: string | undefined): Promise<string> {
    return this.request(`copy ${from} ${to}`, () => {
      if (this.current(to) !== undefined) throw new ExistsError(to);
      const content = this.current(from);
      if (content === undefined || `etag of ${content}` !== etag) throw new ChangedError(from);
      return this.put(to, content, { edits: this.rows.get(to)?.["edits"], ...this.outcome });
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
      if (`etag of ${this.current(path)}` !== etag) throw new ChangedError(path);
      this.mark(path);
    });
  }

  async delete(path: string): Promise<string> {
    await this.request(`delete ${path}`, () => this.mark(path));
    return "marker";
  }

  async deleteVersion(path: string, version: string): Promise<void> {
    await this.request(`delete ${path} ${version}`, () => {
      this.objects.set(path, (this.objects.get(path) ?? []).filter(({ id }) => id !== version));
      if (this.current(path) === undefined) this.follow(path);
    });
  }

  /** The workflow has read S3's event of a deletion. */
  follow(path: string): void {
    if (!this.isBehind) this.rows.set(path, { ...this.rows.get(path), status: "DELETED" });
  }

  private current(path: string): string | undefined {
    return this.objects.get(path)?.[0]?.content;
  }

  private mark(path: string): void {
    this.objects.set(path, [{ id: `m${++this.last}`, content: undefined }, ...(this.objects.get(path) ?? [])]);
    this.follow(path);
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
const CONFLICT = new HttpError("conflict", 409);
const REFUSED = Object.assign(new Error("refused"), { name: "AccessDenied" });

function open(signedOut = new AbortController().signal, scale = 0.001): Moving {
  const gallery = { album: () => ({}) as never, albumCounts: async () => [] };
  return new Moving(aws, gallery, storage, undefined, (from, { path }) => shown.push(`${from} > ${path}`), signedOut, scale);
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

  test("goes on when the person moves the photo again in the next page", async () => {
    await stopped();
    const next = open();

    next.add([{ path: "A/a.jpg", album: "B" }]);

    expect(await ended(next)).toEqual([{ is: "moved", to: "B/a.jpg" }]);
    expectMoved();
  });

  test("loses nothing when the photo is moved again by a page that remembers nothing", async () => {
    await stopped();
    if (!("A/a.jpg" in aws.photos)) return; // it has moved
    storage = storageOf();
    const next = open();

    next.add([{ path: "A/a.jpg", album: "B" }]);

    // It cannot know whose copy is there.
    const to = there.includes("B/a.jpg") ? "B/a (2).jpg" : "B/a.jpg";
    expect(await ended(next)).toEqual([{ is: "moved", to }]);
    expect(Object.keys(aws.photos).sort()).toEqual([...new Set([...there, to])].filter((path) => path !== "A/a.jpg").sort());
    expect(JSON.parse(String(aws.rows.get(to)?.["edits"]))).toEqual(EDITS);
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
  aws.faults.push({ request: /^edit/, done: false, error: REFUSED });
  const moving = open();
  moving.add([{ path: "A/a.jpg", album: "B" }]);
  await ended(moving);
  aws.rows.get("B/a.jpg")!["edits"] = '{"title": "My taco"}';

  moving.retryFailed();

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
  const version = aws.put("B/a.jpg", "nacho", { edits: '{"title": "Nacho", "hidden_labels": ["cat"]}' });
  await aws.deleteVersion("B/a.jpg", version);
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
    if (aws.photos["A/a.jpg"] === "taco") aws.put("A/a.jpg", "burrito");
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
  expect(aws.photos).toEqual({ "A/a.jpg": "taco", "B/a.jpg": "taco" });
});

test.each([true, false])("a photo is moved back at once, if the workflow is behind: %s", async (isBehind) => {
  aws.put("A/a.jpg", "taco", { edits: JSON.stringify(EDITS) });
  aws.isBehind = isBehind;
  const moving = open(undefined, 0.0001);
  moving.add([{ path: "A/a.jpg", album: "B" }]);
  await ended(moving);

  moving.add([{ path: "B/a.jpg", album: "A" }]);

  expect((await ended(moving)).at(-1)).toEqual({ is: "moved", to: "A/a.jpg" });
  expect(aws.photos).toEqual({ "A/a.jpg": "taco" });
  expect(JSON.parse(String(aws.rows.get("A/a.jpg")?.["edits"]))).toEqual(EDITS);
});

test("a photo is moved back over the one that its move has left in the trash", async () => {
  aws.put("A/a.jpg", "taco");
  aws.deletesForGood = false;
  const moving = open();
  moving.add([{ path: "A/a.jpg", album: "B" }]);
  await ended(moving);

  moving.add([{ path: "B/a.jpg", album: "A" }]);

  expect((await ended(moving)).at(-1)).toEqual({ is: "moved", to: "A/a.jpg" });
});

test("a photo is there until the workflow has deleted its row", async () => {
  aws.put("A/a.jpg", "taco");
  aws.isBehind = true;
  const moving = open(undefined, 0.1); // it waits for 6 s
  moving.add([{ path: "A/a.jpg", album: "B" }]);
  while (!aws.requests.includes("delete A/a.jpg")) await new Promise((resolve) => setTimeout(resolve, 1));
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(moving.moves.value[0]?.state.value).toEqual({ is: "moving" });

  aws.isBehind = false;
  aws.follow("A/a.jpg");

  expect(await ended(moving)).toEqual([{ is: "moved", to: "B/a.jpg" }]);
});

test("of two photos with the same bytes that are moved to each other's album both are kept", async () => {
  aws.put("A/a.jpg", "taco");
  aws.put("B/a.jpg", "taco");
  const [one, other] = [open(), open()]; // two tabs

  one.add([{ path: "A/a.jpg", album: "B" }]);
  other.add([{ path: "B/a.jpg", album: "A" }]);

  await ended(one);
  await ended(other);
  expect(Object.values(aws.photos)).toEqual(["taco", "taco"]);
});

test("a photo that was deleted a moment ago is not taken for the copy", async () => {
  aws.put("A/a.jpg", "taco");
  aws.put("B/a.jpg", "taco", { edits: '{"title": "My taco"}' });
  aws.isBehind = true;
  await aws.delete("B/a.jpg");
  const moving = open(undefined, 0.0001);

  moving.add([{ path: "A/a.jpg", album: "B" }]);

  expect(await ended(moving)).toEqual([{ is: "moved", to: "B/a (2).jpg" }]);
  expect(aws.photos).toEqual({ "B/a (2).jpg": "taco" });
});

test("a photo in the trash keeps its name", async () => {
  aws.put("A/a.jpg", "taco");
  aws.put("B/a.jpg", "nacho");
  await aws.delete("B/a.jpg");
  const moving = open();

  moving.add([{ path: "A/a.jpg", album: "B" }]);

  expect(await ended(moving)).toEqual([{ is: "moved", to: "B/a (2).jpg" }]);
  expect((await aws.versions("B/a.jpg")).map(({ isMarker }) => isMarker)).toEqual([false, true]);
});

test.each([true, false])("a photo that a person deletes while it is moved has moved with its edits, if its copy is there: %s", async (isThere) => {
  aws.put("A/a.jpg", "taco", { edits: '{"title":"Taco"}' });
  aws.faults.push({ request: /^edit/, done: false, error: REFUSED });
  const moving = open();
  moving.add([{ path: "A/a.jpg", album: "B" }]);
  await ended(moving);
  await aws.delete("A/a.jpg");
  aws.isBehind = true; // the row of the copy stays READY
  if (!isThere) await aws.delete("B/a.jpg");

  moving.retryFailed();

  const message = "The photo is not there any more.";
  expect(await ended(moving)).toEqual([isThere ? { is: "moved", to: "B/a.jpg" } : { is: "failed", message }]);
  expect(aws.rows.get("B/a.jpg")?.["edits"]).toBe(isThere ? '{"title":"Taco"}' : undefined);
});

test("a photo stays if its copy is deleted before it", async () => {
  aws.put("A/a.jpg", "taco", { edits: '{"title": "Taco"}' });
  aws.isBehind = true; // the row of the copy is READY
  const moving = open();
  const { edit } = aws;
  aws.edit = async (request) => {
    const edited = await edit.call(aws, request);
    await aws.delete("B/a.jpg");
    return edited;
  };

  moving.add([{ path: "A/a.jpg", album: "B" }]);

  const message = "The copy was changed or deleted. The photo is still where it was.";
  expect(await ended(moving)).toEqual([{ is: "failed", message }]);
  expect(aws.photos).toEqual({ "A/a.jpg": "taco" });
});

test("a photo is deleted for good only if S3 has told the version of its copy", async () => {
  const version = aws.put("A/a.jpg", "taco");
  aws.faults.push({ request: /^copy/, done: true, error: LOST });
  const moving = open();

  moving.add([{ path: "A/a.jpg", album: "B" }]);

  expect(await ended(moving)).toEqual([{ is: "moved", to: "B/a.jpg" }]);
  expect(aws.requests).not.toContain(`delete A/a.jpg ${version}`);
});

test("a photo of the same bytes that appears while it is copied is not taken for the copy", async () => {
  aws.put("A/a.jpg", "taco");
  const moving = open();
  const { copy } = aws;
  aws.copy = async (from, to, etag) => {
    if (to === "B/a.jpg") aws.put(to, "taco");
    return copy.call(aws, from, to, etag);
  };

  moving.add([{ path: "A/a.jpg", album: "B" }]);

  expect(await ended(moving)).toEqual([{ is: "moved", to: "B/a (2).jpg" }]);
});

test("a photo that was replaced after it was copied is copied again", async () => {
  aws.put("A/a.nef", "taco", { sha256: "preview" });
  aws.faults.push({ request: /^delete/, done: false, error: REFUSED });
  aws.outcome = { sha256: "preview" };
  const moving = open();
  moving.add([{ path: "A/a.nef", album: "B" }]);
  await ended(moving);
  aws.put("A/a.nef", "tac2", { sha256: "preview" }); // other metadata

  moving.retryFailed();

  expect(await ended(moving)).toEqual([{ is: "moved", to: "B/a (2).nef" }]);
  expect(aws.photos).toEqual({ "B/a.nef": "taco", "B/a (2).nef": "tac2" });
});

describe("an edit between the last look at a photo and its deletion", () => {
  const typed = async (isRefused: boolean): Promise<Moving> => {
    aws.put("A/a.jpg", "taco", { edits: '{"title": "Taco"}' });
    const { deleteUnchanged } = aws;
    aws.deleteUnchanged = async (path, etag) => {
      await deleteUnchanged.call(aws, path, etag);
      aws.rows.get(path)!["edits"] = '{"title": "Two tacos"}';
      if (isRefused) aws.faults.push({ request: /^edit/, done: false, error: REFUSED });
    };
    const moving = open();
    moving.add([{ path: "A/a.jpg", album: "B" }]);
    await ended(moving);
    return moving;
  };

  test("is that of the copy", async () => {
    await typed(false);

    expect(aws.rows.get("B/a.jpg")?.["edits"]).toBe('{"title":"Two tacos"}');
  });

  test("is not lost if it cannot be made at once", async () => {
    const moving = await typed(true);
    expect(moving.moves.value[0]?.state.value.is).toBe("failed");

    const next = open();
    await next.readInterrupted();
    next.goOn();

    expect(await ended(next)).toEqual([{ is: "moved", to: "B/a.jpg" }]);
    expect(aws.rows.get("B/a.jpg")?.["edits"]).toBe('{"title":"Two tacos"}');
  });
});

test("raw photos have the same bytes if their ETags are equal: the hash is that of the preview", () => {
  const photo = (format: string, etag: string) =>
    photoOf({ sk: "photo#A/a", status: "READY", bytes: 25_000_000, sha256: "hash", format, etag } as never);

  expect(isSameContent(photo("NEF", "one"), photo("NEF", "other"))).toBe(false);
  expect(isSameContent(photo("NEF", "one"), photo("NEF", "one"))).toBe(true);
  expect(isSameContent(photo("JPEG", "one"), photo("JPEG", "in-2 parts"))).toBe(true);
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
