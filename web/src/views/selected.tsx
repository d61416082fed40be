import { useEffect } from "preact/hooks";
import { useApp } from "../app";
import { t } from "../language";
import { errorInWords } from "../words";
import { deleteSelected } from "./delete-selected";
import { Later } from "./later";

const loadBar = async () => (await import("./more")).SelectionBar;
const loadJobs = async () => (await import("./more")).JobCards;

/** The actions on selected photos, and the work on them that runs. */
export function Selected() {
  const { aws, selection, jobs, list, trash } = useApp();
  const isSelecting = selection.size.value > 0 || selection.reading.value !== "";
  useEffect(() => {
    const keyed = (event: KeyboardEvent) => {
      const isTyping = event.target instanceof Element && event.target.closest("input, textarea, select, [contenteditable]");
      if (event.defaultPrevented || isTyping || document.querySelector("dialog[open]")) return;
      if (event.key === "Escape" && isSelecting) {
        event.preventDefault();
        selection.clear();
      } else if (event.key === "Delete" && !aws.isReadOnly && selection.size.peek() > 0) {
        event.preventDefault();
        deleteSelected(selection, trash);
      } else if (event.key === "a" && (event.ctrlKey || event.metaKey) && !event.shiftKey && !event.altKey) {
        const photos = list.peek();
        if (!photos || !document.querySelector("main [data-path]")) return;
        event.preventDefault();
        void selection.read(t("Reading the list…"), photos.all()).catch((error) => {
          jobs.toast.value = { text: errorInWords(error) };
        });
      }
    };
    addEventListener("keydown", keyed);
    return () => removeEventListener("keydown", keyed);
  }, [selection, list, isSelecting]);
  useEffect(() => {
    const leaving = (event: BeforeUnloadEvent) => {
      if (jobs.areRunning()) event.preventDefault();
    };
    addEventListener("beforeunload", leaving);
    return () => removeEventListener("beforeunload", leaving);
  }, [jobs]);
  return (
    <>
      {isSelecting && <Later load={loadBar} />}
      {jobs.shown.value.length > 0 && <Later load={loadJobs} />}
    </>
  );
}
