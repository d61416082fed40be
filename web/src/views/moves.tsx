import { useSignal } from "@preact/signals";
import { useCallback, useEffect } from "preact/hooks";
import { useApp } from "../app";
import { persist } from "../retry";
import { errorInWords } from "../words";
import { Failure } from "./failure";

/** The dialogs and the progress of moves. They are loaded when they are first needed. */
export function Moves() {
  const app = useApp();
  const views = useSignal<typeof import("./more") | undefined>(undefined);
  const error = useSignal("");
  const isWanted = app.toMove.value !== undefined || app.hasOldMoves.value;
  const load = useCallback(async () => {
    error.value = "";
    try {
      views.value = await persist(() => import("./more"));
    } catch (failed) {
      error.value = errorInWords(failed);
    }
  }, []);
  useEffect(() => {
    if (isWanted && !views.peek()) void load();
  }, [isWanted]);

  if (error.value && isWanted) {
    return (
      <div class="notice card">
        <Failure message={error.value} onRetry={load} />
      </div>
    );
  }
  return views.value ? <views.value.MovingViews /> : null;
}
