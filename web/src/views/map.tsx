import { t } from "../language";
import type { Position } from "../positions";

const WIDTH = 120; // degrees of longitude in the map
const HEIGHT = 60;
const FINE = 10; // steps of the arrow keys in one degree, with the Shift key

interface Props {
  position: Position | undefined;
  /** Called with a position that the person chooses by a click or the arrow keys. */
  onChoose?: (position: Position) => void;
}

/** A map of the world around a position. */
export function WorldMap({ position, onChoose }: Props) {
  const between = (value: number, low: number, high: number) => Math.min(high, Math.max(low, value));
  const round = (degrees: number) => Math.round(degrees * 100) / 100;
  // The map is a window onto the whole world, which stays inside the world.
  const [width, height] = position ? [WIDTH, HEIGHT] : [360, 180];
  const { latitude, longitude } = position ?? { latitude: 0, longitude: 0 };
  const left = between(longitude + 180 - width / 2, 0, 360 - width);
  const top = between(90 - latitude - height / 2, 0, 180 - height);

  function choose(to: Position): void {
    onChoose?.({ latitude: round(between(to.latitude, -90, 90)), longitude: round(between(to.longitude, -180, 180)) });
  }

  function keyed(event: KeyboardEvent): void {
    const step = { ArrowUp: [1, 0], ArrowDown: [-1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
    if (!step) return;
    event.preventDefault();
    const size = event.shiftKey ? 1 / FINE : 1;
    choose({ latitude: latitude + step[0]! * size, longitude: longitude + step[1]! * size });
  }

  const chosen = onChoose && {
    role: "application" as const,
    tabindex: 0,
    "aria-label": t("Map of the world. The arrow keys move the position."),
    onKeyDown: keyed,
    onClick: (event: MouseEvent) => {
      const box = (event.currentTarget as Element).getBoundingClientRect();
      choose({
        longitude: left - 180 + ((event.clientX - box.left) / box.width) * width,
        latitude: 90 - top - ((event.clientY - box.top) / box.height) * height,
      });
    },
  };
  return (
    <svg class="map" viewBox={`${left} ${top} ${width} ${height}`} role="img" aria-label={t("Location on a map of the world")} {...chosen}>
      <image href="./land.svg" x="0" y="0" width="360" height="180" />
      {position && (
        <>
          <circle class="halo" cx={longitude + 180} cy={90 - latitude} r="4.500" />
          <circle cx={longitude + 180} cy={90 - latitude} r="1.800" />
        </>
      )}
    </svg>
  );
}
