import { useApp, useKept } from "../app";
import { t } from "../language";
import { PhotoList } from "../lists";
import { splitPath, type Problem as ProblemOfPhoto } from "../records";
import { albumInWords } from "../shelves";
import { instant, statusInWords } from "../words";
import { DeleteButton } from "./delete";
import { Empty } from "./empty";
import { More } from "./grid";
import { ProblemIcon } from "./icons";

export function Problems() {
  const { aws, gallery } = useApp();
  const list = useKept("problems", () => new PhotoList<ProblemOfPhoto>(gallery.problems()));
  const photos = list.cards.value;
  return (
    <>
      <h1>{t("Problems")}</h1>
      <p class="quiet lead">
        {aws.isReadOnly
          ? t("Rejected files cannot be shown. Failed ones can be processed again by the operator of the gallery.")
          : t(
              "Rejected files cannot be shown. Failed ones can be processed again by the operator of the gallery. Both are kept until you delete them.",
            )}
      </p>
      {list.state.value === "done" && photos.length === 0 && <Empty>{t("No problems.")}</Empty>}
      <ul class="problems">
        {photos.map((photo) => (
          <Problem key={photo.path} photo={photo} />
        ))}
      </ul>
      <More list={list} />
    </>
  );
}

function Problem({ photo }: { photo: ProblemOfPhoto }) {
  const app = useApp();
  const { album, file } = splitPath(photo.path);
  const rejected = photo.status === "REJECTED";

  async function remove(): Promise<void> {
    await app.delete(photo.path);
    document.getElementById("content")?.focus({ preventScroll: true }); // the button disappears
  }

  return (
    <li class="card">
      <ProblemIcon />
      <div>
        <h2>{file}</h2>
        <p>
          {statusInWords(photo)}{" "}
          <code>{rejected ? photo.reason : photo.status}</code>
        </p>
        <p class="quiet">
          {[
            albumInWords(album),
            photo.sortTime && t("Uploaded {when}", { when: instant(`${photo.sortTime}Z`) }),
            photo.step && t("Step {step}", { step: photo.step }),
          ]
            .filter(Boolean)
            .join(" · ")}
        </p>
        {photo.error && (
          <details>
            <summary>{t("Error message")}</summary>
            <p class="said">{photo.error}</p>
          </details>
        )}
      </div>
      {!app.aws.isReadOnly && (
        <DeleteButton
          class="plain"
          label={t("Delete {name}", { name: file })}
          question={t("Delete {name}?", { name: file })}
          onDelete={remove}
        >
          {t("Delete")}
        </DeleteButton>
      )}
    </li>
  );
}
