import { useEffect, useRef } from "preact/hooks";
import { useApp } from "../app";
import { download } from "../download";
import { t } from "../language";
import { splitPath } from "../records";
import { route } from "../routes";
import { openShare } from "../sharing";
import { errorInWords } from "../words";
import { deleteSelected } from "./delete-selected";
import { CloseIcon, DeleteIcon } from "./icons";
import { CoverIcon, DownloadIcon, FolderIcon, KeywordsIcon, LabelIcon, ShareIcon } from "./selection-icons";
import { KeywordsDialog, LabelsDialog } from "./selection-dialogs";
import "./selection-bar.css";

/** The number of selected photos, and what can be done with them. */
export function SelectionBar() {
  const app = useApp();
  const { selection, trash } = app;
  const bar = useRef<HTMLDivElement>(null);
  const { asked } = selection;
  const size = selection.size.value;
  const paths = () => [...selection.chosen.peek().keys()];
  const only = size === 1 ? paths()[0] : undefined;
  const counted = t({ one: "{count} photo selected", other: "{count} photos selected" }, { count: size });

  useEffect(() => () => (asked.value = undefined), [asked]);
  useEffect(() => {
    let before: HTMLElement | undefined; // the photo that had the focus
    const keyed = (event: KeyboardEvent) => {
      if (event.defaultPrevented || document.querySelector("dialog[open]")) return;
      if (event.key === "F6") {
        event.preventDefault();
        const { activeElement: active } = document;
        if (bar.current?.contains(active)) {
          (before?.isConnected ? before : document.getElementById("content"))?.focus({ preventScroll: true });
        } else {
          before = active instanceof HTMLElement ? active : undefined;
          bar.current?.querySelector<HTMLElement>(".selected-actions button")?.focus();
        }
      }
    };
    addEventListener("keydown", keyed);
    return () => removeEventListener("keydown", keyed);
  }, []);

  /** Do something, and say what came of it. */
  async function attempt(task: () => Promise<void>, done?: string): Promise<void> {
    const { toast } = app.jobs;
    try {
      await task();
      if (done !== undefined) toast.value = { text: done };
    } catch (error) {
      toast.value = { text: errorInWords(error) };
    }
  }

  return (
    <div ref={bar} class="selected-bar" role="toolbar" aria-label={t("Selection")} data-view={route.value.view}>
      <button class="plain icon-only" aria-label={t("End the selection")} onClick={() => selection.clear()}>
        <CloseIcon />
      </button>
      <p class="selected-count" role="status" aria-label={counted}>
        {selection.reading.value || (
          <>
            <span class="wide">{counted}</span>
            <span class="narrow" aria-hidden="true">
              {size}
            </span>
          </>
        )}
      </p>
      <div class="selected-actions">
        {app.aws.sharesUrl && (
          <Action name={t("Share")} Icon={ShareIcon} onClick={() => openShare(app, { title: "", paths: paths() })} />
        )}
        <Action name={t("Download")} Icon={DownloadIcon} onClick={() => void attempt(() => download(app, [...selection.chosen.peek().values()]))} />
        {!app.aws.isReadOnly && <Action name={t("Move to album")} Icon={FolderIcon} onClick={() => app.moving(paths())} />}
        {only !== undefined && app.aws.canEdit && splitPath(only).album !== "" && (
          <Action
            name={t("Use as album cover")}
            Icon={CoverIcon}
            onClick={() => void attempt(() => app.useAsCover(only), t("This photo is the cover of its album."))}
          />
        )}
        <Action name={t("Edit keywords")} Icon={KeywordsIcon} onClick={() => (asked.value = "keywords")} />
        <Action name={t("Hide labels")} Icon={LabelIcon} onClick={() => (asked.value = "labels")} />
        {!app.aws.isReadOnly && (
          <Action name={t("Delete")} Icon={DeleteIcon} class="danger" onClick={() => deleteSelected(selection, trash)} />
        )}
      </div>
      {asked.value === "keywords" && <KeywordsDialog paths={paths()} onClose={() => (asked.value = undefined)} />}
      {asked.value === "labels" && <LabelsDialog paths={paths()} onClose={() => (asked.value = undefined)} />}
      {asked.value === "delete" && (
        <Ask
          question={t({ one: "Delete {count} photo?", other: "Delete {count} photos?" }, { count: size })}
          onYes={() => {
            focusList();
            trash.deleteAll(paths());
          }}
          onClose={() => (asked.value = undefined)}
        />
      )}
    </div>
  );
}

interface ActionProps {
  name: string;
  Icon: () => preact.JSX.Element;
  class?: string;
  onClick: () => void;
}

function Action({ name, Icon, class: kind = "", onClick }: ActionProps) {
  const { selection } = useApp();
  return (
    <button class={`plain ${kind}`} aria-label={name} title={name} disabled={selection.size.value === 0} onClick={onClick}>
      <Icon />
      <span class="wide">{name}</span>
    </button>
  );
}

/** Asks before photos are deleted that cannot be restored. */
function Ask({ question, onYes, onClose }: { question: string; onYes: () => void; onClose: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog ref={dialog} class="ask card" aria-labelledby="delete-question" onClose={onClose}>
      <h2 id="delete-question">{question}</h2>
      <p>{t("They cannot be restored.")}</p>
      <div class="buttons">
        <button onClick={() => dialog.current?.close()}>{t("Keep")}</button>
        <button
          class="danger filled"
          onClick={() => {
            dialog.current?.close();
            onYes();
          }}
        >
          {t("Yes, delete")}
        </button>
      </div>
    </dialog>
  );
}

/** The bar disappears. */
function focusList(): void {
  document.getElementById("content")?.focus({ preventScroll: true });
}
