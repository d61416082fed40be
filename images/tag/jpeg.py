"""Convert a photo to a JPEG that every labeler accepts."""

import math
from typing import Final

import pyvips

from picture.decode import Box, decode
from shared.storage import PhotoStream

QUALITY: Final = 85  # 2,048 x 2,048 px of noise take 3.4 MB; a photo takes a fifth


def upright_jpeg(
    photo: bytes | PhotoStream,
    *,
    side_px: int,
    orientation: int | None = None,
    deadline: float = math.inf,
) -> bytes:
    """Return `photo` as an upright JPEG in sRGB, at most `side_px` wide and high.

    The photo is never enlarged. Transparent parts become white. Metadata is removed.

    Args:
        photo: the file, or a stream of it.
        side_px: the maximum of both sides.
        orientation: see `decode`.
        deadline: in seconds of `time.monotonic()`.

    Raises:
        PhotoError: as `decode`.
    """
    box = Box(side_px, side_px)
    picture = decode(photo, box, orientation=orientation, deadline=deadline)
    image = picture.image
    if image.hasalpha():
        image = image.flatten(background=[255.0])
    width_px, height_px = box.scaled(picture.width_px, picture.height_px)
    image = image.thumbnail_image(width_px, height=height_px, size=pyvips.Size.FORCE)
    return bytes(image.jpegsave_buffer(Q=QUALITY, keep=pyvips.ForeignKeep.NONE))
