"""PNG's chunks. Source: https://www.w3.org/TR/png-3; ImageMagick's "Raw profile type" texts."""

import re
import zlib
from collections.abc import Iterator
from typing import Final

from formats.partial import NotReadError, PartialFile
from formats.photoshop import find_iptc
from formats.structure import EXIF_NAME, MAX_METADATA_BYTES, Structure
from shared.limits import MAX_PIXEL_CHUNKS, parts

TAIL_BYTES: Final = 65_536  # read at the end of a large file: exiftool writes behind the pixels

_SIGNATURE_BYTES: Final = 8
_END: Final = b"IEND"
_HEADER_BYTES: Final = 8  # of a chunk: length and type
_CHECKSUM_BYTES: Final = 4
# What the picture is decoded from. Texts, which may be bombs, are not among it; nor is the EXIF:
# libexif takes 13 s for 50 KB of 4,000 entries.
_DECODED: Final = frozenset(
    {b"IHDR", b"PLTE", b"IDAT", _END, b"tRNS", b"sBIT", b"gAMA", b"cHRM", b"sRGB", b"cICP"}
    | {b"iCCP", b"pHYs"}
)
_WANTED: Final = frozenset({b"eXIf", b"tEXt", b"zTXt", b"iTXt"})
_UPRIGHT: Final = 1
_XMP: Final = b"XML:com.adobe.xmp\0"
_EXIF_PROFILES: Final = (b"Raw profile type exif\0", b"Raw profile type APP1\0")
_IPTC_PROFILES: Final = (b"Raw profile type iptc\0", b"Raw profile type 8bim\0")
_XMP_PROFILE: Final = b"Raw profile type xmp\0"
_KEYWORDS: Final = (_XMP, *_EXIF_PROFILES, *_IPTC_PROFILES, _XMP_PROFILE)
_RAW_PROFILE: Final = re.compile(  # a name, which may have several words; the length; hex digits
    rb"\s{0,8}[^\n]{1,80}\n\s{0,16}(?P<size>\d{1,9})\s(?P<digits>[0-9A-Fa-f\s]*)"
)
_XMP_NAME: Final = b"http://ns.adobe.com/xap/1.0/\0"
_MAX_TEXTS: Final = 16  # with a known keyword: each may be a bomb


def survey_png(file: PartialFile, found: Structure) -> None:
    """Read the chunks as far as they are known, and those in a known tail.

    Raises:
        NotReadError: the next chunk before the pixels is not known, or the tail behind them.
        TooComplexError: there are more chunks than a photo has.
    """
    header = file.read(_SIGNATURE_BYTES, 25)
    if header[4:8] == b"IHDR":
        found.width_px = int.from_bytes(header[8:12]) or None
        found.height_px = int.from_bytes(header[12:16]) or None
        if any(header[20:21]):
            found.way = "INTERLACED_PNG"
    found.orientation = _UPRIGHT  # unless the one block that decoders read says otherwise
    block: bytes | None = None
    is_early = True
    texts = 0
    try:
        for kind, body in _chunks(file):
            if kind == b"IDAT":
                is_early = False
            elif kind == b"eXIf" and block is None:
                block = _without_name(body)
                found.orientation = None if is_early and block is body else _UPRIGHT
            elif body.startswith(_KEYWORDS) and texts < _MAX_TEXTS:
                texts += 1
                _take_text(kind, body, found)
    finally:
        found.exif = block or found.exif


class _Count:
    """Counts the chunks of a file."""

    def __init__(self) -> None:
        self._pixels = parts("PNG chunks of pixels", MAX_PIXEL_CHUNKS)
        self._others = parts("PNG chunks")

    def add(self, kind: bytes) -> None:
        """Count one more.

        Raises:
            TooComplexError: there are more than a photo has.
        """
        next(self._pixels if kind == b"IDAT" else self._others)


class DecodedChunks:
    """Passes on those chunks of a PNG, while it arrives, that its picture is decoded from.

    Attributes:
        exif: the first EXIF block before the pixels, with its checksum; empty if there is none.
    """

    def __init__(self) -> None:
        self.exif = b""
        self._count = _Count()
        self._is_exif = False  # the chunk
        self._is_early = True  # before the pixels
        self._header = b""  # as far as it has arrived
        self._left_bytes = _SIGNATURE_BYTES  # of the chunk
        self._is_passed = True  # the chunk

    def feed(self, data: bytes) -> bytes:
        """Return what is passed on of the next bytes of the file.

        Raises:
            TooComplexError: there are more chunks than a photo has.
        """
        view = memoryview(data)
        passed: list[bytes | memoryview] = []
        while view:
            if self._left_bytes:
                part, view = view[: self._left_bytes], view[self._left_bytes :]
                self._left_bytes -= len(part)
                if self._is_passed:
                    passed.append(part)
                elif self._is_exif:
                    self.exif += part
                continue
            missing = _HEADER_BYTES - len(self._header)
            self._header += view[:missing]
            view = view[missing:]
            if len(self._header) == _HEADER_BYTES:
                kind = self._header[4:]
                self._count.add(kind)
                size = int.from_bytes(self._header[:4])
                self._left_bytes = size + _CHECKSUM_BYTES
                self._is_passed = kind in _DECODED
                self._is_early = self._is_early and kind != b"IDAT"
                is_wanted = kind == b"eXIf" and size <= MAX_METADATA_BYTES  # as the survey decides
                self._is_exif = is_wanted and self._is_early and not self.exif
                if self._is_passed:
                    passed.append(self._header)
                self._header = b""
        return b"".join(passed)


def is_png_truncated(photo: bytes) -> bool:
    """Return whether `photo` has no end chunk."""
    return _END not in photo


def _chunks(file: PartialFile) -> Iterator[tuple[bytes, bytes]]:
    """Yield type and body of each chunk that may hold metadata, also of those in the tail.

    Where the pixels begin, their type is yielded once, with no body. Chunks are skipped only behind
    that: decoders read an eXIf before the pixels, wherever it is, and none behind them.

    Raises:
        NotReadError: as in survey_png.
    """
    is_early = True
    at = _SIGNATURE_BYTES
    count = _Count()
    try:
        while len(header := file.read(at, _HEADER_BYTES)) == _HEADER_BYTES:
            size, kind = int.from_bytes(header[:4]), header[4:]
            count.add(kind)
            if kind == _END:
                return
            if kind == b"IDAT" and is_early:
                is_early = False
                yield kind, b""
            if kind in _WANTED and size <= MAX_METADATA_BYTES:
                yield kind, file.read(at + 8, size)
            at += 12 + size
    except NotReadError:
        if is_early:
            raise
        first = max(at, file.total_bytes - TAIL_BYTES)
        tail = file.read(first, TAIL_BYTES)
        yield from _chunks_anywhere(tail)


def _chunks_anywhere(tail: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield the chunks in `tail`, which may begin inside one. They are found by their checksums."""
    for kind in _WANTED:
        at = tail.find(kind, 4)
        while at >= 0:
            end = at + 4 + int.from_bytes(tail[at - 4 : at])
            if end < len(tail) and tail[end : end + 4] == zlib.crc32(tail[at:end]).to_bytes(4):
                yield kind, tail[at + 4 : end]
            at = tail.find(kind, at + 4)


def _take_text(kind: bytes, body: bytes, found: Structure) -> None:
    rest = body.partition(b"\0")[2]
    if body.startswith(_XMP) and found.xmp is None:
        found.xmp = _text(kind, rest)
    elif body.startswith(_XMP_PROFILE) and found.xmp is None:
        found.xmp = _raw_profile(_text(kind, rest))
    elif body.startswith(_EXIF_PROFILES) and (found.exif is None or found.xmp is None):
        profile = _raw_profile(_text(kind, rest))
        if profile.startswith(_XMP_NAME):  # APP1 is the segment of either
            found.xmp = found.xmp or profile.removeprefix(_XMP_NAME)
        elif (block := _without_name(profile)).startswith((b"II", b"MM")):
            found.exif = found.exif or block
    elif body.startswith(_IPTC_PROFILES) and found.iptc is None:
        found.iptc = find_iptc(_raw_profile(_text(kind, rest)))


def _text(kind: bytes, rest: bytes) -> bytes:
    """Return the text behind a keyword, inflated where it is compressed, up to a limit."""
    if kind == b"tEXt":
        return rest
    if kind == b"iTXt":
        compressed, rest = rest[:1] == b"\1", rest[2:]
        text = rest.split(b"\0", 2)[-1]  # behind language and translated keyword
        return _inflate(text) if compressed else text
    return _inflate(rest[1:])  # behind the method, of which there is one


def _inflate(data: bytes) -> bytes:
    try:
        return zlib.decompressobj().decompress(data, MAX_METADATA_BYTES)
    except zlib.error:
        return b""


def _raw_profile(text: bytes) -> bytes:
    """Return the bytes of a text of three parts: name, length and hex digits.

    Anything behind the digits or the length is ignored.
    """
    match = _RAW_PROFILE.match(text)
    if match is None:
        return b""
    digits = b"".join(match["digits"].split())[: 2 * int(match["size"])]
    return bytes.fromhex(digits[: len(digits) // 2 * 2].decode("ascii"))


def _without_name(block: bytes) -> bytes:
    """Return `block` without the name of JPEG's segment, which some writers copy."""
    return block.removeprefix(EXIF_NAME)
