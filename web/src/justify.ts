/** Rows of pictures that are as high as each other and together as wide as the page. */

export interface Row<T> {
  heightPx: number;
  tiles: { item: T; widthPx: number }[];
}

const NARROWEST = 0.4; // of a picture's shape, width over height: a column is cropped to that
const WIDEST = 4; // so is a panorama

/**
 * Fill each row until it is no higher than wanted. The last row is left short.
 *
 * @param aspect width over height, as displayed.
 */
export function justify<T>(
  items: readonly T[],
  aspect: (item: T) => number,
  { widthPx, rowPx, gapPx }: { widthPx: number; rowPx: number; gapPx: number },
): Row<T>[] {
  const rows: Row<T>[] = [];
  let row: { item: T; shape: number }[] = [];
  let shapes = 0;

  const close = (heightPx: number) => {
    const height = Math.round(heightPx);
    rows.push({
      heightPx: height,
      tiles: row.map(({ item, shape }) => ({ item, widthPx: Math.floor(shape * heightPx) })),
    });
    row = [];
    shapes = 0;
  };

  for (const item of items) {
    const shape = Math.min(WIDEST, Math.max(NARROWEST, aspect(item) || 1));
    row.push({ item, shape });
    shapes += shape;
    const heightPx = (widthPx - gapPx * (row.length - 1)) / shapes;
    if (heightPx <= rowPx) close(heightPx);
  }
  if (row.length > 0) close(Math.min(rowPx, (widthPx - gapPx * (row.length - 1)) / shapes));
  return rows;
}
