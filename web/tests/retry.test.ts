import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { AwsError } from "../src/answers";
import { faultOf, persist, READING, UPLOADING, type Policy } from "../src/retry";

const named = (name: string, status = 400) => new AwsError(name, "said", status);
const LOST = new TypeError("Failed to fetch");
const DENIED = named("AccessDeniedException", 403);

describe("an error", () => {
  test.each([
    ["Chrome lost the connection", LOST, "connection"],
    ["Firefox lost the connection", new TypeError("NetworkError when attempting to fetch resource."), "connection"],
    ["Safari lost the connection", new TypeError("Load failed"), "connection"],
    ["Chrome could not load a part of the page", new TypeError("Failed to fetch dynamically imported module: a.js"), "connection"],
    ["Firefox could not load a part of the page", new TypeError("error loading dynamically imported module: a.js"), "connection"],
    ["Safari could not load a part of the page", new TypeError("Importing a module script failed."), "connection"],
    ["no answer came in time", named("TimeoutError"), "connection"],
    ["DynamoDB throttles", named("ProvisionedThroughputExceededException"), "throttling"],
    ["S3 throttles", named("SlowDown", 503), "throttling"],
    ["Cognito throttles", named("TooManyRequestsException"), "throttling"],
    ["API Gateway throttles", named("Error", 429), "throttling"],
    ["a service fails", named("InternalError", 500), "service"],
    ["Cognito fails", named("InternalErrorException"), "service"],
    ["AWS denies it", DENIED, "other"],
    ["the page has a bug", new TypeError("Cannot read properties of undefined"), "other"],
    ["there is an object of that name", named("PreconditionFailed", 412), "other"],
    ["the person canceled", named("AbortError"), "other"],
    ["no error at all", "text", "other"],
  ])("of which %s has its kind", (_, error, kind) => {
    expect(faultOf(error)).toBe(kind);
  });
});

describe("a task", () => {
  beforeEach(() => {
    vi.useFakeTimers();
    vi.stubGlobal("navigator", { onLine: true });
    const events = new EventTarget();
    for (const name of ["addEventListener", "removeEventListener", "dispatchEvent"] as const) {
      vi.stubGlobal(name, events[name].bind(events));
    }
  });
  afterEach(() => {
    vi.unstubAllGlobals();
    vi.useRealTimers();
  });

  /** Fail with these errors, and then succeed. */
  function failing(...errors: Error[]) {
    return vi.fn(async () => {
      const error = errors.shift();
      if (error) throw error;
      return "done";
    });
  }

  async function outcome(task: () => Promise<string>, policy: Policy = READING): Promise<string> {
    const ended = persist(task, policy).catch((error: Error) => error.message);
    await vi.runAllTimersAsync();
    return ended;
  }

  test("is tried again after errors that pass", async () => {
    expect(await outcome(failing(LOST, named("SlowDown"), LOST))).toBe("done");
  });

  test("is not tried again after an error that stays", async () => {
    const task = failing(DENIED);
    expect(await outcome(task)).toBe("said");
    expect(task).toHaveBeenCalledTimes(1);
  });

  test("is given up after its last try", async () => {
    const task = failing(...Array<Error>(20).fill(LOST));
    expect(await outcome(task)).toBe("Failed to fetch");
    expect(task).toHaveBeenCalledTimes(READING.tries);
  });

  test("waits no longer than the policy says, and longer after throttling than after a lost connection", async () => {
    vi.spyOn(Math, "random").mockReturnValue(1);
    const pausesMs = async (error: Error) => {
      const began = Date.now();
      await outcome(failing(...Array<Error>(20).fill(error)), { ...READING, maxPauseMs: 1000, tries: 4 });
      return Date.now() - began;
    };
    expect(await pausesMs(LOST)).toBe(200 + 400 + 800);
    expect(await pausesMs(named("SlowDown"))).toBe(500 + 1000 + 1000);
  });

  test("of a view fails at once while the browser is offline", async () => {
    vi.stubGlobal("navigator", { onLine: false });
    const task = failing(LOST);
    expect(await outcome(task)).toBe("Failed to fetch");
    expect(task).toHaveBeenCalledTimes(1);
  });

  test("of an upload waits as long as the browser is offline, and says so", async () => {
    vi.stubGlobal("navigator", { onLine: false });
    const task = failing(LOST);
    const onPause = vi.fn();
    const ended = persist(task, { ...UPLOADING, onPause });
    await vi.advanceTimersByTimeAsync(3_600_000);
    expect(task).toHaveBeenCalledTimes(1);
    expect(onPause).toHaveBeenCalledWith("connection");

    vi.stubGlobal("navigator", { onLine: true });
    dispatchEvent(new Event("online"));
    await vi.advanceTimersByTimeAsync(0);
    expect(await ended).toBe("done");
  });

  test("is tried at once when the browser is online again", async () => {
    vi.spyOn(Math, "random").mockReturnValue(1);
    const task = failing(LOST);
    const ended = persist(task);
    await vi.advanceTimersByTimeAsync(1);
    dispatchEvent(new Event("online"));
    await vi.advanceTimersByTimeAsync(0);
    expect(await ended).toBe("done");
  });

  test("that was stopped is not tried again", async () => {
    const stop = new AbortController();
    const task = failing(LOST);
    const ended = persist(task, { ...READING, signal: stop.signal, onPause: () => stop.abort() }).catch(() => "stopped");
    await vi.runAllTimersAsync();
    expect([await ended, task.mock.calls.length]).toEqual(["stopped", 1]);
  });
});
