/** SHA-256, and what keys of the table have of it. */

import { DIGEST_CHARACTERS } from "./rows.gen";

/** Return the digest of an album's path, as `digest` in images/shared/keys.py does. */
export async function albumDigest(name: string): Promise<string> {
  return (await sha256(new TextEncoder().encode(name))).slice(0, DIGEST_CHARACTERS);
}

/** Return the SHA-256 in hex digits. */
export async function sha256(bytes: BufferSource): Promise<string> {
  return hex(new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)));
}

export function hex(bytes: Uint8Array): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
