"""The format of a file, from its first bytes, never from its name. No I/O, no clock."""

from typing import Final

from shared.errors import UnsupportedTypeError

MIME_TYPES: Final = {
    "JPEG": "image/jpeg",
    "PNG": "image/png",
    "WEBP": "image/webp",
    "GIF": "image/gif",
    "TIFF": "image/tiff",
    "AVIF": "image/avif",
    "HEIC": "image/heic",
    "3FR": "image/x-hasselblad-3fr",
    "ARW": "image/x-sony-arw",
    "CR2": "image/x-canon-cr2",
    "CR3": "image/x-canon-cr3",
    "DCR": "image/x-kodak-dcr",
    "DNG": "image/x-adobe-dng",
    "ERF": "image/x-epson-erf",
    "IIQ": "image/x-raw",
    "MEF": "image/x-mamiya-mef",
    "MOS": "image/x-raw",
    "NEF": "image/x-nikon-nef",
    "NRW": "image/x-nikon-nrw",
    "ORF": "image/x-olympus-orf",
    "PEF": "image/x-pentax-pef",
    "RAF": "image/x-fujifilm-raf",
    "RAW": "image/x-raw",
    "RW2": "image/x-panasonic-rw2",
    "SRW": "image/x-samsung-srw",
}
"""The accepted formats and their media types, raw photos last.

Source: https://www.iana.org/assignments/media-types. No type of a raw photo is registered there:
theirs are those of exiftool.
"""

RAW_MAGICS: Final = (
    (b"FUJIFILMCCD-RAW ", "RAF"),
    (b"IIRO", "ORF"),
    (b"IIRS", "ORF"),
    (b"MMOR", "ORF"),
    (b"IIU\0", "RW2"),
)
"""First bytes of raw photos that no other file has. The others begin as a TIFF does."""

SNIFF_BYTES: Final = 64  # `sniff` reads no more of the head

_MAGICS: Final = (
    (b"\xff\xd8\xff", "JPEG"),
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"GIF87a", "GIF"),
    (b"GIF89a", "GIF"),
    (b"II*\0", "TIFF"),  # classic TIFF; 43 in place of 42 is BigTIFF
    (b"MM\0*", "TIFF"),
    *RAW_MAGICS,
)

# Major brands that say how the pictures are coded. Source: https://mp4ra.org/registered-types/brands
_HEIC_BRANDS: Final = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx"})
_CR3_BRAND: Final = b"crx "
_AVIF_BRANDS: Final = frozenset({b"avif", b"avis"})
_VAGUE_BRANDS: Final = frozenset({b"mif1", b"msf1", b"mif2", b"miaf"})  # see compatible brands

_OTHERS: Final = (
    (b"%PDF", "a PDF"),
    (b"%!PS", "PostScript"),
    (b"\xc5\xd0\xd3\xc6", "PostScript"),
    (b"\xff\x0a", "JPEG XL"),
    (b"\0\0\0\x0cJXL ", "JPEG XL"),
    (b"\0\0\0\x0cjP  ", "JPEG 2000"),
    (b"\xff\x4f\xff\x51", "JPEG 2000"),
    (b"BM", "a Windows bitmap"),
    (b"II+\0", "BigTIFF"),
    (b"MM\0+", "BigTIFF"),
    (b"8BPS", "a Photoshop document"),
    (b"<?xml", "XML"),
    (b"<svg", "SVG"),
    (b"<x:xmpmeta", "XMP"),
    (b"PK\x03\x04", "a ZIP archive"),
    (b"\0MRM", "a raw photo of Minolta"),
    (b"FOVb", "a raw photo of Sigma"),
    (b"II\x1a\0\0\0HEAPCCDR", "a raw photo of Canon, in CRW"),
)


def sniff(head: bytes) -> str:
    """Return the format of a file that begins with `head`: a key of `MIME_TYPES`.

    Most raw photos begin as a TIFF does: "TIFF" stands for both, and `survey` tells which.

    Args:
        head: the first bytes of the file, at least `SNIFF_BYTES` if it has so many.

    Raises:
        UnsupportedTypeError: the format is not accepted; the message names a likely type.
    """
    for magic, name in _MAGICS:
        if head.startswith(magic):
            return name
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return "WEBP"
    if head[4:8] == b"ftyp":
        return _sniff_brand(head)
    raise UnsupportedTypeError(f"seems to be {_guess(head)}")


def _sniff_brand(head: bytes) -> str:
    """Return the format of an ISO base media file, from the brands in its `ftyp` box."""
    size = min(int.from_bytes(head[:4], "big"), SNIFF_BYTES)
    major = head[8:12]
    compatible = {head[at : at + 4] for at in range(16, size - 3, 4)}
    if major == _CR3_BRAND:
        return "CR3"
    brands = {major} | (compatible if major in _VAGUE_BRANDS else set())
    if brands & _AVIF_BRANDS:
        return "AVIF"
    if brands & _HEIC_BRANDS:
        return "HEIC"
    raise UnsupportedTypeError(f"seems to be an ISO media file of brand {major!r}")


def _guess(head: bytes) -> str:
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    for magic, name in _OTHERS:
        if head.startswith(magic) or text.startswith(magic):
            return name
    return f"no image we know: it begins with {head[:8].hex(' ') or 'nothing'}"
