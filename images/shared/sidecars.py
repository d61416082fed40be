"""What an archive says of a photo, as user-defined metadata of the object in S3.

S3 writes it together with the bytes, keeps it with their version, and copies it with them. So it
belongs to one version of one photo, whatever happens between an upload and its processing.
docs/decisions/0026 says why it is not elsewhere.

S3 allows 2,048 bytes, of all names and values together, and only ASCII is safe in a header:
https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingMetadata.html. A sidecar is JSON; a long
one is deflated and in Base64.
"""

import json
from typing import Final

import msgspec

from shared.contracts import Sidecar

SIDECAR: Final = "sidecar"  # x-amz-meta-sidecar
MAX_SIDECAR_BYTES: Final = 1_920  # leaves 128 to other names and values: the SHA-256
_MAX_JSON_BYTES: Final = 65_536  # of a deflated sidecar; the rest is not read
_DEFLATED: Final = "z:"  # begins no JSON
_LENGTHS: Final = (1_000, 500, 250, 100, 0)  # to which a long sidecar's texts are cut


def write(sidecar: Sidecar) -> tuple[str, bool]:
    """Return a sidecar as the value of a header, and whether it had to be shortened to fit.

    First the description is cut, then names and keywords are left out, the last ones first.
    """
    if (whole := _fitting(sidecar)) is not None:
        return whole, False
    for length in _LENGTHS:
        shorter = msgspec.structs.replace(
            sidecar, description=(sidecar.description or "")[:length] or None
        )
        if (text := _fitting(shorter)) is not None:
            return text, True
    for count in _LENGTHS:
        shorter = Sidecar(
            source=sidecar.source,
            taken=sidecar.taken,
            latitude=sidecar.latitude,
            longitude=sidecar.longitude,
            altitude_m=sidecar.altitude_m,
            title=(sidecar.title or "")[:count] or None,
            people=(sidecar.people or [])[: count // 10] or None,
            keywords=(sidecar.keywords or [])[: count // 10] or None,
        )
        if (text := _fitting(shorter)) is not None:
            return text, True
    raise AssertionError("numbers alone fit")


def read(value: str | None) -> Sidecar | None:
    """Return the sidecar in a header's value; None if there is none, or if it is damaged.

    Anybody who may upload a photo may write anything here: it is read like a file's metadata.
    """
    if not value:
        return None
    try:
        body = _inflated(value) if value.startswith(_DEFLATED) else value.encode()
        return msgspec.json.decode(body, type=Sidecar)
    except (ValueError, msgspec.MsgspecError):  # binascii.Error and UnicodeError are ValueErrors
        return None


def _fitting(sidecar: Sidecar) -> str | None:
    text = json.dumps(msgspec.to_builtins(sidecar), separators=(",", ":"))  # ASCII
    if len(text) <= MAX_SIDECAR_BYTES:
        return text
    import base64  # noqa: PLC0415  # as in _inflated
    import zlib  # noqa: PLC0415

    body = base64.b64encode(zlib.compress(msgspec.json.encode(sidecar), 9)).decode()
    return _DEFLATED + body if len(_DEFLATED + body) <= MAX_SIDECAR_BYTES else None


def _inflated(value: str) -> bytes:
    import base64  # noqa: PLC0415  # photos without a long sidecar pay nothing
    import zlib  # noqa: PLC0415

    try:
        return zlib.decompressobj().decompress(
            base64.b64decode(value.removeprefix(_DEFLATED), validate=True), _MAX_JSON_BYTES
        )
    except zlib.error as error:
        raise ValueError(str(error)) from error
