import { useSignal } from "@preact/signals";
import type { ComponentType } from "preact";
import { useCallback, useEffect } from "preact/hooks";
import { errorInWords } from "../words";
import { Failure } from "./failure";

interface LaterProps {
  load: () => Promise<ComponentType>;
  /** Whether the view is over the page, so that its error must be there too. */
  over?: boolean;
}

/** A view whose code is loaded when it is first shown. */
export function Later({ load, over = false }: LaterProps) {
  const view = useSignal<{ View: ComponentType } | undefined>(undefined);
  const message = useSignal("");
  const again = useCallback(async () => {
    message.value = "";
    try {
      view.value = { View: await load() };
    } catch (error) {
      message.value = errorInWords(error);
    }
  }, [load]);
  useEffect(() => void again(), [again]);

  if (message.value) {
    return (
      <div class={over ? "notice card" : ""}>
        <Failure message={message.value} onRetry={again} />
      </div>
    );
  }
  const View = view.value?.View;
  return View ? <View /> : null;
}
