import { useSignal } from "@preact/signals";
import { useCallback, useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { useApp } from "../app";
import type { Neighbors } from "../gallery";
import { loadInto } from "../pictures";
import { splitPath, type Boxed, type Photo } from "../records";
import { go, href, leavePhoto, route } from "../routes";
import { errorInWords, statusInWords } from "../words";
import { Facts } from "./facts";
import { Failure } from "./failure";
import { CloseIcon, NextIcon, PreviousIcon } from "./icons";
import { ToastCard } from "./toast";

/** An open photo. The arrow keys open its neighbors in the list. */
export function PhotoDialog({ path }: { path: string }) {
  const app = useApp();
  const dialog = useRef<HTMLDialogElement>(null);
  const photo = useSignal<Photo | undefined>(undefined);
  const message = useSignal("");
  const isUnknown = useSignal(false);
  const beside = useSignal<Neighbors>({}); // if the list does not have the photo yet
  const shown = useSignal<Boxed | undefined>(undefined); // a label or a person; its boxes are drawn

  const cards = app.list.value?.cards.value ?? [];
  const at = cards.findIndex((card) => card.path === path);
  const neighbor = (step: 1 | -1) => {
    if (at >= 0) return cards[at + step]?.path;
    return step > 0 ? beside.value.next : beside.value.previous;
  };

  useLayoutEffect(() => dialog.current?.showModal(), []);
  const last = useRef(path);
  last.current = path;
  useEffect(() => () => focusTile(last.current), []);
  const isMissing = () => !app.list.peek()?.cards.peek().some((card) => card.path === path);
  const load = useCallback(async () => {
    message.value = "";
    isUnknown.value = false;
    try {
      const found = await app.gallery.photo(path);
      if (route.peek().photo !== path) return; // the person has gone on
      photo.value = found;
      if (!found) isUnknown.value = true;
      else if (isMissing()) beside.value = await app.gallery.neighbors(route.peek(), found);
    } catch (error) {
      if (route.peek().photo === path) message.value = errorInWords(error);
    }
  }, [app, path]);
  useEffect(() => {
    shown.value = undefined;
    beside.value = {};
    void load();
    if (at >= 0 && at > cards.length - 5) void app.list.value?.more();
  }, [load]);

  function open(next: string | undefined): void {
    if (next !== undefined) go({ ...route.peek(), photo: next }, { replace: true });
  }

  function keyed(event: KeyboardEvent): void {
    if (event.target instanceof HTMLInputElement) return;
    if (event.key === "ArrowLeft") open(neighbor(-1));
    if (event.key === "ArrowRight") open(neighbor(1));
  }

  const { file } = splitPath(path);
  const ready = photo.value?.path === path ? photo.value : undefined;
  return (
    <dialog ref={dialog} class="photo" tabIndex={-1} aria-label={ready?.title ?? file} onClose={leavePhoto} onKeyDown={keyed}>
      <div class="stage">
        {ready && <Large photo={ready} shown={shown.value} />}
        {message.value && <Failure message={message.value} onRetry={load} />}
        {isUnknown.value && (
          <div class="message" role="alert">
            <p>There is no photo “{path}”.</p>
            <button onClick={() => dialog.current?.close()}>Back to the photos</button>
          </div>
        )}
        <button class="round close" aria-label="Close" onClick={() => dialog.current?.close()}>
          <CloseIcon />
        </button>
        <button class="round previous" aria-label="Previous photo" disabled={neighbor(-1) === undefined} onClick={() => open(neighbor(-1))}>
          <PreviousIcon />
        </button>
        <button class="round next" aria-label="Next photo" disabled={neighbor(1) === undefined} onClick={() => open(neighbor(1))}>
          <NextIcon />
        </button>
      </div>
      {ready && (
        <Facts
          photo={ready}
          shown={shown.value}
          onShow={(boxed) => (shown.value = boxed)}
          onDelete={async () => {
            const next = neighbor(1) ?? neighbor(-1);
            await app.delete(path);
            if (next === undefined) {
              dialog.current?.close();
              return;
            }
            open(next);
            dialog.current?.focus(); // the button disappears
          }}
        />
      )}
      <ToastCard />
    </dialog>
  );
}

/** Focus the photo in its list, once the dialog is gone; the whole list if it does not have the photo. */
function focusTile(path: string): void {
  requestAnimationFrame(() => {
    const address = href({ ...route.peek(), photo: path });
    const tile = document.querySelector<HTMLElement>(`a.tile[href="${CSS.escape(address)}"]`);
    if (tile) tile.focus();
    else document.getElementById("content")?.focus({ preventScroll: true });
  });
}

function Large({ photo, shown }: { photo: Photo; shown: Boxed | undefined }) {
  const { aws } = useApp();
  const thumb = useSignal("");
  const failed = useSignal(false);
  const tries = useSignal(0);
  const place = useRef<HTMLImageElement>(null);
  const picture = photo.large ?? photo.thumb;
  const again = useCallback(() => void tries.value++, []);

  useEffect(() => {
    const gone = new AbortController();
    const { signal } = gone;
    failed.value = false;
    thumb.value = "";
    if (photo.thumb) {
      void aws.renditionUrl(photo.thumb.key).then(
        (url) => signal.aborted || (thumb.value = url),
        () => undefined, // the large picture says so
      );
    }
    if (picture && place.current) {
      void loadInto(place.current, (isNew) => aws.renditionUrl(picture.key, { isNew }), signal).catch(
        () => (failed.value = !signal.aborted),
      );
    }
    return () => gone.abort();
  }, [aws, picture?.key, tries.value]);

  if (!picture) {
    return <p class="message">{statusInWords(photo)}</p>;
  }
  const shape = picture.widthPx / picture.heightPx;
  return (
    <div
      class="frame"
      style={{
        aspectRatio: `${picture.widthPx} / ${picture.heightPx}`,
        width: `min(100cqw, ${100 * shape}cqh, ${2 * picture.widthPx}px)`,
        ...(thumb.value && { backgroundImage: `url("${thumb.value}")` }),
      }}
    >
      <img key={picture.key} ref={place} class="large" alt={photo.description ?? photo.title ?? splitPath(photo.path).file} onLoad={({ currentTarget }) => currentTarget.classList.add("loaded")} />
      {failed.value && <Failure message="The picture could not be loaded." onRetry={again} />}
      {shown?.boxes.map((box, index) => (
        <div
          key={index}
          class="box"
          style={{
            left: `${box.left * 100}%`,
            top: `${box.top * 100}%`,
            width: `${box.width * 100}%`,
            height: `${box.height * 100}%`,
          }}
        >
          <span>{shown.name}</span>
        </div>
      ))}
    </div>
  );
}
