"""Photos of every format, color and orientation, whole and damaged, are decoded as promised."""

import gc
import re
import struct
import time
import weakref
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from io import BytesIO
from typing import Any

import pytest
import pyvips
from hypothesis import given
from hypothesis import strategies as st

import picture.steps
from cputime import cpu_within
from fakes import MemoryPhotoStream
from formats import (
    DecodedSegments,
    PartialFile,
    Structure,
    orientation_of,
    read_tiff,
    sniff,
    strip_to_dc_scans,
    survey,
)
from heicfile import GRAY_HEIC, HEIC_WITH_ALPHA, heic, icc, nclx
from heicfile import QUARTERS as HEIC_QUARTERS
from photofiles import (
    ASCII,
    LONG,
    ORIENTATION,
    SHORT,
    Tag,
    bare_jpeg,
    clap,
    exif_segment,
    gif_without_screen,
    imir,
    irot,
    jpeg,
    scan_bomb,
    text,
    tiff_block,
    tiff_file,
    webp,
    with_size,
)
from picture.buffer import PhotoBuffer
from picture.color import Nclx, hdr_to_srgb
from picture.decode import Box, decode
from picture.heic import HeifFile
from picture.vips import LOADERS
from pictures import (
    NO_METADATA,
    QUARTERS,
    difference,
    distance,
    plain,
    quarters,
    seen,
    stored,
    textured,
    with_profile,
)
from rawfiles import KINDS, Kind
from shared.errors import (
    DeadlineExceededError,
    EmptyPhotoError,
    PhotoTooLargeError,
    StorageUnavailableError,
    TooComplexError,
    TooManyPixelsError,
    TruncatedPhotoError,
    UnreadablePhotoError,
    UnsupportedTypeError,
)
from shared.limits import MAX_BYTES
from shared.storage import PhotoStream

ALL = Box(10_000, 10_000)

ENCODERS: dict[str, Callable[[pyvips.Image], bytes]] = {
    "JPEG": lambda image: image.jpegsave_buffer(Q=95),
    "progressive JPEG": lambda image: image.jpegsave_buffer(Q=95, interlace=True),
    "PNG": lambda image: image.pngsave_buffer(),
    "interlaced PNG": lambda image: image.pngsave_buffer(interlace=True),
    "WebP": lambda image: image.webpsave_buffer(lossless=True, effort=0),
    "GIF": lambda image: image.gifsave_buffer(effort=1),
    "TIFF": lambda image: image.tiffsave_buffer(compression="lzw"),
    "AVIF": lambda image: image.heifsave_buffer(compression="av1", Q=90, effort=0),
}
CODING_TOLERANCE = 6  # levels: what the lossy encoders above do to a plain color


@cache
def photo_of(image_format: str, width_px: int, height_px: int) -> bytes:
    return ENCODERS[image_format](textured(width_px, height_px))


def shown(photo: bytes, *boxes: Box) -> list[list[float]]:
    return seen(decode(photo, *(boxes or (ALL,))).image)


def recorded_shrinks(monkeypatch: pytest.MonkeyPatch) -> list[int | None]:
    """Return a list that gets an item for each JPEG that libvips opens: what it divides by."""
    opened: list[int | None] = []

    def load(source: pyvips.Source, **options: Any) -> pyvips.Image:  # noqa: ANN401  # libvips'
        opened.append(options.get("shrink"))
        return pyvips.Image.jpegload_source(source, **options)

    monkeypatch.setitem(LOADERS, "JPEG", load)
    return opened


class TestSize:
    @given(
        st.integers(1, 70_000), st.integers(1, 70_000), st.integers(1, 4_096), st.integers(1, 4_096)
    )
    def test_inside_fits_never_enlarges_and_keeps_the_shape_to_one_pixel(
        self, width: int, height: int, box_width: int, box_height: int
    ) -> None:
        scaled = Box(box_width, box_height).scaled(width, height)

        assert 1 <= scaled[0] <= min(width, box_width)
        assert 1 <= scaled[1] <= min(height, box_height)
        assert abs(scaled[0] - scaled[1] * width / height) <= max(1, width / height)

    @given(
        st.integers(1, 70_000), st.integers(1, 70_000), st.integers(1, 4_096), st.integers(1, 4_096)
    )
    def test_cover_fills_the_box_as_far_as_the_photo_reaches(
        self, width: int, height: int, box_width: int, box_height: int
    ) -> None:
        scaled = Box(box_width, box_height, "cover").scaled(width, height)

        assert min(width, box_width) <= scaled[0] <= width
        assert min(height, box_height) <= scaled[1] <= height

    @pytest.mark.parametrize("image_format", ENCODERS)
    @pytest.mark.parametrize("box", [Box(50, 50), Box(200, 200), Box(300, 100, "cover"), ALL])
    def test_is_exactly_the_size_that_the_largest_box_asks_for(
        self, image_format: str, box: Box
    ) -> None:
        picture = decode(photo_of(image_format, 801, 599), Box(20, 20), box)

        assert (picture.width_px, picture.height_px) == (801, 599)
        assert (picture.image.width, picture.image.height) == box.scaled(801, 599)

    @pytest.mark.parametrize(
        ("width", "height", "expected"),
        [(1, 1, (1, 1)), (1, 5_000, (1, 400)), (65_500, 8, (400, 1)), (79, 79, (79, 79))],
    )
    def test_no_side_is_below_one_pixel(
        self, width: int, height: int, expected: tuple[int, int]
    ) -> None:
        photo = plain((10, 200, 30), width_px=width, height_px=height).jpegsave_buffer()

        image = decode(photo, Box(400, 400)).image

        assert (image.width, image.height) == expected
        assert distance([image(0, 0)], [(10, 200, 30)]) <= CODING_TOLERANCE

    @pytest.mark.parametrize(("width", "height"), [(5_000, 1), (16_000, 3), (2, 5_000), (900, 7)])
    @pytest.mark.parametrize("image_format", ENCODERS)
    def test_of_thin_photos_is_as_asked_for(
        self, image_format: str, width: int, height: int
    ) -> None:
        photo = photo_of(image_format, width, height)

        for box in (Box(1_600, 1_600), Box(400, 400), Box(100, 100), Box(100, 100, "cover")):
            image = decode(photo, box, gap=1).image
            assert (image.width, image.height) == box.scaled(width, height)

    def test_of_a_thin_webp_is_scaled_to_no_less_than_one_pixel(self) -> None:
        photo = photo_of("WebP", 5_000, 2)

        image = decode(photo, Box(400, 400)).image

        assert (image.width, image.height) == (400, 1)

    @pytest.mark.parametrize("image_format", ENCODERS)
    def test_shrinking_while_loading_shows_the_same_picture(self, image_format: str) -> None:
        exact = textured(1200, 900).resize(1 / 12)

        image = decode(photo_of(image_format, 1200, 900), Box(100, 100)).image

        assert difference(image, exact) < 6  # levels; GIF's palette alone makes 3

    @pytest.mark.parametrize("orientation", [1, 6])
    def test_a_baseline_photo_is_opened_once(
        self, monkeypatch: pytest.MonkeyPatch, orientation: int
    ) -> None:
        photo = stored(textured(1200, 900), orientation).jpegsave_buffer()
        opened = recorded_shrinks(monkeypatch)

        decode(photo, Box(100, 100))
        decode(MemoryPhotoStream(photo), Box(1200, 1200))

        assert opened == [8, 1]

    def test_libvips_decides_on_the_size_if_the_survey_reads_another(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        photo = photo_of("JPEG", 1200, 900)
        opened = recorded_shrinks(monkeypatch)
        small = Structure(width_px=400, height_px=300, exif=None)
        monkeypatch.setattr(picture.steps, "survey", lambda *_: small)

        found = decode(photo, Box(100, 100))

        assert (found.width_px, found.height_px, found.image.width) == (1200, 900, 100)
        assert opened == [2, None, 8]
        with pytest.raises(TooManyPixelsError):
            decode(PIXEL_BOMBS["JPEG"](), Box(100, 100))

    def test_a_decode_at_one_8th_gets_only_the_dc_scans_of_a_progressive_photo(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        photo = photo_of("progressive JPEG", 1200, 900)
        decoded: list[bytes] = []

        def recorded(file: bytes) -> bytes:
            decoded.append(strip_to_dc_scans(file))
            return decoded[-1]

        monkeypatch.setattr(picture.steps, "strip_to_dc_scans", recorded)
        decode(photo, Box(400, 400))
        decode(photo, Box(140, 140))  # 1/8 would be larger only by 7 %
        assert decoded == []

        decode(photo, Box(100, 100))
        decode(photo, Box(140, 140), gap=1)

        assert [len(file) < len(photo) / 4 for file in decoded] == [True, True]

    def test_a_lenient_attempt_gets_all_scans_of_a_progressive_photo(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        photo = photo_of("progressive JPEG", 1200, 900)
        second_scan = [at.start() for at in re.finditer(b"\xff\xda", photo)][1]
        damaged = photo[:second_scan] + bytes(3) + photo[second_scan:]  # libjpeg warns of them
        stripped: list[bytes] = []

        def recorded(file: bytes) -> bytes:
            stripped.append(file)
            return strip_to_dc_scans(file)

        monkeypatch.setattr(picture.steps, "strip_to_dc_scans", recorded)
        decode(damaged, Box(100, 100))

        assert stripped == [DecodedSegments().feed(damaged)]  # by the strict attempt


class TestOrientation:
    """However the camera was held, the same picture is decoded."""

    @pytest.mark.parametrize("orientation", range(1, 9))
    @pytest.mark.parametrize(
        "image_format", ["JPEG", "progressive JPEG", "PNG", "WebP", "TIFF", "AVIF"]
    )
    def test_is_undone(self, image_format: str, orientation: int) -> None:
        photo = ENCODERS[image_format](stored(quarters(), orientation))

        picture = decode(photo, Box(48, 48))

        assert (picture.width_px, picture.height_px) == (96, 64)
        assert (picture.image.width, picture.image.height) == (48, 32)
        assert distance(seen(picture.image), QUARTERS) <= CODING_TOLERANCE

    @pytest.mark.parametrize("own", [None, 1, 3, 8])
    @pytest.mark.parametrize("orientation", range(1, 9))
    @pytest.mark.parametrize("progressive", [False, True])
    def test_of_a_preview_is_the_raw_photos_and_is_undone_once(
        self, *, progressive: bool, orientation: int, own: int | None
    ) -> None:
        image = stored(quarters(), orientation)
        image.remove("orientation")
        exif = None if own is None else tiff_block([Tag(ORIENTATION, SHORT, [own])])
        whole = image.jpegsave_buffer(Q=95, interlace=progressive)
        preview = whole if exif is None else whole[:2] + exif_segment(exif) + whole[2:]

        picture = decode(preview, Box(48, 48), orientation=orientation)
        cut = decode(preview[:-2], Box(48, 48), orientation=orientation)

        for shown in (picture, cut):
            assert (shown.width_px, shown.height_px) == (96, 64)
            assert distance(seen(shown.image), QUARTERS) <= CODING_TOLERANCE

    @pytest.mark.parametrize(
        ("turn", "expected"),
        [
            ([], [0, 1, 2, 3]),
            ([imir(1)], [1, 0, 3, 2]),
            ([irot(2)], [3, 2, 1, 0]),
            ([imir(0)], [2, 3, 0, 1]),
            ([irot(1), imir(0)], [0, 2, 1, 3]),
            ([irot(3)], [2, 0, 3, 1]),
            ([irot(3), imir(0)], [3, 1, 2, 0]),
            ([irot(1)], [1, 3, 0, 2]),
        ],
        ids=range(1, 9),
    )
    def test_of_heic_follows_its_properties(self, turn: list[bytes], expected: list[int]) -> None:
        photo = heic(clap(64, 48), *turn)

        picture = decode(photo, ALL)

        sideways = irot(1) in turn or irot(3) in turn
        assert (picture.width_px, picture.height_px) == ((48, 64) if sideways else (64, 48))
        assert distance(seen(picture.image), [HEIC_QUARTERS[i] for i in expected]) <= 3

    @pytest.mark.parametrize("order", ["<", ">"])
    @pytest.mark.parametrize(
        "tags",
        [
            [],
            *([Tag(ORIENTATION, SHORT, [value])] for value in (0, 3, 6, 9, 65_535)),
            [Tag(ORIENTATION, LONG, [6])],
            [text(ORIENTATION, "6")],
            [Tag(ORIENTATION, ASCII, b"6")],
            [Tag(ORIENTATION, SHORT, [6]), Tag(ORIENTATION, SHORT, [3])],
        ],
        ids=str,
    )
    def test_is_read_as_the_extract_step_reads_it(self, tags: list[Tag], order: str) -> None:
        block = tiff_block(tags, order="<" if order == "<" else ">")
        twice = jpeg(exif=block, before=exif_segment(tiff_block([Tag(ORIENTATION, SHORT, [8])])))

        for photo in (jpeg(exif=block), webp(exif=block), tiff_file(tags), twice):
            structure = survey(PartialFile(len(photo), photo), sniff(photo))
            exif = structure.exif or b""
            sideways = orientation_of(read_tiff(PartialFile(len(exif), exif))) >= 5
            picture = decode(photo, ALL)
            assert (picture.width_px < picture.height_px) == sideways


def p3() -> bytes:
    return bytes(pyvips.Image.profile_load("p3"))


def cmyk() -> bytes:
    return bytes(pyvips.Image.profile_load("cmyk"))


def of_class(kind: bytes, space: bytes = b"RGB ", pcs: bytes = b"XYZ ") -> bytes:
    """Return Display P3's profile with another header."""
    return p3()[:12] + kind + space + pcs + p3()[24:]


UNUSABLE_PROFILES: dict[str, Callable[[], bytes]] = {
    "abstract": lambda: of_class(b"abst"),
    "abstract of Lab": lambda: of_class(b"abst", b"Lab ", b"Lab "),
    "link": lambda: of_class(b"link"),
    "link to RGB": lambda: of_class(b"link", pcs=b"RGB "),
    "link of CMYK": lambda: cmyk().replace(b"prtr", b"link", 1),
    "named color": lambda: of_class(b"nmcl"),
    "named color of CMYK": lambda: cmyk().replace(b"prtr", b"nmcl", 1),
    "gray": lambda: of_class(b"mntr", b"GRAY"),
    "Lab": lambda: of_class(b"spac", b"Lab "),
    "XYZ": lambda: of_class(b"spac", b"XYZ "),
    "connected to RGB": lambda: of_class(b"mntr", pcs=b"RGB "),
    "without tags": lambda: p3()[:128] + bytes(4),
    "cut in its tags": lambda: p3()[:200],
    "cut at its end": lambda: p3()[:-8],
    "no profile": lambda: bytes(400),
    "unknown curves": lambda: p3().replace(b"para", b"abcd").replace(b"curv", b"abcd"),
}
COLORED: tuple[tuple[str, pyvips.Image], ...] = (
    ("JPEG", plain((200, 50, 50))),
    ("WebP", plain((200, 50, 50))),
    ("AVIF", plain((200, 50, 50))),
    ("TIFF", plain((200, 50, 50))),
    ("TIFF", plain((51_400, 12_850, 12_850), "rgb16", "ushort")),
    ("TIFF", plain((53.2, 80.1, 67.2), "lab", "float")),
    ("TIFF", plain((0.5, 0.2, 0.1), "scrgb", "float")),
)


class TestColor:
    """Expected colors are computed without libvips, from the matrices of the standards named."""

    @pytest.mark.parametrize(
        ("coded", "expected"),
        [
            ((200, 50, 50), (218, 24, 42)),
            ((50, 180, 60), (0, 182, 31)),
            ((128, 128, 128), (128, 128, 128)),
        ],
    )
    @pytest.mark.parametrize("image_format", ["JPEG", "PNG", "WebP", "TIFF"])
    def test_display_p3_is_converted(
        self, image_format: str, coded: tuple[int, ...], expected: tuple[int, ...]
    ) -> None:
        photo = ENCODERS[image_format](with_profile(plain(coded), p3()))

        assert distance(shown(photo), [expected] * 4) <= 4

    @pytest.mark.parametrize("color", [icc, None], ids=["ICC", "nclx"])
    def test_display_p3_of_heic_is_converted(self, color: Callable[[bytes], bytes] | None) -> None:
        photo = heic(color(p3()) if color else nclx(12, 13))

        assert distance(shown(photo)[:1], [(218, 24, 42)]) <= 4

    def test_adobe_rgb_is_converted(self) -> None:
        photo = with_profile(plain((200, 50, 50)), adobe_rgb()).jpegsave_buffer(Q=98)

        assert distance(shown(photo), [(234, 47, 47)] * 4) <= 4

    def test_cmyk_is_converted_with_and_without_its_profile(self) -> None:
        cyan = plain((255, 0, 0, 0), "cmyk")
        bare = cyan.jpegsave_buffer(Q=98)
        profiled = with_profile(cyan, pyvips.Image.profile_load("cmyk")).jpegsave_buffer(Q=98)

        for photo in (bare, profiled):
            red, green, blue = shown(photo)[0]
            assert red < 40
            assert 120 < green < blue

    def test_an_srgb_profile_and_a_broken_one_change_nothing(self) -> None:
        image = plain((200, 50, 50))

        for profile in (pyvips.Image.profile_load("srgb"), bytes(400), b"not a profile"):
            photo = with_profile(image, profile).pngsave_buffer()
            assert shown(photo) == [[200, 50, 50]] * 4

    @pytest.mark.parametrize("profile", UNUSABLE_PROFILES)
    def test_a_profile_that_cannot_be_used_changes_nothing(self, profile: str) -> None:
        unusable = UNUSABLE_PROFILES[profile]()

        for image_format, image in COLORED:
            photo, bare = (
                ENCODERS[image_format](each) for each in (with_profile(image, unusable), image)
            )
            for box in (ALL, Box(16, 16)):
                assert shown(photo, box) == shown(bare, box), image_format
        assert shown(heic(icc(unusable))) == shown(heic())

    def test_a_profile_that_cannot_be_used_leaves_a_cut_photo_flagged_or_refused(self) -> None:
        photo = with_profile(textured(), of_class(b"link")).jpegsave_buffer(Q=90)

        assert decode(cut_scan(photo, 0.5), ALL).truncated
        with pytest.raises(TruncatedPhotoError, match="% of the picture"):
            decode(cut_scan(photo, 0.1), ALL)

    @pytest.mark.parametrize("kind", [b"mntr", b"scnr", b"prtr", b"spac"])
    def test_a_profile_of_a_device_or_a_color_space_is_used(self, kind: bytes) -> None:
        photo = with_profile(plain((200, 50, 50)), of_class(kind)).pngsave_buffer()

        assert distance(shown(photo), [(218, 24, 42)] * 4) <= 4

    def test_a_profile_for_another_kind_of_picture_is_ignored(self) -> None:
        photo = with_profile(plain((90,), "b-w"), p3()).pngsave_buffer()

        assert shown(photo) == [[90, 90, 90]] * 4

    @pytest.mark.parametrize(
        ("image", "expected"),
        [
            (plain((100,), "b-w"), (100, 100, 100)),
            (plain((25_700,), "grey16", "ushort"), (100, 100, 100)),
            (plain((51_400, 12_850, 12_850), "rgb16", "ushort"), (200, 50, 50)),
            (plain((53.2, 80.1, 67.2), "lab", "float"), (255, 0, 0)),
            (plain((0.5, 0.5, 0.5), "scrgb", "float"), (188, 188, 188)),
        ],
        ids=["gray", "16 bit gray", "16 bit", "LAB", "linear float"],
    )
    def test_every_kind_of_sample_becomes_8_bit_srgb(
        self, image: pyvips.Image, expected: tuple[int, ...]
    ) -> None:
        picture = decode(image.tiffsave_buffer(), ALL)

        assert (picture.image.format, picture.image.interpretation) == ("uchar", "srgb")
        assert distance(seen(picture.image), [expected] * 4) <= 2

    @pytest.mark.parametrize("profile", ["p3", "cmyk"])
    def test_a_profile_does_not_change_samples_of_a_known_scale(self, profile: str) -> None:
        for image in (
            plain((53.2, 80.1, 67.2), "lab", "float"),
            plain((0.5, 0.2, 0.1), "scrgb", "float"),
        ):
            photo = with_profile(image, bytes(pyvips.Image.profile_load(profile)))
            assert shown(photo.tiffsave_buffer()) == shown(image.tiffsave_buffer())

    @pytest.mark.parametrize("profile", ["abst", "link", "nmcl"])
    def test_cmyk_is_converted_without_a_profile_that_cannot_be_used(self, profile: str) -> None:
        cyan = plain((255, 0, 0, 0), "cmyk")
        unusable = with_profile(cyan, cmyk().replace(b"prtr", profile.encode(), 1))

        for save in ("jpegsave_buffer", "tiffsave_buffer"):
            assert shown(getattr(unusable, save)()) == shown(getattr(cyan, save)())

    def test_bands_of_unknown_meaning_are_dropped(self) -> None:
        photo = plain((100, 20, 30, 40, 50), "multiband").tiffsave_buffer()

        assert decode(photo, ALL).image.bands == 3

    def test_colors_of_a_palette_are_decoded(self) -> None:
        photo = quarters().pngsave_buffer(palette=True)

        assert distance(shown(photo), QUARTERS) <= 2

    def test_floats_of_unknown_scale_are_refused(self) -> None:
        with pytest.raises(UnsupportedTypeError, match="floating-point gray"):
            decode(plain((0.5,), "b-w", "float").tiffsave_buffer(), ALL)

    def test_wide_colors_of_hdr_are_more_saturated_in_srgb(self) -> None:
        photo = heic(nclx(9, 18), ten_bit=True)

        red, green, blue = shown(photo)[0]

        assert red > 200
        assert green < 60
        assert blue < 60

    @pytest.mark.parametrize("transfer", [16, 18], ids=["PQ", "HLG"])
    def test_hdr_with_the_primaries_of_p3_is_converted_only_once(self, transfer: int) -> None:
        photo = heic(nclx(12, transfer), ten_bit=True)
        file = HeifFile(photo)

        image = decode(photo, ALL).image

        assert difference(image, hdr_to_srgb(file.decode(), Nclx(12, transfer))) == 0


class TestAlpha:
    @pytest.mark.parametrize("image_format", ["PNG", "WebP", "TIFF", "GIF", "AVIF"])
    def test_is_kept(self, image_format: str) -> None:
        image = (
            quarters()
            .bandjoin(plain((255,), width_px=96))
            .insert(plain((0, 0, 0, 0), width_px=48), 0, 0)
        )

        picture = decode(ENCODERS[image_format](image.copy(interpretation="srgb")), Box(48, 48))

        assert picture.image.bands == 4
        assert [round(level[3]) for level in seen(picture.image)] == [0, 255, 0, 255]
        assert distance([seen(picture.image)[1][:3]], [QUARTERS[1]]) <= CODING_TOLERANCE

    def test_of_gray_is_kept(self) -> None:
        photo = plain((200, 50), "b-w").pngsave_buffer()

        assert distance(shown(photo), [(200, 200, 200, 50)] * 4) <= 3

    def test_of_heic_is_kept(self) -> None:
        assert [level[3] for level in shown(HEIC_WITH_ALPHA)] == [0, 255, 0, 255]


class TestHeic:
    def test_decodes_8_and_10_bit(self) -> None:
        for ten_bit in (False, True):
            assert distance(shown(heic(ten_bit=ten_bit)), HEIC_QUARTERS) <= 3

    def test_decodes_gray(self) -> None:
        picture = decode(GRAY_HEIC, ALL)

        assert picture.image.bands == 3
        assert all(max(level) == min(level) for level in seen(picture.image))

    def test_has_the_size_that_was_decoded_if_its_header_says_another(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(HeifFile, "size", property(lambda _: (60, 50)))

        picture = decode(heic(), ALL)

        assert (picture.width_px, picture.height_px) == (64, 64)

    @pytest.mark.parametrize(
        "turn",
        [
            [],
            [imir(1)],
            [irot(2)],
            [imir(0)],
            [irot(1), imir(0)],
            [irot(3)],
            [irot(3), imir(0)],
            [irot(1)],
        ],
        ids=range(1, 9),
    )
    def test_is_cropped_to_a_small_part(self, turn: list[bytes]) -> None:
        """What is decoded is so much larger that libheif itself refuses it as a bomb."""
        photo = heic(clap(30, 20, 30, -40), *turn, large=True)  # of the second quarter
        structure = survey(PartialFile(len(photo), photo), "HEIC")

        for box, scale in ((ALL, 1), (Box(15, 15), 2)):
            picture = decode(photo, box)
            sideways = irot(1) in turn or irot(3) in turn
            size = (20, 30) if sideways else (30, 20)
            assert (picture.width_px, picture.height_px) == size
            assert (picture.image.width * scale, picture.image.height * scale) == size
            assert distance(seen(picture.image), [HEIC_QUARTERS[1]] * 4) <= 3
        assert (structure.width_px, structure.height_px) == (30, 20)

    def test_is_cropped_to_the_pixel(self) -> None:
        """The crop has one row and column of each quarter but the first."""
        photo = heic(clap(2, 2), large=True)

        assert distance(pixels(decode(photo, ALL).image), HEIC_QUARTERS) <= 20  # chroma is shared

    def test_has_as_many_pixels_as_are_decoded_before_the_crop(self) -> None:
        honest = struct.pack(">II", 64, 64)
        with pytest.raises(TooManyPixelsError):
            decode(heic(clap(20, 10)).replace(honest, struct.pack(">II", 9_000, 9_000)), ALL)

    def test_decodes_a_grid_of_tiles(self) -> None:
        picture = decode(heic(tiles=2), ALL)

        assert (picture.width_px, picture.height_px) == (128, 128)
        tile = picture.image.crop(64, 0, 64, 64)
        assert distance(seen(tile), HEIC_QUARTERS) <= 3

    @pytest.mark.parametrize("lost_bytes", [1, 60, 100, 200])
    def test_that_is_truncated_is_refused_since_libheif_would_leave_green_tiles(
        self, lost_bytes: int
    ) -> None:
        with pytest.raises(TruncatedPhotoError):
            decode(heic(tiles=2)[:-lost_bytes], ALL)

    @pytest.mark.parametrize(
        "trailer", [b"    </rdf:Bag>\n  </rdf:RDF>", b"\0\0\0\1" + b"\x7f" * 20]
    )
    def test_bytes_behind_the_last_box_change_nothing(self, trailer: bytes) -> None:
        for photo in (heic(), heic(tiles=2), HEIC_WITH_ALPHA, photo_of("AVIF", 801, 599)):
            for box in (ALL, Box(40, 40)):
                image = decode(photo + trailer, box).image
                assert difference(image, decode(photo, box).image) == 0

    def test_with_another_size_than_its_header_says_is_refused(self) -> None:
        honest = struct.pack(">II", 64, 64)
        with pytest.raises(UnreadablePhotoError):
            decode(heic().replace(honest, struct.pack(">II", 32, 32)), ALL)
        with pytest.raises(TooManyPixelsError):
            decode(heic().replace(honest, struct.pack(">II", 9_000, 9_000)), ALL)


PIXEL_BOMBS: dict[str, Callable[[], bytes]] = {
    "JPEG": lambda: bare_jpeg(35_584, 18_696),
    "PNG": lambda: with_size(black(900, 900).pngsave_buffer(), 16_000, 16_000),
    "GIF": lambda: with_size(black(900, 900).gifsave_buffer(), 12_000, 11_000),
    "WebP": lambda: with_size(
        black(900, 900).webpsave_buffer(lossless=True, keep=NO_METADATA), 16_000, 16_000
    ),
}


def black(width_px: int, height_px: int) -> pyvips.Image:
    return plain((0,), "b-w", width_px=width_px, height_px=height_px)


class TestRefusals:
    def test_empty(self) -> None:
        with pytest.raises(EmptyPhotoError):
            decode(b"", ALL)

    def test_too_many_bytes_before_one_is_read(self) -> None:
        def never(size: int) -> bytes:
            raise AssertionError(f"read {size} bytes")

        with pytest.raises(PhotoTooLargeError):
            decode(PhotoStream(never, MAX_BYTES + 1), ALL)

    @pytest.mark.parametrize(
        "foreign",
        [
            b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>',
            b"%PDF-1.7\n",
            b"%!PS-Adobe-3.0 EPSF-3.0\n",
            b"push graphic-context\nviewbox 0 0 9 9\n",
            b"P6 1 1 255\n\0\0\0",
            b"1,2,3\n4,5,6\n",
            b"\x08\xf2\xa6\xb6" + bytes(60),  # libvips' own .v
            b"BM" + bytes(60),
            b"II+\0\x08\0\0\0" + bytes(60),
            b"not an image at all",
            b"\xff",
        ],
    )
    def test_files_of_other_types_by_their_first_bytes(self, foreign: bytes) -> None:
        with pytest.raises(UnsupportedTypeError):
            decode(foreign, ALL)

    @pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS.keys())
    def test_a_raw_photo_of_which_no_preview_is_named(self, kind: Kind) -> None:
        photo = kind.make(quarters(1200, 800).jpegsave_buffer(), 1)

        with pytest.raises(UnsupportedTypeError, match="raw photo"):
            decode(photo, ALL)

    def test_other_types_by_libvips_itself(self) -> None:
        ppm = b"P6 1 1 255\n\0\0\0"
        with pytest.raises(pyvips.Error):
            pyvips.Image.new_from_buffer(ppm, "")
        with pytest.raises(pyvips.Error):
            pyvips.Image.matrixload_source(pyvips.Source.new_from_memory(b"1 1\n5\n"))
        with pytest.raises(pyvips.Error):
            pyvips.Image.svgload_buffer(b'<svg xmlns="http://www.w3.org/2000/svg"/>')

    @pytest.mark.parametrize("image_format", PIXEL_BOMBS)
    def test_pixel_bombs_by_their_header(self, image_format: str) -> None:
        bomb = PIXEL_BOMBS[image_format]()

        with cpu_within(1), pytest.raises(TooManyPixelsError):  # decoding takes many seconds
            decode(bomb, Box(400, 400))

    def test_a_tiff_of_a_million_squared(self) -> None:
        tags = [(0x100, 4, 1_000_000), (0x101, 4, 1_000_000), (0x102, 3, 8), (0x103, 3, 1)]
        tags += [(0x106, 3, 1), (0x111, 4, 8), (0x115, 3, 1), (0x116, 4, 1_000_000), (0x117, 4, 1)]
        bomb = b"II*\0" + struct.pack("<IH", 8, len(tags))
        bomb += b"".join(struct.pack("<HHII", tag, kind, 1, value) for tag, kind, value in tags)

        with pytest.raises((TooManyPixelsError, UnreadablePhotoError, TruncatedPhotoError)):
            decode(bomb + bytes(4), Box(400, 400))

    def test_scan_bombs_before_they_are_decoded(self) -> None:
        bomb = scan_bomb(20_000)

        with cpu_within(1), pytest.raises(TooComplexError):
            decode(bomb, ALL)

    def test_but_not_as_many_scans_as_are_allowed(self) -> None:
        assert decode(scan_bomb(100), ALL).truncated is False

    @pytest.mark.parametrize(
        "photo",
        [
            b"\xff\xd8\xff",
            b"\x89PNG\r\n\x1a\n" + bytes(60) + b"IEND",
            b"GIF89a" + bytes(60) + b";",
            b"RIFF\x04\0\0\0WEBP",
            b"\xff\xd8\xff" + b"garbage" * 100,
        ],
    )
    def test_garbage_behind_the_first_bytes_of_a_photo(self, photo: bytes) -> None:
        with pytest.raises(UnreadablePhotoError):
            decode(photo, ALL)

    def test_any_photo_after_the_deadline(self) -> None:
        photo = textured().jpegsave_buffer()

        with pytest.raises(DeadlineExceededError):
            decode(photo, ALL, deadline=time.monotonic())

    def test_a_photo_that_is_decoded_just_after_the_deadline(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        photo = textured().jpegsave_buffer()
        monkeypatch.setattr(picture.steps, "is_over", lambda _: False)  # libvips is not stopped

        with pytest.raises(DeadlineExceededError):
            decode(photo, ALL, deadline=time.monotonic())

    def test_a_photo_whose_decoding_takes_longer_than_the_deadline(self) -> None:
        photo = textured(3_000, 2_500).pngsave_buffer(compression=1)
        whole = cpu_seconds(lambda: decode(photo, ALL))

        def stopped() -> None:
            with pytest.raises(DeadlineExceededError):
                decode(photo, ALL, deadline=time.monotonic() + whole / 10)

        assert cpu_seconds(stopped) < whole / 2


class TestAnimations:
    @pytest.mark.parametrize("saver", ["gifsave_buffer", "webpsave_buffer"])
    def test_the_first_frame_is_shown(self, saver: str) -> None:
        frames = [plain(color) for color in QUARTERS[:3]]

        picture = decode(animation(frames, saver), ALL)

        assert (picture.width_px, picture.height_px) == (64, 64)
        assert distance([seen(picture.image)[0][:3]], [QUARTERS[0]]) <= 8

    def test_of_5000_frames_only_the_first_is_decoded(self) -> None:
        one = quarters().gifsave_buffer(effort=1)
        frame = one[one.index(b"\x2c\0\0\0\0") : -1]
        bomb = one[:-1] + frame * 5_000 + b";"

        with cpu_within(5):
            assert distance([level[:3] for level in shown(bomb)], QUARTERS) <= CODING_TOLERANCE

    @pytest.mark.parametrize("screen", [bytes(4), b"\0\0\x30\0", b"\x30\0\0\0"])
    @pytest.mark.parametrize(("left", "top"), [(0, 0), (7, 5)])
    def test_of_a_gif_without_a_screen_the_first_frame_decides(
        self, screen: bytes, left: int, top: int
    ) -> None:
        photo = gif_without_screen(screen, left, top, extensions=b"\x21\xfe\3two\4more\0" * 2)
        larger = photo[photo.index(b"\x2c") : -1].replace(
            struct.pack("<HH", 40, 30), struct.pack("<HH", 60, 50)
        )

        for file in (photo, photo[:-1] + larger + b";"):
            structure = survey(PartialFile(len(file), file), "GIF")
            picture = decode(file, ALL)
            assert (structure.width_px, structure.height_px) == (40 + left, 30 + top)
            assert (picture.width_px, picture.height_px) == (40 + left, 30 + top)
            assert distance([picture.image(left + 5, top + 5)[:3]], [(40, 40, 200)]) <= 3

    def test_of_a_tiff_the_first_page_is_shown(self) -> None:
        pages = animation([plain(color) for color in QUARTERS[:3]], "tiffsave_buffer")

        assert shown(pages) == [list(QUARTERS[0])] * 4


def pixels(image: pyvips.Image) -> list[list[float]]:
    """Return the colors of all pixels, row by row."""
    return [
        [float(v) for v in image(x, y)] for y in range(image.height) for x in range(image.width)
    ]


def cut(photo: bytes, share: float) -> bytes:
    return photo[: int(len(photo) * share)]


def cut_scan(photo: bytes, share: float) -> bytes:
    """Return a JPEG of one scan cut in its picture, however long the profile before it is."""
    start = photo.rindex(b"\xff\xda")
    return photo[:start] + cut(photo[start:], share)


# libjpeg fills all of them up with the same gray, in the colors of the file.
CODED: dict[str, Callable[[], pyvips.Image]] = {
    "RGB": textured,
    "RGB of linear light": lambda: with_profile(textured(), adobe_rgb(gamma=1.0)),
    "RGB of gamma 1.8": lambda: with_profile(textured(), adobe_rgb(gamma=1.8)),
    "gray": lambda: textured().colourspace("b-w"),
    "CMYK": lambda: without_profile(textured().icc_export(output_profile="cmyk")),
    "CMYK with its profile": lambda: textured().icc_export(output_profile="cmyk"),
}


@cache
def coded(colors: str) -> bytes:
    photo: bytes = CODED[colors]().jpegsave_buffer(Q=90)
    return photo


class TestTruncated:
    """Shown and flagged, or refused: never half gray without a flag."""

    @pytest.mark.parametrize("interlace", [False, True], ids=["baseline", "progressive"])
    @pytest.mark.parametrize("share", [0.5, 0.9])
    @pytest.mark.parametrize("box", [ALL, Box(50, 50)])
    def test_jpeg_is_shown_and_flagged(self, share: float, box: Box, *, interlace: bool) -> None:
        photo = textured(801, 599).jpegsave_buffer(Q=90, interlace=interlace)

        picture = decode(cut(photo, share), box)

        assert picture.truncated
        assert (picture.image.width, picture.image.height) == box.scaled(801, 599)

    @pytest.mark.parametrize("end", [b"", b"\xff\xd9"], ids=["open", "closed again"])
    @pytest.mark.parametrize("colors", CODED)
    def test_jpeg_with_a_10th_of_its_picture_is_refused(self, colors: str, end: bytes) -> None:
        for box in (ALL, Box(100, 100)):
            with pytest.raises(TruncatedPhotoError, match="% of the picture"):
                decode(cut_scan(coded(colors), 0.1) + end, box)

    def test_jpeg_without_its_end_marker_is_shown(self) -> None:
        assert decode(textured().jpegsave_buffer()[:-2], ALL).truncated

    @pytest.mark.parametrize("share", [0.5, 0.9])
    @pytest.mark.parametrize("colors", CODED)
    def test_jpeg_closed_again_behind_the_cut_is_flagged_too(
        self, colors: str, share: float
    ) -> None:
        photo = cut_scan(coded(colors), share) + b"\xff\xd9"

        for box in (ALL, Box(100, 100)):
            assert decode(photo, box).truncated

    @pytest.mark.parametrize("colors", CODED)
    def test_jpeg_with_extra_bytes_is_not_flagged(self, colors: str) -> None:
        """Some cameras write bytes before the end marker: libjpeg warns of them."""
        photo = coded(colors)[:-2] + b"\0\0\0\xff\xd9"

        for box in (ALL, Box(100, 100)):
            assert not decode(photo, box).truncated

    def test_jpeg_with_over_100_warnings_is_shown(self) -> None:
        photo = textured().jpegsave_buffer(Q=90, restart_interval=10)
        noisy = re.sub(rb"\xff[\xd0-\xd7]", rb"\0\0\g<0>", photo)

        picture = decode(noisy, ALL)

        assert len(noisy) > len(photo) + 2 * 100
        assert not picture.truncated

    def test_jpeg_with_a_gray_lower_half_is_not_flagged(self) -> None:
        gray = plain((128, 128, 128), width_px=800, height_px=600)

        assert not decode(textured().insert(gray, 0, 300).jpegsave_buffer(), ALL).truncated

    def test_turned_jpeg_is_judged_by_the_rows_that_are_stored_first(self) -> None:
        photo = stored(textured(), 6).jpegsave_buffer(Q=90)

        picture = decode(cut(photo, 0.7), ALL)

        assert picture.truncated
        assert (picture.image.width, picture.image.height) == (800, 600)
        with pytest.raises(TruncatedPhotoError):
            decode(cut(photo, 0.1), ALL)

    def test_gif_is_shown_and_flagged(self) -> None:
        photo = textured().gifsave_buffer()

        assert decode(cut(photo, 0.6), ALL).truncated
        with pytest.raises(TruncatedPhotoError):
            decode(cut(photo, 0.1), ALL)

    def test_gif_that_is_cut_in_a_later_frame_is_not_flagged(self) -> None:
        photo = animation([textured(200, 150), textured(200, 150).fliphor()], "gifsave_buffer")

        assert not decode(cut(photo, 0.9), ALL).truncated

    @pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
    @pytest.mark.parametrize("image_format", ["PNG", "interlaced PNG", "WebP", "TIFF", "AVIF"])
    def test_other_formats_are_refused(self, image_format: str, share: float) -> None:
        with pytest.raises(TruncatedPhotoError):
            decode(cut(photo_of(image_format, 801, 599), share), ALL)

    def test_tiff_whose_directory_stands_first_is_refused(self) -> None:
        strips_last = tiff_file()
        assert decode(strips_last, ALL).truncated is False

        moved = strip_behind_directory(textured(64, 64))
        assert decode(moved, ALL).truncated is False
        with pytest.raises(TruncatedPhotoError):
            decode(cut(moved, 0.5), ALL)


STREAMED: dict[str, Callable[[], bytes]] = {
    "baseline": lambda: textured().jpegsave_buffer(Q=90),
    "progressive": lambda: textured().jpegsave_buffer(Q=90, interlace=True),
    "shown": lambda: cut(textured().jpegsave_buffer(Q=90), 0.7),
    "refused": lambda: cut(textured().jpegsave_buffer(Q=90), 0.05),
    "refused PNG": lambda: cut(textured().pngsave_buffer(), 0.7),
    "HEIC": heic,
}


class TestStreams:
    def test_give_the_same_picture_as_bytes(self) -> None:
        for image_format in ENCODERS:
            photo = photo_of(image_format, 801, 599)
            streamed = decode(MemoryPhotoStream(photo), Box(100, 100)).image
            assert difference(streamed, decode(photo, Box(100, 100)).image) == 0, image_format

    @pytest.mark.parametrize("image_format", ["JPEG", "PNG"])
    def test_of_these_formats_are_decoded_as_they_arrive(
        self, image_format: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def never(_: PhotoBuffer) -> bytes:
            pytest.fail("the decoder waits for the whole photo")

        photo = photo_of(image_format, 1200, 900)
        monkeypatch.setattr(PhotoBuffer, "whole", never)

        assert not decode(MemoryPhotoStream(photo), Box(100, 100)).truncated

    def test_of_a_bomb_are_not_read_to_the_end(self) -> None:
        photo = plain((0, 90, 200), width_px=8_000, height_px=7_000).jpegsave_buffer(Q=90)
        bomb = with_size(photo, 65_000, 65_000)
        stream = Recorded(bomb)

        with pytest.raises(TooManyPixelsError):
            decode(stream, ALL)

        assert stream.read_bytes < len(bomb) / 2

    @pytest.mark.parametrize("name", STREAMED)
    def test_are_freed_with_the_picture(self, name: str) -> None:
        """A cycle would keep photos in memory until Python's collector runs, which is seldom."""
        stream = MemoryPhotoStream(STREAMED[name]())
        watched = weakref.ref(stream)
        gc.collect()
        gc.disable()
        try:
            with suppress(TruncatedPhotoError):
                decode(stream, Box(100, 100))
            del stream
            assert watched() is None
        finally:
            gc.enable()

    def test_of_a_truncated_photo_are_read_only_once(self) -> None:
        photo = cut(textured().jpegsave_buffer(Q=90), 0.7)
        stream = Recorded(photo)

        assert decode(stream, ALL).truncated
        assert stream.read_bytes == len(photo)

    @pytest.mark.parametrize("image_format", ENCODERS)
    @pytest.mark.parametrize("share", [0.0, 0.3, 0.99])
    def test_that_break_are_a_fault_of_the_storage(self, image_format: str, share: float) -> None:
        photo = photo_of(image_format, 1200, 900)

        with pytest.raises(StorageUnavailableError, match="reset by peer"):
            decode(breaking(photo, int(len(photo) * share)), ALL)

    def test_that_end_early_are_a_fault_of_the_storage(self) -> None:
        photo = textured().jpegsave_buffer(Q=90)
        stream = MemoryPhotoStream(cut(photo, 0.5))
        stream.total_bytes = len(photo)

        with pytest.raises(StorageUnavailableError, match=f"of {len(photo):,} bytes"):
            decode(stream, ALL)

    def test_that_are_slow_meet_the_deadline(self) -> None:
        photo = textured(3_000, 2_000).jpegsave_buffer(Q=90)

        with pytest.raises(DeadlineExceededError):
            decode(MemoryPhotoStream(photo), ALL, deadline=time.monotonic() + 0.01)


class Recorded(MemoryPhotoStream):
    """A stream that counts the bytes read from it."""

    read_bytes = 0

    def read(self, size: int = -1, /) -> bytes:
        chunk = super().read(size)
        self.read_bytes += len(chunk)
        return chunk


def breaking(photo: bytes, after_bytes: int) -> PhotoStream:
    """Return a stream whose connection breaks after some bytes."""
    body = BytesIO(photo[:after_bytes])

    def read(size: int) -> bytes:
        if chunk := body.read(size):
            return chunk
        raise StorageUnavailableError("connection reset by peer")

    return PhotoStream(read, len(photo))


def animation(frames: list[pyvips.Image], saver: str) -> bytes:
    """Return a file of several frames or pages."""
    tall = pyvips.Image.arrayjoin(frames, across=1)
    tall.set_type(pyvips.GValue.gint_type, "page-height", frames[0].height)
    file: bytes = getattr(tall, saver)()
    return file


def cpu_seconds(work: Callable[[], object]) -> float:
    started = time.process_time()
    work()
    return time.process_time() - started


def without_profile(image: pyvips.Image) -> pyvips.Image:
    bare = image.copy()
    bare.remove("icc-profile-data")
    return bare


def adobe_rgb(gamma: float = 563 / 256) -> bytes:
    """Return a profile with the primaries and the gamma of Adobe RGB (1998), 4.3.1 and 4.3.4."""

    def fixed(*values: float) -> bytes:
        return struct.pack(f">{len(values)}i", *(round(value * 65_536) for value in values))

    xyz = b"XYZ " + bytes(4)
    elements = {
        b"desc": b"desc" + bytes(4) + struct.pack(">I", 10) + b"Adobe RGB\0" + bytes(78),
        b"wtpt": xyz + fixed(0.9642, 1.0, 0.8249),
        b"rXYZ": xyz + fixed(0.60974, 0.31111, 0.01947),  # adapted to D50 by Bradford
        b"gXYZ": xyz + fixed(0.20528, 0.62567, 0.06087),
        b"bXYZ": xyz + fixed(0.14919, 0.06322, 0.74457),
        **dict.fromkeys(
            (b"rTRC", b"gTRC", b"bTRC"),
            b"curv" + bytes(4) + struct.pack(">IH", 1, round(gamma * 256)),
        ),
    }
    table, body = struct.pack(">I", len(elements)), b""
    for signature, element in elements.items():
        padded = element + bytes(-len(element) % 4)
        at = 128 + 4 + 12 * len(elements) + len(body)
        table += signature + struct.pack(">II", at, len(element))
        body += padded
    size = 128 + len(table) + len(body)
    header = struct.pack(">I", size) + b"\0\0\0\0\x02\x10\0\0mntrRGB XYZ " + bytes(12) + b"acsp"
    header = header.ljust(68, b"\0") + fixed(0.9642, 1.0, 0.8249)
    return header.ljust(128, b"\0") + table + body


def strip_behind_directory(image: pyvips.Image) -> bytes:
    """Return a gray TIFF whose pixels stand at the end."""
    pixels = bytes(image.extract_band(0).write_to_memory())
    tags = [(0x100, 3, image.width), (0x101, 3, image.height), (0x102, 3, 8), (0x103, 3, 1)]
    at = 8 + 2 + 12 * 9 + 4
    tags += [(0x106, 3, 1), (0x111, 4, at), (0x115, 3, 1), (0x116, 3, image.height)]
    tags += [(0x117, 4, len(pixels))]
    head = b"II*\0" + struct.pack("<IH", 8, len(tags))
    head += b"".join(struct.pack("<HHII", tag, kind, 1, value) for tag, kind, value in tags)
    return head + bytes(4) + pixels
