import { useEffect, useRef } from "preact/hooks";
import { useApp } from "../app";
import { albumName, chosenFiles, type LeftOut } from "../files";
import { t } from "../language";
import { splitPath } from "../records";
import { go, href, route } from "../routes";
import { isElsewhere, isInProgress, type Item, type State } from "../uploads";
import { acceptedInWords, faultInWords, leftOutInWords, number, reasonInWords } from "../words";
import { ConfirmButton } from "./confirm";
import { CheckIcon, CloseIcon } from "./icons";
import { Thumb } from "./thumb";

const WHOLE_FOLDERS = { webkitdirectory: true }; // not in a standard, but in every browser

export function UploadPanel() {
  const app = useApp();
  const { uploads, uploadsOpen, album, questions, leftOut } = app;
  const files = useRef<HTMLInputElement>(null);
  const folder = useRef<HTMLInputElement>(null);
  const items = uploads.items.value;
  const to = app.destination();
  const fixed = route.value.view === "albums" && Boolean(route.value.argument);

  function choose(input: HTMLInputElement): void {
    app.choose(chosenFiles(input.files!), to);
    input.value = ""; // so that the same file can be chosen again
  }

  return (
    <aside id="uploads" class="uploads card" aria-label={t("Uploads")} hidden={!uploadsOpen.value}>
      <header>
        <h2>{t("Add photos")}</h2>
        <button class="plain icon-only" aria-label={t("Close uploads")} onClick={() => (uploadsOpen.value = false)}>
          <CloseIcon />
        </button>
      </header>
      <div class="choose">
        <label>
          {t("Album")}
          <input
            value={to}
            readOnly={fixed}
            onChange={({ currentTarget }) => (album.value = albumName(currentTarget.value) || "Inbox")}
          />
        </label>
        <div class="buttons">
          <button onClick={() => files.current?.click()}>{t("Choose files")}</button>
          <button onClick={() => folder.current?.click()}>{t("Choose a folder")}</button>
        </div>
        <input ref={files} class="unseen" type="file" multiple tabIndex={-1} aria-label={t("Files")} onChange={({ currentTarget }) => choose(currentTarget)} />
        <input ref={folder} class="unseen" type="file" multiple {...WHOLE_FOLDERS} tabIndex={-1} aria-label={t("Folder")} onChange={({ currentTarget }) => choose(currentTarget)} />
        <p class="quiet">{t("Or drop files and folders anywhere. {accepted}.", { accepted: acceptedInWords() })}</p>
      </div>
      <Ask key={questions.value[0]} />
      <LeftOutFiles leftOut={leftOut.value} />
      <InterruptedUploads />
      {items.length > 0 && (
        <>
          <Summary items={items} />
          <ul class="items">
            {items.map((item) => (
              <UploadItem key={item.id} item={item} />
            ))}
          </ul>
        </>
      )}
    </aside>
  );
}

/** Says what will be left out, before anything is sent. */
function Ask() {
  const app = useApp();
  const place = useRef<HTMLElement>(null);
  const [question] = app.questions.value;
  useEffect(() => place.current?.querySelector("button")?.focus(), []);
  if (!question) return null;
  const { choice, album } = question;
  const photos = choice.files.length;
  return (
    <section ref={place} class="interrupted" role="group" aria-labelledby="left-out-question">
      <h3 id="left-out-question">
        {photos > 0
          ? t({ one: "Upload {count} photo into {album}?", other: "Upload {count} photos into {album}?" }, { count: photos, album })
          : t("There is no photo to upload.")}
      </h3>
      <p>{t("The rest is left out:")}</p>
      <LeftOutList leftOut={choice.leftOut} />
      <div class="buttons">
        {photos > 0 && (
          <button class="primary" aria-describedby="left-out" onClick={() => app.answer(true)}>
            {t({ one: "Upload {count} photo", other: "Upload {count} photos" }, { count: photos })}
          </button>
        )}
        <button aria-describedby="left-out" onClick={() => app.answer(false)}>
          {photos > 0 ? t("Cancel") : t("Close")}
        </button>
      </div>
    </section>
  );
}

/** What the last upload left out. */
function LeftOutFiles({ leftOut }: { leftOut: readonly LeftOut[] }) {
  if (leftOut.length === 0) return null;
  return (
    <details class="interrupted">
      <summary>
        {t(
          { one: "{count} file or folder was left out", other: "{count} files and folders were left out" },
          { count: leftOut.length },
        )}
      </summary>
      <LeftOutList leftOut={leftOut} />
    </details>
  );
}

const LISTED = 100; // of one kind

function LeftOutList({ leftOut }: { leftOut: readonly LeftOut[] }) {
  const kinds = [...new Set(leftOut.map(({ why }) => why))];
  return (
    <ul id="left-out" class="left-out">
      {kinds.map((kind) => {
        const paths = leftOut.filter(({ why }) => why === kind).map(({ path }) => path);
        return (
          <li key={kind}>
            {leftOutInWords(kind, paths.length)}
            <details>
              <summary>{t("Names")}</summary>
              <p class="said">
                {firstOf(paths, LISTED)}
              </p>
            </details>
          </li>
        );
      })}
    </ul>
  );
}

const NAMED = 3;

/** Return the first names of a list, and how many others there are. */
function firstOf(names: readonly string[], most: number): string {
  const first = names.slice(0, most).join(", ");
  return names.length > most ? t("{names} and {count} more", { names: first, count: names.length - most }) : first;
}

/** The uploads that an earlier page did not end. */
function InterruptedUploads() {
  const { remembered } = useApp();
  const { value: interrupted } = remembered.interrupted;
  if (!interrupted) return null;
  const { sent, unsent } = interrupted;
  return (
    <section class="interrupted" aria-label={t("Interrupted uploads")}>
      <p>
        <b>
          {sent + unsent.length === 1
            ? t("1 of 1 photo was not sent before the page was left.")
            : t(
                {
                  one: "{count} of {all} photos was not sent before the page was left.",
                  other: "{count} of {all} photos were not sent before the page was left.",
                },
                { count: unsent.length, all: sent + unsent.length },
              )}
        </b>{" "}
        {t("Choose or drop the same files or folder again to go on. Photos that the gallery has are not sent again.")}
      </p>
      <p class="quiet">
        {firstOf(unsent.map(({ path }) => path), NAMED)}
      </p>
      <button class="plain" onClick={() => remembered.forget()}>
        {t("Forget")}
      </button>
    </section>
  );
}

function Summary({ items }: { items: readonly Item[] }) {
  const { uploads } = useApp();
  const states = items.map(({ state }) => state.value);
  const there = states.filter(({ is }) => is === "there").length;
  const ready = states.filter(({ is }) => is === "ready").length + there;
  const inProgress = states.filter(isInProgress).length;
  const failed = states.filter(({ is }) => is === "failed").length;
  const elsewhere = items.filter(isElsewhere).length;
  return (
    <div class="summary">
      <p role="status">
        {t({ one: "{ready} of {count} photo ready", other: "{ready} of {count} photos ready" }, { ready, count: items.length })}
        {there > 0 && ` (${t("{count} not sent again", { count: there })})`}
        {inProgress > 0 && `, ${t("{count} in progress", { count: inProgress })}`}
        {failed > 0 && `, ${t("{count} failed", { count: failed })}`}
      </p>
      {failed > 1 && (
        <button class="plain" onClick={() => uploads.retryFailed()}>
          {t("Try all again")}
        </button>
      )}
      {elsewhere > 1 && (
        <button class="plain" onClick={() => uploads.uploadAllAnyway()}>
          {t("Upload all anyway")}
        </button>
      )}
      {inProgress < items.length && (
        <button class="plain" onClick={() => uploads.clearEnded()}>
          {t("Clear")}
        </button>
      )}
    </div>
  );
}

const STEPS = [() => t("Upload"), () => t("Process"), () => t("Ready")];

function UploadItem({ item }: { item: Item }) {
  const state = item.state.value;
  const { album, file } = splitPath(item.path.value);
  return (
    <li class={`item ${state.is}`}>
      <div class="preview">{state.is === "ready" || state.is === "there" ? <Thumb picture={state.photo.thumb} /> : null}</div>
      <div class="what">
        <p class="file" title={item.path.value}>
          {file}
        </p>
        <p class="quiet album">{album}</p>
        {!isElsewhere(item) && <Steps state={state} />}
        <p class="state">
          <StateInWords item={item} />
        </p>
      </div>
      <ItemActions item={item} state={state} />
    </li>
  );
}

/** The progress: full bars for the steps that are done, a moving one for the current step. */
function Steps({ state }: { state: State }) {
  const at = stepOf(state);
  if (at === undefined) return null;
  const share = state.is === "uploading" ? state.share : undefined;
  return (
    <ol class="steps" aria-hidden="true">
      {STEPS.map((name, index) => (
        <li key={index} class={index < at ? "done" : index === at ? "now" : ""}>
          <span class="track">
            <span style={index === 0 && share !== undefined ? { width: `${share * 100}%` } : {}} />
          </span>
          {name()}
        </li>
      ))}
    </ol>
  );
}

function stepOf({ is }: State): number | undefined {
  return { queued: 0, uploading: 0, waiting: 1, processing: 1, ready: 3, there: 3 }[is as string];
}

const SECONDS = { minimumFractionDigits: 1, maximumFractionDigits: 1 };

function StateInWords({ item }: { item: Item }) {
  const state = item.state.value;
  switch (state.is) {
    case "queued":
      return <>{t("Waiting")}</>;
    case "uploading":
      return (
        <>
          <progress class="unseen" max={1} value={state.share} aria-label={t("Uploaded")} />
          {t("Uploading, {percent} %", { percent: Math.round(state.share * 100) })}
          {state.paused && (
            <span class="bad">
              {" "}
              {faultInWords(state.paused)} {t("Trying again…")}
            </span>
          )}
        </>
      );
    case "waiting":
      return <>{t("Uploaded. The workflow is starting")}</>;
    case "processing":
      return <>{t("Reading, resizing and labeling")}</>;
    case "ready":
      return (
        <span class="good">
          <CheckIcon /> {t("Ready after {seconds} s", { seconds: number(state.seconds, SECONDS) })}
        </span>
      );
    case "refused":
      return (
        <span class="bad">
          {reasonInWords(state.code)} <code>{state.code}</code>
        </span>
      );
    case "failed":
      return <span class="bad">{state.message}</span>;
    case "there":
      return (
        <span class="good">
          <CheckIcon /> {isElsewhere(item) ? <Elsewhere path={state.photo.path} /> : t("The album has this photo; not sent again")}
        </span>
      );
    case "exists":
      return <span class="bad">{t("The album already has a photo of this name.")}</span>;
    case "canceled":
      return <>{t("Canceled")}</>;
  }
}

/** Says where the gallery has the same photo. */
function Elsewhere({ path }: { path: string }) {
  const { album, file } = splitPath(path);
  return (
    <a href={href({ view: "albums", argument: album, photo: path })}>
      {album
        ? t("Already in album {album} as {file}", { album: album.split("/").join(" / "), file })
        : t("Already in the gallery as {file}", { file })}
    </a>
  );
}

function ItemActions({ item, state }: { item: Item; state: State }) {
  const { uploads } = useApp();
  const { file } = splitPath(item.path.value);
  return (
    <div class="buttons">
      {(state.is === "queued" || state.is === "uploading") && (
        <button class="plain" aria-label={t("Cancel {file}", { file })} onClick={() => uploads.cancel(item)}>
          {t("Cancel")}
        </button>
      )}
      {(state.is === "failed" || state.is === "canceled") && (
        <button class="plain" aria-label={t("Try {file} again", { file })} onClick={() => uploads.retry(item)}>
          {state.is === "failed" && state.again === "look" ? t("Look again") : t("Try again")}
        </button>
      )}
      {state.is === "exists" && (
        <>
          <button class="plain" aria-label={t("Keep both of {file}", { file })} onClick={() => uploads.keepBoth(item)}>
            {t("Keep both")}
          </button>
          <ConfirmButton
            class="plain"
            label={t("Replace {file}", { file })}
            question={t("Replace the photo in the album?")}
            yes={t("Yes, replace")}
            onYes={async () => uploads.replaceExisting(item)}
          >
            {t("Replace")}
          </ConfirmButton>
        </>
      )}
      {isElsewhere(item) && (
        <button class="plain" aria-label={t("Upload anyway: {file}", { file })} onClick={() => uploads.uploadAnyway(item)}>
          {t("Upload anyway")}
        </button>
      )}
      {(state.is === "ready" || (state.is === "there" && !isElsewhere(item))) && (
        <button
          class="plain"
          aria-label={t("Open {file}", { file })}
          onClick={() => go({ ...route.peek(), photo: item.path.value })}
        >
          {t("Open")}
        </button>
      )}
    </div>
  );
}
