"""Read the few XMP properties that are kept.

A document type declaration ends the parsing, so no entity is ever expanded or fetched.

Source: XMP specification part 1, 7 (ISO 16684-1); Camera Raw and Lightroom namespaces, part 2.
Of regions: Metadata Working Group, Guidelines 2.0, 5.9; Microsoft, People Tagging Overview.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from xml.parsers import expat  # _refuse_document_type keeps entities out

from formats import MAX_METADATA_BYTES
from shared.limits import MAX_XMP_NAME_CHARACTERS, refuse_parts

_RDF: Final = "http://www.w3.org/1999/02/22-rdf-syntax-ns# "
_PHOTO: Final = [_RDF + "RDF", _RDF + "Description"]  # the elements around the photo's properties
_XML_LANG: Final = "http://www.w3.org/XML/1998/namespace lang"
_NAMES: Final[Mapping[str, str]] = {
    "http://purl.org/dc/elements/1.1/ title": "dc:title",
    "http://purl.org/dc/elements/1.1/ description": "dc:description",
    "http://purl.org/dc/elements/1.1/ subject": "dc:subject",
    "http://ns.adobe.com/lightroom/1.0/ hierarchicalSubject": "lr:hierarchicalSubject",
    "http://ns.adobe.com/exif/1.0/ DateTimeOriginal": "exif:DateTimeOriginal",
    "http://ns.adobe.com/exif/1.0/ DateTimeDigitized": "exif:DateTimeDigitized",
    "http://ns.adobe.com/xap/1.0/ CreateDate": "xmp:CreateDate",
    "http://ns.adobe.com/exif/1.0/ GPSLatitude": "exif:GPSLatitude",
    "http://ns.adobe.com/exif/1.0/ GPSLongitude": "exif:GPSLongitude",
    "http://ns.adobe.com/exif/1.0/ GPSAltitude": "exif:GPSAltitude",
    "http://ns.adobe.com/exif/1.0/ GPSAltitudeRef": "exif:GPSAltitudeRef",
    "http://ns.adobe.com/photoshop/1.0/ DateCreated": "photoshop:DateCreated",
    "http://ns.adobe.com/exif/1.0/aux/ Lens": "aux:Lens",
    "http://cipa.jp/exif/1.0/ LensModel": "exifEX:LensModel",
    "http://cipa.jp/exif/1.0/ PhotographicSensitivity": "exifEX:PhotographicSensitivity",
    "http://ns.adobe.com/exif/1.0/ ISOSpeedRatings": "exif:ISOSpeedRatings",
    "http://ns.adobe.com/exif/1.0/ FNumber": "exif:FNumber",
    "http://ns.adobe.com/exif/1.0/ ExposureTime": "exif:ExposureTime",
    "http://ns.adobe.com/exif/1.0/ FocalLength": "exif:FocalLength",
    "http://ns.adobe.com/tiff/1.0/ Make": "tiff:Make",
    "http://ns.adobe.com/tiff/1.0/ Model": "tiff:Model",
    "http://purl.org/dc/elements/1.1/ creator": "dc:creator",
    "http://purl.org/dc/elements/1.1/ rights": "dc:rights",
    "http://ns.adobe.com/xap/1.0/ Rating": "xmp:Rating",
    "http://ns.microsoft.com/photo/1.0/ Rating": "MicrosoftPhoto:Rating",
    "http://ns.microsoft.com/photo/1.0 Rating": "MicrosoftPhoto:Rating",  # as exiftool writes it
    "http://iptc.org/std/Iptc4xmpExt/2008-02-29/ PersonInImage": "Iptc4xmpExt:PersonInImage",
}
_MAX_VALUES: Final = 1_000  # of one property; regions of one list

_MWG: Final = "http://www.metadataworkinggroup.com/schemas/regions/ "
_AREA: Final = "http://ns.adobe.com/xmp/sType/Area# "
_SIZE: Final = "http://ns.adobe.com/xap/1.0/sType/Dimensions# "
_MICROSOFT: Final = "http://ns.microsoft.com/photo/1.2/"
_MICROSOFT_REGION: Final = f"{_MICROSOFT}t/Region# "
_REGIONS: Final[Mapping[str, str]] = {  # properties that list regions
    f"{_MWG}Regions": "mwg-rs:Regions",
    f"{_MICROSOFT} RegionInfo": "MP:RegionInfo",
}
# The parts of these properties that are kept, by their path without the elements of RDF.
_PARTS: Final[Mapping[tuple[str, ...], str]] = {
    (f"{_MWG}AppliedToDimensions", f"{_SIZE}w"): "w",
    (f"{_MWG}AppliedToDimensions", f"{_SIZE}h"): "h",
    (f"{_MWG}RegionList", f"{_MWG}Name"): "Name",
    (f"{_MWG}RegionList", f"{_MWG}Type"): "Type",
    (f"{_MWG}RegionList", f"{_MWG}Area", f"{_AREA}x"): "x",
    (f"{_MWG}RegionList", f"{_MWG}Area", f"{_AREA}y"): "y",
    (f"{_MWG}RegionList", f"{_MWG}Area", f"{_AREA}w"): "w",
    (f"{_MWG}RegionList", f"{_MWG}Area", f"{_AREA}h"): "h",
    (f"{_MWG}RegionList", f"{_MWG}Area", f"{_AREA}unit"): "unit",
    (f"{_MICROSOFT}t/RegionInfo# Regions", f"{_MICROSOFT_REGION}PersonDisplayName"): "Name",
    (f"{_MICROSOFT}t/RegionInfo# Regions", f"{_MICROSOFT_REGION}Rectangle"): "Rectangle",
}
_LISTS: Final = frozenset({f"{_MWG}RegionList", f"{_MICROSOFT}t/RegionInfo# Regions"})
_MAX_DEPTH: Final = 16  # of elements within a list of regions; writers nest at most 9

_NUMBER: Final = re.compile(
    r"\s*(?P<number>-?\d{1,12}(?:\.\d{0,20})?(?:[eE][-+]?\d\d?)?)"
    r"(?:/(?P<divisor>\d{1,12}(?:\.\d{0,15})?))?\s*",
    re.ASCII,
)


class _DocumentTypeError(Exception):
    """The document has a document type declaration; real XMP has none."""


@dataclass(slots=True)
class Regions:
    """A property that lists regions of the picture. Nothing in it is checked."""

    applied_to: dict[str, str] = field(default_factory=dict)  # the picture's w and h at that time
    regions: list[dict[str, str]] = field(default_factory=list)  # Name, Type; x, y, w, h, …


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
        self._regions: dict[str, Regions] = {}
        self._list: Regions | None = None  # the one around the current place
        self._list_depth = 0  # of the element of `_list`
        self._name_characters = 0
        if document:
            self._parse(document[:MAX_METADATA_BYTES].strip(b"\0 \t\r\n"))

    def all(self, name: str) -> list[str]:
        """Return all values of a property; empty if it is absent."""
        return self._values.get(name, [])

    def first(self, name: str) -> str | None:
        """Return the first value of a property; None if it is absent."""
        return next(iter(self.all(name)), None)

    def number(self, name: str) -> float | None:
        """Return the first value of a property as a number; None if it is absent or none.

        A ratio such as 353/10 is a number too.
        """
        return number(self.first(name))

    def regions(self, name: str) -> Regions:
        """Return the regions that a property lists; none if it is absent."""
        return self._regions.get(name, Regions())

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
        refuse_parts(self._name_characters, "characters in names of XMP", MAX_XMP_NAME_CHARACTERS)
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
            if name in _REGIONS:
                self._list = self._regions.setdefault(_REGIONS[name], Regions())
                self._list_depth = len(self._open)
        elif self._list is not None:
            self._start_part(self._list, name, attributes)
        elif name == _RDF + "li":
            self._is_default = attributes.get(_XML_LANG) == "x-default"
            self._text.clear()
        elif not name.startswith(_RDF):
            self._property = None  # a structure: none of its texts is the property's value

    def _end(self, name: str) -> None:
        if self._list is not None:
            if len(self._open) > self._list_depth:
                self._end_part(self._list)
                self._open.pop()
                return
            self._list = None
        self._open.pop()
        is_property = self._open[-2:] == _PHOTO
        if is_property or name == _RDF + "li":
            self._add(self._property, "".join(self._text))
            self._text.clear()
        if is_property:
            self._property = None

    def _start_part(self, found: Regions, name: str, attributes: Mapping[str, str]) -> None:
        """Begin a region, or a part of one, whose simple parts may be attributes."""
        self._text.clear()
        path = self._path()
        is_region = name == _RDF + "li" and len(path) == 1 and path[0] in _LISTS
        if is_region and len(found.regions) < _MAX_VALUES:
            found.regions.append({})
        for attribute, value in attributes.items():
            _keep(found, (*path, attribute), value)

    def _end_part(self, found: Regions) -> None:
        _keep(found, self._path(), "".join(self._text))
        self._text.clear()

    def _path(self) -> tuple[str, ...]:
        """Return the elements within `_list`, without those of RDF; none where it is too deep."""
        if len(self._open) - self._list_depth > _MAX_DEPTH:
            return ()
        inside = self._open[self._list_depth :]
        return tuple(element for element in inside if not element.startswith(_RDF))

    def _add(self, name: str | None, value: str) -> None:
        if name is None or not value.strip():
            return
        values = self._values.setdefault(name, [])
        if len(values) < _MAX_VALUES:
            values.insert(0 if self._is_default else len(values), value)


def number(text: str | None) -> float | None:
    """Return the number, or the ratio of two, that a text states; None if it states none."""
    match = _NUMBER.fullmatch(text or "")
    if match is None:
        return None
    divisor = float(match["divisor"] or 1)
    return float(match["number"]) / divisor if divisor else None


def _keep(found: Regions, path: tuple[str, ...], text: str) -> None:
    """Keep one part of a region, or of the size to which all apply. The first of each counts."""
    part = _PARTS.get(path)
    if part is None or not text.strip():
        return
    if path[0] not in _LISTS:
        found.applied_to.setdefault(part, text)
    elif found.regions:
        found.regions[-1].setdefault(part, text)


def _refuse_document_type(*_declaration: object) -> None:
    raise _DocumentTypeError
