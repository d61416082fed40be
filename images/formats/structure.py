"""What a walk through a file's structure has found."""

from dataclasses import dataclass

from formats.partial import Range

MAX_PARTS = 10_000  # of a container: segments, chunks, boxes; a bomb could have millions
MAX_METADATA_BYTES = 1_048_576  # of one block; no writer comes near, and a bomb stays harmless


@dataclass(slots=True)
class Structure:
    """Filled in as the walk goes on, so that what was found outlives a walk that breaks off."""

    width_px: int | None = None  # as coded: before orientation
    height_px: int | None = None
    orientation: int | None = None  # where decoders do not look for it in `exif`: what they do
    scans: int = 1  # of a JPEG, in the bytes that are known
    exif: bytes | None = None  # a TIFF structure, from its byte order mark on
    xmp: bytes | None = None  # an XML document, perhaps padded
    iptc: bytes | None = None  # IIM records
    missing: Range | None = None  # the first bytes that are wanted and not known
