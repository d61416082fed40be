import { useSignal } from "@preact/signals";
import { useLayoutEffect, useRef } from "preact/hooks";
import { useApp } from "../app";
import { chooseLanguage, chosenLanguage, LANGUAGES, t } from "../language";
import { changePassword, currentUsername } from "../session";
import { errorInWords } from "../words";
import { Copy } from "./copy";
import { CloseIcon } from "./icons";
import { readOnlyInWords } from "./read-only";
import "./account-dialog.css";

/** A form for a new password, the language, and the person's owner ID. */
export function AccountDialog({ onClose }: { onClose: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const { aws } = useApp();
  const busy = useSignal(false);
  const done = useSignal(false);
  const message = useSignal("");
  useLayoutEffect(() => dialog.current?.showModal(), []);

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
    <dialog ref={dialog} class="ask card" aria-labelledby="account" onClose={onClose}>
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
  );
}

/** Shows by which name the operator of the gallery knows this person. */
function OwnerId({ owner }: { owner: string }) {
  return (
    <section class="owner-id" aria-labelledby="owner-id">
      <h3 id="owner-id">{t("Your owner ID")}</h3>
      <p>{t("Whoever runs this gallery needs it to hand your photos over or to delete them.")}</p>
      <code dir="ltr">{owner}</code>
      <Copy text={owner} label={t("Copy the ID")} byHand={t("The browser does not allow it. Copy the ID by hand.")} />
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
