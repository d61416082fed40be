/** Which part of a photo's key is its owner, and which its album; as in images/shared/keys.py. */

import { UPLOADS_PREFIX } from "./rows.gen";

/** A key is <prefix><owner>/<album…>/<file>, or <prefix><album…>/<file> if all photos have the same owner. */
export interface Layout {
  prefix: string;
  owner?: string;
}

/** Return what the keys of all photos of an owner begin with. The layout is absent for the gallery's own bucket. */
export function folderOf(layout: Layout | undefined, owner: string): string {
  const { prefix, owner: only } = layout ?? { prefix: UPLOADS_PREFIX };
  return only === undefined ? `${prefix}${owner}/` : prefix;
}
