import { useSignal } from "@preact/signals";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { useApp } from "../app";
import { t } from "../language";
import { href } from "../routes";
import { DAYS, MAX_PHOTOS, MAX_TITLE, Shares, type Allowed, type Share } from "../shares";
import { errorInWords, instant } from "../words";
import { CopyLink } from "./copy";
import "./share.css";

const DEFAULT_DAYS = 30;
const NOTHING: Allowed = { titles: false, dates: false, places: false, people: false };

/** Asks what to share and until when, copies it, and shows the link. */
export default function ShareDialog() {
  const app = useApp();
  const { title: proposed, paths: wanted } = app.sharing.value ?? { title: "", paths: [] };
  const dialog = useRef<HTMLDialogElement>(null);
  const paths = useSignal<readonly string[] | undefined>(undefined);
  const title = useSignal(proposed);
  const days = useSignal(DEFAULT_DAYS);
  const allowed = useSignal(NOTHING);
  const done = useSignal<number | undefined>(undefined); // copied photos
  const made = useSignal<{ share: Share; left: string[] } | undefined>(undefined);
  const message = useSignal("");
  const stop = useRef<AbortController | undefined>(undefined);

  useLayoutEffect(() => dialog.current?.showModal(), []);
  useEffect(() => () => stop.current?.abort(), []);
  useEffect(() => void find(), [wanted]);

  async function find(): Promise<void> {
    message.value = "";
    try {
      paths.value = typeof wanted === "function" ? await wanted() : wanted;
    } catch (error) {
      message.value = errorInWords(error);
    }
  }

  async function create(event: Event): Promise<void> {
    event.preventDefault();
    const chosen = paths.value;
    if (!chosen || done.value !== undefined) return;
    message.value = "";
    done.value = 0;
    stop.current = new AbortController();
    const { signal } = stop.current;
    try {
      made.value = await new Shares(app.aws, app.gallery).create({
        title: title.value,
        paths: chosen,
        days: days.value,
        allowed: allowed.value,
        signal,
        progress: (number) => (done.value = number),
      });
      app.news.value = t("The link is ready.");
    } catch (error) {
      if (!signal.aborted) message.value = errorInWords(error);
    }
    done.value = undefined;
  }

  const all = paths.value?.length ?? 0;
  const isBusy = done.value !== undefined;
  const choices: { name: keyof Allowed; words: string }[] = [
    { name: "titles", words: t("Titles and descriptions") },
    { name: "dates", words: t("Dates") },
    { name: "places", words: t("Places, in words") },
    { name: "people", words: t("Names of people") },
  ];
  return (
    <dialog
      ref={dialog}
      class="ask card share"
      aria-labelledby="share-title"
      onCancel={(event) => {
        if (isBusy) event.preventDefault(); // copies are not stopped by accident
      }}
      onClose={() => (app.sharing.value = undefined)}
    >
      <h2 id="share-title">{made.value ? t("The link is ready.") : t("Share photos")}</h2>
      {made.value ? (
        <Made made={made.value} />
      ) : (
        <form class="fields" onSubmit={(event) => void create(event)}>
          <p>
            {paths.value === undefined
              ? t("Looking for the photos…")
              : t({ one: "{count} photo", other: "{count} photos" }, { count: all })}
          </p>
          <p class="quiet">
            {t(
              "Everyone who has the link sees copies of the pictures, without an account, and can pass it on. Originals are not shared, and nothing is uploaded again. Later changes do not follow: a photo that you delete stays in the share until it expires or you withdraw it.",
            )}
          </p>
          <label>
            {t("Title of the share, which everyone sees")}
            <input
              value={title.value}
              maxLength={MAX_TITLE}
              dir="auto"
              disabled={isBusy}
              onInput={({ currentTarget }) => (title.value = currentTarget.value)}
            />
          </label>
          <label>
            {t("The link works for")}
            <select value={days.value} disabled={isBusy} onChange={({ currentTarget }) => (days.value = Number(currentTarget.value))}>
              {DAYS.map((one) => (
                <option key={one} value={one}>
                  {t({ one: "{count} day", other: "{count} days" }, { count: one })}
                </option>
              ))}
            </select>
          </label>
          <fieldset disabled={isBusy}>
            <legend>{t("Show with the pictures")}</legend>
            {choices.map(({ name, words }) => (
              <label key={name} class="check">
                <input
                  type="checkbox"
                  checked={allowed.value[name]}
                  onChange={({ currentTarget }) => (allowed.value = { ...allowed.value, [name]: currentTarget.checked })}
                />
                {words}
              </label>
            ))}
          </fieldset>
          {all > MAX_PHOTOS && <p class="bad">{t("At most {count} photos can be shared by one link.", { count: MAX_PHOTOS })}</p>}
          {isBusy && (
            <>
              <progress max={all} value={done.value} aria-label={t("Copied photos")} />
              <p class="quiet">{t("{done} of {count} copied", { done: done.value ?? 0, count: all })}</p>
            </>
          )}
          <p class="bad" role="alert">
            {message.value}
          </p>
          <div class="buttons">
            {paths.value === undefined && message.value ? (
              <button type="button" class="primary" onClick={() => void find()}>
                {t("Try again")}
              </button>
            ) : (
              <button class="primary" disabled={isBusy || all === 0 || all > MAX_PHOTOS}>
                {message.value ? t("Try again") : t("Create the link")}
              </button>
            )}
            <button type="button" onClick={() => (isBusy ? stop.current?.abort() : dialog.current?.close())}>
              {isBusy ? t("Stop") : t("Cancel")}
            </button>
          </div>
        </form>
      )}
      {made.value && (
        <div class="buttons">
          <a class="all" href={href({ view: "shares" })} onClick={() => dialog.current?.close()}>
            {t("All links")}
          </a>
          <button type="button" onClick={() => dialog.current?.close()}>
            {t("Close")}
          </button>
        </div>
      )}
    </dialog>
  );
}

function Made({ made: { share, left } }: { made: { share: Share; left: string[] } }) {
  const link = useRef<HTMLInputElement>(null);
  useEffect(() => link.current?.select(), []);
  return (
    <div class="fields">
      <p>{t("It works until {time}.", { time: instant(share.manifest?.expiresAt ?? "") })}</p>
      {left.length > 0 && (
        <p class="bad">
          {t({ one: "{count} photo has no picture and is left out.", other: "{count} photos have no picture and are left out." }, { count: left.length })}
        </p>
      )}
      <label>
        {t("Link")}
        <input ref={link} readOnly value={share.link} onFocus={({ currentTarget }) => currentTarget.select()} />
      </label>
      <CopyLink share={share} />
    </div>
  );
}
