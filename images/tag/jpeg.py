"""The JPEG that a labeler is sent in place of a photo that it does not take."""

import math
from typing import Final

import pyvips

from picture.decode import Box, decode
from shared.storage import PhotoStream

QUALITY: Final = 85  # noise of 2,048 px a side comes to 3.4 MB; a photo to a fifth of it


def upright_jpeg(photo: bytes | PhotoStream, *, side_px: int, deadline: float = math.inf) -> bytes:
    """Return `photo` as an upright JPEG in sRGB, inside a square of `side_px`, never enlarged.

    What is transparent becomes white; nothing but pixels is kept.

    Args:
        photo: the file, or a stream of it.
        side_px: the longest side that is allowed.
        deadline: seconds of `time.monotonic()` at which to give up.

    Raises:
        PhotoError: as `decode`.
    """
    box = Box(side_px, side_px)
    picture = decode(photo, box, deadline=deadline)
    image = picture.image
    if image.hasalpha():
        image = image.flatten(background=[255.0])
    width_px, height_px = box.scaled(picture.width_px, picture.height_px)
    image = image.thumbnail_image(width_px, height=height_px, size=pyvips.Size.FORCE)
    return bytes(image.jpegsave_buffer(Q=QUALITY, keep=pyvips.ForeignKeep.NONE))
