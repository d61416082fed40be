"""A GIF's first frame on its canvas. Only pixels."""

import pyvips

from formats import Canvas


def on_canvas(image: pyvips.Image, canvas: Canvas) -> pyvips.Image:
    """Return the first frame where it is on the canvas, and nothing around it.

    libvips paints the rest of the canvas black if no frame has a transparent color, and takes
    canvases of some common screens' sizes for a mistake.
    """
    width, height, frame = canvas
    if frame is None or not frame.width_px or not frame.height_px:
        return image
    is_covered = image.hasalpha() or frame == (0, 0, width, height)
    if is_covered and (image.width, image.height) == (width, height):
        return image
    image = image.crop(*frame)
    if not image.hasalpha():
        image = image.addalpha()
    return image.embed(frame.left, frame.top, width, height)


def drawn_rows(canvas: Canvas) -> tuple[float, float]:
    """Return where the first frame begins, and how high it is, as shares of the canvas's height."""
    frame = canvas.frame
    if frame is None or not frame.height_px:
        return 0, 1
    return frame.top / canvas.height_px, frame.height_px / canvas.height_px
