import { useSignal } from "@preact/signals";
import { useRef } from "preact/hooks";
import { useApp } from "../app";
import { chooseLanguage, chosenLanguage, LANGUAGES, t } from "../language";
import { changePassword, currentUsername } from "../session";
import { errorInWords } from "../words";
import { CloseIcon, PersonIcon } from "./icons";
import { readOnlyInWords } from "./read-only";
import "./account.css";

/** Opens a form for a new password. */
export function AccountButton() {
  const dialog = useRef<HTMLDialogElement>(null);
  const { aws } = useApp();
  const busy = useSignal(false);
  const done = useSignal(false);
  const message = useSignal("");

  async function submit(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    const form = event.currentTarget as HTMLFormElement;
    const given = new FormData(form);
    busy.value = true;
    message.value = "";
    done.value = false;
    try {
      await changePassword(aws.owner, String(given.get("old")), String(given.get("new")));
      done.value = true;
      form.reset();
    } catch (error) {
      message.value = errorInWords(error);
    } finally {
      busy.value = false;
    }
  }

  return (
    <>
      <button class="plain icon-only" aria-label={t("Account")} onClick={() => dialog.current?.showModal()}>
        <PersonIcon />
      </button>
      <dialog ref={dialog} class="ask card" aria-labelledby="account">
        <header>
          <h2 id="account">{currentUsername() || t("Account")}</h2>
          <button class="plain icon-only" aria-label={t("Close account")} onClick={() => dialog.current?.close()}>
            <CloseIcon />
          </button>
        </header>
        <form class="fields" onSubmit={(event) => void submit(event)} aria-label={t("Change your password")}>
          <input class="unseen" name="username" autocomplete="username" value={currentUsername()} readOnly tabIndex={-1} aria-label={t("User name")} />
          <label>
            {t("Password")}
            <input name="old" type="password" autocomplete="current-password" required />
          </label>
          <label>
            {t("New password")}
            <input name="new" type="password" autocomplete="new-password" required />
          </label>
          <p class="bad" role="alert">
            {message.value}
          </p>
          <p class="good" role="status">
            {done.value && t("The password is changed.")}
          </p>
          <button class="primary" disabled={busy.value}>
            {t("Change the password")}
          </button>
        </form>
        <LanguageChoice />
        <OwnerId owner={aws.owner} />
        {aws.isReadOnly && <p class="quiet">{readOnlyInWords(aws)}</p>}
      </dialog>
    </>
  );
}

/** Shows by which name the operator of the gallery knows this person. */
function OwnerId({ owner }: { owner: string }) {
  const said = useSignal("");

  async function copy(): Promise<void> {
    try {
      await navigator.clipboard.writeText(owner);
      said.value = t("Copied");
    } catch {
      said.value = t("The browser does not allow it. Copy the ID by hand.");
    }
  }

  return (
    <section class="owner-id" aria-labelledby="owner-id">
      <h3 id="owner-id">{t("Your owner ID")}</h3>
      <p>{t("Whoever runs this gallery needs it to hand your photos over or to delete them.")}</p>
      <code dir="ltr">{owner}</code>
      <div class="buttons">
        <button type="button" onClick={() => void copy()}>
          {t("Copy the ID")}
        </button>
        <span role="status">{said.value}</span>
      </div>
    </section>
  );
}

/** Chooses the language of this browser. */
function LanguageChoice() {
  return (
    <label>
      {t("Language")}
      <select value={chosenLanguage()} onChange={({ currentTarget }) => void chooseLanguage(currentTarget.value)}>
        <option value="">{t("As in this browser's settings")}</option>
        {["en", ...Object.keys(LANGUAGES)].map((code) => (
          <option key={code} value={code} lang={code}>
            {new Intl.DisplayNames(code, { type: "language" }).of(code)}
          </option>
        ))}
      </select>
    </label>
  );
}

/** Asks before it stops uploads. */
export function SignOutButton({ onSignOut }: { onSignOut: () => void }) {
  const { uploads } = useApp();
  const dialog = useRef<HTMLDialogElement>(null);
  const unsent = uploads.unsent();
  return (
    <>
      <button class="plain" onClick={() => (uploads.unsent() > 0 ? dialog.current?.showModal() : onSignOut())}>
        {t("Sign out")}
      </button>
      <dialog ref={dialog} class="ask card" aria-labelledby="sign-out-question">
        <h2 id="sign-out-question">{t("Sign out and stop the uploads?")}</h2>
        <p>
          {t({ one: "{count} photo has not been sent.", other: "{count} photos have not been sent." }, { count: unsent })}{" "}
          {t("After the next sign-in on this browser you can choose or drop the same files again to go on.")}
        </p>
        <div class="buttons">
          <button class="primary" onClick={() => dialog.current?.close()}>
            {t("Stay")}
          </button>
          <button class="danger" onClick={onSignOut}>
            {t("Sign out")}
          </button>
        </div>
      </dialog>
    </>
  );
}
