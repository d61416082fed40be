"""HEICs decoded by their tiles and by their thumbnails, held to what libheif makes of the whole."""

import math
import struct
from pathlib import Path

import pytest
import pyvips

import picture.heic_small
from formats.heif.grid import MAX_TILES
from heicfile import HEIC_WITH_ALPHA, SIDE_PX, Thumbnail, heic, icc, nclx, sized
from photofiles import clap, imir, irot
from picture.decode import Box, decode
from picture.heic import HeifFile
from picture.heic_small import SmallHeic
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
NOT_PLAIN = {
    "no grid": heic(),
    "cropped": heic(clap(100, 100), tiles=2),
    "alpha": HEIC_WITH_ALPHA,
    "color of the whole that its tiles do not state": heic(nclx(12, 13), tiles=2),
    "profile of the whole that its tiles do not have": heic(
        icc(bytes(pyvips.Image.profile_load("p3"))), tiles=2
    ),
    "too many tiles": heic(tiles=math.isqrt(MAX_TILES) + 1),
    "tiles smaller than they say": heic(tiles=2).replace(
        struct.pack(">II", 64, 64), struct.pack(">II", 72, 72)
    ),
}


def opened(photo: bytes) -> SmallHeic:
    return SmallHeic(photo, HeifFile(photo))


def difference(one: pyvips.Image, other: pyvips.Image) -> float:
    """Return the mean difference in levels of two pictures of one size."""
    assert (one.width, one.height, one.bands) == (other.width, other.height, other.bands)
    return float((one.cast("float") - other).abs().avg())


def nothing() -> None:
    """Have no deadline."""


class TestTiles:
    @pytest.mark.parametrize("turns", TURNS, ids=range(1, 9))
    @pytest.mark.parametrize("shrink", [2, 4, 8])
    def test_are_shrunk_to_the_same_picture(self, turns: list[bytes], shrink: int) -> None:
        photo = heic(*turns, tiles=3)
        whole = HeifFile(photo)

        image = opened(photo).shrunk(shrink, nothing)

        assert image is not None
        assert difference(image.autorot(), whole.decode().shrink(shrink, shrink)) < 0.5

    def test_that_stand_over_the_edge_are_cut(self) -> None:
        photo = sized(heic(tiles=2), 128, 100)
        whole = HeifFile(photo)

        image = opened(photo).shrunk(2, nothing)

        assert image is not None
        assert difference(image, whole.decode().shrink(2, 2)) < 0.5

    def test_of_10_bit_are_shrunk_as_well(self) -> None:
        photo = heic(tiles=2, ten_bit=True)
        whole = HeifFile(photo)

        image = opened(photo).shrunk(4, nothing)

        assert image is not None
        assert difference(image, whole.decode().shrink(4, 4)) < 0.5

    @pytest.mark.parametrize("photo", NOT_PLAIN.values(), ids=NOT_PLAIN)
    def test_are_left_to_libheif_where_they_are_not_as_phones_write_them(
        self, photo: bytes
    ) -> None:
        assert opened(photo).shrunk(2, nothing) is None

    def test_that_do_not_decode_are_left_to_libheif(self) -> None:
        good = heic(tiles=2)
        broken = good[:-68] + bytes(60) + good[-8:]  # the last tile; what follows is the grid
        all_broken = good[:-268] + bytes(260) + good[-8:]

        assert opened(broken).shrunk(2, nothing) is None
        whole = HeifFile(broken)
        as_ever = whole.decode().thumbnail_image(32)  # without that tile
        assert difference(decode(broken, Box(32, 32)).image, as_ever) == 0
        with pytest.raises(UnreadablePhotoError, match="libheif: "):
            decode(all_broken, Box(32, 32))

    def test_are_decoded_one_by_one_while_there_is_time(self) -> None:
        class LateError(Exception):
            pass

        calls = []

        def late() -> None:
            calls.append(1)
            if len(calls) == 3:
                raise LateError

        with pytest.raises(LateError):
            opened(heic(tiles=3)).shrunk(2, late)

    def test_are_not_decoded_late(self) -> None:
        with pytest.raises(DeadlineExceededError):
            decode(heic(tiles=4), Box(32, 32), deadline=0)

    def test_are_what_a_small_picture_is_made_from(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Or it would take 60 MB for 12 megapixels."""

        def refuse(_: HeifFile) -> pyvips.Image:
            raise AssertionError("all of it was decoded")

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


class TestThumbnail:
    """A grid of one tile shows the same as a thumbnail of it; a grid of four does not."""

    @pytest.mark.parametrize("turns", TURNS, ids=range(1, 9))
    def test_is_turned_once(self, turns: list[bytes]) -> None:
        photo = heic(*turns, tiles=1, thumbnail=Thumbnail(tuple(turns)))
        whole = HeifFile(photo)

        image = opened(photo).thumbnail(SIDE_PX)

        assert image is not None
        assert difference(image.autorot(), whole.decode()) == 0

    @pytest.mark.parametrize(
        "thumbnail",
        [
            Thumbnail((irot(1),)),
            Thumbnail((imir(0),)),
            Thumbnail((clap(32, 32),)),
            Thumbnail((nclx(12, 13),)),
            Thumbnail((icc(bytes(pyvips.Image.profile_load("p3"))),)),
            Thumbnail(body=bytes(60)),
            Thumbnail(body=b""),
            Thumbnail(width_px=32, height_px=32),
            Thumbnail(width_px=61),
            Thumbnail(height_px=61),
            Thumbnail(width_px=9_000, height_px=9_000),
            Thumbnail(width_px=2**32 - 1, height_px=2**32 - 1),
            None,
        ],
        ids=[
            "turned otherwise",
            "mirrored otherwise",
            "cropped",
            "in another color",
            "with another profile",
            "broken",
            "empty",
            "too small",
            "narrower",
            "lower",
            "larger than the picture",
            "huge",
            "missing",
        ],
    )
    def test_that_is_not_a_copy_leads_to_the_picture(self, thumbnail: Thumbnail | None) -> None:
        photo = heic(tiles=1, thumbnail=thumbnail)

        picture = decode(photo, Box(16, 16), thumbnail_px=40)

        assert opened(photo).thumbnail(40) is None
        assert difference(picture.image, decode(heic(tiles=1), Box(16, 16)).image) == 0

    @pytest.mark.parametrize(
        ("width_px", "height_px"),
        [(32, 32), (64, 61), (61, 64), (9_000, 9_000), (2**32 - 1, 2**32 - 1)],
    )
    def test_is_judged_by_its_header_first(
        self, monkeypatch: pytest.MonkeyPatch, width_px: int, height_px: int
    ) -> None:
        def refuse(*_: object) -> None:
            raise AssertionError("it was decoded")

        thumbnail = Thumbnail(width_px=width_px, height_px=height_px)
        small = opened(heic(tiles=1, thumbnail=thumbnail))
        monkeypatch.setattr(SmallHeic, "_decode", refuse)

        assert small.thumbnail(40) is None

    def test_that_shows_something_else_is_not_used(self) -> None:
        photo = heic(tiles=2, thumbnail=Thumbnail())

        picture = decode(photo, Box(16, 16), thumbnail_px=SIDE_PX)

        assert opened(photo).thumbnail(SIDE_PX) is None
        assert difference(picture.image, decode(heic(tiles=2), Box(16, 16)).image) == 0

    def test_is_not_used_unless_it_is_asked_for(self, monkeypatch: pytest.MonkeyPatch) -> None:
        asked = []
        monkeypatch.setattr(
            picture.heic_small.SmallHeic, "thumbnail", lambda _, least_px: asked.append(least_px)
        )

        decode(heic(tiles=1, thumbnail=Thumbnail()), Box(16, 16))

        assert asked == [math.inf]

    def test_hides_nothing_that_is_wrong_with_the_picture(self) -> None:
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
    def test_of_phones_is_used_where_it_will_do(self, photos_folder: Path, name: str) -> None:
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
def test_of_phones_tiles_make_the_same_picture(photos_folder: Path, name: str) -> None:
    photo = (photos_folder / name).read_bytes()
    whole = HeifFile(photo)

    image = opened(photo).shrunk(8, nothing)

    assert image is not None
    assert difference(image.autorot(), whole.decode().shrink(8, 8)) < 1
