import { signal } from "@preact/signals";
import { render } from "preact";
import { loadConfig, type Config } from "./config";
import { t, setReadersLanguage } from "./language";
import { persist } from "./retry";
import { followAddress } from "./routes";
import { configureSession, currentOwner, hasSession, onSessionElsewhere, resumeSession, sessionEnded, signOut } from "./session";
import type { SignedIn } from "./signed-in";
import { Failure } from "./views/failure";
import { SessionEnded, SignIn } from "./views/sign-in";
import { errorInWords } from "./words";
import "./style.css";

const gallery = signal<SignedIn | undefined>(undefined);

function load() {
  return persist(() => import("./signed-in"));
}

async function enter(config: Config): Promise<void> {
  const loading = hasSession() ? load() : undefined; // while Cognito is asked
  loading?.catch(() => undefined);
  const owner = await currentOwner();
  if (owner !== undefined) {
    const { signedIn } = await (loading ?? load());
    gallery.value = signedIn(config, owner);
    await gallery.value.open();
  } else {
    gallery.value = undefined;
  }
}

/** Go on after the password was entered over the page: as another person only from the start. */
async function goOn(config: Config): Promise<void> {
  if ((await currentOwner()) !== gallery.value?.owner) {
    gallery.value?.close();
    await enter(config);
  }
  resumeSession();
  gallery.value?.introduce();
}

async function leave(): Promise<void> {
  gallery.value?.close();
  const leaving = signOut();
  gallery.value = undefined; // at once, even if Cognito does not answer
  location.hash = "";
  await leaving;
}

function Page({ config }: { config: Config }) {
  const { View } = gallery.value ?? {};
  return View ? (
    <>
      <View onSignOut={() => void leave()} />
      {sessionEnded.value && <SessionEnded onSignedIn={() => goOn(config)} onSignOut={() => void leave()} />}
    </>
  ) : (
    <SignIn prefilled={config.local_credentials} onSignedIn={() => enter(config).then(() => gallery.value?.introduce())} onBegin={() => void load().catch(() => undefined)} />
  );
}

const place = document.getElementById("app")!;

async function main(): Promise<void> {
  try {
    await setReadersLanguage();
    document.title = t("Gallery");
    const config = await loadConfig();
    configureSession(config);
    await enter(config);
    render(<Page config={config} />, place);
  } catch (error) {
    render(
      <main class="lonely" tabIndex={-1}>
        <h1>{t("The gallery cannot start")}</h1>
        <Failure message={errorInWords(error)} onRetry={retry} />
      </main>,
      place,
    );
  }
}

function retry(): void {
  render(null, place);
  void main();
}

followAddress();
onSessionElsewhere(() => gallery.value?.owner, () => location.reload());
void main();
