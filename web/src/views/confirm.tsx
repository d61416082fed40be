import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { t } from "../language";
import { errorInWords } from "../words";

interface Props {
  children: ComponentChildren;
  /** The name of the button, if its text is not enough. */
  label?: string;
  class: string;
  question: string;
  yes: string;
  onYes: () => Promise<void>;
}

/** A button that asks before it deletes something. */
export function ConfirmButton({ children, label, class: kind, question, yes, onYes }: Props) {
  const asks = useSignal(false);
  const busy = useSignal(false);
  const message = useSignal("");
  const first = useRef<HTMLButtonElement>(null);
  const keep = useRef<HTMLButtonElement>(null);
  const asked = useRef(false);

  useEffect(() => {
    if (asks.value) keep.current?.focus(); // Enter twice deletes nothing
    else if (asked.current) first.current?.focus();
    asked.current = asks.value;
  }, [asks.value]);

  async function confirmed(): Promise<void> {
    busy.value = true;
    message.value = "";
    try {
      await onYes();
    } catch (error) {
      message.value = errorInWords(error);
    }
    busy.value = false;
  }

  if (!asks.value) {
    return (
      <button ref={first} class={kind} aria-label={label} onClick={() => (asks.value = true)}>
        {children}
      </button>
    );
  }
  return (
    <div class="sure" role="group" aria-label={question}>
      <span>{question}</span>
      <button class="danger filled" disabled={busy.value} onClick={() => void confirmed()}>
        {yes}
      </button>
      <button ref={keep} disabled={busy.value} onClick={() => (asks.value = false)}>
        {t("Keep")}
      </button>
      <span class="bad" role="alert">
        {message.value}
      </span>
    </div>
  );
}
