"""The steps by which a photo is decoded, one function each; `decode.STEPS` has their order."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

import pyvips

from formats import (
    SIDEWAYS,
    DecodedChunks,
    DecodedSegments,
    PartialFile,
    Samples,
    Structure,
    count_jpeg_scans,
    decoded_webp,
    exif_orientation,
    is_truncated,
    read_canvas,
    read_samples,
    refuse_costly,
    strip_to_dc_scans,
    survey,
    without_exif,
)
from formats.heif.grid import read_grid
from picture import color
from picture.box import Box
from picture.buffer import PhotoBuffer
from picture.gif import drawn_rows, on_canvas
from picture.heic import HeifFile
from picture.heic_grid import decode_thumbnail, decode_tiles
from picture.tiff import is_damaged, readable, with_colors
from picture.vips import LOADERS, Complaints, heard
from shared.deadline import is_over, refuse_late
from shared.errors import TruncatedPhotoError, UnreadablePhotoError, UnsupportedTypeError
from shared.limits import refuse_bytes, refuse_pixels, refuse_scans, refuse_unsupported

MIN_SHOWN: Final = 0.25  # of the rows: with less, the picture is not recognizable

_SHRINKS: Final = (1, 2, 4, 8)  # by which a JPEG is divided while decoded, or a HEIC's tiles
_FILL_GRAY: Final = 128  # in the file's own colors: libjpeg puts it where no data is left
_FILL_TOLERANCE: Final = 8  # levels, since the fill is resized with the rest

# libvips gets no EXIF, in which libexif reads a few thousand entries for minutes.
_ORIENTED_BY_US: Final = frozenset({"JPEG", "PNG", "WEBP"})
_DECODED_PARTS: Final[Mapping[str, Callable[[bytes], bytes]]] = {
    "JPEG": lambda photo: DecodedSegments().feed(photo),
    "WEBP": decoded_webp,
    "AVIF": without_exif,
}
_HEAD_BYTES: Final = 131_072  # has the EXIF of nearly every JPEG, and its size
_STREAMED: Final = frozenset({"JPEG", "PNG"})  # for the others libvips needs all bytes at once
_HEIF: Final = frozenset({"AVIF", "HEIC"})
_NEVER_RAW: Final = frozenset({"JPEG", "PNG", "WEBP", "GIF"}) | _HEIF  # known by their first bytes
# Where the data ends, libheif leaves green tiles and libtiff anything, and both report success.
_DECODED_THOUGH_TRUNCATED: Final = _HEIF | {"TIFF"}
# Their decoders do not say what a file costs, or only when they have paid it.
_LAID_OUT: Final = _HEIF | {"TIFF"}


@dataclass(slots=True)
class Decoding:
    """One attempt to decode a photo: the request, and the results of the steps so far."""

    photo: PhotoBuffer
    image_format: str
    boxes: tuple[Box, ...]
    gap: float
    thumbnail_px: float
    orientation: int | None  # to apply, if it is not the file's own; else found when it is needed
    deadline: float
    lenient: bool  # decode what is left of a damaged photo, and judge it

    structure: Structure = field(default_factory=Structure)  # not of a PNG, decoded as it arrives
    width_px: int = field(init=False)  # of the photo as displayed
    height_px: int = field(init=False)
    coded_size: tuple[int, int] = field(init=False)  # not of HEIC and AVIF: see `heif`
    heif: HeifFile | None = None  # owns the pixels of a HEIC: must live until `evaluate`
    source: pyvips.Source | None = None  # `image` reads from it: must live until `evaluate`
    image: pyvips.Image = field(init=False)  # the result so far; lazy until `evaluate`
    divided_by: int = 1  # the sides of `image`, since `read_header`
    loaded: pyvips.Image = field(init=False)  # `image` before its size and color were changed
    samples: Samples | None = None  # of a TIFF
    complaints: Complaints = field(default_factory=Complaints)  # of libtiff about the header
    drawn_rows: tuple[float, float] = (0, 1)  # of a GIF: shares of the height: top, and how many
    is_damaged: bool = False  # libtiff went on, with a part of the picture missing
    truncated: bool = False
    chunks: DecodedChunks | None = None  # of a PNG

    def set_size(self, width_px: int, height_px: int, orientation: int) -> None:
        """Set the size as displayed of a photo that is coded in this size and orientation."""
        self.coded_size = width_px, height_px
        is_sideways = orientation in SIDEWAYS
        self.width_px = height_px if is_sideways else width_px
        self.height_px = width_px if is_sideways else height_px

    def check(self) -> None:
        """Raise if the stream broke or the deadline passed.

        Raises:
            StorageUnavailableError, DeadlineExceededError: as `decode`.
        """
        self.photo.check()
        refuse_late(self.deadline, "decoding")

    def ends_early(self) -> bool:
        """Return whether the file's structure proves that its end is missing."""
        return is_truncated(self.photo.whole(), self.image_format)

    def whole_file(self) -> PartialFile:
        """Return all bytes, as a survey reads them."""
        photo = self.photo.whole()
        return PartialFile(len(photo), photo)

    def wanted_size(self) -> tuple[int, int]:
        """Return width and height, as displayed, that the largest box asks for."""
        return max(box.scaled(self.width_px, self.height_px) for box in self.boxes)

    def scale(self) -> float:
        """Return the wanted size divided by the photo's."""
        return self.wanted_size()[0] / self.width_px

    def shrink(self) -> int:
        """Return by how much a decoder may divide the photo's sides: no side gets below 1."""
        gap, shorter = self.gap * self.scale(), min(self.width_px, self.height_px)
        return max(s for s in _SHRINKS if s == 1 or (s * gap <= 1 and s <= shorter))

    @property
    def nclx(self) -> color.Nclx | None:
        """The color that the file states in numbers, if it does."""
        return self.heif.nclx if self.heif else None


def refuse_complex(decoding: Decoding) -> None:
    """Raise as Extract does, in the same walk, if the file has more parts than a photo has.

    The chunks of a PNG are counted while it is decoded.

    Raises:
        TooComplexError: see `limits`.
    """
    photo, image_format = decoding.photo, decoding.image_format
    if image_format == "PNG":
        return
    is_streamed = image_format in _STREAMED
    head = photo.head(_HEAD_BYTES) if is_streamed else photo.whole()
    structure = survey(PartialFile(photo.total_bytes, head), image_format)
    if structure.missing is not None and is_streamed:
        structure = survey(decoding.whole_file(), image_format)
    decoding.structure = structure


def refuse_raw(decoding: Decoding) -> None:
    """Raise if the file is a raw photo: libvips would show a stamp, or the sensor's mosaic.

    Raises:
        UnsupportedTypeError: only the preview in it can be decoded, as a file of its own.
    """
    if decoding.image_format in _NEVER_RAW:
        return
    if decoding.image_format != "TIFF" or decoding.structure.raw is not None:
        raise UnsupportedTypeError("a raw photo, of which only the preview can be decoded")


def refuse_truncated(decoding: Decoding) -> None:
    """Raise if the file is truncated and its decoder would not report it.

    Raises:
        TruncatedPhotoError: the file ends early.
        TooComplexError: the strips or tiles of a TIFF lie over each other.
    """
    if decoding.image_format in _DECODED_THOUGH_TRUNCATED and decoding.ends_early():
        raise TruncatedPhotoError(f"the {decoding.image_format} file ends early")


def refuse_layout(decoding: Decoding) -> None:
    """Raise if a HEIC, an AVIF or a TIFF is coded as no decoder here shows it, or costs too much.

    Raises:
        UnsupportedTypeError: of a TIFF; see `formats.tiff_samples`.
        UnreadablePhotoError, PhotoTooLargeError, TooManyPixelsError: see `refuse_costly`.
    """
    if decoding.image_format in _LAID_OUT:
        refuse_unsupported(decoding.structure.unsupported)
        refuse_costly(decoding.structure, decoding.image_format, decoding.photo.total_bytes)
    if decoding.image_format == "TIFF":
        decoding.samples = read_samples(decoding.whole_file())


def read_header(decoding: Decoding) -> None:
    """Open the file, and find its size as displayed. No pixel is decoded.

    Raises:
        UnreadablePhotoError: libheif does not open it.
        pyvips.Error: libvips does not open it.
    """
    if decoding.image_format in _HEIF:
        decoding.heif = HeifFile(decoding.photo.whole())
    if decoding.heif is not None and decoding.image_format == "HEIC":
        decoding.width_px, decoding.height_px = decoding.heif.size
        return
    if decoding.image_format == "PNG":
        decoding.chunks = DecodedChunks()
        decoding.source = decoding.photo.source(decoding.chunks)
    elif decoding.image_format == "JPEG" and not decoding.lenient:
        decoding.source = decoding.photo.source(DecodedSegments())
    else:
        as_decoded = _DECODED_PARTS.get(decoding.image_format, bytes)
        decoding.source = pyvips.Source.new_from_memory(as_decoded(_readable(decoding)))
    if decoding.image_format == "JPEG" and _is_opened_shrunk(decoding):
        return
    with heard() as decoding.complaints:
        image = _load(decoding)
    if decoding.image_format == "GIF":
        canvas = read_canvas(decoding.whole_file())
        image = on_canvas(image, canvas)
        decoding.drawn_rows = drawn_rows(canvas)
    decoding.set_size(image.width, image.height, _orientation(image))
    decoding.image = image


def _is_opened_shrunk(decoding: Decoding) -> bool:
    """Open a baseline JPEG as small as the boxes allow, if libvips finds the size of the survey.

    Most photos are one. To open it at its full size first, only to ask for that size, would cost
    2 % of a thumbnail.
    """
    structure = decoding.structure
    width, height = structure.width_px, structure.height_px
    if structure.way is not None or not width or not height:
        return False
    if decoding.orientation is None:
        decoding.orientation = exif_orientation(structure)
    decoding.set_size(width, height, decoding.orientation)
    shrink = decoding.shrink()
    image = _load(decoding, shrink=shrink)
    if (image.width, image.height) != (width // shrink, height // shrink):
        return False
    decoding.image, decoding.divided_by = image, shrink
    return True


def _readable(decoding: Decoding) -> bytes:
    photo = decoding.photo.whole()
    return photo if decoding.samples is None else readable(photo, decoding.samples)


def refuse_bombs(decoding: Decoding) -> None:
    """Raise if the pixels or scans would take too much memory or time, as the decoder sees them.

    Raises:
        UnreadablePhotoError: it has none.
        PhotoTooLargeError, TooManyPixelsError, TooComplexError: see `limits`.
    """
    if not decoding.width_px or not decoding.height_px:  # libheif accepts it
        raise UnreadablePhotoError("a picture without width or height")
    if decoding.heif is not None:
        refuse_pixels(*decoding.heif.decoded_size, decoding.image_format)
        return
    way, size = _way(decoding), decoding.coded_size
    refuse_bytes(decoding.photo.total_bytes, way)
    refuse_pixels(*size, way)
    if _is_multiscan_jpeg(decoding):
        refuse_scans(count_jpeg_scans(decoding.photo.whole()), math.prod(size))


def _way(decoding: Decoding) -> str:
    """Return the key of limits.WAYS, as `Structure.way` has it."""
    if _is_multiscan_jpeg(decoding):
        return "PROGRESSIVE_JPEG"
    if decoding.image_format == "PNG" and decoding.image.get_typeof("interlaced"):
        return "INTERLACED_PNG"
    return decoding.structure.way or decoding.image_format


def shrink_on_load(decoding: Decoding) -> None:
    """Let the decoder make the picture as small as it can and as the boxes allow.

    libvips still decodes no pixel; libheif does.

    Raises:
        UnreadablePhotoError: libheif does not decode it.
        pyvips.Error: libvips does not open it.
    """
    if decoding.image_format == "JPEG":
        decoding.image = _shrunk_jpeg(decoding)
    elif decoding.image_format == "WEBP":
        decoding.image = _scaled_webp(decoding)
    elif decoding.image_format == "HEIC" and decoding.heif is not None:
        decoding.image = _decoded_heic(decoding, decoding.heif)
    decoding.loaded = decoding.image


def _shrunk_jpeg(decoding: Decoding) -> pyvips.Image:
    shrink = decoding.shrink()
    is_multiscan = _is_multiscan_jpeg(decoding)
    if shrink == decoding.divided_by and not is_multiscan:
        return decoding.image
    if is_multiscan:
        photo = DecodedSegments().feed(decoding.photo.whole())
        is_stripped = shrink == _SHRINKS[-1] and not decoding.lenient
        decoding.source = pyvips.Source.new_from_memory(
            strip_to_dc_scans(photo) if is_stripped else photo
        )
    return _load(decoding, shrink=shrink)


def _scaled_webp(decoding: Decoding) -> pyvips.Image:
    # libwebp refuses a scale that leaves a side less than one pixel.
    min_scale = 1 / min(decoding.width_px, decoding.height_px)
    return _load(decoding, scale=min(1.0, max(decoding.scale() * decoding.gap, min_scale)))


def _decoded_heic(decoding: Decoding, heif: HeifFile) -> pyvips.Image:
    shrink = decoding.shrink()
    grid = read_grid(decoding.photo.whole()) if shrink > 1 else None
    if grid is not None:
        image = decode_thumbnail(grid, heif, decoding.thumbnail_px)
        if image is None:
            image = decode_tiles(grid, heif, shrink, decoding.check)
        decoding.check()
        if image is not None:
            return image
    image = heif.decode()
    decoding.check()
    decoding.width_px, decoding.height_px = image.width, image.height  # the header may lie
    return image


def _load(decoding: Decoding, **options: float) -> pyvips.Image:
    """Open the photo by libvips, as strictly as the attempt asks for."""
    load = partial(LOADERS[decoding.image_format], decoding.source, access="sequential", **options)
    image = _strictly_loaded(decoding, load)
    is_unknown = decoding.orientation is None and not image.get_typeof("orientation")
    if is_unknown and decoding.image_format in _ORIENTED_BY_US:
        structure = Structure(exif=decoding.chunks.exif) if decoding.chunks else decoding.structure
        decoding.orientation = exif_orientation(structure)
    if decoding.orientation not in {None, _orientation(image)}:
        image = image.copy()
        image.set_type(pyvips.GValue.gint_type, "orientation", decoding.orientation)
    return image


def _strictly_loaded(decoding: Decoding, load: Callable[..., pyvips.Image]) -> pyvips.Image:
    is_jpeg = decoding.image_format == "JPEG"
    if decoding.structure.way == "UNDIVIDED_TIFF":
        load = partial(load, unlimited=True)  # or libtiff refuses a strip of over 50 MB
    if not decoding.lenient:
        # Of a JPEG that is cut in the middle and closed again, libjpeg only warns.
        return load(fail_on="warning" if is_jpeg else "truncated")
    if is_jpeg:
        return load(fail_on="none", unlimited=True)  # or libjpeg gives up after 100 warnings
    return load(fail_on="none")


def _is_multiscan_jpeg(decoding: Decoding) -> bool:
    return decoding.image_format == "JPEG" and bool(decoding.image.get("jpeg-multiscan"))


def _orientation(image: pyvips.Image) -> int:
    """Return the EXIF orientation that `image` has, 1 if it has none."""
    orientation: Any = image.get("orientation") if image.get_typeof("orientation") else 1
    return int(orientation)


def read_colors(decoding: Decoding) -> None:
    """Bring a TIFF's samples to colors that libvips converts."""
    if decoding.samples is not None:
        decoding.image = decoding.loaded = with_colors(decoding.image, decoding.samples)


def drop_unusable_profile(decoding: Decoding) -> None:
    """Treat a photo with an ICC profile that does not convert its colors as one without."""
    decoding.image = decoding.loaded = color.without_unusable_profile(decoding.image)


def refuse_unscaled(decoding: Decoding) -> None:
    """Raise if the samples have no known scale; see `color.refuse_unscaled`."""
    color.refuse_unscaled(decoding.image)


def embed_nclx_profile(decoding: Decoding) -> None:
    """Embed the ICC profile that says the same as the numbers of a HEIC or AVIF."""
    nclx = decoding.nclx
    if nclx is not None and not color.is_hdr(nclx):
        decoding.image = color.with_nclx_profile(decoding.image, nclx)


def resize_to_srgb(decoding: Decoding) -> None:
    """Resize to the wanted size, and convert to sRGB; see `color.to_srgb`."""
    image = decoding.image
    width, height = decoding.wanted_size()
    if _orientation(image) in SIDEWAYS:
        width, height = height, width
    # A thumbnail in a HEIC may be smaller than wanted.
    decoding.image = color.to_srgb(image, min(width, image.width), min(height, image.height))


def tone_map_hdr(decoding: Decoding) -> None:
    """Bring an HDR picture to the tones of a screen without HDR."""
    nclx = decoding.nclx
    if nclx is not None and color.is_hdr(nclx):
        decoding.image = color.hdr_to_srgb(decoding.image, nclx)


def evaluate(decoding: Decoding) -> None:
    """Do all that the lazy steps have prepared: decode, shrink, resize and convert, in memory.

    Raises:
        StorageUnavailableError, DeadlineExceededError: see `Decoding.check`.
        pyvips.Error: the photo is damaged.
    """
    deadline = decoding.deadline

    def stop_in_time(image: pyvips.Image, _progress: object) -> None:
        if is_over(deadline):
            image.set_kill(True)

    image = decoding.image
    image.set_progress(True)
    image.signal_connect("eval", stop_in_time)
    with heard() as complaints:
        decoding.image = image.copy_memory()
    decoding.check()
    if decoding.samples is not None:
        decoding.is_damaged = is_damaged(decoding.complaints, complaints)


def judge_damage(decoding: Decoding) -> None:
    """If a part of the picture is missing, find out how much is there.

    Raises:
        TruncatedPhotoError: less than `MIN_SHOWN`.
    """
    if not decoding.lenient and not decoding.is_damaged:
        return
    top, height = decoding.drawn_rows
    shown = _share_of_rows_shown(decoding.image, _fill_in_srgb(decoding.loaded))
    shown = min((shown - top) / height, 1)
    if shown < MIN_SHOWN:
        raise TruncatedPhotoError(f"{shown:.0%} of the picture is there")
    decoding.truncated = shown < 1 or decoding.is_damaged or decoding.ends_early()


def _fill_in_srgb(loaded: pyvips.Image) -> list[float]:
    """Return `_FILL_GRAY` as the steps convert it: CMYK and profiles change it."""
    pixel = loaded.new_from_image([_FILL_GRAY] * loaded.bands).crop(0, 0, 1, 1)
    if profile := color.profile_of(loaded):
        pixel = color.with_profile(pixel, profile)
    return [float(level) for level in color.to_srgb(pixel, 1, 1)(0, 0)]


def _share_of_rows_shown(image: pyvips.Image, fill: list[float]) -> float:
    """Return the share of rows, from the first stored one, in which something was decoded.

    Args:
        image: in sRGB, not turned yet.
        fill: the color of the rest of a JPEG.
    """
    if image.hasalpha():  # GIF: the rest is transparent
        band, rest = image[image.bands - 1], [0.0]
    else:  # JPEG: the rest is gray
        band, rest = image, image(image.width - 1, image.height - 1)
        if any(abs(a - b) > _FILL_TOLERANCE for a, b in zip(rest, fill, strict=True)):
            return 1.0
    _, top, _, height = band.find_trim(threshold=_FILL_TOLERANCE, background=rest, line_art=True)
    return float(top + height) / image.height


def turn_upright(decoding: Decoding) -> None:
    """Turn and mirror the picture as its EXIF orientation says."""
    if _orientation(decoding.image) != 1:  # or an operation of libvips would do nothing in 0.1 ms
        decoding.image = decoding.image.autorot()
