"""exifread as in its documentation, and on the first bytes without the maker notes.

With a path as its argument it reads that photo and ends, as a whole program.
"""

import io
import logging
import sys
from functools import partial

import exifread

HEAD_BYTES = 131_072


def _read(photo: bytes, *, details: bool, size: int | None = None) -> bytes:
    tags = exifread.process_file(
        io.BytesIO(photo[:size]), details=details, extract_thumbnail=details
    )
    return bytes(len(tags))


if __name__ == "__main__":
    logging.disable(logging.CRITICAL)
    if sys.argv[1:]:
        with open(sys.argv[1], "rb") as photo:  # noqa: PTH123  # pathlib is 10 ms to import
            _read(photo.read(), details=False, size=HEAD_BYTES)
    else:
        from bench.workers import serve  # not needed by the whole program

        serve(
            {
                "head": partial(_read, details=False, size=HEAD_BYTES),
                "default": partial(_read, details=True),
            }
        )
