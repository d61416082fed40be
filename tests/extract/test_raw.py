"""Of a raw photo, Extract reads little, and says which JPEG in it is shown and how it is turned."""

import struct

import pytest

import photofiles as pf
import rawfiles
from extract import handler
from extract.handler import run
from fakes import PHOTOS_BUCKET, UPLOADED_AT, MemoryPhotoStore, stored
from formats import MIME_TYPES
from rawfiles import KINDS, Kind
from reading import extracted, extracted_with_reads
from shared.contracts import ExtractRequest, PhotoRef, dump
from shared.errors import (
    PhotoTooLargeError,
    RawWithoutPreviewError,
    RejectedError,
    TooComplexError,
    TooManyPixelsError,
    TruncatedPhotoError,
)
from shared.limits import MAX_BYTES, WAYS
from shared.storage import Chunk

PREVIEW = pf.encode(pf.picture(1600, 1200), "JPEG", quality=95)
SENSOR_BYTES = 32_000_000


@pytest.fixture
def large_sensor(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rawfiles, "SENSOR", bytes(SENSOR_BYTES))


@pytest.mark.usefixtures("large_sensor")
@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS.keys())
def test_of_32_megabytes_a_few_hundred_kilobytes_are_read(kind: Kind) -> None:
    photo = kind.make(PREVIEW, 6) + bytes(4_000_000)

    found, store = extracted_with_reads(photo)

    assert found.preview is not None
    assert photo[found.preview.first : found.preview.last + 1].endswith(PREVIEW[2:])
    assert found.preview.orientation == 6
    assert len(store.reads) <= 4
    assert sum(last - first + 1 for first, last in store.reads) <= 4 * 131_072


@pytest.mark.parametrize("known", range(0, 44, 2))
def test_a_preview_that_begins_at_the_end_of_what_is_known_is_found(
    known: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled = PREVIEW[:2] + b"\xff" * 40 + PREVIEW[2:]  # a marker may have any number before it
    monkeypatch.setattr(rawfiles, "SENSOR", bytes(8_000))
    before = rawfiles.three_fr(filled).index(filled)
    monkeypatch.setattr(rawfiles, "SENSOR", bytes(8_000 + handler.HEAD_BYTES - known - before))

    photo = rawfiles.three_fr(filled) + bytes(300_000)

    assert photo.index(filled) == handler.HEAD_BYTES - known
    found = extracted(photo)
    assert found.preview is not None
    assert found.preview.first == handler.HEAD_BYTES - known


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS.keys())
def test_a_record_has_the_format_the_size_as_displayed_and_the_time(kind: Kind) -> None:
    photo = kind.make(PREVIEW, 6)

    found = dump(extracted(photo))

    assert found["image"] == {
        "format": kind.format,
        "mime_type": MIME_TYPES[kind.format],
        "bytes": len(photo),
        "width_px": kind.height_px,
        "height_px": kind.width_px,
        "orientation": 6,
    }
    assert found["metadata"]["taken_at"] == {
        "local": "2021-08-14T09:31:00",
        "source": "EXIF:DateTimeOriginal",
    }
    assert found["metadata"]["camera"]["make"]


def test_xmp_and_iptc_are_read_from_the_raw_photo() -> None:
    document = pf.xmp(pf.bag("dc:subject", "heron"))
    xmp = (0x02BC, rawfiles.BYTE, list(document))
    iptc = (0x83BB, rawfiles.UNDEFINED, pf.dataset(25, b"lake"))
    first = rawfiles.directory(*rawfiles.pef_sensor(), xmp, iptc)
    preview = rawfiles.directory(*rawfiles.jpeg_tags(PREVIEW))

    assert extracted(rawfiles.tiff(first, preview)).metadata.keywords == ["heron", "lake"]
    assert extracted(rawfiles.cr3(PREVIEW, xmp=document)).metadata.keywords == ["heron"]


def test_exif_in_the_first_directory_is_read_as_tiff_ep_has_it() -> None:
    taken = (0x9003, rawfiles.ASCII, rawfiles.TAKEN)
    make = (0x010F, rawfiles.ASCII, "ACME")
    preview = rawfiles.directory(*rawfiles.jpeg_tags(PREVIEW))

    found = extracted(
        rawfiles.tiff(rawfiles.directory(*rawfiles.pef_sensor(), taken, make), preview)
    )

    assert found.image.format == "RAW"
    assert found.metadata.taken_at is not None
    assert found.metadata.taken_at.local == "2021-08-14T09:31:00"


def test_panasonics_metadata_is_read_from_the_preview() -> None:
    described = rawfiles.with_exif(PREVIEW, 3)

    found = extracted(rawfiles.rw2(described, 8))

    assert found.metadata.camera is not None
    assert found.metadata.camera.make == "FUJIFILM"  # as `with_exif` writes it
    assert found.image.orientation == 8
    assert found.preview is not None
    assert found.preview.orientation == 8


def test_a_preview_that_is_upright_already_is_not_turned_again() -> None:
    high = pf.encode(pf.picture(1200, 1600), "JPEG")

    found = extracted(rawfiles.nef(high, 6))

    assert (found.image.width_px, found.image.height_px) == (4000, 6000)
    assert found.image.orientation == 6
    assert found.preview is not None
    assert found.preview.orientation == 1


def test_a_jpeg_has_no_preview() -> None:
    assert "preview" not in dump(extracted(pf.jpeg()))


def refusal(photo: bytes) -> RejectedError:
    store, reference = stored(photo)
    with pytest.raises(RejectedError) as caught:
        run(ExtractRequest(photo=reference), store, photos_bucket=PHOTOS_BUCKET)
    return caught.value


def test_a_raw_photo_without_a_preview_is_refused_by_that_name() -> None:
    for photo in (rawfiles.iiq(), rawfiles.nef(rawfiles.small_jpeg()), rawfiles.raf(b"")):
        assert isinstance(refusal(photo), RawWithoutPreviewError)
    assert str(refusal(rawfiles.nef(b""))) == "a NEF without a JPEG preview of at least 1,024 px"


def test_a_raw_photo_that_ends_before_its_preview_is_truncated() -> None:
    photo = rawfiles.pef(PREVIEW)

    assert isinstance(refusal(photo[:-100]), TruncatedPhotoError)


def test_a_preview_obeys_the_limits_of_every_jpeg() -> None:
    wide = pf.bare_jpeg(60_000, 50_000).ljust(20_000, b"\0")

    assert isinstance(refusal(rawfiles.nef(wide)), TooManyPixelsError)
    assert isinstance(
        refusal(rawfiles.nef(PREVIEW + bytes(WAYS["JPEG"].max_bytes))), PhotoTooLargeError
    )


class Sparse(MemoryPhotoStore):
    """A store whose photos are as long as is said, and zeros behind what is held."""

    total_bytes: int = MAX_BYTES

    def read(self, photo: PhotoRef, first: int, last: int) -> Chunk:
        held = super().read(photo, first, last).body
        end = min(last + 1, self.total_bytes)
        return Chunk(held.ljust(end - first, b"\0"), self.total_bytes, UPLOADED_AT)


def test_a_raw_photo_may_be_larger_than_what_is_decoded_whole() -> None:
    def extract(photo: bytes, total_bytes: int) -> None:
        held, reference = stored(photo)
        store = Sparse(held.photos)
        store.total_bytes = total_bytes
        run(ExtractRequest(photo=reference), store, photos_bucket=PHOTOS_BUCKET)

    assert MAX_BYTES >= 100_000_000
    extract(rawfiles.nef(PREVIEW), MAX_BYTES)
    for photo, total_bytes in (
        (rawfiles.nef(PREVIEW), MAX_BYTES + 1),
        (pf.tiff_file(), WAYS["TIFF"].max_bytes + 1),
        (pf.jpeg(), WAYS["JPEG"].max_bytes + 1),
    ):
        with pytest.raises(PhotoTooLargeError):
            extract(photo, total_bytes)


def test_a_raw_photo_in_too_many_parts_is_refused_before_all_are_read() -> None:
    gap = 300_000
    directories = b""
    for number in range(20):
        following = 16 + (number + 1) * gap if number < 19 else 0
        entry = struct.pack("<HHII", 0x0106, rawfiles.SHORT, 1, 32803)
        directories += (struct.pack("<H", 1) + entry + struct.pack("<I", following)).ljust(
            gap, b"\0"
        )
    photo = b"II*\0" + struct.pack("<I", 16) + bytes(8) + directories

    store, reference = stored(photo)
    with pytest.raises(TooComplexError):
        run(ExtractRequest(photo=reference), store, photos_bucket=PHOTOS_BUCKET)

    assert len(store.reads) == handler.MAX_READS
