"""DetectLabels: refuses what Rekognition refuses, and returns labels of the labeler."""

import io
from typing import Any

import pytest
from botocore.exceptions import ClientError
from PIL import Image

from embeddedaws import Aws
from local.rekognition import MAX_INLINE_BYTES, MAX_S3_OBJECT_BYTES


def picture(width_px: int = 80, height_px: int = 80, kind: str = "JPEG") -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (width_px, height_px)).save(file, kind)
    return file.getvalue()


def detect(aws: Aws, image: dict[str, object], **options: object) -> dict[str, Any]:
    answer: dict[str, Any] = aws.client("rekognition").detect_labels(Image=image, **options)
    return answer


def refused(aws: Aws, image: dict[str, object]) -> str:
    with pytest.raises(ClientError) as failure:
        detect(aws, image)
    return str(failure.value.response["Error"]["Code"])


@pytest.fixture
def found(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """Let the labeler find two labels; return the photos that it receives."""
    photos: list[bytes] = []

    def label(photo: bytes) -> list[dict[str, Any]]:
        photos.append(photo)
        return [{"Name": "Dog", "Confidence": 90.5}, {"Name": "Cat", "Confidence": 56.0}]

    monkeypatch.setattr(aws.labeler, "label", label)
    return photos


def test_by_default_no_photo_has_labels(aws: Aws) -> None:
    answer = detect(aws, {"Bytes": picture()})

    assert answer["Labels"] == []
    assert answer["LabelModelVersion"] == "local-none"


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_the_labeler_receives_the_bytes_unchanged(aws: Aws, found: list[bytes], kind: str) -> None:
    answer = detect(aws, {"Bytes": picture(kind=kind)})

    assert [label["Name"] for label in answer["Labels"]] == ["Dog", "Cat"]
    assert found == [picture(kind=kind)]


def test_the_named_version_of_an_object_is_read(aws: Aws, found: list[bytes]) -> None:
    bucket, old, new = aws.bucket(versioned=True), picture(81), picture(82)
    place = {"Bucket": bucket, "Key": "é a.jpg"}
    version = aws.client("s3").put_object(**place, Body=old)["VersionId"]
    aws.client("s3").put_object(**place, Body=new)

    detect(aws, {"S3Object": {"Bucket": bucket, "Name": "é a.jpg", "Version": version}})
    detect(aws, {"S3Object": {"Bucket": bucket, "Name": "é a.jpg"}})

    assert found == [old, new]


def test_max_labels_and_min_confidence_limit_the_labels(aws: Aws, found: list[bytes]) -> None:
    def names(**options: object) -> list[str]:
        labels = detect(aws, {"Bytes": picture()}, **options)["Labels"]
        return [label["Name"] for label in labels]

    assert names(MaxLabels=1) == ["Dog"]
    assert names(MinConfidence=60) == ["Dog"]
    assert names(MinConfidence=99) == []
    assert len(found) == 3


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "InvalidImageFormatException"),
        (b"no picture", "InvalidImageFormatException"),
        (picture(kind="GIF"), "InvalidImageFormatException"),
        (picture(kind="WEBP"), "InvalidImageFormatException"),
        (picture(79, 80), "InvalidParameterException"),
        (picture(80, 10_001, "PNG"), "InvalidParameterException"),
    ],
    ids=["empty", "text", "GIF", "WebP", "narrow", "tall"],
)
def test_images_that_rekognition_refuses_are_refused(
    aws: Aws, found: list[bytes], body: bytes, code: str
) -> None:
    bucket = aws.bucket(versioned=False)
    aws.client("s3").put_object(Bucket=bucket, Key="a", Body=body)

    assert refused(aws, {"S3Object": {"Bucket": bucket, "Name": "a"}}) == code
    assert not body or refused(aws, {"Bytes": body}) == code
    assert found == []


def test_bytes_may_have_5_mib_and_an_object_15_mib(aws: Aws, found: list[bytes]) -> None:
    bucket = aws.bucket(versioned=False)

    def stored(size_bytes: int) -> dict[str, object]:
        body = picture() + bytes(size_bytes - len(picture()))
        aws.client("s3").put_object(Bucket=bucket, Key="a", Body=body)
        return {"S3Object": {"Bucket": bucket, "Name": "a"}}

    padding = bytes(MAX_INLINE_BYTES - len(picture()))
    detect(aws, {"Bytes": picture() + padding})
    detect(aws, stored(MAX_S3_OBJECT_BYTES))
    assert len(found) == 2
    too_large = "ImageTooLargeException"
    assert refused(aws, {"Bytes": picture() + padding + b"x"}) == too_large
    assert refused(aws, stored(MAX_S3_OBJECT_BYTES + 1)) == too_large


@pytest.mark.parametrize("place", [{"Name": "nothing"}, {"Name": "a", "Version": "nothing"}])
def test_a_missing_object_is_refused(aws: Aws, place: dict[str, str]) -> None:
    bucket = aws.bucket(versioned=True)
    aws.client("s3").put_object(Bucket=bucket, Key="a", Body=picture())

    assert refused(aws, {"S3Object": {"Bucket": bucket, **place}}) == "InvalidS3ObjectException"
    assert refused(aws, {"S3Object": {"Bucket": "nothing", "Name": "a"}}) == (
        "InvalidS3ObjectException"
    )


def test_an_image_must_be_bytes_or_an_object(aws: Aws) -> None:
    assert refused(aws, {}) == "InvalidParameterException"
