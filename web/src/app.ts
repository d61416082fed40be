/** The state that the views share after the sign-in. */

import { signal } from "@preact/signals";
import { createContext } from "preact";
import { useContext, useMemo } from "preact/hooks";
import type { Aws } from "./aws";
import type { Choice, LeftOut } from "./files";
import { Gallery } from "./gallery";
import { t } from "./language";
import { PhotoList } from "./lists";
import { Pictures } from "./pictures";
import type { Photo } from "./records";
import { Remembered } from "./remembered";
import { place, route } from "./routes";
import { Uploads } from "./uploads";

const KEPT_PLACES = 12;

export interface Question {
  choice: Choice;
  album: string;
}

export class App {
  readonly gallery: Gallery;
  readonly uploads: Uploads;
  readonly pictures = new Pictures();
  /** The list on the page: its photos are the neighbors of the open photo. */
  readonly list = signal<PhotoList | undefined>(undefined);
  /** The last event, for screen readers. */
  readonly news = signal("");
  /** The last photo that became READY. */
  readonly latest = signal<Photo | undefined>(undefined);
  readonly uploadsOpen = signal(false);
  /** Choices that leave out files, until the person has said that the others are to be sent. */
  readonly questions = signal<readonly Question[]>([]);
  /** What the last upload left out. */
  readonly leftOut = signal<readonly LeftOut[]>([]);
  /** The album of uploads, except on the page of another album. */
  readonly album = signal("Inbox");

  readonly remembered: Remembered;
  private readonly kept = new Map<string, Map<string, unknown>>(); // by place
  private readonly signedOut = new AbortController();

  constructor(readonly aws: Aws) {
    this.gallery = new Gallery(aws);
    this.remembered = new Remembered(globalThis.localStorage, aws.owner, globalThis.navigator?.locks);
    this.uploads = new Uploads(aws, this.gallery, this.remembered, (photo) => this.arrived(photo));
  }

  /** Follow the connection, and show the uploads that an earlier page did not end. */
  async open(): Promise<void> {
    const { signal: signedOut } = this.signedOut;
    this.pictures.open(signedOut);
    await this.remembered.read();
    this.uploads.open(signedOut);
    const { value: interrupted } = this.remembered.interrupted;
    if (!interrupted) return;
    this.album.value = interrupted.album || "Inbox";
    this.uploadsOpen.value = true;
  }

  /** Stop all uploads: the person has signed out. */
  close(): void {
    this.signedOut.abort();
  }

  /** Return the album of the next uploads: the album on the page, else the chosen one. */
  destination(): string {
    const { view, argument } = route.peek();
    return view === "albums" && argument ? argument : this.album.value;
  }

  /**
   * Upload what was chosen. If files are left out that a person may miss, the person is asked first.
   */
  choose(choice: Choice, album: string): void {
    const { files, leftOut } = choice;
    this.uploadsOpen.value = true;
    if (leftOut.some(({ why }) => why !== "SYSTEM")) {
      this.questions.value = [...this.questions.value, { choice, album }];
    } else {
      this.leftOut.value = leftOut;
      this.uploads.add(files, album);
    }
  }

  /** Upload the files of the first question, or none of them. */
  answer(upload: boolean): void {
    const [question, ...others] = this.questions.value;
    this.questions.value = others;
    if (!question || !upload) return;
    this.leftOut.value = question.choice.leftOut;
    this.uploads.add(question.choice.files, question.album);
  }

  async delete(path: string): Promise<void> {
    await this.aws.delete(path);
    for (const list of this.lists()) list.remove(path);
    this.news.value = `${path} deleted`;
  }

  /**
   * Return what a view made for this place in the history, or make it: Back shows the same list again.
   *
   * @param name of the view's part; a place has each once.
   */
  keep<T>(name: string, make: () => T): T {
    const here = place.peek();
    const parts = this.kept.get(here) ?? new Map<string, unknown>();
    this.kept.delete(here);
    this.kept.set(here, parts); // the last one
    for (const oldest of this.kept.keys()) if (this.kept.size > KEPT_PLACES) this.kept.delete(oldest);
    if (!parts.has(name)) parts.set(name, make());
    return parts.get(name) as T;
  }

  private lists(): PhotoList[] {
    return [...this.kept.values()].flatMap((parts) => [...parts.values()]).filter((one) => one instanceof PhotoList);
  }

  private arrived(photo: Photo): void {
    for (const list of this.lists()) list.insert(photo);
    this.latest.value = photo;
    this.news.value = t("{photo} is ready", { photo: photo.path });
  }
}

export const AppContext = createContext<App | undefined>(undefined);

export function useApp(): App {
  const app = useContext(AppContext);
  if (!app) throw new Error("no app around this view");
  return app;
}

/** Return what a view keeps at its place in the history; see `App.keep`. */
export function useKept<T>(name: string, make: () => T): T {
  const app = useApp();
  return useMemo(() => app.keep(name, make), [app, name, place.value]);
}
