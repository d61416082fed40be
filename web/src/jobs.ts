/** Work on many photos: bounded concurrency, progress, and the photos that failed. */

import { computed, signal } from "@preact/signals";
import { errorInWords } from "./words";

const AT_ONCE = 6;

export interface Failed {
  path: string;
  /** In words. */
  message: string;
}

/** What a job says of itself, in the reader's language. */
export interface Wording {
  /** "Deleting photos" */
  title: string;
  /** "2 photos could not be deleted." */
  failed: (count: number) => string;
}

/** Does the work, and reports each photo to the job. It ends early if the job is stopped. */
export type Work = (paths: readonly string[], job: Job) => Promise<void>;

/** Work on many photos, by their paths. Those that fail can be tried again; the others are not touched again. */
export class Job {
  readonly total = signal(0);
  readonly succeeded = signal(0);
  readonly failed = signal<readonly Failed[]>([]);
  readonly running = signal(false);
  /** More about the progress, such as the bytes. */
  readonly detail = signal("");
  readonly ended = computed(() => this.succeeded.value + this.failed.value.length);
  private done: string[] = [];
  private stop = new AbortController();

  constructor(
    readonly wording: Wording,
    private readonly work: Work,
    /** Called after each run, with the photos that succeeded in it. */
    private readonly whenEnded: (succeeded: readonly string[]) => void = () => undefined,
  ) {}

  get stopped(): AbortSignal {
    return this.stop.signal;
  }

  /** It never throws. */
  async run(paths: readonly string[]): Promise<void> {
    this.stop = new AbortController();
    this.reset();
    this.total.value = paths.length;
    this.detail.value = "";
    this.running.value = true;
    try {
      await this.work(paths, this);
    } catch (error) {
      const ended = new Set([...this.done, ...this.failed.value.map(({ path }) => path)]);
      for (const path of paths) if (!ended.has(path)) this.fail(path, error);
    }
    this.running.value = false;
    this.whenEnded(this.done);
  }

  cancel(): void {
    this.stop.abort();
  }

  /** No photo has succeeded, nor failed. */
  reset(): void {
    this.done = [];
    this.succeeded.value = 0;
    this.failed.value = [];
  }

  succeed(path: string): void {
    this.done.push(path);
    this.succeeded.value = this.done.length;
  }

  /** It is no failure if the person has stopped the job. */
  fail(path: string, error: unknown): void {
    if (!this.stopped.aborted) this.failed.value = [...this.failed.value, { path, message: errorInWords(error) }];
  }
}

/** A short message, and a way to take back what it says. */
export interface Toast {
  text: string;
  undo?: () => void;
}

/** The work on many photos that runs, or in which photos failed. */
export class Jobs {
  readonly shown = signal<readonly Job[]>([]);
  readonly toast = signal<Toast | undefined>(undefined);

  /** Run a job, and show it until it has ended without a failure. */
  start(job: Job, paths: readonly string[]): void {
    if (!this.shown.value.includes(job)) this.shown.value = [...this.shown.value, job];
    void job.run(paths).then(() => {
      if (job.failed.value.length === 0) this.dismiss(job);
    });
  }

  /** Try the failed photos of a job again. */
  tryAgain(job: Job): void {
    this.start(job, job.failed.value.map(({ path }) => path));
  }

  dismiss(job: Job): void {
    this.shown.value = this.shown.value.filter((one) => one !== job);
  }

  /** Whether work would be lost if the page was closed now. */
  areRunning(): boolean {
    return this.shown.value.some(({ running }) => running.value);
  }

  /** Stop all: the person has signed out. */
  close(): void {
    for (const job of this.shown.value) job.cancel();
  }
}

/** Return work that does a task for each photo, several at once. */
export function each(task: (path: string, stopped: AbortSignal) => Promise<void>, atOnce = AT_ONCE): Work {
  return (paths, job) =>
    eachAtOnce(paths, atOnce, job.stopped, async (path) => {
      try {
        await task(path, job.stopped);
        job.succeed(path);
      } catch (error) {
        job.fail(path, error);
      }
    });
}

/** Do a task for each item, at most so many at once, until it is stopped. @throws the first error. */
export async function eachAtOnce<T>(
  items: readonly T[],
  atOnce: number,
  stopped: AbortSignal,
  task: (item: T) => Promise<void>,
): Promise<void> {
  const queue = items.values();
  const worker = async () => {
    for (const item of queue) {
      if (stopped.aborted) return;
      await task(item);
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, worker));
}
