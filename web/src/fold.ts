/** Label names as the table has them: names that differ only in case or encoding become equal. */

import { MAX_LABEL_CHARACTERS } from "./rows.gen";

const DOTLESS_I = "ı"; // folds to itself, although its capital is I
const CHEROKEE = /\p{Script=Cherokee}/u; // folds to its capitals, which are the older letters

/** Fold a label's name, as `fold_label` in images/shared/text.py does. */
export function folded(name: string): string {
  const caseless = [...name.normalize("NFD")].map(caseFolded).join("");
  return [...caseless.normalize("NFC")].slice(0, MAX_LABEL_CHARACTERS).join("").trim();
}

/**
 * Unicode's full case folding of one character, which JavaScript does not have.
 *
 * One character at a time, because toLowerCase() writes a sigma at the end of a word as ς.
 */
export function caseFolded(character: string): string {
  if (character === DOTLESS_I) return character;
  if (CHEROKEE.test(character)) return character.toUpperCase();
  // Small, capital, small: ẞ has no capital, and only the capitals of ß are "SS".
  return character.toLowerCase().toUpperCase().toLowerCase();
}
