"""The Thumbnail step writes renditions and returns what it wrote."""

import hashlib
import json
import logging
import math
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import msgspec
import pytest

import rawfiles
import thumbnail.handler
from fakes import KEY, PHOTOS_BUCKET, MemoryPhotoStore, MemoryPhotoStream, stored
from photofiles import gps, tiff_block
from photofiles import jpeg as jpeg_with
from pictures import QUARTERS, distance, opened, quarters, seen, textured
from pictures import stored as stored_turned
from shared.contracts import PhotoRef, Preview, ThumbnailRequest, ThumbnailResult
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
    return run(request, store, DEFAULT_RENDITIONS, photos_bucket=PHOTOS_BUCKET)


class TestRun:
    def test_of_a_raw_photo_the_preview_alone_is_read_and_turned(self) -> None:
        preview = stored_turned(quarters(1200, 800), 6).jpegsave_buffer(Q=95)
        photo = rawfiles.nef(preview, 6)
        store, reference = stored(photo)
        at = photo.index(preview)
        part = Preview(first=at, last=at + len(preview) - 1, orientation=6)

        request = ThumbnailRequest(photo=reference, preview=part)
        result = run(request, store, DEFAULT_RENDITIONS, photos_bucket=PHOTOS_BUCKET)

        assert store.streamed == [(at, at + len(preview) - 1)]
        assert result.sha256 == hashlib.sha256(preview).hexdigest()
        for rendition in result.renditions.values():
            image = opened(store.derived[rendition.key][0])
            assert image.width > image.height
            assert distance(seen(image), QUARTERS) <= 12

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

    def test_renditions_are_written_at_the_same_time(self, photo: bytes) -> None:
        both = threading.Barrier(len(DEFAULT_RENDITIONS))

        class Meeting(MemoryPhotoStore):
            def write(self, key: str, body: bytes, mime_type: str) -> None:
                both.wait(timeout=20)  # breaks if one is written after the other
                super().write(key, body, mime_type)

        store, reference = stored(photo)

        result = make(Meeting(store.photos), reference)

        assert list(result.renditions) == list(DEFAULT_RENDITIONS)

    def test_a_rendition_that_cannot_be_written_is_an_error(self, photo: bytes) -> None:
        class Refusing(MemoryPhotoStore):
            def write(self, key: str, body: bytes, mime_type: str) -> None:
                if key.endswith("/thumb.webp"):
                    raise StorageUnavailableError("503")
                super().write(key, body, mime_type)

        store, reference = stored(photo)

        with pytest.raises(StorageUnavailableError):
            make(Refusing(store.photos), reference)

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
                {"thumb": msgspec.structs.replace(thumb, quality=quality)},
                photos_bucket=PHOTOS_BUCKET,
            )
            .renditions["thumb"]
            .key
            for quality in (70, 80)
        }

        assert len(keys) == 2

    def test_only_with_the_setting_renditions_state_creator_and_copyright(
        self, photo: bytes
    ) -> None:
        def written(creator: str | None, notice: str | None, *, keep_copyright: bool) -> bytes:
            """Return the WebP that is written; its key differs exactly if its bytes do."""
            store, reference = stored(photo)
            request = ThumbnailRequest(photo=reference, creator=creator, copyright=notice)
            result = run(
                request,
                store,
                DEFAULT_RENDITIONS,
                photos_bucket=PHOTOS_BUCKET,
                keep_copyright=keep_copyright,
            )
            key = result.renditions["thumb"].key
            bodies[key].add(store.derived[key][0])
            return store.derived[key][0]

        bodies: dict[str, set[bytes]] = defaultdict(set)
        plain = written(None, None, keep_copyright=False)

        assert written("Ada", "© Ada", keep_copyright=False) == plain
        assert written(None, None, keep_copyright=True) == plain
        both = written("Ada", "© Ada", keep_copyright=True)
        assert written("Ada", "© Ada", keep_copyright=True) == both
        assert b"Ada" in both
        assert "© Ada".encode() in both
        assert b"dc:rights" not in written("Ada", None, keep_copyright=True)
        assert b"dc:creator" not in written(None, "© Ada", keep_copyright=True)
        assert [len(same) for same in bodies.values()] == [1, 1, 1, 1]

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

    def test_the_only_log_line_has_no_location_and_no_name(
        self, photo: bytes, caplog: pytest.LogCaptureFixture
    ) -> None:
        located = jpeg_with(exif=tiff_block(gps=gps()))
        caplog.set_level(logging.DEBUG, logger="thumbnail")
        caplog.set_level(logging.INFO)

        store, reference = stored(located)
        request = ThumbnailRequest(photo=reference, creator="Ada", copyright="© Ada")
        run(request, store, DEFAULT_RENDITIONS, photos_bucket=PHOTOS_BUCKET, keep_copyright=True)
        make(*stored(photo[: len(photo) // 2]))  # libvips logs a warning

        assert [record.message for record in caplog.records] == ["renditions written"] * 2
        facts = caplog.records[0].__dict__
        assert facts["photo_key"] == KEY
        assert facts["photo_bytes"] == len(located)
        assert set(facts["rendition_bytes"]) == {"thumb", "large"}
        assert facts["duration_ms"] >= 0
        assert not {"latitude", "longitude", "location"} & set(facts)
        assert "Ada" not in str(facts)

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
            def stream(
                self, photo: PhotoRef, preview: Preview | None = None
            ) -> Iterator[MemoryPhotoStream]:
                with super().stream(photo, preview) as whole:
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
        monkeypatch.setenv("KEEP_COPYRIGHT", "true")
        store, _ = stored(photo)
        monkeypatch.setattr(thumbnail.handler, "photo_store", lambda: store)
        return store

    def test_the_entry_point_converts_json(self, store: MemoryPhotoStore) -> None:
        event = {"photo": {"bucket": PHOTOS_BUCKET, "key": KEY}, "creator": "Ada"}

        answer = handle(event, Context(30_000))

        assert all(b"Ada" in body for body, _ in store.derived.values())
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
    earliest = time.monotonic() + 7
    deadline = deadline_of(Context(10_000))

    assert earliest <= deadline <= time.monotonic() + 7
    assert deadline_of(object()) == math.inf
