import { describe, expect, test, vi } from "vitest";
import type { Photo } from "../src/records";
import { linkOf, parseManifest, pathOf, urlOf } from "../src/share/manifest";
import { factsOf, Shares } from "../src/shares";

const OWNER = "eu-west-1:aaaaaaaa-0000-4000-8000-000000000001";
const NAME = "9QyX3bZ0Yk2m7Tn4Jc1e5w";
const NONE = { titles: false, dates: false, places: false, people: false };

function photo(path: string): Photo {
  return {
    path,
    sortTime: "",
    widthPx: 3,
    heightPx: 2,
    status: "READY",
    row: {},
    key: `uploads/${OWNER}/${path}`,
    title: "Secret",
    description: "More",
    takenAt: { local: "2021-08-14T09:31:00", source: "EXIF", plausible: true },
    location: { latitude: 48.8, longitude: 2.3, valid: true },
    place: { country: "France", city: "Paris", offshore: false, otherCountries: [], source: "" },
    people: [{ name: "Ada", boxes: [] }],
    keywords: ["k"],
    labels: [],
    sources: {},
    truncated: false,
    camera: { make: "Taco" },
    thumb: { key: `${OWNER}/a/b/thumb.webp`, widthPx: 3, heightPx: 2 },
    large: { key: `${OWNER}/a/b/large.webp`, widthPx: 30, heightPx: 20 },
  };
}

/** S3 in memory. */
class Bucket {
  readonly owner = OWNER;
  readonly sharesUrl = "https://shares.example/";
  readonly objects = new Map<string, string>();

  copyToShare = vi.fn(async (rendition: string, key: string) => void this.objects.set(key, rendition));
  putShared = async (key: string, text: string) => void this.objects.set(key, text);
  deleteShared = async (key: string) => void this.objects.delete(key);
  getShared = async (key: string) => {
    if (!this.objects.has(key)) throw Object.assign(new Error(key), { name: "NoSuchKey" });
    return this.objects.get(key) ?? "";
  };
  listShared = async (prefix: string, { folders }: { folders: boolean }) => {
    const keys = [...this.objects.keys()].filter((key) => key.startsWith(prefix));
    const cut = (key: string) => key.slice(0, key.indexOf("/", prefix.length) + 1);
    return folders ? [...new Set(keys.map(cut))] : keys;
  };
}

function make(paths: readonly string[], bucket = new Bucket(), signal = new AbortController().signal) {
  const gallery = { photo: async (path: string) => (path === "gone" ? undefined : photo(path)) };
  const shares = new Shares(bucket, gallery);
  const made = shares.create({ title: " T ", paths, days: 7, allowed: NONE, signal, progress: () => undefined });
  return { bucket, shares, made };
}

describe("the facts of a photo", () => {
  test("are none unless they are allowed", () => {
    expect(factsOf(photo("a.jpg"), NONE)).toEqual({});
  });

  test.each([
    ["titles", { title: "Secret", description: "More" }],
    ["dates", { taken: { local: "2021-08-14T09:31:00" } }],
    ["places", { place: "Paris, France" }],
    ["people", { people: ["Ada"] }],
  ])("are those of %s alone", (name, facts) => {
    expect(factsOf(photo("a.jpg"), { ...NONE, [name]: true })).toEqual(facts);
  });

  test("have no date that is not plausible", () => {
    const wrong = { ...photo("a.jpg"), takenAt: { local: "1904-01-01T00:00:00", plausible: false } };

    expect(factsOf(wrong, { ...NONE, dates: true })).toEqual({});
  });
});

describe("a share", () => {
  test("has its pictures in order, and says which photos have none", async () => {
    const { bucket, made } = make(["b/1.jpg", "gone", "b/2.jpg"]);
    const { share, left } = await made;

    expect(left).toEqual(["gone"]);
    expect(share.manifest?.pictures.map(({ large }) => large.file)).toEqual(["0-large.webp", "2-large.webp"]);
    expect(share.manifest?.title).toBe("T");
    expect(share.link).toBe(`https://shares.example/#${share.path}`);
    expect(pathOf(new URL(share.link).hash)).toBe(share.path);
    expect(bucket.objects.size).toBe(5);
    expect(JSON.stringify([...bucket.objects])).not.toMatch(/Secret|Ada|Paris|1\.jpg|2021-08/);
  });

  test("lasts for its days", async () => {
    const { manifest } = (await make(["a.jpg"]).made).share;

    expect(Date.parse(manifest?.expiresAt ?? "") - Date.parse(manifest?.createdAt ?? "")).toBe(7 * 86_400_000);
  });

  test("is not there before all its pictures are, and leaves nothing after an error", async () => {
    const bucket = new Bucket();
    bucket.copyToShare.mockImplementation(async (_, key) => {
      expect([...bucket.objects.keys()].filter((one) => one.endsWith(".json"))).toEqual([]);
      if (key.includes("/3-")) throw new Error("no");
      bucket.objects.set(key, "");
    });

    await expect(make(["0", "1", "2", "3", "4"], bucket).made).rejects.toThrow("no");

    expect(bucket.objects.size).toBe(0);
  });

  test("of photos without pictures is an error", async () => {
    await expect(make(["gone"]).made).rejects.toThrow("None of these photos has a picture.");
  });

  test("that is stopped leaves nothing", async () => {
    const bucket = new Bucket();
    const stop = new AbortController();
    bucket.copyToShare.mockImplementation(async (_, key) => {
      bucket.objects.set(key, "");
      stop.abort();
    });

    await expect(make(["0", "1", "2", "3", "4", "5", "6", "7"], bucket, stop.signal).made).rejects.toThrow();

    expect(bucket.objects.size).toBe(0);
  });

  test("is listed until it is withdrawn or has expired", async () => {
    const { bucket, shares, made } = make(["a.jpg"]);
    const { share } = await made;
    const expired = `shares/1/${OWNER}/${"e".repeat(22)}`;
    bucket.objects.set(`${expired}/share.json`, JSON.stringify({ ...share.manifest, expiresAt: "2020-01-01T00:00:00Z" }));
    bucket.objects.set(`shares/30/${OWNER}/${"u".repeat(22)}/0-thumb.webp`, "");

    const [complete, unfinished, ...others] = await shares.list();

    expect(complete).toEqual(share);
    expect(unfinished?.manifest).toBeUndefined();
    expect(others).toEqual([]);
    await vi.waitFor(() => expect(bucket.objects.has(`${expired}/share.json`)).toBe(false));
    await shares.withdraw(share.path);
    expect([...bucket.objects.keys()].filter((key) => key.includes(share.path))).toEqual([]);
  });
});

describe("a link", () => {
  test("is read as it was made, also with an encoded colon", () => {
    const path = `7/${OWNER}/${NAME}`;

    expect(pathOf(new URL(linkOf("https://s.example", path)).hash)).toBe(path);
    expect(pathOf(`#${path.replace(":", "%3A")}`)).toBe(path);
    expect(urlOf(path, "share.json")).toBe(`./shares/7/${OWNER.replace(":", "%3A")}/${NAME}/share.json`);
  });

  test.each(["", "#", "#x", `#7/${OWNER}/short`, `#7/${OWNER}/../${NAME}`, `#/https://x.example/${NAME}`, "#%"])(
    "that is none has no path: %s",
    (hash) => {
      expect(pathOf(hash)).toBeUndefined();
    },
  );
});

describe("a manifest that a hostile user has written", () => {
  const file = { file: "0.webp", widthPx: 1, heightPx: 1 };
  const written = (pictures: unknown, more = {}) =>
    JSON.stringify({ title: "T", expiresAt: "2030-01-01T00:00:00Z", pictures, ...more });

  test.each([
    ["another folder", { ...file, file: "../../a.webp" }],
    ["another host", { ...file, file: "https://x.example/a" }],
    ["no size", { ...file, widthPx: 0 }],
    ["no file", undefined],
  ])("has no picture with %s", (_, thumb) => {
    expect(parseManifest(written([{ thumb, large: file }])).pictures).toEqual([]);
  });

  test.each([["null"], ["[]"], ["{}"], ["no JSON"], [written([], { expiresAt: "never" })], [written("x")]])("is none: %s", (text) => {
    expect(() => parseManifest(text)).toThrow();
  });

  test("has texts that are texts", () => {
    const { title, pictures } = parseManifest(written([{ thumb: file, large: file, title: {}, people: [1, "Ada"] }], { title: 7 }));

    expect(title).toBe("");
    expect(pictures).toEqual([{ thumb: file, large: file, people: ["Ada"] }]);
  });
});
