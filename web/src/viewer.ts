/**
 * The pictures of the open photo and its neighbors, moved by PhotoSwipe: swipe, pinch, double tap, wheel.
 *
 * It is loaded when a photo is opened. The address says which photo is open: a swipe changes the address, and
 * the dialog then calls `show`.
 */

import PhotoSwipe, { type PhotoSwipeOptions, type SlideData } from "photoswipe";
import "./viewer.css";

const STEP = 1.5; // of the zoom, for each key
const PAN_PX = 80; // for each arrow key
const MAX_ZOOM = 5; // times the size at which the whole picture is in view
const DOUBLE_TAP_ZOOM = 2.5;
const SWIPE_UP_PX = 50;

export interface Size {
  widthPx: number;
  heightPx: number;
}

export interface ViewerEvents {
  /** Return the picture of a photo; always the same element for the same photo. */
  slide: (path: string) => HTMLDivElement;
  /** Return the largest size at which a picture is shown without zoom; undefined: it is not known, or there is none. */
  size: (path: string) => Size | undefined;
  onOpen: (path: string) => void;
  onClose: () => void;
  onSwipeUp: () => void;
  onTap: () => void;
  onZoom: (isZoomed: boolean) => void;
}

export class Viewer {
  private readonly swipe: PhotoSwipe;
  private readonly resized: ResizeObserver;
  private wanted: { paths: readonly string[]; index: number };

  constructor(
    stage: HTMLElement,
    private paths: readonly string[],
    index: number,
    private readonly events: ViewerEvents,
  ) {
    this.wanted = { paths, index };
    const options: PhotoSwipeOptions = {
      appendToEl: stage,
      index,
      loop: false,
      preload: [0, 0], // the neighbors have places of their own
      showHideAnimationType: "none",
      getViewportSizeFn: () => ({ x: stage.clientWidth, y: stage.clientHeight }),
      maxZoomLevel: ({ fit }) => fit * MAX_ZOOM,
      secondaryZoomLevel: ({ fit }) => fit * DOUBLE_TAP_ZOOM,
      wheelToZoom: true,
      imageClickAction: "zoom",
      doubleTapAction: "zoom",
      bgClickAction: false,
      tapAction: (_, { target }) => {
        if (!(target as Element).closest("button")) events.onTap();
      },
      // The dialog has the focus, the keys and the buttons.
      trapFocus: false,
      returnFocus: false,
    };
    const swipe = new PhotoSwipe(options);
    this.swipe = swipe;
    swipe.addFilter("numItems", () => this.paths.length);
    swipe.addFilter("itemData", (_, at) => this.data(at));
    swipe.addFilter("isContentZoomable", (_, content) => content.width > 0);
    swipe.addFilter("preventPointerEvent", (_, { target }) => !(target as Element).closest?.("button"));
    swipe.on("contentLoad", (event) => {
      event.preventDefault();
      event.content.element = events.slide(event.content.data.path as string);
    });
    swipe.on("change", () => {
      const path = this.paths[swipe.currIndex];
      const { paths: wanted, index: at } = this.wanted;
      if (path === wanted[at]) this.place();
      else if (path !== undefined) events.onOpen(path);
    });
    swipe.on("verticalDrag", (event) => {
      const slide = swipe.currSlide;
      if (slide && event.panY < slide.bounds.center.y) event.preventDefault(); // facts come from below
    });
    swipe.on("pointerUp", () => {
      const { isDragging, dragAxis, startP1, p1 } = swipe.gestures;
      if (isDragging && dragAxis === "y" && !this.isZoomed && startP1.y - p1.y > SWIPE_UP_PX) events.onSwipeUp();
    });
    swipe.on("zoomPanUpdate", () => events.onZoom(this.isZoomed));
    swipe.init();
    swipe.close = () => {
      events.onClose(); // was dragged down
      swipe.currSlide?.zoomAndPanToInitial();
      swipe.currSlide?.applyCurrentZoomPan();
    };
    swipe.element?.removeAttribute("role"); // the dialog around it is one
    swipe.scrollWrap?.removeAttribute("aria-roledescription");
    this.resized = new ResizeObserver(() => swipe.updateSize());
    this.resized.observe(stage);
  }

  get isZoomed(): boolean {
    const slide = this.swipe.currSlide;
    return slide !== undefined && slide.currZoomLevel > slide.zoomLevels.initial;
  }

  /** Show a photo between its neighbors. */
  show(paths: readonly string[], index: number, { isAnimated = false } = {}): void {
    const { swipe } = this;
    this.wanted = { paths, index };
    const old = this.paths.indexOf(paths[index] ?? "");
    if (old >= 0 && old !== swipe.potentialIndex) swipe.mainScroll.moveIndexBy(old - swipe.potentialIndex, isAnimated);
    else if (old < 0 || swipe.currIndex === swipe.potentialIndex) this.place();
  }

  /** Follow the size of a picture, once it is known. */
  fit(path: string): void {
    for (const { slide } of this.swipe.mainScroll.itemHolders) {
      if (slide?.data.path !== path) continue;
      const { widthPx = 0, heightPx = 0 } = this.events.size(path) ?? {};
      if (slide.width === widthPx && slide.height === heightPx) continue;
      slide.width = slide.content.width = widthPx;
      slide.height = slide.content.height = heightPx;
      const { isZoomed } = this;
      slide.resize();
      if (isZoomed && slide === this.swipe.currSlide) slide.zoomTo(slide.zoomLevels.initial);
    }
  }

  zoom(direction: 1 | -1): void {
    const slide = this.swipe.currSlide;
    slide?.zoomTo(slide.currZoomLevel * STEP ** direction, undefined, this.swipe.options.zoomAnimationDuration || 0);
  }

  toggleZoom(): void {
    this.swipe.toggleZoom();
  }

  /** Move a picture that is larger than the stage. */
  pan(right: number, down: number): void {
    const slide = this.swipe.currSlide;
    slide?.panTo(slide.pan.x - right * PAN_PX, slide.pan.y - down * PAN_PX);
  }

  destroy(): void {
    this.resized.disconnect();
    delete (this.swipe as Partial<PhotoSwipe>).close; // the one of the class
    this.swipe.destroy();
  }

  /** Give the photo and its neighbors their places. A photo that has its place already keeps its zoom. */
  private place(): void {
    const { swipe } = this;
    const { paths, index } = this.wanted;
    for (const at of this.paths.keys()) swipe.contentLoader.removeByIndex(at);
    this.paths = paths;
    swipe.currIndex = swipe.potentialIndex = index;
    const { itemHolders: holders } = swipe.mainScroll;
    for (const [place, holder] of holders.entries()) {
      const at = index - 1 + place;
      const { slide } = holder;
      if (!slide) continue;
      if (slide.data.path === paths[at]) {
        slide.index = slide.content.index = at;
      } else {
        slide.destroy();
        delete holder.slide;
      }
    }
    for (const [place, holder] of holders.entries()) if (!holder.slide) swipe.setContent(holder, index - 1 + place);
    swipe.currSlide = holders[1]?.slide;
    swipe.currSlide?.setIsActive(true);
    swipe.appendHeavy();
  }

  private data(at: number): SlideData {
    const path = this.paths[at] ?? "";
    const { widthPx = 0, heightPx = 0 } = this.events.size(path) ?? {};
    return { path, width: widthPx, height: heightPx };
  }
}
