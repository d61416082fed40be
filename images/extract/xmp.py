"""Read the few XMP properties that are kept.

A document type declaration ends the parsing, so no entity is ever expanded or fetched.

Source: XMP specification part 1, 7 (ISO 16684-1); Camera Raw and Lightroom namespaces, part 2.
"""

from collections.abc import Mapping
from typing import Final
from xml.parsers import expat  # _refuse_document_type keeps entities out

from formats import MAX_METADATA_BYTES
from shared.limits import MAX_XMP_NAME_BYTES, refuse_parts

_RDF: Final = "http://www.w3.org/1999/02/22-rdf-syntax-ns# "
_PHOTO: Final = [_RDF + "RDF", _RDF + "Description"]  # the elements around the photo's properties
_XML_LANG: Final = "http://www.w3.org/XML/1998/namespace lang"
_NAMES: Final[Mapping[str, str]] = {
    "http://purl.org/dc/elements/1.1/ title": "dc:title",
    "http://purl.org/dc/elements/1.1/ description": "dc:description",
    "http://purl.org/dc/elements/1.1/ subject": "dc:subject",
    "http://ns.adobe.com/lightroom/1.0/ hierarchicalSubject": "lr:hierarchicalSubject",
    "http://ns.adobe.com/exif/1.0/ DateTimeOriginal": "exif:DateTimeOriginal",
    "http://ns.adobe.com/exif/1.0/ GPSLatitude": "exif:GPSLatitude",
    "http://ns.adobe.com/exif/1.0/ GPSLongitude": "exif:GPSLongitude",
    "http://ns.adobe.com/exif/1.0/ GPSAltitude": "exif:GPSAltitude",
    "http://ns.adobe.com/exif/1.0/ GPSAltitudeRef": "exif:GPSAltitudeRef",
    "http://ns.adobe.com/photoshop/1.0/ DateCreated": "photoshop:DateCreated",
    "http://ns.adobe.com/exif/1.0/aux/ Lens": "aux:Lens",
}
_MAX_VALUES: Final = 1_000  # of one property


class _DocumentTypeError(Exception):
    """The document has a document type declaration; real XMP has none."""


class Xmp:
    """Values by property of the photo, such as `dc:title`. The default language comes first.

    A property within another one, such as those of a composite's ingredients in `xmpMM:Pantry`, is
    not the photo's.
    """

    def __init__(self, document: bytes | None) -> None:
        """Parse `document` up to its first error."""
        self._values: dict[str, list[str]] = {}
        self._open: list[str] = []  # the elements around the current place
        self._property: str | None = None
        self._text: list[str] = []
        self._is_default = False
        self._name_characters = 0
        if document:
            self._parse(document[:MAX_METADATA_BYTES].strip(b"\0 \t\r\n"))

    def all(self, name: str) -> list[str]:
        """Return all values of a property; empty if it is absent."""
        return self._values.get(name, [])

    def first(self, name: str) -> str | None:
        """Return the first value of a property; None if it is absent."""
        return next(iter(self.all(name)), None)

    def _parse(self, document: bytes) -> None:
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.buffer_text = True
        parser.StartDoctypeDeclHandler = _refuse_document_type
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text.append
        try:
            parser.Parse(document, True)  # noqa: FBT003  # takes no keyword
        except (expat.ExpatError, _DocumentTypeError, LookupError, ValueError):
            return  # broken, or an unknown encoding: the values before the error are kept

    def _start(self, name: str, attributes: Mapping[str, str]) -> None:
        # A namespace of half a megabyte may stand before the name of every element.
        self._name_characters += len(name) + sum(map(len, attributes))
        refuse_parts(self._name_characters, "characters in names of XMP", MAX_XMP_NAME_BYTES)
        is_property = self._open[-2:] == _PHOTO
        self._open.append(name)
        if self._open[-2:] == _PHOTO:
            for attribute, value in attributes.items():
                if attribute in _NAMES:
                    self._add(_NAMES[attribute], value)
        elif is_property:
            self._property = _NAMES.get(name)
            self._is_default = False
            self._text.clear()
        elif name == _RDF + "li":
            self._is_default = attributes.get(_XML_LANG) == "x-default"
            self._text.clear()

    def _end(self, name: str) -> None:
        self._open.pop()
        is_property = self._open[-2:] == _PHOTO
        if is_property or name == _RDF + "li":
            self._add(self._property, "".join(self._text))
            self._text.clear()
        if is_property:
            self._property = None

    def _add(self, name: str | None, value: str) -> None:
        if name is None or not value.strip():
            return
        values = self._values.setdefault(name, [])
        if len(values) < _MAX_VALUES:
            values.insert(0 if self._is_default else len(values), value)


def _refuse_document_type(*_declaration: object) -> None:
    raise _DocumentTypeError
