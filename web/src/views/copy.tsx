import { useSignal } from "@preact/signals";
import { t } from "../language";
import type { Share } from "../shares";

/** Buttons that copy a link, and give it to another program where the browser can. */
export function Copy({ share: { link, manifest } }: { share: Share }) {
  const said = useSignal("");

  async function copy(): Promise<void> {
    try {
      await navigator.clipboard.writeText(link);
      said.value = t("Copied");
    } catch {
      said.value = t("The browser does not allow it. Copy the link by hand.");
    }
  }

  return (
    <div class="buttons">
      <button type="button" class="primary" onClick={() => void copy()}>
        {t("Copy the link")}
      </button>
      {typeof navigator.share === "function" && (
        <button
          type="button"
          onClick={() => void navigator.share({ url: link, ...(manifest?.title && { title: manifest.title }) }).catch(() => undefined)}
        >
          {t("Send…")}
        </button>
      )}
      <span class="good" role="status">
        {said.value}
      </span>
    </div>
  );
}
