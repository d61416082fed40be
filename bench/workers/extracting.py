"""Extract's core without AWS, on the first bytes of a file.

With a path as its argument it reads that photo and ends, as a whole program that imports only the
core.
"""

import logging
import sys
from dataclasses import dataclass, field

from extract.metadata import read_metadata
from formats import SNIFF_BYTES, PartialFile, read_tiff, sniff, survey
from shared.contracts import PhotoRef
from shared.storage import Chunk

UPLOADED_AT = "2026-01-01T00:00:00Z"
HEAD_BYTES = 131_072  # as in extract.handler, which would import boto3


@dataclass
class Fetched:
    """A `shared.storage.PhotoStore` of one photo that records the sizes of its answers."""

    body: bytes
    sizes: list[int] = field(default_factory=list)  # of each answer, in bytes

    def read(self, _: PhotoRef, first: int, last: int) -> Chunk:
        """Return a range of the photo."""
        part = self.body[first : last + 1]
        self.sizes.append(len(part))
        return Chunk(part, len(self.body), UPLOADED_AT)


def core(photo: bytes) -> bytes:
    """Return a photo's metadata from its first `HEAD_BYTES`: the whole step but the requests."""
    head = photo[:HEAD_BYTES]
    structure = survey(PartialFile(len(photo), head), sniff(head[:SNIFF_BYTES]))
    block = structure.exif or b""
    tiff = read_tiff(PartialFile(len(block), block))
    return repr(read_metadata(structure, tiff, UPLOADED_AT, file_name="")).encode()


if __name__ == "__main__":
    logging.disable(logging.CRITICAL)
    if sys.argv[1:]:
        with open(sys.argv[1], "rb") as photo:  # noqa: PTH123  # pathlib is 10 ms to import
            core(photo.read())
    else:
        from bench.workers import serve  # not needed by the whole program

        serve({"core": core})
