import { TILE_PX, worldPx, type Size, type View } from "../mercator";

const MAX_TILE_ZOOM = 19;

interface Props {
  /** With {z}, {x} and {y}. */
  url: string;
  view: View;
  size: Size;
}

/** The pictures of a tile server. The land shapes are behind them, and show where one cannot be loaded. */
export function Tiles({ url, view, size }: Props) {
  const zoom = Math.max(0, Math.min(MAX_TILE_ZOOM, Math.round(view.zoom)));
  const tiles = 2 ** zoom; // in each direction
  const px = worldPx(view.zoom) / tiles;
  const [halfX, halfY] = [size.widthPx / 2, size.heightPx / 2];
  const left = view.x * tiles * px - halfX; // of the window, from the left edge of the world
  const top = view.y * tiles * px - halfY;
  const shown: preact.JSX.Element[] = [];
  for (let row = Math.max(0, Math.floor(top / px)); row < tiles && row * px < top + size.heightPx; row++) {
    for (let column = Math.floor(left / px); column * px < left + size.widthPx; column++) {
      const x = ((column % tiles) + tiles) % tiles;
      const address = url.replace("{z}", String(zoom)).replace("{x}", String(x)).replace("{y}", String(row));
      shown.push(
        <img
          key={`${zoom}/${column}/${row}`}
          src={address}
          alt=""
          draggable={false}
          // Many servers want to know which site shows their tiles. It is not told which photo or view.
          referrerPolicy="origin"
          onError={({ currentTarget }) => (currentTarget.hidden = true)}
          style={{ transform: `translate(${column * px - left}px, ${row * px - top}px) scale(${px / TILE_PX})` }}
        />,
      );
    }
  }
  return <div class="tiles">{shown}</div>;
}
