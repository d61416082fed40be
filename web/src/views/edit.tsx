/** The form in which a person edits a photo. */

import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect, useId, useMemo, useRef } from "preact/hooks";
import { useApp } from "../app";
import { draftOf, patchOf, takenOf, withKeyword, MAX_DESCRIPTION, MAX_TITLE, type Draft, type Field } from "../drafts";
import { fileOf } from "../edits";
import { t } from "../language";
import { positionIn, positionText } from "../positions";
import type { Photo } from "../records";
import { coordinates, errorInWords, localTime } from "../words";
import { CloseIcon } from "./icons";
import { WorldMap } from "./map";
import "./edit.css";

interface Props {
  photo: Photo;
  onClose: () => void;
}

/** What is typed is saved when the person goes on to another photo; if that fails, it is kept. */
export function EditForm({ photo, onClose }: Props) {
  const { edits } = useApp();
  const form = useRef<HTMLFormElement>(null);
  const base = useRef(photo).current; // as the person began
  const editing = useMemo(() => edits.begin(base), [base]);
  const file = useMemo(() => fileOf(base), [base]);
  const draft = useSignal<Draft>(edits.drafts.get(base.path) ?? draftOf(base));
  const isTried = useSignal(false); // problems are shown from the first try to save on
  const isBusy = useSignal(false);
  const asks = useSignal(false);
  const message = useSignal(edits.unsaved.peek().get(base.path) ?? "");
  const isOver = useRef(false); // saved or discarded
  const isGone = useRef(false);

  const { patch, problems } = patchOf(draft.value, base, file);
  const isDirty = Object.keys(patch).length + Object.keys(problems).length > 0;
  const shown = isTried.value ? problems : {};
  const set = (part: Partial<Draft>) => {
    draft.value = { ...draft.value, ...part };
    message.value = "";
  };

  useEffect(() => form.current?.querySelector<HTMLElement>("input")?.focus(), []);
  useEffect(() => {
    if (asks.value) form.current?.querySelector<HTMLElement>(".end button")?.focus();
  }, [asks.value]);
  useEffect(() => {
    const warn = (event: BeforeUnloadEvent) => event.preventDefault();
    if (isDirty) addEventListener("beforeunload", warn);
    return () => removeEventListener("beforeunload", warn);
  }, [isDirty]);
  useEffect(
    () => () => {
      isGone.current = true;
      if (!isOver.current && !isBusy.peek()) void save();
    },
    [],
  );

  async function save(): Promise<void> {
    await saveOnce();
    if (isGone.current) edits.end(editing);
  }

  async function saveOnce(): Promise<void> {
    const { patch: last, problems: wrong } = patchOf(draft.peek(), base, file);
    const [problem] = Object.values(wrong);
    if (problem) {
      isTried.value = true;
      asks.value = false;
      edits.drafts.set(editing.photo.path, draft.peek());
      if (isGone.current) edits.setUnsaved(editing.photo.path, problem);
      else requestAnimationFrame(() => form.current?.querySelector<HTMLElement>("[aria-invalid=true]")?.focus());
      return;
    }
    if (Object.keys(last).length === 0) {
      close();
      return;
    }
    isBusy.value = true;
    message.value = "";
    edits.drafts.set(editing.photo.path, draft.peek()); // until the API has the edit
    try {
      await edits.edit(editing.photo, last);
      isBusy.value = false;
      close();
    } catch (error) {
      isBusy.value = false;
      message.value = errorInWords(error);
      if (isGone.current) edits.setUnsaved(editing.photo.path, message.peek());
    }
  }

  function close(): void {
    isOver.current = true;
    edits.end(editing);
    edits.drafts.delete(editing.photo.path);
    edits.setUnsaved(editing.photo.path, undefined);
    if (!isGone.current) onClose();
  }

  function cancel(): void {
    if (isDirty) asks.value = true;
    else close();
  }

  function keyed(event: KeyboardEvent): void {
    event.stopPropagation(); // keys move within the form, not to another photo
    if (event.key === "Escape") {
      event.preventDefault(); // or the photo closes
      if (asks.value) asks.value = false;
      else cancel();
    }
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      void save();
    }
  }

  function addKeyword(): void {
    set({ keywords: withKeyword(draft.value), keyword: "" });
  }

  const { title, description, keywords, keyword, precision, date, time, month, year, position } = draft.value;
  const place = positionIn(position);
  return (
    <form
      ref={form}
      class="edit"
      aria-label={t("Edit")}
      noValidate
      onKeyDown={keyed}
      onSubmit={(event) => {
        event.preventDefault();
        if (!isBusy.value) void save();
      }}
    >
      <FieldOf name="title" legend={t("Title")} problem={shown.title}>
        {(field) => (
          <input {...field} type="text" dir="auto" maxLength={MAX_TITLE * 2} value={title} onInput={({ currentTarget }) => set({ title: currentTarget.value })} />
        )}
      </FieldOf>
      {file.title && file.title !== title && (
        <UseFile name={t("Title")} value={file.title} onUse={() => set({ title: file.title ?? "" })} />
      )}
      <FieldOf name="description" legend={t("Description")} problem={shown.description}>
        {(field) => (
          <textarea {...field} dir="auto" maxLength={MAX_DESCRIPTION * 2} value={description} onInput={({ currentTarget }) => set({ description: currentTarget.value })} />
        )}
      </FieldOf>
      {file.description && file.description !== description && (
        <UseFile name={t("Description")} value={file.description} onUse={() => set({ description: file.description ?? "" })} />
      )}

      <fieldset>
        <legend>{t("Keywords")}</legend>
        {keywords.length > 0 && (
          <ul class="words">
            {keywords.map((word, index) => (
              <li key={word}>
                <bdi>{word}</bdi>
                <button
                  type="button"
                  class="plain"
                  aria-label={t("Remove the keyword {word}", { word })}
                  onClick={({ currentTarget }) => {
                    const list = currentTarget.closest("ul");
                    set({ keywords: keywords.filter((one) => one !== word) });
                    requestAnimationFrame(() => {
                      const left = list?.isConnected ? list.querySelectorAll("button") : undefined;
                      const next = left?.[Math.min(index, left.length - 1)] ?? form.current?.querySelector<HTMLElement>(".add input");
                      next?.focus();
                    });
                  }}
                >
                  <CloseIcon />
                </button>
              </li>
            ))}
          </ul>
        )}
        <FieldOf name="keywords" legend={t("Add a keyword")} problem={shown.keywords}>
          {(field) => (
            <span class="add">
              <input
                {...field}
                type="text"
                dir="auto"
                value={keyword}
                onInput={({ currentTarget }) => {
                  set({ keyword: currentTarget.value });
                  if (currentTarget.value.endsWith(",")) addKeyword();
                }}
                onKeyDown={(event) => {
                  if (event.key !== "Enter" || event.ctrlKey || event.metaKey || event.isComposing || keyword.trim() === "") return;
                  event.preventDefault();
                  addKeyword();
                }}
              />
              <button type="button" disabled={keyword.trim() === ""} onClick={addKeyword}>
                {t("Add")}
              </button>
            </span>
          )}
        </FieldOf>
        {file.keywords.length > 0 && file.keywords.join("\n") !== keywords.join("\n") && (
          <UseFile name={t("Keywords")} value={file.keywords.join(", ")} onUse={() => set({ keywords: file.keywords })} />
        )}
      </fieldset>

      <fieldset>
        <legend>{t("Date")}</legend>
        <FieldOf name="precision" legend={t("What is known")} problem={undefined}>
          {(field) => (
            <select {...field} value={precision} onChange={({ currentTarget }) => set({ precision: currentTarget.value as Draft["precision"], ...partsOf(draft.value) })}>
              <option value="time">{t("Day and time")}</option>
              <option value="day">{t("Day")}</option>
              <option value="month">{t("Month")}</option>
              <option value="year">{t("Year")}</option>
            </select>
          )}
        </FieldOf>
        <div class="parts">
          {(precision === "time" || precision === "day") && (
            <FieldOf name="date" legend={t("Day")} problem={shown.taken} isQuiet>
              {(field) => <input {...field} type="date" min="0001-01-01" max="9999-12-31" value={date} onInput={({ currentTarget }) => set({ date: currentTarget.value })} />}
            </FieldOf>
          )}
          {precision === "time" && (
            <FieldOf name="time" legend={t("Time")} problem={shown.taken} isQuiet>
              {(field) => <input {...field} type="time" step="1" value={time} onInput={({ currentTarget }) => set({ time: currentTarget.value })} />}
            </FieldOf>
          )}
          {precision === "month" && (
            <FieldOf name="month" legend={t("Month")} problem={shown.taken} isQuiet>
              {(field) => <input {...field} type="month" placeholder="1965-07" value={month} onInput={({ currentTarget }) => set({ month: currentTarget.value })} />}
            </FieldOf>
          )}
          {precision === "year" && (
            <FieldOf name="year" legend={t("Year")} problem={shown.taken} isQuiet>
              {(field) => <input {...field} type="text" inputMode="numeric" maxLength={4} value={year} onInput={({ currentTarget }) => set({ year: currentTarget.value })} />}
            </FieldOf>
          )}
        </div>
        <p class="problem" id="problem-of-taken">
          {shown.taken}
        </p>
        <div class="buttons">
          {(date || month || year) && (
            <button type="button" class="small" onClick={() => set({ date: "", time: "", month: "", year: "" })}>
              {t("Remove the date")}
            </button>
          )}
        </div>
        {file.takenAt && !isSameTaken(draft.value, file) && (
          <UseFile name={t("Date")} value={localTime(file.takenAt.local, file.takenAt.precision)} onUse={() => set(takenOf(file))} />
        )}
      </fieldset>

      <fieldset>
        <legend>{t("Location")}</legend>
        <FieldOf name="location" legend={t("Latitude and longitude")} problem={shown.location}>
          {(field) => (
            <input {...field} type="text" autoComplete="off" spellcheck={false} placeholder="52.5, 13.4" value={position} onInput={({ currentTarget }) => set({ position: currentTarget.value })} />
          )}
        </FieldOf>
        <WorldMap position={place} onChoose={(one) => set({ position: positionText(one) })} />
        <div class="buttons">
          {position.trim() !== "" && (
            <button type="button" class="small" onClick={() => set({ position: "" })}>
              {t("Remove the location")}
            </button>
          )}
        </div>
        {file.location && position !== positionText(file.location) && (
          <UseFile
            name={t("Location")}
            value={coordinates(file.location.latitude, file.location.longitude)}
            onUse={() => set({ position: file.location ? positionText(file.location) : "" })}
          />
        )}
      </fieldset>

      <div class="end">
        {message.value && (
          <p class="bad" role="alert">
            {t("The changes are not saved.")} {message.value}
          </p>
        )}
        {asks.value ? (
          <div class="sure" role="group" aria-label={t("Save the changes?")}>
            <span>{t("Save the changes?")}</span>
            <button class="primary" disabled={isBusy.value}>
              {t("Save")}
            </button>
            <button type="button" class="danger" disabled={isBusy.value} onClick={close}>
              {t("Discard")}
            </button>
            <button type="button" onClick={() => (asks.value = false)}>
              {t("Go on")}
            </button>
          </div>
        ) : (
          <>
            <button class="primary" disabled={isBusy.value}>
              {isBusy.value ? t("Saving…") : message.value ? t("Try again") : t("Save")}
            </button>
            <button type="button" disabled={isBusy.value} onClick={cancel}>
              {t("Cancel")}
            </button>
          </>
        )}
      </div>
    </form>
  );
}

/** Fill in the parts of a date that another part tells. */
function partsOf({ date, month, year }: Draft): Partial<Draft> {
  const known = date || (month && `${month}-01`) || (/^\d{4}$/.test(year) ? `${year}-01-01` : "");
  return { date: date || known, month: month || known.slice(0, 7), year: year || known.slice(0, 4) };
}

function isSameTaken(draft: Draft, file: Photo): boolean {
  const { precision, date, time, month, year } = takenOf(file);
  if (draft.precision !== precision) return false;
  return { time: draft.date === date && draft.time === time, day: draft.date === date, month: draft.month === month, year: draft.year === year }[precision];
}

interface FieldProps {
  name: Field | "precision" | "date" | "time" | "month" | "year";
  legend: string;
  problem: string | undefined;
  /** Whether the problem is shown elsewhere. */
  isQuiet?: boolean;
  children: (field: { id: string; "aria-invalid"?: true; "aria-describedby"?: string }) => ComponentChildren;
}

/** A field with its label and what is wrong with it. */
function FieldOf({ name, legend, problem, isQuiet = false, children }: FieldProps) {
  const id = useId();
  const described = isQuiet ? "problem-of-taken" : `problem-of-${name}`;
  return (
    <div class="fields" style={{ gap: "0.3rem" }}>
      <label for={id}>{legend}</label>
      {children({ id, ...(problem && { "aria-invalid": true, "aria-describedby": described }) })}
      {!isQuiet && (
        <p class="problem" id={described}>
          {problem}
        </p>
      )}
    </div>
  );
}

/** The value of the file, and a button to use it. */
function UseFile({ name, value, onUse }: { name: string; value: string; onUse: () => void }) {
  return (
    <div class="from-file">
      <span>
        {t("In the file:")} <bdi>{value}</bdi>
      </span>
      <button type="button" aria-label={t("Use this: {name}", { name })} onClick={onUse}>
        {t("Use this")}
      </button>
    </div>
  );
}
