import { getDiffieHellman } from "node:crypto";
import { describe, expect, test, vi } from "vitest";
import { begin, claim, timestamp } from "../src/srp";
import vectors from "./srp.json";

// Of @aws-amplify/auth 6.21.1: what its AuthenticationHelper computes of these secrets and challenges.
const [first] = vectors;
const PRIME = getDiffieHellman("modp15").getPrime("hex"); // group 15 of RFC 3526

function bytesOf(hex: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

describe("a sign-in", () => {
  test.each(vectors)("of $challenge.USER_ID_FOR_SRP sends what Amplify sends", async (vector) => {
    const { pool, password, challenge, time, A, signature } = vector;
    const secret = begin(bytesOf(vector.secret));

    expect(secret.A).toBe(A);
    expect(await claim(secret, challenge, pool, password, time)).toBe(signature);
  });

  test("with another password sends another signature", async () => {
    const { pool, challenge, time, signature, secret } = first!;

    expect(await claim(begin(bytesOf(secret)), challenge, pool, "wrong", time)).not.toBe(signature);
  });

  test("has a secret of its own", () => {
    expect(begin().A).not.toBe(begin().A);
  });

  test("does not begin with a secret that is 0", () => {
    expect(() => begin(new Uint8Array(128))).toThrow("A mod N is 0");
  });

  // Otherwise a server that does not know the password could make both sides have the same key.
  test.each([["0", "0"], ["N", PRIME], ["2 N", (2n * BigInt(`0x${PRIME}`)).toString(16)]])("ends if B is %s", async (_, B) => {
    const { pool, challenge, time, password } = first!;

    await expect(claim(begin(), { ...challenge, SRP_B: B }, pool, password, time)).rejects.toThrow("B mod N is 0");
  });

  test("ends if the hash of both public numbers is 0", async () => {
    const { pool, challenge, time, password } = first!;
    vi.spyOn(crypto.subtle, "digest").mockResolvedValueOnce(new ArrayBuffer(32));

    await expect(claim(begin(), challenge, pool, password, time)).rejects.toThrow("u is 0");
    vi.restoreAllMocks();
  });
});

test("The time is in English, in UTC, and its day has no zero in front", () => {
  expect(timestamp(new Date("2026-02-03T04:05:06Z"))).toBe("Tue Feb 3 04:05:06 UTC 2026");
  expect(timestamp(new Date("2026-11-28T23:59:59+01:00"))).toBe("Sat Nov 28 22:59:59 UTC 2026");
});
