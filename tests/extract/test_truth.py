"""Every value in real photos is returned, or DROPPED has the reason.

`pytest -rP tests/extract/test_truth.py` prints how many values of each field were compared.
"""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from reading import extracted
from shared.contracts import Camera, ExtractResult
from shared.errors import UnsupportedTypeError

pytestmark = pytest.mark.photos

FIELDS = (
    "make",
    "model",
    "orientation",
    "date_time_original",
    "offset_time_original",
    "lat",
    "lon",
    "altitude",
    "width",
    "height",
    "display_width",
    "display_height",
    "keywords",
    "description",
    "lens_model",
    "iso",
    "f_number",
    "focal_length",
)
TOLERANCES = {"lat": 1e-5, "lon": 1e-5, "altitude": 1e-2}  # degrees, degrees, meters

# A value in a file that is not returned -> the reason, and the value that is returned.
DROPPED: dict[tuple[str, str], tuple[str, object]] = {
    ("exif-orientation-examples/Landscape_0.jpg", "orientation"): ("O1: 1-8, else 1", 1),
    ("exif-orientation-examples/Portrait_0.jpg", "orientation"): ("O1: 1-8, else 1", 1),
    ("exif-samples/heic/mobile/HMD_Nokia_8.3_5G.heif", "orientation"): (
        "O1: record size = thumbnail aspect; decoders apply irot, which is a quarter turn here",
        6,
    ),
    ("immich-test-assets/formats/jpg/el_torcal_rocks.jpg", "description"): (
        "SONY DSC, which the camera fills in, is no description",
        None,
    ),
}
SIDEWAYS = 5  # orientations from here on swap width and height


def stated(result: ExtractResult) -> dict[str, Any]:
    """Return the result with the names and units of truth.json."""
    image, metadata = result.image, result.metadata
    taken, place, camera = metadata.taken_at, metadata.location, metadata.camera or Camera()
    is_original = taken is not None and taken.source == "EXIF:DateTimeOriginal"
    size = (image.width_px, image.height_px)
    width, height = size if image.orientation < SIDEWAYS else size[::-1]
    return {
        "make": camera.make,
        "model": camera.model,
        "orientation": image.orientation,
        "date_time_original": taken.local[:19] if taken is not None and is_original else None,
        "offset_time_original": taken.offset if taken is not None and is_original else None,
        "lat": place and place.latitude,
        "lon": place and place.longitude,
        "altitude": place and place.altitude_m,
        "width": width,
        "height": height,
        "display_width": image.width_px,
        "display_height": image.height_px,
        "keywords": metadata.keywords,
        "description": metadata.description,
        "lens_model": camera.lens,
        "iso": camera.iso,
        "f_number": camera.f_number,
        "focal_length": camera.focal_length_mm,
    }


def is_equal(field: str, true: Any, ours: Any) -> bool:  # noqa: ANN401  # whatever JSON holds
    if ours is None:
        return False
    if field == "keywords":  # truth.json has those of dc:subject, sorted; other places add to them
        return set(true) <= set(ours)
    if field in TOLERANCES:
        return bool(abs(true - ours) <= TOLERANCES[field])
    return bool(true == ours)


def compare(photos_folder: Path) -> tuple[Counter[str], Counter[str], dict[tuple[str, str], Any]]:
    """Return by field the numbers of true and of returned values, and the values that differ."""
    truth: dict[str, dict[str, Any]] = json.loads((photos_folder / "truth.json").read_text())
    of_all, returned = Counter[str](), Counter[str]()
    differing: dict[tuple[str, str], Any] = {}
    for name, values in truth.items():
        if values["format"].startswith("JXL"):
            continue
        ours = stated(extracted((photos_folder / name).read_bytes()))
        for field in FIELDS:
            if field in values:
                of_all[field] += 1
                if is_equal(field, values[field], ours[field]):
                    returned[field] += 1
                else:
                    differing[name, field] = ours[field]
    return of_all, returned, differing


def test_every_stated_value_is_returned_or_dropped_by_a_promise(photos_folder: Path) -> None:
    of_all, returned, differing = compare(photos_folder)

    for field in FIELDS:
        print(f"{field:22} {returned[field]:4} of {of_all[field]:4}")  # noqa: T201  # the report
    assert differing == {place: ours for place, (_, ours) in DROPPED.items()}
    assert all(of_all[field] for field in FIELDS)


def test_the_format_is_the_one_that_the_file_has(photos_folder: Path) -> None:
    truth: dict[str, dict[str, Any]] = json.loads((photos_folder / "truth.json").read_text())

    for name, values in truth.items():
        if not values["format"].startswith("JXL"):
            photo = (photos_folder / name).read_bytes()
            assert extracted(photo).image.format == values["format"], name


def test_every_other_file_is_refused(photos_folder: Path) -> None:
    truth = json.loads((photos_folder / "truth.json").read_text())
    accepted = {name for name, values in truth.items() if not values["format"].startswith("JXL")}
    others = [
        path
        for path in photos_folder.rglob("*")
        if path.is_file() and str(path.relative_to(photos_folder)) not in accepted
    ]

    assert {path.suffix for path in others} >= {".jxl", ".xmp", ".md", ".json"}
    for path in others:
        with pytest.raises(UnsupportedTypeError):
            extracted(path.read_bytes())
