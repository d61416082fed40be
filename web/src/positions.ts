/** Positions as people write and paste them. */

export interface Position {
  latitude: number;
  longitude: number;
}

// Maps write positions into their addresses.
const ADDRESSES = [
  /[?&]mlat=(-?[\d.]+)&mlon=(-?[\d.]+)/, // OpenStreetMap's marker
  /#map=[\d.]+\/(-?[\d.]+)\/(-?[\d.]+)/, // OpenStreetMap's view
  /!3d(-?[\d.]+)!4d(-?[\d.]+)/, // Google's marker
  /@(-?[\d.]+),(-?[\d.]+)/, // Google's view
  /[?&](?:q|query|ll|center)=(-?[\d.]+)(?:,|%2C)(-?[\d.]+)/i,
  /^geo:(-?[\d.]+),(-?[\d.]+)/i, // https://www.rfc-editor.org/rfc/rfc5870
];
const NUMBER = String.raw`\d+(?:[.,]\d+)?`;
const PAIR = new RegExp(String.raw`^([-+]?${NUMBER})°?\s*(?:[;,/]\s*|\s)\s*([-+]?${NUMBER})°?$`);
const ANGLE = String.raw`(${NUMBER})\s*°?\s*(?:(${NUMBER})\s*'?\s*(?:(${NUMBER})\s*"?\s*)?)?`; // degrees, minutes, seconds
const LETTERS_BEHIND = new RegExp(String.raw`^${ANGLE}([NSEW])[\s;,/]*${ANGLE}([NSEW])$`, "i");
const LETTERS_BEFORE = new RegExp(String.raw`^([NSEW])\s*${ANGLE}[\s;,/]*([NSEW])\s*${ANGLE}$`, "i");
const SIGNED = String.raw`([-+]?)(${NUMBER})°\s*(${NUMBER})'\s*(?:(${NUMBER})"\s*)?`;
const SIGNS_BEFORE = new RegExp(String.raw`^${SIGNED}[;,/]?\s*${SIGNED}$`);

/** Return the position in a text; undefined if it has none, or none on Earth. */
export function positionIn(text: string): Position | undefined {
  const written = text
    .trim()
    .replace(/[º˚]/g, "°")
    .replace(/[′’‘´`]/g, "'")
    .replace(/[″“”]|''/g, '"')
    .replace(/\u2212/g, "-");
  for (const pattern of [...ADDRESSES, PAIR]) {
    const found = pattern.exec(written);
    if (found) return onEarth(number(found[1]), number(found[2]));
  }
  const behind = LETTERS_BEHIND.exec(written);
  if (behind) return named(behind[4]!, angle(behind.slice(1, 4)), behind[8]!, angle(behind.slice(5, 8)));
  const before = LETTERS_BEFORE.exec(written);
  if (before) return named(before[1]!, angle(before.slice(2, 5)), before[5]!, angle(before.slice(6, 9)));
  const signed = SIGNS_BEFORE.exec(written);
  if (!signed) return undefined;
  const sign = (text: string | undefined) => (text === "-" ? -1 : 1);
  return onEarth(sign(signed[1]) * angle(signed.slice(2, 5)), sign(signed[5]) * angle(signed.slice(6, 9)));
}

/** Return "52.5, 13.4", which `positionIn` reads. */
export function positionText({ latitude, longitude }: Position): string {
  return `${latitude}, ${longitude}`;
}

function named(firstLetter: string, first: number, secondLetter: string, second: number): Position | undefined {
  const signed = (letter: string, size: number) => (/[SW]/i.test(letter) ? -size : size);
  const [one, other] = [signed(firstLetter, first), signed(secondLetter, second)];
  const isLatitude = /[NS]/i.test(firstLetter);
  if (isLatitude === /[NS]/i.test(secondLetter)) return undefined;
  return isLatitude ? onEarth(one, other) : onEarth(other, one);
}

function angle([degrees, minutes = "0", seconds = "0"]: (string | undefined)[]): number {
  const [m, s] = [number(minutes), number(seconds)];
  return m < 60 && s < 60 ? number(degrees) + m / 60 + s / 3600 : Number.NaN;
}

function number(text = ""): number {
  return Number(text.replace(",", "."));
}

const DIGITS = 6; // of a degree: 0.1 m

function onEarth(latitude: number, longitude: number): Position | undefined {
  if (!(Math.abs(latitude) <= 90 && Math.abs(longitude) <= 180)) return undefined;
  return { latitude: +latitude.toFixed(DIGITS), longitude: +longitude.toFixed(DIGITS) };
}
