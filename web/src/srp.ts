/**
 * The client's side of the Secure Remote Password protocol (SRP-6a), as Cognito speaks it: the password never
 * leaves the page.
 *
 * The protocol: https://www.rfc-editor.org/rfc/rfc5054#section-2.6. Cognito hashes with SHA-256, writes numbers as
 * Java does, and derives the key by HKDF. tests/srp.test.ts holds it to numbers of Amplify's implementation;
 * docs/decisions/0022-the-page-weighs-90-kb.md says why that is not used.
 */

// Group 15 of https://www.rfc-editor.org/rfc/rfc3526#section-4, and its generator.
const N = BigInt(
  "0xFFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DDEF9519B3CD3A431B" +
    "302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7EDEE386BFB5A899FA5AE9F24117C4B1FE6" +
    "49286651ECE45B3DC2007CB8A163BF0598DA48361C55D39A69163FA8FD24CF5F83655D23DCA3AD961C62F356208552BB9ED529077096966D" +
    "670C354E4ABC9804F1746C08CA18217C32905E462E36CE3BE39E772C180E86039B2783A2EC07A28FB5C55DF06F4C52C9DE2BCBF695581718" +
    "3995497CEA956AE515D2261898FA051015728E5A8AAAC42DAD33170D04507A33A85521ABDF1CBA64ECFB850458DBEF0A8AEA71575D060C7D" +
    "B3970F85A6E1E4C7ABF5AE8CDB0933D71E8C94E04A25619DCEE3D2261AD2EE6BF12FFA06D98A0864D87602733EC86A64521F2B18177B200C" +
    "BBE117577A615D6C770988C0BAD946E208E24FA074E5AB3143DB5BFCE0FD108E4B82D120A93AD2CAFFFFFFFFFFFFFFFF",
);
const G = 2n;
const SECRET_BYTES = 128;
const KEY_BITS = 128;

export interface Secret {
  /** The secret number of this sign-in. */
  a: bigint;
  /** The number that is sent, in hex digits. */
  A: string;
}

/** What the pool answers. */
export interface Challenge {
  SALT: string;
  SECRET_BLOCK: string;
  SRP_B: string;
  USER_ID_FOR_SRP: string;
}

/** Begin a sign-in. @param bytes random ones, except in tests. */
export function begin(bytes = crypto.getRandomValues(new Uint8Array(SECRET_BYTES))): Secret {
  const a = number(bytes);
  const A = power(G, a);
  if (A === 0n || a === 0n) throw new Error("SRP: A mod N is 0.");
  return { a, A: A.toString(16) };
}

/**
 * Prove to the pool that the person knows the password.
 *
 * @param pool the ID of the user pool.
 * @param time of the answer, as `timestamp` writes it.
 * @returns the signature, in base64.
 */
export async function claim(secret: Secret, challenge: Challenge, pool: string, password: string, time: string): Promise<string> {
  const name = utf8(pool.slice(pool.indexOf("_") + 1));
  const user = utf8(challenge.USER_ID_FOR_SRP);
  const B = BigInt(`0x${challenge.SRP_B}`);
  if (B % N === 0n) throw new Error("SRP: B mod N is 0.");
  const u = number(await sha256(padded(BigInt(`0x${secret.A}`)), padded(B)));
  if (u === 0n) throw new Error("SRP: u is 0.");
  const k = number(await sha256(padded(N), padded(G)));
  const identity = await sha256(name, user, utf8(`:${password}`));
  const x = number(await sha256(padded(BigInt(`0x${challenge.SALT}`)), identity));
  const S = power(B - k * power(G, x), secret.a + u * x);

  const shared = await crypto.subtle.importKey("raw", padded(S), "HKDF", false, ["deriveBits"]);
  const derivation = { name: "HKDF", hash: "SHA-256", salt: padded(u), info: utf8("Caldera Derived Key") };
  const bits = await crypto.subtle.deriveBits(derivation, shared, KEY_BITS);
  const key = await crypto.subtle.importKey("raw", bits, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  const block = Uint8Array.from(atob(challenge.SECRET_BLOCK), (character) => character.charCodeAt(0));
  const signature = await crypto.subtle.sign("HMAC", key, joined(name, user, block, utf8(time)));
  return btoa(String.fromCharCode(...new Uint8Array(signature)));
}

/** Return a time as Cognito wants it: "Tue Feb 3 04:05:06 UTC 2026", in English and without a zero before the day. */
export function timestamp(at: Date): string {
  const [day = "", date, month = "", year, time] = at.toUTCString().split(" ");
  return `${day.replace(",", "")} ${month} ${Number(date)} ${time} UTC ${year}`;
}

function power(base: bigint, exponent: bigint): bigint {
  let result = 1n;
  let square = ((base % N) + N) % N; // % keeps the sign
  for (let left = exponent; left > 0n; left >>= 1n) {
    if (left & 1n) result = (result * square) % N;
    square = (square * square) % N;
  }
  return result;
}

function number(bytes: Uint8Array): bigint {
  return BigInt(`0x${[...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("")}`);
}

/** Return a number in Java's bytes: they begin with a sign bit, which is 0. */
function padded(value: bigint): Uint8Array<ArrayBuffer> {
  const digits = value.toString(16);
  const even = digits.length % 2 ? `0${digits}` : digits;
  const hex = /^[89a-f]/.test(even) ? `00${even}` : even;
  return Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

async function sha256(...parts: Uint8Array[]): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", joined(...parts)));
}

function joined(...parts: Uint8Array[]): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

function utf8(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text) as Uint8Array<ArrayBuffer>;
}
