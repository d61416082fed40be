import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect, useMemo, useRef } from "preact/hooks";
import { useApp } from "../app";
import type { Patch } from "../aws";
import { fileOf } from "../edits";
import { folded } from "../fold";
import { t } from "../language";
import { Loading } from "../loading";
import { editsOf, hiddenLabels, isChanged, isFoundBy, splitPath, type Boxed, type Label, type Photo, type Place } from "../records";
import { href, searchHref } from "../routes";
import { albumInWords } from "../shelves";
import {
  cameraName,
  coordinates,
  errorInWords,
  exposure,
  fileSize,
  instant,
  labelsInWords,
  localTime,
  offsetInWords,
  stars,
  placeInWords,
  statusInWords,
  timeName,
} from "../words";
import { AlbumButtons } from "./albumbuttons";
import { DeleteButton } from "./delete";
import { Failure } from "./failure";
import { CloseIcon, DeleteIcon, EditIcon } from "./icons";
import { WorldMap } from "./map";
import { readOnlyInWords } from "./read-only";
import { ShareButton } from "./share-button";
import "./facts.css";

interface FactsProps {
  photo: Photo;
  shown: Boxed | undefined;
  onShow: (boxed: Boxed | undefined) => void;
  onDelete: () => Promise<void>;
}

/** What is known of a photo, and the ways to change it. */
export function Facts({ photo: read, shown, onShow, onDelete }: FactsProps) {
  const { aws, edits } = useApp();
  const photo = edits.of(read);
  const { path } = photo;
  const file = useMemo(() => fileOf(photo), [photo.row]);
  const taking = exposure(photo.camera);
  const camera = cameraName(photo.camera);
  const message = useSignal("");
  const editing = useSignal<string | undefined>(undefined); // the path
  const canEdit = aws.canEdit && photo.status !== "DELETED";
  const isEditing = canEdit && (editing.value === path || edits.unsaved.value.has(path));
  const button = useRef<HTMLButtonElement>(null);

  useEffect(() => void (message.value = ""), [path]);

  async function download(): Promise<void> {
    try {
      location.assign(await aws.originalUrl(photo.key));
    } catch (error) {
      message.value = errorInWords(error);
    }
  }

  async function edit(patch: Patch): Promise<void> {
    message.value = "";
    try {
      await edits.edit(photo, patch);
    } catch (error) {
      message.value = `${t("The change is not saved.")} ${errorInWords(error)}`;
    }
  }

  const labels = (
    <>
      <dt>{t("Labels")}</dt>
      <dd>
        <Labels photo={photo} shown={shown} onShow={onShow} {...(canEdit && { onEdit: edit })} />
        {canEdit && <HiddenLabels photo={photo} file={file} onEdit={edit} />}
      </dd>
    </>
  );
  const alert = (
    <p class="bad" role="alert">
      {message.value}
    </p>
  );
  if (isEditing) {
    return (
      <div class="facts">
        <Form
          key={path}
          photo={photo}
          onClose={() => {
            editing.value = undefined;
            requestAnimationFrame(() => button.current?.focus());
          }}
        />
        {alert}
        <dl>{labels}</dl>
      </div>
    );
  }
  const written = editsOf(photo.row);
  const original = { photo, file, onEdit: edit, canEdit };
  return (
    <div class="facts">
      <div class="facts-head">
        <h2 dir="auto">{photo.title ?? splitPath(path).file}</h2>
        {canEdit && (
          <button ref={button} onClick={() => (editing.value = path)}>
            <EditIcon /> {t("Edit")}
          </button>
        )}
      </div>
      <FromArchive source={photo.sources["title"]} />
      {written["title"] !== undefined && <FileValue {...original} name="title" label={t("Title")} value={file.title} />}
      {photo.description && photo.description !== photo.title && (
        <p class="description" dir="auto">
          {photo.description}
        </p>
      )}
      <FromArchive source={photo.sources["description"]} />
      {written["description"] !== undefined && (
        <FileValue {...original} name="description" label={t("Description")} value={file.description} />
      )}
      {photo.status !== "READY" && <p class="bad">{statusInWords(photo)}</p>}
      {photo.truncated && <p class="bad">{t("The file is cut or damaged. The missing part is gray.")}</p>}
      {alert}
      <dl>
        <dt>{nameOfTime(photo)}</dt>
        <dd>
          <When photo={photo} />
          {isChanged(written, "taken") && (
            <FileValue {...original} name="taken" label={t("Date")} value={file.takenAt && localTime(file.takenAt.local, file.takenAt.precision)} />
          )}
        </dd>
        {(photo.location || isChanged(written, "location")) && (
          <>
            <dt>{t("Location")}</dt>
            <dd>
              {photo.place && (
                <span title={t("Data: {source}", { source: photo.place.source })}>
                  <PlaceLinks photo={photo} place={photo.place} />
                </span>
              )}
              <FromArchive source={photo.sources["location"]} />
              {photo.location ? <Where location={photo.location} /> : t("Removed")}
              {isChanged(written, "location") && (
                <FileValue
                  {...original}
                  name="location"
                  label={t("Location")}
                  value={file.location && (file.place ? placeInWords(file.place) : coordinates(file.location.latitude, file.location.longitude))}
                />
              )}
            </dd>
          </>
        )}
        {(camera || taking) && (
          <>
            <dt>{t("Camera")}</dt>
            <dd>
              {camera && <Found photo={photo} kind="camera" text={camera} />}
              {photo.camera.lens && <span class="quiet">{photo.camera.lens}</span>}
              {taking && <span class="quiet">{taking}</span>}
            </dd>
          </>
        )}
        {photo.rating !== undefined && (
          <>
            <dt>{t("Rating")}</dt>
            <dd>
              <Stars rating={photo.rating} />
            </dd>
          </>
        )}
        {photo.people.length > 0 && (
          <>
            <dt>{t("People")}</dt>
            <dd>
              <People photo={photo} shown={shown} onShow={onShow} />
              <FromArchive source={photo.sources["people"]} />
            </dd>
          </>
        )}
        {labels}
        {(photo.keywords.length > 0 || written["keywords"] !== undefined) && (
          <>
            <dt>{t("Keywords")}</dt>
            <dd>
              <ul class="chips keywords">
                {photo.keywords.map((word) => (
                  <li key={word} dir="auto">
                    <Found photo={photo} kind="keyword" text={word} />
                  </li>
                ))}
              </ul>
              <FromArchive source={photo.sources["keywords"]} />
              {written["keywords"] !== undefined && (
                <FileValue {...original} name="keywords" label={t("Keywords")} value={file.keywords.join(", ")} />
              )}
            </dd>
          </>
        )}
        {photo.creator && (
          <>
            <dt>{t("Creator")}</dt>
            <dd dir="auto">{photo.creator}</dd>
          </>
        )}
        {photo.copyright && (
          <>
            <dt>{t("Copyright")}</dt>
            <dd dir="auto">{photo.copyright}</dd>
          </>
        )}
        <FileFacts photo={photo} />
      </dl>
      <AlbumButtons photo={photo} />
      <div class="buttons">
        <button onClick={() => void download()}>{t("Download")}</button>
        {photo.status === "READY" && <ShareButton title={photo.title ?? ""} paths={[path]} />}
        {!aws.isReadOnly && (
          <DeleteButton key={path} class="danger" question={t("Delete this photo?")} onDelete={onDelete}>
            <DeleteIcon /> {t("Delete")}
          </DeleteButton>
        )}
      </div>
      {aws.isReadOnly && <p class="quiet read-only">{readOnlyInWords(aws)}</p>}
    </div>
  );
}

function FileFacts({ photo }: { photo: Photo }) {
  const { album, file } = splitPath(photo.path);
  return (
    <>
      <dt>{t("File")}</dt>
      <dd>
        <span class="name" dir="auto">
          {file}
        </span>
        <span class="quiet">
          {[photo.format, `${photo.widthPx} × ${photo.heightPx} px`, photo.bytes !== undefined && fileSize(photo.bytes)]
            .filter(Boolean)
            .join(" · ")}
        </span>
        <span class="quiet">
          {t("in")}{" "}
          <a href={href({ view: "albums", argument: album })} dir="auto">
            {albumInWords(album)}
          </a>
        </span>
      </dd>
    </>
  );
}

/** The form, whose code is loaded when it is first needed. */
function Form(props: { photo: Photo; onClose: () => void }) {
  const code = useMemo(() => new Loading(() => import("./more")), []);
  const Loaded = code.value.value?.EditForm;
  if (Loaded) return <Loaded {...props} />;
  return code.error.value ? <Failure message={code.error.value} onRetry={code.load} /> : <p class="quiet">{t("Loading…")}</p>;
}

type Editable = "title" | "description" | "keywords" | "taken" | "location";

interface FileValueProps {
  name: Editable;
  label: string;
  value: string | undefined;
  canEdit: boolean;
  onEdit: (patch: Patch) => Promise<void>;
}

/** Says that a value is not the file's, and offers the file's. */
function FileValue({ name, label, value, canEdit, onEdit }: FileValueProps) {
  return (
    <div class="from-file">
      <span>
        {t("Edited.")} {value ? t("In the file:") : t("The file has none.")} {value && <bdi>{value}</bdi>}
      </span>
      {canEdit && (
        <button
          aria-label={t("As in the file: {name}", { name: label })}
          onClick={({ currentTarget }) => {
            currentTarget.closest("dialog")?.focus(); // the button disappears
            void onEdit({ [name]: null });
          }}
        >
          {t("As in the file")}
        </button>
      )}
    </div>
  );
}

/** What the time of a photo is; that of a person is when it was taken. */
function nameOfTime(photo: Photo): string {
  const name = editsOf(photo.row)["taken"] === undefined ? timeName(photo.takenAt?.source) : "Taken";
  return { Taken: t("Taken"), Digitized: t("Digitized"), Modified: t("Modified") }[name];
}

/** The local time of the camera as far as it is known, and its offset if the file states one. */
function When({ photo }: { photo: Photo }) {
  const { takenAt: taken, uploadedAt: uploaded } = photo;
  const written = editsOf(photo.row);
  if (!taken) {
    return (
      <>
        {isChanged(written, "taken") ? t("Removed") : t("The file has no date")}
        {uploaded && <span class="quiet">{t("Uploaded {when}", { when: instant(uploaded) })}</span>}
      </>
    );
  }
  const when = localTime(taken.local, taken.precision);
  if (written["taken"] !== undefined) return <>{when}</>;
  return (
    <>
      {when} {taken.offset && <span class="offset">{offsetInWords(taken.offset)}</span>}
      {!taken.offset && !taken.precision && <span class="quiet">{t("Local time; the file states no time zone")}</span>}
      {taken.source === "FILENAME" && <span class="quiet">{t("From the name of the file, which has no other date")}</span>}
      {taken.source && !taken.source.includes(":") && taken.source !== "FILENAME" && <FromArchive source={taken.source} />}
      {taken.source === "EXIF:DateTime" && <span class="quiet">{t("The file does not say when the photo was taken")}</span>}
      {!taken.plausible && <span class="bad">{t("The date is not plausible, so the photo is sorted by its upload time")}</span>}
    </>
  );
}

/** Says that a value is not the file's, but stood beside it in the archive from which it was imported. */
function FromArchive({ source }: { source: string | undefined }) {
  if (!source) return null;
  return <span class="quiet">{t("From {archive}", { archive: ARCHIVES[source] ?? source })}</span>;
}

const ARCHIVES: Record<string, string | undefined> = { TAKEOUT: "Google Takeout" };

function Where({ location: { latitude, longitude, altitudeM, valid } }: { location: NonNullable<Photo["location"]> }) {
  const zoom = 14;
  const link = `https://www.openstreetmap.org/?mlat=${latitude}&mlon=${longitude}#map=${zoom}/${latitude}/${longitude}`;
  return (
    <>
      <a href={link} target="_blank" rel="noreferrer">
        {coordinates(latitude, longitude)}
      </a>
      {altitudeM !== undefined && <span class="quiet">{t("Altitude {meters} m", { meters: Math.round(altitudeM) })}</span>}
      {!valid && <span class="bad">{t("The GPS receiver had no fix, so this location is not valid")}</span>}
      <WorldMap position={{ latitude, longitude }} />
      <a href={href({ view: "map", at: `${latitude},${longitude},${zoom}` })}>{t("Show on the map")}</a>
    </>
  );
}

function Stars({ rating }: { rating: number }) {
  const { shown, words } = stars(rating);
  return (
    <span class="stars" role="img" aria-label={words}>
      {shown}
    </span>
  );
}

/** The people whom the file names. Their boxes are drawn while the pointer or the focus is on them. */
function People({ photo, shown, onShow }: Pick<FactsProps, "photo" | "shown" | "onShow">) {
  return (
    <ul class="chips people">
      {photo.people.map((person) => (
        <li
          key={person.name}
          class={[person === shown && "shown", person.boxes.length > 0 && "boxed"].filter(Boolean).join(" ")}
          onPointerEnter={() => onShow(person)}
          onPointerLeave={() => onShow(undefined)}
        >
          <Found
            photo={photo}
            kind="person"
            text={person.name}
            {...(person.boxes.length > 0 && { onFocus: () => onShow(person), onBlur: () => onShow(undefined) })}
          />
        </li>
      ))}
    </ul>
  );
}

interface FoundProps {
  photo: Photo;
  kind: "person" | "keyword" | "city" | "region" | "country" | "camera";
  text: string;
  onFocus?: () => void;
  onBlur?: () => void;
}

/** A fact, with a link to all photos that have it, unless a search for it does not even find this one. */
function Found({ photo: { row }, kind, text, ...events }: FoundProps) {
  if (isFoundBy(row, kind, text)) {
    return (
      <a href={searchHref(kind, text)} dir="auto" {...events}>
        {text}
      </a>
    );
  }
  return events.onFocus ? (
    <button type="button" dir="auto" {...events}>
      {text}
    </button>
  ) : (
    <span dir="auto">{text}</span>
  );
}

/** A place in words, whose names are links. */
function PlaceLinks({ photo, place }: { photo: Photo; place: Place }) {
  let rest = placeInWords(place);
  const parts: ComponentChildren[] = [];
  for (const kind of ["city", "region", "country"] as const) {
    const { [kind]: name = "" } = place;
    const at = name ? rest.indexOf(name) : -1;
    if (at < 0) continue; // Berlin is a city and a region, and said once
    parts.push(rest.slice(0, at), <Found photo={photo} kind={kind} text={name} />);
    rest = rest.slice(at + name.length);
  }
  return (
    <>
      {parts}
      {rest}
    </>
  );
}

interface LabelsProps extends Pick<FactsProps, "photo" | "shown" | "onShow"> {
  onEdit?: (patch: Patch) => Promise<void>;
}

function Labels({ photo, shown, onShow, onEdit }: LabelsProps) {
  const list = useRef<HTMLUListElement>(null);
  if (photo.labels.length === 0) {
    return <span class="quiet">{hiddenLabels(photo.row).length > 0 ? t("All labels are hidden.") : labelsInWords(photo.labelsStatus)}</span>;
  }

  function hide(label: Label, index: number): void {
    const facts = list.current?.closest(".facts");
    onShow(undefined);
    void onEdit?.({ hide_labels: [folded(label.name)] });
    requestAnimationFrame(() => {
      const left = facts?.querySelectorAll<HTMLElement>(".labels .line button, .hidden-labels button"); // the button is gone
      left?.[Math.min(index, left.length - 1)]?.focus();
    });
  }

  return (
    <ul class="labels" ref={list}>
      {photo.labels.map((label, index) => (
        <li key={label.name} class={label.name === shown?.name ? "shown" : ""} onPointerEnter={() => onShow(label)} onPointerLeave={() => onShow(undefined)}>
          <div class="line">
            <a
              href={searchHref("label", label.name)}
              onFocus={() => onShow(label)}
              onBlur={() => onShow(undefined)}
            >
              <span class="name">{label.name}</span>
              {label.boxes.length > 0 && (
                <span class="where">{t({ other: "{count} boxes", one: "{count} box" }, { count: label.boxes.length })}</span>
              )}
              <span class="per-cent">{Math.round(label.confidence)} %</span>
            </a>
            {onEdit && (
              <button class="plain" aria-label={t("Hide the label {name}", { name: label.name })} title={t("Hide this label")} onClick={() => hide(label, index)}>
                <CloseIcon />
              </button>
            )}
          </div>
          <span class="meter" aria-hidden="true">
            <span style={{ width: `${label.confidence}%` }} />
          </span>
          {label.parents.length > 0 && <span class="quiet">{label.parents.join(", ")}</span>}
        </li>
      ))}
    </ul>
  );
}

/** The labels that a person has hidden. The photo is not found by them. */
function HiddenLabels({ photo, file, onEdit }: { photo: Photo; file: Photo; onEdit: (patch: Patch) => Promise<void> }) {
  const hidden = hiddenLabels(photo.row);
  if (hidden.length === 0) return null;
  const nameOf = (label: string) => file.labels.find(({ name }) => folded(name) === label)?.name ?? label;
  return (
    <ul class="hidden-labels" aria-label={t("Hidden labels")}>
      {hidden.map((label) => (
        <li key={label}>
          <span class="name">{nameOf(label)}</span>
          <button
            aria-label={t("Show again: {name}", { name: nameOf(label) })}
            onClick={({ currentTarget }) => {
              const facts = currentTarget.closest(".facts");
              void onEdit({ show_labels: [label] });
              requestAnimationFrame(() => {
                const links = [...(facts?.querySelectorAll<HTMLElement>(".labels a") ?? [])];
                links.find((one) => one.querySelector(".name")?.textContent === nameOf(label))?.focus(); // the button is gone
              });
            }}
          >
            {t("Show again")}
          </button>
        </li>
      ))}
    </ul>
  );
}
