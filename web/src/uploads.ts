/** Uploads: each file goes to S3, and is then followed until the workflow ends. */

import { effect, signal, type Signal } from "@preact/signals";
import { ExistsError, type Aws } from "./aws";
import { albumName, numbered, refusalOf, type Chosen } from "./files";
import { sha256OfFile, type Gallery } from "./gallery";
import { t } from "./language";
import { splitPath, type Photo } from "./records";
import type { Interrupted, Remembered } from "./remembered";
import { faultOf, persist, UPLOADING, type Fault } from "./retry";
import { errorInWords } from "./words";

const AT_ONCE = 4;
const LOOK_AGAIN_MS = 500; // the first pause between two reads of the row; each is longer than the one before
const LOOK_AGAIN_MAX_MS = 4000;
const PATIENCE_MS = 5 * 60 * 1000; // most photos take seconds
const SETTLE_MS = 60 * 1000; // for a photo of the same name that is being processed
const ASK_EXECUTION_MS = 15 * 1000; // a row that is PROCESSING for longer may be that of a dead execution

export type State =
  | { is: "queued" }
  | { is: "uploading"; share: number; paused?: Fault }
  | { is: "waiting" } // in S3; no execution has claimed it yet
  | { is: "processing" }
  | { is: "ready"; photo: Photo; seconds: number }
  | { is: "refused"; code: string } // by the workflow, or by refusalOf
  | { is: "failed"; message: string; again: "upload" | "look"; fault?: Fault }
  | { is: "there"; photo: Photo } // the gallery has the same bytes, under this or another name
  | { is: "exists" } // the album has another photo of this name
  | { is: "canceled" };

export interface Item {
  id: number;
  file: File;
  /** album/file, as in the table. */
  path: Signal<string>;
  state: Signal<State>;
  stop: AbortController;
  /** Whether it replaces a photo of the same name: the person chose so, or it is a retry. */
  replace: boolean;
  /** Whether it is sent although the gallery has the same bytes: the person chose so. */
  anyway: boolean;
  version?: string | undefined;
  /** Of the file, once it was computed. */
  sha256?: string;
}

let lastId = 0;

export class Uploads {
  readonly items = signal<readonly Item[]>([]);
  private readonly queue: Item[] = [];
  private running = 0;
  private album = "";

  constructor(
    private readonly aws: Aws,
    private readonly gallery: Gallery,
    private readonly remembered: Remembered,
    private readonly arrived: (photo: Photo) => void,
  ) {}

  /** Follow the connection and the page, until the person signs out. */
  open(signedOut: AbortSignal): void {
    const when = { signal: signedOut };
    addEventListener("online", () => this.retryFailed((state) => state.fault === "connection"), when);
    addEventListener("pagehide", this.remembered.now, when);
    addEventListener(
      "beforeunload",
      (event) => {
        if (this.unsent() > 0) event.preventDefault(); // the browser asks
      },
      when,
    );
    const stop = effect(() => {
      const uploads = this.toRemember();
      this.remembered.later(() => uploads);
    });
    signedOut.addEventListener("abort", () => {
      stop();
      this.remembered.close();
      for (const item of this.items.value) item.stop.abort();
      this.queue.length = 0;
    });
  }

  /** The number of files that are lost if the page is left now. */
  unsent(): number {
    return this.items.value.filter(({ state: { value } }) => value.is === "queued" || value.is === "uploading").length;
  }

  /** What the next page has to know if this one is left now. */
  private toRemember(): Interrupted {
    const before = this.remembered.interrupted.value;
    const unsent = this.items.value
      .filter(({ state }) => isUnsent(state.value))
      .map(({ path, file }) => ({ path: path.value, bytes: file.size }));
    return {
      album: this.album,
      sent: (before?.sent ?? 0) + this.items.value.filter(({ state }) => isSent(state.value)).length,
      unsent: [...unsent, ...(before?.unsent ?? [])],
    };
  }

  add(chosen: readonly Chosen[], album: string): void {
    const items = chosen.map(({ file, folder }): Item => {
      const name = file.name.normalize("NFC");
      return {
        id: ++lastId,
        file,
        path: signal([albumName(album, folder), name].filter(Boolean).join("/")),
        state: signal<State>({ is: "queued" }),
        stop: new AbortController(),
        replace: false,
        anyway: false,
      };
    });
    this.album = album;
    this.items.value = [...this.items.value, ...items];
    this.remembered.resumed(new Set(items.map(({ path }) => path.value)));
    for (const item of items) {
      const code = refusalOf(item.file, this.aws.uploadKey(item.path.value));
      if (code) item.state.value = { is: "refused", code };
      else this.enqueue(item);
    }
  }

  cancel(item: Item): void {
    item.stop.abort();
    item.state.value = { is: "canceled" };
  }

  retry(item: Item): void {
    const { value: state } = item.state;
    if (state.is === "failed" && state.again === "look") void this.watch(item);
    else this.enqueue(item);
  }

  /** Retry all that failed, or those of a kind. */
  retryFailed(matches: (state: Extract<State, { is: "failed" }>) => boolean = () => true): void {
    for (const item of this.items.value) {
      if (item.state.value.is === "failed" && matches(item.state.value)) this.retry(item);
    }
  }

  replaceExisting(item: Item): void {
    item.replace = true;
    this.enqueue(item);
  }

  /** Upload it as "a (2).jpg", and with the next number if that exists too. */
  keepBoth(item: Item): void {
    const { album } = splitPath(item.path.value);
    const tried = /\((\d+)\)(\.[^.]*)?$/.exec(item.path.value);
    const number = tried?.[1] && item.path.value !== item.file.name ? Number(tried[1]) + 1 : 2;
    item.path.value = [album, numbered(item.file.name.normalize("NFC"), number)].filter(Boolean).join("/");
    this.enqueue(item);
  }

  /** Upload a file of which the gallery has the same bytes under another name. */
  uploadAnyway(item: Item): void {
    item.anyway = true;
    this.enqueue(item);
  }

  uploadAllAnyway(): void {
    for (const item of this.items.value) if (isElsewhere(item)) this.uploadAnyway(item);
  }

  clearEnded(): void {
    this.items.value = this.items.value.filter(({ state }) => isInProgress(state.value));
  }

  private enqueue(item: Item): void {
    item.stop = new AbortController();
    item.state.value = { is: "queued" };
    this.queue.push(item);
    this.next();
  }

  private next(): void {
    while (this.running < AT_ONCE) {
      const item = this.queue.shift();
      if (!item) return;
      if (item.state.value.is !== "queued") continue;
      this.running++;
      void this.upload(item).finally(() => {
        this.running--;
        this.next();
      });
    }
  }

  private async upload(item: Item): Promise<void> {
    const { signal: stopped } = item.stop;
    item.state.value = { is: "uploading", share: 0 };
    try {
      if (!item.replace && !item.anyway && (await this.isInGallery(item))) return;
      if (stopped.aborted) return;
      item.version = await this.aws.upload(item.path.value, item.file, {
        replace: item.replace,
        signal: stopped,
        progress: (share) => {
          if (!stopped.aborted) item.state.value = { is: "uploading", share };
        },
        paused: (paused) => this.pause(item, paused),
      });
    } catch (error) {
      if (stopped.aborted) return;
      // It may be the same photo: sent before the page was reloaded, or by a try whose answer was lost.
      if (error instanceof ExistsError && !(await this.isThere(item, SETTLE_MS).catch(() => false))) {
        item.state.value = { is: "exists" };
      } else if (!(error instanceof ExistsError)) {
        item.state.value = { is: "failed", message: errorInWords(error), again: "upload", fault: faultOf(error) };
      }
      return;
    }
    if (stopped.aborted) return;
    item.replace = true;
    void this.watch(item);
  }

  private pause(item: Item, paused: Fault): void {
    const { value: state } = item.state;
    if (!item.stop.signal.aborted && state.is === "uploading") item.state.value = { ...state, paused };
  }

  /** Whether the gallery has the same bytes, whatever their name; then the item ends so. */
  private async isInGallery(item: Item): Promise<boolean> {
    const { file, path, stop } = item;
    const policy = { ...UPLOADING, onPause: (fault: Fault) => this.pause(item, fault), signal: stop.signal };
    const content = { bytes: file.size, sha256: () => hashOf(item) };
    let photo: Photo | undefined;
    try {
      photo = await persist(() => this.gallery.sameBytes(content, path.value), policy);
    } catch (error) {
      // Such as a file that cannot be read: the upload says so. It needs no answer to this question.
      if (faultOf(error) !== "other") throw error;
    }
    if (photo) this.endAsThere(item, photo);
    return photo !== undefined;
  }

  private endAsThere(item: Item, photo: Photo): void {
    if (item.stop.signal.aborted) return;
    item.state.value = { is: "there", photo };
    if (photo.path === item.path.value) this.arrived(photo);
  }

  /**
   * Whether the album has the same bytes under the same name; then the item ends so.
   *
   * @param patienceMs how long to wait for a photo that is being processed: its row has no bytes yet.
   */
  private async isThere(item: Item, patienceMs: number): Promise<boolean> {
    const { file, path, stop } = item;
    const until = performance.now() + patienceMs;
    for (;;) {
      const policy = { ...UPLOADING, onPause: (fault: Fault) => this.pause(item, fault), signal: stop.signal };
      const photo = await persist(() => this.gallery.photo(path.value), policy);
      if (photo && photo.status === "READY") {
        if (photo.bytes !== file.size || photo.sha256 !== (await hashOf(item))) return false;
        this.endAsThere(item, photo);
        return true;
      }
      if (performance.now() >= until || stop.signal.aborted || (photo && photo.status !== "PROCESSING")) return false;
      await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS));
    }
  }

  /** Read the row until the workflow has ended. */
  private async watch(item: Item): Promise<void> {
    let began = performance.now();
    const elapsed = () => performance.now() - began;
    item.state.value = { is: "waiting" };
    for (let pause = LOOK_AGAIN_MS; elapsed() < PATIENCE_MS; pause = Math.min(pause * 1.2, LOOK_AGAIN_MAX_MS)) {
      await new Promise((resolve) => setTimeout(resolve, pause));
      if (item.stop.signal.aborted) return; // the person has signed out
      const before = elapsed();
      let photo: Photo | undefined;
      try {
        photo = await this.gallery.photo(item.path.value);
        if (photo && this.isOfUpload(photo, item)) {
          const dead = elapsed() > ASK_EXECUTION_MS && (await this.isDead(photo));
          const state = stateOf(photo, dead, elapsed() / 1000);
          item.state.value = state;
          if (state.is === "ready") this.arrived(state.photo);
          if (!isInProgress(state)) return;
        }
      } catch (error) {
        if (faultOf(error) === "other") {
          item.state.value = { is: "failed", message: errorInWords(error), again: "look" };
          return;
        }
        began = performance.now() - before; // the photo is in S3, and the workflow needs no connection
      }
    }
    item.state.value = { is: "failed", message: t("Processing takes longer than usual."), again: "look" };
  }

  /** Whether the row is about the version that was uploaded, and not about a previous one. */
  private isOfUpload(photo: Photo, { version }: Item): boolean {
    return version === undefined || photo.claimedVersion === version || photo.versionId === version;
  }

  /** Whether the execution ended without writing the row. */
  private async isDead({ status, executionArn }: Photo): Promise<boolean> {
    if (status !== "PROCESSING" || !executionArn) return false;
    const said = await this.aws.executionStatus(executionArn);
    return said !== undefined && said !== "RUNNING" && said !== "SUCCEEDED";
  }
}

/** Return the SHA-256 of an item's file; it is computed once. */
async function hashOf(item: Item): Promise<string> {
  item.sha256 ??= await sha256OfFile(item.file);
  return item.sha256;
}

/** Whether the gallery has the same bytes under another name. */
export function isElsewhere({ state: { value }, path }: Item): boolean {
  return value.is === "there" && value.photo.path !== path.value;
}

export function isInProgress({ is }: State): boolean {
  return is === "queued" || is === "uploading" || is === "waiting" || is === "processing";
}

/** Whether S3 has the file. */
function isSent({ is }: State): boolean {
  return is === "waiting" || is === "processing" || is === "ready" || is === "there";
}

/** Whether the file has to be sent, and the person has not decided otherwise. */
function isUnsent(state: State): boolean {
  const { is } = state;
  return is === "queued" || is === "uploading" || is === "exists" || (is === "failed" && state.again === "upload");
}

export function stateOf(photo: Photo, dead: boolean, seconds: number): State {
  switch (photo.status) {
    case "READY":
      return { is: "ready", photo, seconds };
    case "REJECTED":
      return { is: "refused", code: photo.reason ?? "" };
    case "FAILED":
      return { is: "failed", message: failureOf(photo), again: "upload" };
    case "DELETED":
      return { is: "failed", message: t("The photo was deleted."), again: "upload" };
    default:
      return dead
        ? { is: "failed", message: t("The workflow ended without a result."), again: "upload" }
        : { is: "processing" };
  }
}

function failureOf({ step, error = "" }: Photo): string {
  return step ? t("{step} failed: {error}", { step, error }) : t("Processing failed: {error}", { error });
}
