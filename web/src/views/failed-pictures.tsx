import { useApp } from "../app";
import { count } from "../words";

/** The number of pictures that could not be loaded, and a button for all of them. */
export function FailedPictures() {
  const { pictures } = useApp();
  const { size } = pictures.failed.value;
  return (
    <div class={size > 0 ? "notice card" : ""} role="status">
      {size > 0 && (
        <>
          {count(size, "picture")} could not be loaded.{" "}
          <button
            onClick={() => {
              document.getElementById("content")?.focus({ preventScroll: true });
              pictures.tryAgain();
            }}
          >
            Try again
          </button>
        </>
      )}
    </div>
  );
}
