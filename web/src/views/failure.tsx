import { useEffect } from "preact/hooks";
import { useApp } from "../app";
import { t } from "../language";

/** What went wrong, and a button to try again. It is tried again without a click once the browser is online. */
export function Failure({ message, onRetry }: { message: string; onRetry: () => void }) {
  useEffect(() => {
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

/** The number of pictures that could not be loaded, and a button for all of them. */
export function FailedPictures() {
  const { pictures } = useApp();
  const { size } = pictures.failed.value;
  return (
    <div class={size > 0 ? "notice card" : ""} role="status">
      {size > 0 && (
        <>
          {t({ one: "{count} picture could not be loaded.", other: "{count} pictures could not be loaded." }, { count: size })}{" "}
          <button
            onClick={() => {
              document.getElementById("content")?.focus({ preventScroll: true });
              pictures.tryAgain();
            }}
          >
            {t("Try again")}
          </button>
        </>
      )}
    </div>
  );
}
