/** The page that shows a share to people without an account. It loads neither the session nor AWS. */

import { render } from "preact";
import { useCallback, useEffect, useState } from "preact/hooks";
import { languageOf, locale, setLanguage, t } from "../language";
import { MANIFEST, parseManifest, pathOf, urlOf, type Manifest } from "./manifest";
import { Viewer } from "./viewer";
import "./share.css";

const MAX_TIMEOUT_MS = 2 ** 31 - 1;

type State = Manifest | "loading" | "gone" | "failed";

/**
 * Read a share.
 *
 * @returns "gone" if it has expired, was withdrawn or never existed: the page does not say which.
 * @throws Error: the connection was lost, or CloudFront has failed.
 */
async function read(path: string | undefined): Promise<Manifest | "gone"> {
  if (!path) return "gone";
  const answer = await fetch(urlOf(path, MANIFEST), { cache: "no-store" });
  if (answer.status >= 500 || answer.status === 429) throw new Error(`HTTP status ${answer.status}`);
  if (!answer.ok) return "gone";
  const text = await answer.text();
  try {
    const manifest = parseManifest(text);
    // The clock of this machine may be slow.
    const nowMs = Math.max(Date.now(), Date.parse(answer.headers.get("Date") ?? "") || 0);
    return nowMs < Date.parse(manifest.expiresAt) ? manifest : "gone";
  } catch {
    return "gone";
  }
}

function Page() {
  const [path, setPath] = useState(() => pathOf(location.hash));
  const [state, setState] = useState<State>("loading");

  const load = useCallback(async () => {
    setState("loading");
    setState(await read(path).catch((): State => "failed"));
  }, [path]);
  useEffect(() => void load(), [load]);

  useEffect(() => {
    const read = () => setPath(pathOf(location.hash));
    addEventListener("hashchange", read);
    return () => removeEventListener("hashchange", read);
  }, []);

  const expiresAt = typeof state === "object" ? state.expiresAt : undefined;
  useEffect(() => {
    if (!expiresAt) return;
    const timer = setTimeout(() => setState("gone"), Math.min(Date.parse(expiresAt) - Date.now(), MAX_TIMEOUT_MS));
    return () => clearTimeout(timer);
  }, [expiresAt]);

  const title = typeof state === "object" ? state.title : "";
  useEffect(() => {
    document.title = title || t("Shared photos");
  }, [title]);

  if (state === "loading") return <main class="lonely" aria-busy="true" />;
  if (state === "gone") {
    return (
      <main class="lonely">
        <h1>{t("There is nothing behind this link")}</h1>
        <p>{t("What it shared has expired or was withdrawn, or the link is not complete.")}</p>
      </main>
    );
  }
  if (state === "failed") {
    return (
      <main class="lonely">
        <h1>{t("The photos could not be loaded")}</h1>
        <p>{t("The connection was lost, or the service does not answer.")}</p>
        <button class="primary" onClick={() => void load()}>
          {t("Try again")}
        </button>
      </main>
    );
  }
  return <Share path={path ?? ""} share={state} />;
}

function Share({ path, share }: { path: string; share: Manifest }) {
  const { pictures } = share;
  const [open, setOpen] = useState<number | undefined>(openInHistory);

  useEffect(() => {
    const read = () => setOpen(openInHistory());
    addEventListener("popstate", read);
    return () => removeEventListener("popstate", read);
  }, []);

  function show(index: number, { replace = false } = {}): void {
    history[replace ? "replaceState" : "pushState"]({ open: index }, "");
    setOpen(index);
  }

  return (
    <>
      <header>
        <h1 dir="auto">{share.title || t("Shared photos")}</h1>
        <p class="quiet">
          {t({ one: "{count} photo", other: "{count} photos" }, { count: pictures.length })}
          {" · "}
          {t("The link works until {time}", { time: moment(share.expiresAt) })}
        </p>
      </header>
      <main>
        <ul class="pictures">
          {pictures.map(({ thumb, title }, index) => {
            const shape = thumb.widthPx / thumb.heightPx;
            const number = t("Photo {number} of {count}", { number: index + 1, count: pictures.length });
            return (
              <li key={thumb.file} style={{ flexGrow: shape, flexBasis: `calc(var(--row) * ${shape})` }}>
                <button id={`photo-${index}`} aria-label={title ? `\u2068${title}\u2069, ${number}` : number} onClick={() => show(index)}>
                  <img
                    src={urlOf(path, thumb.file)}
                    alt=""
                    width={thumb.widthPx}
                    height={thumb.heightPx}
                    loading="lazy"
                    decoding="async"
                  />
                </button>
              </li>
            );
          })}
        </ul>
      </main>
      {open !== undefined && pictures[open] && (
        <Viewer
          path={path}
          pictures={pictures}
          index={open}
          onShow={(index) => show(index, { replace: true })}
          onClose={() => history.back()}
        />
      )}
    </>
  );
}

function openInHistory(): number | undefined {
  const { open } = (history.state ?? {}) as { open?: unknown };
  return typeof open === "number" ? open : undefined;
}

function moment(utc: string): string {
  return new Date(utc).toLocaleString(locale(), { dateStyle: "long", timeStyle: "short" });
}

async function main(): Promise<void> {
  await setLanguage(languageOf(navigator.languages));
  history.replaceState(null, ""); // the list first, after a reload
  render(<Page />, document.getElementById("app")!);
}

void main();
