"""Merge a file's EXIF, XMP and IPTC, and what an archive says of it, to contracts.Metadata.

No AWS, no clock.

Each value is cleaned before it is kept.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Final

from extract.comment import decode_comment
from extract.exif import Directory, Exif, read_exif
from extract.filename import date_in_name
from extract.fillers import is_filler
from extract.iptc import Iptc, read_iptc
from extract.people import read_people
from extract.place import locate, place_at
from extract.rights import read_copyright, read_creator
from extract.sidecar import completed
from extract.times import Stated, choose_time, is_full, share_offsets
from extract.xmp import Xmp
from formats import ByteOrder, Structure, Tiff, orientation_of
from shared import text as clean
from shared.contracts import Camera, Metadata, Person, Sidecar
from shared.limits import (
    MAX_DESCRIPTION_CHARACTERS,
    MAX_KEYWORD_CHARACTERS,
    MAX_KEYWORDS,
    MAX_TAG_CHARACTERS,
)

_ISO_OVERFLOW: Final = 65_535  # the maximum of a SHORT: then another tag has the true value
_REJECTED, _MAX_STARS = -1, 5
_TIMES: Final[tuple[tuple[str, Directory, int, int, int], ...]] = (
    # source, directory and tag of the time; tags of its fraction and of its offset
    ("EXIF:DateTimeOriginal", "EXIF", 0x9003, 0x9291, 0x9011),
    ("EXIF:DateTimeDigitized", "EXIF", 0x9004, 0x9292, 0x9012),
    ("EXIF:DateTime", "IFD0", 0x0132, 0x9290, 0x9010),
)

_IPTC_TIME: Final = r"(\d\d):?(\d\d):?(\d\d)(?:([+-]\d\d):?(\d\d))?"  # as 140813+0200


def read_metadata(
    structure: Structure,
    tiff: Tiff,
    uploaded_at: str,
    *,
    file_name: str,
    sidecar: Sidecar | None = None,
) -> Metadata:
    """Merge EXIF, XMP and IPTC, then the sidecar. A field that none of them has is absent.

    Args:
        structure: of the file; it may be incomplete.
        tiff: the entries of the EXIF block.
        uploaded_at: UTC, as contracts.UtcTime. A time much later than this is not plausible.
        file_name: without its folder. A date in it counts if the file itself has none.
        sidecar: states only fields that the file does not state.
    """
    exif, xmp, iptc = read_exif(tiff), Xmp(structure.xmp), read_iptc(structure.iptc)
    camera, location = _camera(exif, xmp), locate(exif, xmp)
    keywords = clean.distinct(_keywords(exif, xmp, iptc), MAX_KEYWORD_CHARACTERS, MAX_KEYWORDS)
    titles = (xmp.first("dc:title"), iptc.title, _utf16(exif.raw("IFD0", 0x9C9B)))
    descriptions = _descriptions(exif, xmp, iptc, tiff.byte_order)
    stated = Metadata(
        taken_at=choose_time(_times(exif, xmp, iptc, file_name, sidecar), uploaded_at),
        location=location,
        place=place_at(location),
        camera=camera if camera != Camera() else None,
        title=clean.first(_by_people(titles), MAX_TAG_CHARACTERS),
        description=clean.first(_by_people(descriptions), MAX_DESCRIPTION_CHARACTERS),
        keywords=keywords or None,
        creator=read_creator(exif, xmp, iptc),
        copyright=read_copyright(exif, xmp, iptc),
        rating=_rating(exif, xmp),
        people=_people(xmp, structure, tiff) or None,
    )
    return stated if sidecar is None else completed(stated, sidecar)


def _times(
    exif: Exif, xmp: Xmp, iptc: Iptc, file_name: str, sidecar: Sidecar | None
) -> Iterator[Stated]:
    """Yield the times, best source first: of the exposure, of the scan, of the last change.

    An archive knows the moment, but not the camera's clock; a name with a time of day knows that.

    Source: Metadata Working Group, Guidelines for Handling Image Metadata 2.0, as ExifTool's MWG
    module reads them: of each of the three, EXIF before XMP before IPTC.
    """
    original, digitized, modified = share_offsets(
        [
            Stated(
                source,
                exif.text(directory, time),
                exif.text("EXIF", fraction),
                exif.text("EXIF", offset),
            )
            for source, directory, time, fraction, offset in _TIMES
        ]
    )
    yield original
    yield Stated("XMP:DateTimeOriginal", xmp.first("exif:DateTimeOriginal"))
    yield Stated("XMP:DateCreated", xmp.first("photoshop:DateCreated"))
    yield from _iptc_times("IPTC:DateCreated", iptc.date, iptc.time)
    yield digitized
    yield Stated("XMP:DateTimeDigitized", xmp.first("exif:DateTimeDigitized"))
    yield Stated("XMP:CreateDate", xmp.first("xmp:CreateDate"))
    yield from _iptc_times("IPTC:DigitalCreationDate", iptc.digital_date, iptc.digital_time)
    yield modified  # xmp:ModifyDate is not read: only programs that change a photo write it
    named = date_in_name(file_name)
    archived = () if sidecar is None else (Stated(sidecar.source, sidecar.taken),)
    yield from (named, *archived) if is_full(named) else (*archived, named)


def _iptc_times(source: str, date: bytes | None, time: bytes | None) -> Iterator[Stated]:
    """Yield 20160409 and 140813+0200 as one time, then the date alone."""
    if date is None:
        return
    day = clean.decode(date).strip()
    if match := re.fullmatch(_IPTC_TIME, clean.decode(time or b"").strip(), re.ASCII):
        hour, minute, second, east, east_minutes = match.groups()
        offset = f"{east}:{east_minutes}" if east else None
        yield Stated(source, f"{day} {hour}:{minute}:{second}", offset=offset)
    yield Stated(source, day)


def _camera(exif: Exif, xmp: Xmp) -> Camera:
    iso = clean.positive(exif.number("EXIF", 0x8827))
    if iso == _ISO_OVERFLOW:
        iso = clean.positive(exif.number("EXIF", 0x8832), below=2**32)
    if iso is None:
        sensitivity = xmp.number("exifEX:PhotographicSensitivity")
        iso = clean.positive(sensitivity or xmp.number("exif:ISOSpeedRatings"), below=2**32)
    makes = (exif.text("IFD0", 0x010F), xmp.first("tiff:Make"))
    models = (exif.text("IFD0", 0x0110), xmp.first("tiff:Model"))
    lenses = (exif.text("EXIF", 0xA434), xmp.first("exifEX:LensModel"), xmp.first("aux:Lens"))
    return Camera(
        make=clean.first(makes, MAX_TAG_CHARACTERS),
        model=clean.first(models, MAX_TAG_CHARACTERS),
        lens=clean.first(lenses, MAX_TAG_CHARACTERS),
        iso=None if iso is None else round(iso),
        f_number=_setting(exif.number("EXIF", 0x829D), xmp.number("exif:FNumber")),
        exposure_s=_setting(exif.number("EXIF", 0x829A), xmp.number("exif:ExposureTime")),
        focal_length_mm=_setting(exif.number("EXIF", 0x920A), xmp.number("exif:FocalLength")),
    )


def _setting(*stated: float | None) -> float | None:
    """Return the first of the numbers `stated` that is valid."""
    return next((kept for number in stated if (kept := clean.positive(number))), None)


def _rating(exif: Exif, xmp: Xmp) -> int | None:
    """Return the rating of the first source that states a valid one; None for 0, not rated.

    Many cameras and editors write 0. Windows states percent: 1, 25, 50, 75 and 99 for its stars.
    """
    stars = (xmp.number("xmp:Rating"), exif.number("IFD0", 0x4746))
    percent = (xmp.number("MicrosoftPhoto:Rating"), exif.number("IFD0", 0x4749))
    for value in stars:
        if value is not None and _REJECTED <= value <= _MAX_STARS:
            return int(value) or None
    for value in percent:
        if value is not None and 0 <= value <= 100:  # noqa: PLR2004  # percent
            return 1 + round(value / 25) if value else None
    return None


def _people(xmp: Xmp, structure: Structure, tiff: Tiff) -> list[Person]:
    width_px, height_px = structure.width_px, structure.height_px
    if width_px is None or height_px is None:
        return []
    orientation = structure.orientation or orientation_of(tiff)
    return read_people(xmp, width_px, height_px, orientation)


def _descriptions(
    exif: Exif, xmp: Xmp, iptc: Iptc, order: ByteOrder
) -> Iterator[str | bytes | None]:
    """Yield descriptions: first the fields that people write, then those that cameras fill in."""
    yield xmp.first("dc:description")
    yield iptc.description
    yield exif.text("IFD0", 0x010E)
    yield _utf16(exif.raw("IFD0", 0x9C9F))
    yield _utf16(exif.raw("IFD0", 0x9C9C))
    yield decode_comment(exif.raw("EXIF", 0x9286), order)


def _by_people(texts: Iterable[str | bytes | None]) -> Iterator[str | bytes]:
    """Yield the texts that no camera has filled in."""
    for text in texts:
        cleaned = clean.text(text, MAX_DESCRIPTION_CHARACTERS)
        if text is not None and cleaned is not None and not is_filler(cleaned):
            yield text


def _keywords(exif: Exif, xmp: Xmp, iptc: Iptc) -> Iterator[str | bytes]:
    yield from xmp.all("dc:subject")
    for path in xmp.all("lr:hierarchicalSubject"):
        yield path.rpartition("|")[2]
    yield from iptc.keywords
    yield from _utf16(exif.raw("IFD0", 0x9C9E)).split(";")


def _utf16(value: bytes) -> str:
    """Decode one of the XP tags that Windows writes, up to its first NUL."""
    return value.decode("utf-16-le", "ignore").partition("\0")[0]
