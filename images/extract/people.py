"""Read the people whom the file names, with the boxes of their faces. Never raises.

The boxes of both standards are of the stored picture, before orientation: so the Metadata Working
Group states it, and digiKam and exiftool treat Microsoft's alike. Some writers state the boxes of
the upright picture; `AppliedToDimensions` tells. If it has another shape than the picture, a later
editor cropped or turned the pixels: the names still hold, the boxes do not.

Source: Metadata Working Group, Guidelines 2.0, 5.9; Microsoft, People Tagging Overview; IPTC Photo
Metadata Standard, Person Shown in the Image.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from extract.xmp import Xmp, number
from formats import SIDEWAYS
from shared.boxes import clipped_box
from shared.contracts import BoundingBox, Person
from shared.limits import MAX_PEOPLE, MAX_PERSON_CHARACTERS
from shared.text import text

_MIRRORED_X: Final = frozenset({2, 3, 6, 7})  # left and right change places, after a quarter turn
_MIRRORED_Y: Final = frozenset({3, 4, 7, 8})
_SAME_SHAPE: Final = 0.02  # of two aspect ratios: a smaller copy has rounded sides

# Types of regions. A pet with a name is searched for like a person.
_KEPT_TYPES: Final = frozenset({"face", "pet"})


def read_people(xmp: Xmp, width_px: int, height_px: int, orientation: int) -> list[Person]:
    """Return the named people and pets, each name once, with boxes in the upright picture.

    Boxes of the Metadata Working Group come first. Microsoft's are used for other names only: most
    writers state each face in both.

    Args:
        xmp: of the file.
        width_px: of the stored picture, before orientation.
        height_px: as `width_px`.
        orientation: as in EXIF.
    """
    found: dict[str, tuple[str, list[BoundingBox]]] = {}  # by folded name
    stated = 0
    for source in (
        _of_working_group(xmp, width_px, height_px, orientation),
        _of_microsoft(xmp, orientation),
        ((name, None) for name in xmp.all("Iptc4xmpExt:PersonInImage")),
    ):
        known = set(found)
        for raw, box in source:
            name = text(raw, MAX_PERSON_CHARACTERS)
            if name is None or name.casefold() in known:
                continue
            if stated == MAX_PEOPLE:
                break
            stated += 1
            boxes = found.setdefault(name.casefold(), (name, []))[1]
            if box is not None and box not in boxes:
                boxes.append(box)
    return [Person(name=name, boxes=boxes) for name, boxes in found.values()]


Named = tuple[str, BoundingBox | None]


def _of_working_group(xmp: Xmp, width_px: int, height_px: int, orientation: int) -> Iterator[Named]:
    listed = xmp.regions("mwg-rs:Regions")
    turn = _turn(listed.applied_to, width_px, height_px, orientation)
    for region in listed.regions:
        if region.get("Type", "Face").strip().casefold() in _KEPT_TYPES:
            yield region.get("Name", ""), _centered(region, turn)


def _of_microsoft(xmp: Xmp, orientation: int) -> Iterator[Named]:
    for region in xmp.regions("MP:RegionInfo").regions:
        sides = [number(side) for side in region.get("Rectangle", "").split(",", 4)]
        yield region.get("Name", ""), _upright(sides, orientation)


def _turn(
    applied_to: Mapping[str, str], width_px: int, height_px: int, orientation: int
) -> int | None:
    """Return the orientation that turns the boxes upright; None if they are of other pixels."""
    width, height = number(applied_to.get("w")), number(applied_to.get("h"))
    if width is None or height is None or width <= 0 or height <= 0:
        return orientation  # not stated
    if _is_same_shape(width * height_px, height * width_px):
        return orientation
    is_upright = _is_same_shape(width * width_px, height * height_px)
    return 1 if orientation in SIDEWAYS and is_upright else None


def _is_same_shape(product: float, other: float) -> bool:
    """Compare two aspect ratios by the products of the sides."""
    return abs(product - other) <= _SAME_SHAPE * other


def _centered(region: Mapping[str, str], turn: int | None) -> BoundingBox | None:
    """Return the box of an area, which is stated by its center."""
    if turn is None or region.get("unit", "normalized").strip() != "normalized":
        return None
    x, y, width, height = (number(region.get(side)) for side in ("x", "y", "w", "h"))
    if x is None or y is None or width is None or height is None:
        return None  # such as a circle or a point
    return _upright([x - width / 2, y - height / 2, width, height], turn)


def _upright(sides: list[float | None], orientation: int) -> BoundingBox | None:
    """Return the box left, top, width, height of the stored picture as it is in the upright one.

    The box is cut at the edges of the picture. None if nothing is left, or if there is no box.
    """
    stated = [side for side in sides if side is not None]
    if len(stated) != 4 or len(sides) != 4:  # noqa: PLR2004  # left, top, width, height
        return None
    left, top, width, height = stated
    x, y = (left, left + width), (top, top + height)
    if orientation in SIDEWAYS:
        x, y = y, x
    if orientation in _MIRRORED_X:
        x = (1 - x[1], 1 - x[0])
    if orientation in _MIRRORED_Y:
        y = (1 - y[1], 1 - y[0])
    return clipped_box(x[0], y[0], x[1], y[1])
