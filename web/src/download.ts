/** Downloads of originals: one photo as it is, many as a ZIP. */

import type { App } from "./app";
import { Job } from "./jobs";
import { t } from "./language";
import type { Card } from "./records";
import { persist, READING } from "./retry";
import { fileSize } from "./words";

/** The most bytes of a ZIP that the browser collects before it saves it; then another ZIP begins. */
const COLLECTED_BYTES = 500_000_000;

interface Picker {
  showSaveFilePicker?: (options: { suggestedName: string; types: object[] }) => Promise<FileSystemFileHandle>;
}

/** Download photos. The person may be asked for a place first. */
export async function download(app: App, cards: readonly Card[]): Promise<void> {
  const [first] = cards;
  if (!first) return;
  if (cards.length === 1) {
    location.assign(await app.aws.originalUrl(app.aws.uploadKey(first.path)));
    return;
  }
  const sources = new Map(cards.map((card) => [card.path, card]));
  const wording = {
    title: t("Downloading photos"),
    failed: (count: number) =>
      t({ one: "{count} photo is not in the ZIP.", other: "{count} photos are not in the ZIP." }, { count }),
  };
  const job = new Job(wording, async (paths) => save(app, job, paths.flatMap((path) => sources.get(path) ?? [])));
  app.jobs.start(job, [...sources.keys()]);
}

async function save(app: App, job: Job, cards: readonly Card[]): Promise<void> {
  const name = `${t("Photos")} ${new Date().toLocaleDateString("sv")}`; // as in ISO 8601, in local time
  let place: FileSystemWritableFileStream | undefined;
  try {
    place = await choosePlace(`${name}.zip`); // first of all: the browser asks only right after a click
  } catch (error) {
    if ((error as Error).name !== "AbortError") throw error;
    job.cancel();
    return;
  }
  const { Entries, zipOf } = await import("./zip");
  let bytes = 0;
  const entries = new Entries(cards, {
    url: (path) => app.aws.originalUrl(app.aws.uploadKey(path)),
    persist: (task) => persist(task, { ...READING, waitsOffline: true, signal: job.stopped }),
    received: (more) => {
      bytes += more;
      job.detail.value = fileSize(bytes);
    },
    succeeded: (path) => job.succeed(path),
    failed: (path, error) => job.fail(path, error),
    stopped: job.stopped,
  });
  if (place) {
    try {
      if (await entries.ended()) await place.abort();
      else await zipOf(entries.upTo(Infinity)).body!.pipeTo(place, { signal: job.stopped });
    } catch (error) {
      job.reset(); // the file is not there: the disk is full, for example
      throw error;
    }
    return;
  }
  let saved = 0;
  while (!job.stopped.aborted && !(await entries.ended())) {
    const zip = await zipOf(entries.upTo(COLLECTED_BYTES)).blob();
    if (!job.stopped.aborted) saveBlob(zip, `${name}${++saved > 1 ? ` (${saved})` : ""}.zip`);
  }
  if (job.stopped.aborted && saved === 0) job.reset(); // there is no ZIP in which photos are missing
}

/** Let the person choose a file, in a browser that can write to one; undefined in others. */
async function choosePlace(suggestedName: string): Promise<FileSystemWritableFileStream | undefined> {
  const picker = window as Window & Picker;
  const types = [{ description: "ZIP", accept: { "application/zip": [".zip"] } }];
  const file = await picker.showSaveFilePicker?.({ suggestedName, types });
  return file?.createWritable();
}

function saveBlob(blob: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000); // the browser reads it after the click
}
