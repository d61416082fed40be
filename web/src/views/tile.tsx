import { splitPath, type Card } from "../records";
import { href, route } from "../routes";
import { localTime } from "../words";
import { CheckMark } from "./selecting";
import { Thumb } from "./thumb";

/** A photo of a list, and the way to open it. */
export function Tile({ card, heightPx }: { card: Card; heightPx: number }) {
  const name = card.title ?? splitPath(card.path).file;
  const when = card.sortTime && `, ${localTime(card.sortTime, card.precision)}`;
  return (
    <div class="pick" data-path={card.path} style={{ height: `${heightPx}px` }}>
      <a
        class="tile"
        href={href({ ...route.peek(), photo: card.path })}
        aria-label={`${isolated(name)}${when}`}
        title={name}
      >
        <Thumb picture={card.thumb} />
      </a>
      <CheckMark path={card.path} name={name} />
    </div>
  );
}

const RIGHT_TO_LEFT = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]/;

/** Keep a name that is written from right to left from moving the date beside it. */
function isolated(name: string): string {
  return RIGHT_TO_LEFT.test(name) ? `\u2068${name}\u2069` : name;
}
