import { useSignal } from "@preact/signals";
import { useApp } from "../app";
import { folded } from "../fold";
import { splitPath, type Boxed, type Photo } from "../records";
import { href } from "../routes";
import {
  cameraName,
  coordinates,
  count,
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
import { NO_ALBUM } from "./albums";
import { ConfirmButton } from "./confirm";
import { DeleteIcon } from "./icons";
import { ShareButton } from "./share-button";

interface FactsProps {
  photo: Photo;
  shown: Boxed | undefined;
  onShow: (boxed: Boxed | undefined) => void;
  onDelete: () => Promise<void>;
}

/** What is known of a photo. */
export function Facts({ photo, shown, onShow, onDelete }: FactsProps) {
  const { aws } = useApp();
  const { album, file } = splitPath(photo.path);
  const taking = exposure(photo.camera);
  const camera = cameraName(photo.camera);
  const message = useSignal("");

  async function download(): Promise<void> {
    try {
      location.assign(await aws.originalUrl(photo.key));
    } catch (error) {
      message.value = errorInWords(error);
    }
  }

  return (
    <div class="facts">
      <h2>{photo.title ?? file}</h2>
      {photo.description && photo.description !== photo.title && <p class="description">{photo.description}</p>}
      {photo.status !== "READY" && <p class="bad">{statusInWords(photo)}</p>}
      {photo.truncated && <p class="bad">The file is cut or damaged. The missing part is gray.</p>}
      <dl>
        <dt>{timeName(photo.takenAt?.source)}</dt>
        <dd>
          <When photo={photo} />
        </dd>
        {photo.location && (
          <>
            <dt>Location</dt>
            <dd>
              {photo.place && <span title={`Data: ${photo.place.source}`}>{placeInWords(photo.place)}</span>}
              <Where location={photo.location} />
            </dd>
          </>
        )}
        {(camera || taking) && (
          <>
            <dt>Camera</dt>
            <dd>
              {camera}
              {photo.camera.lens && <span class="quiet">{photo.camera.lens}</span>}
              {taking && <span class="quiet">{taking}</span>}
            </dd>
          </>
        )}
        {photo.rating !== undefined && (
          <>
            <dt>Rating</dt>
            <dd>
              <Stars rating={photo.rating} />
            </dd>
          </>
        )}
        {photo.people.length > 0 && (
          <>
            <dt>People</dt>
            <dd>
              <People photo={photo} shown={shown} onShow={onShow} />
            </dd>
          </>
        )}
        <dt>Labels</dt>
        <dd>
          <Labels photo={photo} shown={shown} onShow={onShow} />
        </dd>
        {photo.keywords.length > 0 && (
          <>
            <dt>Keywords</dt>
            <dd>
              <ul class="chips keywords">
                {photo.keywords.map((word) => (
                  <li key={word}>{word}</li>
                ))}
              </ul>
            </dd>
          </>
        )}
        {photo.creator && (
          <>
            <dt>Creator</dt>
            <dd>{photo.creator}</dd>
          </>
        )}
        {photo.copyright && (
          <>
            <dt>Copyright</dt>
            <dd>{photo.copyright}</dd>
          </>
        )}
        <dt>File</dt>
        <dd>
          <span class="name">{file}</span>
          <span class="quiet">
            {[photo.format, `${photo.widthPx} × ${photo.heightPx} px`, photo.bytes !== undefined && fileSize(photo.bytes)]
              .filter(Boolean)
              .join(" · ")}
          </span>
          <span class="quiet">
            in <a href={href({ view: "albums", argument: album })}>{album.split("/").join(" / ") || NO_ALBUM}</a>
          </span>
        </dd>
      </dl>
      <div class="buttons">
        <button onClick={() => void download()}>Download</button>
        {photo.status === "READY" && <ShareButton title={photo.title ?? ""} paths={[photo.path]} />}
        <ConfirmButton key={photo.path} class="danger" question="Delete this photo?" yes="Yes, delete" onYes={onDelete}>
          <DeleteIcon /> Delete
        </ConfirmButton>
      </div>
      <p class="bad" role="alert">
        {message.value}
      </p>
    </div>
  );
}

/** The local time of the camera as far as it is known, and its offset if the file states one. */
function When({ photo: { takenAt: taken, uploadedAt: uploaded } }: { photo: Photo }) {
  if (!taken) {
    return (
      <>
        The file has no date
        {uploaded && <span class="quiet">Uploaded {instant(uploaded)}</span>}
      </>
    );
  }
  return (
    <>
      {localTime(taken.local, taken.precision)}{" "}
      {taken.offset && <span class="offset">{offsetInWords(taken.offset)}</span>}
      {!taken.offset && !taken.precision && <span class="quiet">Local time; the file states no time zone</span>}
      {taken.source === "FILENAME" && <span class="quiet">From the name of the file, which has no other date</span>}
      {taken.source === "EXIF:DateTime" && <span class="quiet">The file does not say when the photo was taken</span>}
      {!taken.plausible && <span class="bad">The date is not plausible, so the photo is sorted by its upload time</span>}
    </>
  );
}

const MAP_WIDTH = 120; // degrees of longitude in the map
const MAP_HEIGHT = 60;

function Where({ location: { latitude, longitude, altitudeM, valid } }: { location: NonNullable<Photo["location"]> }) {
  const zoom = 14;
  const link = `https://www.openstreetmap.org/?mlat=${latitude}&mlon=${longitude}#map=${zoom}/${latitude}/${longitude}`;
  const between = (value: number, low: number, high: number) => Math.min(high, Math.max(low, value));
  // The map is a window onto the whole world, which stays inside the world.
  const left = between(longitude + 180 - MAP_WIDTH / 2, 0, 360 - MAP_WIDTH);
  const top = between(90 - latitude - MAP_HEIGHT / 2, 0, 180 - MAP_HEIGHT);
  return (
    <>
      <a href={link} target="_blank" rel="noreferrer">
        {coordinates(latitude, longitude)}
      </a>
      {altitudeM !== undefined && <span class="quiet">Altitude {Math.round(altitudeM)} m</span>}
      {!valid && <span class="bad">The GPS receiver had no fix, so this location is not valid</span>}
      <svg class="map" viewBox={`${left} ${top} ${MAP_WIDTH} ${MAP_HEIGHT}`} role="img" aria-label="Location on a map of the world">
        <image href="./land.svg" x="0" y="0" width="360" height="180" />
        <circle class="halo" cx={longitude + 180} cy={90 - latitude} r="4.500" />
        <circle cx={longitude + 180} cy={90 - latitude} r="1.800" />
      </svg>
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
        <li key={person.name} class={person === shown ? "shown" : ""} onPointerEnter={() => onShow(person)} onPointerLeave={() => onShow(undefined)}>
          {person.boxes.length > 0 ? (
            <button type="button" onFocus={() => onShow(person)} onBlur={() => onShow(undefined)} onClick={() => onShow(person)}>
              {person.name}
            </button>
          ) : (
            <span>{person.name}</span>
          )}
        </li>
      ))}
    </ul>
  );
}

function Labels({ photo, shown, onShow }: Pick<FactsProps, "photo" | "shown" | "onShow">) {
  if (photo.labels.length === 0) return <span class="quiet">{labelsInWords(photo.labelsStatus)}</span>;
  return (
    <ul class="labels">
      {photo.labels.map((label) => (
        <li key={label.name} class={label === shown ? "shown" : ""} onPointerEnter={() => onShow(label)} onPointerLeave={() => onShow(undefined)}>
          <a
            href={href({ view: "search", argument: folded(label.name) })}
            onFocus={() => onShow(label)}
            onBlur={() => onShow(undefined)}
          >
            <span class="name">{label.name}</span>
            {label.boxes.length > 0 && <span class="where">{count(label.boxes.length, "box", "boxes")}</span>}
            <span class="per-cent">{Math.round(label.confidence)} %</span>
          </a>
          <span class="meter" aria-hidden="true">
            <span style={{ width: `${label.confidence}%` }} />
          </span>
          {label.parents.length > 0 && <span class="quiet">{label.parents.join(", ")}</span>}
        </li>
      ))}
    </ul>
  );
}
