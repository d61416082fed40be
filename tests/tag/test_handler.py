"""The Tag step with scripted labelers, and its entry point."""

import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass

import msgspec
import pytest

from fakes import KEY, PHOTOS_BUCKET, MemoryPhotoStore, MemoryRecords
from shared.contracts import ImageFacts, Label, PhotoRef, TagRequest, TagResult
from shared.errors import (
    AccessDeniedError,
    BadKeyError,
    ForeignBucketError,
    InvalidRequestError,
    LabelsRefusedError,
    LabelsUnavailableError,
    PhotoError,
    PhotoGoneError,
    TooComplexError,
    TruncatedPhotoError,
)
from shared.s3 import photo_store
from shared.storage import PhotoStore
from tag import aws
from tag.embedded.labeler import ModelMissingError
from tag.handler import VERSION, handle, labeler, run
from tag.labels import Labels
from wire import Answer, Service, serving

PHOTO = PhotoRef(bucket=PHOTOS_BUCKET, key=KEY, version_id="v1")
IMAGE = ImageFacts(
    format="JPEG", mime_type="image/jpeg", bytes=1000, width_px=640, height_px=480, orientation=6
)
DEADLINE = 12_345.0
EVENT = {"photo": msgspec.to_builtins(PHOTO), "image": msgspec.to_builtins(IMAGE)}


@dataclass
class SaysOrRaises:
    """A labeler with one scripted answer or error."""

    answer: Labels | Exception

    def accepts(self, model: str) -> bool:
        return model == "model 1"

    def label(
        self, photo: PhotoRef, image: ImageFacts, store: PhotoStore, *, deadline: float
    ) -> Labels:
        assert (photo, image) == (PHOTO, IMAGE)
        assert isinstance(store, MemoryPhotoStore)
        assert deadline == DEADLINE
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def tagged(answer: Labels | Exception, photo: PhotoRef = PHOTO) -> TagResult:
    request = TagRequest(photo=photo, image=IMAGE)
    return run(
        request,
        MemoryPhotoStore(),
        SaysOrRaises(answer),
        MemoryRecords(),
        photos_bucket=PHOTOS_BUCKET,
        deadline=DEADLINE,
    )


def test_labels_are_cleaned_indexed_and_ready() -> None:
    found = [
        Label(name="Grass\0", confidence=60.004),
        Label(name="Dog", confidence=90, parents=["Animal"]),
    ]

    assert tagged(Labels(found, "model 1")) == TagResult(
        labels=[
            Label(name="Dog", confidence=90, parents=["Animal"]),
            Label(name="Grass", confidence=60),
        ],
        label_index=["dog", "animal", "grass"],
        labels_status="READY",
        labels_model="model 1",
        version=VERSION,
    )


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (LabelsRefusedError("InvalidImageFormatException"), "FAILED:InvalidImageFormatException"),
        (TruncatedPhotoError("cut at byte 9"), "FAILED:TRUNCATED"),
        (TooComplexError("14.0 s of CPU time did not suffice"), "FAILED:TOO_COMPLEX"),
        (Labels(status="SKIPPED:TOO_SMALL"), "SKIPPED:TOO_SMALL"),
    ],
    ids=["refused", "does not decode", "too complex", "skipped"],
)
def test_a_photo_that_cannot_be_labeled_has_the_reason_in_its_status(
    answer: Labels | Exception, status: str
) -> None:
    assert tagged(answer) == TagResult(
        labels=[], label_index=[], labels_status=status, version=VERSION
    )


@pytest.mark.parametrize("error", [LabelsUnavailableError, AccessDeniedError, PhotoGoneError])
def test_any_other_error_is_raised(error: type[PhotoError]) -> None:
    with pytest.raises(error):
        tagged(error())


@pytest.mark.parametrize(
    ("photo", "error"),
    [
        (msgspec.structs.replace(PHOTO, bucket="theirs"), ForeignBucketError),
        (msgspec.structs.replace(PHOTO, key="derived/alice/a.jpg"), BadKeyError),
        (msgspec.structs.replace(PHOTO, key="uploads/alice/\ud800.jpg"), BadKeyError),
    ],
    ids=["bucket", "prefix", "surrogate"],
)
def test_a_photo_of_another_bucket_or_prefix_is_not_labeled(
    photo: PhotoRef, error: type[PhotoError]
) -> None:
    with pytest.raises(error):
        tagged(AssertionError("asked"), photo)


def test_one_line_is_logged_for_each_photo(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)

    tagged(Labels([Label(name="Dog", confidence=90)]))

    (record,) = caplog.records
    facts = vars(record)
    assert record.getMessage() == "photo labeled"
    assert (facts["photo_key"], facts["labels"], facts["labels_status"]) == (KEY, 1, "READY")
    assert facts["duration_ms"] >= 0


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[Service]:
    """An HTTP server in place of AWS, and the environment of the function."""
    cached = (photo_store, aws.records, aws.rekognition, labeler)
    with serving() as service:
        settings = {
            "AWS_ENDPOINT_URL": service.url,
            "AWS_DEFAULT_REGION": "eu-west-1",
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "PHOTOS_BUCKET": PHOTOS_BUCKET,
            "TABLE": "gallery",
            "LABELER": "rekognition",
            "MAX_LABELS": "7",
            "MIN_CONFIDENCE": "70.5",
        }
        for name, value in settings.items():
            monkeypatch.setenv(name, value)
        for function in cached:
            function.cache_clear()
        yield service
        for function in cached:
            function.cache_clear()


def test_the_entry_point_converts_json_and_uses_the_settings(service: Service) -> None:
    label = {"Name": "Dog", "Confidence": 98.76543, "Parents": [{"Name": "Animal"}]}
    nothing = Answer(body=b'{"Items": [], "Count": 0}')
    service.script(
        nothing, Answer(body=json.dumps({"Labels": [label], "LabelModelVersion": "3.0"}).encode())
    )

    assert handle(EVENT, None) == {
        "labels": [{"name": "Dog", "confidence": 98.77, "parents": ["Animal"]}],
        "label_index": ["dog", "animal"],
        "labels_status": "READY",
        "labels_model": "rekognition 3.0",
        "version": VERSION,
    }
    asked = json.loads(service.requests[1].body)
    assert (asked["MaxLabels"], asked["MinConfidence"]) == (7, 70.5)


def test_an_unknown_labeler_raises_with_its_name(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LABELER", "oracle")
    service.script()

    with pytest.raises(LookupError, match="'oracle', expected rekognition or embedded"):
        handle(EVENT, None)


@pytest.mark.parametrize(
    "event",
    [{}, {**EVENT, "photo": {"bucket": "b"}}, {**EVENT, "more": 1}],
    ids=["missing", "incomplete", "unknown"],
)
def test_an_event_against_the_contract_is_refused(event: dict[str, object]) -> None:
    with pytest.raises(InvalidRequestError, match="TagRequest"):
        handle(event, None)


def test_the_embedded_labeler_without_its_model_says_how_to_make_it(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LABELER", "embedded")
    service.script()

    with pytest.raises(ModelMissingError, match=r"python -m models\.build"):
        handle(EVENT, None)
