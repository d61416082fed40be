// Made by `make docs` from images/shared/ (rows.py, contracts.py, errors.py, limits.py, keys.py)
// and workflow/table.json; do not edit.

/** A flag of a row. */
export type Flag = 0 | 1;

/** The time of the photo, by the camera's clock. */
export interface TakenAt {
  /** 2016-04-09T14:08:13[.123], without a time zone; of a day, month or year its start */
  readonly local: string;
  /** the tag, such as EXIF:DateTimeOriginal; FILENAME: its name; TAKEOUT: its archive */
  readonly source: string;
  /** the smallest unit that is known; absent: a full time */
  readonly precision?: "day" | "month" | "year";
  /** such as +02:00; only if the file states it */
  readonly offset?: string;
  /** only if the offset is known */
  readonly utc?: string;
  /** false if before 1826 or over a day after the upload */
  readonly plausible?: Flag;
}

/** The place of the photo, in WGS 84. */
export interface Location {
  /** degrees, north positive, rounded to 1e-6 */
  readonly latitude: number;
  /** degrees, east positive, rounded to 1e-6 */
  readonly longitude: number;
  readonly altitude_m?: number;
  /** false for 0,0: the receiver had no fix */
  readonly gps_valid?: Flag;
}

/** The place of a position, in words. */
export interface Place {
  /** English name */
  readonly country: string;
  /** ISO 3166-1 alpha-2; XK for Kosovo */
  readonly country_code: string;
  /** names of the data sets */
  readonly source: string;
  /** their versions */
  readonly data_version: string;
  /** first-level division of the country */
  readonly region?: string;
  /** city or village of this country; absent at sea, and far from any */
  readonly city?: string;
  readonly distance_km?: number;
  /** at sea, off the coast of this country */
  readonly offshore?: Flag;
  /** it may be there: see docs/places.md */
  readonly other_countries?: readonly string[];
}

/** The camera, and the settings of the exposure. */
export interface Camera {
  readonly make?: string;
  readonly model?: string;
  readonly lens?: string;
  readonly iso?: number;
  readonly f_number?: number;
  readonly exposure_s?: number;
  readonly focal_length_mm?: number;
}

/** A box, in fractions of the displayed width and height, from the top left corner. */
export interface BoundingBox {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** A person, or a pet, whom the file names. */
export interface Person {
  readonly name: string;
  /** of the face; none if the file states none that holds */
  readonly boxes?: readonly BoundingBox[];
}

/** One place in the picture to which a label applies. */
export interface Instance {
  /** percent */
  readonly confidence: number;
  readonly box: BoundingBox;
}

/** A label of a photo, with Rekognition's fields in snake_case. */
export interface Label {
  readonly name: string;
  /** percent */
  readonly confidence: number;
  /** all ancestors */
  readonly parents?: readonly string[];
  readonly categories?: readonly string[];
  readonly aliases?: readonly string[];
  readonly instances?: readonly Instance[];
}

/** One picture derived from a photo. */
export interface Rendition {
  /** in the derived bucket */
  readonly key: string;
  readonly width_px: number;
  readonly height_px: number;
  readonly bytes: number;
  readonly mime_type: string;
  /** of thumb: base64, for a blurred picture until it is loaded */
  readonly thumbhash?: string;
}

/** What a photo can be found by. */
export interface Term {
  /** <kind>#<text, folded> */
  readonly key: string;
  /** as it is written; absent if the folded one is the same */
  readonly text?: string;
}

/** The terms of a photo by the field that states them, each list at most as long as its rows. */
export interface Terms {
  readonly people?: readonly Term[];
  readonly keywords?: readonly Term[];
  /** geohash of the position, city, region and country */
  readonly place?: readonly Term[];
  readonly camera?: readonly Term[];
  /** and ancestors; only in the row */
  readonly labels?: readonly Term[];
  /** words */
  readonly title?: readonly Term[];
  /** words */
  readonly description?: readonly Term[];
  /** by field: how many more terms it has */
  readonly left_out?: Readonly<Record<string, number>>;
}

/** One photo of one owner, whatever its status. */
export interface PhotoRow {
  /** result; while PROCESSING, most values are of the one before */
  readonly status: "DELETED" | "FAILED" | "PROCESSING" | "READY" | "REJECTED";
  /** S3's LastModified; of a photo never read, the event's */
  readonly uploaded_at?: string;
  /** S3 version; absent in a bucket without versioning */
  readonly version_id?: string;
  /** size of the object */
  readonly bytes?: number;
  /** REJECTED: a code of errors.py; FAILED: the error's name */
  readonly reason?: string;
  /** the state in which processing ended as REJECTED or FAILED */
  readonly step?: string;
  /** the error's message, at most 500 characters */
  readonly error?: string;
  /** JPEG, PNG, WEBP, GIF, TIFF, AVIF or HEIC; NEF, DNG and other raws */
  readonly format?: string;
  /** such as image/jpeg */
  readonly mime_type?: string;
  /** width as displayed */
  readonly width_px?: number;
  /** height as displayed */
  readonly height_px?: number;
  /** as in EXIF; absent: 1, upright */
  readonly orientation?: number;
  /** time by the camera's clock */
  readonly taken_at?: TakenAt;
  /** position in WGS 84 */
  readonly location?: Location;
  /** place of the position, in words */
  readonly place?: Place;
  /** camera, lens and exposure */
  readonly camera?: Camera;
  /** from the file */
  readonly title?: string;
  /** from the file */
  readonly description?: string;
  /** from the file */
  readonly keywords?: readonly string[];
  /** from the file */
  readonly creator?: string;
  /** from the file */
  readonly copyright?: string;
  /** 1 to 5 stars, or -1: rejected; absent: not rated */
  readonly rating?: number;
  /** named in the file */
  readonly people?: readonly Person[];
  /** of fields that only an archive states: TAKEOUT */
  readonly sources?: Readonly<Record<string, string>>;
  /** with edits: taken by the camera's clock, or uploaded in UTC */
  readonly sort_time?: string;
  /** most confident first */
  readonly labels?: readonly Label[];
  /** READY, SKIPPED:…, FAILED:… or PENDING:… */
  readonly labels_status?: string;
  /** model that made them, such as rekognition 3.0 */
  readonly labels_model?: string;
  /** by name */
  readonly renditions?: Readonly<Record<string, Rendition>>;
  /** the file is cut or damaged; what is missing is gray */
  readonly truncated?: Flag;
  /** code of each function */
  readonly versions?: Readonly<Record<string, number>>;
  /** the owner; `/` for an object without an owner */
  readonly pk: string;
  /** photo#<album>/<file> */
  readonly sk: string;
  /** key of the object, exactly as S3 names it */
  readonly key: string;
  /** <album digest>#<sort time>#<key digest>: in the index by_album */
  readonly album_key?: string;
  /** time#…, problem#… or trash#<time>#<key digest>: in by_time */
  readonly time_key?: string;
  /** JSON: what a person wrote; see Edits in gallery/records.py */
  readonly edits?: string;
  /** bucket of the object */
  readonly bucket: string;
  /** ETag of the object, without quotes */
  readonly etag?: string;
  /** S3's order of the photo's events, padded to 32 digits */
  readonly sequencer: string;
  /** version ID, else ETag, that is or was last processed */
  readonly claimed_version: string;
  /** execution that holds, or last held, the photo */
  readonly execution_arn: string;
  /** time of the state machine's last write */
  readonly updated_at: string;
  /** hash of the photo's bytes; of a raw photo, its preview's */
  readonly sha256?: string;
  /** <bytes>#<SHA-256>#<key digest>: in the index by_content */
  readonly content_key?: string;
  /** what the photo can be found by, without edits */
  readonly terms?: Terms;
  /** JSON: Terms of the edited fields, as far as they are known */
  readonly edited_terms?: string;
  /** <kind>#<text> of each of the photo's term rows */
  readonly found_by?: readonly string[];
  /** number of terms without a row */
  readonly terms_left_out?: number;
  /** of earlier releases, for found_by: whole sort keys */
  readonly label_keys?: readonly string[];
  /** sort key of the month's row that counts the photo */
  readonly month_key?: string;
  /** DELETED: that of the rendition, which is deleted */
  readonly thumbhash?: string;
  /** in the index processing, if PROCESSING */
  readonly processing_shard?: string;
}

/** One term by which a photo is found: a label, a name, a place, a word and so on. */
export interface TermRow {
  /** the owner */
  readonly pk: string;
  /** <kind>#<text, folded>#<sort time>#<key digest>; all kinds are in terms.py */
  readonly sk: string;
  /** sort key of the photo's row */
  readonly photo: string;
  /** width of the photo */
  readonly width_px: number;
  /** height of the photo */
  readonly height_px: number;
  /** of the sort time; absent: a full time */
  readonly precision?: "day" | "month" | "year";
  /** rendition of the photo */
  readonly thumb?: Rendition;
  /** as it is written; absent if the folded one is the same */
  readonly text?: string;
  /** of earlier releases: the text, folded */
  readonly label?: string;
}

/** A part of an album's count: the photos whose key digests begin with one hex digit. */
export interface AlbumRow {
  /** the owner */
  readonly pk: string;
  /** album#<album digest>#<first digit of the key digests> */
  readonly sk: string;
  /** path of the album; empty for photos directly below their owner */
  readonly album: string;
  /** number of READY photos in this part */
  readonly photos: number;
  /** of shard 0: sort key of the photo that a person chose */
  readonly cover?: string;
}

/** A part of a month's count: the photos whose key digests begin with one hex digit. */
export interface MonthRow {
  /** the owner */
  readonly pk: string;
  /** month#<yyyy-mm>#<first digit of the key digests> */
  readonly sk: string;
  /** number of READY photos whose sort time is in the month, in this part */
  readonly photos: number;
}

/** The user that an owner is, as API Gateway knows the caller: no user can write it. */
export interface OwnerRow {
  /** the owner: an identity of the identity pool */
  readonly pk: string;
  /** owner */
  readonly sk: string;
  /** <provider>,<provider>:CognitoSignIn:<sub of the user> */
  readonly login: string;
  /** time of the last sign-in with a password in the page */
  readonly seen_at: string;
}

/** A photo in the index by_album. */
export type AlbumIndexRow = Pick<PhotoRow,
  | "album_key"
  | "edits"
  | "height_px"
  | "key"
  | "pk"
  | "renditions"
  | "sk"
  | "status"
  | "taken_at"
  | "title"
  | "truncated"
  | "width_px"
>;

/** A photo in the index by_time. */
export type TimeIndexRow = Pick<PhotoRow,
  | "edits"
  | "error"
  | "height_px"
  | "key"
  | "pk"
  | "reason"
  | "renditions"
  | "sk"
  | "status"
  | "step"
  | "taken_at"
  | "time_key"
  | "title"
  | "truncated"
  | "width_px"
>;

/** Why a photo was rejected. */
export type Reason =
  | "BAD_KEY"
  | "FOREIGN_BUCKET"
  | "ARCHIVED"
  | "CUSTOMER_KEY"
  | "EMPTY"
  | "TOO_LARGE"
  | "UNSUPPORTED_TYPE"
  | "RAW_WITHOUT_PREVIEW"
  | "TOO_MANY_PIXELS"
  | "TOO_COMPLEX"
  | "TRUNCATED"
  | "UNREADABLE";

export const MAX_BYTES = 268435456;
export const MIN_PREVIEW_PX = 1024;
export const MIN_MEGAPIXELS = 65;
export const MAX_MEGAPIXELS = 500;
export const MAX_LABEL_CHARACTERS = 64;
export const DIGEST_CHARACTERS = 24;
export const SIZE_DIGITS = 9;
export const UPLOADS_PREFIX = "uploads/";
