import { useSignal } from "@preact/signals";
import type { ComponentType } from "preact";
import { useCallback, useEffect } from "preact/hooks";
import { errorInWords } from "../words";
import { Failure } from "./failure";

interface LaterProps {
  load: () => Promise<ComponentType>;
}

/** A view whose code is loaded when it is first shown. */
export function Later({ load }: LaterProps) {
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

  if (message.value) return <Failure message={message.value} onRetry={again} />;
  const View = view.value?.View;
  return View ? <View /> : null;
}
