"""Measure what the largest accepted file of each way costs: memory and time of Thumbnail and Tag.

Each file is the most expensive of its way that we know: with alpha and the most bits for each
sample. All are of one color, so that they are made in a moment; noise takes longer, and the memory
for the file itself is added.
"""

import base64
import math
import struct
import tempfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import pyvips

from bench.memory import peak_of
from bench.section import Figures, Run, prose, table
from bench.targets import Target
from gallery.costs import memory_mb
from shared.limits import MAX_SIDE_PX, WAYS

TITLE = "Limits"
MAX_SECONDS: Final = 25
STEPS: Final = {"handler": "Thumbnail", "tag": "Tag"}  # by what bench.workers.peak calls them
WIDE: Final = (MAX_SIDE_PX, WAYS["PNG"].max_megapixels * 1_000_000 // MAX_SIDE_PX)

# Files that take long to encode, or whose encoder is under the GPL: made once, and compressed.
_HEIC: Final = base64.b64decode(  # 10 bit, 4:4:4, with alpha, by x265
    "eNrt219IU1EcB/Bz75aZlpvaH60ts5d6SJiVZOtF+kOUVhYVUlHO69ZubPO2tFZRGRI9BDEqCEohDELon0FBBYL1Yj1F"
    "QVRgaEFQWCCY9M9a525aGfTQQ9+Rfg93u+f+zrl8fuees8tejhDC4avda/i9ekTIEtR9hWY9qHt8Qqhrgt5aj0iUfH91"
    "IDxYF4au1Yrfynw9UKOZlaUlQhWKWVN3Jc5CLNwgY7IsujcUKSqVX8W6HvLFL83WSfLCG+8m+/h3a4ViWFD9Gcww9Nqg"
    "GOypHNeNsCHPft3QamTsgOy2RLGmympjsdmprVcMxD5/FsJmqZR3TClRxiuxmNnBEu9hkV1uqyUe2eZarCjDG6Ii77Cw"
    "tb+s2lzwKLxuS6d1fo5dtihRs9leXyVvSl2qtBuuysIZ0srWagLhkBaIyPgEkVIvQxP1XYY3Meq8SOIj7IYe0c2IJS0t"
    "TZ72/My56eNQzgN/yNns8UvOc37kPNTQbumdoXx0lJV6b69eWXpWNaNzzS/VbuabIvPd2ZCVeJCJNBQziVmeusgS86ou"
    "HHIHDe92t9+7W3PPdRUWuWWTXu2OP/3puhEcWhZypq2HVYtVqNYjlpSjMjJVD3t9g60Z8q5AfDXIeQq1BKs9ctksXDtb"
    "uVRmuzuza6uzyenobExGORd6GwuuathUcSj95EBmvvtCKGdFe/zhwQ+7a8z1xuTQ8nhQnyR67PqkwJYTSWCtyRirVoJH"
    "1Wa4mbIFTo6LwMn0Fjg5/jWcnOCHkxkVcNKGXz52A05mtsLJrF44mV0OJydG4eQk/IOdjCdzXHgSP5e5+BWbi5/LqfgX"
    "3jT88pmGf8c68CvWgR+lE/8jceJHOT1KcsSQ+Hdsnp3kvyFbRwUZHRVkK0mSJEmSJEmSJEmSJEmSJEmSJEmSJEmSJEmS"
    "JEmSJEmSJEmSJEmSJEn+mewWomh5fFNlR1/Hwedn+nueXN3atq9/x+OLGy9vuvHPTuV1WuzK+6eZX/JPr4UOeUGl7SZ2"
    "d9vY99g5Le5Gesp5oNYM3HE6DriHraASZ1UD9yqfAs7XZaB1B2g9BFpdQOsdzlLScVQmjnLiqHk4ahmO2oyjtuGo/SOS"
    "OjYS/9EgqWs46haO6sBR93HUExz1DEe9wFGvcNQbHNWDo/pwVD+O+oCjPuGoL6T+G+orjvpGihQpUqRIkSJFihQpUqRI"
    "kSJFihQpUqRIkSJFihQpUqRIkSJF6m8OVf0OSeBVhg=="
)
_AVIF: Final = base64.b64decode(  # 12 bit, 4:4:4, with alpha, by libaom in 10 s
    "eNpjYGCQSSupLEgsy0xjAILczDRDEDs3MxHIZ1yam1qSyAABihkpOUVQNkNBZnIJAxpwy8zJTwYxXBwYmBkYQSzGkxCa"
    "gYGZg4EJRLNchIkw/gWqAgK2czARhn1A7JuZmZcG0QLEokBOKlgjUE1imYEhA4ogE6YgI0ifawXEO3wFmSW5DFDtDOsz"
    "C4oKgHRXZkFyPpDmSSwzdG6MTwLJi2QWF6RCXCFfB8EMAgWZFZlgl/Dw8CDU10BNhsgxgmQsEksrnEG80qI8q9yC1HQw"
    "4WSVnJlcYFVcWVySmltsBVSTmZOZWFRplZhTkAEOVtnMglxY+DIxMDI3MjEzMLG0MLG2AQU0MotS06CSfEDNOSAlYI/w"
    "JacUJ4PDGMhjPZ2bklgixMDFHf/Z7vf3a1tYTKQUjL6xCgi1HOPsXDYrrcmBgSHm/BmehH3MOg3XnwueD980R6DpuMOz"
    "/xdDCq2+s83e5cT7tdBcrVEsOZ8p723axIlMNi9L1gVWTrNZb6r742rZd3XjrGtXJASP6QYYvvPQ4vtu7m0geecsG4Pz"
    "/C9PJuyweTBq+nA0PZJmpvfQzmRgPuAA54N7Vg1G75gFBBgKDzEw2Hz5IB78W2jb45JZ/18VTJt968if1R95H+x9lHN9"
    "Zn/J/tMv3TIPnvaX6Xs76dyXJR9n7GFizPY8Jzq1duXcg68/NFgTpVvuRrDTp6Ptb/doed96othhkPCJMyM1S2FkWm1F"
    "vtVPyLcXVJtAin5PTy0GDhCXQYgRUheBsBQjK5gOA2JpKDsOVNJC1YDqFGEmhPrMdhYwDSuFLYDV2wtmBM3GwDCBnYEF"
    "KGNgZGjAOBHCZgSawLAAKm5oYMC4AGLi//9AGxZATKyTB9YqSGwQAADj9vdf"
)
_PROGRESSIVE_JPEG: Final = base64.b64decode(  # CMYK, 4:4:4, by libjpeg in 5 s
    "eNqruPX2qm12cKDEgY/PzTKFctf2busw3fqVNUrVI4pZS8O1yZkzslWnaf2Fk1fXJl//xbvrtyiL4y9FE75Xy7qPnnT8"
    "UvGbaZv382+ffv+3uHP45NNnds4evybUHbnxN11/vk1/+sbYX1L58nuiKgU37qmxzfrpqXouZemJT3e/zTrVVr6O/3Np"
    "Yv5/jfjP1d95nr5+c+H/7/Brp6yvi2+8/Xa54H2v/+undnzNmvLZP6qbe+2br+/sTs8XkK5+zr02bNvG30emfMq/caM2"
    "abVk4K3t9yt/+1/sjFoatJbn+qqrrzqFt05eLLzczd3N7fx8y+qqpKqsZ4++hCw2rP567M6bp8+muiX/u7Y1LXvh3bzz"
    "Z+7uLK/++K539tujX+zUss6GbQ59d2VxeH+d7a6vHrML9TbtuRG/1GQOm2HYOxf9Xxfv1n01vy+/3XmSiucoGkWjaBSN"
    "okGOtIKMM43Vjm9+8+Dl9K8mHVHXOnMqMr7md9lr1i3/MTVJ++hzkfdBMjsvz89u972kfUbl7yGfS7pnVOau0BF9Wh40"
    "xfNX68wl0TM8P/2fvNTb9ae95gmwCtu4yTxJa+50xn1ZPPu8wTwmhlEwCkbBKBgFo2AUDDhoUM4GVfo6fF9SbXkXTStV"
    "ipaK/zv7kX/Xfc26pTe8Ploe3S3i/u7L81uJk79wGXvuN5hc0n9dRf4/Y9/TPwkAyOHn4w=="
)


def files() -> dict[str, Callable[[], bytes]]:
    """Return functions that make the file just below the limit of each way."""
    side = {name: math.isqrt(way.max_megapixels * 1_000_000) // 8 * 8 for name, way in WAYS.items()}

    return {
        "JPEG": lambda: _jpeg(side["JPEG"]),
        "PROGRESSIVE_JPEG": lambda: zlib.decompress(zlib.decompress(_PROGRESSIVE_JPEG)),
        "PNG": lambda: _png(*WIDE, is_interlaced=False),
        "INTERLACED_PNG": lambda: _png(*[side["INTERLACED_PNG"]] * 2, is_interlaced=True),
        "WEBP": lambda: _webp(side["WEBP"]),
        "GIF": lambda: _gif(side["GIF"]),
        "TIFF": lambda: _tiff(*WIDE, rows=16, is_planar=False),
        "UNDIVIDED_TIFF": lambda: _tiff(
            *[side["UNDIVIDED_TIFF"]] * 2, rows=side["UNDIVIDED_TIFF"], is_planar=True
        ),
        "HEIC": lambda: zlib.decompress(_HEIC),
        "AVIF": lambda: zlib.decompress(_AVIF),
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


def cost(photo: bytes, step: str) -> Figures:
    """Return the peak memory in MiB and the seconds of CPU of a step, in a process of its own.

    Raises:
        AssertionError: the step refuses the photo.
    """
    with tempfile.NamedTemporaryFile() as file:
        file.write(photo)
        file.flush()
        found = peak_of(step, [Path(file.name)])
    if found["refused"]:
        raise AssertionError(f"{step} refuses the photo: {found['refused']}")
    return {"peak_mib": found["marks"]["1"]["peak_mb"] * 1e6 / 2**20, "cpu_s": found["cpu_s"]}


def measure(run: Run) -> Figures:
    """Measure each file in a process of its own."""
    made = files()
    advance = run.progress("limits", len(made) * len(STEPS))
    figures: Figures = {}
    for name, make in made.items():
        photo = make()
        figures[name] = {"bytes": len(photo)}
        for step in STEPS:
            figures[name][step] = cost(photo, step)
            advance()
    return figures


def page(figures: Figures) -> Iterator[str]:
    """Yield the table."""
    deployed = memory_mb()
    yield from prose(
        "The largest files that are accepted, of each way of decoding, as the first photo of a"
        f" process: its peak and its time. Deployed are {deployed['thumbnail']:,} MiB for Thumbnail"
        f" and {deployed['tag']:,} for Tag, which makes the JPEG for Rekognition here. Each file"
        " has the most samples and bits of its way, and one color, so it is short. A longer one"
        " takes its own length in addition, a HEIC or an AVIF three times."
    )
    rows = []
    for name, figure in figures.items():
        way = WAYS[name]
        costs = [
            text
            for step in STEPS
            for text in (f"{figure[step]['peak_mib']:,.0f}", f"{figure[step]['cpu_s']:.1f}")
        ]
        largest = f"{way.max_bytes / 2**20:.0f}"
        rows.append([way.name, f"{way.max_megapixels}", largest, *costs])
    columns = [f"{step}, {unit}" for step in STEPS.values() for unit in ("MiB", "s of CPU")]
    yield from table(["way", "megapixels", "MiB of file", *columns], rows)


def targets(figures: Figures) -> Iterator[Target]:
    """Yield a target for memory and one for time."""
    for step, name in STEPS.items():
        memory = memory_mb()["thumbnail" if step == "handler" else step]
        peak = max(figure[step]["peak_mib"] for figure in figures.values())
        seconds = max(figure[step]["cpu_s"] for figure in figures.values())
        yield Target(f"peak of {name}, largest accepted files", peak, memory, unit="MiB")
        yield Target(f"CPU time of {name}, largest accepted files", seconds, MAX_SECONDS, unit="s")
