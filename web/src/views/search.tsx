import { signal, useSignal } from "@preact/signals";
import { useEffect, useLayoutEffect, useMemo, useRef } from "preact/hooks";
import { useApp, useKept } from "../app";
import { locale, t } from "../language";
import { PhotoList } from "../lists";
import { Loading } from "../loading";
import { go, href } from "../routes";
import { isSame, Suggestions, termsOf, type Suggestion } from "../suggestions";
import { chipInWords, chipsOf, explain, keyOf, kindInWords, MAX_CHIPS, queryOf, searchOf, takes, type Chip, type Explanation } from "../terms";
import { errorInWords } from "../words";
import { Empty } from "./empty";
import { Failure } from "./failure";
import { Grid } from "./grid";
import { CloseIcon, SearchIcon } from "./icons";
import { KindIcon } from "./search-icons";
import "./search.css";

const TYPING_MS = 120;
const BROWSED = { person: 24, country: 12, city: 24, label: 48 } as const; // to show before a search

/** Photos that have all terms of the address. */
export function Search({ query }: { query?: string | undefined }) {
  const chips = useMemo(() => chipsOf(query), [query]);
  return (
    <>
      <h1 class="unseen">{t("Search")}</h1>
      <Field chips={chips} />
      {chips.length > 0 ? <Results key={queryOf(chips)} chips={chips} /> : <Browse />}
    </>
  );
}

function hrefOf(chips: readonly Chip[]): string {
  return href({ view: "search", query: queryOf(chips) });
}

/** The terms, and a combobox for more. Source: https://www.w3.org/WAI/ARIA/apg/patterns/combobox/ */
function Field({ chips }: { chips: readonly Chip[] }) {
  const app = useApp();
  const suggestions = useMemo(() => new Suggestions(app.aws, app.gallery), [app]);
  const text = useSignal("");
  const found = useSignal<readonly Suggestion[]>([]);
  const active = useSignal<Suggestion | undefined>(undefined);
  const isOpen = useSignal(false);
  const isBusy = useSignal(false); // after Enter
  const failure = useSignal<{ message: string; retry: () => void } | undefined>(undefined);
  const field = useRef<HTMLDivElement>(null);
  const input = useRef<HTMLInputElement>(null);
  const current = useRef<AbortController>(undefined); // what is asked for the text in the field
  const refocused = useRef<number>(undefined); // the chip that is to have the focus after a removal
  const isFull = chips.length >= MAX_CHIPS;

  const key = queryOf(chips);
  useLayoutEffect(() => {
    forget();
    text.value = "";
    const { current: index } = refocused;
    refocused.current = undefined;
    if (index === undefined) return;
    const left = field.current!.querySelectorAll<HTMLElement>(".chip");
    (left[Math.min(index, left.length - 1)] ?? input.current)?.focus();
  }, [key]);
  useEffect(() => forget, []);

  /** Ask for nothing any more, and close the list. */
  function forget(): AbortSignal {
    current.current?.abort();
    current.current = new AbortController();
    active.value = undefined;
    failure.value = undefined;
    found.value = [];
    isOpen.value = false;
    isBusy.value = false;
    return current.current.signal;
  }

  async function attempt(task: () => Promise<void>, stale: AbortSignal, retry: () => void): Promise<void> {
    failure.value = undefined;
    try {
      await task();
    } catch (error) {
      if (!stale.aborted) failure.value = { message: errorInWords(error), retry };
    }
  }

  function typed(written: string): void {
    text.value = written;
    current.current?.abort();
    const mine = new AbortController();
    current.current = mine;
    isBusy.value = false;
    const show = (some: readonly Suggestion[]) => {
      found.value = some.filter((one) => !chips.some((chip) => isSame(chip, one)));
      if (!found.value.some((one) => isSame(one, active.peek()))) active.value = undefined;
      isOpen.value = found.value.length > 0;
    };
    const ask = () => void attempt(() => suggestions.suggest(written, show, mine.signal), mine.signal, ask);
    setTimeout(() => {
      if (!mine.signal.aborted) ask();
    }, TYPING_MS);
  }

  function choose(more: readonly Chip[]): void {
    const all = chipsOf(queryOf([...chips, ...more]));
    forget();
    text.value = "";
    input.current?.focus();
    if (all.length === chips.length) return;
    app.news.value = t("Added: {terms}", { terms: listed(more) });
    go({ view: "search", query: queryOf(all) });
  }

  function remove(chip: Chip): void {
    const left = chips.filter((one) => one !== chip);
    app.news.value = t("Removed: {terms}", { terms: listed([chip]) });
    go({ view: "search", ...(left.length > 0 && { query: queryOf(left) }) });
  }

  /** Take the text without a choice. */
  function enter(): void {
    const written = text.peek();
    const stale = forget();
    if (written.trim() === "" || isFull) return;
    isBusy.value = true;
    const task = async () => {
      const more = await suggestions.chipsFor(written);
      if (!stale.aborted) choose(more);
    };
    void attempt(task, stale, enter).then(() => {
      if (!stale.aborted) isBusy.value = false;
    });
  }

  function keyed(event: KeyboardEvent): void {
    const { value: some } = found;
    const { key: name } = event;
    if (event.isComposing) return;
    if ((name === "ArrowDown" || name === "ArrowUp") && some.length > 0) {
      event.preventDefault();
      isOpen.value = true;
      const at = some.findIndex((one) => isSame(one, active.peek()));
      const to = name === "ArrowDown" ? at + 1 : at < 0 ? some.length - 1 : at - 1;
      active.value = some[(to + some.length) % some.length];
      document.getElementById(`suggestion-${some.indexOf(active.value!)}`)?.scrollIntoView({ block: "nearest" });
    } else if (name === "Escape") {
      if (isOpen.value) isOpen.value = false;
      else typed("");
      active.value = undefined;
    } else if (name === "Enter") {
      event.preventDefault();
      if (isOpen.value && active.value) choose([active.value]);
      else enter();
    } else if (name === "Backspace" && text.value === "" && !event.repeat) {
      const last = chips.at(-1);
      if (last) remove(last);
    }
  }

  const shown = isOpen.value ? found.value : [];
  return (
    <div class="search" role="search">
      <div class="field" ref={field} onClick={({ target, currentTarget }) => target === currentTarget && input.current?.focus()}>
        <SearchIcon />
        {chips.map((chip, index) => (
          <button
            key={keyOf(chip)}
            type="button"
            class="chip"
            aria-label={t("Remove {term} ({kind})", { term: chipInWords(chip), kind: kindInWords(chip.kind) })}
            title={kindInWords(chip.kind)}
            onClick={() => {
              refocused.current = index;
              remove(chip);
            }}
            onKeyDown={(event) => {
              if (event.key !== "Backspace" && event.key !== "Delete") return;
              event.preventDefault();
              refocused.current = index;
              remove(chip);
            }}
          >
            <KindIcon kind={chip.kind} />
            <bdi>{chipInWords(chip)}</bdi>
            <CloseIcon />
          </button>
        ))}
        <input
          ref={input}
          type="text"
          role="combobox"
          dir="auto"
          aria-label={t("Find photos")}
          aria-expanded={shown.length > 0}
          aria-controls="suggestions"
          aria-autocomplete="list"
          aria-activedescendant={shown.length > 0 && active.value ? `suggestion-${shown.findIndex((one) => isSame(one, active.value))}` : undefined}
          aria-busy={isBusy.value}
          placeholder={chips.length > 0 ? t("And …") : t("A person, place, thing, album or year")}
          autocomplete="off"
          autocapitalize="none"
          enterkeyhint="search"
          spellcheck={false}
          readOnly={isFull}
          value={text.value}
          onInput={({ currentTarget }) => typed(currentTarget.value)}
          onKeyDown={keyed}
          onBlur={() => (isOpen.value = false)}
        />
      </div>
      <ul id="suggestions" class="card" role="listbox" aria-label={t("Suggestions")} hidden={shown.length === 0}>
        {shown.map((one, index) => (
          <li
            key={keyOf(one)}
            id={`suggestion-${index}`}
            role="option"
            aria-selected={isSame(one, active.value)}
            onPointerDown={(event) => event.preventDefault() /* or the input loses the focus first */}
            onClick={() => choose([one])}
          >
            <KindIcon kind={one.kind} />
            <bdi>{chipInWords(one)}</bdi>{" "}
            <span class="quiet">
              {[kindInWords(one.kind), one.photos !== undefined && photosInWords(one.photos)].filter(Boolean).join(" · ")}
            </span>
          </li>
        ))}
      </ul>
      <p class="unseen" role="status">
        {shown.length > 0 && t({ one: "{count} suggestion", other: "{count} suggestions" }, { count: shown.length })}
      </p>
      {isFull && <p class="quiet">{t({ one: "A search has at most {count} term.", other: "A search has at most {count} terms." }, { count: MAX_CHIPS })}</p>}
      {failure.value && <Failure message={failure.value.message} onRetry={failure.value.retry} />}
    </div>
  );
}

function photosInWords(count: number): string {
  return t({ one: "{count} photo", other: "{count} photos" }, { count });
}

/** Return "Dog, Portugal and before 2019". */
function listed(chips: readonly Chip[]): string {
  return new Intl.ListFormat(locale()).format(chips.map(chipInWords));
}

function Results({ chips }: { chips: readonly Chip[] }) {
  const { aws } = useApp();
  const list = useKept(
    `search ${queryOf(chips)}`,
    () => new PhotoList(searchOf(aws, chips), "newest", (card) => takes(chips, card)),
  );
  return (
    <>
      <h2 class="found unseen">{listed(chips)}</h2>
      <Grid list={list} empty={<Nothing chips={chips} />} />
    </>
  );
}

/** Says why a search has found nothing, and what would find photos. */
function Nothing({ chips }: { chips: readonly Chip[] }) {
  const { aws } = useApp();
  const [only] = chips;
  const isOne = chips.length === 1;
  const why = useKept(`why ${queryOf(chips)}`, () => signal<Explanation | undefined>(undefined));
  const error = useSignal("");
  const tries = useSignal(0);
  useEffect(() => {
    if (isOne || why.peek()) return;
    const left = new AbortController();
    error.value = "";
    const failed = (reason: unknown) => {
      if (!left.signal.aborted) error.value = errorInWords(reason);
    };
    explain(aws, chips, left.signal).then((found) => (why.value = found), failed);
    return () => left.abort();
  }, [why, tries.value]);
  const { unknown = [], others = [] } = why.value ?? {};
  const named = isOne && only ? [only] : unknown;
  return (
    <>
      <Empty back={{ view: "search" }} name={t("Start a new search")}>
        {named.map((chip) => (
          <span key={keyOf(chip)} class="nothing">
            {t("No photo has “{term}” ({kind}).", { term: chipInWords(chip), kind: kindInWords(chip.kind) })}
          </span>
        ))}
        {!isOne && (others.length > 0 ? t("No photo has all of these, but …") : t("No photo has all of these."))}
        {others.length > 0 && (
          <span class="others">
            {others.map((other) => (
              <a key={queryOf(other.chips)} href={hrefOf(other.chips)}>
                {otherInWords(other)}
              </a>
            ))}
          </span>
        )}
      </Empty>
      {error.value && <Failure message={error.value} onRetry={() => tries.value++} />}
    </>
  );
}

/**
 * Return "3 photos without “Dog”"; if more than one term is left out, "3 photos with “Portugal”". One page may not
 * say whether there are photos.
 */
function otherInWords({ chips, without, photos: count, hasMore }: Explanation["others"][number]): string {
  if (count === 0) return t("perhaps photos with “{terms}”", { terms: listed(chips) });
  if (without.length > 1 && chips.length === 1) {
    const terms = listed(chips);
    if (hasMore) return t({ one: "at least {count} photo with “{terms}”", other: "at least {count} photos with “{terms}”" }, { count, terms });
    return t({ one: "{count} photo with “{terms}”", other: "{count} photos with “{terms}”" }, { count, terms });
  }
  const terms = listed(without);
  if (hasMore) return t({ one: "at least {count} photo without “{terms}”", other: "at least {count} photos without “{terms}”" }, { count, terms });
  return t({ one: "{count} photo without “{terms}”", other: "{count} photos without “{terms}”" }, { count, terms });
}

/** What there is to search for. Each term appears as soon as it is found. */
function Browse() {
  const { aws, gallery } = useApp();
  const { parts, all } = useKept("browse", () => {
    const parts = { years: signal<readonly Suggestion[]>([]), person: terms(), country: terms(), city: terms(), label: terms() };
    const years = async () => {
      const counts = new Map<string, number>();
      for (const [month, photos] of await gallery.months()) {
        const year = month.slice(0, 4);
        counts.set(year, (counts.get(year) ?? 0) + photos);
      }
      parts.years.value = [...counts].map(([text, photos]) => ({ kind: "in" as const, text, photos })).reverse();
    };
    const read = async (kind: keyof typeof BROWSED) => {
      parts[kind].value = [];
      for await (const one of termsOf(aws, kind, "", BROWSED[kind])) parts[kind].value = [...parts[kind].value, one];
    };
    const all = new Loading(async () => {
      await Promise.all([years(), read("person"), read("country"), read("city"), read("label")]);
      return true;
    });
    return { parts, all };
  });
  const sections = [
    { name: t("Years"), chips: parts.years.value },
    { name: t("People"), chips: parts.person.value },
    { name: t("Places"), chips: [...parts.country.value, ...parts.city.value] },
    { name: t("Labels"), chips: parts.label.value },
  ].filter(({ chips }) => chips.length > 0);
  return (
    <div class="browse">
      {sections.map(({ name, chips }) => (
        <section key={name} aria-label={name}>
          <h2>{name}</h2>
          <ul class="chips">
            {chips.map((chip) => (
              <li key={keyOf(chip)}>
                <a href={hrefOf([chip])}>
                  <bdi>{chipInWords(chip)}</bdi>
                  {chip.photos !== undefined && <span class="quiet"> {photosInWords(chip.photos)}</span>}
                </a>
              </li>
            ))}
          </ul>
        </section>
      ))}
      {all.error.value && <Failure message={all.error.value} onRetry={all.load} />}
      {all.value.value && sections.length === 0 && <Empty>{t("No photo can be searched for yet.")}</Empty>}
    </div>
  );
}

function terms() {
  return signal<readonly Suggestion[]>([]);
}
