"""HEIC's pixels, by libheif and libde265 from the wheel of pi-heif-decoder.

The only module that uses it, and of it only the C module: the Python part imports Pillow,
20 MB that nothing here calls. docs/decisions/0002-heic-by-pi-heif.md says why, and
tests/picture/test_heic.py tests each call of the C module.
"""

from typing import Any, Final

import _pi_heif
import pyvips

from formats.heif.crop import Crop, without_crop
from picture.color import Nclx, with_profile
from shared.errors import UnreadablePhotoError

# load_file(file, threads, 8 bit, BGR, without padding, 16 bit, decoder, without limits)
_LOAD_OPTIONS: Final = (1, True, False, True, True, "", False)
_BANDS: Final = {"L": 1, "I;16": 1, "RGB": 3, "RGBA": 4, "RGBa": 4}  # a: premultiplied
_LIBHEIF_ERRORS: Final = (ValueError, SyntaxError, EOFError, RuntimeError)


class HeifFile:
    """The primary picture of a HEIC or AVIF file. Of an AVIF only the header can be read.

    Raises:
        UnreadablePhotoError: libheif does not open it.
    """

    def __init__(self, photo: bytes) -> None:
        self._crop: Crop | None = None
        if cropped := without_crop(photo):
            photo, self._crop = cropped
        try:
            pictures = _pi_heif.load_file(photo, *_LOAD_OPTIONS)
        except _LIBHEIF_ERRORS as error:
            raise UnreadablePhotoError(f"libheif: {error}") from error
        primary = [picture for picture in pictures if picture is not None and picture.primary]
        if not primary:
            raise UnreadablePhotoError("libheif: the file has no primary picture")
        self._picture = primary[0]
        try:
            self._profile: dict[str, Any] = self._picture.color_profile
        except _LIBHEIF_ERRORS:  # numbers that H.273 reserves
            self._profile = {}

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels, as displayed: turned and cropped as the file says."""
        crop = self._crop
        return (crop.width_px, crop.height_px) if crop else self.decoded_size

    @property
    def decoded_size(self) -> tuple[int, int]:
        """Width and height in pixels of what is decoded, before it is cropped."""
        (width, height), _ = self._picture.size_mode
        return width, height

    @property
    def meaning(self) -> tuple[str, dict[str, object]]:
        """Bands and color: where they are equal, equal samples mean equal colors."""
        _, mode = self._picture.size_mode
        return mode, self._profile

    @property
    def icc_profile(self) -> bytes | None:
        """The ICC profile, if there is one."""
        profile = self._profile
        return profile["data"] if profile.get("type") in {"rICC", "prof"} else None

    @property
    def nclx(self) -> Nclx | None:
        """The color that the file states in numbers, if it does and has no ICC profile."""
        profile = self._profile
        if profile.get("type") != "nclx":
            return None
        data = profile["data"]
        return Nclx(data["color_primaries"], data["transfer_characteristics"])

    def decode(self) -> pyvips.Image:
        """Decode, upright.

        Returns:
            8 bit RGB or RGBA, or 8 or 16 bit gray. The pixels belong to this object and are gone
            with it: keep it until the image is evaluated.

        Raises:
            UnreadablePhotoError: libheif does not decode it.
        """
        try:
            pixels = self._picture.data
        except _LIBHEIF_ERRORS as error:
            raise UnreadablePhotoError(f"libheif: {error}") from error
        (width, height), mode = self._picture.size_mode  # as decoded: the header may lie
        sample = "ushort" if mode == "I;16" else "uchar"
        image = pyvips.Image.new_from_memory(pixels, width, height, _BANDS[mode], sample)
        image = image.copy(interpretation={"L": "b-w", "I;16": "grey16"}.get(mode, "srgb"))
        if mode == "RGBa":
            image = image.unpremultiply().cast("uchar")
        if self._crop is not None:
            image = image.crop(*self._crop)
        profile = self.icc_profile
        return image if profile is None else with_profile(image, profile)
