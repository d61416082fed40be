import { signal, useSignal } from "@preact/signals";
import { useRef } from "preact/hooks";
import { useApp, useKept } from "../app";
import { folded } from "../fold";
import { t } from "../language";
import { PhotoList } from "../lists";
import { Loading } from "../loading";
import { hasLabel } from "../records";
import { go, href } from "../routes";
import { capitalized, errorInWords } from "../words";
import { Empty } from "./empty";
import { Failure } from "./failure";
import { Grid } from "./grid";
import { SearchIcon } from "./icons";

const SUGGESTIONS = 8;
const BROWSE = 48; // labels to show before a search
const TYPING_MS = 120;

export function Search({ label }: { label?: string | undefined }) {
  return (
    <>
      <h1 class="unseen">{t("Search")}</h1>
      <LabelBox key={label} label={label ?? ""} />
      {label ? <Results key={label} label={label} /> : <Browse />}
    </>
  );
}

/** A combobox of labels. Source: https://www.w3.org/WAI/ARIA/apg/patterns/combobox/ */
function LabelBox({ label }: { label: string }) {
  const { gallery } = useApp();
  const suggestions = useSignal<string[]>([]);
  const active = useSignal(-1);
  const open = useSignal(false);
  const failure = useSignal<{ message: string; retry: () => void } | undefined>(undefined);
  const asked = useRef(0);

  function typed(text: string): void {
    const query = ++asked.current;
    active.value = -1;
    setTimeout(() => void suggest(text, query).catch((error) => failed(error, text, query)), TYPING_MS);
  }

  function failed(error: unknown, text: string, query: number): void {
    if (query === asked.current) failure.value = { message: errorInWords(error), retry: () => typed(text) };
  }

  async function suggest(text: string, query: number): Promise<void> {
    if (query !== asked.current) return;
    failure.value = undefined;
    const found: string[] = [];
    if (folded(text) !== "") {
      for await (const one of gallery.labels(text, SUGGESTIONS)) {
        if (query !== asked.current) return; // the person has typed more
        found.push(one);
        suggestions.value = [...found];
        open.value = true;
      }
    }
    suggestions.value = found;
    open.value = found.length > 0;
  }

  function choose(text: string): void {
    asked.current++;
    open.value = false;
    go({ view: "search", ...(text.trim() && { argument: folded(text) }) });
  }

  function keyed(event: KeyboardEvent): void {
    const { value: found } = suggestions;
    const { key } = event;
    if ((key === "ArrowDown" || key === "ArrowUp") && found.length > 0) {
      event.preventDefault();
      open.value = true;
      const step = key === "ArrowDown" ? 1 : -1;
      active.value = (active.value + step + found.length + (active.value < 0 && step < 0 ? 1 : 0)) % found.length;
    } else if (key === "Escape") {
      open.value = false;
    } else if (key === "Enter") {
      event.preventDefault();
      choose((open.value && found[active.value]) || (event.currentTarget as HTMLInputElement).value);
    }
  }

  return (
    <div class="label-box" role="search">
      <SearchIcon />
      <input
        type="text"
        role="combobox"
        aria-label={t("Find photos by label")}
        aria-expanded={open.value}
        aria-controls="suggestions"
        aria-autocomplete="list"
        aria-activedescendant={open.value && active.value >= 0 ? `suggestion-${active.value}` : undefined}
        placeholder={t("A label, such as cat, food or vehicle")}
        autocomplete="off"
        autocapitalize="none"
        spellcheck={false}
        defaultValue={label}
        onInput={({ currentTarget }) => typed(currentTarget.value)}
        onKeyDown={keyed}
        onBlur={() => (open.value = false)}
      />
      <ul id="suggestions" role="listbox" aria-label={t("Labels")} hidden={!open.value}>
        {suggestions.value.map((one, index) => (
          <li
            key={one}
            id={`suggestion-${index}`}
            role="option"
            dir="auto"
            aria-selected={index === active.value}
            onPointerDown={(event) => {
              event.preventDefault(); // or the input loses the focus first
              choose(one);
            }}
          >
            {capitalized(one)}
          </li>
        ))}
      </ul>
      {failure.value && <Failure message={failure.value.message} onRetry={failure.value.retry} />}
    </div>
  );
}

function Results({ label }: { label: string }) {
  const { gallery } = useApp();
  const list = useKept(
    label,
    () => new PhotoList(gallery.search([{ kind: "label", text: label }]), "newest", (card) => hasLabel(card, label)),
  );
  return (
    <>
      <h2 class="found" dir="auto">{capitalized(label)}</h2>
      <Grid list={list} empty={<Empty back={{ view: "search" }} name={t("See all labels")}>{t("No photo has the label “{label}”.", { label })}</Empty>} />
    </>
  );
}

/** The first labels by name. Each appears as soon as it is found. */
function Browse() {
  const { gallery } = useApp();
  const { labels, all } = useKept("labels", () => {
    const labels = signal<readonly string[]>([]);
    const all = new Loading(async () => {
      labels.value = [];
      for await (const label of gallery.labels("", BROWSE)) labels.value = [...labels.value, label];
      return labels.value;
    });
    return { labels, all };
  });
  return (
    <>
      <ul class="chips">
        {labels.value.map((label) => (
          <li key={label}>
            <a href={href({ view: "search", argument: label })}>{capitalized(label)}</a>
          </li>
        ))}
      </ul>
      {all.error.value && <Failure message={all.error.value} onRetry={all.load} />}
      {all.value.value?.length === 0 && <Empty>{t("No photo has labels yet.")}</Empty>}
    </>
  );
}
