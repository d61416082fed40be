import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { locale, t } from "../language";
import { urlOf, type SharedPicture } from "./manifest";

const SWIPE_PX = 50;

interface ViewerProps {
  path: string;
  pictures: readonly SharedPicture[];
  index: number;
  onShow: (index: number) => void;
  onClose: () => void;
}

/** An open photo of a share: arrow keys, swipes and buttons open its neighbors. */
export function Viewer({ path, pictures, index, onShow, onClose }: ViewerProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const startPx = useRef<{ x: number; y: number } | undefined>(undefined);
  const last = useRef(index);
  last.current = index;
  const picture = pictures[index]!;
  const number = t("Photo {number} of {count}", { number: index + 1, count: pictures.length });

  useLayoutEffect(() => dialog.current?.showModal(), []);
  useEffect(() => () => document.getElementById(`photo-${last.current}`)?.focus(), []);
  useEffect(() => {
    for (const beside of [pictures[index + 1], pictures[index - 1]]) {
      if (beside) new Image().src = urlOf(path, beside.large.file);
    }
  }, [path, pictures, index]);

  function go(step: 1 | -1): void {
    if (pictures[index + step]) onShow(index + step);
  }

  function keyed(event: KeyboardEvent): void {
    const forward = getComputedStyle(event.currentTarget as Element).direction === "rtl" ? -1 : 1;
    if (event.key === "ArrowRight") go(forward);
    if (event.key === "ArrowLeft") go(-forward as 1 | -1);
    if (event.key === "Home") onShow(0);
    if (event.key === "End") onShow(pictures.length - 1);
  }

  function touched(event: TouchEvent): void {
    const [finger, another] = event.touches;
    const isZoomed = (visualViewport?.scale ?? 1) > 1.01; // fingers move the picture then
    startPx.current = finger && !another && !isZoomed ? { x: finger.clientX, y: finger.clientY } : undefined;
  }

  function released({ changedTouches: [finger] }: TouchEvent): void {
    const from = startPx.current;
    startPx.current = undefined;
    if (!from || !finger) return;
    const x = finger.clientX - from.x;
    if (Math.abs(x) > SWIPE_PX && Math.abs(x) > 2 * Math.abs(finger.clientY - from.y)) go(x < 0 ? 1 : -1);
  }

  return (
    <dialog
      ref={dialog}
      class="viewer"
      aria-label={picture.title ?? number}
      onKeyDown={keyed}
      onCancel={(event) => {
        event.preventDefault(); // Escape; the history closes it
        onClose();
      }}
    >
      <div class="stage" onTouchStart={touched} onTouchEnd={released} onTouchCancel={() => (startPx.current = undefined)}>
        <Large key={picture.large.file} path={path} picture={picture} alt={picture.description ?? picture.title ?? number} />
      </div>
      <button class="round close" aria-label={t("Close")} onClick={onClose}>
        <Icon d="M6 6l12 12M18 6L6 18" />
      </button>
      <button class="round previous" aria-label={t("Previous photo")} disabled={index === 0} onClick={() => go(-1)}>
        <Icon d="M15 5l-7 7 7 7" />
      </button>
      <button class="round next" aria-label={t("Next photo")} disabled={index === pictures.length - 1} onClick={() => go(1)}>
        <Icon d="M9 5l7 7-7 7" />
      </button>
      <Caption picture={picture} number={number} />
    </dialog>
  );
}

function Large({ path, picture, alt }: { path: string; picture: SharedPicture; alt: string }) {
  const [failed, setFailed] = useState(0); // how often
  const [isLoaded, setLoaded] = useState(false);
  const isFailed = failed % 2 === 1;
  return isFailed ? (
    <div class="message" role="alert">
      <p>{t("The picture could not be loaded.")}</p>
      <button onClick={() => setFailed(failed + 1)}>{t("Try again")}</button>
    </div>
  ) : (
    <img
      key={failed}
      class={isLoaded ? "loaded" : ""}
      src={urlOf(path, picture.large.file)}
      alt={alt}
      width={picture.large.widthPx}
      height={picture.large.heightPx}
      draggable={false}
      style={{
        width: `min(100cqw, ${(100 * picture.large.widthPx) / picture.large.heightPx}cqh, ${picture.large.widthPx}px)`,
        aspectRatio: `${picture.large.widthPx} / ${picture.large.heightPx}`,
        backgroundImage: `url("${urlOf(path, picture.thumb.file)}")`,
      }}
      onLoad={() => setLoaded(true)}
      onError={() => setFailed(failed + 1)}
    />
  );
}

function Caption({ picture: { title, description, taken, place, people }, number }: { picture: SharedPicture; number: string }) {
  const facts = [taken && when(taken), place, people?.join(", ")].filter(Boolean);
  return (
    <div class="caption">
      {title && <h2 dir="auto">{title}</h2>}
      {description && description !== title && <p dir="auto">{description}</p>}
      <p class="quiet">
        {[...facts, number].map((fact, index) => (
          <bdi key={index}>{fact}</bdi>
        ))}
      </p>
    </div>
  );
}

/** The local time of the camera, as far as it is known: no time zone is applied. */
function when({ local, precision }: NonNullable<SharedPicture["taken"]>): string {
  const moment = new Date(`${local.slice(0, 19)}Z`);
  if (Number.isNaN(moment.getTime())) return "";
  return moment.toLocaleString(locale(), {
    timeZone: "UTC",
    year: "numeric",
    ...(precision !== "year" && { month: "long" }),
    ...(precision !== "year" && precision !== "month" && { day: "numeric" }),
    ...(!precision && { hour: "2-digit", minute: "2-digit" }),
  });
}

function Icon({ d }: { d: string }) {
  return (
    <svg class="icon" viewBox="0 0 24 24" aria-hidden="true">
      <path d={d} />
    </svg>
  );
}
