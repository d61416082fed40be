import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { useApp, useKept } from "../app";
import { albumName } from "../files";
import type { AlbumCount } from "../gallery";
import { t } from "../language";
import { PhotoList } from "../lists";
import { Loading } from "../loading";
import { splitPath, type Card } from "../records";
import { go, href, type Route } from "../routes";
import { albumsAround, lastPart, shelvesIn, type Shelf } from "../shelves";
import { monthInWords } from "../words";
import { Empty } from "./empty";
import { Failure } from "./failure";
import { Grid } from "./grid";
import { AlbumsIcon, CloseIcon } from "./icons";
import { readOnlyInWords } from "./read-only";
import { ShareButton } from "./share-button";
import { Thumb } from "./thumb";
import "./albums.css";

/** Return an album's own name, without those around it. */
function titleOf(name: string): string {
  return lastPart(name) || t("No album");
}

interface Shelves {
  albums: readonly AlbumCount[];
  covers: ReadonlyMap<string, Card>; // by the name of the album
}

/** The albums directly below another one, or the outermost ones, with their covers. */
function useShelves(outer: string | undefined): { found: Loading<Shelves>; shelves: Shelf[] | undefined } {
  const { gallery, emptyAlbums } = useApp();
  const found = useKept(`albums in ${outer ?? ""}`, () => {
    return new Loading(async (): Promise<Shelves> => {
      const albums = await gallery.albumCounts();
      emptyAlbums.filled(albums.map(({ name }) => name));
      const shown = shelvesIn(outer, albums, []).flatMap(({ coverOf }) => coverOf ?? []);
      const covers = await Promise.all(shown.map(async (album) => [album.name, await gallery.coverOf(album)] as const));
      return { albums, covers: new Map(covers.flatMap(([name, card]) => (card ? [[name, card]] : []))) };
    });
  });
  useEffect(() => {
    if (found.value.peek()) void found.load(); // photos may have come since
  }, [found]);
  const { value: loaded } = found.value;
  return { found, shelves: loaded && shelvesIn(outer, loaded.albums, emptyAlbums.names.value) };
}

export function Albums() {
  const { aws } = useApp();
  const { found, shelves } = useShelves(undefined);
  return (
    <>
      <div class="album-head">
        <h1>{t("Albums")}</h1>
        <div class="buttons">
          {!aws.isReadOnly && <NewAlbum />}
          {aws.sharesUrl && (
            <a class="button" href={href({ view: "shares" })}>
              {t("Shared links")}
            </a>
          )}
        </div>
      </div>
      {found.error.value && <Failure message={found.error.value} onRetry={found.load} />}
      {shelves?.length === 0 && (
        <Empty>
          {aws.isReadOnly ? readOnlyInWords(aws) : t("No albums yet. Drop a folder to make one, or make a new album.")}
        </Empty>
      )}
      <ShelfList shelves={shelves ?? []} covers={found.value.value?.covers} />
    </>
  );
}

function ShelfList({ shelves, covers }: { shelves: readonly Shelf[]; covers: Shelves["covers"] | undefined }) {
  return (
    <ul class="albums">
      {shelves.map((shelf) => {
        const cover = covers?.get(shelf.coverOf?.name ?? "\0");
        return (
          <li key={shelf.name}>
            <a href={href({ view: "albums", argument: shelf.name })}>
              {cover ? (
                <Thumb picture={cover.thumb} />
              ) : (
                <span class="thumb no-cover">
                  <AlbumsIcon />
                </span>
              )}
              <span class="name" dir="auto">
                {titleOf(shelf.name)}
              </span>
              <span class="quiet">{factsOf(shelf, cover)}</span>
            </a>
          </li>
        );
      })}
    </ul>
  );
}

function factsOf({ name, photos, albums, coverOf }: Shelf, cover: Card | undefined): string {
  return [
    photos > 0 ? t({ one: "{count} photo", other: "{count} photos" }, { count: photos }) : t("No photos yet"),
    albums > 0 && t({ one: "{count} album in it", other: "{count} albums in it" }, { count: albums }),
    cover && coverOf?.name === name && monthInWords(cover.sortTime, cover.precision),
  ]
    .filter(Boolean)
    .join(" · ");
}

/** A button, and a dialog that asks for the name of the new album. */
function NewAlbum({ outer }: { outer?: string }) {
  const { emptyAlbums } = useApp();
  const dialog = useRef<HTMLDialogElement>(null);
  const typed = useSignal("");
  const name = albumName(typed.value);

  function create(event: SubmitEvent): void {
    event.preventDefault();
    if (name === "") return;
    const album = albumName(outer ?? "", name);
    emptyAlbums.add(album);
    typed.value = "";
    dialog.current?.close();
    go({ view: "albums", argument: album });
  }

  return (
    <>
      <button onClick={() => dialog.current?.showModal()}>{t("New album")}</button>
      <dialog ref={dialog} class="ask card" aria-labelledby="new-album">
        <header>
          <h2 id="new-album">{outer === undefined ? t("New album") : t("New album in “{album}”", { album: titleOf(outer) })}</h2>
          <button class="plain icon-only" aria-label={t("Close")} onClick={() => dialog.current?.close()}>
            <CloseIcon />
          </button>
        </header>
        <form class="fields" onSubmit={create}>
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
          <p class="quiet">{t("Only this browser knows the album until it has a photo.")}</p>
          <div class="buttons">
            <button class="primary" type="submit" disabled={name === ""}>
              {t("Create")}
            </button>
            <button type="button" onClick={() => dialog.current?.close()}>
              {t("Cancel")}
            </button>
          </div>
        </form>
      </dialog>
    </>
  );
}

export function AlbumPage({ name }: { name: string }) {
  const app = useApp();
  const { gallery, emptyAlbums } = app;
  const list = useKept(
    `photos of ${name}`,
    () => new PhotoList(gallery.album(name), "oldest", ({ path }) => splitPath(path).album === name),
  );
  const { found, shelves = [] } = useShelves(name);
  const isRemembered = emptyAlbums.names.value.includes(name);
  const state = list.state.value;
  const photos = state === "done" ? list.cards.value.length : undefined;
  useEffect(() => {
    // What the list says of a lost connection is enough, and its button is for both.
    if ((state === "idle" || state === "done") && found.error.peek()) void found.load();
  }, [state, found]);

  return (
    <>
      <nav class="crumbs" aria-label={t("Breadcrumb")}>
        <ol>
          <li>
            <a href={href({ view: "albums" })}>{t("Albums")}</a>
          </li>
          {albumsAround(name).map((one) => (
            <li key={one}>
              <a href={href({ view: "albums", argument: one })} dir="auto">
                {lastPart(one)}
              </a>
            </li>
          ))}
        </ol>
      </nav>
      <div class="album-head">
        <h1 dir="auto">{titleOf(name)}</h1>
        <div class="buttons">
          {name !== "" && !app.aws.isReadOnly && <NewAlbum outer={name} />}
          {name !== "" && !app.aws.isReadOnly && (photos !== 0 || shelves.length > 0 || isRemembered) && (
            <button onClick={() => (app.toMove.value = { album: name })}>{t("Rename")}</button>
          )}
          {photos !== 0 && <ShareButton title={titleOf(name)} paths={() => app.gallery.pathsOf(name)} />}
        </div>
      </div>
      {found.error.value && state !== "failed" && <Failure message={found.error.value} onRetry={found.load} />}
      {shelves.length > 0 && (
        <section class="within" aria-label={t("Albums in this album")}>
          <ShelfList shelves={shelves} covers={found.value.value?.covers} />
        </section>
      )}
      <Grid list={list} empty={found.value.value && <NoPhotos name={name} isOuter={shelves.length > 0} isRemembered={isRemembered} />} />
    </>
  );
}

/** Says why an album has no photos. */
function NoPhotos({ name, isOuter, isRemembered }: { name: string; isOuter: boolean; isRemembered: boolean }) {
  const { emptyAlbums } = useApp();
  const back: Route = { view: "albums" };
  if (isRemembered && !isOuter) {
    return (
      <div class="empty">
        <p>{t("This album has no photos yet. Drop photos here, or choose Add photos.")}</p>
        <p>{t("S3 has no folders: until the album has a photo, only this browser knows it.")}</p>
        <div class="buttons">
          <button
            onClick={() => {
              go(back, { replace: true });
              emptyAlbums.remove(name);
            }}
          >
            {t("Remove the album")}
          </button>
        </div>
      </div>
    );
  }
  if (isOuter) return <p class="quiet">{t("The photos are in the albums above.")}</p>;
  return (
    <Empty back={back} name={t("See all albums")}>
      {t("There is no album “{album}”, or it has no photos.", { album: name || t("No album") })}
    </Empty>
  );
}
