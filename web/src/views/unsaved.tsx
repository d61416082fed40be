import { useApp } from "../app";
import { t } from "../language";
import { go, route } from "../routes";

/** Photos with changes that could not be saved when the person left them. */
export function UnsavedEdits() {
  const { edits } = useApp();
  const unsaved = [...edits.unsaved.value].filter(([path]) => path !== route.value.photo);
  return (
    <div class={unsaved.length > 0 ? "notice card" : ""} role="status">
      {unsaved.map(([path, why]) => (
        <div key={path} class="buttons">
          <span>
            {t("Changes are not saved:")} <bdi>{path}</bdi>. {why}
          </span>
          <button onClick={() => go({ ...route.peek(), photo: path })}>{t("Go on editing")}</button>
          <button
            onClick={() => {
              document.getElementById("content")?.focus({ preventScroll: true }); // the button disappears
              edits.drafts.delete(path);
              edits.setUnsaved(path, undefined);
            }}
          >
            {t("Discard")}
          </button>
        </div>
      ))}
    </div>
  );
}
