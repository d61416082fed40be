/**
 * What the build puts in place of parts of PhotoSwipe that the viewer has no use for: the dialog has buttons, keys and
 * pictures of its own, and a photo opens at once. vite.config.ts has their names.
 */

import type PhotoSwipe from "photoswipe";

/** Opens and closes without an animation. */
export class Opener {
  isOpen = false;

  constructor(private readonly swipe: PhotoSwipe) {}

  open(): void {
    const { swipe } = this;
    swipe.currSlide?.zoomAndPanToInitial();
    swipe.applyBgOpacity(1);
    this.isOpen = true;
    swipe.dispatch("openingAnimationEnd");
    swipe.currSlide?.applyCurrentZoomPan();
  }

  close(): void {
    this.isOpen = false;
    this.swipe.destroy();
  }
}

export class UI {
  init(): void {}
}

export class Keyboard {}

export class Placeholder {
  readonly element = null;

  setDisplayedSize(): void {}

  destroy(): void {}
}

export function getThumbBounds(): undefined {}
