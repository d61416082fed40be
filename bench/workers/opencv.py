"""OpenCV, decoding at an eighth: the fastest peer, with low quality and no color management."""

import cv2
import numpy as np

from bench.workers import serve

SIDE_PX = 256
cv2.setNumThreads(1)


def reduced(photo: bytes, extension: str) -> bytes:
    """Return the photo within `SIDE_PX`."""
    image = cv2.imdecode(np.frombuffer(photo, np.uint8), cv2.IMREAD_REDUCED_COLOR_8)
    if image is None:
        raise ValueError("OpenCV does not read it")
    height, width = image.shape[:2]
    scale = min(1.0, SIDE_PX / max(height, width))
    size = round(width * scale), round(height * scale)
    small = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    options = [cv2.IMWRITE_JPEG_QUALITY, 80] if extension == ".jpg" else []
    return bytes(cv2.imencode(extension, small, options)[1])


if __name__ == "__main__":
    serve(
        {
            "reduced": lambda photo: reduced(photo, ".jpg"),
            "reduced-png": lambda photo: reduced(photo, ".png"),
        }
    )
