import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { AwsError } from "../src/answers";
import { setClock } from "../src/clock";
import { DynamoDb, fromDynamo, toDynamo } from "../src/dynamodb";
import { Bucket } from "../src/s3";
import { newCredentials } from "../src/session";
import { Transport } from "../src/transport";

// Of the examples in AWS's documentation:
// https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
// https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html
const KEYS = { accessKeyId: "AKIAIOSFODNN7EXAMPLE", secretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY" };
const EXAMPLE = new Date("2013-05-24T00:00:00Z");
const HOUR_MS = 3_600_000;

vi.mock("../src/session", () => ({ credentials: vi.fn(async () => KEYS), newCredentials: vi.fn(async () => KEYS) }));

interface Sent {
  url: string;
  method: string;
  headers: Record<string, string>;
}

/** Answer requests one after the other; return what is sent. */
function answering(...answers: (Response | Error)[]): Sent[] {
  const sent: Sent[] = [];
  vi.stubGlobal("fetch", async (url: string, { method, headers }: Sent) => {
    sent.push({ url, method, headers });
    const answer = answers.shift() ?? new Response("{}");
    if (answer instanceof Error) throw answer;
    return answer;
  });
  return sent;
}

const refusal = (code: string, headers: Record<string, string> = {}, status = 403) =>
  new Response(`<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>a &lt; b</Message></Error>`, {
    status,
    headers,
  });

const bucket = () => new Bucket(new Transport("us-east-1", "ada"), { region: "us-east-1" }, "photos");

beforeEach(() => {
  vi.useFakeTimers({ now: EXAMPLE, toFake: ["Date"] });
  vi.spyOn(Math, "random").mockReturnValue(0); // no pauses
});
afterEach(() => {
  setClock(Date.now());
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
  vi.mocked(newCredentials).mockClear();
  vi.useRealTimers();
});

describe("a signature", () => {
  test("of a PUT is that of AWS's example", async () => {
    const sent = answering();
    await new Transport("us-east-1", "ada").send({
      service: "s3",
      method: "PUT",
      url: "https://examplebucket.s3.amazonaws.com/test%24file.text",
      headers: {
        Date: "Fri, 24 May 2013 00:00:00 GMT",
        "x-amz-content-sha256": "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072",
        "x-amz-storage-class": "REDUCED_REDUNDANCY",
      },
      body: "Welcome to Amazon S3.",
    });

    const signature = "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd";
    expect(sent[0]?.headers["authorization"]).toContain(`Signature=${signature}`);
  });

  test("of a URL is that of AWS's example", async () => {
    const url = "https://examplebucket.s3.amazonaws.com/test.txt";
    const signed = await new Transport("us-east-1", "ada").presigned(url, KEYS, EXAMPLE, 86_400);

    const signature = "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404";
    expect(new URL(signed).searchParams.get("X-Amz-Signature")).toBe(signature);
  });

  test("of the same URL, with the same credentials and time, is the same", async () => {
    const url = () => bucket().presigned("a b.webp", KEYS, EXAMPLE, 3600);

    expect(await url()).toBe(await url());
  });
});

test("A URL is spelled as AWS reads it, whatever the name", async () => {
  const url = await bucket().presigned("ü/a+b (1) '*!~?#&.jpg", KEYS, EXAMPLE, 60, { name: "a+b *~" });

  expect(url).toContain("https://photos.s3.us-east-1.amazonaws.com/%C3%BC/a%2Bb%20%281%29%20%27%2A%21~%3F%23%26.jpg?name=a%2Bb%20%2A~&");
});

describe("a name that a URL cannot have, since its folder leads to another one,", () => {
  const NAMES = ["uploads/ada/trip/../b.jpg", "uploads/ada/./b.jpg", "uploads/ada/..", "..", "."];

  test.each(NAMES)("is refused, and nothing is sent: %s", async (key) => {
    const sent = answering();
    const message = new RegExp(key.replaceAll(".", "\\."));

    await expect(bucket().send("DELETE", key)).rejects.toThrow(message);
    await expect(bucket().copy(key, "uploads/ada/c.jpg")).rejects.toThrow(message);
    await expect(bucket().presigned(key, KEYS, EXAMPLE, 60)).rejects.toThrow(message);
    expect(sent).toEqual([]);
  });

  test.each(["a..b/c.jpg", "uploads/ada//x.jpg", ".../x.jpg", "%2e%2e/x.jpg", "a b+c~'()*!ü😀\\\t.jpg", "/"])("is not %s", async (key) => {
    const sent = answering();

    await bucket().send("DELETE", key);

    expect(decodeURIComponent(new URL(sent[0]!.url).pathname)).toBe(`/${key}`);
  });
});

describe("a clock that is wrong by hours", () => {
  test("is corrected by the time that S3 sends, and the request is sent again at once", async () => {
    const date = new Date(EXAMPLE.getTime() + 3 * HOUR_MS).toUTCString();
    const sent = answering(refusal("RequestTimeTooSkewed", { Date: date }), new Response(""), new Response(""));

    await bucket().send("DELETE", "a.jpg");
    await bucket().send("DELETE", "a.jpg");

    const times = sent.map(({ headers }) => headers["x-amz-date"]);
    expect(times).toEqual(["20130524T000000Z", "20130524T030000Z", "20130524T030000Z"]);
  });

  test("is corrected for each of several requests that are refused at once", async () => {
    const date = new Date(EXAMPLE.getTime() + 3 * HOUR_MS).toUTCString();
    const refused = () => refusal("RequestTimeTooSkewed", { Date: date });
    const sent = answering(refused(), refused(), new Response(""), new Response(""));

    await Promise.all([bucket().send("DELETE", "a.jpg"), bucket().send("DELETE", "b.jpg")]);

    expect(sent).toHaveLength(4);
  });

  test("is corrected by the message of a service of which a page may not read the time", async () => {
    const message = "Signature expired: 20130524T000000Z is now earlier than 20130524T025500Z (20130524T030000Z - 5 min.)";
    const sent = answering(Response.json({ __type: "com.amazon.coral.service#InvalidSignatureException", message }, { status: 400 }));

    await new DynamoDb(new Transport("us-east-1", "ada"), { region: "us-east-1" }).call("Query", {});

    expect(sent.map(({ headers }) => headers["x-amz-date"])).toEqual(["20130524T000000Z", "20130524T030000Z"]);
  });

  test("is not corrected for a few seconds: signed URLs would change", async () => {
    const date = new Date(EXAMPLE.getTime() + 30_000).toUTCString();
    const sent = answering(new Response("", { headers: { Date: date } }), new Response(""));

    await bucket().send("DELETE", "a.jpg");
    await bucket().send("DELETE", "a.jpg");

    expect(sent[1]?.headers["x-amz-date"]).toBe("20130524T000000Z");
  });
});

describe("a request", () => {
  test("is sent again with new credentials if the old ones have expired", async () => {
    const sent = answering(refusal("ExpiredToken", {}, 400), new Response("done"));

    expect((await bucket().send("GET", "a.jpg")).text).toBe("done");
    expect(sent).toHaveLength(2);
    expect(newCredentials).toHaveBeenCalledTimes(1);
  });

  test("is not sent again if it is refused", async () => {
    const sent = answering(refusal("AccessDenied"));

    const error = await bucket().send("GET", "a.jpg").catch((reason: AwsError) => reason);

    expect(error).toMatchObject({ name: "AccessDenied", message: "a < b", status: 403 });
    expect(sent).toHaveLength(1);
  });

  test("is sent again if S3 tells an error after a head that says 200", async () => {
    const sent = answering(refusal("InternalError", {}, 200), new Response("<CopyObjectResult/>"));

    expect((await bucket().send("PUT", "a.jpg")).text).toBe("<CopyObjectResult/>");
    expect(sent).toHaveLength(2);
  });

  test("is sent again if it is throttled, or the connection is lost", async () => {
    const throttled = Response.json({ __type: "x#ProvisionedThroughputExceededException" }, { status: 400 });
    const sent = answering(throttled, new TypeError("Failed to fetch"), new Response("", { status: 503 }));

    await new DynamoDb(new Transport("us-east-1", "ada"), { region: "us-east-1" }).call("Query", {});

    expect(sent).toHaveLength(4);
  });
});

describe("S3", () => {
  const PREFIX = "https://photos.s3.us-east-1.amazonaws.com/";

  test("deletes by a marker, of which the version id is returned, or one version for good", async () => {
    const sent = answering(new Response(null, { status: 204, headers: { "x-amz-version-id": "m1" } }));

    expect(await bucket().delete("a.jpg", undefined, { "If-Match": '"1"' })).toBe("m1");
    expect(await bucket().delete("a.jpg", "v/1+")).toBeUndefined();
    expect(sent.map(({ method, url }) => `${method} ${url}`)).toEqual([
      `DELETE ${PREFIX}a.jpg`,
      `DELETE ${PREFIX}a.jpg?versionId=v%2F1%2B`,
    ]);
    expect(sent[0]?.headers["if-match"]).toBe('"1"');
  });

  test("copies a version, if the condition holds", async () => {
    const sent = answering(new Response("<CopyObjectResult/>", { headers: { "x-amz-version-id": "v2" } }));

    expect(await bucket().copy("ü/a b.jpg", "b.jpg", "v1", { "If-None-Match": "*" })).toBe("v2");
    expect(sent[0]).toMatchObject({
      method: "PUT",
      url: `${PREFIX}b.jpg`,
      headers: {
        "x-amz-copy-source": "/photos/%C3%BC/a%20b.jpg?versionId=v1",
        "x-amz-tagging-directive": "REPLACE", // by a user who may neither read nor write tags
        "if-none-match": "*",
      },
    });
  });

  test("has minutes for a copy", async () => {
    const limits = vi.spyOn(AbortSignal, "timeout");
    answering(new Response("<CopyObjectResult/>"), new Response(""));

    await bucket().copy("a.jpg", "b.jpg");
    await bucket().delete("a.jpg");

    expect(limits.mock.calls).toEqual([[600_000], [20_000]]);
  });

  test("lists the versions of one object, page by page", async () => {
    const version = (kind: string, key: string, id: string, isLatest = false) =>
      `<${kind}><Key>${key}</Key><VersionId>${id}</VersionId><IsLatest>${isLatest}</IsLatest><ETag>&quot;e&quot;</ETag><Size>3</Size><Owner><ID>x</ID></Owner></${kind}>`;
    const page = (inside: string, more = "<IsTruncated>false</IsTruncated>") =>
      new Response(`<?xml version="1.0"?>\n<ListVersionsResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${more}${inside}</ListVersionsResult>`);
    const key = "a&b\r.jpg";
    const spelledKey = "a&amp;b&#13;.jpg";
    const sent = answering(
      page(
        version("DeleteMarker", spelledKey, "m1", true) + version("Version", spelledKey, "v2"),
        `<IsTruncated>true</IsTruncated><NextKeyMarker>${spelledKey}</NextKeyMarker><NextVersionIdMarker>v2</NextVersionIdMarker>`,
      ),
      page(version("Version", spelledKey, "v1") + version("Version", `${spelledKey}.bak`, "other")),
    );

    expect(await bucket().versions(key)).toEqual([
      { id: "m1", isMarker: true, isLatest: true },
      { id: "v2", isMarker: false, isLatest: false, bytes: 3, etag: "e" },
      { id: "v1", isMarker: false, isLatest: false, bytes: 3, etag: "e" },
    ]);
    const queries = sent.map(({ url }) => Object.fromEntries(new URL(url).searchParams));
    expect(queries).toEqual([
      { versions: "", prefix: key },
      { versions: "", prefix: key, "key-marker": key, "version-id-marker": "v2" },
    ]);
  });
});

test("Items keep their values on their way to DynamoDB and back", () => {
  const item = { text: "a", number: 1.5, yes: true, nothing: null, list: ["a", 2, { deep: [] }], map: { empty: "" } };

  expect(fromDynamo(toDynamo(item))).toEqual(item);
  expect(fromDynamo({ some: { SS: ["a"] }, numbers: { NS: ["1", "2"] } })).toEqual({ some: ["a"], numbers: [1, 2] });
});
