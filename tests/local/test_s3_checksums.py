"""S3: the checksums of an upload and of its parts."""

from base64 import b64encode
from collections.abc import Callable
from typing import Any
from zlib import crc32

import pytest
from botocore.exceptions import ClientError

from embeddedaws import Aws

PART = bytes(5 * 1024 * 1024)


def checksum(body: bytes) -> str:
    return b64encode(crc32(body).to_bytes(4, "big")).decode()


class Upload:
    """A multipart upload, created with the algorithm CRC32 as the browser's SDK creates one."""

    def __init__(self, aws: Aws, **more: str) -> None:
        self.s3 = aws.client("s3")
        self.target = {"Bucket": aws.bucket(versioned=True), "Key": "a.jpg"}
        created = self.s3.create_multipart_upload(**self.target, ChecksumAlgorithm="CRC32", **more)
        self.target["UploadId"] = created["UploadId"]

    def part(self, number: int, body: bytes, **more: str) -> dict[str, Any]:
        answer = self.s3.upload_part(**self.target, PartNumber=number, Body=body, **more)
        wanted = {name: answer[name] for name in ("ETag", "ChecksumCRC32")}
        return {"PartNumber": number, **wanted}

    def complete(self, *parts: dict[str, Any]) -> dict[str, Any]:
        answer: dict[str, Any] = self.s3.complete_multipart_upload(
            **self.target, MultipartUpload={"Parts": list(parts)}
        )
        return answer


def refusal(call: Callable[[], object]) -> tuple[int, str, str]:
    with pytest.raises(ClientError) as caught:
        call()
    answer = caught.value.response
    error = answer["Error"]
    return answer["ResponseMetadata"]["HTTPStatusCode"], error["Code"], error["Message"]


def test_a_part_is_answered_with_its_checksum_and_completes_the_upload(aws: Aws) -> None:
    upload = Upload(aws)
    parts = [upload.part(1, PART), upload.part(2, b"end")]

    upload.complete(*parts)

    assert [part["ChecksumCRC32"] for part in parts] == [checksum(PART), checksum(b"end")]
    found = upload.s3.get_object(Bucket=upload.target["Bucket"], Key="a.jpg")
    assert found["Body"].read() == PART + b"end"


def test_an_upload_is_not_completed_without_the_checksum_of_each_part(aws: Aws) -> None:
    upload = Upload(aws)
    first, second = upload.part(1, PART), upload.part(2, b"end")
    del second["ChecksumCRC32"]

    assert refusal(lambda: upload.complete(first, second)) == (
        400,
        "InvalidRequest",
        (
            "The upload was created using a crc32 checksum. The complete request must include the"
            " checksum for each part. It was missing for part 2 in the request."
        ),
    )


def test_an_upload_with_a_checksum_of_the_whole_object_needs_none_of_its_parts(aws: Aws) -> None:
    upload = Upload(aws, ChecksumType="FULL_OBJECT")
    part = upload.part(1, b"all")
    del part["ChecksumCRC32"]

    assert upload.complete(part)["ETag"]


@pytest.mark.parametrize("other", [{"ChecksumCRC32": checksum(b"else")}, {"ChecksumSHA1": "a=="}])
def test_an_upload_is_not_completed_with_another_checksum(aws: Aws, other: dict[str, str]) -> None:
    upload = Upload(aws)
    part = upload.part(1, b"all")
    del part["ChecksumCRC32"]

    status, code, _ = refusal(lambda: upload.complete({**part, **other}))

    assert (status, code) == (400, "InvalidPart")


def test_a_part_with_a_checksum_of_another_algorithm_is_refused(aws: Aws) -> None:
    upload = Upload(aws)

    assert refusal(lambda: upload.part(1, b"all", ChecksumAlgorithm="SHA256")) == (
        400,
        "InvalidRequest",
        (
            "Checksum Type mismatch occurred, expected checksum Type: crc32, actual checksum Type:"
            " sha256"
        ),
    )


def test_bytes_that_do_not_match_their_checksum_are_refused(aws: Aws) -> None:
    upload = Upload(aws)
    wrong = {"ChecksumCRC32": checksum(b"else")}
    expected = (
        400,
        "BadDigest",
        "The CRC32 you specified did not match the calculated checksum.",
    )

    assert refusal(lambda: upload.part(1, b"all", **wrong)) == expected
    assert (
        refusal(
            lambda: upload.s3.put_object(
                Bucket=upload.target["Bucket"], Key="b.jpg", Body=b"all", **wrong
            )
        )
        == expected
    )
