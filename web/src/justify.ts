/** Rows of pictures: the pictures of a row have the same height and fill the width of the page. */

export interface Row<T> {
  heightPx: number;
  tiles: { item: T; widthPx: number }[];
}

const NARROWEST = 0.4; // width over height; a narrower picture is cropped
const WIDEST = 4; // a wider picture, such as a panorama, is cropped

/**
 * Fill each row until it is at most `rowPx` high. The last row may be narrower than the page.
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
