"""Make bench/data/: the largest accepted file of each way of decoding, compressed twice.

    python -m tools.largest

Each file is the most expensive of its way that we know: with alpha and the most bits for each
sample. All are of one color, so that they are made in a moment; noise takes longer, and the memory
for the file itself is added.
"""

import math
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pyvips

import local  # noqa: F401  # puts images/ on the path
from shared.limits import MAX_SIDE_PX, WAYS

DATA: Final = Path(__file__).parents[1] / "bench" / "data"
WIDE: Final = (MAX_SIDE_PX, WAYS["PNG"].max_megapixels * 1_000_000 // MAX_SIDE_PX)

# Not made here, since their encoders are slow or under the GPL. PROGRESSIVE_JPEG: CMYK, 4:4:4, by
# libjpeg. HEIC: 10 bit, 4:4:4, alpha, by x265. AVIF: 12 bit, 4:4:4, alpha, by libaom.
GIVEN: Final = frozenset({"PROGRESSIVE_JPEG", "HEIC", "AVIF"})


def files() -> dict[str, Callable[[], bytes]]:
    """Return functions that make the file just below the limit of each way."""
    side = {name: math.isqrt(way.max_megapixels * 1_000_000) // 8 * 8 for name, way in WAYS.items()}

    return {
        "JPEG": lambda: _jpeg(side["JPEG"]),
        "PNG": lambda: _png(*WIDE, is_interlaced=False),
        "INTERLACED_PNG": lambda: _png(*[side["INTERLACED_PNG"]] * 2, is_interlaced=True),
        "WEBP": lambda: _webp(side["WEBP"]),
        "GIF": lambda: _gif(side["GIF"]),
        "TIFF": lambda: _tiff(*WIDE, rows=16, is_planar=False),
        "UNDIVIDED_TIFF": lambda: _tiff(
            *[side["UNDIVIDED_TIFF"]] * 2, rows=side["UNDIVIDED_TIFF"], is_planar=True
        ),
    }


def _jpeg(side_px: int) -> bytes:
    """Return a baseline JPEG of 8 rows of blocks, again and again, between restart markers."""
    rows = pyvips.Image.black(side_px, 8 * 8, bands=4).copy(interpretation="cmyk")
    small = rows.jpegsave_buffer(subsample_mode="off", restart_interval=side_px // 8)
    frame, scan = small.index(b"\xff\xc0"), small.index(b"\xff\xda")
    body = scan + 2 + int.from_bytes(small[scan + 2 : scan + 4])
    header = small[: frame + 5] + struct.pack(">H", side_px) + small[frame + 7 : body]
    repeats = side_px // 64
    return header + b"\xff\xd7".join([small[body:-2]] * repeats) + small[-2:]


def _png(width_px: int, height_px: int, *, is_interlaced: bool) -> bytes:
    """Return a PNG of 16-bit RGBA, all zeros, without ever having these in memory."""
    passes = [(0, 0, 1, 1)]
    if is_interlaced:  # Adam7: first column, first row, and the distances to the next
        passes = [
            (0, 0, 8, 8),
            (4, 0, 8, 8),
            (0, 4, 4, 8),
            (2, 0, 4, 4),
            (0, 2, 2, 4),
            (1, 0, 2, 2),
        ]
        passes.append((0, 1, 1, 2))
    size = sum(
        len(range(top, height_px, down)) * (1 + 8 * len(range(left, width_px, across)))
        for left, top, across, down in passes
    )
    checksum = (size % 65_521 << 16 | 1).to_bytes(4)  # Adler-32 of so many zeros
    header = struct.pack(">IIBBBBB", width_px, height_px, 16, 6, 0, 0, is_interlaced)
    chunks = {b"IHDR": header, b"IDAT": b"\x78\x01" + _zeros(size) + checksum, b"IEND": b""}
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in chunks.items()
    )


def _zeros(size: int) -> bytes:
    """Return `size` zeros as deflate's blocks."""
    block = 1_048_576
    codec = zlib.compressobj(1, wbits=-15)
    repeated = codec.compress(bytes(block)) + codec.flush(zlib.Z_FULL_FLUSH)
    return repeated * (size // block) + codec.compress(bytes(size % block)) + codec.flush()


def _webp(side_px: int) -> bytes:
    """Return a lossless WebP, in which each sample has a code of no bits.

    Source: https://developers.google.com/speed/webp/docs/webp_lossless_bitstream_specification
    """
    fields = [(side_px - 1, 14), (side_px - 1, 14), (1, 1), (0, 3)]  # alpha; version
    fields += [(0, 3)]  # no transforms, no color cache, one group of codes
    for level in (90, 40, 140, 200, 0):  # green, red, blue, alpha, distance
        fields += [(0b101, 3), (level, 8)]  # a code of one symbol, in 8 bits
    bits = length = 0
    for value, width in fields:
        bits |= value << length
        length += width
    body = b"\x2f" + bits.to_bytes(length // 8 + 1, "little")
    body += bytes(len(body) % 2)
    return (
        b"RIFF"
        + struct.pack("<I", 12 + len(body))
        + b"WEBPVP8L"
        + struct.pack("<I", len(body))
        + body
    )


def _gif(side_px: int) -> bytes:
    return bytes(pyvips.Image.black(side_px, side_px).gifsave_buffer(effort=1, dither=0))


def _tiff(width_px: int, height_px: int, *, rows: int, is_planar: bool) -> bytes:
    """Return a TIFF of 16-bit RGBA, all zeros. Its strips are all the same bytes."""
    strip_bytes = width_px * rows * (2 if is_planar else 8)
    strip = b"\x78\x01" + _zeros(strip_bytes) + (strip_bytes % 65_521 << 16 | 1).to_bytes(4)
    strips = math.ceil(height_px / rows) * (4 if is_planar else 1)
    short, long = "H", "I"
    tags = {
        0x0100: (long, [width_px]),
        0x0101: (long, [height_px]),
        0x0102: (short, [16] * 4),  # bits
        0x0103: (short, [8]),  # deflate
        0x0106: (short, [2]),  # RGB
        0x0111: (long, [8] * strips),  # where the strips are
        0x0115: (short, [4]),  # samples
        0x0116: (long, [rows]),  # of a strip
        0x0117: (long, [len(strip)] * strips),
        0x011C: (short, [2 if is_planar else 1]),
        0x0152: (short, [2]),  # the fourth sample is alpha
    }
    directory_at = 8 + len(strip)
    directory, values = struct.pack("<H", len(tags)), b""
    values_at = directory_at + 2 + 12 * len(tags) + 4
    for tag, (code, numbers) in tags.items():
        value = struct.pack(f"<{len(numbers)}{code}", *numbers)
        slot = value.ljust(4, b"\0")
        if len(value) > len(slot) or len(slot) > 4:  # noqa: PLR2004  # a slot's bytes
            slot = struct.pack("<I", values_at + len(values))
            values += value
        directory += struct.pack("<HHI", tag, 3 if code == short else 4, len(numbers)) + slot
    return b"II*\0" + struct.pack("<I", directory_at) + strip + directory + bytes(4) + values


def main() -> None:
    """Write the files."""
    for way, make in files().items():
        compressed = zlib.compress(zlib.compress(make(), 9), 9)
        (DATA / f"{way}.zlib").write_bytes(compressed)


if __name__ == "__main__":
    main()
