"""Read who made the photo, and the copyright notice. Never raises.

EXIF comes first, then XMP, then IPTC, as the Metadata Working Group orders them, and Windows' own
tag last. The checksum by which IPTC may come before XMP is not compared.

Source: Metadata Working Group, Guidelines 2.0, 5.7 and 5.8; Exif 2.32, 4.6.4 D (Copyright).
"""

from collections.abc import Iterable

from extract.exif import Exif
from extract.fillers import is_filler
from extract.iptc import Iptc
from extract.xmp import Xmp
from shared import text as clean
from shared.limits import MAX_TAG_CHARACTERS

_ARTIST, _COPYRIGHT, _XP_AUTHOR = 0x013B, 0x8298, 0x9C9D


def read_creator(exif: Exif, xmp: Xmp, iptc: Iptc) -> str | None:
    """Return the creator; several are separated by "; ", as in EXIF. None if none is stated."""
    authors = exif.raw("IFD0", _XP_AUTHOR).decode("utf-16-le", "ignore").partition("\0")[0]
    return _first(
        [exif.text("IFD0", _ARTIST)], xmp.all("dc:creator"), iptc.creators, authors.split(";")
    )


def read_copyright(exif: Exif, xmp: Xmp, iptc: Iptc) -> str | None:
    """Return the copyright notice; EXIF's has the photographer's and, after "; ", the editor's."""
    photographer, _, editor = exif.raw("IFD0", _COPYRIGHT).partition(b"\0")
    return _first([photographer, editor], [xmp.first("dc:rights")], [iptc.copyright])


def _first(*sources: Iterable[str | bytes | None]) -> str | None:
    """Return the texts of the first source that has some, in one text."""
    for source in sources:
        texts = [cleaned for value in source if (cleaned := _stated(value))]
        if texts:
            return clean.text("; ".join(texts), MAX_TAG_CHARACTERS)
    return None


def _stated(value: str | bytes | None) -> str | None:
    """Return a clean text; None if a camera fills it in, or if it has neither letter nor digit.

    Windows writes "????" where the encoding of a tag does not have the characters.
    """
    cleaned = clean.text(value, MAX_TAG_CHARACTERS)
    if cleaned is None or is_filler(cleaned) or not any(map(str.isalnum, cleaned)):
        return None
    return cleaned
