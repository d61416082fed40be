"""A GIF's first frame is shown where it is on the canvas, and the rest of the canvas is empty."""

import struct

import pytest

from formats import PartialFile, survey
from photofiles import encode, gif_without_screen, picture
from picture.decode import Box, Picture, decode
from pictures import difference, distance, textured
from shared.errors import TooComplexError, TruncatedPhotoError
from shared.limits import MAX_PARTS

ALL = Box(10_000, 10_000)
RED, BLUE = (200, 40, 40, 255), (40, 40, 200, 255)  # of the frame, 40 × 30 px, and of its top left
GRAPHIC_CONTROL = b"\x21\xf9\4%c\0\0%c\0"
IS_TRANSPARENT = 1
LOCAL = 0x80  # a color table


def gif(
    screen: tuple[int, int], left: int = 0, top: int = 0, *, disposal: int = 0, index: int = -1
) -> bytes:
    flags = disposal << 2 | (IS_TRANSPARENT if index >= 0 else 0)
    control = GRAPHIC_CONTROL % (flags, max(index, 0)) if flags else b""
    return gif_without_screen(struct.pack("<HH", *screen), left, top, control)


def shown(photo: bytes) -> Picture:
    """Return the picture, of which Extract records the same size."""
    structure = survey(PartialFile(len(photo), photo), "GIF")
    decoded = decode(photo, ALL)
    assert (structure.width_px, structure.height_px) == (decoded.width_px, decoded.height_px)
    assert (decoded.image.width, decoded.image.height) == (decoded.width_px, decoded.height_px)
    return decoded


SCREENS = [(100, 80), (41, 30), (40, 31), (640, 480), (1_024, 768), (2_500, 2_100)]


@pytest.mark.parametrize(("left", "top"), [(0, 0), (1, 0), (60, 50)])
@pytest.mark.parametrize("screen", SCREENS, ids=str)
def test_what_the_frame_does_not_cover_is_transparent(
    screen: tuple[int, int], left: int, top: int
) -> None:
    image = shown(gif(screen, left, top)).image

    right, bottom = left + 40, top + 30
    assert (image.width, image.height) == (max(screen[0], right), max(screen[1], bottom))
    assert distance([image(left, top), image(right - 1, bottom - 1)], [BLUE, RED]) <= 2
    uncovered = image.insert(image.new_from_image([0] * 4).crop(0, 0, 40, 30), left, top)
    assert [band.max() for band in uncovered.bandsplit()] == [0] * 4


@pytest.mark.parametrize("disposal", [1, 2, 3])
def test_what_becomes_of_the_frame_changes_nothing(disposal: int) -> None:
    image = shown(gif((100, 80), 20, 10, disposal=disposal)).image

    assert difference(image, shown(gif((100, 80), 20, 10)).image) == 0


def test_a_frame_that_fills_the_screen_has_no_alpha() -> None:
    for screen in ((40, 30), (10, 10), (0, 0)):
        assert shown(gif(screen)).image.bands == 3


@pytest.mark.parametrize("screen", [(40, 30), (100, 80), (640, 480)], ids=str)
def test_a_transparent_color_is_transparent_on_any_canvas(screen: tuple[int, int]) -> None:
    table = encode(picture(), "GIF")[13:]
    red = next(at for at in range(256) if table[at * 3 : at * 3 + 3] == bytes(RED[:3]))

    image = shown(gif(screen, index=red)).image

    assert distance([image(0, 0)], [BLUE]) <= 2
    assert image(39, 29)[3] == 0


@pytest.mark.parametrize("interlace", [0, 1])
@pytest.mark.parametrize("is_local", [False, True], ids=["global table", "local table"])
def test_is_the_same_however_it_is_coded(interlace: int, *, is_local: bool) -> None:
    file = encode(picture(), "GIF", interlace=interlace)
    frame_at = file.index(b"\x2c\0\0\0\0")
    table, flags = file[13:frame_at], file[10]
    head = file[:6] + struct.pack("<HH", 90, 70)
    place = file[frame_at : frame_at + 9]
    if is_local:
        coded = bytes([file[frame_at + 9] | LOCAL | flags & 7]) + table + file[frame_at + 10 :]
        photo = head + bytes([flags & 0x7F]) + file[11:13] + place + coded
    else:
        photo = head + file[10:]

    image = shown(photo).image

    assert distance([image(0, 0), image(39, 29), image(40, 30)], [BLUE, RED, (0,) * 4]) <= 2


def test_a_background_color_is_not_painted() -> None:
    photo = bytearray(gif((100, 80)))
    photo[11] = 1  # its index

    assert shown(bytes(photo)).image(99, 79) == [0, 0, 0, 0]


def test_that_is_cut_is_judged_by_the_rows_of_its_frame() -> None:
    whole = textured(200, 150).gifsave_buffer(effort=1)
    photo = whole[:6] + struct.pack("<HH", 1_000, 2_000) + whole[10:]

    assert not shown(photo).truncated
    assert decode(photo[: int(len(photo) * 0.6)], ALL).truncated
    with pytest.raises(TruncatedPhotoError):
        decode(photo[: int(len(photo) * 0.1)], ALL)


def test_whose_frame_comes_after_too_many_blocks_is_refused() -> None:
    comments = b"\x21\xfe" + b"\1x" * (MAX_PARTS + 1) + b"\0"
    photo = gif_without_screen(struct.pack("<HH", 40, 30), extensions=comments)

    with pytest.raises(TooComplexError, match="more than 10,000 blocks before the first frame"):
        decode(photo, ALL)
