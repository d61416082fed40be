import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { t } from "../language";
import type { Share } from "../shares";

interface Copied {
  text: string;
  label: string;
  /** What a person reads whose browser does not allow it. */
  byHand: string;
  isPrimary?: boolean;
  children?: ComponentChildren;
}

/** A button that copies a text, buttons beside it, and what came of it. */
export function Copy({ text, label, byHand, isPrimary, children }: Copied) {
  const said = useSignal("");

  async function copy(): Promise<void> {
    try {
      await navigator.clipboard.writeText(text);
      said.value = t("Copied");
    } catch {
      said.value = byHand;
    }
  }

  return (
    <div class="buttons">
      <button type="button" class={isPrimary ? "primary" : ""} onClick={() => void copy()}>
        {label}
      </button>
      {children}
      <span class="good" role="status">
        {said.value}
      </span>
    </div>
  );
}

/** Buttons that copy a link, and give it to another program where the browser can. */
export function CopyLink({ share: { link, manifest } }: { share: Share }) {
  return (
    <Copy text={link} label={t("Copy the link")} byHand={t("The browser does not allow it. Copy the link by hand.")} isPrimary>
      {typeof navigator.share === "function" && (
        <button
          type="button"
          onClick={() => void navigator.share({ url: link, ...(manifest?.title && { title: manifest.title }) }).catch(() => undefined)}
        >
          {t("Send…")}
        </button>
      )}
    </Copy>
  );
}
