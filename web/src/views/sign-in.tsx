import { useSignal } from "@preact/signals";
import { answerChallenge, signIn, type NextStep } from "../session";
import { Logo } from "./icons";

interface Props {
  /** The account of an embedded AWS, filled in. */
  prefilled?: { username: string; password: string } | undefined;
  onSignedIn: () => Promise<void>;
}

export function SignIn({ prefilled, onSignedIn }: Props) {
  const step = useSignal<NextStep>("DONE");
  const busy = useSignal(false);
  const message = useSignal("");

  async function submit(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    const given = new FormData(event.currentTarget as HTMLFormElement);
    const field = (name: string) => String(given.get(name) ?? "");
    busy.value = true;
    message.value = "";
    try {
      step.value =
        step.value === "DONE"
          ? await signIn(field("username").trim(), field("password"))
          : await answerChallenge(field("answer").trim());
      if (step.value === "DONE") await onSignedIn();
    } catch (error) {
      message.value = (error as Error).message;
    } finally {
      busy.value = false;
    }
  }

  return (
    <main class="lonely">
      <form class="card sign-in" onSubmit={(event) => void submit(event)} aria-labelledby="sign-in">
        <Logo />
        <h1 id="sign-in">Gallery</h1>
        {step.value === "DONE" && (
          <>
            {prefilled ? (
              <p class="quiet">
                This gallery runs on an embedded AWS on this computer. Its only account is filled in.
              </p>
            ) : (
              <p class="quiet">Your photos are private: sign in to see them.</p>
            )}
            <label>
              User name or email
              <input name="username" autocomplete="username" autocapitalize="none" required defaultValue={prefilled?.username} />
            </label>
            <label>
              Password
              <input name="password" type="password" autocomplete="current-password" required defaultValue={prefilled?.password} />
            </label>
          </>
        )}
        {step.value === "NEW_PASSWORD" && (
          <label>
            Choose a new password
            <input key="new" name="answer" type="password" autocomplete="new-password" required />
          </label>
        )}
        {step.value === "CODE" && (
          <label>
            Code from your authenticator app
            <input key="code" name="answer" inputMode="numeric" autocomplete="one-time-code" required />
          </label>
        )}
        <p class="bad" role="alert">
          {message.value}
        </p>
        <button class="primary" disabled={busy.value}>
          {busy.value ? "Signing in…" : "Sign in"}
        </button>
      </form>
    </main>
  );
}
