"""The Thumbnail step writes renditions and returns what it wrote."""

import hashlib
import json
import logging
import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import msgspec
import pytest

import thumbnail.handler
from fakes import KEY, PHOTOS_BUCKET, MemoryPhotoStore, MemoryPhotoStream, stored
from photofiles import gps, tiff_block
from photofiles import jpeg as jpeg_with
from pictures import opened, textured
from shared.contracts import PhotoRef, ThumbnailRequest, ThumbnailResult
from shared.deadline import MARGIN_SECONDS, deadline_of
from shared.errors import (
    BadKeyError,
    DeadlineExceededError,
    EmptyPhotoError,
    ForeignBucketError,
    InvalidRequestError,
    PhotoGoneError,
    StorageUnavailableError,
    SupersededError,
    UnsupportedTypeError,
)
from shared.keys import DIGEST_CHARACTERS, digest
from thumbnail.handler import VERSION, handle, run
from thumbnail.render import render
from thumbnail.renditions import DEFAULT_RENDITIONS

RENDITIONS = json.dumps(
    {
        "thumb": {
            "fit": "inside",
            "width_px": 40,
            "height_px": 40,
            "format": "webp",
            "quality": 80,
        },
        "card": {"fit": "cover", "width_px": 60, "height_px": 60, "format": "jpeg", "quality": 80},
    }
)


@pytest.fixture(scope="module")
def photo() -> bytes:
    return textured().jpegsave_buffer(Q=85)


def make(store: MemoryPhotoStore, reference: PhotoRef) -> ThumbnailResult:
    request = ThumbnailRequest(photo=reference)
    return run(request, store, render, DEFAULT_RENDITIONS, photos_bucket=PHOTOS_BUCKET)


class TestRun:
    def test_the_result_describes_the_written_renditions(self, photo: bytes) -> None:
        store, reference = stored(photo)

        result = make(store, reference)

        assert result.version == VERSION
        assert not result.truncated
        assert {r.key for r in result.renditions.values()} == set(store.derived)
        for rendition in result.renditions.values():
            body, mime_type = store.derived[rendition.key]
            image = opened(body)
            assert (rendition.width_px, rendition.height_px) == (image.width, image.height)
            assert (rendition.bytes, rendition.mime_type) == (len(body), mime_type)
            assert mime_type == "image/webp"

    def test_keys_carry_digests_and_the_owner(self, photo: bytes) -> None:
        store, reference = stored(photo)

        result = make(store, reference)

        owner, key, version, name = result.renditions["thumb"].key.split("/")
        assert (owner, key, name) == ("alice", digest(KEY), "thumb.webp")
        assert len(version) == DIGEST_CHARACTERS

    def test_a_key_never_gets_the_bytes_of_other_settings(self, photo: bytes) -> None:
        store, reference = stored(photo)
        request = ThumbnailRequest(photo=reference)
        thumb = DEFAULT_RENDITIONS["thumb"]

        keys = {
            run(
                request,
                store,
                render,
                {"thumb": msgspec.structs.replace(thumb, quality=quality)},
                photos_bucket=PHOTOS_BUCKET,
            )
            .renditions["thumb"]
            .key
            for quality in (70, 80)
        }

        assert len(keys) == 2

    def test_a_key_never_gets_the_bytes_of_another_version_of_the_code(
        self, photo: bytes, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        store, reference = stored(photo)
        make(store, reference)
        keys = set(store.derived)

        monkeypatch.setattr(thumbnail.handler, "VERSION", VERSION + 1)
        make(store, reference)

        assert len(store.derived) == 2 * len(keys)

    @pytest.mark.parametrize("after", [b"", b"a video, as in motion photos" * 10_000])
    def test_the_hash_covers_bytes_after_the_picture_too(self, photo: bytes, after: bytes) -> None:
        result = make(*stored(photo + after))

        assert result.sha256 == hashlib.sha256(photo + after).hexdigest()

    def test_the_same_photo_gives_the_same_keys_and_bytes(self, photo: bytes) -> None:
        store, reference = stored(photo)
        first = make(store, reference)
        written = dict(store.derived)

        assert make(store, reference) == first
        assert store.derived == written

    def test_a_truncated_photo_is_rendered_and_flagged(self, photo: bytes) -> None:
        assert make(*stored(photo[: len(photo) // 2])).truncated

    def test_the_only_log_line_has_no_location(
        self, photo: bytes, caplog: pytest.LogCaptureFixture
    ) -> None:
        located = jpeg_with(exif=tiff_block(gps=gps()))
        caplog.set_level(logging.DEBUG, logger="thumbnail")
        caplog.set_level(logging.INFO)

        make(*stored(located))
        make(*stored(photo[: len(photo) // 2]))  # libvips logs a warning

        assert [record.message for record in caplog.records] == ["renditions written"] * 2
        facts = caplog.records[0].__dict__
        assert facts["photo_key"] == KEY
        assert facts["photo_bytes"] == len(located)
        assert set(facts["rendition_bytes"]) == {"thumb", "large"}
        assert facts["duration_ms"] >= 0
        assert not {"latitude", "longitude", "location"} & set(facts)

    @pytest.mark.parametrize(
        ("body", "error"),
        [
            (b"", EmptyPhotoError),
            (b"%PDF-1.7", UnsupportedTypeError),
        ],
    )
    def test_a_refused_photo_has_no_renditions(self, body: bytes, error: type[Exception]) -> None:
        store, reference = stored(body)

        with pytest.raises(error):
            make(store, reference)

        assert store.derived == {}

    def test_a_foreign_bucket_or_a_bad_key_is_not_read(self, photo: bytes) -> None:
        store, _ = stored(photo)

        with pytest.raises(ForeignBucketError):
            make(store, PhotoRef(bucket="elsewhere", key=KEY))
        with pytest.raises(BadKeyError):
            make(store, PhotoRef(bucket=PHOTOS_BUCKET, key="alice/a.jpg"))

    def test_a_deleted_or_replaced_photo_raises(self, photo: bytes) -> None:
        store, _ = stored(photo)

        with pytest.raises(PhotoGoneError):
            make(store, PhotoRef(bucket=PHOTOS_BUCKET, key="uploads/alice/other.jpg"))
        with pytest.raises(SupersededError):
            make(store, PhotoRef(bucket=PHOTOS_BUCKET, key=KEY, etag="0" * 32))

    def test_a_broken_connection_is_transient_and_writes_nothing(self, photo: bytes) -> None:
        class BrokenStore(MemoryPhotoStore):
            @contextmanager
            def stream(self, photo: PhotoRef) -> Iterator[MemoryPhotoStream]:
                with super().stream(photo) as whole:
                    half = MemoryPhotoStream(whole.read(whole.total_bytes // 2))
                    half.total_bytes = whole.total_bytes
                    yield half

        whole, reference = stored(photo)
        store = BrokenStore(whole.photos)

        with pytest.raises(StorageUnavailableError):
            make(store, reference)

        assert store.derived == {}


@dataclass
class Context:
    """Lambda's context."""

    remaining_ms: int

    def get_remaining_time_in_millis(self) -> int:
        return self.remaining_ms


class TestHandle:
    @pytest.fixture
    def store(self, photo: bytes, monkeypatch: pytest.MonkeyPatch) -> MemoryPhotoStore:
        monkeypatch.setenv("PHOTOS_BUCKET", PHOTOS_BUCKET)
        monkeypatch.setenv("RENDITIONS", RENDITIONS)
        store, _ = stored(photo)
        monkeypatch.setattr(thumbnail.handler, "photo_store", lambda: store)
        return store

    def test_the_entry_point_converts_json(self, store: MemoryPhotoStore) -> None:
        event = {"photo": {"bucket": PHOTOS_BUCKET, "key": KEY}}

        answer = handle(event, Context(30_000))

        assert json.loads(json.dumps(answer, allow_nan=False)) == answer
        assert answer["version"] == VERSION
        assert "truncated" not in answer
        assert sorted(key.rpartition("/")[2] for key in store.derived) == ["card.jpg", "thumb.webp"]
        card = answer["renditions"]["card"]  # type: ignore[index]  # JSON
        assert (card["width_px"], card["height_px"], card["mime_type"]) == (60, 60, "image/jpeg")

    @pytest.mark.usefixtures("store")
    def test_an_event_against_the_contract_is_refused(self) -> None:
        with pytest.raises(InvalidRequestError):
            handle({"photo": {"bucket": PHOTOS_BUCKET}}, Context(30_000))

    @pytest.mark.usefixtures("store")
    def test_the_step_stops_before_lambdas_timeout(self) -> None:
        event = {"photo": {"bucket": PHOTOS_BUCKET, "key": KEY}}

        with pytest.raises(DeadlineExceededError):
            handle(event, Context(MARGIN_SECONDS * 1_000))


def test_the_deadline_is_three_seconds_before_lambdas_timeout() -> None:
    assert deadline_of(Context(10_000)) == pytest.approx(time.monotonic() + 7, abs=0.5)
    assert deadline_of(object()) == math.inf
