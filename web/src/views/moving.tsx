import { useComputed, useSignal } from "@preact/signals";
import { useEffect, useLayoutEffect, useMemo, useRef } from "preact/hooks";
import { useApp, type App } from "../app";
import { albumName } from "../files";
import { byName, type Album } from "../gallery";
import { t } from "../language";
import { Loading } from "../loading";
import { isInProgress, type Move } from "../moves";
import { Moving } from "../moving";
import { splitPath } from "../records";
import { go, href, route } from "../routes";
import { albumInWords, isWithin } from "../shelves";
import { errorInWords } from "../words";
import { Failure } from "./failure";
import { AlbumsIcon, CloseIcon } from "./icons";
import { Thumb } from "./thumb";
import "./moving.css";

const NAMED = 50; // failed photos that are listed

function movingOf(app: App, signedOut: AbortSignal): Moving {
  return new Moving(
    app.aws,
    app.gallery,
    globalThis.localStorage,
    globalThis.navigator?.locks,
    (from, photo) => app.moved(from, photo),
    signedOut,
  );
}

export function MovingViews() {
  const app = useApp();
  const moving = app.movesOf(movingOf);
  useEffect(() => {
    if (app.hasOldMoves.peek()) void moving.readInterrupted();
  }, [moving]);
  const { value: wanted } = app.toMove;
  return (
    <>
      <Progress moving={moving} />
      {wanted && "paths" in wanted && <MoveDialog key={wanted} paths={wanted.paths} />}
      {wanted && "album" in wanted && <RenameDialog key={wanted} album={wanted.album} />}
    </>
  );
}

/** Asks for an album: one that there is, or a new one. */
function MoveDialog({ paths }: { paths: readonly string[] }) {
  const app = useApp();
  const moving = app.movesOf(movingOf);
  const dialog = useRef<HTMLDialogElement>(null);
  const typed = useSignal("");
  const albums = useMemo(() => new Loading(() => app.gallery.albums()), []);
  useLayoutEffect(() => dialog.current?.showModal(), []);

  const from = new Set(paths.map((path) => splitPath(path).album));
  const known = new Map<string, Album>();
  for (const name of app.emptyAlbums.names.value) known.set(name, { name, photos: 0, cover: undefined });
  for (const album of albums.value.value ?? []) known.set(album.name, album);
  const name = albumName(typed.value);
  const found = [...known.values()]
    .filter((album) => album.name.toLocaleLowerCase().includes(typed.value.trim().toLocaleLowerCase()))
    .sort(byName);
  const isNew = name !== "" && !known.has(name);

  function move(album: string): void {
    moving.add(paths.map((path) => ({ path, album })));
    dialog.current?.close();
  }

  return (
    <dialog
      ref={dialog}
      class="ask card move-dialog"
      aria-labelledby="move-title"
      onClose={() => (app.toMove.value = undefined)}
    >
      <header>
        <h2 id="move-title">
          {t({ one: "Move {count} photo to an album", other: "Move {count} photos to an album" }, { count: paths.length })}
        </h2>
        <button class="plain icon-only" aria-label={t("Close")} onClick={() => dialog.current?.close()}>
          <CloseIcon />
        </button>
      </header>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (name !== "" && !(from.size === 1 && from.has(name))) move(name);
        }}
      >
        <label>
          {t("Find an album, or name a new one")}
          <input
            dir="auto"
            autofocus
            autocomplete="off"
            value={typed.value}
            onInput={({ currentTarget }) => (typed.value = currentTarget.value)}
          />
        </label>
        {isNew && (
          <button class="primary" type="submit">
            {t("Move to the new album “{album}”", { album: albumInWords(name) })}
          </button>
        )}
      </form>
      {albums.error.value && <Failure message={albums.error.value} onRetry={albums.load} />}
      {!albums.value.value && !albums.error.value && <p class="quiet">{t("Loading…")}</p>}
      <ul class="choices" aria-label={t("Albums")}>
        {found.map((album) => {
          const isHere = from.size === 1 && from.has(album.name);
          return (
            <li key={album.name}>
              <button disabled={isHere} onClick={() => move(album.name)}>
                <span class="cover">{album.cover ? <Thumb picture={album.cover.thumb} /> : <AlbumsIcon />}</span>
                <span class="text">
                  <span class="name" dir="auto">
                    {albumInWords(album.name)}
                  </span>
                  <span class="quiet">{isHere ? t("The photos are in this album") : photosInWords(album.photos)}</span>
                </span>
              </button>
            </li>
          );
        })}
      </ul>
    </dialog>
  );
}

function photosInWords(count: number): string {
  if (count === 0) return t("No photos yet");
  return t({ one: "{count} photo", other: "{count} photos" }, { count });
}

/** Asks for the new name of an album, and says what that means. */
function RenameDialog({ album }: { album: string }) {
  const app = useApp();
  const moving = app.movesOf(movingOf);
  const dialog = useRef<HTMLDialogElement>(null);
  const typed = useSignal(album);
  const busy = useSignal(false);
  const message = useSignal("");
  const counts = useMemo(() => new Loading(() => app.gallery.albumCounts()), []);
  useLayoutEffect(() => dialog.current?.showModal(), []);

  const name = albumName(typed.value);
  const { value: all } = counts.value;
  const within = all?.filter((one) => isWithin(one.name, album)) ?? [];
  const photos = within.reduce((sum, one) => sum + one.photos, 0);
  const isNew = name !== "" && name !== album;
  const isThere = (albums = all) => !isWithin(name, album) && (albums?.some((one) => isWithin(one.name, name)) ?? false);

  async function rename(): Promise<void> {
    if (!isNew || busy.value) return;
    busy.value = true;
    message.value = "";
    try {
      if (!all) await counts.load(); // the person was faster
      const { value: known } = counts.value;
      if (known && (all || !isThere(known))) {
        await moving.rename(album, name);
        app.emptyAlbums.rename(album, name);
        dialog.current?.close();
        const isEmpty = !known.some((one) => isWithin(one.name, album));
        if (isEmpty) go({ view: "albums", argument: name }, { replace: true });
      }
    } catch (error) {
      message.value = errorInWords(error);
    }
    busy.value = false;
  }

  return (
    <dialog
      ref={dialog}
      class="ask card move-dialog"
      aria-labelledby="rename-title"
      onClose={() => (app.toMove.value = undefined)}
    >
      <header>
        <h2 id="rename-title">{t("Rename the album")}</h2>
        <button class="plain icon-only" aria-label={t("Close")} onClick={() => dialog.current?.close()}>
          <CloseIcon />
        </button>
      </header>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void rename();
        }}
      >
        <label>
          {t("Name")}
          <input
            dir="auto"
            autofocus
            autocomplete="off"
            value={typed.value}
            onInput={({ currentTarget }) => (typed.value = currentTarget.value)}
          />
        </label>
        <p class="quiet">{t("A slash puts an album into another one: Trip/Day 1.")}</p>
        {counts.error.value && <Failure message={counts.error.value} onRetry={counts.load} />}
        {all && (
          <p>
            {within.length > 1
              ? t(
                  { one: "{count} photo in {albums} albums will be moved, one after the other.", other: "{count} photos in {albums} albums will be moved, one after the other." },
                  { count: photos, albums: within.length },
                )
              : t(
                  { one: "{count} photo will be moved.", other: "{count} photos will be moved, one after the other." },
                  { count: photos },
                )}
          </p>
        )}
        {isNew && isThere() && (
          <p>{t("There is an album “{album}”. Its photos stay, and these are added to them.", { album: albumInWords(name) })}</p>
        )}
        <p class="bad" role="alert">
          {message.value}
        </p>
        <div class="buttons">
          <button class="primary" type="submit" disabled={!isNew || busy.value}>
            {all ? t({ one: "Move {count} photo", other: "Move {count} photos" }, { count: photos }) : t("Rename the album")}
          </button>
          <button type="button" onClick={() => dialog.current?.close()}>
            {t("Cancel")}
          </button>
        </div>
      </form>
    </dialog>
  );
}

/** The progress of moves, and what failed. */
function Progress({ moving }: { moving: Moving }) {
  const app = useApp();
  const place = useRef<HTMLElement>(null);
  const all = moving.moves.value;
  const moved = useComputed(() => moving.moves.value.filter(({ state }) => state.value.is === "moved"));
  const failed = useComputed(() => moving.moves.value.filter(({ state }) => state.value.is === "failed"));
  const inProgress = useComputed(() => moving.moves.value.filter(isInProgress));
  const waiting = useComputed(() => moving.moves.value.filter(({ state }) => state.value.is === "queued"));
  const isOver = all.length > 0 && inProgress.value.length === 0;
  const albums = [...new Set(all.map(({ album }) => album))];
  const [album = ""] = albums;
  const interrupted = moving.interrupted.value;

  // An album of which all photos have moved has no page any more.
  useEffect(() => {
    if (!isOver || failed.value.length > 0) return;
    const { view, argument } = route.peek();
    const left = moved.value.filter(({ path }) => view === "albums" && argument !== undefined && splitPath(path).album === argument);
    const list = app.list.peek();
    const [one] = left;
    if (one && list?.state.peek() === "done" && list.cards.peek().length === 0 && !route.peek().photo) {
      go({ view: "albums", argument: one.album }, { replace: true });
    }
  }, [isOver]);

  function focusPage(): void {
    document.getElementById("content")?.focus({ preventScroll: true }); // the button disappears
  }

  if (all.length === 0 && interrupted.length === 0) return null;
  return (
    <section ref={place} class="moves card" aria-label={t("Moves")}>
      {interrupted.length > 0 && (
        <div class="part">
          <p>
            {t(
              { one: "{count} photo was not moved before the page was left.", other: "{count} photos were not moved before the page was left." },
              { count: interrupted.length },
            )}
          </p>
          <div class="buttons">
            <button class="primary" onClick={() => moving.goOn()}>
              {t("Go on")}
            </button>
            <button
              onClick={() => {
                focusPage();
                moving.forget();
              }}
            >
              {t("Forget")}
            </button>
          </div>
        </div>
      )}
      {all.length > 0 && (
        <div class="part">
          <p role="status">
            {inProgress.value.length > 0
              ? t("Moving photos: {moved} of {all}", { moved: moved.value.length, all: all.length })
              : moved.value.length > 0 &&
                t({ one: "{count} photo moved", other: "{count} photos moved" }, { count: moved.value.length })}
          </p>
          {inProgress.value.length > 0 && (
            <progress max={all.length} value={moved.value.length + failed.value.length} aria-label={t("Moved")} />
          )}
          {moved.value.length > 0 && inProgress.value.length === 0 && !app.aws.deletesForGood && app.aws.trashDays !== undefined && (
            <p class="quiet">
              {t(
                { one: "The trash keeps them at their old place as well, for {count} day.", other: "The trash keeps them at their old place as well, for {count} days." },
                { count: app.aws.trashDays },
              )}
            </p>
          )}
          <FailedMoves failed={failed.value} />
          <div class="buttons">
            {failed.value.length > 0 && <button onClick={() => moving.retryFailed()}>{t("Try again")}</button>}
            {moved.value.length > 0 && albums.length === 1 && (
              <a class="button" href={href({ view: "albums", argument: album })}>
                {t("Show the album")}
              </a>
            )}
            {waiting.value.length > 0 && <button onClick={() => moving.stop()}>{t("Stop")}</button>}
            {inProgress.value.length === 0 && (
              <button
                onClick={() => {
                  focusPage();
                  moving.clear();
                }}
              >
                {t("Close")}
              </button>
            )}
          </div>
        </div>
      )}
    </section>
  );
}

function FailedMoves({ failed }: { failed: readonly Move[] }) {
  if (failed.length === 0) return null;
  return (
    <>
      <p class="bad" role="alert">
        {t({ one: "{count} photo was not moved:", other: "{count} photos were not moved:" }, { count: failed.length })}
      </p>
      <ul class="failed">
        {failed.slice(0, NAMED).map(({ path, state: { value } }) => (
          <li key={path}>
            <span class="name" dir="auto">
              {path}
            </span>
            <span class="quiet">{value.is === "failed" && value.message}</span>
          </li>
        ))}
      </ul>
    </>
  );
}
