"""The table and the contact sheet show the records, and strings from files stay text."""

import json
import re
from html.parser import HTMLParser
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len
from rich.console import Console

from local import report
from shared.contracts import Camera, Label, Location, Precision, TakenAt
from shared.errors import RejectedError
from shared.labels import reading_order
from shared.terms import camera_name

VECTORS = json.loads((Path(__file__).parents[1] / "vectors.json").read_text(encoding="utf-8"))

SCRIPT = "<script>alert(1)</script>"
READY: dict[str, Any] = {
    "file": "/photos/rocket.jpg",
    "status": "READY",
    "format": "JPEG",
    "bytes": 48_082,
    "width_px": 640,
    "height_px": 427,
    "taken_at": {
        "local": "2015-02-11T18:03:32",
        "offset": "-05:00",
        "utc": "2015-02-11T23:03:32Z",
        "source": "EXIF:DateTimeOriginal",
    },
    "location": {"latitude": 28.561857, "longitude": -80.577366, "altitude_m": 3},
    "camera": {"make": "Canon", "model": "Canon EOS 5D", "exposure_s": 0.00625, "f_number": 5.6},
    "title": "Lift-off",
    "keywords": ["rocket", "launch"],
    "creator": "Bill Ingalls",
    "copyright": "NASA",
    "rating": 4,
    "people": [{"name": "Buzz", "boxes": []}, {"name": "Neil"}],
    "labels": [{"name": "Rocket", "confidence": 98.25}],
    "labels_status": "READY",
    "renditions": {
        "thumb": {
            "key": "demo/1/2/thumb.webp",
            "width_px": 400,
            "height_px": 267,
            "bytes": 12_001,
            "mime_type": "image/webp",
            "path": "demo/photos/rocket.jpg/thumb.webp",
        },
        "large": {
            "key": "demo/1/2/large.webp",
            "width_px": 640,
            "height_px": 427,
            "bytes": 30_000,
            "mime_type": "image/webp",
            "path": "demo/photos/rocket.jpg/large.webp",
        },
    },
    "states_ms": {"Claim": 4.0, "Extract": 12.4, "Develop": 50.0, "Tag": 3.0},
    "duration_ms": 71.3,
    "pk": "demo",
}
REJECTED: dict[str, Any] = {
    "file": "/photos/note.jpg",
    "status": "REJECTED",
    "reason": "UNSUPPORTED_TYPE",
    "step": "Extract",
    "error": "text",
}


class Page(HTMLParser):
    """A contact sheet as a browser sees it."""

    def __init__(self, *documents: dict[str, Any]) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(report.contact_sheet(report.read(documents), folder=Path("demo")))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def values(self, attribute: str) -> list[str]:
        return [attrs[attribute] or "" for _, attrs in self.elements if attribute in attrs]


def printed(*documents: dict[str, Any], width: int = 200) -> str:
    out = StringIO()
    Console(file=out, width=width).print(report.table(report.read(documents), width=width))
    return out.getvalue()


def test_every_rejection_code_has_a_reason() -> None:
    assert set(report.REASONS) == {error.code for error in RejectedError.__subclasses__()}


def test_the_table_shows_the_record() -> None:
    table = printed(READY)

    for fact in (
        "rocket.jpg",
        "11 Feb 2015, 18:03 -05:00",
        "28.5619° N, 80.5774° W, altitude 3 m",
        "640 × 427",
        "Canon EOS 5D",
        "1/160 s, f/5.6",
        "Rocket 98 %",
        "thumb 400 × 267",
        "Extract 12",
        "all 71",
    ):
        assert fact in table


@pytest.mark.parametrize("width", [80, 60, 30, 200])
def test_the_table_fits_the_terminal_with_wide_characters_too(width: int) -> None:
    long = {"file": f"/photos/{'写真' * 40}.jpg", "title": "é" * 90}
    label = {"name": "ラベル" * 10, "confidence": 98.25}

    table = printed(READY, REJECTED, READY | long | {"labels": [label] * 4}, width=width)

    assert max(map(cell_len, table.splitlines())) <= width
    assert table.count("写") == 40
    for fact in ("rocket", "28.5619°", "640", "Canon", "1/160", "Rocket", "thumb", "all"):
        assert fact in table


def test_the_table_shows_why_a_photo_was_rejected() -> None:
    table = printed(REJECTED)

    assert "REJECTED UNSUPPORTED_TYPE" in table
    assert report.REASONS["UNSUPPORTED_TYPE"].split()[-1] in table


def test_text_from_a_file_cannot_control_the_terminal() -> None:
    table = printed(READY | {"file": "/photos/\x1b[31m\u202e[bold]red.jpg"})

    assert "\x1b" not in table
    assert "\u202e" not in table
    assert r"\x1b[31m\u202e[bold]red" in table


def test_the_summary_counts_the_outcomes() -> None:
    records = report.read([READY, REJECTED, REJECTED])

    assert report.summary(records) == "3 photos: 1 READY, 2 REJECTED (UNSUPPORTED_TYPE)"
    assert report.summary(records[:1]).startswith("1 photo:")


def test_the_sheet_shows_the_record() -> None:
    page = Page(READY)

    assert "photos/rocket.jpg/thumb.webp" in page.values("src")
    assert "photos/rocket.jpg/large.webp" in page.values("href")
    assert any(
        link.startswith("https://www.openstreetmap.org/?mlat=28.561857&mlon=-80.577366")
        for link in page.values("href")
    )
    for fact in ("11 Feb 2015, 18:03 -05:00", "Rocket 98\u00a0%", "launch", "12\u00a0ms"):
        assert fact in page.text
    for fact in ("Buzz", "Neil", "4 of 5 stars", "Bill Ingalls, NASA"):
        assert fact in page.text
    assert "rejected" in Page(READY | {"rating": -1}).text


def test_the_sheet_shows_why_a_photo_was_rejected() -> None:
    page = Page(REJECTED)

    assert "REJECTED UNSUPPORTED_TYPE" in page.text
    assert report.REASONS["UNSUPPORTED_TYPE"] in page.text


def test_the_sheet_warns_that_a_photo_is_incomplete() -> None:
    assert report.INCOMPLETE in Page(READY | {"truncated": True}).text
    assert report.INCOMPLETE not in Page(READY).text


def test_the_sheet_and_the_table_show_why_a_photo_has_no_labels() -> None:
    unlabeled = READY | {"labels": [], "labels_status": "PENDING:LabelsUnavailableError"}

    assert "LabelsUnavailableError" in Page(unlabeled).text
    assert "LabelsUnavailableError" in printed(unlabeled)
    assert report.labels_note(report.read([READY])[0]) == ""


HOSTILE = [
    pytest.param(
        {
            "file": f"/photos/{name}.jpg",
            "title": text,
            "description": text + ".",
            "keywords": [text],
            "creator": text + "5",
            "copyright": text + "6",
            "people": [{"name": text + "7"}],
            "labels": [{"name": text, "confidence": 50}],
            "camera": {"make": text, "model": text, "lens": text},
            "taken_at": {"local": "2015-02-11T18:03:32", "source": text, "offset": text},
            "reason": text,
            "error": text,
            "renditions": {
                text: READY["renditions"]["thumb"] | {"path": f"demo/photos/{name}.jpg/{text}.webp"}
            },
        },
        id=name,
    )
    for name, text in {
        "script": SCRIPT,
        "attribute": '" onerror="alert(1)" x="',
        "quote": "' onload='alert(1)",
        "style": "</style><style>*{display:none}</style>",
        "template": "{{ 7 * 7 }}{% raw %}",
        "comment": "<!-- --><img src=x onerror=alert(1)>",
    }.items()
]


@pytest.mark.parametrize("strings", HOSTILE)
@pytest.mark.parametrize("status", ["READY", "REJECTED", "FAILED"])
def test_strings_from_files_show_as_text(strings: dict[str, Any], status: str) -> None:
    document = READY | strings | {"status": status}

    page, plain = Page(document), Page(READY | {"status": status, "reason": "x"})

    assert {tag for tag, _ in page.elements} <= {tag for tag, _ in plain.elements} | {"p", "br"}
    assert {name for _, attrs in page.elements for name in attrs} == {
        name for _, attrs in plain.elements for name in attrs
    }
    assert strings["title"] in page.text
    assert strings["keywords"][0] in page.text
    for text in (strings["creator"], strings["copyright"], strings["people"][0]["name"]):
        assert text in page.text


def test_a_file_name_with_markup_shows_as_text() -> None:
    page = Page(REJECTED | {"file": "/photos/<b onclick=alert(1)>.jpg"})

    assert "<b onclick=alert(1)>.jpg" in page.text
    assert "b" not in {tag for tag, _ in page.elements}


def test_links_work_with_any_file_name() -> None:
    picture = READY["renditions"]["thumb"] | {"path": "demo/photos/50% a#b?c\udcff.jpg/t.webp"}

    page = Page(READY | {"renditions": {"thumb": picture}})

    assert "photos/50%25%20a%23b%3Fc%FF.jpg/t.webp" in page.values("src")


def test_the_sheet_loads_nothing_from_elsewhere() -> None:
    page = Page(READY, REJECTED)

    policy = next(value for value in page.values("content") if "default-src" in value)
    assert "default-src 'none'" in policy
    assert not re.search(r"https?:", policy)
    assert not [link for link in page.values("src") if ":" in link]
    assert "url(" not in (report.HERE / "contact_sheet.css").read_text(encoding="utf-8")
    assert {"script", "link", "iframe", "object"}.isdisjoint({tag for tag, _ in page.elements})


@pytest.mark.parametrize(
    ("camera", "name", "setting"),
    [
        (None, "", ""),
        (Camera(make="Canon", model="Canon EOS 5D"), "Canon EOS 5D", ""),
        (Camera(make="NIKON CORPORATION", model="NIKON D3X"), "NIKON D3X", ""),
        (Camera(make="Apple", model="iPhone 12"), "Apple iPhone 12", ""),
        (Camera(make="Apple"), "Apple", ""),
        (Camera(exposure_s=2.5, iso=100), "", "2.5 s, ISO 100"),
        (Camera(exposure_s=0.0125, focal_length_mm=4.2), "", "1/80 s, 4.2 mm"),
        (Camera(exposure_s=0.0, f_number=0.0), "", ""),
    ],
)
def test_camera_settings_have_the_usual_notation(
    camera: Camera | None, name: str, setting: str
) -> None:
    assert camera_name(camera) == name
    assert report.exposure(camera) == setting


def test_unknown_facts_are_not_shown() -> None:
    assert report.rating(report.read([REJECTED])[0]) == ""
    assert report.rights(report.read([REJECTED])[0]) == ""
    assert report.when(None) == ""
    assert report.where(None) == ""
    assert report.where(Location(latitude=0, longitude=0, gps_valid=False)) == ""
    assert report.when(TakenAt(local="2999-01-01T00:00:00", source="x", plausible=False)) == (
        "1 Jan 2999, 00:00 (?)"
    )


@pytest.mark.parametrize(
    ("precision", "text", "machine"),
    [
        (None, "4 Jul 1965, 00:00", "1965-07-04T00:00:00"),
        ("day", "4 Jul 1965", "1965-07-04"),
        ("month", "July 1965", "1965-07"),
        ("year", "1965", "1965"),
    ],
)
def test_a_date_is_shown_with_its_precision(
    precision: Precision | None, text: str, machine: str
) -> None:
    taken = TakenAt(local="1965-07-04T00:00:00", source="XMP:DateCreated", precision=precision)

    assert (report.when(taken), report.machine_time(taken)) == (text, machine)


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("EXIF:DateTimeOriginal", "6 May 2023, 10:00 +02:00"),
        ("EXIF:DateTime", "6 May 2023, 10:00 +02:00 (modified)"),
        ("XMP:CreateDate", "6 May 2023, 10:00 +02:00 (digitized)"),
        ("FILENAME", "6 May 2023, 10:00 +02:00 (file name)"),
    ],
)
def test_a_time_that_is_not_that_of_the_exposure_is_named(source: str, text: str) -> None:
    assert report.when(TakenAt(local="2023-05-06T10:00:00", source=source, offset="+02:00")) == text


@pytest.mark.parametrize("vector", VECTORS["label_orders"], ids=lambda vector: vector["what"])
def test_labels_are_sorted_from_specific_to_general(vector: dict[str, Any]) -> None:
    labels = [Label(**label) for label in vector["labels"]]

    assert [label.name for label in reading_order(labels)] == vector["order"]


PLACE: dict[str, Any] = {
    "country": "Germany",
    "country_code": "DE",
    "city": "Kehl",
    "region": "Baden",
    "distance_km": 1.0,
    "source": "GeoNames",
    "data_version": "1",
}


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({}, "Kehl, Baden, Germany"),
        ({"region": "Kehl"}, "Kehl, Germany"),
        ({"distance_km": 26.4}, "26 km from Kehl, Baden, Germany"),
        ({"other_countries": ["CH", "FR"]}, "Kehl, Baden, Germany (or CH or FR)"),
        ({"city": None, "region": None, "distance_km": None}, "Germany"),
        ({"city": None, "region": None, "offshore": True}, "Off the coast of Germany"),
    ],
)
def test_a_place_is_shown_in_words(facts: dict[str, Any], words: str) -> None:
    record = {**READY, "place": {**PLACE, **facts}}

    assert words in Page(record).text
    place = report.read([record])[0].place
    assert report.place_in_words(place) == words


def test_the_table_shows_the_place() -> None:
    assert "Kehl, Baden" in printed({**READY, "place": PLACE})
