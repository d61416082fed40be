import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect, useMemo, useRef } from "preact/hooks";
import { useApp, type App } from "../app";
import { folded } from "../fold";
import { each, eachAtOnce, Job } from "../jobs";
import { t } from "../language";
import { Loading } from "../loading";
import type { Photo } from "../records";
import { route } from "../routes";
import { capitalized } from "../words";
import { Failure } from "./failure";
import { CloseIcon } from "./icons";

const READ_AT_ONCE = 8;

interface Props {
  paths: readonly string[];
  onClose: () => void;
}

/** Adds keywords to all selected photos, and removes keywords that some of them have. */
export function KeywordsDialog({ paths, onClose }: Props) {
  const app = useApp();
  const removed = useSignal<ReadonlySet<string>>(new Set());

  function submit(form: HTMLFormElement): void {
    const added = String(new FormData(form).get("added"))
      .split(",")
      .map((word) => word.trim().normalize("NFC"))
      .filter(Boolean);
    const add = [...new Set(added)].filter((word) => !removed.value.has(word));
    const remove = [...removed.value];
    if (add.length + remove.length === 0) return;
    const wording = { title: t("Changing keywords"), failed: notChanged };
    const task = async (path: string) => {
      await app.aws.edit({
        path,
        ...(add.length > 0 && { add_keywords: add }),
        ...(remove.length > 0 && { remove_keywords: remove }),
      });
    };
    const leave = leavingSearch(app, "keyword", remove);
    const ended = (done: readonly string[]) => {
      leave(done);
      say(app, done.length);
    };
    app.jobs.start(new Job(wording, each(task), ended), paths);
  }

  return (
    <Dialog title={t("Edit keywords")} paths={paths} submit={t("Save")} onSubmit={submit} onClose={onClose}>
      <label>
        {t("Add to all, separated by commas")}
        <input name="added" autocomplete="off" dir="auto" />
      </label>
      <Terms
        name={t("Remove from all")}
        paths={paths}
        termsOf={({ keywords }) => keywords}
        chosen={removed.value}
        onChoose={(terms) => (removed.value = terms)}
        none={t("The photos have no keywords.")}
      />
    </Dialog>
  );
}

/** Hides labels that some of the selected photos have. */
export function LabelsDialog({ paths, onClose }: Props) {
  const app = useApp();
  const hidden = useSignal<ReadonlySet<string>>(new Set());

  function submit(): void {
    const hide = [...hidden.value].map(folded);
    if (hide.length === 0) return;
    const wording = { title: t("Hiding labels"), failed: notChanged };
    const task = async (path: string) => void (await app.aws.edit({ path, hide_labels: hide }));
    const leave = leavingSearch(app, "label", hide);
    const ended = (done: readonly string[]) => {
      leave(done);
      say(app, done.length);
    };
    app.jobs.start(new Job(wording, each(task), ended), paths);
  }

  return (
    <Dialog title={t("Hide labels")} paths={paths} submit={t("Hide")} onSubmit={submit} onClose={onClose}>
      <Terms
        name={t("Wrong labels")}
        paths={paths}
        termsOf={({ labels }) => labels.map(({ name }) => name)}
        chosen={hidden.value}
        onChoose={(terms) => (hidden.value = terms)}
        none={t("The photos have no labels.")}
      />
    </Dialog>
  );
}

/** Return what removes photos from the search on the page, if it is one for a term that they are about to lose. */
function leavingSearch(app: App, kind: "keyword" | "label", texts: readonly string[]): (done: readonly string[]) => void {
  const { view, query } = route.peek();
  const list = app.list.peek();
  const lost = texts.map(folded);
  const isLeft = view === "search" && new URLSearchParams(query).getAll(kind).some((text) => lost.includes(folded(text)));
  return (done) => {
    if (!isLeft) return;
    list?.remove(...done);
    app.selection.drop(done);
  };
}

interface DialogProps extends Props {
  title: string;
  submit: string;
  onSubmit: (form: HTMLFormElement) => void;
  children: ComponentChildren;
}

function Dialog({ title, paths, submit, onSubmit, onClose, children }: DialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog ref={dialog} class="ask card" aria-labelledby="selection-dialog" onClose={onClose}>
      <header>
        <h2 id="selection-dialog">{title}</h2>
        <button class="plain icon-only" aria-label={t("Close")} onClick={() => dialog.current?.close()}>
          <CloseIcon />
        </button>
      </header>
      <p class="quiet">{t({ one: "Of {count} photo", other: "Of {count} photos" }, { count: paths.length })}</p>
      <form
        class="fields"
        onSubmit={(event) => {
          event.preventDefault();
          onSubmit(event.currentTarget);
          dialog.current?.close();
        }}
      >
        {children}
        <button class="primary">{submit}</button>
      </form>
    </dialog>
  );
}

interface TermsProps {
  name: string;
  paths: readonly string[];
  termsOf: (photo: Photo) => readonly string[];
  chosen: ReadonlySet<string>;
  onChoose: (chosen: ReadonlySet<string>) => void;
  none: string;
}

/** The keywords or labels of the selected photos, the most frequent first, to choose from. */
function Terms({ name, paths, termsOf, chosen, onChoose, none }: TermsProps) {
  const { gallery } = useApp();
  const read = useSignal(0);
  const gone = useMemo(() => new AbortController(), []);
  useEffect(() => () => gone.abort(), [gone]);
  const counts = useMemo(
    () =>
      new Loading(async () => {
        const found = new Map<string, number>();
        read.value = 0;
        await eachAtOnce(paths, READ_AT_ONCE, gone.signal, async (path) => {
          const photo = await gallery.photo(path);
          for (const term of photo ? new Set(termsOf(photo)) : []) found.set(term, (found.get(term) ?? 0) + 1);
          read.value++;
        });
        return [...found].sort(([one, n], [other, m]) => m - n || one.localeCompare(other));
      }),
    [],
  );
  const terms = counts.value.value;
  return (
    <fieldset class="terms">
      <legend>{name}</legend>
      {counts.error.value && <Failure message={counts.error.value} onRetry={counts.load} />}
      {!terms && !counts.error.value && (
        <p class="quiet" role="status">
          {t({ one: "Reading {done} of {count} photo…", other: "Reading {done} of {count} photos…" }, { done: read.value, count: paths.length })}
        </p>
      )}
      {terms?.length === 0 && <p class="quiet">{none}</p>}
      {terms?.map(([term, count]) => (
        <label key={term} class="check">
          <input
            type="checkbox"
            checked={chosen.has(term)}
            onChange={({ currentTarget }) => {
              const next = new Set(chosen);
              if (currentTarget.checked) next.add(term);
              else next.delete(term);
              onChoose(next);
            }}
          />
          <span dir="auto">{capitalized(term)}</span>
          <span class="quiet">{count}</span>
        </label>
      ))}
    </fieldset>
  );
}

function say(app: App, count: number): void {
  if (count > 0) app.jobs.toast.value = { text: t({ one: "{count} photo changed.", other: "{count} photos changed." }, { count }) };
}

function notChanged(count: number): string {
  return t({ one: "{count} photo could not be changed.", other: "{count} photos could not be changed." }, { count });
}
