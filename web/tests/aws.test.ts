import { afterEach, expect, test, vi } from "vitest";
import { Aws, ExistsError } from "../src/aws";
import type { Config } from "../src/config";
import { storageOf } from "./storage";

vi.mock("../src/session", () => ({
  credentials: async () => ({ accessKeyId: "a", secretAccessKey: "b" }),
  sessionStore: () => storageOf(),
}));

const CONFIG = { region: "eu-west-1", photos_bucket: "photos", renditions_url: "https://pictures.example/r" } as Config;

afterEach(() => void vi.unstubAllGlobals());

test("A photo is restored by a copy only if no object has its name", async () => {
  const sent: Record<string, string>[] = [];
  vi.stubGlobal("fetch", async (_: string, { headers }: { headers: Record<string, string> }) => {
    sent.push(headers);
    return new Response("<Error><Code>PreconditionFailed</Code><Message>It exists</Message></Error>", { status: 412 });
  });

  await expect(new Aws(CONFIG, "ada").copyVersion("A/a.jpg", "v1")).rejects.toThrow(ExistsError);
  expect(sent).toHaveLength(1);
  expect(sent[0]).toMatchObject({ "if-none-match": "*", "x-amz-copy-source": "/photos/uploads/ada/A/a.jpg?versionId=v1" });
});

test("The URL of a rendition that needs no signature names its key, or there is none", async () => {
  const aws = new Aws(CONFIG, "ada");

  expect(await aws.renditionUrl("ada/ü (1).webp")).toBe("https://pictures.example/r/ada/%C3%BC%20%281%29.webp");
  await expect(aws.renditionUrl("ada/../bob/1.webp")).rejects.toThrow("ada/../bob/1.webp");
});
