"""XMP sidecars: what the gallery knows of a photo, as darktable, digiKam and Lightroom read it.

Standard properties have the values that the gallery shows: those of the file, with a person's edits
over them. `gallery:edits` tells the two apart: it has the edits alone, and is all that an import
reads. No AWS, no file system.

XMP: ISO 16684-1; https://developer.adobe.com/xmp/docs/XMPNamespaces/
IPTC: https://www.iptc.org/std/photometadata/specification/IPTC-PhotoMetadata
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final
from xml.etree import ElementTree as ET
from xml.parsers import expat  # _refuse_document_type keeps entities out

import msgspec

from gallery import records
from gallery.records import Edits
from shared.errors import PhotoError
from shared.limits import MAX_XMP_NAME_CHARACTERS, refuse_parts

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from gallery.records import Photo
    from shared.contracts import Location, Place, TakenAt
    from shared.rows import PhotoRow

NAMESPACE: Final = "urn:x-tacocat-gallery:export:1/"  # exiv2 requires a "/" or "#" at its end
MAX_SIDECAR_BYTES: Final = 1_048_576  # edits have at most 65,536 characters, labels 16 KiB

_RDF: Final = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_META: Final = "adobe:ns:meta/"
_XML: Final = "http://www.w3.org/XML/1998/namespace"
_NAMESPACES: Final[Mapping[str, str]] = {
    "dc": "http://purl.org/dc/elements/1.1/",
    "exif": "http://ns.adobe.com/exif/1.0/",
    "gallery": NAMESPACE,
    "Iptc4xmpCore": "http://iptc.org/std/Iptc4xmpCore/1.0/xmlns/",
    "Iptc4xmpExt": "http://iptc.org/std/Iptc4xmpExt/2008-02-29/",
    "lr": "http://ns.adobe.com/lightroom/1.0/",
    "photoshop": "http://ns.adobe.com/photoshop/1.0/",
    "rdf": _RDF,
    "x": _META,
    "xmp": "http://ns.adobe.com/xap/1.0/",
}
_LABELS: Final = "Labels"  # the branch of lr:hierarchicalSubject that has them
_DATE_CHARACTERS: Final = {"year": 4, "month": 7, "day": 10}  # XMP has dates of these precisions
_NOT_XML: Final = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

for _prefix, _uri in _NAMESPACES.items():
    ET.register_namespace(_prefix, _uri)


class SidecarError(Exception):
    """A sidecar cannot be read; the message says why."""


def write(row: PhotoRow | None, *, described: bool) -> bytes:
    """Return the sidecar of a photo.

    Args:
        row: of the photo; None if it was never processed.
        described: the row is of the version of the object that the sidecar is for. Otherwise
            only the edits hold, which are those of the key.
    """
    description = ET.Element(f"{{{_RDF}}}Description", {f"{{{_RDF}}}about": ""})
    if row is not None:
        if described:
            _facts(description, records.photo(row))
            if row.labels:
                _text(description, "gallery:labels", _json(row.labels))
                _text(description, "gallery:labelsModel", row.labels_model)
        edits = records.decoded(row.edits)
        if edits != Edits():
            _text(description, "gallery:edits", _json(edits))
    meta = ET.Element(f"{{{_META}}}xmpmeta")
    ET.SubElement(meta, f"{{{_RDF}}}RDF").append(description)
    ET.indent(meta)
    document = ET.tostring(meta, "unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{document}\n'.encode()


def read(document: bytes) -> Edits:
    """Return the edits in a sidecar; none if it has none.

    Raises:
        SidecarError: it is not XML, has a document type, is too large, or its edits are none.
    """
    if len(document) > MAX_SIDECAR_BYTES:
        raise SidecarError(
            f"{len(document):,} bytes; at most {MAX_SIDECAR_BYTES:,} are allowed for a sidecar"
        )
    text = _Reader().edits(document)
    try:
        return records.decoded(text)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise SidecarError(f"gallery:edits: {error}") from error


def _facts(description: ET.Element, photo: Photo) -> None:
    """Add the standard properties."""
    keywords = photo.keywords
    labels = [f"{_LABELS}|{_level(label.name)}" for label in photo.labels]
    _list(description, "dc:title", "Alt", [photo.title])
    _list(description, "dc:description", "Alt", [photo.description])
    _list(description, "dc:subject", "Bag", keywords)
    # with the keywords, for programs that read them here and not in dc:subject
    _list(description, "lr:hierarchicalSubject", "Bag", [*map(_level, keywords), *labels])
    _list(description, "dc:creator", "Seq", [photo.creator])
    _list(description, "dc:rights", "Alt", [photo.copyright])
    _list(description, "Iptc4xmpExt:PersonInImage", "Bag", [person.name for person in photo.people])
    _text(description, "xmp:Rating", None if photo.rating is None else str(photo.rating))
    if photo.taken_at is not None and photo.taken_at.plausible:
        date = _date(photo.taken_at)
        _text(description, "photoshop:DateCreated", date)
        if photo.taken_at.precision is None:  # EXIF has no dates without a time
            _text(description, "exif:DateTimeOriginal", date)
            _text(description, "xmp:CreateDate", date)
    if photo.location is not None and photo.location.gps_valid:
        _position(description, photo.location)
        if photo.place is not None:
            _place(description, photo.place)


def _date(taken: TakenAt) -> str:
    """Return a date as XMP writes it: as much of it as is known."""
    if taken.precision is not None:
        return taken.local[: _DATE_CHARACTERS[taken.precision]]
    return taken.local + (taken.offset or "")


def _position(description: ET.Element, location: Location) -> None:
    _text(description, "exif:GPSVersionID", "2.3.0.0")
    _text(description, "exif:GPSLatitude", _degrees(location.latitude, "NS"))
    _text(description, "exif:GPSLongitude", _degrees(location.longitude, "EW"))
    _text(description, "exif:GPSMapDatum", "WGS-84")
    if location.altitude_m is not None:
        _text(description, "exif:GPSAltitude", f"{round(abs(location.altitude_m) * 100)}/100")
        _text(description, "exif:GPSAltitudeRef", "1" if location.altitude_m < 0 else "0")


def _degrees(degrees: float, directions: str) -> str:
    """Return "DDD,MM.mmmmmmk", in which exif:GPSLatitude is written."""
    whole, micro_minutes = divmod(round(abs(degrees) * 60_000_000), 60_000_000)
    return f"{whole},{micro_minutes / 1e6:.6f}{directions[degrees < 0]}"


def _place(description: ET.Element, place: Place) -> None:
    _text(description, "photoshop:City", place.city)
    _text(description, "photoshop:State", place.region)
    _text(description, "photoshop:Country", place.country)
    _text(description, "Iptc4xmpCore:CountryCode", place.country_code)
    created = ET.SubElement(description, _name("Iptc4xmpExt:LocationCreated"))
    bag = ET.SubElement(created, f"{{{_RDF}}}Bag")
    one = ET.SubElement(bag, f"{{{_RDF}}}li", {f"{{{_RDF}}}parseType": "Resource"})
    _text(one, "Iptc4xmpExt:City", place.city)
    _text(one, "Iptc4xmpExt:ProvinceState", place.region)
    _text(one, "Iptc4xmpExt:CountryName", place.country)
    _text(one, "Iptc4xmpExt:CountryCode", place.country_code)


def _level(name: str) -> str:
    """Return a name as one level of a hierarchical keyword; "|" separates levels."""
    return name.replace("|", "/")


def _text(parent: ET.Element, name: str, value: str | None) -> None:
    if value:
        ET.SubElement(parent, _name(name)).text = _NOT_XML.sub("", value)


def _list(parent: ET.Element, name: str, kind: str, values: Iterable[str | None]) -> None:
    """Add a property that is an rdf:Alt of languages, an rdf:Bag or an rdf:Seq."""
    stated = [value for value in values if value]
    if not stated:
        return
    items = ET.SubElement(ET.SubElement(parent, _name(name)), f"{{{_RDF}}}{kind}")
    language = {f"{{{_XML}}}lang": "x-default"} if kind == "Alt" else {}
    for value in stated:
        ET.SubElement(items, f"{{{_RDF}}}li", language).text = _NOT_XML.sub("", value)


def _name(name: str) -> str:
    prefix, _, local = name.partition(":")
    return f"{{{_NAMESPACES[prefix]}}}{local}"


def _json(value: Any) -> str:  # noqa: ANN401  # whatever msgspec encodes
    """Return JSON that XML can contain: other characters are escaped as JSON allows."""
    text = msgspec.json.encode(value).decode()
    return _NOT_XML.sub(lambda one: f"\\u{ord(one[0]):04x}", text)


class _DocumentTypeError(Exception):
    """The document has a document type declaration; no XMP has one."""


class _Reader:
    """Reads one property of a photo. Nothing is kept of all others."""

    def __init__(self) -> None:
        self._path: list[str] = []
        self._text: list[str] = []
        self._found: str | None = None
        self._name_characters = 0

    def edits(self, document: bytes) -> str | None:
        """Return the text of gallery:edits; None if it is absent.

        Raises:
            SidecarError: the document is not XML, or has a document type.
        """
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.buffer_text = True
        parser.StartDoctypeDeclHandler = _refuse_document_type
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._characters
        try:
            parser.Parse(document, True)  # noqa: FBT003  # takes no keyword
        except _DocumentTypeError as error:
            raise SidecarError("it has a document type declaration") from error
        except (expat.ExpatError, LookupError, PhotoError, ValueError) as error:
            raise SidecarError(f"not XML: {error}") from error
        return self._found

    @property
    def _is_edits(self) -> bool:
        return self._path == [
            f"{_META} xmpmeta",
            f"{_RDF} RDF",
            f"{_RDF} Description",
            f"{NAMESPACE} edits",
        ]

    def _start(self, name: str, attributes: Mapping[str, str]) -> None:
        # A namespace of half a megabyte may stand before the name of every element.
        self._name_characters += len(name) + sum(map(len, attributes))
        refuse_parts(self._name_characters, "characters in names of XMP", MAX_XMP_NAME_CHARACTERS)
        self._path.append(name)
        edits = attributes.get(f"{NAMESPACE} edits")  # as other programs rewrite it
        if edits is not None and name == f"{_RDF} Description":
            self._found = edits

    def _characters(self, text: str) -> None:
        if self._is_edits:
            self._text.append(text)

    def _end(self, _name: str) -> None:
        if self._is_edits:
            self._found = "".join(self._text)
        self._path.pop()


def _refuse_document_type(*_declaration: object) -> None:
    raise _DocumentTypeError
