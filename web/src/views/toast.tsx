import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { useApp } from "../app";
import { t } from "../language";
import { CloseIcon } from "./icons";
import "./toast.css";

const SHOWN_MS = 10_000; // while nobody points at it or has the focus in it
const WITHOUT_UNDO_MS = 5000;

/** A short message, such as "Deleted", and Undo. */
export function ToastCard() {
  const { toast } = useApp().jobs;
  const isHeld = useSignal(false);
  const shown = toast.value;

  useEffect(() => {
    if (!shown || isHeld.value) return;
    const timer = setTimeout(() => (toast.value = undefined), shown.undo ? SHOWN_MS : WITHOUT_UNDO_MS);
    return () => clearTimeout(timer);
  }, [shown, isHeld.value]);

  function leave(then?: () => void): void {
    focusList();
    toast.value = undefined;
    isHeld.value = false;
    then?.();
  }

  useEffect(() => {
    const keyed = (event: KeyboardEvent) => {
      const isTyping = event.target instanceof Element && event.target.closest("input, textarea, [contenteditable]");
      if (event.key !== "z" || !(event.ctrlKey || event.metaKey) || event.shiftKey || isTyping || !shown?.undo) return;
      event.preventDefault();
      leave(shown.undo);
    };
    addEventListener("keydown", keyed);
    return () => removeEventListener("keydown", keyed);
  }, [shown]);

  return (
    <div
      class={shown ? "toast card" : ""}
      onPointerEnter={() => (isHeld.value = true)}
      onPointerLeave={() => (isHeld.value = false)}
      onFocusIn={() => (isHeld.value = true)}
      onFocusOut={() => (isHeld.value = false)}
    >
      <p role="status">{shown?.text}</p>
      {shown?.undo && (
        <button aria-keyshortcuts="Control+Z" onClick={() => leave(shown.undo)}>
          {t("Undo")}
        </button>
      )}
      {shown && (
        <button class="plain icon-only" aria-label={t("Close the message")} onClick={() => leave()}>
          <CloseIcon />
        </button>
      )}
    </div>
  );
}

/** The button that had the focus disappears. */
function focusList(): void {
  const around = document.querySelector<HTMLElement>("dialog[open]") ?? document.getElementById("content");
  if (document.activeElement?.closest(".toast")) around?.focus({ preventScroll: true });
}
