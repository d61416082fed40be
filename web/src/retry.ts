/** Which errors pass, and when to try again. */

import { isThrottlingError, isTransientError } from "@smithy/core/retry";

/** The kind of an error. All but "other" pass. */
export type Fault = "connection" | "throttling" | "service" | "conflict" | "other";

/** A row was changed by somebody else during a change. */
export class ConflictError extends Error {}

export interface Policy {
  /** The first try counts. Waiting for a connection does not. */
  tries: number;
  maxPauseMs: number;
  /** Whether to wait while the browser is offline; otherwise the error is raised at once. */
  waitsOffline: boolean;
  /** Called before each pause. */
  onPause?: (fault: Fault) => void;
  signal?: AbortSignal;
}

/** For a view: 3 s of pauses on average, 7 s after throttling. The person then sees the error. */
export const READING: Policy = { tries: 6, maxPauseMs: 8000, waitsOffline: false };
/** For an upload: 70 s of pauses on average, and as long as the browser is offline. */
export const UPLOADING: Policy = { tries: 12, maxPauseMs: 30_000, waitsOffline: true };

const FIRST_PAUSE_MS = { connection: 200, service: 200, conflict: 200, throttling: 500 };
// As Chrome, Firefox and Safari word it, and Amplify.
const NO_CONNECTION = /failed to fetch|networkerror|network error|load failed|network request failed|timed out/i;
// S3 asks for another try if two requests for one key met.
const FAILED_SERVICE = /^(Internal|ServiceUnavailable|ServiceError|ConditionalRequestConflict)/;

export function faultOf(error: unknown): Fault {
  if (!(error instanceof Error)) return "other";
  if (error instanceof ConflictError) return "conflict";
  if (isThrottlingError(error as Parameters<typeof isThrottlingError>[0])) return "throttling";
  const { name, message } = error;
  if (name === "NetworkError" || name === "TimeoutError" || NO_CONNECTION.test(message)) return "connection";
  if (FAILED_SERVICE.test(name) || isTransientError(error as Parameters<typeof isTransientError>[0])) return "service";
  return "other";
}

/** Do a task, again after errors that pass. @throws the last error. */
export async function persist<T>(task: () => Promise<T>, policy: Policy = READING): Promise<T> {
  for (let tried = 1; ; tried++) {
    try {
      return await task();
    } catch (error) {
      await pauseAfter(error, tried, policy);
    }
  }
}

/** Wait until the next try. @throws the error itself: it does not pass, or there is no next try. */
export async function pauseAfter(error: unknown, tried: number, policy: Policy): Promise<void> {
  const { tries, maxPauseMs, waitsOffline, onPause, signal } = policy;
  const fault = faultOf(error);
  if (fault === "other" || signal?.aborted) throw error;
  if (isOffline()) {
    if (!waitsOffline) throw error;
    onPause?.(fault);
    await untilOnline(undefined, signal);
    return;
  }
  if (tried >= tries) throw error;
  onPause?.(fault);
  // Full jitter. Source: https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
  const pauseMs = Math.random() * Math.min(maxPauseMs, FIRST_PAUSE_MS[fault] * 2 ** (tried - 1));
  await untilOnline(pauseMs, signal);
  if (signal?.aborted) throw error;
}

/** The retry strategy of an SDK's client. The SDK retries what it is given a token for. */
export function strategyOf(policy: Policy) {
  const token = (count: number) => ({ getRetryCount: () => count, getRetryDelay: () => 0 });
  return {
    acquireInitialRetryToken: async () => token(0),
    refreshRetryTokenForRetry: async (last: { getRetryCount: () => number }, info: { error?: unknown }) => {
      const tried = last.getRetryCount() + 1;
      await pauseAfter(info.error, tried, policy);
      return token(tried);
    },
    recordSuccess: () => undefined,
  };
}

function isOffline(): boolean {
  return globalThis.navigator?.onLine === false; // true says little: there may be no way to AWS
}

/** Wait for a time, at most until the browser is online again or the task is stopped. */
function untilOnline(pauseMs: number | undefined, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const timer = pauseMs === undefined ? undefined : setTimeout(done, pauseMs);
    function done(): void {
      clearTimeout(timer);
      globalThis.removeEventListener?.("online", done);
      signal?.removeEventListener("abort", done);
      resolve();
    }
    globalThis.addEventListener?.("online", done);
    signal?.addEventListener("abort", done);
  });
}
