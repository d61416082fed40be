"""Make image files in code, valid and broken, for the tests of all steps."""

import io
import struct
import zlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal, NamedTuple

from PIL import Image

BYTE, ASCII, SHORT, LONG, RATIONAL, UNDEFINED, SRATIONAL, FLOAT, DOUBLE = (
    1,
    2,
    3,
    4,
    5,
    7,
    10,
    11,
    12,
)
SSHORT, SLONG, IFD = 8, 9, 13
_CODES = {
    1: "B",
    3: "H",
    4: "I",
    5: "I",
    6: "b",
    8: "h",
    9: "i",
    10: "i",
    11: "f",
    12: "d",
    13: "I",
}

MAKE, MODEL, ORIENTATION, DATE_TIME, DESCRIPTION = 0x010F, 0x0110, 0x0112, 0x0132, 0x010E
XP_TITLE, XP_COMMENT, XP_KEYWORDS, XP_SUBJECT = 0x9C9B, 0x9C9C, 0x9C9E, 0x9C9F
EXPOSURE_TIME, F_NUMBER, ISO, EXPOSURE_INDEX = 0x829A, 0x829D, 0x8827, 0x8832
DATE_TIME_ORIGINAL, DATE_TIME_DIGITIZED = 0x9003, 0x9004
OFFSET_TIME, OFFSET_TIME_ORIGINAL, OFFSET_TIME_DIGITIZED = 0x9010, 0x9011, 0x9012
USER_COMMENT, SUB_SEC, SUB_SEC_ORIGINAL, SUB_SEC_DIGITIZED = 0x9286, 0x9290, 0x9291, 0x9292
FOCAL_LENGTH, LENS_MODEL = 0x920A, 0xA434
LATITUDE_REF, LATITUDE, LONGITUDE_REF, LONGITUDE, ALTITUDE_REF, ALTITUDE = range(1, 7)
EXIF_IFD, GPS_IFD = 0x8769, 0x8825


class Tag(NamedTuple):
    """One entry of a TIFF directory; `items` and `offset` replace the true count and position."""

    tag: int
    field_type: int
    values: bytes | Sequence[float]  # numerators and denominators in turn for rationals
    items: int | None = None
    offset: int | None = None


def text(tag: int, value: str | bytes) -> Tag:
    """Return an ASCII entry, with the NUL at its end."""
    return Tag(tag, ASCII, (value.encode() if isinstance(value, str) else value) + b"\0")


def xp(tag: int, value: str) -> Tag:
    """Return one of Windows' entries."""
    return Tag(tag, BYTE, value.encode("utf-16-le") + b"\0\0")


def gps(  # noqa: PLR0913  # the six tags of a location
    latitude: Sequence[float] = (48, 1, 51, 1, 30, 1),
    longitude: Sequence[float] = (2, 1, 17, 1, 40, 1),
    *,
    latitude_ref: str = "N",
    longitude_ref: str = "E",
    altitude: Sequence[float] | None = None,
    altitude_ref: int | None = None,
) -> list[Tag]:
    """Return the entries of a location: degrees, minutes, seconds as rationals."""
    tags = [
        text(LATITUDE_REF, latitude_ref),
        Tag(LATITUDE, RATIONAL, latitude),
        text(LONGITUDE_REF, longitude_ref),
        Tag(LONGITUDE, RATIONAL, longitude),
    ]
    if altitude_ref is not None:
        tags.append(Tag(ALTITUDE_REF, BYTE, [altitude_ref]))
    if altitude is not None:
        tags.append(Tag(ALTITUDE, RATIONAL, altitude))
    return tags


def tiff_block(  # noqa: PLR0913  # a directory each, and its faults
    ifd0: Iterable[Tag] = (),
    exif: Iterable[Tag] = (),
    gps: Iterable[Tag] = (),
    *,
    order: Literal["<", ">"] = "<",
    next_ifd: int = 0,
    gap: bytes = b"",
) -> bytes:
    """Return a TIFF structure, such as a file's EXIF; `gap` is put before IFD0."""
    first, exif, gps = list(ifd0), list(exif), list(gps)
    start = 8 + len(gap)
    pointers = [tag for tag, entries in ((EXIF_IFD, exif), (GPS_IFD, gps)) if entries]
    sizes = [6 + 12 * (len(first) + len(pointers)), *(6 + 12 * len(e) for e in (exif, gps) if e)]
    starts = [start + sum(sizes[:i]) for i in range(len(sizes))]
    for tag, at in zip(pointers, starts[1:], strict=True):
        first.append(Tag(tag, LONG, [at]))
    values_at = start + sum(sizes)
    heads, values = b"", b""
    for entries, following in ((first, next_ifd), *((e, 0) for e in (exif, gps) if e)):
        heads += struct.pack(order + "H", len(entries))
        for entry in entries:
            packed = _pack(entry, order)
            slot = packed.ljust(4, b"\0")
            if len(packed) > 4:
                slot = struct.pack(order + "I", values_at + len(values))
                values += packed
            if entry.offset is not None:
                slot = struct.pack(order + "I", entry.offset)
            heads += struct.pack(order + "HHI", entry.tag, entry.field_type, _items(entry)) + slot
        heads += struct.pack(order + "I", following)
    magic = b"II*\0" if order == "<" else b"MM\0*"
    return magic + struct.pack(order + "I", start) + gap + heads + values


def _pack(entry: Tag, order: str) -> bytes:
    if isinstance(entry.values, bytes):
        return entry.values
    code = _CODES[entry.field_type]
    return struct.pack(f"{order}{len(entry.values)}{code}", *entry.values)


def _items(entry: Tag) -> int:
    if entry.items is not None:
        return entry.items
    return len(entry.values) // (2 if entry.field_type in {RATIONAL, SRATIONAL} else 1)


def picture(width_px: int = 40, height_px: int = 30) -> Image.Image:
    """Return a red picture with a blue quarter at the top left."""
    image = Image.new("RGB", (width_px, height_px), (200, 40, 40))
    image.paste((40, 40, 200), (0, 0, (width_px + 1) // 2, (height_px + 1) // 2))
    return image


def encode(image: Image.Image, image_format: str, **options: Any) -> bytes:  # noqa: ANN401  # Pillow's own
    """Return `image` in one of Pillow's formats."""
    buffer = io.BytesIO()
    image.save(buffer, image_format, **options)
    return buffer.getvalue()


def segment(marker: int, body: bytes) -> bytes:
    """Return one JPEG segment."""
    return struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body


def exif_segment(block: bytes) -> bytes:
    """Return the APP1 segment that holds an EXIF block."""
    return segment(0xE1, b"Exif\0\0" + block)


def xmp_segment(document: bytes) -> bytes:
    """Return the APP1 segment that holds XMP."""
    return segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + document)


def iptc_segment(records: bytes) -> bytes:
    """Return the APP13 segment that holds IPTC among Photoshop's resources."""
    return segment(
        0xED,
        b"Photoshop 3.0\0" + photoshop(b"\x04\x25", bytes(15)) + photoshop(b"\x04\x04", records),
    )


def photoshop(kind: bytes, body: bytes) -> bytes:
    """Return one of Photoshop's image resources."""
    return b"8BIM" + kind + bytes(2) + struct.pack(">I", len(body)) + body + bytes(len(body) % 2)


def jpeg(  # noqa: PLR0913  # all that a photo may have
    *,
    exif: bytes | None = None,
    xmp: bytes | None = None,
    iptc: bytes | None = None,
    before: bytes = b"",
    width_px: int = 40,
    height_px: int = 30,
    progressive: bool = False,
) -> bytes:
    """Return a JPEG that decodes, with its metadata behind the segments `before`."""
    encoded = encode(picture(width_px, height_px), "JPEG", progressive=progressive)
    segments = before
    segments += exif_segment(exif) if exif is not None else b""
    segments += xmp_segment(xmp) if xmp is not None else b""
    segments += iptc_segment(iptc) if iptc is not None else b""
    return encoded[:2] + segments + encoded[2:]


def scan_bomb(scans: int) -> bytes:
    """Return a progressive JPEG with `scans` scans; each costs a pass over the picture."""
    encoded = jpeg(progressive=True)
    last = encoded.rindex(b"\xff\xda")
    return (
        encoded[:last] + encoded[last:-2] * (scans - encoded.count(b"\xff\xda") + 1) + b"\xff\xd9"
    )


def multiscan_jpeg() -> bytes:
    """Return a sequential JPEG that decodes, with a scan of its own for each of its components."""
    gray = encode(picture().convert("L"), "JPEG")
    frame = gray.index(b"\xff\xc0")
    tables, scan = gray.index(b"\xff\xc4"), gray.index(b"\xff\xda")
    components = b"".join(bytes([number, 0x11, 0]) for number in (1, 2, 3))
    scans = b"".join(
        segment(0xDA, bytes([1, number, 0, 0, 63, 0])) + gray[scan + 10 : -2]
        for number in (1, 2, 3)
    )
    size = gray[frame + 4 : frame + 9]
    return (
        gray[:frame]
        + segment(0xC0, size + b"\3" + components)
        + gray[tables:scan]
        + scans
        + b"\xff\xd9"
    )


def with_size(photo: bytes, width_px: int, height_px: int) -> bytes:
    """Return a JPEG, PNG, GIF, lossless WebP, HEIC or AVIF that states another size."""
    if photo.startswith(b"\xff\xd8"):
        frame = next(at for at in (photo.find(b"\xff\xc0"), photo.find(b"\xff\xc2")) if at > 0)
        return photo[: frame + 5] + struct.pack(">HH", height_px, width_px) + photo[frame + 9 :]
    if photo.startswith(b"\x89PNG"):
        header = struct.pack(">II", width_px, height_px) + photo[24:29]
        return photo[:8] + chunk(b"IHDR", header) + photo[33:]
    if photo.startswith(b"GIF8"):
        size, at = struct.pack("<HH", width_px, height_px), photo.index(b"\x2c\0\0\0\0") + 5
        return photo[:6] + size + photo[10:at] + size + photo[at + 4 :]  # of the first frame, too
    if photo[12:16] == b"VP8L":
        bits = int.from_bytes(photo[21:25], "little") >> 28 << 28
        bits |= (width_px - 1) | (height_px - 1) << 14
        return photo[:21] + struct.pack("<I", bits) + photo[25:]
    at = photo.index(b"ispe") + 8
    was = photo[at : at + 8]
    return photo.replace(was, struct.pack(">II", width_px, height_px))


def bare_jpeg(width_px: int, height_px: int) -> bytes:
    """Return a JPEG that states a size and has no picture."""
    frame = struct.pack(">BHHB", 8, height_px, width_px, 1) + b"\x01\x11\0"
    return b"\xff\xd8" + segment(0xC0, frame) + segment(0xDA, b"\x01\x01\0\0\x3f\0") + b"\xff\xd9"


def chunk(kind: bytes, body: bytes) -> bytes:
    """Return one PNG chunk."""
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(*chunks: bytes, late: Sequence[bytes] = (), filling_bytes: int = 0) -> bytes:
    """Return a PNG with `chunks` before its pixels and `late` behind them.

    `filling_bytes` of pixel data that no decoder reads make it as large as a photo.
    """
    encoded = encode(picture(), "PNG")
    filling = chunk(b"IDAT", bytes(8_192)) * (filling_bytes // 8_192)  # libpng's size of chunk
    return (
        encoded[:33] + b"".join(chunks) + encoded[33:-12] + filling + b"".join(late) + encoded[-12:]
    )


def raw_profile(
    name: bytes, body: bytes, *, title: bytes | None = None, trailing: bytes = b""
) -> bytes:
    """Return the chunk in which ImageMagick keeps a profile, named `title` in its text, too."""
    digits = body.hex().encode()
    lines = b"\n".join(digits[at : at + 72] for at in range(0, len(digits), 72))
    text = b"\n%s\n%8d\n%s\n%s" % (title or name, len(body), lines, trailing)
    return chunk(b"zTXt", b"Raw profile type " + name + b"\0\0" + zlib.compress(text))


def xmp_chunk(document: bytes, *, compressed: bool = False) -> bytes:
    """Return the PNG chunk that holds XMP."""
    body = zlib.compress(document) if compressed else document
    return chunk(b"iTXt", b"XML:com.adobe.xmp\0" + bytes([compressed, 0, 0, 0]) + body)


def riff_chunk(kind: bytes, body: bytes) -> bytes:
    """Return one chunk of a WebP."""
    return kind + struct.pack("<I", len(body)) + body + bytes(len(body) % 2)


def webp(
    *,
    exif: bytes | None = None,
    xmp: bytes | None = None,
    filling_bytes: int = 0,
    flags: int | None = None,
    simple: bool = False,
) -> bytes:
    """Return a WebP that decodes, with metadata behind its pixels.

    Args:
        exif: TIFF structure of its EXIF chunk.
        xmp: document of its XMP chunk.
        filling_bytes: of a chunk between pixels and metadata.
        flags: of the extended form; by default, those of its metadata.
        simple: leave the chunk of the extended form out.
    """
    pixels = encode(picture(), "WEBP")[12:]
    if flags is None:
        flags = (0x08 if exif is not None else 0) | (0x04 if xmp is not None else 0)
    extended = riff_chunk(b"VP8X", struct.pack("<I", flags) + b"\x27\0\0\x1d\0\0")
    body = pixels if simple else extended + pixels
    body += riff_chunk(b"JUNK", bytes(filling_bytes)) if filling_bytes else b""
    body += riff_chunk(b"EXIF", exif) if exif is not None else b""
    body += riff_chunk(b"XMP ", xmp) if xmp is not None else b""
    return b"RIFF" + struct.pack("<I", 4 + len(body)) + b"WEBP" + body


def box(kind: bytes, *parts: bytes) -> bytes:
    """Return one box of an ISO media file."""
    body = b"".join(parts)
    return struct.pack(">I", 8 + len(body)) + kind + body


def heif(  # noqa: PLR0913  # all that a photo may have
    *,
    brand: bytes = b"heic",
    width_px: int = 40,
    height_px: int = 30,
    transforms: Sequence[bytes] = (),
    exif: bytes | None = None,
    xmp: bytes | None = None,
    in_idat: bool = False,
    filling_bytes: int = 0,
    meta_last: bool = False,
    exif_head: bytes = bytes(4),
) -> bytes:
    """Return a HEIF container without a picture; its items lie behind `filling_bytes`.

    Args:
        brand: major brand, such as heic or avif.
        width_px: as coded, before `transforms`.
        height_px: as coded.
        transforms: property boxes of the primary item: irot, imir, clap.
        exif: TIFF structure of its Exif item.
        xmp: document of its mime item.
        in_idat: put the items into the meta box itself.
        filling_bytes: of mdat before the items.
        meta_last: put the meta box at the end of the file.
        exif_head: what stands before the structure in the Exif item.
    """
    items = [(b"hvc1\0", b"")]  # the primary item is number 1, and has no bytes
    if exif is not None:
        items.append((b"Exif\0", exif_head + exif))
    if xmp is not None:
        items.append((b"mime\0application/rdf+xml\0", xmp))
    bodies = [body for _, body in items]
    properties = [box(b"ispe", bytes(4), struct.pack(">II", width_px, height_px)), *transforms]
    associated = struct.pack(">IHB", 1, 1, len(properties))
    associated += bytes(0x80 | (1 + number) for number in range(len(properties)))
    entries = [
        box(b"infe", b"\2\0\0\0", struct.pack(">HH", number, 0), description)
        for number, (description, _) in enumerate(items, 1)
    ]

    def meta(items_at: int) -> bytes:
        places = b""
        for number, body in enumerate(bodies, 1):
            places += struct.pack(">HHHHII", number, int(in_idat), 0, 1, items_at, len(body))
            items_at += len(body)
        return box(
            b"meta",
            bytes(4),
            box(b"hdlr", bytes(8), b"pict", bytes(13)),
            box(b"pitm", bytes(4), struct.pack(">H", 1)),
            box(b"iinf", bytes(4), struct.pack(">H", len(entries)), *entries),
            box(b"iprp", box(b"ipco", *properties), box(b"ipma", bytes(4), associated)),
            box(b"iloc", b"\1\0\0\0\x44\0", struct.pack(">H", len(bodies)), places),
            box(b"idat", *bodies) if in_idat else b"",
        )

    start = box(b"ftyp", brand, bytes(4), b"mif1", brand)
    mdat = box(b"mdat", bytes(filling_bytes), *([] if in_idat else bodies))
    before_mdat = len(start) if meta_last else len(start) + len(meta(0))
    items_at = 0 if in_idat else before_mdat + 8 + filling_bytes
    parts = (mdat, meta(items_at)) if meta_last else (meta(items_at), mdat)
    return start + b"".join(parts)


def irot(quarters_anticlockwise: int) -> bytes:
    """Return the property that turns a HEIF picture."""
    return box(b"irot", bytes([quarters_anticlockwise]))


def imir(axis: int) -> bytes:
    """Return the property that mirrors a HEIF picture: 0 top to bottom, 1 left to right."""
    return box(b"imir", bytes([axis]))


def clap(width_px: int, height_px: int, right_px: int = 0, below_px: int = 0) -> bytes:
    """Return the property that crops a HEIF picture, `right_px` and `below_px` of its center."""
    return box(
        b"clap", struct.pack(">IIIIiIiI", width_px, 1, height_px, 1, right_px, 1, below_px, 1)
    )


def gif_without_screen(
    screen: bytes = bytes(4), left: int = 0, top: int = 0, extensions: bytes = b""
) -> bytes:
    """Return a GIF of 40 × 30 px, with the size of its screen and the place of its frame given."""
    encoded = encode(picture(), "GIF")
    frame_at = encoded.index(b"\x2c\0\0\0\0")
    place = struct.pack("<BHH", 0x2C, left, top)
    head = encoded[:6] + screen + encoded[10:frame_at]
    return head + extensions + place + encoded[frame_at + 5 :]


def tiff_file(
    tags: Iterable[Tag] = (),
    exif: Iterable[Tag] = (),
    gps: Iterable[Tag] = (),
    *,
    order: Literal["<", ">"] = "<",
    gap_bytes: int = 0,
) -> bytes:
    """Return a gray TIFF of 40 × 30 px with its directory behind `gap_bytes`."""
    pixels = bytes(40 * 30)
    page = [
        Tag(0x0100, SHORT, [40]),
        Tag(0x0101, SHORT, [30]),
        Tag(0x0102, SHORT, [8]),
        Tag(0x0103, SHORT, [1]),
        Tag(0x0106, SHORT, [1]),
        Tag(0x0111, LONG, [8]),
        Tag(0x0115, SHORT, [1]),
        Tag(0x0116, SHORT, [30]),
        Tag(0x0117, LONG, [len(pixels)]),
    ]
    gap = pixels.ljust(max(gap_bytes, len(pixels)), b"\0")
    ordered = sorted([*page, *tags], key=lambda entry: entry.tag)
    return tiff_block(ordered, exif, gps, order=order, gap=gap)


def tiff_picture(  # noqa: PLR0913  # what a file may state of its pixels
    strips: Sequence[bytes],
    tags: Mapping[int, Sequence[int]],
    *,
    width_px: int = 32,
    height_px: int = 32,
    tile_px: int = 0,
    order: Literal["<", ">"] = "<",
    next_ifd: int = 0,
    more: Sequence[Tag] = (),
) -> bytes:
    """Return a TIFF of 8-bit RGB, or of what `tags`, of SHORTs, say; empty values leave one out."""
    starts = [8 + sum(len(s) for s in strips[:i]) for i in range(len(strips))]
    sizes = [len(s) for s in strips]
    stated: dict[int, Sequence[int]] = {
        0x0100: [width_px],
        0x0101: [height_px],
        0x0102: [8, 8, 8],
        0x0103: [1],
        0x0106: [2],
        0x0115: [3],
        **({} if tile_px else {0x0116: [-(-height_px // len(strips))]}),
        **({0x0142: [tile_px], 0x0143: [tile_px]} if tile_px else {}),
        **tags,
    }
    page = [Tag(tag, SHORT, values) for tag, values in stated.items() if values]
    page += [Tag(0x0144 if tile_px else 0x0111, LONG, starts)]
    page += [Tag(0x0145 if tile_px else 0x0117, LONG, sizes), *more]
    ordered = sorted(page, key=lambda entry: entry.tag)
    return tiff_block(ordered, order=order, next_ifd=next_ifd, gap=b"".join(strips))


def dataset(number: int, body: bytes, *, record: int = 2) -> bytes:
    """Return one dataset of IPTC-IIM."""
    return struct.pack(">BBBH", 0x1C, record, number, len(body)) + body


def xmp(properties: str = "", attributes: str = "") -> bytes:
    """Return an XMP document with `properties` as elements, and some as attributes."""
    return f"""<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF
 xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"
 xmlns:dc="http://purl.org/dc/elements/1.1/"
 xmlns:lr="http://ns.adobe.com/lightroom/1.0/"
 xmlns:xmp="http://ns.adobe.com/xap/1.0/"
 xmlns:exif="http://ns.adobe.com/exif/1.0/"
 xmlns:aux="http://ns.adobe.com/exif/1.0/aux/"
 xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/">
<rdf:Description rdf:about="" {attributes}>{properties}</rdf:Description>
</rdf:RDF></x:xmpmeta>
<?xpacket end="w"?>""".encode()


def bag(name: str, *values: str) -> str:
    """Return an XMP property that has several values."""
    items = "".join(f"<rdf:li>{value}</rdf:li>" for value in values)
    return f"<{name}><rdf:Bag>{items}</rdf:Bag></{name}>"
