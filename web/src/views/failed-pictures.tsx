import { useApp } from "../app";
import { t } from "../language";

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
