import { useSignal } from "@preact/signals";
import { useEffect, useLayoutEffect } from "preact/hooks";
import { useApp } from "../app";
import { droppedFiles } from "../files";
import { t } from "../language";
import { href, place, restoreScroll, route, type View } from "../routes";
import { isInProgress } from "../uploads";
import { AccountButton, SignOutButton } from "./account";
import { AddIcon, AlbumsIcon, DeleteIcon, Logo, MapIcon, ProblemIcon, SearchIcon, TimelineIcon } from "./icons";
import { Empty } from "./empty";
import { FailedPictures } from "./failed-pictures";
import { Later, loadEarly } from "./later";
import { Moves } from "./moves";
import { readOnlyInWords } from "./read-only";
import { Selected } from "./selected";
import { Timeline } from "./timeline";
import { ToastCard } from "./toast";
import { UnsavedEdits } from "./unsaved";

const VIEWS: { view: View; name: () => string; Icon: () => preact.JSX.Element }[] = [
  { view: "timeline", name: () => t("Timeline"), Icon: TimelineIcon },
  { view: "albums", name: () => t("Albums"), Icon: AlbumsIcon },
  { view: "search", name: () => t("Search"), Icon: SearchIcon },
  { view: "map", name: () => t("Map"), Icon: MapIcon },
  { view: "problems", name: () => t("Problems"), Icon: ProblemIcon },
  { view: "trash", name: () => t("Trash"), Icon: DeleteIcon },
];

const loadPhoto = async () => (await import("./photo")).PhotoDialog;
const loadUploads = async () => (await import("./more")).UploadPanel;
const loadAlbums = async () => (await import("./more")).Albums;
const loadAlbum = async () => (await import("./more")).AlbumPage;
const loadSearch = async () => (await import("./more")).Search;
const loadMap = async () => (await import("./more")).PhotoMap;
const loadProblems = async () => (await import("./more")).Problems;
const loadTrash = async () => (await import("./more")).TrashView;
const loadShareDialog = async () => (await import("./more")).ShareDialog;
const loadShares = async () => (await import("./more")).Shares;

export function Shell({ onSignOut }: { onSignOut: () => void }) {
  const app = useApp();
  const { view, argument, query, photo } = route.value;

  useEffect(() => {
    const name = view === "shares" ? t("Shared links") : VIEWS.find((one) => one.view === view)?.name();
    const shown = photo ?? argument ?? [...new URLSearchParams(query).values()].join(", ");
    document.title = [shown, name, t("Gallery")].filter(Boolean).join(" · ");
  });

  useEffect(() => loadEarly(loadPhoto, loadAlbums), []);
  useLayoutEffect(restoreScroll, [place.value]);
  useEffect(() => () => app.selection.clear(), [place.value]); // of that list

  return (
    <>
      <a class="skip" href="#content" onClick={skip}>
        {t("Skip to the photos")}
      </a>
      <header class="bar">
        <a class="brand" href={href({ view: "timeline" })}>
          <Logo />
          <span>{t("Gallery")}</span>
        </a>
        <nav aria-label={t("Views")}>
          {VIEWS.filter(({ view: one }) => one !== "trash" || app.trash.isKept).map(({ view: one, name, Icon }) => (
            <a key={one} href={href({ view: one })} aria-current={one === view ? "page" : undefined}>
              <Icon />
              <span>{name()}</span>
            </a>
          ))}
        </nav>
        <div class="actions">
          {!app.aws.isReadOnly && <AddButton />}
          <AccountButton />
          <SignOutButton onSignOut={onSignOut} />
        </div>
      </header>
      <Selected />
      {photo === undefined && <ToastCard />}
      <main id="content" tabIndex={-1}>
        {view === "timeline" && <Timeline key={argument} year={argument} />}
        {view === "albums" && argument === undefined && <Later load={loadAlbums} />}
        {view === "albums" && argument !== undefined && <Later load={loadAlbum} key={argument} name={argument} />}
        {view === "search" && <Later load={loadSearch} query={query} />}
        {view === "map" && <Later load={loadMap} />}
        {view === "problems" && <Later load={loadProblems} />}
        {view === "trash" && <Later load={loadTrash} />}
        {view === "shares" && <Later load={loadShares} />}
        {view === "unknown" && (
          <>
            <h1>{t("Not found")}</h1>
            <Empty back={{ view: "timeline" }} name={t("See all photos")}>
              {t("The gallery has no page “{address}”.", { address: argument ?? "" })}
            </Empty>
          </>
        )}
      </main>
      <FailedPictures />
      <UnsavedEdits />
      {(app.uploadsOpen.value || app.uploads.items.value.length > 0) && <Later load={loadUploads} />}
      <Moves />
      <DropTarget />
      {photo !== undefined && <Later load={loadPhoto} path={photo} />}
      {app.sharing.value && <Later load={loadShareDialog} />}
      <p class="unseen" role="status" aria-live="polite">
        {app.news.value}
      </p>
    </>
  );
}

function AddButton() {
  const { uploads, uploadsOpen } = useApp();
  const inProgress = uploads.items.value.filter(({ state }) => isInProgress(state.value)).length;
  return (
    <button
      class="primary"
      aria-expanded={uploadsOpen.value}
      aria-controls="uploads"
      onClick={() => (uploadsOpen.value = !uploadsOpen.value)}
    >
      <AddIcon />
      <span>{inProgress > 0 ? t("{count} in progress", { count: inProgress }) : t("Add photos")}</span>
    </button>
  );
}

/** Files can be dropped anywhere on the page. */
function DropTarget() {
  const app = useApp();
  const over = useSignal(false);

  useEffect(() => {
    let depth = 0;
    const hasFiles = (event: DragEvent) => event.dataTransfer?.types.includes("Files") ?? false;
    const enter = (event: DragEvent) => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      over.value = ++depth > 0 && !app.aws.isReadOnly;
    };
    const leave = (event: DragEvent) => {
      if (hasFiles(event)) over.value = --depth > 0 && !app.aws.isReadOnly;
    };
    const move = (event: DragEvent) => {
      if (hasFiles(event)) event.preventDefault(); // or the browser opens the file
    };
    const drop = (event: DragEvent) => {
      if (!hasFiles(event) || !event.dataTransfer) return;
      event.preventDefault();
      depth = 0;
      over.value = false;
      if (app.aws.isReadOnly) {
        app.jobs.toast.value = { text: readOnlyInWords(app.aws) };
        return;
      }
      const album = app.destination();
      void droppedFiles(event.dataTransfer).then((choice) => app.choose(choice, album));
    };
    const listeners = { dragenter: enter, dragleave: leave, dragover: move, drop };
    for (const [name, listener] of Object.entries(listeners)) addEventListener(name, listener as EventListener);
    return () => {
      for (const [name, listener] of Object.entries(listeners)) removeEventListener(name, listener as EventListener);
    };
  }, [app]);

  return over.value ? (
    <div class="drop">
      <p>
        {t("Drop photos or folders into {album}", { album: app.destination() })}
      </p>
    </div>
  ) : null;
}

function skip(event: MouseEvent): void {
  event.preventDefault(); // the fragment of the address is the route
  document.getElementById("content")?.focus();
}
