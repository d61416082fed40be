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
      <a class="tile" href={href({ ...route.peek(), photo: card.path })} aria-label={`${name}${when}`} title={name}>
        <Thumb picture={card.thumb} />
      </a>
      <CheckMark path={card.path} name={name} />
    </div>
  );
}
