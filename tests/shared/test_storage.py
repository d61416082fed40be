"""MemoryPhotoStore and S3PhotoStore pass the same tests; S3's errors are translated."""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from io import BytesIO
from typing import Protocol
from urllib.parse import unquote_to_bytes

import boto3
import msgspec
import pytest
from botocore.config import Config
from moto.server import ThreadedMotoServer
from mypy_boto3_s3 import S3Client

import fakes
from fakes import KEY, PHOTOS_BUCKET, MemoryPhotoStore
from shared.aws import CLIENT_CONFIG
from shared.contracts import PhotoRef, Preview
from shared.errors import (
    AccessDeniedError,
    ArchivedPhotoError,
    BadKeyError,
    CustomerKeyError,
    PhotoError,
    PhotoGoneError,
    StorageUnavailableError,
    SupersededError,
)
from shared.s3 import S3PhotoStore
from shared.sidecars import SIDECAR
from shared.storage import Chunk, PhotoStore, PhotoStream
from wire import MODIFIED, Answer, Service, serving

DERIVED_BUCKET = "derived"
BODY = bytes(range(256)) * 4
UTC_SECONDS = re.compile(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ")
KEYS = {
    "space": "uploads/alice/a b .jpg",
    "plus": "uploads/alice/a+b.jpg",
    "percent": "uploads/alice/%41%2F+%.jpg",
    "accent": "uploads/alice/\u00e9.jpg",
    "decomposed accent": "uploads/alice/e\u0301.jpg",
    "emoji": "uploads/alice/\U0001f32e.jpg",
    "quotes": "uploads/alice/'\"`<&>.jpg",
    "parent": "uploads/alice/../bob/a.jpg",
    "here": "uploads/alice/./a.jpg",
    "double slash": "uploads/alice//a.jpg",
    "loader options": "uploads/alice/a.jpg[page=1]",
    "query": "uploads/alice/a?versionId=1&b=#c.jpg",
    "1,024 bytes": "uploads/alice/" + "x" * 1010,
    "1,024 bytes of 3": "uploads/alice/ab" + "\u20ac" * 336,
}
NEWLINES = "uploads/alice/a\nb\r\n.jpg"  # moto answers 404 for this key


class Bucket(Protocol):
    """A store under test, and access to its bucket."""

    @property
    def store(self) -> PhotoStore: ...
    def put(self, key: str, body: bytes, sidecar: str | None = None) -> PhotoRef: ...
    def remove(self, photo: PhotoRef) -> None: ...
    def written(self, key: str) -> tuple[bytes, str]: ...


@dataclass
class MemoryBucket:
    store: MemoryPhotoStore

    def put(self, key: str, body: bytes, sidecar: str | None = None) -> PhotoRef:
        self.store.photos[key] = body
        if sidecar is not None:
            self.store.sidecars[key] = sidecar
        return PhotoRef(bucket=PHOTOS_BUCKET, key=key, etag=fakes.etag(body))

    def remove(self, photo: PhotoRef) -> None:
        del self.store.photos[photo.key]

    def written(self, key: str) -> tuple[bytes, str]:
        return self.store.derived[key]


@dataclass
class S3Bucket:
    client: S3Client
    versioned: bool
    store: PhotoStore

    def put(self, key: str, body: bytes, sidecar: str | None = None) -> PhotoRef:
        metadata = {} if sidecar is None else {SIDECAR: sidecar}
        answer = self.client.put_object(Bucket=PHOTOS_BUCKET, Key=key, Body=body, Metadata=metadata)
        photo = PhotoRef(bucket=PHOTOS_BUCKET, key=key, etag=answer["ETag"].strip('"'))
        if not self.versioned:
            return photo
        return msgspec.structs.replace(photo, version_id=answer["VersionId"])

    def remove(self, photo: PhotoRef) -> None:
        if photo.version_id is None:
            self.client.delete_object(Bucket=photo.bucket, Key=photo.key)
        else:
            self.client.delete_object(
                Bucket=photo.bucket, Key=photo.key, VersionId=photo.version_id
            )

    def written(self, key: str) -> tuple[bytes, str]:
        answer = self.client.get_object(Bucket=DERIVED_BUCKET, Key=key)
        return answer["Body"].read(), answer["ContentType"]


ONE_ATTEMPT = Config(retries={"mode": "standard", "total_max_attempts": 1}, read_timeout=2)


def client_for(url: str, config: Config | None = None) -> S3Client:
    return boto3.client(
        "s3",
        endpoint_url=url,
        region_name="eu-west-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=CLIENT_CONFIG.merge(config or Config()),
    )


@pytest.fixture(scope="module")
def s3() -> Iterator[S3Client]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    client = client_for(f"http://{host}:{port}")
    for bucket in (PHOTOS_BUCKET, DERIVED_BUCKET):
        client.create_bucket(
            Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
        )
    client.put_bucket_versioning(
        Bucket=PHOTOS_BUCKET, VersioningConfiguration={"Status": "Enabled"}
    )
    yield client
    server.stop()


@pytest.fixture(params=["memory", "S3 by version", "S3 by ETag"])
def bucket(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Bucket:
    if request.param == "memory":
        return MemoryBucket(MemoryPhotoStore())
    monkeypatch.setenv("DERIVED_BUCKET", DERIVED_BUCKET)
    client = request.getfixturevalue("s3")
    return S3Bucket(client, request.param == "S3 by version", S3PhotoStore(client))


@pytest.mark.parametrize(
    ("first", "last", "body"),
    [
        (0, 0, BODY[:1]),
        (10, 19, BODY[10:20]),
        (0, 1023, BODY),
        (1000, 5000, BODY[1000:]),
        (1023, 1023, BODY[1023:]),
        (1024, 2000, b""),
        (5000, 6000, b""),
    ],
    ids=["one byte", "middle", "all", "over the end", "last byte", "at the end", "past the end"],
)
def test_read_returns_the_range_and_the_total_length(
    bucket: Bucket, first: int, last: int, body: bytes
) -> None:
    photo = bucket.put(KEY, BODY)

    assert bucket.store.read(photo, first, last)[:2] == (body, 1024)


def test_a_read_returns_the_date_of_the_object_in_whole_seconds(bucket: Bucket) -> None:
    photo = bucket.put(KEY, BODY)

    assert UTC_SECONDS.fullmatch(bucket.store.read(photo, 0, 9).modified)
    assert bucket.store.read(photo, 5000, 6000).modified == ""


def test_a_read_returns_the_sidecar_of_the_object(bucket: Bucket) -> None:
    photo = bucket.put(KEY, BODY, sidecar='{"source":"TAKEOUT"}')

    assert bucket.store.read(photo, 0, 9).sidecar == '{"source":"TAKEOUT"}'
    assert bucket.store.read(bucket.put("uploads/alice/b.jpg", BODY), 0, 9).sidecar is None


def test_an_empty_object_is_no_error(bucket: Bucket) -> None:
    photo = bucket.put(KEY, b"")

    assert bucket.store.read(photo, 0, 131_071) == Chunk(b"", 0, "")
    with bucket.store.stream(photo) as stream:
        assert (stream.read(10), stream.total_bytes) == (b"", 0)


@pytest.mark.parametrize("size", [1, 100, 1024, 5000])
def test_a_stream_gives_the_object_in_order_to_its_end(bucket: Bucket, size: int) -> None:
    photo = bucket.put(KEY, BODY)

    with bucket.store.stream(photo) as stream:
        chunks = list(iter(lambda: stream.read(size), b""))

        assert stream.total_bytes == len(BODY)
        assert stream.read(size) == b""
    assert b"".join(chunks) == BODY
    assert max(map(len, chunks)) <= size


def test_a_stream_read_without_a_size_is_read_to_its_end(bucket: Bucket) -> None:
    photo = bucket.put(KEY, BODY)

    with bucket.store.stream(photo) as stream:
        assert stream.read(0) == b""
        assert stream.read(24) + stream.read() == BODY


@pytest.mark.parametrize("size", [0, 1, 300, len(BODY)])
def test_a_stream_hashes_the_whole_object_however_much_was_read(bucket: Bucket, size: int) -> None:
    photo = bucket.put(KEY, BODY)

    with bucket.store.stream(photo) as stream:
        assert stream.hashed().read(size) == BODY[:size]
        assert stream.sha256() == hashlib.sha256(BODY).hexdigest()


def test_a_stream_of_a_preview_gives_its_bytes_and_their_hash_alone(bucket: Bucket) -> None:
    photo = bucket.put(KEY, BODY)

    with bucket.store.stream(photo, Preview(first=100, last=355)) as stream:
        assert stream.total_bytes == 256
        assert stream.hashed().read(10) == BODY[100:110]
        assert stream.sha256() == hashlib.sha256(BODY[100:356]).hexdigest()
    with bucket.store.stream(photo, Preview(first=1_023, last=1_023)) as stream:
        assert stream.read() == BODY[-1:]


def test_a_stream_that_ends_early_is_a_broken_connection() -> None:
    half = PhotoStream(BytesIO(BODY).read, 2 * len(BODY))

    assert half.read(0) == b""
    assert half.read() == BODY
    with pytest.raises(StorageUnavailableError, match="1,024 of 2,048 bytes"):
        half.read(1)
    with pytest.raises(StorageUnavailableError):
        PhotoStream(BytesIO(BODY).read, 1 + len(BODY)).hashed().sha256()


def test_a_stream_can_be_closed_early(bucket: Bucket) -> None:
    photo = bucket.put(KEY, BODY)

    for _ in range(3):  # more often than the pool has connections
        with bucket.store.stream(photo) as stream:
            assert stream.read(10) == BODY[:10]

    assert bucket.store.read(photo, 0, 9).body == BODY[:10]


@pytest.mark.parametrize("key", KEYS.values(), ids=KEYS.keys())
def test_any_key_can_be_read(bucket: Bucket, key: str) -> None:
    photo = bucket.put(key, key.encode())

    assert bucket.store.read(photo, 0, 1023).body == key.encode()
    with bucket.store.stream(photo) as stream:
        assert stream.read() == key.encode()


@pytest.mark.parametrize("key", KEYS.values(), ids=KEYS.keys())
def test_any_derived_key_can_be_written(bucket: Bucket, key: str) -> None:
    bucket.store.write(key, key.encode(), "image/webp")

    assert bucket.written(key) == (key.encode(), "image/webp")


def test_a_second_write_replaces_the_first(bucket: Bucket) -> None:
    bucket.store.write("alice/a/b/thumb.webp", b"earlier", "image/webp")
    bucket.store.write("alice/a/b/thumb.webp", b"later", "image/jpeg")

    assert bucket.written("alice/a/b/thumb.webp") == (b"later", "image/jpeg")


def test_a_removed_photo_is_gone(bucket: Bucket) -> None:
    photo = bucket.put(KEY, BODY)
    bucket.remove(photo)

    with pytest.raises(PhotoGoneError):
        bucket.store.read(photo, 0, 9)
    with pytest.raises(PhotoGoneError), bucket.store.stream(photo):
        pass


def test_a_photo_that_never_existed_is_gone(bucket: Bucket) -> None:
    with pytest.raises(PhotoGoneError):
        bucket.store.read(PhotoRef(bucket=PHOTOS_BUCKET, key="uploads/alice/none.jpg"), 0, 9)


def test_a_read_never_returns_bytes_of_another_version(bucket: Bucket) -> None:
    earlier = bucket.put(KEY, BODY)
    bucket.put(KEY, BODY[::-1])

    if earlier.version_id is not None:
        assert bucket.store.read(earlier, 0, 9).body == BODY[:10]
        with bucket.store.stream(earlier) as stream:
            assert stream.read() == BODY
        return
    with pytest.raises(SupersededError):
        bucket.store.read(earlier, 0, 9)
    with pytest.raises(SupersededError), bucket.store.stream(earlier):
        pass


def test_a_lone_surrogate_is_a_bad_key(bucket: Bucket) -> None:
    photo = PhotoRef(bucket=PHOTOS_BUCKET, key="uploads/alice/\ud800.jpg")

    with pytest.raises(BadKeyError):
        bucket.store.read(photo, 0, 9)
    with pytest.raises(BadKeyError), bucket.store.stream(photo):
        pass
    with pytest.raises(BadKeyError):
        bucket.store.write(photo.key, b"", "image/webp")


def test_renditions_are_cached_forever_and_privately(
    s3: S3Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DERIVED_BUCKET", DERIVED_BUCKET)

    S3PhotoStore(s3).write("alice/a/b/thumb.webp", BODY, "image/webp")

    head = s3.head_object(Bucket=DERIVED_BUCKET, Key="alice/a/b/thumb.webp")
    assert head["CacheControl"] == "private, max-age=31536000, immutable"


def test_a_delete_marker_is_gone(s3: S3Client) -> None:
    s3.put_object(Bucket=PHOTOS_BUCKET, Key=KEY, Body=BODY)
    marker = s3.delete_object(Bucket=PHOTOS_BUCKET, Key=KEY)["VersionId"]

    with pytest.raises(PhotoGoneError):
        S3PhotoStore(s3).read(PhotoRef(bucket=PHOTOS_BUCKET, key=KEY, version_id=marker), 0, 9)


PHOTO = PhotoRef(bucket=PHOTOS_BUCKET, key=KEY, version_id="v1")


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    with serving() as service:
        yield service


@pytest.fixture(scope="module")
def store(service: Service) -> S3PhotoStore:
    """A store that sends each request once, and waits at most 2 s for a packet."""
    return S3PhotoStore(client_for(service.url, ONE_ATTEMPT))


def refusal(status: int, code: str) -> Answer:
    body = f"<Error><Code>{code}</Code><Message>no</Message></Error>".encode()
    return Answer(status, body, {"Content-Type": "application/xml"})


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (refusal(503, "SlowDown"), StorageUnavailableError),
        (refusal(500, "InternalError"), StorageUnavailableError),
        (Answer(502, b"<html>"), StorageUnavailableError),
        (refusal(400, "RequestTimeout"), StorageUnavailableError),
        (refusal(400, "ThrottlingException"), StorageUnavailableError),
        (refusal(400, "KMS.ThrottlingException"), StorageUnavailableError),
        (Answer(200, BODY, sent_bytes=0), StorageUnavailableError),
        (Answer(200, BODY, sent_bytes=0, then="reset"), StorageUnavailableError),
        (refusal(400, "KMS.DisabledException"), AccessDeniedError),
        (refusal(403, "AccessDenied"), AccessDeniedError),
        (refusal(403, "InvalidObjectState"), ArchivedPhotoError),
        (refusal(400, "InvalidRequest"), CustomerKeyError),
        (refusal(404, "NoSuchKey"), PhotoGoneError),
        (refusal(404, "NoSuchVersion"), PhotoGoneError),
        (refusal(405, "MethodNotAllowed"), PhotoGoneError),
        (refusal(412, "PreconditionFailed"), SupersededError),
    ],
    ids=lambda value: f"{value.status} {value.body[:40]!r}" if isinstance(value, Answer) else None,
)
def test_each_error_of_s3_is_translated(
    store: S3PhotoStore, service: Service, answer: Answer, error: type[PhotoError]
) -> None:
    service.script(answer)

    with pytest.raises(error) as raised, store.stream(PHOTO) as stream:
        stream.read()
    assert raised.value.__cause__ is not None
    assert len(service.requests) == 1


def test_a_missing_bucket_is_a_fault_of_the_deployment(
    store: S3PhotoStore, service: Service
) -> None:
    service.script(refusal(404, "NoSuchBucket"))

    with pytest.raises(store.client.exceptions.ClientError, match="NoSuchBucket"):
        store.read(PHOTO, 0, 9)


@pytest.mark.parametrize("then", ["close", "reset", "stall"])
def test_an_incomplete_body_is_never_taken_for_the_whole(
    store: S3PhotoStore, service: Service, then: str
) -> None:
    answer = Answer(200, BODY, sent_bytes=500, then=then)
    service.script(
        replace(answer, status=206, headers={"Content-Range": "bytes 0-1023/1024", **MODIFIED}),
        answer,
        answer,
    )

    with pytest.raises(StorageUnavailableError):
        store.read(PHOTO, 0, 1023)
    with pytest.raises(StorageUnavailableError), store.stream(PHOTO) as stream:
        stream.read()
    with pytest.raises(StorageUnavailableError), store.stream(PHOTO) as stream:
        b"".join(iter(lambda: stream.read(100), b""))


def test_a_body_with_a_wrong_checksum_is_unavailable(store: S3PhotoStore, service: Service) -> None:
    service.script(Answer(200, BODY, {"x-amz-checksum-crc32": "AAAAAA=="}))

    with pytest.raises(StorageUnavailableError), store.stream(PHOTO) as stream:
        stream.read()


def test_an_error_of_the_reader_is_not_translated(store: S3PhotoStore, service: Service) -> None:
    service.script(Answer(200, BODY))

    with pytest.raises(UnicodeEncodeError), store.stream(PHOTO):
        "\ud800".encode()


def test_a_refused_connection_is_unavailable() -> None:
    with serving() as service:
        url = service.url

    with pytest.raises(StorageUnavailableError):
        S3PhotoStore(client_for(url, ONE_ATTEMPT)).read(PHOTO, 0, 9)


@pytest.mark.parametrize(
    ("photo", "query", "if_match"),
    [
        (PhotoRef(bucket="b", key="k", version_id="v 1", etag="e"), "versionId=v%201", None),
        (PhotoRef(bucket="b", key="k", etag="e-2"), "", '"e-2"'),
    ],
    ids=["version", "etag"],
)
def test_every_read_names_the_version_or_else_the_etag(
    store: S3PhotoStore, service: Service, photo: PhotoRef, query: str, if_match: str | None
) -> None:
    service.script(
        Answer(206, b"x", {"Content-Range": "bytes 5-5/9", **MODIFIED}), Answer(200, b"x")
    )

    store.read(photo, 5, 8)
    with store.stream(photo):
        pass

    for request in service.requests:
        assert request.target.partition("?")[2] == query
        assert request.headers.get("if-match") == if_match
    assert [request.headers.get("range") for request in service.requests] == ["bytes=5-8", None]


@pytest.mark.parametrize("key", [*KEYS.values(), NEWLINES], ids=[*KEYS.keys(), "newlines"])
def test_a_key_is_sent_byte_by_byte(
    store: S3PhotoStore, service: Service, monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    monkeypatch.setenv("DERIVED_BUCKET", PHOTOS_BUCKET)
    service.script(Answer(206, b"x", {"Content-Range": "bytes 0-0/1", **MODIFIED}), Answer())

    store.read(PhotoRef(bucket=PHOTOS_BUCKET, key=key), 0, 0)
    store.write(key, b"x", "image/webp")

    sent = f"/{PHOTOS_BUCKET}/{key}".encode()
    assert [unquote_to_bytes(request.target) for request in service.requests] == [sent, sent]


def test_a_write_has_a_checksum(
    store: S3PhotoStore, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DERIVED_BUCKET", DERIVED_BUCKET)
    service.script(Answer())

    store.write("alice/a/b/thumb.webp", BODY, "image/webp")

    headers = service.requests[0].headers
    assert any(name.startswith("x-amz-checksum-") for name in headers) or "x-amz-trailer" in headers


def test_the_fake_records_the_requested_ranges() -> None:
    store, photo = fakes.stored(BODY)

    store.read(photo, 0, 9)
    store.read(photo, 1000, 5000)

    assert store.reads == [(0, 9), (1000, 5000)]
