"""RekognitionLabeler against an HTTP server: requests, responses and errors."""

import base64
import json
import math
from collections.abc import Iterator
from typing import Any

import boto3
import msgspec
import pytest
import pyvips
from botocore.config import Config
from botocore.stub import Stubber

import rawfiles
from fakes import KEY, PHOTOS_BUCKET, MemoryPhotoStore, stored
from shared.aws import CLIENT_CONFIG
from shared.contracts import BoundingBox, ImageFacts, Instance, Label, PhotoRef, Preview
from shared.errors import (
    AccessDeniedError,
    LabelsRefusedError,
    LabelsThrottledError,
    LabelsUnavailableError,
    PhotoError,
    PhotoGoneError,
    SupersededError,
    UnreadablePhotoError,
)
from tag.aws import Rekognition
from tag.rekognition import RekognitionLabeler, read_labels
from wire import Answer, Service, serving

BOX = {"Left": 0.1, "Top": 0.2, "Width": 0.3, "Height": 0.4}
DOG = {
    "Name": "Dog",
    "Confidence": 98.5,
    "Instances": [{"BoundingBox": BOX, "Confidence": 97.5}],
    "Parents": [{"Name": "Animal"}, {"Name": "Pet"}],
    "Aliases": [{"Name": "Canine"}],
    "Categories": [{"Name": "Animals and Pets"}],
}
ANSWER: dict[str, Any] = {"Labels": [DOG], "LabelModelVersion": "3.0"}
PHOTO = PhotoRef(bucket=PHOTOS_BUCKET, key=KEY, version_id="v1", etag="e")


def facts(**known: Any) -> ImageFacts:  # noqa: ANN401  # any field
    jpeg = ImageFacts(
        format="JPEG", mime_type="image/jpeg", bytes=15_000_000, width_px=10_000, height_px=80
    )
    return msgspec.structs.replace(jpeg, **known)


def says(answer: object, status: int = 200) -> Answer:
    headers = {"Content-Type": "application/x-amz-json-1.1"}
    return Answer(status, json.dumps(answer).encode(), headers)


def refuses(code: str, status: int = 400) -> Answer:
    return says({"__type": code, "message": "no"}, status)


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    with serving() as service:
        yield service


@pytest.fixture(scope="module")
def labeler(service: Service) -> RekognitionLabeler:
    once: Any = {"mode": "standard", "total_max_attempts": 1}
    client = boto3.client(
        "rekognition",
        endpoint_url=service.url,
        region_name="eu-west-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=CLIENT_CONFIG.merge(Config(retries=once, read_timeout=2)),
    )
    return RekognitionLabeler(Rekognition(client), max_labels=50, min_confidence=55)


def sent(service: Service) -> dict[str, Any]:
    """Return the JSON of the only request."""
    (request,) = service.requests
    assert request.headers["x-amz-target"] == "RekognitionService.DetectLabels"
    body: dict[str, Any] = json.loads(request.body)
    return body


@pytest.mark.parametrize(
    "image",
    [
        facts(),
        facts(width_px=80, height_px=10_000),
        facts(orientation=6),
        facts(format="PNG"),
    ],
    ids=["at every limit", "upright", "turned JPEG", "PNG"],
)
def test_an_accepted_object_is_sent_as_a_reference_with_its_version(
    labeler: RekognitionLabeler, service: Service, image: ImageFacts
) -> None:
    service.script(says(ANSWER))

    labeler.label(PHOTO, image, MemoryPhotoStore(), deadline=math.inf)

    assert sent(service) == {
        "Image": {"S3Object": {"Bucket": PHOTOS_BUCKET, "Name": KEY, "Version": "v1"}},
        "MaxLabels": 50,
        "MinConfidence": 55,
    }


@pytest.mark.parametrize(
    ("image", "version_id"),
    [
        (facts(bytes=15_000_001, height_px=1000), "v1"),
        (facts(width_px=10_001, height_px=1000), "v1"),
        (facts(format="PNG", orientation=3, height_px=1000), "v1"),
        (facts(format="WEBP", height_px=1000), "v1"),
        (facts(format="HEIC", height_px=1000), "v1"),
        (facts(height_px=1000), None),
    ],
    ids=["too many bytes", "too long a side", "turned PNG", "WebP", "HEIC", "no version"],
)
def test_any_other_photo_is_converted_to_an_upright_jpeg(
    labeler: RekognitionLabeler, service: Service, image: ImageFacts, version_id: str | None
) -> None:
    webp = pyvips.Image.black(2500, 1000, bands=3).webpsave_buffer(lossless=True)
    store, photo = stored(webp)
    service.script(says(ANSWER))

    labeler.label(
        msgspec.structs.replace(photo, version_id=version_id), image, store, deadline=math.inf
    )

    jpeg = pyvips.Image.new_from_buffer(base64.b64decode(sent(service)["Image"]["Bytes"]), "")
    assert jpeg.get("vips-loader") == "jpegload_buffer"
    assert (jpeg.width, jpeg.height) == (2048, 819)


def test_of_a_raw_photo_the_upright_preview_is_sent_and_nothing_else_is_read(
    labeler: RekognitionLabeler, service: Service
) -> None:
    preview = pyvips.Image.black(2500, 1000, bands=3).jpegsave_buffer()
    raw = rawfiles.nef(preview, 6)
    store, photo = stored(raw)
    at = raw.index(preview)
    part = Preview(first=at, last=at + len(preview) - 1, orientation=6)
    service.script(says(ANSWER))

    labeler.label(
        msgspec.structs.replace(photo, version_id="v1"),
        facts(format="NEF", orientation=6, width_px=4_000, height_px=6_000),
        store,
        preview=part,
        deadline=math.inf,
    )

    jpeg = pyvips.Image.new_from_buffer(base64.b64decode(sent(service)["Image"]["Bytes"]), "")
    assert (jpeg.width, jpeg.height) == (819, 2048)
    assert store.streamed == [(part.first, part.last)]
    assert store.reads == []


@pytest.mark.parametrize(
    "image",
    [
        facts(width_px=79, height_px=79),
        facts(width_px=5000, height_px=1),
        facts(width_px=79, height_px=9000),
        facts(width_px=65_500, height_px=2_000),
        facts(format="WEBP", width_px=8_000, height_px=100),
    ],
    ids=["79 x 79", "5000 x 1", "79 x 9000", "strip", "strip of another type"],
)
def test_a_photo_that_is_too_small_is_skipped_without_a_request(
    labeler: RekognitionLabeler, service: Service, image: ImageFacts
) -> None:
    service.script()

    labels = labeler.label(PHOTO, image, MemoryPhotoStore(), deadline=math.inf)

    assert (labels.status, list(labels.found)) == ("SKIPPED:TOO_SMALL", [])
    assert service.requests == []


def test_the_response_is_converted_to_labels(labeler: RekognitionLabeler, service: Service) -> None:
    service.script(says(ANSWER))

    labels = labeler.label(PHOTO, facts(), MemoryPhotoStore(), deadline=math.inf)

    assert (labels.status, labels.model) == ("READY", "rekognition 3.0")
    assert labels.found == [
        Label(
            name="Dog",
            confidence=98.5,
            parents=["Animal", "Pet"],
            categories=["Animals and Pets"],
            aliases=["Canine"],
            instances=[
                Instance(confidence=97.5, box=BoundingBox(left=0.1, top=0.2, width=0.3, height=0.4))
            ],
        )
    ]


def test_the_response_in_these_tests_matches_rekognitions_model() -> None:
    # With keys of its own it does not ask the network for some.
    client = boto3.client(
        "rekognition",
        region_name="eu-west-1",
        aws_access_key_id="any",
        aws_secret_access_key="any",
    )

    with Stubber(client) as stub:
        stub.add_response("detect_labels", ANSWER)  # raises for a field that the model lacks
        found = client.detect_labels(Image={"Bytes": b"x"})["Labels"]

    assert read_labels(found)[0].name == "Dog"


def test_only_labels_with_missing_fields_are_left_out(
    labeler: RekognitionLabeler, service: Service
) -> None:
    odd = [
        {"Confidence": 99},
        {"Name": "No confidence"},
        {"Name": "Text", "Confidence": "99"},
        {"Name": "Named parents", "Confidence": 99, "Parents": [{}]},
        {"Name": "No box", "Confidence": 99, "Instances": [{"Confidence": 99}]},
        {"Name": "NaN", "Confidence": math.nan},
    ]
    service.script(says({"Labels": [*odd, DOG]}))

    labels = labeler.label(PHOTO, facts(), MemoryPhotoStore(), deadline=math.inf)

    assert [label.name for label in labels.found] == ["NaN", "Dog"]


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (refuses("ThrottlingException"), LabelsThrottledError),
        (refuses("ProvisionedThroughputExceededException"), LabelsThrottledError),
        (refuses("InternalServerError", 500), LabelsUnavailableError),
        (Answer(503, b"<html>"), LabelsUnavailableError),
        (Answer(200, b"{}", sent_bytes=0), LabelsUnavailableError),
        (Answer(200, b"{}", sent_bytes=0, then="reset"), LabelsUnavailableError),
        (Answer(200, b"{}", sent_bytes=1, then="stall"), LabelsUnavailableError),
        (refuses("AccessDeniedException"), AccessDeniedError),
        (refuses("UnrecognizedClientException"), AccessDeniedError),
        (refuses("Forbidden", 403), AccessDeniedError),
        (refuses("ImageTooLargeException"), LabelsRefusedError),
        (refuses("InvalidImageFormatException"), LabelsRefusedError),
        (refuses("InvalidParameterException"), LabelsRefusedError),
        (refuses("com.amazonaws.rekognition#NeverHeardOfException"), LabelsRefusedError),
    ],
    ids=lambda value: f"{value.status} {value.body[:50]!r}" if isinstance(value, Answer) else None,
)
def test_each_error_is_translated_after_one_request(
    labeler: RekognitionLabeler, service: Service, answer: Answer, error: type[PhotoError]
) -> None:
    service.script(answer)

    with pytest.raises(error) as raised:
        labeler.label(PHOTO, facts(), MemoryPhotoStore(), deadline=math.inf)

    assert len(service.requests) == 1
    if error is LabelsRefusedError:
        assert str(raised.value).endswith("Exception")
        assert str(raised.value) in answer.body.decode()


def test_a_refused_object_that_exists_is_refused(
    labeler: RekognitionLabeler, service: Service
) -> None:
    store, photo = stored(b"x")
    photo = msgspec.structs.replace(photo, version_id="v1")
    service.script(refuses("InvalidS3ObjectException"))

    with pytest.raises(LabelsRefusedError, match=r"^InvalidS3ObjectException$"):
        labeler.label(photo, facts(), store, deadline=math.inf)


@pytest.mark.parametrize(
    ("held", "error"), [({}, PhotoGoneError), ({KEY: b"newer"}, SupersededError)]
)
def test_a_refused_object_that_is_gone_raises_s3s_error(
    labeler: RekognitionLabeler,
    service: Service,
    held: dict[str, bytes],
    error: type[PhotoError],
) -> None:
    service.script(refuses("InvalidS3ObjectException"))

    with pytest.raises(error):
        labeler.label(PHOTO, facts(), MemoryPhotoStore(held), deadline=math.inf)


def test_a_photo_that_does_not_decode_is_never_sent(
    labeler: RekognitionLabeler, service: Service
) -> None:
    store, photo = stored(b"\xff\xd8\xff\xe0 and no more")
    service.script()

    with pytest.raises(UnreadablePhotoError):
        labeler.label(photo, facts(format="WEBP", height_px=1000), store, deadline=math.inf)
    assert service.requests == []
