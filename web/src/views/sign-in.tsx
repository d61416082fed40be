import { useSignal } from "@preact/signals";
import { useLayoutEffect, useRef } from "preact/hooks";
import { t } from "../language";
import {
  answerChallenge,
  currentUsername,
  sendResetCode,
  setPasswordByCode,
  signIn,
  staysSignedIn,
  type NextStep,
} from "../session";
import { errorInWords } from "../words";
import { Logo } from "./icons";

interface Props {
  /** The account of an embedded AWS, filled in. */
  prefilled?: { username: string; password: string } | undefined;
  onSignedIn: () => Promise<void>;
  /** Called when the person begins to fill in the form. */
  onBegin?: () => void;
}

export function SignIn({ prefilled, onSignedIn, onBegin }: Props) {
  return (
    <main class="lonely">
      <div class="card sign-in">
        <Logo />
        <h1>{t("Gallery")}</h1>
        {prefilled ? (
          <p class="quiet">{t("This gallery runs on an embedded AWS on this computer. Its only account is filled in.")}</p>
        ) : (
          <p class="quiet">{t("Your photos are private: sign in to see them.")}</p>
        )}
        <SignInForm prefilled={prefilled} onSignedIn={onSignedIn} {...(onBegin && { onBegin })} />
      </div>
    </main>
  );
}

/** Asks for the password over the page. What the page was doing goes on after it. */
export function SessionEnded({ onSignedIn, onSignOut }: Pick<Props, "onSignedIn"> & { onSignOut: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  useLayoutEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog
      ref={dialog}
      class="ask card sign-in"
      aria-labelledby="session-ended"
      onCancel={(event) => event.preventDefault()}
    >
      <h2 id="session-ended">{t("Your session has ended")}</h2>
      <p class="quiet">{t("Enter your password to go on. Uploads go on too.")}</p>
      <SignInForm prefilled={{ username: currentUsername(), password: "" }} isSamePerson onSignedIn={onSignedIn} />
      <button class="plain" onClick={onSignOut}>
        {t("Sign out")}
      </button>
    </dialog>
  );
}

type Step = NextStep | "SEND_CODE" | "RESET";

function SignInForm({ prefilled, isSamePerson = false, onSignedIn, onBegin }: Props & { isSamePerson?: boolean }) {
  const step = useSignal<Step>("DONE");
  const busy = useSignal(false);
  const message = useSignal("");
  const name = useSignal(prefilled?.username ?? "");

  async function next(field: (name: string) => string): Promise<Step> {
    switch (step.value) {
      case "DONE":
        return signIn(name.value.trim(), field("password"), isSamePerson ? staysSignedIn() : field("stay") !== "");
      case "SEND_CODE":
        await sendResetCode(name.value.trim());
        return "RESET";
      case "RESET":
        await setPasswordByCode(name.value.trim(), field("code").trim(), field("new"));
        return signIn(name.value.trim(), field("new"), staysSignedIn());
      default:
        return answerChallenge(field("answer").trim());
    }
  }

  async function submit(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    const given = new FormData(event.currentTarget as HTMLFormElement);
    const isSigningIn = step.value !== "SEND_CODE";
    busy.value = true;
    message.value = "";
    try {
      step.value = await next((field) => String(given.get(field) ?? ""));
      if (isSigningIn && step.value === "DONE") await onSignedIn();
    } catch (error) {
      message.value = errorInWords(error);
    } finally {
      busy.value = false;
    }
  }

  const asksName = step.value === "DONE" || step.value === "SEND_CODE";
  return (
    <form class="fields" onSubmit={(event) => void submit(event)} onInput={onBegin} aria-label={t("Sign in")}>
      {asksName && (
        <label>
          {t("User name or email")}
          <input
            name="username"
            autocomplete="username"
            autocapitalize="none"
            required
            readOnly={isSamePerson && name.value !== ""}
            defaultValue={name.value}
            onInput={({ currentTarget }) => (name.value = currentTarget.value)}
          />
        </label>
      )}
      {step.value === "DONE" && (
        <>
          <label>
            {t("Password")}
            <input name="password" type="password" autocomplete="current-password" required autofocus={isSamePerson} defaultValue={prefilled?.password} />
          </label>
          {!isSamePerson && (
            <label class="check">
              <input name="stay" type="checkbox" value="1" defaultChecked={staysSignedIn()} />
              {t("Stay signed in on this browser")}
            </label>
          )}
        </>
      )}
      {step.value === "RESET" && (
        <>
          <p class="quiet">{t("If the account has an email address, a code is on its way to it.")}</p>
          <label>
            {t("Code")}
            <input key="reset" name="code" inputMode="numeric" autocomplete="one-time-code" required autofocus />
          </label>
        </>
      )}
      {(step.value === "NEW_PASSWORD" || step.value === "RESET") && (
        <label>
          {t("Choose a new password")}
          <input key="new" name={step.value === "RESET" ? "new" : "answer"} type="password" autocomplete="new-password" required />
        </label>
      )}
      {step.value === "CODE" && (
        <label>
          {t("Code from your authenticator app")}
          <input key="code" name="answer" inputMode="numeric" autocomplete="one-time-code" required />
        </label>
      )}
      <p class="bad" role="alert">
        {message.value}
      </p>
      <button class="primary" disabled={busy.value}>
        {step.value === "SEND_CODE" ? t("Send a code") : busy.value ? t("Signing in…") : t("Sign in")}
      </button>
      {step.value === "DONE" && (
        <button type="button" class="plain" onClick={() => (step.value = "SEND_CODE")}>
          {t("Forgot your password?")}
        </button>
      )}
      {(step.value === "SEND_CODE" || step.value === "RESET") && (
        <button type="button" class="plain" onClick={() => (step.value = "DONE")}>
          {t("Back")}
        </button>
      )}
    </form>
  );
}
