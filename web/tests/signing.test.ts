import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Signings } from "../src/signing";

const MINUTE_MS = 60_000;

/** Issues credentials for an hour: K1, K2 and so on. */
function issuer() {
  let issued = 0;
  return vi.fn(async () => ({
    accessKeyId: `K${++issued}`,
    secretAccessKey: "secret",
    sessionToken: "token",
    expiration: new Date(Date.now() + 60 * MINUTE_MS),
  }));
}

function storage() {
  const entries = new Map<string, string>();
  return { getItem: (key: string) => entries.get(key) ?? null, setItem: (key: string, value: string) => void entries.set(key, value) };
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe("the credentials that sign URLs", () => {
  test("are the same ones after a reload, with the same time", async () => {
    const kept = storage();
    const before = await new Signings(kept, "ada", issuer()).get();
    vi.advanceTimersByTime(30 * MINUTE_MS);
    const issue = issuer();

    expect(await new Signings(kept, "ada", issue).get()).toEqual(before);
    expect(issue).not.toHaveBeenCalled();
  });

  test("are replaced before they expire, with a page that stays open and with a new one", async () => {
    const kept = storage();
    const open = new Signings(kept, "ada", issuer());
    await open.get();
    vi.advanceTimersByTime(56 * MINUTE_MS);

    expect((await new Signings(kept, "ada", issuer()).get()).signedAt).toEqual(new Date());
    expect((await open.get()).credentials.accessKeyId).toBe("K2");
  });

  test("are not those of another person", async () => {
    const kept = storage();
    await new Signings(kept, "ada", issuer()).get();
    vi.advanceTimersByTime(MINUTE_MS);

    expect((await new Signings(kept, "bob", issuer()).get()).signedAt).toEqual(new Date());
  });

  test.each(["", "null", "{}", '{"owner":"ada","credentials":{},"signedAt":"x"}'])("are new if %j is stored", async (text) => {
    const broken = { getItem: () => text, setItem: () => { throw new Error("full"); } };

    expect((await new Signings(broken, "ada", issuer()).get()).credentials.accessKeyId).toBe("K1");
  });

  test("are renewed once for many pictures that fail, and again after an error", async () => {
    const issue = issuer();
    const signings = new Signings(storage(), "ada", issue);
    issue.mockRejectedValueOnce(new Error("Load failed"));
    await expect(signings.renew()).rejects.toThrow("Load failed");

    const all = await Promise.all([signings.renew(), signings.renew(), signings.renew()]);

    expect(new Set(all).size).toBe(1);
    expect(issue).toHaveBeenCalledTimes(2);
  });
});
