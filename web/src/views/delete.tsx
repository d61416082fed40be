import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useApp } from "../app";
import { t } from "../language";
import { errorInWords } from "../words";
import { ConfirmButton } from "./confirm";

interface Props {
  children: ComponentChildren;
  /** The name of the button, if its text is not enough. */
  label?: string;
  class: string;
  /** Asked if the photo cannot be restored. */
  question: string;
  onDelete: () => Promise<void>;
}

/** Deletes a photo. It asks before, unless the photo can be restored. */
export function DeleteButton({ children, label, class: kind, question, onDelete }: Props) {
  const { trash } = useApp();
  const busy = useSignal(false);
  const message = useSignal("");

  async function clicked(): Promise<void> {
    busy.value = true;
    message.value = "";
    try {
      await onDelete();
    } catch (error) {
      message.value = errorInWords(error);
    }
    busy.value = false;
  }

  if (!trash.isKept) {
    return (
      <ConfirmButton class={kind} {...(label && { label })} question={question} yes={t("Yes, delete")} onYes={onDelete}>
        {children}
      </ConfirmButton>
    );
  }
  return (
    <div class="sure">
      <button class={kind} aria-label={label} disabled={busy.value} onClick={() => void clicked()}>
        {children}
      </button>
      <span class="bad" role="alert">
        {message.value}
      </span>
    </div>
  );
}
