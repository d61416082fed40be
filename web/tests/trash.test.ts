import { describe, expect, test } from "vitest";
import { ExistsError, type Aws } from "../src/aws";
import type { Gallery } from "../src/gallery";
import { Jobs } from "../src/jobs";
import { Trash } from "../src/trash";

const PATH = "A/a.jpg";

interface Stored {
  id: string;
  isMarker: boolean;
  bytes: number;
}

/** The versions of one object in S3, newest first; other tabs do something before a request. */
class Versions {
  stored: Stored[] = [];
  /** Called before each request, with its name and number. */
  before: (request: string, number: number) => void = () => undefined;
  /** Called after each request was done, before it is answered. */
  after: (request: string) => void = () => undefined;
  private made = 0;
  private requests = 0;

  put(bytes: number): string {
    return this.add({ id: `v${++this.made}`, isMarker: false, bytes });
  }

  remove(id: string): void {
    this.stored = this.stored.filter((one) => one.id !== id);
  }

  get left(): string[] {
    return this.stored.map(({ id }) => id);
  }

  async delete(): Promise<string> {
    return this.add({ id: `m${++this.made}`, isMarker: true, bytes: 0 });
  }

  async versions() {
    this.before("versions", ++this.requests);
    const found = this.stored.map((one, place) => ({ ...one, isLatest: place === 0 }));
    return found.sort((one, other) => Number(one.isMarker) - Number(other.isMarker));
  }

  async deleteVersion(_: string, id: string): Promise<void> {
    this.before("deleteVersion", ++this.requests);
    this.remove(id);
    this.after("deleteVersion");
  }

  async copyVersion(path: string, id: string): Promise<void> {
    this.before("copyVersion", ++this.requests);
    if (this.stored[0] && !this.stored[0].isMarker) throw new ExistsError(path);
    this.put(this.stored.find((one) => one.id === id)!.bytes);
    this.after("copyVersion");
  }

  private add(version: Stored): string {
    this.stored = [version, ...this.stored];
    return version.id;
  }
}

/** Open the trash of a page, as it is deployed. */
function open(s3: Versions, deleteForGood = true) {
  const jobs = new Jobs();
  const config = { trash_days: 30, delete_for_good: deleteForGood };
  const followers = { lists: () => [], trashed: () => [], deleted: () => undefined, restored: () => undefined };
  const gallery = { photo: async () => ({ path: PATH, status: "READY" }) } as unknown as Gallery;
  return { trash: new Trash(s3 as unknown as Aws, gallery, jobs, config, followers), jobs };
}

/** Wait for the job, and return what the page says: of each photo that failed, or else that it is done. */
async function said({ jobs }: { jobs: Jobs }): Promise<string> {
  await new Promise((resolve) => setTimeout(resolve, 5));
  const failed = jobs.shown.value.flatMap((job) => job.failed.value.map(({ message }) => message));
  return failed.join() || (jobs.toast.value?.text ?? "");
}

async function undone(page: ReturnType<typeof open>, meanwhile: () => unknown = () => undefined): Promise<string> {
  await page.trash.delete(PATH);
  const undo = page.jobs.toast.value!.undo!;
  await meanwhile();
  undo();
  return said(page);
}

describe.each([true, false])("Undo, if a person may delete for good: %s,", (deleteForGood) => {
  test("restores the photo", async () => {
    const s3 = new Versions();
    s3.put(1000);

    expect(await undone(open(s3, deleteForGood))).toBe("1 photo restored.");
    expect(s3.stored[0]).toMatchObject({ isMarker: false, bytes: 1000 });
  });

  test("restores a photo that was deleted twice", async () => {
    const s3 = new Versions();
    s3.put(1000);

    expect(await undone(open(s3, deleteForGood), () => s3.delete())).toBe("1 photo restored.");
    expect(s3.stored[0]).toMatchObject({ isMarker: false, bytes: 1000 });
  });

  test("says so if another photo has the name since, and changes nothing", async () => {
    const s3 = new Versions();
    s3.put(1000);

    expect(await undone(open(s3, deleteForGood), () => s3.put(2000))).toBe("Another photo has its name now.");
    expect(s3.left).toEqual(["v3", "m2", "v1"]);
  });

  test("says so if another photo gets the name at that moment, and does not cover it", async () => {
    const s3 = new Versions();
    s3.put(1000);
    s3.before = (request) => {
      if (request !== "versions" && !s3.left.includes("v3")) s3.put(2000);
    };

    expect(await undone(open(s3, deleteForGood))).toBe("Another photo has its name now.");
    expect(s3.left[0]).toBe("v3");
    expect(s3.left).toContain("v1");
  });

  test("succeeds if the photo was restored in another tab", async () => {
    const s3 = new Versions();
    s3.put(1000);
    const restored = () => (deleteForGood ? s3.remove("m2") : s3.put(1000));

    expect(await undone(open(s3, deleteForGood), restored)).toBe("1 photo restored.");
  });

  test("says so if the photo was deleted for good meanwhile", async () => {
    const s3 = new Versions();
    s3.put(1000);

    expect(await undone(open(s3, deleteForGood), () => s3.remove("v1"))).toBe("The photo cannot be restored any more.");
  });
});

test("A copy of which the answer was lost is a restored photo", async () => {
  const s3 = new Versions();
  s3.put(1000);
  s3.after = () => {
    throw new ExistsError(PATH); // S3 to the next try
  };

  expect(await undone(open(s3, false))).toBe("1 photo restored.");
  expect(s3.left).toEqual(["v3", "m2", "v1"]);
});

describe("a photo that is deleted for good", () => {
  const trashed = async () => {
    const s3 = new Versions();
    for (const bytes of [1000, 2000]) {
      s3.put(bytes);
      await s3.delete();
    }
    return s3; // m4, v3, m2, v1
  };

  test("has no version left, and its marker goes last", async () => {
    const s3 = await trashed();
    const seen: string[] = [];
    s3.after = () => seen.push(s3.left.join(" "));
    const page = open(s3);

    page.trash.deleteForGood([PATH]);

    expect(await said(page)).toBe("1 photo deleted for good.");
    expect(seen).toEqual(["m4 v3 v1", "m4 v3", "m4", ""]);
  });

  test.each([1, 2, 3])("is kept if it is restored in another tab after %s deletions", async (deletions) => {
    const s3 = await trashed();
    let done = 0;
    s3.after = () => {
      if (++done === deletions) s3.remove("m4");
    };
    const page = open(s3);

    page.trash.deleteForGood([PATH]);

    const isGone = deletions === 3; // before the restore
    expect(await said(page)).toBe(isGone ? "1 photo deleted for good." : "The photo is not in the trash any more.");
    expect(s3.left.includes("v3")).toBe(!isGone);
  });
});
