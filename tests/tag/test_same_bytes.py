"""Labels are reused from a photo with the same bytes, and from no other."""

import hashlib
from dataclasses import dataclass

import msgspec
import pytest

from fakes import KEY, PHOTOS_BUCKET, MemoryPhotoStore, MemoryRecords, stored
from shared.contracts import ImageFacts, Label, PhotoRef, Preview, TagRequest
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
OTHER = "photo#2023/copy.jpg"
DOG = Label(name="Dog", confidence=90, parents=["Animal"])
KNOWN = KnownLabels([DOG], "oracle 1", VERSION)


@dataclass
class Oracle:
    """A labeler that counts its calls."""

    asked: int = 0

    def accepts(self, model: str) -> bool:
        return model.startswith("oracle ")

    def label(
        self,
        photo: PhotoRef,  # noqa: ARG002  # the port's
        image: ImageFacts,  # noqa: ARG002  # as above
        store: PhotoStore,  # noqa: ARG002  # as above
        *,
        preview: Preview | None = None,  # noqa: ARG002  # as above
        deadline: float,  # noqa: ARG002  # as above
    ) -> Labels:
        self.asked += 1
        return Labels([Label(name="Cat", confidence=80)], "oracle 2")


def labels(
    known: KnownLabels | None, *, sha256: str = SHA256, relabel: bool = False
) -> tuple[list[str], int]:
    """Label a photo whose size another photo has; return its labels, and the labeler's calls."""
    store, photo = stored(BODY)
    records = MemoryRecords({OTHER: (len(BODY), sha256)}, {OTHER: known} if known else {})
    oracle = Oracle()
    result = run(
        TagRequest(photo=photo, image=IMAGE, relabel=relabel),
        store,
        oracle,
        records,
        photos_bucket=PHOTOS_BUCKET,
    )
    return result.label_index, oracle.asked


def test_labels_of_the_same_bytes_are_reused_without_asking_the_labeler() -> None:
    assert labels(KNOWN) == (["dog", "animal"], 0)


@pytest.mark.parametrize(
    "known",
    [
        None,
        KNOWN._replace(model="another 1"),
        KNOWN._replace(version=VERSION - 1),
    ],
    ids=["no labels", "another model", "another version"],
)
def test_labels_of_another_model_or_version_are_not_reused(known: KnownLabels | None) -> None:
    assert labels(known) == (["cat"], 1)


def test_labels_of_other_bytes_of_the_same_size_are_not_reused() -> None:
    assert labels(KNOWN, sha256="0" * 64) == (["cat"], 1)


def test_labels_are_reused_from_any_photo_with_the_same_bytes() -> None:
    store, photo = stored(BODY)
    sizes = {"photo#of-other-bytes.jpg": (len(BODY), "0" * 64), OTHER: (len(BODY), SHA256)}
    records = MemoryRecords(sizes, {OTHER: KNOWN})
    request = TagRequest(photo=photo, image=IMAGE)

    result = run(request, store, Oracle(), records, photos_bucket=PHOTOS_BUCKET)

    assert result.label_index == ["dog", "animal"]


def test_a_relabel_request_always_asks_the_labeler() -> None:
    assert labels(KNOWN, relabel=True) == (["cat"], 1)


def test_a_photo_of_a_unique_size_is_not_read() -> None:
    empty = MemoryPhotoStore()  # reading from it would raise PhotoGoneError
    photo = PhotoRef(bucket=PHOTOS_BUCKET, key=KEY)
    other_size = MemoryRecords({OTHER: (1, SHA256)}, {OTHER: KNOWN})

    result = run(
        TagRequest(photo=photo, image=IMAGE),
        empty,
        Oracle(),
        other_size,
        photos_bucket=PHOTOS_BUCKET,
    )

    assert result.label_index == ["cat"]


def test_labels_are_reused_while_the_labeler_is_down() -> None:
    class Down(Oracle):
        def label(self, *_: object, **__: object) -> Labels:
            raise LabelsUnavailableError

    store, photo = stored(BODY)
    records = MemoryRecords({OTHER: (len(BODY), SHA256)}, {OTHER: KNOWN})
    request = TagRequest(photo=msgspec.structs.replace(photo, version_id=None), image=IMAGE)

    result = run(request, store, Down(), records, photos_bucket=PHOTOS_BUCKET)

    assert (result.labels_status, result.labels_model) == ("READY", "oracle 1")


def test_labels_of_a_raw_photo_are_reused_by_its_preview_if_it_is_turned_in_the_same_way() -> None:
    store, photo = stored(BODY)
    preview = Preview(first=4, last=7, orientation=6)
    sha256 = hashlib.sha256(BODY[4:8]).hexdigest()
    turned = msgspec.structs.replace(IMAGE, format="NEF", orientation=6)
    request = TagRequest(photo=photo, image=turned, preview=preview)

    def index(orientation: int) -> list[str]:
        known = KNOWN._replace(orientation=orientation)
        records = MemoryRecords({OTHER: (len(BODY), sha256)}, {OTHER: known})
        return run(request, store, Oracle(), records, photos_bucket=PHOTOS_BUCKET).label_index

    assert index(6) == ["dog", "animal"]
    assert index(1) == ["cat"]  # the boxes are those of another orientation
    assert set(store.streamed) == {(4, 7)}
