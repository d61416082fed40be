import { useSignal } from "@preact/signals";
import { useRef } from "preact/hooks";
import { useApp } from "../app";
import { t } from "../language";
import { PersonIcon } from "./icons";
import { Later } from "./later";

const accountDialog = async () => (await import("./more")).AccountDialog;

/** Opens what a person can see and change of their account. */
export function AccountButton() {
  const isOpen = useSignal(false);
  return (
    <>
      <button class="plain icon-only" aria-label={t("Account")} onClick={() => (isOpen.value = true)}>
        <PersonIcon />
      </button>
      {isOpen.value && <Later load={accountDialog} onClose={() => (isOpen.value = false)} />}
    </>
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
