import { signal } from "@preact/signals";
import { render } from "preact";
import { App, AppContext } from "./app";
import { Aws } from "./aws";
import { loadConfig, type Config } from "./config";
import { followAddress } from "./routes";
import { configureSession, currentOwner, signOut } from "./session";
import { Shell } from "./views/shell";
import { SignIn } from "./views/sign-in";
import "./style.css";

const app = signal<App | undefined>(undefined);

async function enter(config: Config): Promise<void> {
  const owner = await currentOwner();
  app.value = owner === undefined ? undefined : new App(new Aws(config, owner));
}

async function leave(): Promise<void> {
  await signOut();
  app.value = undefined;
  location.hash = "";
}

function Page({ config }: { config: Config }) {
  return app.value ? (
    <AppContext.Provider value={app.value}>
      <Shell onSignOut={() => void leave()} />
    </AppContext.Provider>
  ) : (
    <SignIn prefilled={config.local_credentials} onSignedIn={() => enter(config)} />
  );
}

async function main(): Promise<void> {
  const place = document.getElementById("app")!;
  try {
    const config = await loadConfig();
    configureSession(config);
    followAddress();
    await enter(config);
    render(<Page config={config} />, place);
  } catch (error) {
    render(
      <main class="lonely">
        <h1>The gallery cannot start</h1>
        <p role="alert">{(error as Error).message}</p>
      </main>,
      place,
    );
  }
}

void main();
