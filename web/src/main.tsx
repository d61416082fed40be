import { signal } from "@preact/signals";
import { render } from "preact";
import { App, AppContext } from "./app";
import { Aws } from "./aws";
import { loadConfig, type Config } from "./config";
import { t, setReadersLanguage } from "./language";
import { followAddress } from "./routes";
import { configureSession, currentOwner, onSignOutElsewhere, resumeSession, sessionEnded, signOut } from "./session";
import { Failure } from "./views/failure";
import { Shell } from "./views/shell";
import { SessionEnded, SignIn } from "./views/sign-in";
import { errorInWords } from "./words";
import "./style.css";

const app = signal<App | undefined>(undefined);

async function enter(config: Config): Promise<void> {
  const owner = await currentOwner();
  app.value = owner === undefined ? undefined : new App(new Aws(config, owner));
  await app.value?.open();
}

/** Go on after the password was entered over the page: as another person only from the start. */
async function goOn(config: Config): Promise<void> {
  if ((await currentOwner()) !== app.value?.aws.owner) {
    app.value?.close();
    await enter(config);
  }
  resumeSession();
}

async function leave(): Promise<void> {
  app.value?.close();
  await signOut();
  app.value = undefined;
  location.hash = "";
}

function Page({ config }: { config: Config }) {
  return app.value ? (
    <AppContext.Provider value={app.value}>
      <Shell onSignOut={() => void leave()} />
      {sessionEnded.value && <SessionEnded onSignedIn={() => goOn(config)} onSignOut={() => void leave()} />}
    </AppContext.Provider>
  ) : (
    <SignIn prefilled={config.local_credentials} onSignedIn={() => enter(config)} />
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
onSignOutElsewhere(() => location.reload());
void main();
