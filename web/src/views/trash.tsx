import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { useApp, useKept } from "../app";
import { locale, t } from "../language";
import { bytesOf, drawSoon } from "../placeholders";
import { splitPath, type Card } from "../records";
import { albumInWords } from "../shelves";
import { ConfirmButton } from "./confirm";
import { Empty } from "./empty";
import { More } from "./grid";
import { TimelineIcon } from "./icons";
import "./trash.css";

/** The photos that were deleted and can be restored, the last one first. */
export function TrashView() {
  const { list: listOnPage, trash, jobs } = useApp();
  const list = useKept("trash", () => trash.list());
  const chosen = useSignal<ReadonlySet<string>>(new Set());
  useEffect(() => {
    listOnPage.value = undefined; // there is no photo to open
  }, [listOnPage]);

  const now = Date.now();
  const photos = list.cards.value.filter(({ sortTime }) => trash.restorableUntil(sortTime).getTime() > now);
  const paths = photos.map(({ path }) => path).filter((path) => chosen.value.has(path));
  const selected = t({ one: "{count} photo selected", other: "{count} photos selected" }, { count: paths.length });

  function choose(path: string, isChosen: boolean): void {
    const next = new Set(chosen.value);
    if (isChosen) next.add(path);
    else next.delete(path);
    chosen.value = next;
  }

  async function empty(): Promise<void> {
    for await (const cards of list.all()) if (cards.length > 0) trash.deleteForGood(cards.map(({ path }) => path));
    focusList();
  }

  async function restoreEverything(): Promise<void> {
    try {
      for await (const cards of list.all()) if (cards.length > 0) trash.restoreAll(cards.map(({ path }) => path));
      focusList();
    } catch (error) {
      jobs.toast.value = { text: String((error as Error).message) };
    }
  }

  if (!trash.isKept) {
    return (
      <>
        <h1>{t("Trash")}</h1>
        <Empty back={{ view: "timeline" }} name={t("See all photos")}>
          {t("This gallery has no trash: a deleted photo cannot be restored.")}
        </Empty>
      </>
    );
  }
  return (
    <>
      <h1>{t("Trash")}</h1>
      <p class="quiet lead">
        {t({ one: "Deleted photos can be restored for {count} day.", other: "Deleted photos can be restored for {count} days." }, { count: trash.days })}{" "}
        {!trash.canDeleteForGood && t("Nobody can delete them for good before.")}
      </p>
      {list.state.value === "done" && photos.length === 0 && <Empty>{t("The trash is empty.")}</Empty>}
      {photos.length > 0 && (
        <div class="trash-bar" role="toolbar" aria-label={t("Trash")}>
          <label class="check">
            <input
              type="checkbox"
              checked={paths.length === photos.length}
              onChange={({ currentTarget }) => (chosen.value = new Set(currentTarget.checked ? photos.map(({ path }) => path) : []))}
            />
            {paths.length > 0 ? selected : t("Select all")}
          </label>
          {paths.length > 0 ? (
            <>
              <button
                onClick={() => {
                  focusList();
                  trash.restoreAll(paths);
                }}
              >
                {t("Restore selected")}
              </button>
              {trash.canDeleteForGood && (
                <ConfirmButton
                  class="danger"
                  question={t({ one: "Delete {count} photo for good?", other: "Delete {count} photos for good?" }, { count: paths.length })}
                  yes={t("Yes, delete for good")}
                  onYes={async () => {
                    focusList();
                    trash.deleteForGood(paths);
                  }}
                >
                  {t("Delete selected for good")}
                </ConfirmButton>
              )}
            </>
          ) : (
            <>
              <button onClick={() => void restoreEverything()}>{t("Restore all")}</button>
              {trash.canDeleteForGood && (
                <ConfirmButton
                  class="danger"
                  question={t("Delete all photos in the trash for good?")}
                  yes={t("Yes, delete for good")}
                  onYes={empty}
                >
                  {t("Empty the trash")}
                </ConfirmButton>
              )}
            </>
          )}
        </div>
      )}
      <ul class="trashed">
        {photos.map((photo) => (
          <Trashed key={photo.path} photo={photo} isChosen={chosen.value.has(photo.path)} onChoose={(is) => choose(photo.path, is)} />
        ))}
      </ul>
      <More list={list} />
    </>
  );
}

function Trashed({ photo, isChosen, onChoose }: { photo: Card; isChosen: boolean; onChoose: (isChosen: boolean) => void }) {
  const { trash } = useApp();
  const { album, file } = splitPath(photo.path);
  const name = photo.title ?? file;
  const deleted = new Date(`${photo.sortTime.slice(0, 19)}Z`);
  return (
    <li class="card">
      <label class="trash-check">
        <input
          type="checkbox"
          aria-label={t("Select {name}", { name })}
          checked={isChosen}
          onChange={({ currentTarget }) => onChoose(currentTarget.checked)}
        />
      </label>
      <Placeholder photo={photo} />
      <div class="what">
        <h2 dir="auto">{name}</h2>
        <p class="quiet" dir="auto">
          {albumInWords(album)}
        </p>
        <p class="quiet">
          {t("Deleted {when}", { when: moment(deleted) })}
          {" · "}
          {t("can be restored until {when}", { when: moment(trash.restorableUntil(photo.sortTime), "date") })}
        </p>
      </div>
      <div class="buttons">
        <button
          aria-label={t("Restore {name}", { name })}
          onClick={() => {
            focusList();
            trash.restoreAll([photo.path]);
          }}
        >
          {t("Restore")}
        </button>
        {trash.canDeleteForGood && (
          <ConfirmButton
            class="plain danger"
            label={t("Delete for good: {name}", { name })}
            question={t("Delete {name} for good?", { name })}
            yes={t("Yes, delete for good")}
            onYes={async () => {
              focusList();
              trash.deleteForGood([photo.path]);
            }}
          >
            {t("Delete for good")}
          </ConfirmButton>
        )}
      </div>
    </li>
  );
}

/** The renditions of a deleted photo are deleted: its shape and its ThumbHash are what is left. */
function Placeholder({ photo: { path, widthPx, heightPx } }: { photo: Card }) {
  const { gallery } = useApp();
  const canvas = useRef<HTMLCanvasElement>(null);
  const hash = useSignal<Uint8Array | undefined>(undefined);

  useEffect(() => {
    const inView = new IntersectionObserver(([entry]) => {
      if (!entry?.isIntersecting) return;
      inView.disconnect();
      const read = async () => {
        hash.value = bytesOf((await gallery.thumbhash(path)) ?? "");
      };
      read().catch(() => undefined); // the shape is enough
    });
    inView.observe(canvas.current!);
    return () => inView.disconnect();
  }, [gallery, path]);
  useEffect(() => (hash.value ? drawSoon(canvas.current!, hash.value) : undefined), [hash.value]);

  return (
    <div class="shape" aria-hidden="true">
      <div style={{ aspectRatio: `${widthPx} / ${heightPx}`, ...(widthPx >= heightPx ? { width: "100%" } : { height: "100%" }) }}>
        <canvas ref={canvas} width={1} height={1} />
        {!hash.value && <TimelineIcon />}
      </div>
    </div>
  );
}

function moment(time: Date, precision: "date" | "minute" = "minute"): string {
  if (Number.isNaN(time.getTime())) return "";
  return time.toLocaleString(locale(), { dateStyle: "medium", ...(precision === "minute" && { timeStyle: "short" }) });
}

/** The button that had the focus disappears. */
function focusList(): void {
  document.getElementById("content")?.focus({ preventScroll: true });
}
