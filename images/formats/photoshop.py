"""Photoshop's image resources, in which JPEG and PNG carry IPTC.

Source: https://www.adobe.com/devnet-apps/photoshop/fileformatashtml, "Image Resource Blocks".
"""

from typing import Final

_SIGNATURE: Final = b"8BIM"
_IPTC: Final = b"\x04\x04"


def find_iptc(resources: bytes) -> bytes | None:
    """Return the IIM records among `resources`, or None where there are none. Never raises."""
    at = 0
    while resources[at : at + 4] == _SIGNATURE:
        kind = resources[at + 4 : at + 6]
        name_bytes = 1 + int.from_bytes(resources[at + 6 : at + 7])
        at += 6 + name_bytes + name_bytes % 2
        size = int.from_bytes(resources[at : at + 4])
        if kind == _IPTC:
            return resources[at + 4 : at + 4 + size]
        at += 4 + size + size % 2
    return None
