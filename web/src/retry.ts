/** Which errors pass, and when to try again. */


/** The kind of an error. All but "other" pass. */
export type Fault = "connection" | "throttling" | "service" | "conflict" | "other";

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

/** For a request whose every answer the caller has to see. */
export const ONCE: Policy = { tries: 1, maxPauseMs: 0, waitsOffline: false };

const FIRST_PAUSE_MS = { connection: 200, service: 200, conflict: 200, throttling: 500 };
// As Chrome, Firefox and Safari word it. A part of the page that cannot be loaded has words of its own.
const NO_CONNECTION =
  /failed to fetch|networkerror|network error|load failed|network request failed|timed out|importing a module script|error loading dynamically|unable to preload/i;
// The names of AWS's errors, as its SDKs sort them: https://github.com/smithy-lang/smithy-typescript/tree/main/packages/core
const THROTTLING =
  /^(BandwidthLimitExceeded|LimitExceededException|PriorRequestNotComplete|ProvisionedThroughputExceededException|RequestLimitExceeded|SlowDown|TransactionInProgressException|(Request)?Throttl(ed|ing)(Exception)?|TooManyRequestsException)$/;
// S3 asks for another try if two requests for one key met.
const FAILED_SERVICE = /^(Internal|ServiceUnavailable|ServiceError|RequestTimeout|ConditionalRequestConflict)/;
const FAILED_STATUSES: readonly number[] = [500, 502, 503, 504];

/** A server has answered with another status than 2xx. */
export class HttpError extends Error {
  constructor(
    message: string,
    readonly status: number,
  ) {
    super(message);
  }
}

export function faultOf(error: unknown): Fault {
  if (!(error instanceof Error)) return "other";
  const { name, message } = error;
  const status = error instanceof HttpError ? error.status : 0;
  if (status === 429 || THROTTLING.test(name)) return "throttling";
  if (name === "NetworkError" || name === "TimeoutError" || NO_CONNECTION.test(message)) return "connection";
  if (FAILED_STATUSES.includes(status) || FAILED_SERVICE.test(name)) return "service";
  if (status === 409) return "conflict"; // somebody else changes the same photo, or the same object
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
