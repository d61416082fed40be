"""HEICs decoded from their tiles and thumbnails look as libheif decodes the whole."""

import math
import struct
from collections.abc import Callable
from pathlib import Path

import pytest
import pyvips

import picture.heic_grid
import picture.steps
from formats.heif.grid import MAX_TILES, read_grid
from heicfile import HEIC_WITH_ALPHA, SIDE_PX, Thumbnail, heic, icc, nclx, sized
from photofiles import clap, imir, irot
from picture.decode import Box, decode
from picture.heic import HeifFile
from picture.heic_grid import decode_thumbnail, decode_tiles
from shared.errors import (
    DeadlineExceededError,
    TooManyPixelsError,
    TruncatedPhotoError,
    UnreadablePhotoError,
)

TURNS: list[list[bytes]] = [
    [],
    [imir(1)],
    [irot(2)],
    [imir(0)],
    [irot(1), imir(0)],
    [irot(3)],
    [irot(3), imir(0)],
    [irot(1)],
]
PHONES = {  # size as displayed, and the thumbnail's
    "exif-samples/heic/mobile/iphone_13_pro_max.HEIC": (3024, 4032, 240, 320),
    "immich-test-assets/formats/heic/IMG_2682.heic": (4032, 3024, 320, 240),
    "immich-test-assets/formats/motionphoto/samsung-one-ui-6.heic": (3000, 4000, 384, 512),
}
UNUSUAL: dict[str, Callable[[], bytes]] = {
    "no grid": heic,
    "cropped": lambda: heic(clap(100, 100), tiles=2),
    "alpha": lambda: HEIC_WITH_ALPHA,
    "color of the whole that its tiles do not state": lambda: heic(nclx(12, 13), tiles=2),
    "profile of the whole that its tiles do not have": lambda: heic(
        icc(bytes(pyvips.Image.profile_load("p3"))), tiles=2
    ),
    "too many tiles": lambda: heic(tiles=math.isqrt(MAX_TILES) + 1),
    "tiles smaller than their header says": lambda: heic(tiles=2).replace(
        struct.pack(">II", 64, 64), struct.pack(">II", 72, 72)
    ),
}


def from_tiles(
    photo: bytes, shrink: int, check: Callable[[], None] = lambda: None
) -> pyvips.Image | None:
    grid = read_grid(photo)
    return decode_tiles(grid, HeifFile(photo), shrink, check) if grid else None


def from_thumbnail(photo: bytes, min_px: float) -> pyvips.Image | None:
    grid = read_grid(photo)
    return decode_thumbnail(grid, HeifFile(photo), min_px) if grid else None


def difference(one: pyvips.Image, other: pyvips.Image) -> float:
    """Return the mean difference in levels of two pictures of one size."""
    assert (one.width, one.height, one.bands) == (other.width, other.height, other.bands)
    return float((one.cast("float") - other).abs().avg())


class TestTiles:
    @pytest.mark.parametrize("turns", TURNS, ids=range(1, 9))
    @pytest.mark.parametrize("shrink", [2, 4, 8])
    def test_are_shrunk_to_the_same_picture(self, turns: list[bytes], shrink: int) -> None:
        photo = heic(*turns, tiles=3)
        whole = HeifFile(photo)

        image = from_tiles(photo, shrink)

        assert image is not None
        assert difference(image.autorot(), whole.decode().shrink(shrink, shrink)) < 0.5

    def test_that_reach_over_the_edge_are_cropped(self) -> None:
        photo = sized(heic(tiles=2), 128, 100)
        whole = HeifFile(photo)

        image = from_tiles(photo, 2)

        assert image is not None
        assert difference(image, whole.decode().shrink(2, 2)) < 0.5

    def test_of_10_bit_are_shrunk_as_well(self) -> None:
        photo = heic(tiles=2, ten_bit=True)
        whole = HeifFile(photo)

        image = from_tiles(photo, 4)

        assert image is not None
        assert difference(image, whole.decode().shrink(4, 4)) < 0.5

    @pytest.mark.parametrize("name", UNUSUAL)
    def test_of_a_file_that_phones_do_not_write_are_not_used(self, name: str) -> None:
        assert from_tiles(UNUSUAL[name](), 2) is None

    def test_that_do_not_decode_lead_to_the_whole_picture(self) -> None:
        good = heic(tiles=2)
        broken = good[:-68] + bytes(60) + good[-8:]  # the last tile; what follows is the grid
        all_broken = good[:-268] + bytes(260) + good[-8:]

        assert from_tiles(broken, 2) is None
        whole = HeifFile(broken)
        expected = whole.decode().thumbnail_image(32)  # without that tile
        assert difference(decode(broken, Box(32, 32)).image, expected) == 0
        with pytest.raises(UnreadablePhotoError, match="libheif: "):
            decode(all_broken, Box(32, 32))

    def test_are_decoded_only_while_there_is_time(self) -> None:
        class LateError(Exception):
            pass

        calls = []

        def late() -> None:
            calls.append(1)
            if len(calls) == 3:
                raise LateError

        with pytest.raises(LateError):
            from_tiles(heic(tiles=3), 2, late)

    def test_are_not_decoded_after_the_deadline(self) -> None:
        with pytest.raises(DeadlineExceededError):
            decode(heic(tiles=4), Box(32, 32), deadline=0)

    def test_make_a_small_picture_without_the_whole_one(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The whole takes 60 MB for 12 megapixels."""

        def refuse(_: HeifFile) -> pyvips.Image:
            raise AssertionError("the whole was decoded")

        photo = heic(irot(1), tiles=4)
        with monkeypatch.context() as patch:
            decode_tile = HeifFile.decode
            patch.setattr(
                HeifFile,
                "decode",
                lambda file: decode_tile(file) if file.size == (SIDE_PX, SIDE_PX) else refuse(file),
            )
            picture = decode(photo, Box(32, 32))
            with pytest.raises(AssertionError):
                decode(photo, Box(256, 256))

        assert (picture.width_px, picture.height_px) == (256, 256)
        assert (picture.image.width, picture.image.height) == (32, 32)


NO_SMALL_COPIES: dict[str, Callable[[], Thumbnail | None]] = {
    "turned otherwise": lambda: Thumbnail((irot(1),)),
    "mirrored otherwise": lambda: Thumbnail((imir(0),)),
    "cropped": lambda: Thumbnail((clap(32, 32),)),
    "in another color": lambda: Thumbnail((nclx(12, 13),)),
    "with another profile": lambda: Thumbnail((icc(bytes(pyvips.Image.profile_load("p3"))),)),
    "broken": lambda: Thumbnail(body=bytes(60)),
    "empty": lambda: Thumbnail(body=b""),
    "too small": lambda: Thumbnail(width_px=32, height_px=32),
    "narrower": lambda: Thumbnail(width_px=61),
    "lower": lambda: Thumbnail(height_px=61),
    "larger than the picture": lambda: Thumbnail(width_px=9_000, height_px=9_000),
    "huge": lambda: Thumbnail(width_px=2**32 - 1, height_px=2**32 - 1),
    "missing": lambda: None,
}


class TestThumbnail:
    """A grid of one tile shows the same as a thumbnail of it; a grid of four does not."""

    @pytest.mark.parametrize("turns", TURNS, ids=range(1, 9))
    def test_is_turned_once(self, turns: list[bytes]) -> None:
        photo = heic(*turns, tiles=1, thumbnail=Thumbnail(tuple(turns)))
        whole = HeifFile(photo)

        image = from_thumbnail(photo, SIDE_PX)

        assert image is not None
        assert difference(image.autorot(), whole.decode()) == 0

    @pytest.mark.parametrize("name", NO_SMALL_COPIES)
    def test_that_is_no_small_copy_is_not_used(self, name: str) -> None:
        photo = heic(tiles=1, thumbnail=NO_SMALL_COPIES[name]())

        picture = decode(photo, Box(16, 16), thumbnail_px=40)

        assert from_thumbnail(photo, 40) is None
        assert difference(picture.image, decode(heic(tiles=1), Box(16, 16)).image) == 0

    @pytest.mark.parametrize(
        ("width_px", "height_px"),
        [(32, 32), (64, 61), (61, 64), (9_000, 9_000), (2**32 - 1, 2**32 - 1)],
    )
    def test_is_refused_by_its_header_before_it_is_decoded(
        self, monkeypatch: pytest.MonkeyPatch, width_px: int, height_px: int
    ) -> None:
        def refuse(*_: object) -> None:
            raise AssertionError("it was decoded")

        thumbnail = Thumbnail(width_px=width_px, height_px=height_px)
        monkeypatch.setattr(picture.heic_grid, "_decode_part", refuse)

        assert from_thumbnail(heic(tiles=1, thumbnail=thumbnail), 40) is None

    def test_that_shows_another_picture_is_not_used(self) -> None:
        photo = heic(tiles=2, thumbnail=Thumbnail())

        picture = decode(photo, Box(16, 16), thumbnail_px=SIDE_PX)

        assert from_thumbnail(photo, SIDE_PX) is None
        assert difference(picture.image, decode(heic(tiles=2), Box(16, 16)).image) == 0

    def test_is_not_used_by_default(self, monkeypatch: pytest.MonkeyPatch) -> None:
        asked = []

        def recorded(_grid: object, _whole: object, min_px: float) -> None:
            asked.append(min_px)

        monkeypatch.setattr(picture.steps, "decode_thumbnail", recorded)

        decode(heic(tiles=1, thumbnail=Thumbnail()), Box(16, 16))

        assert asked == [math.inf]

    def test_does_not_hide_a_picture_that_is_refused(self) -> None:
        photo = heic(tiles=1, thumbnail=Thumbnail())
        huge = photo.replace(struct.pack(">HH", 64, 64), struct.pack(">HH", 9_000, 9_000)).replace(
            struct.pack(">II", 64, 64), struct.pack(">II", 9_000, 9_000)
        )

        with pytest.raises(TooManyPixelsError):
            decode(huge, Box(16, 16), thumbnail_px=SIDE_PX)
        with pytest.raises(TruncatedPhotoError):
            decode(photo[:-1], Box(16, 16), thumbnail_px=SIDE_PX)

    @pytest.mark.photos
    @pytest.mark.parametrize("name", PHONES)
    def test_of_phones_is_used_where_it_is_large_enough(
        self, photos_folder: Path, name: str
    ) -> None:
        photo = (photos_folder / name).read_bytes()
        width_px, height_px, small_width_px, small_height_px = PHONES[name]

        small = decode(photo, Box(512, 512), thumbnail_px=320)
        large = decode(photo, Box(512, 512), thumbnail_px=513)

        assert (small.width_px, small.height_px) == (width_px, height_px)
        assert (small.image.width, small.image.height) == (small_width_px, small_height_px)
        assert max(large.image.width, large.image.height) == 512
        again = large.image.thumbnail_image(small_width_px, height=small_height_px)
        assert difference(again, small.image) < 12


@pytest.mark.photos
@pytest.mark.parametrize("name", PHONES)
def test_tiles_of_phones_make_the_same_picture(photos_folder: Path, name: str) -> None:
    photo = (photos_folder / name).read_bytes()
    whole = HeifFile(photo)

    image = from_tiles(photo, 8)

    assert image is not None
    assert difference(image.autorot(), whole.decode().shrink(8, 8)) < 1
