"""What an archive says of a photo is added to what the file states, and never outranks it."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

import photofiles as pf
from extract.handler import run
from fakes import KEY, PHOTOS_BUCKET, stored
from shared import sidecars
from shared.contracts import ExtractRequest, Location, Metadata, Person, Sidecar, TakenAt

TOLD = Sidecar(
    source="TAKEOUT",
    taken="2019-07-14T20:30:05Z",
    latitude=48.858222,
    longitude=2.2945,
    altitude_m=33,
    title="Tower",
    description="The day we met",
    keywords=["iron"],
    people=["Ada", "Grace"],
)
OWN = pf.tiff_block(
    [pf.text(pf.DESCRIPTION, "A dog.")],
    [pf.text(pf.DATE_TIME_ORIGINAL, "2016:04:09 14:08:13")],
    pf.gps(),
)


def metadata_of(photo: bytes, sidecar: Sidecar | str, key: str = KEY) -> Metadata:
    store, reference = stored(photo, key)
    store.sidecars[key] = sidecar if isinstance(sidecar, str) else sidecars.write(sidecar)[0]
    return run(ExtractRequest(photo=reference), store, photos_bucket=PHOTOS_BUCKET).metadata


def test_a_file_without_metadata_has_that_of_its_archive_with_its_source() -> None:
    metadata = metadata_of(pf.jpeg(), TOLD)

    assert metadata.place is not None
    assert metadata.place.city == "Paris"
    assert msgspec.structs.replace(metadata, place=None) == Metadata(
        taken_at=TakenAt(
            local="2019-07-14T20:30:05", source="TAKEOUT", offset="Z", utc="2019-07-14T20:30:05Z"
        ),
        location=Location(latitude=48.858222, longitude=2.2945, altitude_m=33),
        title="Tower",
        description="The day we met",
        keywords=["iron"],
        people=[Person(name="Ada"), Person(name="Grace")],
        sources=dict.fromkeys(
            ("title", "description", "keywords", "people", "location"), "TAKEOUT"
        ),
    )


def test_what_the_file_states_comes_before_its_archive() -> None:
    photo = pf.jpeg(exif=OWN)
    own, metadata = metadata_of(photo, ""), metadata_of(photo, TOLD)

    assert own.sources is None
    assert (metadata.taken_at, metadata.location, metadata.description) == (
        own.taken_at,
        own.location,
        "A dog.",
    )
    assert sorted(metadata.sources or {}) == ["keywords", "people", "title"]


def test_the_location_of_an_archive_replaces_that_of_a_receiver_without_a_fix() -> None:
    no_fix = pf.tiff_block(gps=pf.gps(latitude=[0, 1] * 3, longitude=[0, 1] * 3))

    metadata = metadata_of(pf.jpeg(exif=no_fix), TOLD)

    assert metadata.location == Location(latitude=48.858222, longitude=2.2945, altitude_m=33)


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("IMG_20190714_223005.jpg", "FILENAME"),  # by the camera's clock, which no archive knows
        ("IMG-20190714-WA0001.jpg", "TAKEOUT"),  # the day alone
        ("holiday.jpg", "TAKEOUT"),
    ],
)
def test_only_a_name_with_a_time_of_day_comes_before_the_time_of_an_archive(
    name: str, source: str
) -> None:
    metadata = metadata_of(pf.jpeg(), TOLD, f"uploads/alice/{name}")

    assert metadata.taken_at is not None
    assert metadata.taken_at.source == source


def test_a_time_of_an_archive_that_is_no_photos_is_left_out() -> None:
    later = msgspec.structs.replace(TOLD, taken="2126-01-01T00:00:00Z")

    assert metadata_of(pf.jpeg(), later).taken_at is None


@pytest.mark.parametrize(
    "value",
    [
        "{",
        "null",
        "z:",
        "z:!!!!",
        "z:AAAA",
        '{"source":"takeout"}',
        '{"source":"TAKEOUT","latitude":91}',
        '{"source":"TAKEOUT","taken":"yesterday"}',
        '{"source":"TAKEOUT","people":{}}',
        "[" * 1000,
        "=?UTF-8?Q?caf=C3=A9?=",
        "\udcff",
    ],
)
def test_a_damaged_sidecar_is_none(value: str) -> None:
    assert metadata_of(pf.jpeg(), value) == Metadata()


def test_a_long_sidecar_is_deflated_and_unchanged() -> None:
    long = msgspec.structs.replace(TOLD, description="Набережная в Одессе. " * 90)

    value, is_shortened = sidecars.write(long)

    assert (value[:2], is_shortened) == ("z:", False)
    assert sidecars.read(value) == long


def test_a_deflated_sidecar_is_read_up_to_a_bound() -> None:
    bomb = Sidecar(source="TAKEOUT", description=" " * 900_000)

    assert sidecars.read(sidecars.write(bomb)[0]) is None


@given(
    st.builds(
        Sidecar,
        source=st.just("TAKEOUT"),
        title=st.none() | st.text(max_size=2000),
        description=st.none() | st.text(max_size=2500),
        people=st.none() | st.lists(st.text(max_size=64), max_size=40),
        keywords=st.none() | st.lists(st.text(max_size=64), max_size=40),
    )
)
def test_every_sidecar_fits_a_header_and_is_whole_or_said_to_be_shortened(told: Sidecar) -> None:
    value, is_shortened = sidecars.write(told)

    assert value.isascii()
    assert len(value) <= sidecars.MAX_SIDECAR_BYTES
    read = sidecars.read(value)
    assert read is not None
    assert is_shortened or read == told
