"""Labels are taken over from a photo of the same bytes, and from no other."""

import hashlib
from dataclasses import dataclass

import msgspec
import pytest

from fakes import KEY, PHOTOS_BUCKET, MemoryPhotoStore, MemoryRecords, stored
from shared.contracts import ImageFacts, Label, PhotoRef, TagRequest
from shared.errors import LabelsUnavailableError
from shared.storage import PhotoStore
from tag.handler import VERSION, run
from tag.labels import Labels
from tag.records import KnownLabels

BODY = b"the same bytes"
SHA256 = hashlib.sha256(BODY).hexdigest()
IMAGE = ImageFacts(
    format="JPEG", mime_type="image/jpeg", bytes=len(BODY), width_px=640, height_px=480
)
TWIN = "photo#2023/twin.jpg"
DOG = Label(name="Dog", confidence=90, parents=["Animal"])
KNOWN = KnownLabels([DOG], "oracle 1", VERSION)


@dataclass
class Oracle:
    """A labeler that counts what it is asked."""

    asked: int = 0

    def accepts(self, model: str) -> bool:
        return model.startswith("oracle ")

    def label(
        self,
        photo: PhotoRef,  # noqa: ARG002  # the port's
        image: ImageFacts,  # noqa: ARG002  # as above
        store: PhotoStore,  # noqa: ARG002  # as above
        *,
        deadline: float,  # noqa: ARG002  # as above
    ) -> Labels:
        self.asked += 1
        return Labels([Label(name="Cat", confidence=80)], "oracle 2")


def labels(
    known: KnownLabels | None, *, sha256: str = SHA256, relabel: bool = False
) -> tuple[list[str], int]:
    """Return what a photo is labeled beside a twin, and how often the labeler was asked."""
    store, photo = stored(BODY)
    records = MemoryRecords({TWIN: (len(BODY), sha256)}, {TWIN: known} if known else {})
    oracle = Oracle()
    result = run(
        TagRequest(photo=photo, image=IMAGE, relabel=relabel),
        store,
        oracle,
        records,
        photos_bucket=PHOTOS_BUCKET,
    )
    return result.label_index, oracle.asked


def test_the_labels_of_the_same_bytes_are_taken_over_and_nobody_is_asked() -> None:
    assert labels(KNOWN) == (["dog", "animal"], 0)


@pytest.mark.parametrize(
    "known",
    [
        None,
        KNOWN._replace(model="another 1"),
        KNOWN._replace(version=VERSION - 1),
    ],
    ids=["never labeled", "by another model", "by other code"],
)
def test_labels_that_would_not_be_the_same_are_not_taken(known: KnownLabels | None) -> None:
    assert labels(known) == (["cat"], 1)


def test_the_same_size_is_not_the_same_photo() -> None:
    assert labels(KNOWN, sha256="0" * 64) == (["cat"], 1)


def test_who_asks_for_new_labels_gets_them() -> None:
    assert labels(KNOWN, relabel=True) == (["cat"], 1)


def test_a_photo_that_no_other_has_the_size_of_is_not_read() -> None:
    unread = MemoryPhotoStore()  # where it would be gone
    photo = PhotoRef(bucket=PHOTOS_BUCKET, key=KEY)
    other_size = MemoryRecords({TWIN: (1, SHA256)}, {TWIN: KNOWN})

    result = run(
        TagRequest(photo=photo, image=IMAGE),
        unread,
        Oracle(),
        other_size,
        photos_bucket=PHOTOS_BUCKET,
    )

    assert result.label_index == ["cat"]


def test_labels_taken_over_need_no_labeler_that_answers() -> None:
    class Down(Oracle):
        def label(self, *_: object, **__: object) -> Labels:
            raise LabelsUnavailableError

    store, photo = stored(BODY)
    records = MemoryRecords({TWIN: (len(BODY), SHA256)}, {TWIN: KNOWN})
    request = TagRequest(photo=msgspec.structs.replace(photo, version_id=None), image=IMAGE)

    result = run(request, store, Down(), records, photos_bucket=PHOTOS_BUCKET)

    assert (result.labels_status, result.labels_model) == ("READY", "oracle 1")
