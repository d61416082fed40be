import { useEffect } from "preact/hooks";
import { useApp, useKept } from "../app";
import { t } from "../language";
import { PhotoList } from "../lists";
import { Loading } from "../loading";
import { splitPath } from "../records";
import { href } from "../routes";
import { count, monthInWords } from "../words";
import { Empty } from "./empty";
import { Failure } from "./failure";
import { Grid } from "./grid";
import { ShareButton } from "./share-button";
import { Thumb } from "./thumb";

export const NO_ALBUM = "No album";

export function Albums() {
  const { aws, gallery } = useApp();
  const albums = useKept("albums", () => new Loading(() => gallery.albums()));
  useEffect(() => {
    if (albums.value.peek()) void albums.load(); // photos may have come since
  }, [albums]);

  return (
    <>
      <h1>Albums</h1>
      {aws.sharesUrl && (
        <p class="crumbs">
          <a href={href({ view: "shares" })}>{t("Shared links")}</a>
        </p>
      )}
      {albums.error.value && <Failure message={albums.error.value} onRetry={albums.load} />}
      {albums.value.value?.length === 0 && <Empty>No albums yet. Drop a folder to make one.</Empty>}
      <ul class="albums">
        {albums.value.value?.map((album) => (
          <li key={album.name}>
            <a href={href({ view: "albums", argument: album.name })}>
              <Thumb picture={album.cover?.thumb} />
              <span class="name">{album.name.split("/").at(-1) || NO_ALBUM}</span>
              <span class="quiet">
                {[
                  album.name.split("/").slice(0, -1).join(" / "),
                  count(album.photos, "photo"),
                  album.cover && monthInWords(album.cover.sortTime, album.cover.precision),
                ]
                  .filter(Boolean)
                  .join(" · ")}
              </span>
            </a>
          </li>
        ))}
      </ul>
    </>
  );
}

export function AlbumPage({ name }: { name: string }) {
  const { gallery } = useApp();
  const list = useKept(
    name,
    () => new PhotoList(gallery.album(name), "oldest", ({ path }) => splitPath(path).album === name),
  );
  return (
    <>
      <nav class="crumbs" aria-label="Breadcrumb">
        <a href={href({ view: "albums" })}>Albums</a>
      </nav>
      <h1>{name.split("/").join(" / ") || NO_ALBUM}</h1>
      <div class="buttons">
        <ShareButton title={name.split("/").at(-1) ?? ""} paths={() => gallery.pathsOf(name)} />
      </div>
      <Grid
        list={list}
        empty={
          <Empty back={{ view: "albums" }} name="See all albums">
            There is no album “{name || NO_ALBUM}”, or it has no photos.
          </Empty>
        }
      />
    </>
  );
}
