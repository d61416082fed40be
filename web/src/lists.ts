/** A list of photos that is read page by page, and follows uploads and deletions. */

import { computed, signal, type ReadonlySignal } from "@preact/signals";
import type { Pages } from "./gallery";
import { PRECISIONS, type Card } from "./records";
import { errorInWords } from "./words";

/** A part of a list: a month of the timeline, or all photos of another list. */
export interface Section {
  /** Of a month 2021-08. */
  readonly key: string;
  /** The photos that have been read: the first ones of the section. */
  readonly cards: readonly Card[];
  /** Whether `cards` are all photos of the section. */
  readonly isWhole: boolean;
  /** How many photos it has, as far as the table says; a guide. */
  readonly photos?: number | undefined;
}

export class PhotoList<T extends Card = Card> {
  readonly cards = signal<readonly T[]>([]);
  readonly state = signal<"idle" | "loading" | "done" | "failed">("idle");
  /** In words, if the state is "failed". */
  error = "";
  /** The list from its first photo to its last, with the parts that have not been read. */
  readonly sections: ReadonlySignal<readonly Section[]> = computed(() => [
    { key: "", cards: this.cards.value, isWhole: this.state.value === "done" },
  ]);
  /** Read what failed. */
  readonly again: () => void = () => void this.more();

  constructor(
    private readonly pages: Pick<Pages<T>, "next">,
    /** The order of the sort times. */
    private readonly order: "oldest" | "newest" = "newest",
    /** Whether a new photo belongs to this list. */
    protected readonly takes?: (card: Card) => boolean,
  ) {}

  private reading: Promise<void> | undefined;

  /** Read the next page that has new photos; the same page again after an error. */
  more(): Promise<void> {
    if (this.state.value !== "done") this.reading ??= this.read().finally(() => (this.reading = undefined));
    return this.reading ?? Promise.resolve();
  }

  /** Read all pages, and then return all photos. @throws Error: a page cannot be read. */
  async *all(): AsyncGenerator<readonly T[]> {
    while (this.state.value !== "done") {
      await this.more();
      if (this.state.value === "failed") throw new Error(this.error);
      yield []; // the reader may stop here
    }
    yield this.cards.value;
  }

  private async read(): Promise<void> {
    this.state.value = "loading";
    try {
      for (;;) {
        const page = await this.pages.next();
        if (!page) {
          this.state.value = "done";
          return;
        }
        const known = new Set(this.cards.value.map(({ path }) => path));
        const fresh = page.filter(({ path }) => !known.has(path));
        if (fresh.length > 0) {
          this.cards.value = [...this.cards.value, ...fresh].sort((one, other) => this.compare(one, other));
          this.state.value = "idle";
          return;
        }
      }
    } catch (error) {
      this.error = errorInWords(error);
      this.state.value = "failed";
    }
  }

  /** Read the next page of a section. */
  readOn(_key: string): Promise<void> {
    return this.more();
  }

  /** Say which section is in view. */
  look(_key: string): void {}

  insert(card: T): void {
    if (!this.takes?.(card)) return;
    const others = this.cards.value.filter(({ path }) => path !== card.path);
    const place = others.findIndex((one) => this.compare(one, card) > 0);
    const end = place < 0 ? others.length : place;
    if (place < 0 && this.state.value !== "done" && others.length > 0) return; // a page that is not read yet has it
    this.cards.value = [...others.slice(0, end), card, ...others.slice(end)];
  }

  /** Show a photo as it is after an edit: in its place, or no longer. A photo that is READY may be new to the list. */
  update(card: T, isReady: boolean): void {
    const { value: cards } = this.cards;
    const others = cards.filter(({ path }) => path !== card.path);
    if (this.takes && !this.takes(card)) this.cards.value = others;
    else if (others.length < cards.length) this.cards.value = [...others, card].sort((one, other) => this.compare(one, other));
    else if (isReady) this.insert(card);
  }

  /** @returns the photos that were in the list. */
  remove(...paths: string[]): T[] {
    const gone = new Set(paths);
    const removed = this.cards.value.filter(({ path }) => gone.has(path));
    if (removed.length > 0) this.cards.value = this.cards.value.filter(({ path }) => !gone.has(path));
    return removed;
  }

  /** Insert photos that were in the list before. */
  putBack(...cards: T[]): void {
    const back = new Set(cards.map(({ path }) => path));
    const others = this.cards.value.filter(({ path }) => !back.has(path));
    this.cards.value = [...others, ...cards].sort((one, other) => this.compare(one, other));
  }

  /** Photos of "1965", "January 1965" and "1 January 1965" have the same sort time: each group stays together. */
  protected compare(one: Card, other: Card): number {
    const later =
      one.sortTime === other.sortTime ? rank(one) - rank(other) : one.sortTime < other.sortTime ? -1 : 1;
    return this.order === "newest" ? -later : later;
  }
}

function rank({ precision }: Card): number {
  return precision === undefined ? PRECISIONS.length : PRECISIONS.indexOf(precision);
}
