"""The Extract step reads little, refuses early, and logs one line."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
import pyvips

import photofiles as pf
from cputime import cpu_within
from extract import exif, handler
from extract.handler import AHEAD_BYTES, MAX_WHOLE_BYTES, run
from fakes import KEY, PHOTOS_BUCKET, UPLOADED_AT, MemoryPhotoStore, stored
from formats import MIME_TYPES
from reading import extracted, extracted_with_reads
from shared.contracts import ExtractRequest, PhotoRef, dump, parse
from shared.errors import (
    BadKeyError,
    DeadlineExceededError,
    EmptyPhotoError,
    ForeignBucketError,
    InvalidRequestError,
    PhotoTooLargeError,
    RejectedError,
    SupersededError,
    TooComplexError,
    TooManyPixelsError,
    UnreadablePhotoError,
    UnsupportedTypeError,
)
from shared.limits import MAX_BYTES, WAYS

HEAD = (0, 131_071)
SMALL = (0, 262_143)
EXIF = pf.tiff_block(
    [pf.text(pf.MAKE, "ACME")], [pf.text(pf.DATE_TIME_ORIGINAL, "2016:04:09 14:08:13")]
)
MAKE = {"camera": {"make": "ACME"}}
MAKE_AND_TIME = {
    "taken_at": {"local": "2016-04-09T14:08:13", "source": "EXIF:DateTimeOriginal"},
    **MAKE,
}


def refusal(data: bytes, **photo: object) -> tuple[type[Exception], MemoryPhotoStore]:
    store, reference = stored(data)
    values = {**dump(reference), **photo}
    request = parse(ExtractRequest, {"photo": values})
    with pytest.raises(RejectedError) as caught:
        run(request, store, photos_bucket=PHOTOS_BUCKET)
    return caught.type, store


PHOTOS: dict[str, Callable[[], bytes]] = {
    "JPEG": pf.jpeg,
    "PNG": pf.png,
    "WEBP": pf.webp,
    "GIF": lambda: pf.encode(pf.picture(), "GIF"),
    "TIFF": pf.tiff_file,
    "AVIF": lambda: pf.encode(pf.picture(), "AVIF"),
    "HEIC": pf.heif,
}


@pytest.mark.parametrize("image_format", PHOTOS)
def test_the_type_is_that_of_the_bytes_not_of_the_key(image_format: str) -> None:
    photo = PHOTOS[image_format]()

    assert dump(extracted(photo)) == {
        "image": {
            "format": image_format,
            "mime_type": MIME_TYPES[image_format],
            "bytes": len(photo),
            "width_px": 40,
            "height_px": 30,
        },
        "metadata": {},
        "uploaded_at": UPLOADED_AT,
        "sort_time": UPLOADED_AT[:19],
        "version": handler.VERSION,
        "terms": {},
    }


def large(photo: bytes) -> bytes:
    return photo + bytes(400_000)


def after_size(photo: bytes, segments: bytes) -> bytes:
    scan = photo.rindex(b"\xff\xda")
    return photo[:scan] + segments + photo[scan:]


SEGMENTS = b"".join(pf.segment(0xE2, bytes(65_000)) for _ in range(7))
LONG_TEXT = pf.chunk(b"tEXt", b"Comment\0".ljust(200_000, b"x"))
LONG_TEXT_AT = 8 + 25  # behind signature and IHDR


@pytest.mark.parametrize(
    ("photo", "reads", "metadata"),
    [
        (lambda: pf.jpeg(exif=EXIF), [SMALL], MAKE_AND_TIME),
        (lambda: large(pf.jpeg(exif=EXIF)), [HEAD], MAKE_AND_TIME),
        (
            lambda: large(pf.jpeg(before=pf.exif_segment(EXIF) + SEGMENTS)),
            [HEAD, (2 + 4 + 6 + len(EXIF) + 3 * 65_004, -1)],
            MAKE_AND_TIME,
        ),
        (  # the first scan says whether the decoder holds all coefficients
            lambda: after_size(pf.jpeg(exif=EXIF), SEGMENTS),
            [HEAD, (195_712, -1)],
            MAKE_AND_TIME,
        ),
        (
            lambda: pf.png(pf.chunk(b"eXIf", EXIF), filling_bytes=400_000),
            [HEAD, (-65_536, -1)],
            MAKE_AND_TIME,
        ),
        (
            lambda: pf.png(late=[pf.chunk(b"eXIf", EXIF)], filling_bytes=400_000),
            [HEAD, (-65_536, -1)],
            MAKE_AND_TIME,
        ),
        (
            lambda: pf.png(LONG_TEXT, pf.chunk(b"eXIf", EXIF), filling_bytes=400_000),
            [HEAD, (LONG_TEXT_AT + 8, -1)],
            MAKE_AND_TIME,
        ),
        (
            lambda: (
                pf.png(pf.chunk(b"iCCP", bytes(200_000)), pf.chunk(b"eXIf", EXIF)) + bytes(400_000)
            ),
            [HEAD, (LONG_TEXT_AT + 12 + 200_000, -1)],
            MAKE_AND_TIME,
        ),
        (
            lambda: pf.png(LONG_TEXT, late=[pf.chunk(b"eXIf", EXIF)], filling_bytes=1_200_000),
            [HEAD, (LONG_TEXT_AT + 8, LONG_TEXT_AT + 8 + 1_048_575), (0, -1)],
            MAKE_AND_TIME,
        ),
        (lambda: pf.webp(filling_bytes=400_000), [HEAD], {}),
        (
            lambda: pf.webp(exif=EXIF, filling_bytes=400_000),
            [HEAD, (-9 - len(EXIF), -1)],
            MAKE_AND_TIME,
        ),
        (lambda: pf.heif(exif=EXIF, filling_bytes=100), [SMALL], MAKE_AND_TIME),
        (
            lambda: pf.heif(exif=EXIF, filling_bytes=400_000),
            [HEAD, (-4 - len(EXIF), -1)],
            MAKE_AND_TIME,
        ),
        (
            lambda: pf.heif(exif=EXIF, filling_bytes=400_000, in_idat=True, meta_last=True),
            [HEAD, (32 + 400_000, -1)],
            MAKE_AND_TIME,
        ),
        (
            lambda: pf.heif(exif=EXIF, filling_bytes=400_000, meta_last=True),
            [HEAD, (32 + 400_000 + 4 + len(EXIF), -1), (0, -1)],
            MAKE_AND_TIME,
        ),
        (lambda: pf.heif(filling_bytes=400_000), [HEAD], {}),
        (
            lambda: pf.tiff_file([pf.text(pf.MAKE, "ACME")], gap_bytes=400_000),
            [HEAD, (400_008, -1)],
            MAKE,
        ),
        (lambda: large(pf.tiff_file([pf.text(pf.MAKE, "ACME")])), [HEAD], MAKE),
        (lambda: large(pf.encode(pf.picture(), "GIF")), [HEAD], {}),
    ],
    ids=[
        "small JPEG",
        "large JPEG",
        "JPEG with much before its size",
        "JPEG with much after its size",
        "PNG",
        "PNG with late EXIF",
        "PNG with a long text before EXIF",
        "PNG with a long profile before EXIF",
        "PNG with a long text before its pixels and EXIF far after",
        "WebP without metadata",
        "WebP with EXIF",
        "small HEIC",
        "HEIC with EXIF after the pixels",
        "HEIC with everything after the pixels",
        "HEIC with its items before, and their places after the pixels",
        "HEIC without metadata",
        "TIFF with its directory at the end",
        "TIFF with its directory at the start",
        "GIF",
    ],
)
def test_reads_only_where_the_structure_points(
    photo: Callable[[], bytes], reads: list[tuple[int, int]], metadata: dict[str, object]
) -> None:
    """Negative positions count from the end of the file."""
    data = photo()

    result, store = extracted_with_reads(data)

    size = len(data)
    assert store.reads == [
        (first % size, last % size if last < 0 else last) for first, last in reads
    ]
    assert dump(result.metadata) == metadata
    assert (result.image.width_px, result.image.height_px) == (40, 30)


@pytest.mark.parametrize("filling_bytes", [0, 400_000, 1_200_000])
@pytest.mark.parametrize(
    "before",
    [LONG_TEXT, pf.xmp_chunk(pf.xmp() + b" " * 200_000)],
    ids=["text", "XMP"],
)
def test_a_long_text_does_not_change_the_orientation_of_a_png(
    before: bytes, filling_bytes: int
) -> None:
    """Decoders apply an eXIf chunk before the pixels at any distance, and none after them."""
    sideways = pf.chunk(b"eXIf", pf.tiff_block([pf.Tag(pf.ORIENTATION, pf.SHORT, [6])]))
    early = pf.png(before, sideways, filling_bytes=filling_bytes) + bytes(100_000)
    late = pf.png(before, late=[sideways], filling_bytes=filling_bytes) + bytes(10_000)

    for photo, size in [(early, (30, 40)), (late, (40, 30))]:
        image = extracted(photo).image
        decoded = pyvips.Image.new_from_buffer(photo, "").autorot()
        assert (image.width_px, image.height_px) == size
        assert (decoded.width, decoded.height) == size


def test_a_photo_of_up_to_256_kib_is_read_in_one_request() -> None:
    photo = pf.jpeg(exif=EXIF)

    for size, first_read in [(262_144, SMALL), (262_145, HEAD)]:
        _, store = extracted_with_reads(photo.ljust(size, b"\0"))
        assert store.reads == [first_read]


def test_the_second_request_reads_at_most_a_mebibyte() -> None:
    far = pf.heif(exif=EXIF, filling_bytes=400_000) + bytes(3_000_000)

    _, store = extracted_with_reads(far)

    first, last = store.reads[1]
    assert last - first + 1 == 1_048_576


def test_an_event_without_a_size_needs_no_extra_request() -> None:
    photo = pf.jpeg(exif=EXIF)
    store, reference = stored(photo)
    request = ExtractRequest(photo=PhotoRef(bucket=reference.bucket, key=reference.key))

    result = run(request, store, photos_bucket=PHOTOS_BUCKET)

    assert store.reads == [HEAD]
    assert result.image.bytes == len(photo)


def test_metadata_after_the_end_of_the_file_is_absent() -> None:
    """The position of the Exif item is after the end of the file."""
    photo = pf.heif(exif=EXIF)

    assert dump(extracted(photo[: -len(EXIF) - 4]).metadata) == {}


@pytest.mark.parametrize(
    ("photo", "error"),
    [
        (lambda: pf.bare_jpeg(65_500, 65_500), TooManyPixelsError),
        (lambda: pf.heif(width_px=16_384, height_px=16_384), TooManyPixelsError),
        (lambda: pf.scan_bomb(300), TooComplexError),
        (lambda: large(pf.scan_bomb(3_000)), TooComplexError),
        (lambda: b"\xff\xd8\xff", UnreadablePhotoError),
        (lambda: b"\xff\xd8\xff\xe0\0\x10JFIF", UnreadablePhotoError),
        (lambda: b"\xff\xd8\xff" + bytes(500_000), UnreadablePhotoError),
        (lambda: pf.bare_jpeg(40, 0), UnreadablePhotoError),
        (lambda: b"\x89PNG\r\n\x1a\n", UnreadablePhotoError),
        (lambda: b"GIF89a\0\0\0\0", UnreadablePhotoError),
        (lambda: b"RIFF\4\0\0\0WEBP", UnreadablePhotoError),
        (lambda: b"II*\0\x08\0\0\0", UnreadablePhotoError),
        (lambda: pf.box(b"ftyp", b"heic", bytes(4)), UnreadablePhotoError),
        (lambda: b"not a photo", UnsupportedTypeError),
        (lambda: b"%PDF-1.7", UnsupportedTypeError),
        (lambda: b"\xff\xd8", UnsupportedTypeError),
        (lambda: b"x", UnsupportedTypeError),
        (lambda: pf.tiff_picture([bytes(3_072)], {0x0103: [50_000]}), UnsupportedTypeError),
    ],
)
def test_files_that_cannot_be_processed_are_refused(
    photo: Callable[[], bytes], error: type[RejectedError]
) -> None:
    data = photo()

    with cpu_within(1):
        refused, _ = refusal(data)

    assert refused is error


@pytest.mark.parametrize(
    ("photo", "error"),
    [
        ({"bytes": 0}, EmptyPhotoError),
        ({"bytes": MAX_BYTES + 1}, PhotoTooLargeError),
        ({"bucket": "another"}, ForeignBucketError),
        ({"key": "derived/alice/a.jpg"}, BadKeyError),
        ({"key": "uploads/alice/"}, BadKeyError),
        ({"key": "uploads/\ud800/a.jpg"}, BadKeyError),
        ({"key": f"uploads/{'o' * 129}/a.jpg"}, BadKeyError),
    ],
)
def test_some_photos_are_refused_by_the_event_alone(
    photo: dict[str, object], error: type[RejectedError]
) -> None:
    refused, store = refusal(pf.jpeg(), **photo)

    assert refused is error
    assert store.reads == []


def test_the_size_of_the_object_counts_not_that_in_the_event() -> None:
    assert refusal(b"", bytes=1_000)[0] is EmptyPhotoError
    max_bytes = WAYS["HEIC"].max_bytes
    assert refusal(pf.heif() + bytes(max_bytes), bytes=1_000)[0] is PhotoTooLargeError
    assert extracted(pf.heif().ljust(max_bytes, b"\0")).image.bytes == max_bytes


def test_a_large_photo_is_read_in_parts_and_never_whole() -> None:
    """So that the memory of the step need not hold the photo."""
    document = pf.xmp(attributes='photoshop:DateCreated="2020-02-03T10:00:00"')
    gap = MAX_WHOLE_BYTES // 2
    at = 2 * gap
    tag = pf.Tag(0x02BC, pf.BYTE, b"", items=len(document), offset=at)
    far = pf.tiff_file([tag], gap_bytes=gap).ljust(at, b"\0") + document + bytes(gap)

    result, store = extracted_with_reads(far)

    assert result.metadata.taken_at is not None
    assert len(store.reads) == 3
    assert sum(last - first + 1 for first, last in store.reads) < 3 * AHEAD_BYTES


@pytest.mark.parametrize("size", [(8_192, 6_144), (16_382, 3_690), (16_320, 12_240)])
def test_what_phones_make_is_accepted(size: tuple[int, int]) -> None:
    image = extracted(pf.bare_jpeg(*size)).image

    assert (image.width_px, image.height_px) == size


def test_a_hundred_scans_are_accepted() -> None:
    assert extracted(pf.scan_bomb(100)).image.format == "JPEG"
    assert refusal(pf.scan_bomb(101))[0] is TooComplexError


def test_a_replaced_photo_is_not_read_further() -> None:
    store, photo = stored(pf.jpeg())
    store.photos[KEY] = pf.png()
    request = ExtractRequest(photo=photo)

    with pytest.raises(SupersededError):
        run(request, store, photos_bucket=PHOTOS_BUCKET)


def test_the_entry_point_converts_json(monkeypatch: pytest.MonkeyPatch) -> None:
    store, photo = stored(pf.jpeg(exif=EXIF))
    monkeypatch.setenv("PHOTOS_BUCKET", PHOTOS_BUCKET)
    monkeypatch.setattr(handler, "photo_store", lambda: store)

    answer = handler.handle({"photo": dump(photo)}, None)

    assert answer["metadata"] == MAKE_AND_TIME
    with pytest.raises(InvalidRequestError, match="ExtractRequest"):
        handler.handle({}, None)


RECORD_FIELDS = vars(logging.makeLogRecord({})).keys() | {"message", "asctime"}  # of all records


def test_the_only_log_line_has_no_metadata_of_the_photo(
    caplog: pytest.LogCaptureFixture,
) -> None:
    block = pf.tiff_block(
        [
            pf.text(pf.MAKE, "Söcret".encode("latin-1")),
            pf.text(0x013B, "Söcret".encode("latin-1")),  # Artist
            pf.text(0x8298, "Söcret\0Söcret".encode("latin-1")),  # Copyright
            pf.Tag(pf.XP_TITLE, 1, b"S\0e\0" * 600),
            pf.Tag(0x9C9D, 1, b"S\0e\0" * 600),  # XPAuthor
        ],
        gps=pf.gps(),
    )
    photo = pf.jpeg(exif=block, xmp=pf.xmp("<dc:title>Secret</dc:title>"))

    with caplog.at_level(logging.DEBUG):
        extracted(photo)

    (record,) = caplog.records
    facts = {name: vars(record)[name] for name in vars(record).keys() - RECORD_FIELDS}
    duration_ms = facts.pop("duration_ms")
    assert isinstance(duration_ms, int)
    assert facts == {
        "photo_key": KEY,
        "photo_bytes": len(photo),
        "photo_format": "JPEG",
        "bytes_read": len(photo),
    }
    assert (record.msg, record.args) == ("metadata extracted", ())


def test_pillow_is_not_imported_if_exifread_finds_all_tags(monkeypatch: pytest.MonkeyPatch) -> None:
    block = pf.tiff_block(
        [
            pf.text(pf.MAKE, "ACME"),
            pf.text(0x013B, ""),  # Artist
            pf.Tag(0x4746, pf.SHORT, [0]),  # Rating
            pf.Tag(0x4749, pf.SHORT, [0]),  # RatingPercent
            pf.text(0x8298, ""),  # Copyright
            pf.xp(pf.XP_TITLE, "t"),
            pf.xp(0x9C9D, ""),  # XPAuthor
        ],
        [pf.Tag(pf.USER_COMMENT, pf.UNDEFINED, b"ASCII\0\0\0Screenshot")],
        pf.gps(),
    )
    monkeypatch.delattr(exif, "_by_pillow")

    assert extracted(pf.jpeg(exif=block)).metadata.description == "Screenshot"


def test_pillow_finds_a_text_that_exifread_loses() -> None:
    """Exifread gives up on fields of a thousand values; Pillow does not."""
    block = pf.tiff_block([pf.xp(pf.XP_TITLE, "t" * 700), pf.text(pf.MAKE, "ACME")])

    metadata = extracted(pf.jpeg(exif=block)).metadata

    assert metadata.title == "t" * 256
    assert metadata.camera is not None
    assert metadata.camera.make == "ACME"


def test_a_value_of_exifread_is_not_replaced_by_pillows(monkeypatch: pytest.MonkeyPatch) -> None:
    block = pf.tiff_block([pf.xp(pf.XP_TITLE, "t" * 700), pf.text(pf.MAKE, "ACME")])
    monkeypatch.setattr(exif, "_by_pillow", lambda _: {("IFD0", pf.MAKE): "another"})

    camera = extracted(pf.jpeg(exif=block)).metadata.camera

    assert camera is not None
    assert camera.make == "ACME"


@dataclass
class SlowStore(MemoryPhotoStore):
    """A store whose clock advances a second with each read."""

    def clock(self) -> float:
        return float(len(self.reads))


@pytest.mark.parametrize("seconds", [1, 2])
def test_no_request_is_sent_after_the_deadline(
    seconds: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    needs_three_reads = pf.heif(exif=EXIF, filling_bytes=400_000, meta_last=True)
    plain_store, photo = stored(needs_three_reads)
    store = SlowStore(plain_store.photos)
    monkeypatch.setattr(time, "monotonic", store.clock)

    with pytest.raises(DeadlineExceededError):
        run(
            ExtractRequest(photo=photo),
            store,
            photos_bucket=PHOTOS_BUCKET,
            deadline=seconds,
        )

    assert len(store.reads) == seconds


@pytest.mark.parametrize(
    ("position", "city"),
    [
        ({"latitude": 52.518611, "longitude": 13.376111}, "Berlin"),
        ({"latitude": 0, "longitude": -30}, None),
    ],
)
def test_an_edited_position_is_answered_with_its_place(
    position: dict[str, float], city: str | None
) -> None:
    answer = handler.handle({"edited": {"position": position}}, None)

    assert answer.get("place", {}).get("city") == city  # type: ignore[attr-defined]  # JSON
    terms: Any = answer["terms"]
    assert [one["key"].partition("#")[0] for one in terms["place"]] == (
        ["geo", "city", "region", "country"] if city else ["geo"]
    )


def test_edited_texts_are_answered_with_their_terms() -> None:
    edited = {"title": "Straße 7", "description": "", "keywords": ["Hund", "HUND"]}

    assert handler.handle({"edited": edited}, None) == {
        "terms": {
            "title": [{"key": "word#strasse", "text": "Straße"}],
            "description": [],
            "keywords": [{"key": "keyword#hund", "text": "Hund"}],
        }
    }


@pytest.mark.parametrize(
    "edited",
    [
        *({"position": {}}, {"position": {"latitude": 91, "longitude": 0}}, {"position": []}),
        *({"title": 1}, {"keywords": "a"}, {"path": "x"}, []),
    ],
)
def test_what_is_no_edit_is_refused(edited: object) -> None:
    with pytest.raises(InvalidRequestError, match="EditRequest"):
        handler.handle({"edited": edited}, None)
