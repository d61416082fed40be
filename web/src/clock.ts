/**
 * The time at AWS: the clock of this computer may be wrong by hours.
 *
 * AWS refuses a signature that is more than 5 minutes (S3 and others: 15) away from its own time.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-troubleshooting.html
 */

const TOLERATED_MS = 4 * 60 * 1000; // as the SDKs of AWS

let offsetMs = 0;

export function now(): number {
  return Date.now() + offsetMs;
}

/** Return how far this computer's clock is behind AWS. */
export function behindMs(): number {
  return offsetMs;
}

/** Learn the time at AWS, from an answer that has just arrived. It may be NaN. */
export function setClock(atMs: number): void {
  if (Math.abs(atMs - now()) > TOLERATED_MS) offsetMs = atMs - Date.now();
}
