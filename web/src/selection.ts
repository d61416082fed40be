/** The photos that a person has selected. They are independent of the elements on the page. */

import { computed, signal } from "@preact/signals";
import type { Card } from "./records";

export type Chosen = ReadonlyMap<string, Card>;

export class Selection {
  /** By path, in the order in which they were selected. */
  readonly chosen = signal<Chosen>(new Map());
  readonly size = computed(() => this.chosen.value.size);
  /** What the person is asked about the selected photos. */
  readonly asked = signal<"delete" | "keywords" | "labels" | undefined>(undefined);
  /** What is being read before it can be selected, in words. */
  readonly reading = signal("");

  /** The photo at which a range begins. */
  private anchor: string | undefined;
  /** What was selected before the range. */
  private base: Chosen = new Map();
  private stop = new AbortController();

  has(path: string): boolean {
    return this.chosen.value.has(path);
  }

  /** Select a photo, or not any more. A range begins here. */
  toggle(card: Card): void {
    this.set([card], !this.has(card.path));
    this.begin(card.path);
  }

  set(cards: readonly Card[], isChosen: boolean): void {
    const next = new Map(this.chosen.peek());
    for (const card of cards) {
      if (isChosen) next.set(card.path, card);
      else next.delete(card.path);
    }
    this.settle(next);
  }

  /** Begin a range at a photo. */
  begin(path: string): void {
    this.anchor = path;
    this.base = this.chosen.peek();
  }

  /** Begin a range at a photo, unless one has begun. */
  anchorAt(path: string): void {
    if (this.anchor === undefined) this.begin(path);
  }

  /** Select from the photo at which the range began to another one, and no photo beyond it. */
  extend(cards: readonly Card[], to: string): void {
    const end = cards.findIndex(({ path }) => path === to);
    if (end < 0) return;
    const found = cards.findIndex(({ path }) => path === this.anchor);
    const start = found < 0 ? end : found;
    if (found < 0) this.anchor = to;
    this.add(cards.slice(Math.min(start, end), Math.max(start, end) + 1));
  }

  /** Select these beside those that were selected before the range or the drag. */
  add(cards: Iterable<Card>): void {
    const next = new Map(this.base);
    for (const card of cards) next.set(card.path, card);
    this.chosen.value = next;
  }

  /** End a range or a drag: the next one adds to it. */
  end(): void {
    this.base = this.chosen.peek();
  }

  /** Forget photos that are gone. */
  drop(paths: Iterable<string>): void {
    const next = new Map(this.chosen.peek());
    for (const path of paths) next.delete(path);
    if (next.size !== this.chosen.peek().size) this.settle(next);
  }

  clear(): void {
    this.stop.abort();
    this.stop = new AbortController();
    this.anchor = undefined;
    this.settle(new Map());
  }

  /** Select what has to be read first. `clear` stops it. @throws what the reading throws. */
  async read(words: string, pages: AsyncIterable<readonly Card[]>): Promise<void> {
    const { signal: stopped } = this.stop;
    this.reading.value = words;
    try {
      const cards: Card[] = [];
      for await (const page of pages) {
        if (stopped.aborted) return;
        cards.push(...page);
      }
      if (!stopped.aborted) this.set(cards, true);
    } finally {
      if (!stopped.aborted) this.reading.value = "";
    }
  }

  private settle(next: Chosen): void {
    this.reading.value = "";
    this.chosen.value = next;
    this.base = next;
  }
}
