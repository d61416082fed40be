"""The JSON between the states: one struct for each payload.

statemachine.json.tftpl uses the same field names. docs/contracts.md is generated from this file.
Absent beats null: an optional field without a value is left out of the JSON.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal, TypeVar

import msgspec

from shared.errors import InvalidRequestError

Px = Annotated[int, msgspec.Meta(ge=1)]
Count = Annotated[int, msgspec.Meta(ge=0)]
Confidence = Annotated[float, msgspec.Meta(ge=0, le=100)]
Fraction = Annotated[float, msgspec.Meta(ge=0, le=1)]
Rating = Annotated[int, msgspec.Meta(ge=-1, le=5)]
Orientation = Annotated[int, msgspec.Meta(ge=1, le=8)]
UtcTime = Annotated[str, msgspec.Meta(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$")]
SortTime = Annotated[str, msgspec.Meta(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$")]
CountryCode = Annotated[str, msgspec.Meta(pattern=r"^[A-Z]{2}$")]
Precision = Literal["day", "month", "year"]
ThumbHash = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9+/]{20,38}={0,2}$")]
Sha256 = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}$")]
# PENDING: the Tag step failed, so the state machine published the photo without labels.
LabelsStatus = Annotated[str, msgspec.Meta(pattern=r"^(READY$|SKIPPED:.|FAILED:.|PENDING:.)")]


class Contract(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """A payload. It is immutable, and refuses unknown fields."""


class PhotoRef(Contract, frozen=True):
    """One version of one object, as S3 names it. The key is not decoded, and no path."""

    bucket: str
    key: str
    version_id: str | None = None  # absent in a bucket without versioning
    etag: str | None = None  # without quotes
    bytes: Count | None = None  # as in the event; Extract returns the size of the object itself


class ImageFacts(Contract, frozen=True):
    """Format and size of a picture. Width and height are as displayed: after orientation.

    Those of a raw photo are the raw photo's own, not its preview's.
    """

    format: str  # JPEG, PNG, WEBP, GIF, TIFF, AVIF or HEIC; of a raw photo NEF, DNG, CR3 and so on
    mime_type: str
    bytes: Count
    width_px: Px
    height_px: Px
    orientation: Orientation = 1


class TakenAt(Contract, frozen=True):
    """The time of the photo, by the camera's clock."""

    local: str  # 2016-04-09T14:08:13[.123], without a time zone; of a day, month or year its start
    source: str  # the tag, such as EXIF:DateTimeOriginal; FILENAME: its name; TAKEOUT: its archive
    precision: Precision | None = None  # the smallest unit that is known; absent: a full time
    offset: str | None = None  # such as +02:00; only if the file states it
    utc: UtcTime | None = None  # only if the offset is known
    plausible: bool = True  # false if before 1826 or over a day after the upload


class Location(Contract, frozen=True):
    """The place of the photo, in WGS 84."""

    latitude: Annotated[
        float, msgspec.Meta(ge=-90, le=90)
    ]  # degrees, north positive, rounded to 1e-6
    longitude: Annotated[
        float, msgspec.Meta(ge=-180, le=180)
    ]  # degrees, east positive, rounded to 1e-6
    altitude_m: Annotated[float, msgspec.Meta(ge=-1000, le=20000)] | None = None
    gps_valid: bool = True  # false for 0,0: the receiver had no fix


class Place(Contract, frozen=True):
    """The place of a position, in words. docs/places.md says how it is found."""

    country: str  # English name
    country_code: CountryCode  # ISO 3166-1 alpha-2; XK for Kosovo
    source: str  # names of the data sets
    data_version: str  # their versions
    region: str | None = None  # first-level division of the country
    city: str | None = None  # city or village of this country; absent at sea, and far from any
    distance_km: Annotated[float, msgspec.Meta(ge=0)] | None = (
        None  # to its center; at sea: to land
    )
    offshore: bool = False  # at sea, off the coast of this country
    other_countries: list[CountryCode] | None = None  # it may be there: see docs/places.md


class Camera(Contract, frozen=True):
    """The camera, and the settings of the exposure."""

    make: str | None = None
    model: str | None = None
    lens: str | None = None
    iso: Count | None = None
    f_number: float | None = None
    exposure_s: float | None = None
    focal_length_mm: float | None = None


class BoundingBox(Contract, frozen=True):
    """A box, in fractions of the displayed width and height, from the top left corner."""

    left: Fraction
    top: Fraction
    width: Fraction
    height: Fraction


class Person(Contract, frozen=True):
    """A person, or a pet, whom the file names."""

    name: str
    boxes: list[BoundingBox] = []  # of the face; none if the file states none that holds


class Metadata(Contract, frozen=True):
    """The facts that the file states beside its pixels."""

    taken_at: TakenAt | None = None
    location: Location | None = None
    place: Place | None = None  # of the location
    camera: Camera | None = None
    title: str | None = None
    description: str | None = None
    keywords: list[str] | None = None
    creator: str | None = None  # several are separated by "; "
    copyright: str | None = None
    rating: Rating | None = None  # 1 to 5 stars, or -1: rejected; absent: not rated
    people: list[Person] | None = None
    sources: dict[str, str] | None = None  # of fields that only an archive states: TAKEOUT


class Sidecar(Contract, frozen=True):
    """What an archive says of a photo beside its file. The file's own metadata outranks it.

    gallery/importing.py writes it into the object's metadata in S3, and Extract reads it there.
    """

    source: Annotated[str, msgspec.Meta(pattern=r"^[A-Z]{1,32}$")]  # such as TAKEOUT
    taken: UtcTime | None = None
    latitude: Annotated[float, msgspec.Meta(ge=-90, le=90)] | None = None
    longitude: Annotated[float, msgspec.Meta(ge=-180, le=180)] | None = None
    altitude_m: Annotated[float, msgspec.Meta(ge=-1000, le=20000)] | None = None
    title: str | None = None
    description: str | None = None
    keywords: list[str] | None = None
    people: list[str] | None = None  # names


class Term(Contract, frozen=True):
    """What a photo can be found by."""

    key: str  # <kind>#<text, folded>
    text: str | None = None  # as it is written; absent if the folded one is the same


class Terms(Contract, frozen=True):
    """The terms of a photo by the field that states them, each list at most as long as its rows."""

    people: list[Term] | None = None
    keywords: list[Term] | None = None
    place: list[Term] | None = None  # geohash of the position, city, region and country
    camera: list[Term] | None = None
    labels: list[Term] | None = None  # and ancestors; only in the row
    title: list[Term] | None = None  # words
    description: list[Term] | None = None  # words
    left_out: dict[str, Count] | None = None  # by field: how many more terms it has


class Position(Contract, frozen=True):
    """A position that a person wrote, in WGS 84."""

    latitude: Annotated[float, msgspec.Meta(ge=-90, le=90)]  # degrees, north positive
    longitude: Annotated[float, msgspec.Meta(ge=-180, le=180)]  # degrees, east positive


class Edited(Contract, frozen=True):
    """Fields that a person wrote, of which the terms are to be found."""

    title: str | None = None
    description: str | None = None
    keywords: list[str] | None = None
    position: Position | None = None


class ExtractRequest(Contract, frozen=True):
    """Input of the Extract step."""

    photo: PhotoRef
    edited: Edited | None = None  # by a release that did not know terms


class EditRequest(Contract, frozen=True):
    """Another input of the Extract function: of an edit, not of the step."""

    edited: Edited


class EditResult(Contract, frozen=True):
    """Output of the Extract function for an `EditRequest`."""

    terms: Terms  # of the fields in the request
    place: Place | None = None  # of the position; absent on the high seas


class Preview(Contract, frozen=True):
    """The JPEG within a raw photo that is shown in its place."""

    first: Count  # byte of the object
    last: Count  # included
    orientation: Orientation = 1  # to apply, whatever the JPEG itself says


class ExtractResult(Contract, frozen=True):
    """Output of the Extract step."""

    image: ImageFacts
    metadata: Metadata
    uploaded_at: UtcTime  # S3's LastModified: of a multipart upload, the time at which it began
    sort_time: SortTime  # taken (if plausible) by the camera's clock, else uploaded in UTC
    version: Count  # of the code of this step
    precision: Precision | None = None  # of the sort time; absent: a full time
    preview: Preview | None = None  # of a raw photo: all that the other steps read
    terms: Terms = Terms()  # of what the file states
    edited_terms: Terms | None = None  # of `ExtractRequest.edited`


class ThumbnailRequest(Contract, frozen=True):
    """Input of the Thumbnail step."""

    photo: PhotoRef
    preview: Preview | None = None
    creator: str | None = None  # as in Metadata; in the renditions only with KEEP_COPYRIGHT
    copyright: str | None = None  # as creator


class Rendition(Contract, frozen=True):
    """One picture derived from a photo."""

    key: str  # in the derived bucket
    width_px: Px
    height_px: Px
    bytes: Count
    mime_type: str
    thumbhash: ThumbHash | None = None  # of thumb: base64, for a blurred picture until it is loaded


class ThumbnailResult(Contract, frozen=True):
    """Output of the Thumbnail step."""

    renditions: dict[str, Rendition]
    sha256: Sha256  # of the photo's bytes; of a raw photo, of its preview's bytes
    version: Count
    truncated: bool = False  # the file is cut or damaged; what is missing is gray


class TagRequest(Contract, frozen=True):
    """Input of the Tag step."""

    photo: PhotoRef
    image: ImageFacts
    preview: Preview | None = None
    relabel: bool = False  # call the labeler even if the same bytes have labels already


class Instance(Contract, frozen=True):
    """One place in the picture to which a label applies."""

    confidence: Confidence  # percent
    box: BoundingBox


class Label(Contract, frozen=True):
    """A label of a photo, with Rekognition's fields in snake_case."""

    name: str
    confidence: Confidence  # percent
    parents: list[str] = []  # all ancestors
    categories: list[str] = []
    aliases: list[str] = []
    instances: list[Instance] = []


class TagResult(Contract, frozen=True):
    """Output of the Tag step."""

    labels: list[Label]
    label_index: list[str]  # labels and ancestors to find the photo by: folded, best first
    labels_status: LabelsStatus  # PENDING only in the row, if the step failed
    version: Count
    labels_model: str | None = None  # the model and its version, such as rekognition 3.0


LABELS_READY: Final = "READY"

ContractT = TypeVar("ContractT", bound=Contract)


def parse(contract: type[ContractT], event: Mapping[str, object]) -> ContractT:
    """Build `contract` from a state's input.

    Raises:
        InvalidRequestError: a field is missing, unknown, of another JSON type or out of range;
            the message names contract, rule and path.
    """
    try:
        return msgspec.convert(event, type=contract)
    except msgspec.ValidationError as error:
        raise InvalidRequestError(f"{contract.__name__}: {error}") from error


def dump(result: Contract) -> dict[str, Any]:
    """Return `result` as plain JSON values, without the fields that hold their default."""
    plain: dict[str, Any] = msgspec.to_builtins(result)
    return plain
