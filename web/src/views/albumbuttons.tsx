import { useSignal } from "@preact/signals";
import { useApp } from "../app";
import { t } from "../language";
import { isInProgress, type Move } from "../moves";
import { splitPath, type Photo } from "../records";
import { albumInWords } from "../shelves";
import { errorInWords } from "../words";
import "./albumbuttons.css";

/** What a person may do with an open photo and its album. */
export function AlbumButtons({ photo: { path, status } }: { photo: Photo }) {
  const app = useApp();
  const busy = useSignal(false);
  const done = useSignal(""); // the path of the photo that has become a cover
  const message = useSignal("");

  async function useAsCover(): Promise<void> {
    busy.value = true;
    message.value = "";
    try {
      await app.useAsCover(path);
      done.value = path;
    } catch (error) {
      message.value = errorInWords(error);
    }
    busy.value = false;
  }

  if (status !== "READY") return null;
  const { value: moves } = app.moves;
  const isOfPhoto = ({ path: from, state: { value } }: Move) => (value.is === "moved" ? value.to : from) === path;
  const move = moves?.moves.value.findLast(isOfPhoto);
  const album = move && albumInWords(move.album);
  return (
    <div class="album-buttons">
      {!app.aws.isReadOnly && (
        <button disabled={move && isInProgress(move)} onClick={() => app.moving([path])}>{t("Move to an album")}</button>
      )}
      {app.aws.canEdit && splitPath(path).album !== "" && (
        <button disabled={busy.value} onClick={() => void useAsCover()}>
          {t("Use as album cover")}
        </button>
      )}
      <span class="good" role="status">
        {done.value === path && t("This photo is the cover of its album.")}
        {album && move.state.value.is === "moved" && t("Moved to “{album}”.", { album })}
        {album && isInProgress(move) && t("Moving to “{album}”…", { album })}
      </span>
      <span class="bad" role="alert">
        {message.value}
        {move?.state.value.is === "failed" && move.state.value.message}
      </span>
      {move?.state.value.is === "failed" && <button onClick={() => moves?.retry(move)}>{t("Try again")}</button>}
    </div>
  );
}
