/** Terms as the table has them: texts that differ only in case, spaces or encoding become equal. */

import { MAX_LABEL_CHARACTERS } from "./rows.gen";

const DOTLESS_I = "ı"; // folds to itself, although its capital is I
const CHEROKEE = /\p{Script=Cherokee}/u; // folds to its capitals, which are the older letters

const MAX_RAW_CHARACTERS = 1024; // of a term; the rest is ignored
const MORE_SPACES = "\x1c\x1d\x1e\x1f\x85"; // for Python, for which a byte order mark is none
const CONTROL = /\p{C}/u; // control, format and unassigned characters, and halves of surrogate pairs

/** Return a text on one line, as `clean_label` in images/shared/text.py does. */
export function cleaned(text: string): string {
  const isSpace = (one: string) => MORE_SPACES.includes(one) || (one !== "\ufeff" && /\s/.test(one));
  const characters = [...text].slice(0, MAX_RAW_CHARACTERS).map((one) => (isSpace(one) ? " " : one));
  const shown = characters.filter((one) => !CONTROL.test(one)).join("").normalize("NFC");
  const line = shown.split(" ").filter(Boolean).join(" ");
  return [...line].slice(0, MAX_LABEL_CHARACTERS).join("").trim();
}

/** Fold a label's name, as `fold_label` in images/shared/text.py does. */
export function folded(name: string): string {
  const caseless = [...name.normalize("NFD")].map(caseFolded).join("");
  return [...caseless.normalize("NFC")].slice(0, MAX_LABEL_CHARACTERS).join("").trim();
}

/** Return the words of a text, as `words_of` in images/shared/terms.py does. */
export function wordsOf(text: string): string[] {
  const runs = text.normalize("NFC").match(/[\p{L}\p{M}\p{N}]+/gu) ?? [];
  return runs.filter((run) => /^(\p{Lo}|..+)$/u.test(run));
}

/** Return the text of a term as the table has it; empty if nothing of it is left. */
export function termText(text: string): string {
  return folded(cleaned(text));
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
