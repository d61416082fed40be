"""What passes through a hashed stream is what it says, and hashed whole."""

import hashlib

import pytest

from fakes import MemoryPhotoStream
from picture.content import HashedStream
from shared.errors import StorageUnavailableError
from shared.keys import sha256_of, size_prefix

BODY = bytes(range(256)) * 9000


@pytest.mark.parametrize("read", [0, 1, 300_000, len(BODY)])
def test_the_hash_is_of_all_bytes_however_many_were_read(read: int) -> None:
    stream = HashedStream(MemoryPhotoStream(BODY))

    assert stream.read(read) == BODY[:read]
    assert stream.sha256() == hashlib.sha256(BODY).hexdigest()
    assert stream.total_bytes == len(BODY)


def test_a_stream_that_ends_early_has_no_hash() -> None:
    cut = MemoryPhotoStream(BODY)
    cut.total_bytes += 1

    with pytest.raises(StorageUnavailableError, match="of 2304001 bytes"):
        HashedStream(cut).sha256()


def test_a_content_key_begins_with_the_size_of_one_length() -> None:
    assert size_prefix(1000) == "000001000#"
    assert sha256_of("000001000#abc#def") == "abc"
