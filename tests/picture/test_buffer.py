"""Bytes are kept as they arrive, and libvips does not lose the errors of the stream."""

import math
import time

import pytest
import pyvips

from fakes import MemoryPhotoStream
from formats import DecodedSegments
from picture.buffer import READ_BYTES, PhotoBuffer
from shared.errors import DeadlineExceededError, StorageUnavailableError

BODY = bytes(range(256)) * 1_000


def buffered(stream: MemoryPhotoStream, deadline: float = math.inf) -> PhotoBuffer:
    return PhotoBuffer(stream, deadline=deadline)


def test_the_head_costs_one_read() -> None:
    stream = MemoryPhotoStream(BODY)

    assert buffered(stream).head(64) == BODY[:64]
    assert stream.read() == BODY[READ_BYTES:]


def test_a_head_that_is_longer_than_the_photo_is_the_photo() -> None:
    assert buffered(MemoryPhotoStream(b"short")).head(64) == b"short"


def test_the_whole_has_the_head_that_was_read_before() -> None:
    photo = buffered(MemoryPhotoStream(BODY))
    photo.head(64)

    assert photo.whole() == BODY
    assert photo.whole() == BODY
    assert photo.head(3) == BODY[:3]


def test_bytes_are_buffered_as_well_as_a_stream() -> None:
    photo = PhotoBuffer(BODY, deadline=math.inf)

    assert (photo.total_bytes, photo.head(5), photo.whole()) == (len(BODY), BODY[:5], BODY)


def test_a_stream_that_ends_early_is_a_broken_connection() -> None:
    stream = MemoryPhotoStream(BODY)
    stream.total_bytes += 1

    with pytest.raises(StorageUnavailableError, match="256,000 of 256,001 bytes"):
        buffered(stream).whole()


def test_a_failure_is_raised_again_by_the_next_call() -> None:
    stream = MemoryPhotoStream(b"")
    stream.total_bytes = 9
    photo = buffered(stream)
    for _ in range(2):
        with pytest.raises(StorageUnavailableError):
            photo.whole()


def test_nothing_is_read_after_the_deadline() -> None:
    stream = MemoryPhotoStream(BODY)

    with pytest.raises(DeadlineExceededError):
        buffered(stream, time.monotonic()).head(1)

    assert stream.read() == BODY


@pytest.mark.parametrize("rest", [True, False])
def test_libvips_calls_back_only_for_bytes_that_have_not_arrived(*, rest: bool) -> None:
    photo = buffered(MemoryPhotoStream(BODY))
    photo.head(len(BODY) // 2 if rest else len(BODY))

    source = photo.source(DecodedSegments())

    assert isinstance(source, pyvips.SourceCustom) is rest
