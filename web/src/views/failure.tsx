import { useLayoutEffect } from "preact/hooks";
import { t } from "../language";

/** What went wrong, and a button to try again. It is tried again without a click once the browser is online. */
export function Failure({ message, onRetry }: { message: string; onRetry: () => void }) {
  useLayoutEffect(() => {
    // Before anything is painted: the browser may be online in the next moment.
    addEventListener("online", onRetry);
    return () => removeEventListener("online", onRetry);
  }, [onRetry]);
  return (
    <div class="failure" role="alert">
      <p class="bad">{message}</p>
      <button
        onClick={({ currentTarget }) => {
          currentTarget.closest<HTMLElement>("main, dialog")?.focus({ preventScroll: true }); // the button disappears
          onRetry();
        }}
      >
        {t("Try again")}
      </button>
    </div>
  );
}
