import { describe, expect, test, vi } from "vitest";
import vectors from "../../tests/vectors.json";
import type { Aws, Item, Query } from "../src/aws";
import { Gallery, sha256OfFile } from "../src/gallery";
import type { Remembered } from "../src/remembered";
import { Uploads, type Item as Upload } from "../src/uploads";

const OWNER = "ada";
const FILE = new File(["the same bytes"], "a.jpg");
const HASH = await sha256OfFile(FILE);
const SIZE = "000000014";

/** A table of photos, and of what its index by_content says of them, which may be behind. */
function tableOf(photos: Record<string, Item>, indexed: Record<string, string>) {
  const rows = Object.entries(indexed).map(([path, content]) => ({ sk: `photo#${path}`, content }));
  const query = vi.fn(async ({ index, values, limit }: Query) => {
    expect(index).toBe("by_content");
    const found = rows.filter(({ content }) => content.startsWith(values[":content"] ?? "?"));
    return { items: found.slice(0, limit).map(({ sk }) => ({ sk })) };
  });
  const get = vi.fn(async (sk: string) => {
    const row = photos[sk.replace("photo#", "")];
    return row && { sk, ...row };
  });
  const upload = vi.fn(async () => "version");
  const aws = { owner: OWNER, query, get, upload, uploadKey: (path: string) => path } as Partial<Aws> as Aws;
  return { aws, query, get, upload };
}

const READY = { status: "READY", bytes: FILE.size, sha256: HASH };
const CONTENT = `${SIZE}#${HASH}#0`;

describe("the same bytes", () => {
  const content = () => ({ bytes: FILE.size, sha256: vi.fn(async () => HASH) });

  test("are asked for by their number first, and not hashed if no photo has as many", async () => {
    const { aws, query, get } = tableOf({}, { "Trip/other.jpg": `000000140#${HASH}#0` });
    const asked = content();

    expect(await new Gallery(aws).sameBytes(asked, "A/a.jpg")).toBeUndefined();

    expect(asked.sha256).not.toHaveBeenCalled();
    expect(query).toHaveBeenCalledTimes(1);
    expect(get).not.toHaveBeenCalled();
  });

  test("are found under another name in another album, by two queries and one read", async () => {
    const { aws, query, get } = tableOf({ "Trip/b.jpg": READY }, { "Trip/b.jpg": CONTENT });

    expect(await new Gallery(aws).sameBytes(content(), "A/a.jpg")).toMatchObject({ path: "Trip/b.jpg" });

    expect(query).toHaveBeenCalledTimes(2);
    expect(get).toHaveBeenCalledTimes(1);
  });

  test("are found under the name of the file before others", async () => {
    const { aws } = tableOf(
      { "A/a.jpg": READY, "A/b.jpg": READY, "Z/z.jpg": READY },
      { "A/b.jpg": CONTENT, "A/a.jpg": CONTENT, "Z/z.jpg": CONTENT },
    );

    expect(await new Gallery(aws).sameBytes(content(), "A/a.jpg")).toMatchObject({ path: "A/a.jpg" });
  });

  test.each([
    ["another hash", { "T/b.jpg": READY }, `${SIZE}#0${HASH.slice(1)}#0`],
    ["no row any more", {}, CONTENT],
    ["a deleted photo", { "T/b.jpg": { ...READY, status: "DELETED" } }, CONTENT],
    ["a photo that is being replaced", { "T/b.jpg": { ...READY, status: "PROCESSING" } }, CONTENT],
    ["a photo that was replaced", { "T/b.jpg": { ...READY, sha256: "0" } }, CONTENT],
  ])("are not found in %s", async (_, photos: Record<string, Item>, indexed) => {
    const { aws } = tableOf(photos, { "T/b.jpg": indexed });

    expect(await new Gallery(aws).sameBytes(content(), "A/a.jpg")).toBeUndefined();
  });

  test.each(vectors.content_keys)("of $bytes bytes are asked for as the index has them", async (vector) => {
    const { aws } = tableOf(
      { "Trip/b.jpg": { ...READY, bytes: vector.bytes, sha256: vector.sha256 } },
      { "Trip/b.jpg": vector.content_key },
    );
    const asked = { bytes: vector.bytes, sha256: async () => vector.sha256 };

    expect(await new Gallery(aws).sameBytes(asked, "A/a.jpg")).toMatchObject({ path: "Trip/b.jpg" });
  });
});

test("a large file has the same hash in pieces", async () => {
  const file = new Blob([new Uint8Array(1_300_001).fill(7)]);

  expect(await sha256OfFile(file, 1000)).toBe(await sha256OfFile(file));
});

describe("an upload of a photo that is elsewhere", () => {
  const remembered = { resumed: () => undefined } as Partial<Remembered> as Remembered;

  async function uploaded({ aws }: ReturnType<typeof tableOf>): Promise<{ uploads: Uploads; item: Upload }> {
    const uploads = new Uploads(aws, new Gallery(aws), remembered, () => expect.fail("nothing arrives"));
    uploads.add([{ file: FILE, folder: "" }], "Other");
    const item = uploads.items.value[0] as Upload;
    await vi.waitFor(() => expect(["there", "waiting"]).toContain(item.state.value.is));
    return { uploads, item };
  }

  test("is not sent, until the person wants it", async () => {
    const table = tableOf({ "Trip/b.jpg": READY }, { "Trip/b.jpg": CONTENT });
    const { uploads, item } = await uploaded(table);
    expect(item.state.value).toMatchObject({ is: "there", photo: { path: "Trip/b.jpg" } });
    expect(table.upload).not.toHaveBeenCalled();

    uploads.uploadAllAnyway();

    await vi.waitFor(() => expect(table.upload).toHaveBeenCalledTimes(1));
    expect(table.query).toHaveBeenCalledTimes(2); // not asked again
    item.stop.abort();
  });

  test("is sent if the question is refused", async () => {
    const table = tableOf({}, {});
    table.query.mockRejectedValue(Object.assign(new Error("no"), { name: "AccessDeniedException" }));

    const { item } = await uploaded(table);

    expect(table.upload).toHaveBeenCalledTimes(1);
    item.stop.abort();
  });
});
