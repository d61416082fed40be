/** What is known of moves before the module that makes them is loaded. */

import type { Signal } from "@preact/signals";

/** The names under which the browser's storage has moves that have not ended begin so; then the owner follows. */
export const MOVES = "gallery.moves.";

export type State =
  | { is: "queued" }
  | { is: "moving" }
  | { is: "moved"; to: string }
  | { is: "failed"; message: string };

/** What is remembered of a move until it has ended. */
export interface Wanted {
  /** The photo. */
  path: string;
  /** The album into which it goes. */
  album: string;
  /** The path of the copy: known before S3 is asked for it. */
  to?: string;
  /** The ETag of the photo that S3 is asked to copy. */
  etag?: string;
  /** The version of the copy, as S3 has told it. */
  version?: string;
  /** The edits that the copy has of the photo, known once the photo is about to be deleted. */
  given?: string;
  /** Whether it becomes the cover of that album, as it is that of its old one. */
  isCover?: boolean;
}

export interface Move extends Wanted {
  state: Signal<State>;
}

export function isInProgress({ state: { value } }: Move): boolean {
  return value.is === "queued" || value.is === "moving";
}
