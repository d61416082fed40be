/** The state that the views share after the sign-in. */

import { signal } from "@preact/signals";
import { createContext } from "preact";
import { useContext, useMemo } from "preact/hooks";
import type { Aws } from "./aws";
import type { Choice, LeftOut } from "./files";
import { Edits } from "./edits";
import { EmptyAlbums } from "./emptyalbums";
import { Gallery } from "./gallery";
import { Jobs } from "./jobs";
import { t } from "./language";
import { PhotoList } from "./lists";
import type { LocatedList } from "./located";
import { MOVES } from "./moves";
import type { Moving } from "./moving";
import { Pictures } from "./pictures";
import { splitPath, type Photo } from "./records";
import { Remembered } from "./remembered";
import { go, place, route } from "./routes";
import { Selection } from "./selection";
import type { Sharing } from "./sharing";
import { Trash, TrashList } from "./trash";
import { Uploads } from "./uploads";

const KEPT_PLACES = 12;

export interface Question {
  choice: Choice;
  album: string;
}

/** What a person wants to move: photos, or an album with all that is in it. */
export type ToMove = { paths: readonly string[] } | { album: string };

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
  readonly selection = new Selection();
  readonly jobs = new Jobs();
  readonly trash: Trash;
  /** What the person is about to share. */
  readonly sharing = signal<Sharing | undefined>(undefined);
  /** The album of uploads, except on the page of another album. */
  readonly album = signal("Inbox");

  /** What is to be moved: a dialog asks where to. */
  readonly toMove = signal<ToMove | undefined>(undefined);
  readonly emptyAlbums: EmptyAlbums;
  /** The moves of this page; its module is loaded when it is first needed. */
  readonly moves = signal<Moving | undefined>(undefined);
  /** Whether an earlier page has left moves that have not ended. */
  readonly hasOldMoves = signal(false);

  /** The photos on the map, if it was opened: one list for all of its places, since it may be long. */
  located: LocatedList | undefined;

  readonly edits: Edits;
  readonly remembered: Remembered;
  private readonly kept = new Map<string, Map<string, unknown>>(); // by place
  private readonly signedOut = new AbortController();

  constructor(readonly aws: Aws) {
    this.gallery = new Gallery(aws);
    this.edits = new Edits({
      edit: (request) => aws.edit(request),
      show: (photo) => {
        for (const list of this.lists()) list.update(photo, photo.status === "READY");
      },
    });
    this.remembered = new Remembered(globalThis.localStorage, aws.owner, globalThis.navigator?.locks);
    this.trash = new Trash(aws, this.gallery, this.jobs, aws.config, {
      lists: () => this.lists(),
      trashed: () => this.kinds(TrashList),
      deleted: (paths) => this.selection.drop(paths),
      restored: (photo) => this.show(photo),
    });
    this.emptyAlbums = new EmptyAlbums(globalThis.localStorage, aws.owner);
    this.uploads = new Uploads(aws, this.gallery, this.remembered, (photo) => this.arrived(photo));
  }

  /** Follow the connection, and show the uploads that an earlier page did not end. */
  async open(): Promise<void> {
    const { signal: signedOut } = this.signedOut;
    this.pictures.open(signedOut);
    await this.remembered.read();
    this.uploads.open(signedOut);
    this.hasOldMoves.value = Boolean(globalThis.localStorage?.getItem(MOVES + this.aws.owner));
    addEventListener(
      "beforeunload",
      (event) => {
        if (this.edits.isBusy) event.preventDefault();
      },
      { signal: signedOut },
    );
    const { value: interrupted } = this.remembered.interrupted;
    if (!interrupted || this.aws.isReadOnly) return;
    this.album.value = interrupted.album || "Inbox";
    this.uploadsOpen.value = true;
  }

  /** Stop all uploads: the person has signed out. */
  close(): void {
    this.signedOut.abort();
    this.jobs.close();
    this.trash.close();
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

  /** Delete a photo. @throws what S3 answers. */
  async delete(path: string): Promise<void> {
    await this.trash.delete(path);
  }

  /** Ask to which album photos are to be moved, and move them. */
  readonly moving = (paths: readonly string[]): void => {
    this.toMove.value = { paths };
  };

  /** Make a photo the cover of its album. */
  async useAsCover(path: string): Promise<void> {
    const { album } = splitPath(path);
    await this.aws.edit({ album, cover: path });
    this.news.value = t("{path} is the cover of its album", { path });
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

  /** The lists of photos that are not in the trash. */
  private lists(): PhotoList[] {
    const others = this.kinds(PhotoList).filter((one) => !(one instanceof TrashList));
    return this.located ? [...others, this.located] : others;
  }

  /** What views keep of a kind; see `keep`. */
  private kinds<T>(kind: new (...given: never[]) => T): T[] {
    const kept = [...this.kept.values()].flatMap((parts) => [...parts.values()]);
    return kept.filter((one): one is T => one instanceof kind);
  }

  /** Return what makes moves, made by its module. */
  movesOf(make: (app: App, signedOut: AbortSignal) => Moving): Moving {
    this.moves.value ??= make(this, this.signedOut.signal);
    return this.moves.value;
  }

  /** Show a photo in its new album. */
  moved(from: string, photo: Photo): void {
    for (const list of this.lists()) {
      const wasHere = list.remove(from).length > 0;
      if (wasHere) list.insert(photo);
      else list.update(photo, true);
    }
    this.selection.drop([from]);
    this.latest.value = photo;
    this.emptyAlbums.filled([splitPath(photo.path).album]);
    this.edits.moved(from, photo);
    if (route.peek().photo === from) go({ ...route.peek(), photo: photo.path }, { replace: true });
  }

  private arrived(photo: Photo): void {
    this.show(photo);
    this.latest.value = photo;
    this.news.value = t("{photo} is ready", { photo: photo.path });
  }

  private show(photo: Photo): void {
    for (const list of this.lists()) list.insert(photo);
    this.pictures.tryAgain(); // those that the workflow had deleted meanwhile
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
