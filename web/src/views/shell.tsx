import { useSignal } from "@preact/signals";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { useApp } from "../app";
import { droppedFiles } from "../files";
import { href, place, restoreScroll, route, type View } from "../routes";
import { isInProgress } from "../uploads";
import { count } from "../words";
import { AlbumPage, Albums } from "./albums";
import { AddIcon, AlbumsIcon, Logo, ProblemIcon, SearchIcon, TimelineIcon } from "./icons";
import { FailedPictures } from "./failure";
import { PhotoDialog } from "./photo";
import { Problems } from "./problems";
import { Search } from "./search";
import { Timeline } from "./timeline";
import { UploadPanel } from "./uploads";

const VIEWS: { view: View; name: string; Icon: () => preact.JSX.Element }[] = [
  { view: "timeline", name: "Timeline", Icon: TimelineIcon },
  { view: "albums", name: "Albums", Icon: AlbumsIcon },
  { view: "search", name: "Search", Icon: SearchIcon },
  { view: "problems", name: "Problems", Icon: ProblemIcon },
];

export function Shell({ onSignOut }: { onSignOut: () => void }) {
  const app = useApp();
  const { view, argument, photo } = route.value;

  useEffect(() => {
    const name = VIEWS.find((one) => one.view === view)?.name;
    document.title = [photo ?? argument, name, "Gallery"].filter(Boolean).join(" · ");
  }, [view, argument, photo]);

  useLayoutEffect(restoreScroll, [place.value]);

  return (
    <>
      <a class="skip" href="#content" onClick={skip}>
        Skip to the photos
      </a>
      <header class="bar">
        <a class="brand" href={href({ view: "timeline" })}>
          <Logo />
          <span>Gallery</span>
        </a>
        <nav aria-label="Views">
          {VIEWS.map(({ view: one, name, Icon }) => (
            <a key={one} href={href({ view: one })} aria-current={one === view ? "page" : undefined}>
              <Icon />
              <span>{name}</span>
            </a>
          ))}
        </nav>
        <div class="actions">
          <AddButton />
          <SignOutButton onSignOut={onSignOut} />
        </div>
      </header>
      <main id="content" tabIndex={-1}>
        {view === "timeline" && <Timeline key={argument} year={argument} />}
        {view === "albums" && argument === undefined && <Albums />}
        {view === "albums" && argument !== undefined && <AlbumPage key={argument} name={argument} />}
        {view === "search" && <Search label={argument} />}
        {view === "problems" && <Problems />}
      </main>
      <FailedPictures />
      <UploadPanel />
      <DropTarget />
      {photo !== undefined && <PhotoDialog path={photo} />}
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
      <span>{inProgress > 0 ? `${inProgress} in progress` : "Add photos"}</span>
    </button>
  );
}

/** Asks before it stops uploads. */
function SignOutButton({ onSignOut }: { onSignOut: () => void }) {
  const { uploads } = useApp();
  const dialog = useRef<HTMLDialogElement>(null);
  const unsent = uploads.unsent();
  return (
    <>
      <button class="plain" onClick={() => (uploads.unsent() > 0 ? dialog.current?.showModal() : onSignOut())}>
        Sign out
      </button>
      <dialog ref={dialog} class="ask card" aria-labelledby="sign-out-question">
        <h2 id="sign-out-question">Sign out and stop the uploads?</h2>
        <p>
          {count(unsent, "photo")} {unsent === 1 ? "has" : "have"} not been sent. After the next sign-in on this
          browser you can choose or drop the same files again to go on.
        </p>
        <div class="buttons">
          <button class="primary" onClick={() => dialog.current?.close()}>
            Stay
          </button>
          <button class="danger" onClick={onSignOut}>
            Sign out
          </button>
        </div>
      </dialog>
    </>
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
      over.value = ++depth > 0;
    };
    const leave = (event: DragEvent) => {
      if (hasFiles(event)) over.value = --depth > 0;
    };
    const move = (event: DragEvent) => {
      if (hasFiles(event)) event.preventDefault(); // or the browser opens the file
    };
    const drop = (event: DragEvent) => {
      if (!hasFiles(event) || !event.dataTransfer) return;
      event.preventDefault();
      depth = 0;
      over.value = false;
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
        Drop photos or folders into <b>{app.destination()}</b>
      </p>
    </div>
  ) : null;
}

function skip(event: MouseEvent): void {
  event.preventDefault(); // the fragment of the address is the route
  document.getElementById("content")?.focus();
}
