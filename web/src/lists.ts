/** A list of photos that is read page by page, and follows uploads and deletions. */

import { signal } from "@preact/signals";
import type { Pages } from "./gallery";
import { PRECISIONS, type Card } from "./records";
import { errorInWords } from "./words";

export class PhotoList<T extends Card = Card> {
  readonly cards = signal<readonly T[]>([]);
  readonly state = signal<"idle" | "loading" | "done" | "failed">("idle");
  /** In words, if the state is "failed". */
  error = "";

  constructor(
    private readonly pages: Pick<Pages<T>, "next">,
    /** The order of the sort times. */
    private readonly order: "oldest" | "newest" = "newest",
    /** Whether a new photo belongs to this list. */
    private readonly takes?: (card: Card) => boolean,
  ) {}

  /** Read the next page that has new photos; the same page again after an error. */
  async more(): Promise<void> {
    if (this.state.value === "loading" || this.state.value === "done") return;
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

  remove(path: string): void {
    this.cards.value = this.cards.value.filter((card) => card.path !== path);
  }

  /** Photos of "1965", "January 1965" and "1 January 1965" have the same sort time: each group stays together. */
  private compare(one: Card, other: Card): number {
    const later =
      one.sortTime === other.sortTime ? rank(one) - rank(other) : one.sortTime < other.sortTime ? -1 : 1;
    return this.order === "newest" ? -later : later;
  }
}

function rank({ precision }: Card): number {
  return precision === undefined ? PRECISIONS.length : PRECISIONS.indexOf(precision);
}
