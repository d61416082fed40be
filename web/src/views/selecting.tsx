import { useComputed } from "@preact/signals";
import type { RefObject } from "preact";
import { useEffect } from "preact/hooks";
import { useApp } from "../app";
import { followGestures } from "../gestures";
import { t } from "../language";
import type { Card } from "../records";
import { errorInWords, monthInWords } from "../words";
import { CheckIcon } from "./icons";
import "./selecting.css";

/** Let a person select the photos of a list, by the tiles within an element. */
export function useSelecting(place: RefObject<HTMLElement | null>): void {
  const { selection, list } = useApp();
  useEffect(() => {
    const container = place.current!;
    const stopMarking = selection.size.subscribe((size) => container.toggleAttribute("data-selecting", size > 0));
    const stopFollowing = followGestures(container, selection, () => list.peek()?.cards.peek() ?? []);
    return () => {
      stopFollowing();
      stopMarking();
    };
  }, [selection, list]);
}

/** Selects a photo, or not any more. */
export function CheckMark({ path, name }: { path: string; name: string }) {
  const { selection } = useApp();
  const isChosen = useComputed(() => selection.has(path));
  return (
    <button class="check-mark" role="checkbox" aria-checked={isChosen.value} aria-label={t("Select {name}", { name })}>
      <CheckIcon />
    </button>
  );
}

/** Selects all photos under a heading of the timeline. The month is read first, if the list does not have all of it. */
export function MonthCheck({ card }: { card: Card }) {
  const { gallery, jobs, list, selection } = useApp();
  const month = card.sortTime.slice(0, 7);
  const name = monthInWords(card.sortTime, card.precision);
  const isYear = ({ precision }: Card) => precision === "year";
  // Not by its name: a list has thousands of photos, and each name of a month would be a date in words.
  const isUnder = (one: Card) => one.sortTime.slice(0, 7) === month && isYear(one) === isYear(card);
  const isChosen = useComputed(() => {
    const known = list.value?.cards.value.filter(isUnder) ?? [];
    return known.length > 0 && known.every(({ path }) => selection.has(path));
  });

  async function toggle(): Promise<void> {
    if (isChosen.peek()) {
      selection.set([...selection.chosen.peek().values()].filter(isUnder), false);
      return;
    }
    async function* photos() {
      for await (const page of gallery.month(month)) yield page.filter(isUnder);
    }
    try {
      await selection.read(t("Reading {month}…", { month: name }), photos());
    } catch (error) {
      jobs.toast.value = { text: errorInWords(error) };
    }
  }

  return (
    <button
      class="month-check"
      role="checkbox"
      aria-checked={isChosen.value}
      aria-label={t("Select {month}", { month: name })}
      title={t("Select {month}", { month: name })}
      onClick={() => void toggle()}
    >
      <CheckIcon />
    </button>
  );
}
