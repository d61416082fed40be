"""Pillow with `draft` (shrink-on-load) as in its documentation, and without it."""

import io

from PIL import Image, ImageCms, ImageOps

from bench.workers import serve

SIDE_PX = 256
SRGB = ImageCms.createProfile("sRGB")


def _open(photo: bytes) -> Image.Image:
    return Image.open(io.BytesIO(photo))


def _finish(image: Image.Image) -> Image.Image:
    """Return the image upright and in sRGB."""
    upright = ImageOps.exif_transpose(image)
    profile = image.info.get("icc_profile")
    upright = upright if upright.mode == "RGB" else upright.convert("RGB")
    if profile:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        upright = ImageCms.profileToProfile(upright, source, SRGB, outputMode="RGB") or upright
    return upright


def _encode(image: Image.Image, image_format: str) -> bytes:
    out = io.BytesIO()
    options = {"quality": 80} if image_format == "JPEG" else {"compress_level": 1}
    image.save(out, image_format, **options)
    return out.getvalue()


def draft(photo: bytes, image_format: str) -> bytes:
    """Shrink to at least twice the size while decoding, then with the default filter."""
    image = _open(photo)
    image.thumbnail((SIDE_PX, SIDE_PX))
    return _encode(_finish(image), image_format)


def full(photo: bytes, image_format: str) -> bytes:
    """Decode all pixels, then resize with the best filter: the reference for quality."""
    image = ImageOps.exif_transpose(_open(photo))
    scale = min(1.0, SIDE_PX / max(image.size))
    size = round(image.width * scale), round(image.height * scale)
    small = image.convert("RGB").resize(size, Image.Resampling.LANCZOS)
    small.info = image.info
    return _encode(_finish(small), image_format)


def eighth(photo: bytes) -> bytes:
    """Only decode at an eighth of the size: Pillow's time for the work of the limit."""
    image = _open(photo)
    image.draft(None, (image.width // 8, image.height // 8))
    image.load()
    return b""


if __name__ == "__main__":
    serve(
        {
            "eighth": eighth,
            "draft": lambda photo: draft(photo, "JPEG"),
            "draft-png": lambda photo: draft(photo, "PNG"),
            "full": lambda photo: full(photo, "JPEG"),
            "full-png": lambda photo: full(photo, "PNG"),
        }
    )
