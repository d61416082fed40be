import { useSignal } from "@preact/signals";
import { useEffect, useMemo, useRef } from "preact/hooks";
import { useApp } from "../app";
import { t } from "../language";
import { loadInto } from "../pictures";
import { bytesOf, colorOf, drawSoon } from "../placeholders";
import type { Picture } from "../records";

const AHEAD_PX = 900; // about one screen: pictures are loaded before they are in view

const seen = new Map<Element, () => void>();
const observer = new IntersectionObserver(
  (entries) => {
    for (const { isIntersecting, target } of entries) {
      if (!isIntersecting) continue;
      observer.unobserve(target);
      seen.get(target)?.();
      seen.delete(target);
    }
  },
  { rootMargin: `${AHEAD_PX}px 0px` },
);

/** A picture, blurred until it is loaded. Its URL is signed and loaded when it is nearly in view. */
export function Thumb({ picture, alt = "" }: { picture: Picture | undefined; alt?: string }) {
  const { aws, pictures } = useApp();
  const place = useRef<HTMLImageElement>(null);
  const failed = useSignal(false);
  const key = picture?.key;
  const blurred = useMemo(() => (picture?.thumbhash ? bytesOf(picture.thumbhash) : undefined), [picture?.thumbhash]);
  const canvas = useRef<HTMLCanvasElement>(null);
  const stopDrawing = useRef(() => {});

  useEffect(() => {
    if (blurred && canvas.current) stopDrawing.current = drawSoon(canvas.current, blurred);
    return () => stopDrawing.current();
  }, [blurred]);

  useEffect(() => {
    const image = place.current;
    if (!image || !key) return;
    const gone = new AbortController();
    let forget = () => {};
    async function load(): Promise<void> {
      failed.value = false;
      try {
        await loadInto(image!, (isNew) => aws.renditionUrl(key!, { isNew }), gone.signal);
      } catch {
        if (gone.signal.aborted) return;
        failed.value = true;
        forget = pictures.add(() => void load());
      }
    }
    seen.set(image, () => void load());
    observer.observe(image);
    return () => {
      gone.abort();
      forget();
      seen.delete(image);
      observer.unobserve(image);
    };
  }, [aws, key]);

  return (
    <>
      {blurred && <canvas key={picture?.thumbhash} ref={canvas} class="blurred" width={1} height={1} style={{ backgroundColor: colorOf(blurred) }} aria-hidden="true" />}
      <img
        key={key}
        ref={place}
        class="thumb"
        alt={alt}
        decoding="async"
        width={picture?.widthPx}
        height={picture?.heightPx}
        onLoad={({ currentTarget }) => {
          currentTarget.classList.add("loaded");
          stopDrawing.current();
        }}
      />
      {failed.value && <span class="not-loaded" data-text={t("Picture not loaded")} />}
    </>
  );
}
