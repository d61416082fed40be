"""Each real photo gets upright renditions, or an error with a code."""

import json
from pathlib import Path

import pytest

from pictures import difference, opened
from shared.errors import RejectedError, TruncatedPhotoError, UnsupportedTypeError
from thumbnail.render import render
from thumbnail.renditions import RenditionSpec

pytestmark = pytest.mark.photos

SPECS = {
    "thumb": RenditionSpec(fit="inside", width_px=200, height_px=200, format="jpeg", quality=90),
    "large": RenditionSpec(fit="cover", width_px=300, height_px=300, format="jpeg", quality=60),
}


def photos_in(folder: Path) -> list[Path]:
    """Return the files in the folder's truth.json."""
    return [folder / name for name in json.loads((folder / "truth.json").read_text())]


def test_renditions_have_the_aspect_ratio_in_truth_json(photos_folder: Path) -> None:
    truth = json.loads((photos_folder / "truth.json").read_text())
    refused = {}
    for name, facts in truth.items():
        photo = (photos_folder / name).read_bytes()
        try:
            rendered = render(photo, SPECS)
        except RejectedError as error:
            refused[name] = error.code
            continue
        assert rendered.renditions.keys() == SPECS.keys()
        thumb = rendered.renditions["thumb"]
        if "display_width" in facts:
            aspect = facts["display_width"] / facts["display_height"]
            assert abs(thumb.width_px - thumb.height_px * aspect) <= max(1, aspect), name

    assert {Path(name).suffix for name in refused} == {".jxl"}
    assert set(refused.values()) == {UnsupportedTypeError.code}


@pytest.mark.parametrize("kind", ["Landscape", "Portrait"])
def test_all_orientations_of_a_photo_look_the_same(photos_folder: Path, kind: str) -> None:
    thumbs = {}
    for path in sorted((photos_folder / "exif-orientation-examples").glob(f"{kind}_*.jpg")):
        thumbs[path.name] = opened(render(path.read_bytes(), SPECS).renditions["thumb"].body)

    assert len(thumbs) == 9
    first = thumbs[f"{kind}_1.jpg"]
    for name, thumb in thumbs.items():
        assert (thumb.width, thumb.height) == (first.width, first.height), name
        assert difference(thumb, first) < 8, name  # levels; a wrong rotation gives 40 and more
        assert difference(thumb.rot180(), first) > 25, name


def test_corrupted_photos_are_flagged_or_refused(photos_folder: Path) -> None:
    corrupted = (photos_folder / "exif-samples/jpg/corrupted.jpg").read_bytes()

    assert render(corrupted, SPECS).truncated


@pytest.mark.parametrize("share", [0.3, 0.6, 0.95])
def test_a_truncated_photo_is_always_flagged(photos_folder: Path, share: float) -> None:
    """These files have no second picture, which may be cut without a flag."""
    names = ("IMG_5195.HEIC", "iphone_13_pro_max.HEIC", "8bit-sRGB.avif", "Landscape_1.jpg")
    photos = [path for path in photos_in(photos_folder) if path.name in names]
    assert len(photos) == len(names)
    for path in photos:
        photo = path.read_bytes()
        try:
            rendered = render(photo[: int(len(photo) * share)], SPECS)
        except TruncatedPhotoError:
            continue
        assert rendered.truncated, path.name
