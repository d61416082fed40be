/** What a language is made of. */

/** A text with {names} for values; `one` and the other plural forms of the language, by `count`. */
export type Text = string | (Partial<Record<Intl.LDMLPluralRule, string>> & { other: string });
/** Translations by the English text, of plurals by the English text for many. */
export type Catalog = Record<string, Text>;
