import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { upload } from "../src/multipart";
import { Bucket } from "../src/s3";
import { Transport } from "../src/transport";

vi.mock("../src/session", () => ({ credentials: async () => ({ accessKeyId: "a", secretAccessKey: "b" }) }));

const KEY = "uploads/ada/a.nef";
const FILE_BYTES = 6 * 1024 * 1024;

/** XMLHttpRequest to a server that takes each part. */
class Parts {
  readonly upload = { addEventListener: () => undefined };
  readonly status = 200;
  readonly responseText = "";
  private ended: () => void = () => undefined;

  addEventListener(_: string, listener: () => void): void {
    this.ended = listener;
  }

  send(): void {
    setTimeout(this.ended);
  }

  readonly open = () => undefined;
  readonly setRequestHeader = () => undefined;
  readonly abort = () => undefined;
  readonly getAllResponseHeaders = () => 'etag: "e"\r\n';
}

const error = (code: string, status: number) =>
  new Response(`<Error><Code>${code}</Code><Message>${code}</Message></Error>`, { status });

/** Answer CompleteMultipartUpload one try after the other; S3 then has an object of so many bytes. */
function completing(bytes: number | undefined, ...tries: (Response | Error)[]): string[] {
  const sent: string[] = [];
  vi.stubGlobal("fetch", async (url: string, { method }: { method: string }) => {
    const { searchParams: query } = new URL(url);
    sent.push(`${method} ${[...query.keys()].join()}`);
    if (query.has("uploads")) return new Response("<X><UploadId>u</UploadId></X>");
    if (query.has("versions")) {
      const version = `<Version><Key>${KEY}</Key><VersionId>v1</VersionId><IsLatest>true</IsLatest><Size>${bytes}</Size></Version>`;
      return new Response(`<X><IsTruncated>false</IsTruncated>${bytes === undefined ? "" : version}</X>`);
    }
    if (method === "DELETE") return new Response(null, { status: 204 });
    const answer = tries.shift()!;
    if (answer instanceof Error) throw answer;
    return answer;
  });
  return sent;
}

function uploaded(): Promise<string | undefined> {
  const bucket = new Bucket(new Transport("eu-west-1", "ada"), { region: "eu-west-1" }, "photos");
  const policy = { tries: 3, maxPauseMs: 1, waitsOffline: true, signal: new AbortController().signal };
  const file = new Blob([new Uint8Array(FILE_BYTES)]);
  return upload(bucket, KEY, file, { replace: false, progress: () => undefined, policy });
}

beforeEach(() => {
  vi.spyOn(Math, "random").mockReturnValue(0); // no pauses
  vi.stubGlobal("XMLHttpRequest", Parts);
});
afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

describe("the end of an upload in parts", () => {
  const lost = new TypeError("Failed to fetch");

  test("is known if the answer was lost and the next try is told that there is no such upload", async () => {
    const sent = completing(FILE_BYTES, lost, error("NoSuchUpload", 404));

    expect(await uploaded()).toBe("v1");
    expect(sent).toEqual(["POST uploads", "POST uploadId", "POST uploadId", "GET versions,prefix"]);
  });

  test.each([
    ["S3 has no such object", undefined],
    ["S3 has another object", FILE_BYTES + 1],
  ])("is an error if %s", async (_, bytes) => {
    completing(bytes, lost, error("NoSuchUpload", 404));

    await expect(uploaded()).rejects.toMatchObject({ name: "NoSuchUpload" });
  });

  test("is an error if no answer was lost: somebody else has stopped the upload", async () => {
    const sent = completing(FILE_BYTES, error("NoSuchUpload", 404));

    await expect(uploaded()).rejects.toMatchObject({ name: "NoSuchUpload" });
    expect(sent).not.toContain("GET versions,prefix");
  });

  test("may take minutes, unlike the answers to other requests", async () => {
    const limits = vi.spyOn(AbortSignal, "timeout");
    completing(FILE_BYTES, new Response("<CompleteMultipartUploadResult/>", { headers: { "x-amz-version-id": "v2" } }));

    expect(await uploaded()).toBe("v2");
    const limitsMs = limits.mock.calls.map(([limitMs]) => limitMs);
    expect(Math.min(...limitsMs)).toBeLessThanOrEqual(30_000);
    expect(limitsMs.at(-1)).toBeGreaterThanOrEqual(5 * 60_000);
  });
});
