import { describe, expect, test } from "vitest";
import { each, Job, Jobs } from "../src/jobs";
import type { Card } from "../src/records";
import { Selection } from "../src/selection";

const cards: Card[] = ["a", "b", "c", "d", "e"].map((path) => ({ path, sortTime: "", widthPx: 1, heightPx: 1 }));
const [a, , c] = cards as [Card, Card, Card];

function chosen(selection: Selection): string {
  return [...selection.chosen.value.keys()].sort().join("");
}

describe("a range", () => {
  test("begins at the photo that was selected last, and replaces the range before", () => {
    const selection = new Selection();
    selection.toggle(c);

    selection.extend(cards, "e");
    expect(chosen(selection)).toBe("cde");
    selection.extend(cards, "d");
    expect(chosen(selection)).toBe("cd");
    selection.extend(cards, "a");
    expect(chosen(selection)).toBe("abc");
  });

  test("keeps what was selected before", () => {
    const selection = new Selection();
    selection.toggle(a);
    selection.toggle(c);

    selection.extend(cards, "d");

    expect(chosen(selection)).toBe("acd");
  });

  test("without a beginning is one photo, where the next one begins", () => {
    const selection = new Selection();

    selection.extend(cards, "b");
    expect(chosen(selection)).toBe("b");
    selection.extend(cards, "d");
    expect(chosen(selection)).toBe("bcd");
  });
});

test("what is read is selected only if nobody ended the selection meanwhile", async () => {
  const selection = new Selection();
  let goOn = () => {};
  async function* pages() {
    yield [a];
    await new Promise<void>((resolve) => (goOn = resolve));
    yield [c];
  }

  const first = selection.read("Reading", pages());
  await Promise.resolve();
  await Promise.resolve();
  await Promise.resolve();
  expect(selection.reading.value).toBe("Reading");
  selection.clear();
  goOn();
  await first;
  expect([chosen(selection), selection.reading.value]).toEqual(["", ""]);

  async function* whole() {
    yield [a];
    yield [c];
  }
  await selection.read("Reading", whole());
  expect([chosen(selection), selection.reading.value]).toEqual(["ac", ""]);
});

describe("a job", () => {
  const wording = { title: "Work", failed: String };

  test("does at most six tasks at once, and tries only those again that failed", async () => {
    const paths = Array.from({ length: 20 }, (_, index) => String(index));
    const tried: string[] = [];
    let fails = true;
    let [now, most] = [0, 0];
    const job = new Job(
      wording,
      each(async (path) => {
        tried.push(path);
        most = Math.max(most, ++now);
        await new Promise((resolve) => setTimeout(resolve));
        now--;
        if (fails && Number(path) % 7 === 0) throw new Error(`no ${path}`);
      }),
    );
    const jobs = new Jobs();

    await job.run(paths);
    expect(most).toBe(6);
    expect(job.succeeded.value).toBe(17);
    expect(job.failed.value).toEqual(["0", "7", "14"].map((path) => ({ path, message: `no ${path}` })));

    fails = false;
    tried.length = 0;
    jobs.tryAgain(job);
    await expect.poll(() => job.running.value).toBe(false);
    expect(tried).toEqual(["0", "7", "14"]);
    expect(jobs.shown.value).toEqual([]);
  });

  test("that is cancelled begins no further task, and reports what is done", async () => {
    const ended: string[][] = [];
    const job: Job = new Job(
      wording,
      each(async (path) => {
        await Promise.resolve();
        if (path === "3") job.cancel();
      }, 1),
      (done) => ended.push([...done]),
    );

    await job.run(["1", "2", "3", "4", "5"]);

    expect(ended).toEqual([["1", "2", "3"]]);
    expect(job.failed.value).toEqual([]);
  });
});
