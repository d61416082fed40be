"""Photoshop's image resources, in which JPEG, PNG and TIFF carry IPTC.

Source: https://www.adobe.com/devnet-apps/photoshop/fileformatashtml, "Image Resource Blocks".
"""

from typing import Final

from shared.limits import parts

_SIGNATURE: Final = b"8BIM"
_IPTC: Final = b"\x04\x04"
_IIM_MARKER: Final = b"\x1c"


def find_iptc(resources: bytes) -> bytes | None:
    """Return the IIM records among `resources`, or None where there are none.

    Where other containers expect resources or records, writers put either. Records that begin with
    the marker of a dataset are returned as they are; so are those whose bytes were swapped by four.

    Raises:
        TooComplexError: there are more resources than in any photo.
    """
    if _IIM_MARKER in {resources[:1], resources[3:4]}:
        return resources
    at = 0
    for _ in parts("Photoshop resources"):
        if resources[at : at + 4] != _SIGNATURE:
            break
        kind = resources[at + 4 : at + 6]
        name_bytes = 1 + int.from_bytes(resources[at + 6 : at + 7])
        at += 6 + name_bytes + name_bytes % 2
        size = int.from_bytes(resources[at : at + 4])
        if kind == _IPTC:
            return resources[at + 4 : at + 4 + size]
        at += 4 + size + size % 2
    return None
