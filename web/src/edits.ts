/** A person's edits: asked of the API one after the other, and shown at once. */

import { signal } from "@preact/signals";
import type { Edited, EditRequest, Patch } from "./aws";
import type { Draft } from "./drafts";
import { folded } from "./fold";
import { editsOf, photoOf, type Photo, type Untrusted } from "./records";
import type { PhotoRow } from "./rows.gen";

type Row = Untrusted<PhotoRow>;

interface State {
  /** The photo as it was read. */
  read: Photo;
  /** The row after the edits that the API has made. */
  row: Row;
  /** Edits that the API has not made yet. */
  pending: Patch[];
  last: Promise<unknown>;
}

/** A photo that a person edits, where it is now: it may be moved meanwhile. */
export interface Editing {
  photo: Photo;
}

interface Context {
  edit: (request: EditRequest) => Promise<Edited>;
  /** Called when a photo is to be shown otherwise. */
  show: (photo: Photo) => void;
}

export class Edits {
  /** What a person has typed and not saved, by path. */
  readonly drafts = new Map<string, Draft>();
  /** Photos with edits that were not saved when the person left them. */
  readonly unsaved = signal<ReadonlyMap<string, string>>(new Map());

  private readonly states = new Map<string, State>(); // by path
  private readonly begun = new Set<Editing>();
  private readonly changed = signal(0);

  constructor(private readonly context: Context) {}

  /** Return a photo with all of its edits, those too that were made after it was read. */
  of(photo: Photo): Photo {
    this.changed.value; // a view shows the next change too
    const state = this.states.get(photo.path);
    if (!state) return photo;
    if (state.read !== photo) {
      // It was read again.
      if (state.pending.length === 0) {
        this.states.delete(photo.path);
        return photo;
      }
      Object.assign(state, { read: photo, row: photo.row });
    }
    return shown(state);
  }

  /**
   * Edit a photo. It is shown as edited at once, and as it was if the edit fails.
   *
   * @throws Error: the edit is refused or cannot be made.
   */
  async edit(photo: Photo, patch: Patch): Promise<void> {
    const { path } = photo;
    const state = this.states.get(path) ?? { read: photo, row: photo.row, pending: [], last: Promise.resolve() };
    this.states.set(path, state);
    state.pending.push(patch);
    this.show(state);
    const made = state.last.then(() => this.send(state, patch));
    state.last = made.catch(() => undefined);
    try {
      state.row = answered(state.row, await made);
    } finally {
      state.pending.splice(state.pending.indexOf(patch), 1);
      this.show(state);
    }
  }

  /** Begin to edit a photo in a form; `end` ends it. */
  begin(photo: Photo): Editing {
    const editing = { photo };
    this.begun.add(editing);
    return editing;
  }

  end(editing: Editing): void {
    this.begun.delete(editing);
  }

  /** A photo has moved: what is typed, or not saved yet, is about the photo at its new path. */
  moved(from: string, photo: Photo): void {
    for (const editing of this.begun) if (editing.photo.path === from) editing.photo = photo;
    const { path } = photo;
    const draft = this.drafts.get(from);
    if (draft) this.drafts.set(path, draft);
    this.drafts.delete(from);
    const why = this.unsaved.peek().get(from);
    if (why !== undefined) {
      this.setUnsaved(from, undefined);
      this.setUnsaved(path, why);
    }
    const state = this.states.get(from);
    this.states.delete(from);
    if (!state || state.pending.length === 0) return;
    Object.assign(state, { read: photo, row: photo.row });
    this.states.set(path, state);
    this.show(state);
  }

  /** Whether something would be lost if the page were closed. */
  get isBusy(): boolean {
    return this.unsaved.value.size > 0 || [...this.states.values()].some(({ pending }) => pending.length > 0);
  }

  setUnsaved(path: string, why: string | undefined): void {
    const unsaved = new Map(this.unsaved.peek());
    if (why === undefined) unsaved.delete(path);
    else unsaved.set(path, why);
    this.unsaved.value = unsaved;
  }

  private async send(state: State, patch: Patch): Promise<Edited> {
    const { path } = state.read;
    try {
      return await this.context.edit({ ...patch, path });
    } catch (error) {
      const { path: now } = state.read;
      if (now === path) throw error;
      return this.context.edit({ ...patch, path: now }); // it has moved meanwhile
    }
  }

  private show(state: State): void {
    this.changed.value = this.changed.peek() + 1;
    this.context.show(shown(state));
  }
}

/** Return a photo as its file has it: without any edit. */
export function fileOf(photo: Photo): Photo {
  const { edits: _, ...row } = photo.row;
  return photoOf(row);
}

function shown({ row, pending }: State): Photo {
  const edits = pending.reduce((sum, patch) => patched(sum, patch, row), editsOf(row));
  return photoOf({ ...row, edits: JSON.stringify(edits) });
}

/** Return a row after an edit that the API has made. */
function answered(row: Row, { edits, sort_time: time }: Edited): Row {
  const moved = (key: unknown) =>
    typeof key === "string" && time !== undefined ? key.replace(/#[^#]*(#[^#]*)$/, (_, digest) => `#${time}${digest}`) : key;
  return {
    ...row,
    edits: edits && JSON.stringify(edits),
    ...(time !== undefined && { sort_time: time }),
    ...(row.time_key !== undefined && { time_key: moved(row.time_key) }),
    ...(row.album_key !== undefined && { album_key: moved(row.album_key) }),
    ...(Array.isArray(row.label_keys) && { label_keys: row.label_keys.map(moved) }),
  };
}

/** Return edits after one more, as the API makes it. The place of a position is the API's alone. */
export function patched(edits: Record<string, unknown>, patch: Patch, row: Row): Record<string, unknown> {
  const next: Record<string, unknown> = { ...edits };
  for (const name of ["title", "description", "keywords"] as const) {
    const value = patch[name];
    if (value === undefined) continue;
    if (value === null) delete next[name];
    else next[name] = value;
  }
  for (const name of ["taken", "location"] as const) {
    const value = patch[name];
    if (value === undefined) continue;
    delete next[name];
    if (name === "location") delete next["place"];
    const removed = new Set(texts(next["removed"]));
    removed.delete(name);
    if (value === "removed") removed.add(name);
    else if (value !== null) next[name] = value;
    next["removed"] = [...removed].sort();
  }
  const words = { add: patch.add_keywords, drop: patch.remove_keywords };
  if (words.add || words.drop) {
    next["keywords"] = changed(texts(next["keywords"] ?? row.keywords), words.add, words.drop);
  }
  const { hide_labels: hide, show_labels: show } = patch;
  if (hide || show) {
    next["hidden_labels"] = changed(texts(next["hidden_labels"]), hide?.map(folded), show?.map(folded)).sort();
  }
  return next;
}

function changed(list: string[], add: readonly string[] = [], drop: readonly string[] = []): string[] {
  return [...new Set([...list.filter((one) => !drop.includes(one)), ...add])];
}

function texts(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((one) => typeof one === "string") : [];
}
