"""XMP sidecars: standard properties for other programs, and nothing of a sidecar is trusted."""

from typing import Any
from xml.etree import ElementTree as ET  # what we wrote

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gallery.records import Edits, Taken
from gallery.xmp import MAX_SIDECAR_BYTES, NAMESPACE, SidecarError, read, write
from shared.contracts import Label, Location, Person, Place, Position, Precision, TakenAt
from shared.rows import PhotoRow

RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
PREFIXES = {
    "http://purl.org/dc/elements/1.1/": "dc",
    "http://ns.adobe.com/exif/1.0/": "exif",
    NAMESPACE: "gallery",
    "http://iptc.org/std/Iptc4xmpCore/1.0/xmlns/": "Iptc4xmpCore",
    "http://iptc.org/std/Iptc4xmpExt/2008-02-29/": "Iptc4xmpExt",
    "http://ns.adobe.com/lightroom/1.0/": "lr",
    "http://ns.adobe.com/photoshop/1.0/": "photoshop",
    "http://ns.adobe.com/xap/1.0/": "xmp",
}
PLACE = Place(
    country="Germany",
    country_code="DE",
    region="Berlin",
    city="Berlin",
    source="x",
    data_version="1",
)
ROW = PhotoRow(
    status="READY",
    pk="ada",
    sk="photo#a.jpg",
    key="uploads/ada/a.jpg",
    bucket="photos",
    sequencer="1",
    claimed_version="v1",
    execution_arn="arn",
    updated_at="2024-07-01T10:00:00Z",
    title="of the file",
    description="<b> & ]]>",
    keywords=["one|two"],
    creator="Ada",
    copyright="© Ada",
    rating=3,
    people=[Person(name="Grace Höpper"), Person(name="Bo")],
    taken_at=TakenAt(local="2016-04-09T14:08:13.5", offset="+02:00", source="EXIF"),
    location=Location(latitude=-0.000001, longitude=13.377704, altitude_m=-35.5),
    place=PLACE,
    labels=[
        Label(name="Dog", confidence=98.7, parents=["Animal"]),
        Label(name="Cat", confidence=60),
    ],
    labels_model="rekognition 3.0",
)


def properties(document: bytes) -> dict[str, Any]:
    """Return the properties of a sidecar by name: a text, or the list of its items."""
    [[description]] = ET.fromstring(document)  # noqa: S314  # we wrote it
    found: dict[str, Any] = {}
    for one in description:
        namespace, _, name = one.tag[1:].partition("}")
        items = [
            {part.tag.partition("}")[2]: part.text for part in item} or item.text
            for item in one.iter(f"{RDF}li")
        ]
        found[f"{PREFIXES[namespace]}:{name}"] = items or one.text
    return found


def edited(edits: Edits) -> PhotoRow:
    return msgspec.structs.replace(ROW, edits=msgspec.json.encode(edits).decode())


def test_a_sidecar_has_the_properties_that_other_programs_read() -> None:
    found = properties(write(ROW, described=True))

    gallery = {name: found.pop(name) for name in list(found) if name.startswith("gallery:")}
    assert found == {
        "dc:title": ["of the file"],
        "dc:description": ["<b> & ]]>"],
        "dc:subject": ["one|two"],
        "lr:hierarchicalSubject": ["one/two", "Labels|Dog", "Labels|Cat"],
        "dc:creator": ["Ada"],
        "dc:rights": ["© Ada"],
        "Iptc4xmpExt:PersonInImage": ["Grace Höpper", "Bo"],
        "xmp:Rating": "3",
        "photoshop:DateCreated": "2016-04-09T14:08:13.5+02:00",
        "exif:DateTimeOriginal": "2016-04-09T14:08:13.5+02:00",
        "xmp:CreateDate": "2016-04-09T14:08:13.5+02:00",
        "exif:GPSVersionID": "2.3.0.0",
        "exif:GPSLatitude": "0,0.000060S",
        "exif:GPSLongitude": "13,22.662240E",
        "exif:GPSMapDatum": "WGS-84",
        "exif:GPSAltitude": "3550/100",
        "exif:GPSAltitudeRef": "1",
        "photoshop:City": "Berlin",
        "photoshop:State": "Berlin",
        "photoshop:Country": "Germany",
        "Iptc4xmpCore:CountryCode": "DE",
        "Iptc4xmpExt:LocationCreated": [
            {
                "City": "Berlin",
                "ProvinceState": "Berlin",
                "CountryName": "Germany",
                "CountryCode": "DE",
            }
        ],
    }
    assert gallery.keys() == {"gallery:labels", "gallery:labelsModel"}
    assert msgspec.json.decode(gallery["gallery:labels"], type=list[Label]) == ROW.labels


def test_edits_are_shown_over_the_file_and_kept_apart() -> None:
    edits = Edits(
        title="",
        keywords=["mine"],
        hidden_labels=["cat"],
        location=Position(latitude=-33.999999995, longitude=-70.5),
        removed=["taken"],
    )

    document = write(edited(edits), described=True)

    found = properties(document)
    assert "dc:title" not in found
    assert found["dc:description"] == [ROW.description]
    assert found["lr:hierarchicalSubject"] == ["mine", "Labels|Dog"]
    assert (found["exif:GPSLatitude"], found["exif:GPSLongitude"]) == (
        "34,0.000000S",
        "70,30.000000W",
    )
    assert not {"exif:DateTimeOriginal", "photoshop:DateCreated", "photoshop:City"} & found.keys()
    assert read(document) == edits


@pytest.mark.parametrize(
    ("precision", "date"), [("year", "2021"), ("month", "2021-03"), ("day", "2021-03-01")]
)
def test_a_date_is_as_precise_as_it_is_known(precision: Precision, date: str) -> None:
    edits = Edits(taken=Taken(local="2021-03-01T00:00:00", precision=precision))

    found = properties(write(edited(edits), described=True))

    assert found["photoshop:DateCreated"] == date
    assert "exif:DateTimeOriginal" not in found


def test_a_sidecar_of_a_version_without_a_row_has_the_edits_alone() -> None:
    edits = Edits(title="mine")

    assert properties(write(edited(edits), described=False)).keys() == {"gallery:edits"}
    assert properties(write(None, described=False)) == {}
    assert read(write(None, described=False)) == Edits()


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=50)  # rows have no surrogates


@given(TEXTS, st.lists(TEXTS, max_size=3))
def test_every_edit_is_read_as_it_was_written(text: str, texts: list[str]) -> None:
    edits = Edits(title=text, description=text, keywords=texts, hidden_labels=texts)

    assert read(write(edited(edits), described=True)) == edits


def document(edits: str, *, before: str = "", attributes: str = "") -> bytes:
    return (
        f'{before}<x:xmpmeta xmlns:x="adobe:ns:meta/">'
        f'<rdf:RDF xmlns:rdf="{RDF[1:-1]}"><rdf:Description xmlns:g="{NAMESPACE}" {attributes}>'
        f"{edits}</rdf:Description></rdf:RDF></x:xmpmeta>"
    ).encode()


ENTITY = '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>'
BOMB = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
LONG = "n" * 400_000


@pytest.mark.parametrize(
    "hostile",
    [
        b"",
        b"\xff\xfe<",
        b"<x>",
        document("", before=ENTITY),
        document("<g:edits>{&quot;title&quot;:&quot;&b;&quot;}</g:edits>", before=BOMB),
        document("<g:edits>[]</g:edits>"),
        document('<g:edits>{"title":1}</g:edits>'),
        document('<g:edits>{"removed":["everything"]}</g:edits>'),
        document(f"<g:edits>{'[' * 100_000}</g:edits>"),
        document("<n:a/>" * 60_000, attributes=f'xmlns:n="{LONG}"'),
        document(" " * MAX_SIDECAR_BYTES),
    ],
    ids=lambda hostile: repr(hostile[:40]),
)
def test_a_hostile_sidecar_is_refused(hostile: bytes) -> None:
    with pytest.raises(SidecarError):
        read(hostile)


def test_edits_are_read_as_other_programs_rewrite_them() -> None:
    attribute = """g:edits='{"title":"mine"}'"""

    assert read(document("", attributes=attribute)) == Edits(title="mine")
    assert read(document('<g:x><g:edits>{"title":"other"}</g:edits></g:x>')) == Edits()
