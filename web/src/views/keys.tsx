import { useLayoutEffect, useRef } from "preact/hooks";
import { t } from "../language";
import { CloseIcon } from "./icons";

/** The keys of an open photo. */
export function Keys({ onClose }: { onClose: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  useLayoutEffect(() => dialog.current?.showModal(), []);
  const keys: [keys: string[], meaning: string][] = [
    [["←", "→"], t("Previous and next photo; of a zoomed photo: move it")],
    [["↑", "↓"], t("Move a zoomed photo")],
    [["+", "−"], t("Zoom")],
    [["Z"], t("Zoom in, or see the whole photo")],
    [["I"], t("Show or hide the facts")],
    [["F"], t("Full screen")],
    [[t("Space"), "S"], t("Start or pause the slideshow")],
    [["?"], t("Show these keys")],
    [[t("Esc")], t("Close")],
  ];
  return (
    <dialog ref={dialog} class="ask card keys" aria-label={t("Keys")} onClose={onClose}>
      <header>
        <h2>{t("Keys")}</h2>
        <button class="plain icon-only" aria-label={t("Close the keys")} onClick={() => dialog.current?.close()}>
          <CloseIcon />
        </button>
      </header>
      <dl>
        {keys.map(([names, meaning]) => (
          <div key={meaning}>
            <dt>
              {names.map((name) => (
                <kbd key={name}>{name}</kbd>
              ))}
            </dt>
            <dd>{meaning}</dd>
          </div>
        ))}
      </dl>
    </dialog>
  );
}
