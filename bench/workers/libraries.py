"""The Python peers, as in their documentation: `python -m bench.workers.libraries LIBRARY`."""

import io
import logging
import sys
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from bench.workers import serve

if TYPE_CHECKING:
    import pyvips

SIDE_PX: Final = 256
HEAD_BYTES: Final = 131_072
Operations = Mapping[str, Callable[[bytes], bytes]]


def pillow() -> Operations:
    """Return Pillow with `draft` (shrink-on-load) and without, and pi-heif-decoder for HEIC."""
    from pi_heif.as_plugin import register_heif_opener  # noqa: PLC0415  # each process imports one library
    from PIL import Image, ImageCms, ImageOps  # noqa: PLC0415

    register_heif_opener()
    srgb = ImageCms.createProfile("sRGB")

    def opened(photo: bytes) -> Image.Image:
        return Image.open(io.BytesIO(photo))

    def encode(image: Image.Image, image_format: str) -> bytes:
        """Return the image, upright and in sRGB."""
        upright = ImageOps.exif_transpose(image)
        upright = upright if upright.mode == "RGB" else upright.convert("RGB")
        if profile := image.info.get("icc_profile"):
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            upright = ImageCms.profileToProfile(upright, source, srgb, outputMode="RGB") or upright
        out = io.BytesIO()
        options = {"quality": 80} if image_format == "JPEG" else {"compress_level": 1}
        upright.save(out, image_format, **options)
        return out.getvalue()

    def draft(photo: bytes, image_format: str) -> bytes:
        """Shrink to at least twice the size while decoding, then with the default filter."""
        image = opened(photo)
        image.thumbnail((SIDE_PX, SIDE_PX))
        return encode(image, image_format)

    def full(photo: bytes, image_format: str) -> bytes:
        """Decode all pixels, then resize with the best filter: the reference for quality."""
        image = ImageOps.exif_transpose(opened(photo))
        scale = min(1.0, SIDE_PX / max(image.size))
        size = round(image.width * scale), round(image.height * scale)
        small = image.convert("RGB").resize(size, Image.Resampling.LANCZOS)
        small.info = image.info
        return encode(small, image_format)

    def eighth(photo: bytes) -> bytes:
        """Only decode at an eighth of the size: Pillow's time for the work of the limit."""
        image = opened(photo)
        image.draft(None, (image.width // 8, image.height // 8))
        image.load()
        return b""

    return {
        "eighth": eighth,
        "draft": lambda photo: draft(photo, "JPEG"),
        "draft-png": lambda photo: draft(photo, "PNG"),
        "full": lambda photo: full(photo, "JPEG"),
        "full-png": lambda photo: full(photo, "PNG"),
    }


def vips() -> Operations:
    """Return libvips with one call, `thumbnail_buffer`."""
    import pyvips  # noqa: PLC0415

    pyvips.cache_set_max(0)

    def thumbnail(photo: bytes) -> "pyvips.Image":
        return pyvips.Image.thumbnail_buffer(photo, SIDE_PX, height=SIDE_PX, size=pyvips.Size.DOWN)

    def eighth(photo: bytes) -> bytes:
        """Only decode at an eighth of the size: libvips' time for the work of the limit."""
        source = pyvips.Source.new_from_memory(photo)
        pyvips.Image.jpegload_source(source, access="sequential", shrink=8).copy_memory()
        return b""

    return {
        "eighth": eighth,
        "buffer": lambda photo: bytes(
            thumbnail(photo).jpegsave_buffer(Q=80, keep=pyvips.ForeignKeep.NONE)
        ),
        "buffer-png": lambda photo: bytes(thumbnail(photo).pngsave_buffer(compression=1)),
    }


def opencv() -> Operations:
    """Return OpenCV, decoding at an eighth: with low quality and no color management."""
    import cv2  # noqa: PLC0415
    import numpy as np  # noqa: PLC0415

    cv2.setNumThreads(1)

    def reduced(photo: bytes, extension: str, *options: Any) -> bytes:  # noqa: ANN401  # OpenCV's
        image = cv2.imdecode(np.frombuffer(photo, np.uint8), cv2.IMREAD_REDUCED_COLOR_8)
        if image is None:
            raise ValueError("OpenCV does not read it")
        height, width = image.shape[:2]
        scale = min(1.0, SIDE_PX / max(height, width))
        size = round(width * scale), round(height * scale)
        small = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
        return bytes(cv2.imencode(extension, small, options)[1])

    return {
        "reduced": lambda photo: reduced(photo, ".jpg", cv2.IMWRITE_JPEG_QUALITY, 80),
        "reduced-png": lambda photo: reduced(photo, ".png"),
    }


def exifread() -> Operations:
    """Return exifread on the first bytes without the maker notes, and as it comes."""
    from exifread import process_file  # noqa: PLC0415

    def read(photo: bytes, *, details: bool) -> bytes:
        tags = process_file(io.BytesIO(photo), details=details, extract_thumbnail=details)
        return bytes(len(tags))

    return {
        "head": lambda photo: read(photo[:HEAD_BYTES], details=False),
        "default": lambda photo: read(photo, details=True),
    }


if __name__ == "__main__":
    logging.disable(logging.CRITICAL)
    libraries = {"pillow": pillow, "vips": vips, "opencv": opencv, "exifread": exifread}
    serve(libraries[sys.argv[1]]())
