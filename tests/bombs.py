"""Make hostile files in code: small, well formed enough to pass every first check, and costly.

Each function makes one kind, in the size asked for. tests/test_hostile_files.py holds what each may
cost.
"""

import struct
import zlib

from PIL import Image

from heicfile import heic
from photofiles import (
    BYTE,
    LONG,
    SHORT,
    Tag,
    box,
    chunk,
    encode,
    heif,
    jpeg,
    picture,
    png,
    riff_chunk,
    segment,
    tiff_block,
    tiff_file,
)

_EMPTY_SEGMENT = b"\xff\xe5\0\2"


def jpeg_segments(
    count: int, *, behind_scan: bool, empty: bytes = _EMPTY_SEGMENT, side_px: int = 40
) -> bytes:
    """Return a JPEG with `count` empty segments; behind its first scan it is progressive."""
    if not behind_scan:
        return jpeg(before=empty * count)
    noise = Image.effect_noise((side_px, side_px), 80)
    encoded = encode(noise, "JPEG", progressive=True)
    last = encoded.rindex(b"\xff\xda")
    return encoded[:last] + empty * count + encoded[last:]


def jpeg_restarts(count: int) -> bytes:
    """Return a JPEG with `count` restart markers that belong nowhere."""
    encoded = jpeg()
    return encoded[:-2] + b"\xff\xd0" * count + encoded[-2:]


def jpeg_filling(count: int) -> bytes:
    """Return a JPEG with `count` bytes of filling before a segment."""
    return jpeg(before=b"\xff" * count + _EMPTY_SEGMENT)


def jpeg_stray_bytes(count: int) -> bytes:
    """Return a JPEG with a byte that belongs nowhere before each of `count` segments."""
    return jpeg(before=_EMPTY_SEGMENT + (b"\0" + _EMPTY_SEGMENT) * count)


def png_texts(count: int, kind: bytes = b"tEXt") -> bytes:
    """Return a PNG with `count` empty chunks before its pixels."""
    return png(chunk(kind, b"") * count)


def png_late_texts(count: int, kind: bytes = b"tEXt") -> bytes:
    """Return a PNG with `count` empty chunks behind its pixels."""
    return png(late=[chunk(kind, b"") * count])


def png_chunk_names(count: int) -> bytes:
    """Return a large PNG with `count` names of chunks, and no chunks, behind its pixels."""
    return png(late=[b"tEXt" * count], filling_bytes=400_000)


def png_pixels_in_bytes(count: int) -> bytes:
    """Return a PNG with `count` empty chunks of pixels."""
    encoded = png()
    at = encoded.index(b"IDAT") - 4
    return encoded[:at] + chunk(b"IDAT", b"") * count + encoded[at:]


def png_profile_bomb(inflated_bytes: int) -> bytes:
    """Return a PNG with an ICC profile of zeros, which inflates to `inflated_bytes`."""
    squeezed = zlib.compress(bytes(inflated_bytes), 9)
    return png(chunk(b"iCCP", b"icc\0\0" + squeezed))


def png_text_bombs(count: int, inflated_bytes: int) -> bytes:
    """Return a PNG with `count` compressed texts."""
    squeezed = zlib.compress(bytes(inflated_bytes), 9)
    return png(chunk(b"zTXt", b"Raw profile type exif\0\0" + squeezed) * count)


def webp_frames(count: int, *, flags: int = 0x02) -> bytes:
    """Return an animated WebP with `count` frames of one pixel."""
    pixel = encode(picture(1, 1), "WEBP", lossless=True)[12:]
    frame = riff_chunk(b"ANMF", bytes(16) + pixel)
    body = riff_chunk(b"VP8X", struct.pack("<I", flags) + b"\x27\0\0\x1d\0\0")
    body += riff_chunk(b"ANIM", bytes(6)) + frame * count
    return b"RIFF" + struct.pack("<I", 4 + len(body)) + b"WEBP" + body


def webp_chunks(count: int) -> bytes:
    """Return a WebP with `count` empty chunks of no known kind."""
    body = riff_chunk(b"VP8X", bytes(4) + b"\x27\0\0\x1d\0\0")
    body += encode(picture(), "WEBP")[12:] + riff_chunk(b"JUNK", b"") * count
    return b"RIFF" + struct.pack("<I", 4 + len(body)) + b"WEBP" + body


def gif_frames(count: int) -> bytes:
    """Return a GIF with `count` frames of one pixel."""
    encoded = encode(picture(), "GIF")
    frame = b"\x2c" + struct.pack("<HHHHB", 0, 0, 1, 1, 0) + b"\x02\x02\x44\x01\0"
    return encoded[:-1] + frame * count + b";"


def gif_blocks(count: int) -> bytes:
    """Return a GIF with a comment of `count` parts of one byte before its picture."""
    encoded = encode(picture(), "GIF")
    at = encoded.index(b"\x2c\0\0\0\0")
    return encoded[:at] + b"\x21\xfe" + b"\1a" * count + b"\0" + encoded[at:]


def gif_pixel_blocks(count: int) -> bytes:
    """Return a GIF with `count` parts of one byte behind its pixels, and no screen."""
    encoded = encode(picture(), "GIF")
    return encoded[:-2] + b"\1a" * count + b"\0;"


def gif_extensions(count: int, screen: bytes | None = None) -> bytes:
    """Return a GIF with `count` empty extensions before its picture."""
    encoded = encode(picture(), "GIF")
    at = encoded.index(b"\x2c\0\0\0\0")
    encoded = encoded[:at] + b"\x21\xfe\0" * count + encoded[at:]
    return encoded if screen is None else encoded[:6] + screen + encoded[10:]


def tiff_entries(count: int, values: int, tag: int | None = 0x0111, kind: int = LONG) -> bytes:
    """Return a TIFF with `count` entries of `values` values each, all in the same bytes.

    `tag` None: each has another tag.
    """
    size = values * (2 if kind == SHORT else 1 if kind == BYTE else 4)
    bombs = [
        Tag(0x9000 + number if tag is None else tag, kind, bytes(4), items=values, offset=8)
        for number in range(count)
    ]
    return tiff_file(bombs, gap_bytes=size)


def tiff_pages(count: int) -> bytes:
    """Return a TIFF with `count` empty pages behind the first."""
    first = tiff_file()
    at = int.from_bytes(first[4:8], "little")
    entries = int.from_bytes(first[at : at + 2], "little")
    next_at = at + 2 + 12 * entries
    start = len(first) + len(first) % 2
    body = first.ljust(start, b"\0")
    body = body[:next_at] + struct.pack("<I", start) + body[next_at + 4 :]
    page = struct.pack("<HHHII", 1, 0x0100, SHORT, 1, 1)
    pages = [page + struct.pack("<I", start + 18 * number) for number in range(1, count)]
    return body + b"".join(pages) + page + bytes(4)


def tiff_shared_strips(count: int, strip_bytes: int) -> bytes:
    """Return a deflated TIFF of one row a strip, of which each is the same long data."""
    packed = zlib.compress(bytes(64), 9)
    packed = packed.ljust(strip_bytes, b"\0")
    head = 8
    entries = [
        Tag(0x0100, LONG, [64]),
        Tag(0x0101, LONG, [count]),
        Tag(0x0102, SHORT, [8]),
        Tag(0x0103, SHORT, [8]),
        Tag(0x0106, SHORT, [1]),
        Tag(0x0111, LONG, [head] * count),
        Tag(0x0115, SHORT, [1]),
        Tag(0x0116, LONG, [1]),
        Tag(0x0117, LONG, [len(packed)] * count),
    ]
    return tiff_block(entries, gap=packed)


def exif_entries(count: int, values: int) -> bytes:
    """Return a JPEG with an EXIF block of `count` entries of `values` values each."""
    return jpeg(exif=_entries(count, values))


def png_exif_entries(count: int, values: int) -> bytes:
    """Return a PNG with the same block, which may be longer there."""
    return png(chunk(b"eXIf", _entries(count, values)))


def _entries(count: int, values: int) -> bytes:
    bombs = [Tag(0x010F, BYTE, bytes(4), items=values, offset=8) for _ in range(count)]
    return tiff_block(bombs)


def exif_directories(count: int) -> bytes:
    """Return an EXIF block of which each entry says that the GPS directory begins among them."""
    return tiff_block([Tag(0x8825, LONG, [118])] * count)


def avif(exif: bytes) -> bytes:
    """Return an AVIF with an EXIF block."""
    return encode(picture(), "AVIF", speed=10, exif=b"Exif\0\0" + exif)


def exif_loop() -> bytes:
    """Return a JPEG with an EXIF block of which each directory points to the first."""
    return jpeg(
        exif=tiff_block(
            [Tag(0x8769, LONG, [8]), Tag(0x8825, LONG, [8]), Tag(0x014A, LONG, [8])], next_ifd=8
        )
    )


def heif_items(count: int) -> bytes:
    """Return a HEIC with `count` more items that nothing refers to."""
    return _with_meta(
        heic(),
        iinf=lambda body: _counted(
            body, count, b"".join(_infe(number) for number in range(100, 100 + count))
        ),
    )


def _infe(number: int) -> bytes:
    return box(b"infe", b"\2\0\0\0", struct.pack(">HH", number & 0xFFFF, 0), b"hvc1", b"\0")


def _counted(body: bytes, more: int, entries: bytes) -> bytes:
    count = min(int.from_bytes(body[4:6]) + more, 0xFFFF)
    return body[:4] + struct.pack(">H", count) + body[6:] + entries


def _with_meta(photo: bytes, **changes: object) -> bytes:
    """Return `photo` with boxes in its `meta` box changed, and their offsets moved."""
    at = photo.index(b"meta") - 4
    size = int.from_bytes(photo[at : at + 4])
    body = photo[at + 12 : at + size]
    parts, grown = [], 0
    while body:
        length = int.from_bytes(body[:4])
        kind, inner = body[4:8], body[8:length]
        body = body[length:]
        change = changes.get(kind.decode())
        changed = change(inner) if callable(change) else inner
        grown += len(changed) - len(inner)
        parts.append((kind, changed))
    joined = b"".join(box(kind, inner) for kind, inner in parts if kind != b"iloc")
    [iloc] = [inner for kind, inner in parts if kind == b"iloc"]
    count = int.from_bytes(iloc[6:8])
    moved = iloc[:8]
    for number in range(count):
        entry = iloc[8 + 14 * number : 22 + 14 * number]
        place = int.from_bytes(entry[6:10]) + grown
        moved += entry[:6] + struct.pack(">I", place) + entry[10:]
    meta = box(b"meta", bytes(4), joined, box(b"iloc", moved + iloc[8 + 14 * count :]))
    return photo[:at] + meta + photo[at + size :]


def heif_boxes(count: int) -> bytes:
    """Return a HEIC with `count` empty boxes before its `meta` box."""
    photo = heif()
    at = photo.index(b"meta") - 4
    return photo[:at] + box(b"free") * count + photo[at:]


def heif_associations(count: int) -> bytes:
    """Return a HEIC with associations of `count` more items."""

    def more(iprp: bytes) -> bytes:
        entries = b"".join(struct.pack(">HB", n & 0xFFFF, 1) + b"\1" for n in range(count))
        return iprp + box(b"ipma", bytes(4), struct.pack(">I", count), entries)

    return _with_meta(heic(), iprp=more)


def heif_properties(count: int) -> bytes:
    """Return a HEIC with `count` properties that nobody has."""

    def more(iprp: bytes) -> bytes:
        size = int.from_bytes(iprp[:4])
        ipco = box(b"ipco", iprp[8:size], box(b"free") * count)
        return ipco + iprp[size:]

    return _with_meta(heic(), iprp=more)


def heif_overlay(copies: int) -> bytes:
    """Return a HEIC of which the primary item lays one picture over itself, `copies` times."""
    photo = heic(tiles=1)
    grid = struct.pack(">BBBBHH", 0, 0, 0, 0, 64, 64)
    overlay = struct.pack(">BB4HHH", 0, 0, 0, 0, 0, 0, 64, 64) + bytes(4 * copies)

    def refer(_body: bytes) -> bytes:
        return bytes(4) + box(b"dimg", struct.pack(f">HH{copies}H", 2, copies, *[1] * copies))

    changed = _with_meta(photo, iref=refer, iinf=lambda body: body.replace(b"grid", b"iovl"))
    at = changed.rindex(grid)
    changed = changed[:at] + overlay
    # The last location is the overlay's: its size grows.
    iloc = changed.index(b"iloc") + 4 + 8 + 14
    return changed[: iloc + 10] + struct.pack(">I", len(overlay)) + changed[iloc + 14 :]


def xmp_elements(count: int) -> bytes:
    """Return a JPEG with XMP of `count` empty elements."""
    return _with_xmp(b"<a/>" * count)


def xmp_nesting(depth: int) -> bytes:
    """Return a JPEG with XMP of elements in each other."""
    return _with_xmp(b"<a>" * depth)


def xmp_names(count: int, name_characters: int) -> bytes:
    """Return a PNG with XMP of `count` elements, each in a namespace with a long name."""
    return _with_xmp(b"<a xmlns='" + b"u" * name_characters + b"'>" + b"<a/>" * count)


def _with_xmp(document: bytes) -> bytes:
    rdf = b"http://www.w3.org/1999/02/22-rdf-syntax-ns#"
    start = b"<r:RDF xmlns:r='" + rdf + b"'><r:Description>"
    if len(document) < 60_000:
        return jpeg(xmp=start + document)
    return png(chunk(b"iTXt", b"XML:com.adobe.xmp\0" + bytes(4) + start + document))


def iptc_datasets(count: int) -> bytes:
    """Return a JPEG with `count` empty IPTC keywords."""
    records = b"\x1c\x02\x19\0\0" * count
    body = b"8BIM\x04\x04\0\0" + struct.pack(">I", len(records)) + records
    segments = b"".join(
        segment(0xED, b"Photoshop 3.0\0" + body[at : at + 65_000])
        for at in range(0, len(body), 65_000)
    )
    return jpeg(before=segments)


def photoshop_resources(count: int) -> bytes:
    """Return a JPEG with `count` empty Photoshop resources."""
    body = (b"8BIM\x04\x05\0\0" + bytes(4)) * count
    segments = b"".join(
        segment(0xED, b"Photoshop 3.0\0" + body[at : at + 60_000])
        for at in range(0, len(body), 60_000)
    )
    return jpeg(before=segments)
