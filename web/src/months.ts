/** The timeline: photos by month, of which each is read once it is nearly in view. */

import { signal } from "@preact/signals";
import type { Page } from "./aws";
import type { Gallery } from "./gallery";
import { PhotoList, type Section } from "./lists";
import type { Card } from "./records";
import { errorInWords } from "./words";

const KEPT_CARDS = 8000; // in memory; those farthest from the view are read again
const READS_AT_ONCE = 3;
const LAST = "\u{10ffff}"; // sorts after every text that begins with the same prefix

/** A month. All photos from its first one to the last of `cards` are there. */
interface Month extends Section {
  /** Where its next page starts, if a page ended within the month. */
  readonly after?: Page["next"];
}

/**
 * The photos of all months, or of a year's.
 *
 * A page begins where the photos of a month are not read, and goes on into the months before it. If
 * all photos of a month are there, there are none between it and the next month in `sections`.
 * The counts are a guide: a month without one is found by a page, and one without photos disappears.
 */
export class MonthList extends PhotoList {
  override readonly sections = signal<readonly Month[]>([]);
  /** Whether a month without a count has no photos. */
  isCounted = false;
  private readonly inFlight = new Set<string>(); // keys of months
  private readonly failed = new Set<string>();
  private view = "";
  private readonly unread = new Map<string, string>(); // months of photos that came where nothing has been read, by path
  private around: (readonly Card[])[] = []; // the photos of the months in `cards`

  constructor(
    private readonly gallery: Pick<Gallery, "page">,
    private readonly year?: string,
  ) {
    super({ next: async () => undefined }, "newest", ({ sortTime }) => sortTime.startsWith(year ?? ""));
    this.sections.value = [{ key: `${year ?? "9999"}-99`, cards: [], isWhole: false }]; // before the first page
  }

  /** Read the page after the photos in view. */
  override async more(): Promise<void> {
    const months = this.sections.peek();
    const at = Math.max(months.findIndex(({ key }) => key === this.view), 0);
    const next = months.slice(at).find(({ isWhole }) => !isWhole);
    if (next) await this.readOn(next.key);
    else this.settle();
  }

  /** Read the next page of a month, again after an error. */
  override async readOn(key: string): Promise<void> {
    const month = this.sections.peek().find((one) => one.key === key);
    if (!month || month.isWhole || this.inFlight.has(key) || this.inFlight.size >= READS_AT_ONCE) return;
    this.inFlight.add(key);
    this.failed.delete(key);
    this.settle();
    try {
      const page = await this.gallery.page(key, this.year, month.after);
      this.inFlight.delete(key);
      this.add(key, page.cards, page.next);
    } catch (error) {
      this.inFlight.delete(key);
      this.failed.add(key);
      this.error = errorInWords(error);
      this.settle();
    }
  }

  /** Read what failed. */
  override readonly again = (): void => {
    for (const key of [...this.failed]) void this.readOn(key);
  };

  /** `cards` are the photos around this month. */
  override look(key: string): void {
    if (key === this.view) return;
    this.view = key;
    this.settle();
  }

  /**
   * Set the number of photos of each month.
   *
   * @param isAll whether a month that is not among them has no photos.
   */
  count(months: ReadonlyMap<string, number | undefined>, { isAll = false } = {}): void {
    const known = new Map(this.sections.peek().map((month) => [month.key, month]));
    this.isCounted = isAll;
    for (const [key, month] of known) {
      if (isAll && !months.has(key) && !key.endsWith("-99")) known.set(key, { ...month, photos: 0 });
    }
    for (const [key, photos] of months) {
      const month = known.get(key);
      if (!key.startsWith(this.year ?? "") || (!month && this.isRead(key))) continue;
      known.set(key, { cards: [], isWhole: false, ...month, key, photos });
    }
    this.set([...known.values()]);
  }

  override insert(card: Card): void {
    this.put(card, 1);
  }

  /** @param more the number of photos that the month of the photo then has more. */
  private put(card: Card, more: 0 | 1): void {
    if (!this.takes?.(card)) return;
    const months = this.without([card.path]);
    const key = monthOf(card);
    const fresh: Month = { key, cards: [], isWhole: this.isRead(key), ...(this.isCounted && { photos: 0 }) };
    const month = months.find((one) => one.key === key) ?? fresh;
    const last = month.cards.at(-1);
    const isAmong = month.isWhole || (last !== undefined && this.compare(card, last) < 0);
    const cards = isAmong ? this.sorted([...month.cards, card]) : month.cards;
    if (!isAmong) this.unread.set(card.path, key);
    const photos = month.photos === undefined ? undefined : month.photos + more;
    this.set([...months.filter((one) => one !== month), { ...month, cards, photos }]);
  }

  override update(card: Card, isReady: boolean): void {
    const isUnread = this.unread.has(card.path);
    const wasHere = this.remove(card.path).length > 0 || isUnread;
    // A photo that has not been read is counted already.
    if (wasHere || isReady) this.put(card, wasHere ? 1 : 0);
  }

  /** @returns the photos that were in the list. */
  override remove(...paths: string[]): Card[] {
    const gone = new Set(paths);
    const removed = this.sections.peek().flatMap(({ cards }) => cards.filter(({ path }) => gone.has(path)));
    if (removed.length > 0 || paths.some((path) => this.unread.has(path))) this.set(this.without(paths));
    return removed;
  }

  /** Insert photos that were in the list before. */
  putBack(...cards: Card[]): void {
    for (const card of cards) this.insert(card);
  }

  /** Read all photos, newest first, whatever is in view. @throws what the reading throws. */
  async *all(): AsyncGenerator<readonly Card[]> {
    let after: Page["next"];
    do {
      const page = await this.gallery.page(undefined, this.year, after);
      yield page.cards;
      after = page.next;
    } while (after !== undefined);
  }

  private sorted(cards: readonly Card[]): Card[] {
    return cards.toSorted((one, other) => this.compare(one, other));
  }

  private without(paths: readonly string[]): Month[] {
    const gone = new Set(paths);
    const keys = paths.map((path) => this.unread.get(path));
    for (const path of paths) this.unread.delete(path);
    return this.sections.peek().map((month) => {
      const cards = month.cards.filter(({ path }) => !gone.has(path));
      const removed = month.cards.length - cards.length + keys.filter((key) => key === month.key).length;
      return removed === 0 ? month : { ...month, cards, photos: month.photos && Math.max(0, month.photos - removed) };
    });
  }

  /** Add a page that began in the month `first`. */
  private add(first: string, cards: readonly Card[], next: Page["next"]): void {
    const months = new Map(this.sections.peek().map((month) => [month.key, month]));
    const known = new Set(this.sections.peek().flatMap((month) => month.cards.map(({ path }) => path)));
    const end = cards.at(-1);
    const last = next === undefined ? undefined : end ? monthOf(end) : first;
    const fresh = new Map<string, Card[]>();
    for (const card of cards) {
      this.unread.delete(card.path);
      if (known.has(card.path)) continue;
      const key = monthOf(card);
      fresh.set(key, [...(fresh.get(key) ?? []), card]);
    }
    for (const [key, more] of fresh) {
      const month = months.get(key) ?? { key, cards: [], isWhole: false };
      months.set(key, { ...month, cards: this.sorted([...month.cards, ...more]) });
    }
    for (const [key, month] of months) {
      if (key <= first && (last === undefined || key > last)) months.set(key, { ...month, isWhole: true });
    }
    const ended = last === undefined ? undefined : months.get(last);
    if (last !== undefined && ended && !ended.isWhole && isBefore(next, ended.after)) months.set(last, { ...ended, after: next });
    this.set([...months.values()]);
  }

  private set(months: readonly Month[]): void {
    const shown = months.filter(({ cards, isWhole, photos }) => cards.length > 0 || (!isWhole && photos !== 0));
    this.sections.value = this.kept(shown.sort((one, other) => (one.key < other.key ? 1 : -1)));
    this.settle();
  }

  /** Forget the photos of months that are far away, if there are too many. */
  private kept(months: readonly Month[]): readonly Month[] {
    let total = months.reduce((sum, { cards }) => sum + cards.length, 0);
    if (total <= KEPT_CARDS) return months;
    const at = Math.max(months.findIndex(({ key }) => key <= this.view), 0);
    const kept = [...months];
    for (let far = Math.max(at, kept.length - 1 - at); far > 1 && total > KEPT_CARDS; far--) {
      for (const index of [at - far, at + far]) {
        const month = kept[index];
        if (!month || month.cards.length === 0) continue;
        total -= month.cards.length;
        kept[index] = { key: month.key, cards: [], isWhole: false, photos: Math.max(month.photos ?? 0, month.cards.length) };
      }
    }
    return kept;
  }

  /** Whether the photos of a month that is not in `sections` would have been read. */
  private isRead(key: string): boolean {
    const months = this.sections.peek();
    return months.findLast((month) => month.key > key)?.isWhole ?? true; // the first page begins with the newest
  }

  /** Set `cards` and `state` by the months. */
  private settle(): void {
    const months = this.sections.peek();
    const at = months.findIndex(({ key, cards }) => key <= this.view && cards.length > 0);
    const here = at < 0 ? 0 : at;
    let [from, to] = [here, here];
    while (months[from - 1]?.isWhole) from--;
    while (months[to]?.isWhole && to < months.length - 1) to++;
    const around = months.slice(from, to + 1).map(({ cards }) => cards);
    if (around.length !== this.around.length || around.some((cards, index) => cards !== this.around[index])) {
      this.around = around;
      this.cards.value = around.flat();
    }
    const isDone = months.every(({ isWhole }) => isWhole);
    this.state.value = this.inFlight.size > 0 ? "loading" : this.failed.size > 0 ? "failed" : isDone ? "done" : "idle";
  }
}

function monthOf({ sortTime }: Card): string {
  return sortTime.slice(0, 7);
}

/** Whether a page ends after another one: keys are read from the newest on. */
function isBefore(next: Page["next"], known: Page["next"]): boolean {
  const key = (one: Page["next"]) => (typeof one?.["time_key"] === "string" ? one["time_key"] : LAST);
  return key(next) <= key(known);
}
