"""Make raw photos in code: the layouts that cameras write, around previews that a test makes.

What would be the sensor's data is noise of any length. `exiftool` reads all of these files.
"""

import struct
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Final, NamedTuple

import photofiles as pf

BYTE, ASCII, SHORT, LONG, RATIONAL, UNDEFINED, IFD = 1, 2, 3, 4, 5, 7, 13
_SIZES: Final = {BYTE: 1, ASCII: 1, SHORT: 2, LONG: 4, RATIONAL: 8, UNDEFINED: 1, IFD: 4}
_CODES: Final = {1: "B", 2: "H", 4: "I"}
STAMP: Final = bytes(range(256)) * 225  # 160 × 120 px of RGB
SENSOR: Final = b"\x5a\xc3" * 4_000
TAKEN: Final = "2021:08:14 09:31:00"
SIDES_PX: Final = (6000, 4000)


class Directory(NamedTuple):
    """A directory: entries, each tag, type and value, and those that it points to."""

    entries: "tuple[Entry, ...]"


class Data(NamedTuple):
    """The value of a LONG that says where `body` is."""

    body: bytes


Value = int | list[int] | bytes | str | Data | list[Directory]
Entry = tuple[int, int, Value]
SLICES: Final[tuple[Entry, ...]] = ((0xC640, SHORT, [1, 1728, 1888]),)  # of Canon's sensor data


def directory(*entries: Entry) -> Directory:
    """Return a directory of these entries, sorted by tag as TIFF asks."""
    return Directory(tuple(sorted(entries, key=lambda entry: entry[0])))


def tiff(*chain: Directory, order: str = "<", head: bytes = b"", first: int = 16) -> bytes:
    """Return a file of directories, each of `chain` pointing to the next; then values, then data.

    Args:
        chain: the first one is IFD0.
        order: "<" or ">".
        head: the first bytes, in place of those of a TIFF.
        first: where IFD0 is; the bytes before it belong to `head`.
    """
    places: dict[int, int] = {}
    at = first
    for one in _all(chain):
        places[id(one)] = at
        at += 2 + 12 * len(one.entries) + 4
    values, data = b"", b""
    values_at = at
    data_at = at + sum(_long_bytes(entry) for one in _all(chain) for entry in one.entries)
    following = {id(one): places[id(other)] for one, other in pairwise(chain)}
    rows = b""
    for one in _all(chain):
        rows += struct.pack(f"{order}H", len(one.entries))
        for tag, kind, value in one.entries:
            if isinstance(value, Data):
                numbers: list[int] | bytes = [data_at + len(data)]
                data += value.body
            elif isinstance(value, list) and value and isinstance(value[0], Directory):
                numbers = [places[id(child)] for child in value]
            else:
                numbers = _plain(value)
            body = _packed(numbers, kind, order)
            slot = body.ljust(4, b"\0")
            if len(body) > 4:
                slot = struct.pack(f"{order}I", values_at + len(values))
                values += body
            rows += struct.pack(f"{order}HHI", tag, kind, len(body) // _SIZES[kind]) + slot
        rows += struct.pack(f"{order}I", following.get(id(one), 0))
    start = b"II*\0" if order == "<" else b"MM\0*"
    start = (head or start)[:4] + struct.pack(f"{order}I", first) + head[8:]
    return start.ljust(first, b"\0") + rows + values + data


def _all(chain: tuple[Directory, ...]) -> Iterator[Directory]:
    for one in chain:
        yield one
        for _, _, value in one.entries:
            if isinstance(value, list) and value and isinstance(value[0], Directory):
                yield from _all(tuple(value))  # type: ignore[arg-type]  # checked above


def _plain(value: Value) -> list[int] | bytes:
    if isinstance(value, str):
        return value.encode() + b"\0"
    return [value] if isinstance(value, int) else value  # type: ignore[return-value]  # of numbers


def _packed(numbers: list[int] | bytes, kind: int, order: str) -> bytes:
    if isinstance(numbers, bytes):
        return numbers
    return struct.pack(f"{order}{len(numbers)}{_CODES[_SIZES[kind]]}", *numbers)


def _long_bytes(entry: Entry) -> int:
    """Return how many bytes of an entry's value do not fit into the entry."""
    _, kind, value = entry
    if isinstance(value, bytes):
        return len(value) if len(value) > 4 else 0
    items = 1 if isinstance(value, int | Data) else len(value) + isinstance(value, str)
    size = items * _SIZES[kind]
    return size if size > 4 else 0


def _exif() -> Entry:
    return (0x8769, LONG, [directory((0x9003, ASCII, TAKEN), (0x829A, LONG, 1))])


def _camera(make: str, orientation: int) -> tuple[Entry, ...]:
    return ((0x010F, ASCII, make), (0x0110, ASCII, "X1"), (0x0112, SHORT, orientation), _exif())


def _size(width_px: int, height_px: int) -> tuple[Entry, ...]:
    return ((0x0100, LONG, width_px), (0x0101, LONG, height_px))


def _strip(body: bytes) -> tuple[Entry, ...]:
    return ((0x0111, LONG, Data(body)), (0x0117, LONG, len(body)))


def jpeg_tags(body: bytes) -> tuple[Entry, ...]:
    """Return the tags by which most cameras name a JPEG."""
    return ((0x0103, SHORT, 6), (0x0201, LONG, Data(body)), (0x0202, LONG, len(body)))


def nef_stamp() -> tuple[Entry, ...]:
    """Return the first directory of most raw photos: a picture of 160 × 120 px."""
    return (
        (0x00FE, LONG, 1),
        *_size(160, 120),
        (0x0102, SHORT, [8, 8, 8]),
        (0x0103, SHORT, 1),
        (0x0106, SHORT, 2),
        (0x0115, SHORT, 3),
        (0x0116, SHORT, 120),
        *_strip(STAMP),
    )


def pef_sensor() -> tuple[Entry, ...]:
    """Return a directory of Pentax's sensor data."""
    return _sensor(65535)


def _sensor(
    codec: int, *more: Entry, size_px: tuple[int, int] = SIDES_PX, colors: int = 32803
) -> tuple[Entry, ...]:
    return (
        (0x00FE, LONG, 0),
        *_size(*size_px),
        (0x0103, SHORT, codec),
        (0x0106, SHORT, colors),
        *_strip(SENSOR),
        *more,
    )


def small_jpeg(width_px: int = 160, height_px: int = 120) -> bytes:
    """Return a JPEG that is too small to stand for a photo."""
    return pf.encode(pf.picture(width_px, height_px), "JPEG")


def lossless_jpeg(size: int = 400_000, bits: int = 14) -> bytes:
    """Return the beginning of a lossless JPEG (SOF3), as sensors' data is stored, and noise."""
    frame = pf.segment(0xC3, struct.pack(">BHHB", bits, 4000, 3000, 2) + b"\1\x11\0\2\x11\0")
    return (b"\xff\xd8" + frame).ljust(size, b"\x5a")


def nef(preview: bytes, orientation: int = 1, order: str = "<") -> bytes:
    """Return a NEF: a stamp, and in its SubIFDs the preview, the sensor's data, a small preview."""
    return tiff(
        directory(
            *nef_stamp(),
            *_camera("NIKON CORPORATION", orientation),
            (
                0x014A,
                LONG,
                [
                    directory((0x00FE, LONG, 1), *jpeg_tags(preview)),
                    directory(*_sensor(34713, (0x828D, SHORT, [2, 2]))),
                    directory((0x00FE, LONG, 1), *jpeg_tags(small_jpeg(640, 424))),
                ],
            ),
        ),
        order=order,
    )


def nrw(preview: bytes, orientation: int = 1, order: str = "<") -> bytes:
    """Return an NRW of a compact camera: IFD0 is a small JPEG."""
    return tiff(
        directory(
            (0x00FE, LONG, 1),
            *jpeg_tags(small_jpeg()),
            *_camera("NIKON", orientation),
            (0x014A, LONG, [directory(*jpeg_tags(preview)), directory(*_sensor(1))]),
        ),
        order=order,
    )


def dng(preview: bytes, orientation: int = 1, order: str = "<") -> bytes:
    """Return a DNG of a converter: a stamp, and in its SubIFDs the sensor's data and previews."""
    jpeg = ((0x0103, SHORT, 7), (0x0106, SHORT, 6), (0x00FE, LONG, 1))
    return tiff(
        directory(
            *nef_stamp(),
            *_camera("ACME", orientation),
            (0xC612, BYTE, [1, 4, 0, 0]),
            (
                0x014A,
                LONG,
                [
                    directory(
                        *_sensor(
                            7, (0xC620, RATIONAL, struct.pack(f"{order}4I", 11800, 2, 3900, 1))
                        )
                    ),
                    directory(*jpeg, *_size(640, 480), *_strip(small_jpeg(640, 480))),
                    directory(*jpeg, *_size(1600, 1200), *_strip(preview)),
                ],
            ),
        ),
        order=order,
    )


def linear_dng(preview: bytes, orientation: int = 1, order: str = "<") -> bytes:
    """Return a DNG of a phone: IFD0 is the preview, a SubIFD the picture in linear colors."""
    return tiff(
        directory(
            (0x00FE, LONG, 1),
            *_size(4032, 3024),
            (0x0103, SHORT, 7),
            (0x0106, SHORT, 6),
            *_strip(preview),
            *_camera("Apple", orientation),
            (0xC612, BYTE, [1, 4, 0, 0]),
            (0x014A, LONG, [directory(*_sensor(7, colors=34892))]),
        ),
        order=order,
    )


def cr2(
    preview: bytes, orientation: int = 1, order: str = "<", *, slices: tuple[Entry, ...] = SLICES
) -> bytes:
    """Return a CR2: the preview in IFD0, a stamp in IFD1, the sensor's lossless JPEG in IFD3."""
    shown = directory((0x9003, ASCII, TAKEN), (0xA002, LONG, 6000), (0xA003, LONG, 4000))
    return tiff(
        directory(
            *_size(1600, 1200),
            (0x0103, SHORT, 6),
            *_strip(preview),
            *_camera("Canon", orientation)[:3],
            (0x8769, LONG, [shown]),
        ),
        directory(*jpeg_tags(small_jpeg())),
        directory(*_size(160, 120), (0x0103, SHORT, 6), (0x0106, SHORT, 2), *_strip(STAMP)),
        directory((0x0103, SHORT, 6), *_strip(lossless_jpeg()), *slices),
        order=order,
        head=(b"II*\0" if order == "<" else b"MM\0*") + bytes(4) + b"CR\2\0",
    )


def arw(preview: bytes, orientation: int = 1, order: str = "<") -> bytes:
    """Return an ARW: a middle preview in IFD0, a stamp in IFD1, the preview in IFD2."""
    return tiff(
        directory(
            (0x00FE, LONG, 1),
            *jpeg_tags(small_jpeg(1100, 733)),
            *_camera("SONY", orientation),
            (0x014A, LONG, [directory(*_sensor(32767))]),
        ),
        directory((0x00FE, LONG, 1), *jpeg_tags(small_jpeg())),
        directory((0x00FE, LONG, 1), *jpeg_tags(preview)),
        order=order,
    )


def pef(preview: bytes, orientation: int = 1, order: str = ">") -> bytes:
    """Return a PEF: the sensor's data in IFD0, a stamp in IFD1, the preview in IFD2, at the end."""
    return tiff(
        directory(*pef_sensor(), *_camera("PENTAX", orientation)),
        directory(*jpeg_tags(small_jpeg())),
        directory(*jpeg_tags(preview)),
        order=order,
    )


def srw(preview: bytes, orientation: int = 1, order: str = "<") -> bytes:
    """Return an SRW: all that it has is in SubIFDs, whose first is the preview."""
    sensor = [entry for entry in _sensor(32773, (0x828E, BYTE, [1, 0, 2, 1])) if entry[0] != 0x0106]
    return tiff(
        directory(
            *_camera("SAMSUNG", orientation),
            (
                0x014A,
                LONG,
                [
                    directory((0x00FE, LONG, 0), *jpeg_tags(preview)),
                    directory(*sensor),
                    directory((0x00FE, LONG, 0), *jpeg_tags(small_jpeg())),
                ],
            ),
        ),
        order=order,
    )


def three_fr(preview: bytes, orientation: int = 1, order: str = ">") -> bytes:
    """Return a 3FR: a stamp, and in its SubIFDs the sensor's data and the preview."""
    return tiff(
        directory(
            *nef_stamp(),
            *_camera("Hasselblad", orientation),
            (0x014A, LONG, [directory(*_sensor(1)), directory(*jpeg_tags(preview))]),
        ),
        order=order,
    )


def orf(
    preview: bytes, orientation: int = 1, order: str = "<", kind: bytes = b"OLYMPUS\0II\3\0"
) -> bytes:
    """Return an ORF, whose preview is named in the camera's maker note.

    `kind` begins the maker note: OLYMP (offsets count from the file), OLYMPUS or OM SYSTEM.
    """
    is_old = kind.startswith(b"OLYMP\0")

    def file(preview_at: int, note_at: int) -> bytes:
        base = 0 if is_old else note_at
        settings = struct.pack(
            f"{order}HHHIIHHIIHHIII",
            *(3, 0x0100, LONG, 1, 1),
            *(0x0101, LONG, 1, preview_at - base),
            *(0x0102, LONG, 1, len(preview), 0),
        )
        settings_at = len(kind) + 18
        entry = (UNDEFINED, len(settings)) if is_old else (IFD, 1)
        note = kind + struct.pack(
            f"{order}HHHIII", 1, 0x2020, *entry, note_at - base + settings_at, 0
        )
        exif = directory((0x9003, ASCII, TAKEN), (0x927C, UNDEFINED, note + settings))
        sensor = [entry for entry in _sensor(1, colors=1) if entry[0] != 0x00FE]
        return (
            tiff(
                directory(*sensor, *_camera("OLYMPUS", orientation)[:3], (0x8769, LONG, [exif])),
                order=order,
                head=(b"IIRO" if order == "<" else b"MMOR"),
                first=8,
            )
            + preview
        )

    draft = file(0, 0)
    return file(len(draft) - len(preview), draft.index(kind))


def rw2(preview: bytes, orientation: int = 1, order: str = "<") -> bytes:
    """Return an RW2: the preview is a value of its directory, and has the metadata."""
    return tiff(
        directory(
            (0x0002, SHORT, 6100),
            (0x0003, SHORT, 4100),
            (0x0004, SHORT, 4),
            (0x0005, SHORT, 8),
            (0x0006, SHORT, 4004),
            (0x0007, SHORT, 6008),
            (0x002E, UNDEFINED, preview),
            *_camera("Panasonic", orientation),
            (0x0118, LONG, Data(SENSOR)),
        ),
        order=order,
        head=b"IIU\0",
        first=24,
    )


def with_exif(preview: bytes, orientation: int) -> bytes:
    """Return a JPEG with the EXIF that Fujifilm and Panasonic put into their previews."""
    block = pf.tiff_block(
        [pf.text(pf.MAKE, "FUJIFILM"), pf.Tag(pf.ORIENTATION, SHORT, [orientation])],
        [pf.text(pf.DATE_TIME_ORIGINAL, TAKEN)],
    )
    return preview[:2] + pf.exif_segment(block) + preview[2:]


def raf(preview: bytes, orientation: int = 1) -> bytes:
    """Return a RAF: pointers, the preview, a directory, the sensor's data."""
    preview = with_exif(preview, orientation)
    records = struct.pack(">IHHHHHHHH", 2, 0x0100, 4, 4100, 6100, 0x0111, 4, 4000, 6000)
    head = b"FUJIFILMCCD-RAW 0201FF393101X-T3".ljust(0x54, b"\0")
    directory_at = 160 + len(preview)
    pointers = struct.pack(
        ">6I",
        *(160, len(preview), directory_at, len(records)),
        *(directory_at + len(records), len(SENSOR)),
    )
    return (head + pointers).ljust(160, b"\0") + preview + records + SENSOR


def cr3(preview: bytes, orientation: int = 1, *, middle: bytes = b"", xmp: bytes = b"") -> bytes:
    """Return a CR3: metadata in a box, a middle preview in another, the preview in a track."""

    def block(*entries: Entry) -> bytes:
        return tiff(directory(*entries), first=8)

    canon = bytes.fromhex("85c0b687820f11e08111f4ce462b6a48")
    metadata = pf.box(
        b"uuid",
        canon,
        pf.box(b"CNCV", b"CanonCR3_001/00.09.00/00.00.00"),
        pf.box(b"CMT1", block(*_size(*SIDES_PX), *_camera("Canon", orientation)[:3])),
        pf.box(b"CMT2", block((0x9003, ASCII, TAKEN))),
        pf.box(b"CMT4", block((0x0001, ASCII, "N"), (0x0000, BYTE, [2, 3, 0, 0]))),
    )
    name = bytes.fromhex("eaf42b5e1c984b88b9fbb7dc406e4d16")
    header = struct.pack(">IHHHHI", 0, 1, 1620, 1080, 1, len(middle))
    shown = pf.box(b"uuid", name, bytes(7) + b"\1", pf.box(b"PRVW", header, middle))
    described = pf.box(b"uuid", bytes.fromhex("be7acfcb97a942e89c71999491e3afac"), xmp)

    def track(kind: bytes, at: int, size: int) -> bytes:
        table = pf.box(
            b"stbl",
            pf.box(b"stsd", bytes(8), pf.box(b"CRAW", bytes(82), pf.box(kind, bytes(4)))),
            pf.box(b"stsz", struct.pack(">4I", 0, 0, 1, size)),
            pf.box(b"co64", struct.pack(">2IQ", 0, 1, at)),
        )
        return pf.box(b"trak", pf.box(b"mdia", pf.box(b"minf", table)))

    def file(at: int) -> bytes:
        sensor_at = at + len(preview)
        tracks = track(b"JPEG", at, len(preview)), track(b"CMP1", sensor_at, len(SENSOR))
        head = pf.box(b"ftyp", b"crx ", bytes(4), b"crx isom")
        boxes = pf.box(b"moov", metadata, *tracks), described, shown
        return b"".join([head, *boxes, pf.box(b"mdat", preview, SENSOR)])

    return file(file(0).index(preview + SENSOR))


def iiq(_preview: bytes = b"", orientation: int = 1) -> bytes:
    """Return an IIQ, whose only preview is not compressed."""
    return tiff(
        directory(*nef_stamp(), *_camera("Phase One", orientation)),
        head=b"II*\0" + bytes(4) + b"IIII\1waR",
    )


class Kind(NamedTuple):
    """A maker of raw photos, and what Extract says of its files."""

    make: Callable[[bytes, int], bytes]
    format: str
    width_px: int = SIDES_PX[0]
    height_px: int = SIDES_PX[1]


KINDS: Final = {
    "3FR": Kind(three_fr, "3FR"),
    "ARW": Kind(arw, "ARW"),
    "CR2": Kind(cr2, "CR2"),
    "CR3": Kind(cr3, "CR3"),
    "DNG": Kind(dng, "DNG", 5900, 3900),
    "DNG of a phone": Kind(linear_dng, "DNG"),
    "NEF": Kind(nef, "NEF"),
    "NRW": Kind(nrw, "NRW"),
    "ORF": Kind(orf, "ORF"),
    "PEF": Kind(pef, "PEF"),
    "RAF": Kind(raf, "RAF"),
    "RW2": Kind(rw2, "RW2"),
    "SRW": Kind(srw, "SRW"),
}
