"""The photos that verify uploads: made in code, and two of local/photos/."""

from __future__ import annotations

import io
import random
from dataclasses import dataclass, field
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from PIL import Image

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

EXAMPLES: Final = Path(__file__).parents[2] / "local" / "photos"
MIB: Final = 1_048_576
ALBUM: Final = "verify"
BULK_ALBUM: Final = "bulk"
MARKER: Final = "Tacocat Verify"  # the camera's maker: must not be in any rendition

RED: Final = (200, 30, 30)
BLUE: Final = (30, 30, 200)

SIDEWAYS: Final = 6  # EXIF orientation: the stored pixels are to be turned clockwise
_MAKE, _ORIENTATION, _EXIF, _DATE_TIME, _OFFSET = 0x010F, 0x0112, 0x8769, 0x9003, 0x9011
_GPS, _NORTH, _LATITUDE, _EAST, _LONGITUDE = 0x8825, 1, 2, 3, 4


@dataclass(frozen=True)
class MadePhoto:
    """One photo: how it is made and uploaded, and the record that it leads to."""

    name: str  # of its line in the table
    file: str
    tried: str
    body: Callable[[], bytes]
    expected: Mapping[str, Any] = field(default_factory=dict)  # attributes of its row
    album: str = ALBUM
    storage_class: str = "STANDARD"
    multipart: bool = False
    replaces: Callable[[], bytes] | None = None  # bytes that are uploaded to the key before
    copy: str = ""  # a second file with the same bytes
    deleted: str = ""  # "marker" or "version": right after the upload

    @property
    def is_ready(self) -> bool:
        """Whether the photo becomes READY and stays so."""
        return bool(self.expected["status"] == "READY")

    def keys(self, owner: str) -> list[str]:
        """Return the keys of its objects."""
        files = [self.file, self.copy] if self.copy else [self.file]
        return [f"uploads/{owner}/{self.album}/{file}" for file in files]


def ready(format_: str, width_px: int, height_px: int, **more: object) -> dict[str, Any]:
    """Return the attributes of a photo that is READY, with its labels."""
    size = {"width_px": width_px, "height_px": height_px}
    return {"status": "READY", "format": format_, **size, "labels_status": "READY", **more}


@cache
def noise(width_px: int, height_px: int) -> bytes:
    """Return a JPEG of noise, 2.4 bytes for each pixel, with time, place and camera."""
    pixels = random.Random(width_px).randbytes(width_px * height_px * 3)  # noqa: S311  # no secret
    return _jpeg(Image.frombytes("RGB", (width_px, height_px), pixels))


@cache
def plain(color: tuple[int, int, int] = RED, *, orientation: int = 1) -> bytes:
    """Return a small JPEG of one color, with a blue quarter at the top left of its pixels."""
    picture = Image.new("RGB", (160, 120), color)
    picture.paste(BLUE, (0, 0, 80, 60))
    return _jpeg(picture, orientation=orientation)


def _jpeg(picture: Image.Image, *, orientation: int = 1) -> bytes:
    exif = Image.Exif()
    exif[_MAKE] = MARKER
    exif[_ORIENTATION] = orientation
    exif.get_ifd(_EXIF).update({_DATE_TIME: "2016:04:09 14:08:13", _OFFSET: "+02:00"})
    exif.get_ifd(_GPS).update(
        {_NORTH: "N", _LATITUDE: (48.0, 51.0, 30.0), _EAST: "E", _LONGITUDE: (2.0, 17.0, 40.0)}
    )
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=95, subsampling=0, exif=exif)
    return buffer.getvalue()


def truncated() -> bytes:
    """Return the first 60 % of a photo."""
    whole = noise(400, 300)
    return whole[: 6 * len(whole) // 10]


def not_a_photo() -> bytes:
    """Return text."""
    return b"This is not a photo."


def example(name: str) -> Callable[[], bytes]:
    """Return what reads a photo of local/photos/."""
    return (EXAMPLES / name).read_bytes


PHOTOS: Final = (
    MadePhoto(
        "JPEG of 1 MiB",
        "one.jpg",
        "one PUT, with time, place and camera",
        partial(noise, 760, 570),
        ready(
            "JPEG",
            760,
            570,
            taken_at={"utc": "2016-04-09T12:08:13Z"},
            location={"latitude": 48.858333, "longitude": 2.294444},
            camera={"make": MARKER},
        ),
    ),
    MadePhoto(
        "JPEG of 6 MiB",
        "six.jpg",
        "two parts, each with a CRC32, as the page uploads it",
        partial(noise, 1880, 1410),
        ready("JPEG", 1880, 1410),
        multipart=True,
    ),
    MadePhoto(
        "HEIC",
        "phone.heic",
        "a photo as phones write it",
        example("coffee.heic"),
        ready("HEIC", 600, 400, taken_at={"local": "2018-04-07T11:05:58", "offset": "-04:00"}),
    ),
    MadePhoto(
        "orientation",
        "sideways.jpg",
        "EXIF orientation 6: the pixels lie on their side",
        partial(plain, orientation=SIDEWAYS),
        ready("JPEG", 120, 160, orientation=SIDEWAYS),
    ),
    MadePhoto(
        "hostile key",
        "🌮 \"quotes\" 'n' + %20 & <b> Übung.jpg",
        "a cat, with an emoji, quotes, a plus and a percent sign in its key",
        example("chelsea.jpg"),
        ready("JPEG", 451, 300),
    ),
    MadePhoto(
        "truncated",
        "cut.jpg",
        "the first 60 % of a photo",
        truncated,
        {"status": "READY", "format": "JPEG", "width_px": 400, "height_px": 300, "truncated": 1},
    ),
    MadePhoto(
        "not a photo",
        "text.jpg",
        "text that is named .jpg",
        not_a_photo,
        {"status": "REJECTED", "reason": "UNSUPPORTED_TYPE"},
    ),
    MadePhoto(
        "archived",
        "archived.jpg",
        "storage class GLACIER, which cannot be read",
        partial(plain, (30, 200, 30)),
        {"status": "REJECTED", "reason": "ARCHIVED"},
        storage_class="GLACIER",
    ),
    MadePhoto(
        "twice",
        "twice.jpg",
        "the same bytes under two keys at once",
        partial(plain, (200, 200, 30)),
        ready("JPEG", 160, 120),
        copy="again.jpg",
    ),
    MadePhoto(
        "overwritten",
        "overwritten.jpg",
        "another photo is put to the same key right away",
        partial(plain, (30, 200, 200)),
        ready("JPEG", 160, 120, orientation=None),
        replaces=partial(plain, (30, 200, 200), orientation=SIDEWAYS),
    ),
    MadePhoto(
        "deleted",
        "deleted.jpg",
        "deleted right after its upload",
        partial(plain, (90, 90, 90)),
        {"status": "DELETED"},
        deleted="marker",
    ),
    MadePhoto(
        "deleted for good",
        "gone.jpg",
        "its version is deleted right after its upload",
        partial(plain, (120, 120, 120)),
        {"status": "DELETED"},
        deleted="version",
    ),
    MadePhoto(
        "undeleted",
        "undeleted.jpg",
        "deleted, and its delete marker removed",
        partial(plain, (150, 150, 150)),
        ready("JPEG", 160, 120),
    ),
    *(
        MadePhoto(
            f"bulk {number}",
            f"{number}.jpg",
            "for backfill and reprocessing",
            partial(plain, (10, 80, 60 * number)),
            ready("JPEG", 160, 120),
            album=BULK_ALBUM,
        )
        for number in (1, 2, 3)
    ),
)
BULK: Final = ("bulk 1", "bulk 2", "bulk 3")
BY_NAME: Final = {photo.name: photo for photo in PHOTOS}
