"""exifread as its documentation has it, and without the makers' own notes, on the head alone."""

import io
import logging
from functools import partial

import exifread

from bench.workers import serve

HEAD_BYTES = 131_072


def _read(photo: bytes, *, details: bool, size: int | None = None) -> bytes:
    tags = exifread.process_file(
        io.BytesIO(photo[:size]), details=details, extract_thumbnail=details
    )
    return bytes(len(tags))


if __name__ == "__main__":
    logging.disable(logging.CRITICAL)
    serve(
        {
            "head": partial(_read, details=False, size=HEAD_BYTES),
            "default": partial(_read, details=True),
        }
    )
