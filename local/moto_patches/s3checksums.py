"""S3: checksums of uploads, of a whole object and of the parts of one.

Only CRC32, SHA1 and SHA256 are compared: moto cannot compute the others without further libraries.

AWS: https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity-upload.html
"""

import re
from collections.abc import Iterator
from typing import Final
from xml.etree import ElementTree as ET

from moto.s3.exceptions import InvalidPart, InvalidPartOrder, S3ClientError
from moto.s3.responses import S3Response
from moto.s3.utils import compute_checksum

from local.moto_patches.wiring import Moto, replaces

COMPUTED: Final = frozenset({"CRC32", "SHA1", "SHA256"})
ONLY_WHOLE: Final = "CRC64NVME"  # the one algorithm whose parts need no checksum by default

_HEADER: Final = re.compile(r"x-amz-checksum-(crc32c?|crc64nvme|sha1|sha256)", re.IGNORECASE)
_TRAILER: Final = re.compile(rb"x-amz-checksum-(crc32c?|crc64nvme|sha1|sha256):([^\r\n]+)")

_upload_part: Final = S3Response.upload_part


@replaces(S3Response, name="_get_checksum")
def _checked(self: Moto, response_headers: dict[str, str]) -> tuple[str, str | None]:
    """AWS compares a checksum, from a header or a trailer, and returns it. moto only returns it.

    AWS: https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html
    """
    algorithm, value = _sent(self)
    if not algorithm:
        algorithm = self.headers.get("x-amz-sdk-checksum-algorithm", "").upper()
    if not algorithm:
        return "", None
    if algorithm in COMPUTED:
        computed = compute_checksum(self.body or b"", algorithm).decode()
        if value not in (None, computed):
            raise S3ClientError(
                "BadDigest",
                f"The {algorithm} you specified did not match the calculated checksum.",
            )
        value = computed
    if value is not None:
        response_headers[f"x-amz-checksum-{algorithm.lower()}"] = value
    return algorithm, value


def _sent(self: Moto) -> tuple[str, str | None]:
    """Return the algorithm and the checksum that a request has, and ("", None) if it has none."""
    for name, value in self.headers.items():
        if header := _HEADER.fullmatch(name):
            return header[1].upper(), value
    if "x-amz-trailer" in self.headers and (trailer := _TRAILER.search(self.raw_body)):
        return trailer[1].decode().upper(), trailer[2].decode()
    return "", None


@replaces(S3Response, name="upload_part")
def _part(self: Moto) -> Moto:
    """AWS refuses a part without a checksum of the algorithm of its upload. moto accepts it.

    AWS: https://docs.aws.amazon.com/AmazonS3/latest/API/API_UploadPart.html
    """
    wanted = _upload_of(self).metadata.get("x-amz-checksum-algorithm")
    algorithm, _ = _sent(self)
    if wanted and algorithm != wanted.upper():
        raise _invalid(
            f"Checksum Type mismatch occurred, expected checksum Type: {wanted.lower()}, actual"
            f" checksum Type: {algorithm.lower() or 'null'}"
        )
    return _upload_part(self)


@replaces(S3Response, name="_complete_multipart_body")
def _completed(self: Moto, body: bytes) -> Iterator[tuple[int, str]]:
    """AWS compares the parts' checksums, and refuses a composite one without. moto ignores them.

    AWS: https://docs.aws.amazon.com/AmazonS3/latest/API/API_CompleteMultipartUpload.html
    """
    upload = _upload_of(self)
    algorithm = (upload.metadata.get("x-amz-checksum-algorithm") or "").upper()
    composite = algorithm not in ("", ONLY_WHOLE) and (
        upload.metadata.get("x-amz-checksum-type", "COMPOSITE") == "COMPOSITE"
    )
    previous = 0
    for part in ET.fromstring(body).iterfind("{*}Part"):  # noqa: S314  # the SDK's own XML
        number, etag = int(part.findtext("{*}PartNumber", "")), part.findtext("{*}ETag", "")
        if number <= previous:
            raise InvalidPartOrder
        previous = number
        checksums = {
            element.tag.rpartition("}Checksum")[2]: element.text
            for element in part
            if "}Checksum" in element.tag
        }
        if composite and not checksums:
            raise _invalid(
                f"The upload was created using a {algorithm.lower()} checksum. The complete request"
                " must include the checksum for each part. It was missing for part"
                f" {number} in the request."
            )
        uploaded = upload.parts.get(number)
        if checksums and (set(checksums) != {algorithm} or uploaded is None):
            raise InvalidPart
        if algorithm in COMPUTED and checksums:
            computed = compute_checksum(uploaded.value, algorithm).decode()
            if checksums[algorithm] != computed:
                raise InvalidPart
        yield number, etag


def _upload_of(self: Moto) -> Moto:
    """Return the multipart upload that a request names.

    Raises:
        NoSuchUpload: there is none.
    """
    self.backend.list_parts(self.bucket_name, self.querystring["uploadId"][0])
    bucket = self.backend.get_bucket(self.bucket_name)
    return bucket.multiparts[self.querystring["uploadId"][0]]


def _invalid(message: str) -> S3ClientError:
    return S3ClientError("InvalidRequest", message)
