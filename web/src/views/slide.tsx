/** The picture of a photo in the viewer: the thumbnail at once, the large one over it. */

import { signal, useSignal, type Signal } from "@preact/signals";
import { render } from "preact";
import { useCallback, useEffect, useRef } from "preact/hooks";
import { AppContext, useApp, type App } from "../app";
import { t } from "../language";
import type { Loading } from "../loading";
import { loadInto } from "../pictures";
import { splitPath, type Boxed, type Card, type Photo, type Picture } from "../records";
import type { Size } from "../viewer";
import { statusInWords } from "../words";
import { Failure } from "./failure";

const LARGE_PX = 1600; // until the record says the size: the default of the operator
const MAX_SCALE = 2; // of a picture that is smaller than the stage

/** What the slides of a dialog follow. */
export interface Scene {
  /** The path of the open photo. */
  open: Signal<string>;
  /** A label or a person of the open photo; its boxes are drawn. */
  shown: Signal<Boxed | undefined>;
  card: (path: string) => Card | undefined;
  record: (path: string) => Loading<Photo | null>;
  onSize: (path: string) => void;
  onClose: () => void;
}

export class Slides {
  /** The photos whose pictures are there, or failed. */
  readonly settled = signal<ReadonlySet<string>>(new Set());
  private readonly elements = new Map<string, HTMLDivElement>(); // by path

  constructor(
    private readonly app: App,
    private readonly scene: Scene,
  ) {}

  /** Return the element of a photo; it is made once. */
  of(path: string): HTMLDivElement {
    const known = this.elements.get(path);
    if (known) return known;
    const element = document.createElement("div");
    element.className = "slide";
    const size = this.size(path);
    if (size) fit(element, size);
    this.elements.set(path, element);
    render(
      <AppContext.Provider value={this.app}>
        <Slide
          path={path}
          scene={this.scene}
          onSize={() => {
            const found = this.size(path);
            if (found) fit(element, found);
            this.scene.onSize(path);
          }}
          onSettled={() => (this.settled.value = new Set([...this.settled.peek(), path]))}
        />
      </AppContext.Provider>,
      element,
    );
    return element;
  }

  /** Return the largest size at which a picture is shown without zoom. */
  size(path: string): Size | undefined {
    const record = this.scene.record(path).value.peek();
    if (record) return scaled(record.large ?? record.thumb, record.large ? undefined : record);
    const card = this.scene.card(path);
    return scaled(card?.thumb, card);
  }

  /** Forget the photos that are not beside the open one any more. */
  keep(paths: readonly string[]): void {
    for (const [path, element] of this.elements) {
      if (paths.includes(path)) continue;
      render(null, element);
      this.elements.delete(path);
    }
    this.settled.value = new Set([...this.settled.peek()].filter((path) => paths.includes(path)));
  }
}

function scaled(picture: Picture | undefined, photo: Size | undefined): Size | undefined {
  if (!picture) return undefined;
  const thumbPx = Math.max(picture.widthPx, picture.heightPx);
  const photoPx = photo ? Math.max(photo.widthPx, photo.heightPx) : thumbPx;
  const scale = (MAX_SCALE * Math.max(Math.min(photoPx, LARGE_PX), thumbPx)) / thumbPx;
  return { widthPx: picture.widthPx * scale, heightPx: picture.heightPx * scale };
}

/** Give an element the largest size of its shape in the stage; the viewer sets another one. */
function fit(element: HTMLElement, { widthPx, heightPx }: Size): void {
  if (element.closest(".pswp")) return;
  element.style.aspectRatio = `${widthPx} / ${heightPx}`;
  element.style.width = `min(100cqw, ${(100 * widthPx) / heightPx}cqh, ${widthPx}px)`;
}

interface SlideProps {
  path: string;
  scene: Scene;
  onSize: () => void;
  onSettled: () => void;
}

function Slide({ path, scene, onSize, onSettled }: SlideProps) {
  const record = scene.record(path);
  const photo = record.value.value;
  const isOpen = scene.open.value === path;
  const picture = photo?.large ?? photo?.thumb;

  useEffect(() => {
    if (picture) onSize();
    else if (record.error.value || photo !== undefined) onSettled();
  }, [picture?.key, record.error.value, photo]);

  if (photo === null && isOpen) {
    return (
      <div class="message" role="alert">
        <p>{t("There is no photo “{path}”.", { path })}</p>
        <button onClick={scene.onClose}>{t("Back to the photos")}</button>
      </div>
    );
  }
  if (photo && !picture) return <p class="message">{statusInWords(photo)}</p>;
  return (
    <>
      <Frame
        thumb={photo?.thumb ?? scene.card(path)?.thumb}
        picture={picture}
        alt={photo?.description ?? photo?.title ?? splitPath(path).file}
        shown={isOpen ? scene.shown.value : undefined}
        isOpen={isOpen}
        onSettled={onSettled}
      />
      {record.error.value && isOpen && <Failure message={record.error.value} onRetry={record.load} />}
    </>
  );
}

interface FrameProps {
  thumb: Picture | undefined;
  picture: Picture | undefined;
  alt: string;
  shown: Boxed | undefined;
  isOpen: boolean;
  onSettled: () => void;
}

function Frame({ thumb, picture, alt, shown, isOpen, onSettled }: FrameProps) {
  const { aws } = useApp();
  const thumbUrl = useSignal("");
  const failed = useSignal(false);
  const tries = useSignal(0);
  const place = useRef<HTMLImageElement>(null);
  const again = useCallback(() => void tries.value++, []);

  useEffect(() => {
    let isGone = false;
    if (thumb) {
      void aws.renditionUrl(thumb.key).then(
        (url) => isGone || (thumbUrl.value = url),
        () => undefined, // the large picture says so
      );
    }
    return () => (isGone = true);
  }, [aws, thumb?.key, tries.value]);

  useEffect(() => {
    if (!picture || !place.current) return;
    const gone = new AbortController();
    failed.value = false;
    void loadInto(place.current, (isNew) => aws.renditionUrl(picture.key, { isNew }), gone.signal).then(
      onSettled,
      () => {
        if (gone.signal.aborted) return;
        failed.value = true;
        onSettled();
      },
    );
    return () => gone.abort();
  }, [aws, picture?.key, tries.value]);

  return (
    <div class="frame" style={thumbUrl.value && { backgroundImage: `url("${thumbUrl.value}")` }}>
      {picture && (
        <img
          key={picture.key}
          ref={place}
          class="large pswp__img"
          alt={alt}
          draggable={false}
          fetchpriority={isOpen ? "high" : "low"}
          onLoad={({ currentTarget }) => currentTarget.classList.add("loaded")}
        />
      )}
      {failed.value && isOpen && <Failure message={t("The picture could not be loaded.")} onRetry={again} />}
      {shown?.boxes.map((box, index) => (
        <div
          key={index}
          class="box"
          style={{
            left: `${box.left * 100}%`,
            top: `${box.top * 100}%`,
            width: `${box.width * 100}%`,
            height: `${box.height * 100}%`,
          }}
        >
          <span>{shown.name}</span>
        </div>
      ))}
    </div>
  );
}
