/** What the person wants to share: the dialog of views/share.tsx is open while it is set. */

import type { Signal } from "@preact/signals";

export interface Sharing {
  /** Proposed as the title of the share. */
  title: string;
  /** The paths of the photos, or a way to find them. */
  paths: readonly string[] | (() => Promise<readonly string[]>);
}

/** Ask the person what to share of these photos, and until when. */
export function openShare(app: { sharing: Signal<Sharing | undefined> }, wanted: Sharing): void {
  app.sharing.value = wanted;
}
