"""Bytes are kept as they arrive, and what goes wrong meanwhile is not lost in libvips."""

import math
import time

import pytest

from fakes import MemoryPhotoStream
from picture.incoming import READ_BYTES, IncomingPhoto
from shared.errors import DeadlineExceededError, StorageUnavailableError

BODY = bytes(range(256)) * 1_000


def incoming(stream: MemoryPhotoStream, deadline: float = math.inf) -> IncomingPhoto:
    return IncomingPhoto(stream, deadline=deadline)


def test_no_more_is_read_than_asked_for() -> None:
    stream = MemoryPhotoStream(BODY)

    assert incoming(stream).head(64) == BODY[:64]
    assert stream.tell() == READ_BYTES


def test_all_is_there_after_a_part_was_read() -> None:
    photo = incoming(MemoryPhotoStream(BODY))
    photo.head(64)

    assert photo.whole() == BODY
    assert photo.whole() == BODY
    assert photo.head(3) == BODY[:3]


def test_bytes_need_no_stream() -> None:
    photo = IncomingPhoto(BODY, deadline=math.inf)

    assert (photo.total_bytes, photo.head(5), photo.whole()) == (len(BODY), BODY[:5], BODY)


def test_less_than_announced_is_a_broken_connection() -> None:
    stream = MemoryPhotoStream(BODY)
    stream.total_bytes += 1

    with pytest.raises(StorageUnavailableError, match=f"after {len(BODY)} of {len(BODY) + 1}"):
        incoming(stream).whole()


def test_what_failed_once_stays_failed() -> None:
    stream = MemoryPhotoStream(b"")
    stream.total_bytes = 9
    photo = incoming(stream)
    for _ in range(2):
        with pytest.raises(StorageUnavailableError):
            photo.whole()


def test_nothing_is_read_after_the_deadline() -> None:
    stream = MemoryPhotoStream(BODY)

    with pytest.raises(DeadlineExceededError):
        incoming(stream, time.monotonic()).head(1)

    assert stream.tell() == 0
