"""Metadata is returned clean, or not at all."""

import json
import math
import struct
from collections.abc import Sequence
from typing import Literal
from xml.sax.saxutils import escape, quoteattr

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import photofiles as pf
from cputime import cpu_within
from extract.xmp import Xmp
from fakes import UPLOADED_AT
from places.cells import header
from reading import extracted, metadata_of, plain_metadata_of
from shared.contracts import Camera, Location, Metadata, Place, Precision, TakenAt, dump

FULL = pf.tiff_block(
    [pf.text(pf.MAKE, "ACME"), pf.text(pf.MODEL, "One"), pf.text(pf.DESCRIPTION, "A dog.")],
    [
        pf.Tag(pf.EXPOSURE_TIME, pf.RATIONAL, [1, 250]),
        pf.Tag(pf.F_NUMBER, pf.RATIONAL, [28, 10]),
        pf.Tag(pf.ISO, pf.SHORT, [400]),
        pf.text(pf.DATE_TIME_ORIGINAL, "2016:04:09 14:08:13"),
        pf.text(pf.OFFSET_TIME_ORIGINAL, "+02:00"),
        pf.text(pf.SUB_SEC_ORIGINAL, "25"),
        pf.Tag(pf.FOCAL_LENGTH, pf.RATIONAL, [50, 1]),
        pf.text(pf.LENS_MODEL, "50 mm"),
    ],
    pf.gps(altitude=[353, 10], altitude_ref=0),
)
PARIS = Place(
    country="France",
    country_code="FR",
    region="Île-de-France",
    city="Paris",
    distance_km=4,
    source="GeoNames, country-coder, Natural Earth",
    data_version=header().data_version,
)


def camera_of(*exif: pf.Tag) -> Camera:
    return metadata_of(pf.jpeg(exif=pf.tiff_block(exif=exif))).camera or Camera()


def make_of(value: str | bytes) -> str | None:
    block = pf.tiff_block([pf.text(pf.MAKE, value)])
    return (metadata_of(pf.jpeg(exif=block)).camera or Camera()).make


def test_all_fields_of_a_camera_are_returned() -> None:
    assert metadata_of(pf.jpeg(exif=FULL)) == Metadata(
        taken_at=TakenAt(
            local="2016-04-09T14:08:13.25",
            source="EXIF:DateTimeOriginal",
            offset="+02:00",
            utc="2016-04-09T12:08:13.25Z",
        ),
        location=Location(latitude=48.858333, longitude=2.294444, altitude_m=35.3),
        place=PARIS,
        camera=Camera(
            make="ACME",
            model="One",
            lens="50 mm",
            iso=400,
            f_number=2.8,
            exposure_s=0.004,
            focal_length_mm=50,
        ),
        description="A dog.",
    )


@pytest.mark.parametrize(
    "photo",
    [
        pf.png(pf.chunk(b"eXIf", FULL)),
        pf.png(late=[pf.chunk(b"eXIf", FULL)]),
        pf.png(pf.raw_profile(b"exif", b"Exif\0\0" + FULL)),
        pf.webp(exif=FULL),
        pf.webp(exif=b"Exif\0\0" + FULL),
        pf.heif(exif=FULL),
        pf.heif(exif=FULL, brand=b"avif"),
    ],
    ids=["PNG", "PNG late", "PNG raw profile", "WebP", "WebP with a name", "HEIC", "AVIF"],
)
def test_every_container_gives_the_same_metadata(photo: bytes) -> None:
    assert metadata_of(photo) == metadata_of(pf.jpeg(exif=FULL))


@pytest.mark.parametrize("order", ["<", ">"])
def test_tiff_gives_the_same_metadata(order: str) -> None:
    photo = pf.tiff_file(
        [pf.text(pf.MAKE, "ACME")],
        [pf.text(pf.DATE_TIME_ORIGINAL, "2016:04:09 14:08:13")],
        pf.gps(),
        order="<" if order == "<" else ">",
    )

    assert plain_metadata_of(photo) == {
        "taken_at": {"local": "2016-04-09T14:08:13", "source": "EXIF:DateTimeOriginal"},
        "location": {"latitude": 48.858333, "longitude": 2.294444},
        "place": dump(PARIS),
        "camera": {"make": "ACME"},
    }


def test_a_file_without_metadata_has_none() -> None:
    assert plain_metadata_of(pf.jpeg()) == {}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("ACME\0 and what was there before", "ACME"),
        ("\0ACME", None),
        ("  ACME  ", "ACME"),
        ("   ", None),
        ("a\x1b[31mb\x07c\x9bd", "a[31mbcd"),
        ("a\r\nb\nc\td", "a b c d"),
        ("\u202egpj.exe\u2066x\u200f", "gpj.exex"),
        ("\ufeffACME", "ACME"),
        ("e\u0301", "é"),
        ("<script>alert(1)</script>", "<script>alert(1)</script>"),
        ("=cmd|'/c calc'!A1", "=cmd|'/c calc'!A1"),
        ("${jndi:ldap://x}%n{{7*7}}", "${jndi:ldap://x}%n{{7*7}}"),
        ("Öl 写真 📷", "Öl 写真 📷"),
        ("Öl".encode("latin-1"), "Öl"),
        (b"\xed\xa0\x80x", "í\xa0€x"),
        ("It\u2019s “fine” \u2013 5 €".encode("cp1252"), "It\u2019s “fine” \u2013 5 €"),
        ("Œuvre… Žižkov™".encode("cp1252"), "Œuvre… Žižkov™"),
        (b"a\x81b\x8dc\xff", "abcÿ"),
        ("x" * 60_000, "x" * 256),
    ],
)
def test_text_is_cleaned_and_otherwise_unchanged(value: str | bytes, expected: str | None) -> None:
    assert make_of(value) == expected


def test_text_of_another_field_type_is_read() -> None:
    block = pf.tiff_block([pf.Tag(pf.MAKE, pf.UNDEFINED, b"ACME\0"), pf.Tag(pf.MODEL, 2, b"One!")])

    camera = metadata_of(pf.jpeg(exif=block)).camera

    assert camera == Camera(make="ACME", model="One!")


@given(st.binary(max_size=40))
@settings(max_examples=150, deadline=None)
def test_no_text_breaks_json_or_a_page(value: bytes) -> None:
    make = make_of(value)

    assert make is None or make == make.strip() != ""
    assert make is None or not any(ord(c) < 32 or 127 <= ord(c) < 160 for c in make)
    json.dumps(make).encode()


@pytest.mark.parametrize(
    ("field_type", "values"),
    [
        (pf.RATIONAL, [0, 0]),
        (pf.RATIONAL, [1, 0]),
        (pf.RATIONAL, [0, 5]),
        (pf.SRATIONAL, [-1, 3]),
        (pf.FLOAT, [math.nan]),
        (pf.FLOAT, [math.inf]),
        (pf.DOUBLE, [1e300]),
        (pf.DOUBLE, [-math.inf]),
        (pf.ASCII, b"f/8\0"),
        (pf.RATIONAL, []),
    ],
)
def test_an_invalid_number_is_absent(field_type: int, values: bytes | Sequence[float]) -> None:
    camera = camera_of(
        *(
            pf.Tag(tag, field_type, values)
            for tag in (pf.EXPOSURE_TIME, pf.F_NUMBER, pf.FOCAL_LENGTH)
        ),
        pf.Tag(pf.ISO, pf.SHORT, [100]),
    )

    assert (camera.exposure_s, camera.f_number, camera.focal_length_mm) == (None, None, None)
    assert camera.iso == 100


def test_a_number_of_another_field_type_is_read() -> None:
    assert camera_of(pf.Tag(pf.F_NUMBER, pf.DOUBLE, [2.8])).f_number == 2.8
    assert camera_of(pf.Tag(pf.ISO, pf.LONG, [51_200])).iso == 51_200


def test_an_iso_beyond_16_bits_is_read_from_another_tag() -> None:
    iso, index = pf.Tag(pf.ISO, pf.SHORT, [65_535]), pf.Tag(pf.EXPOSURE_INDEX, pf.LONG, [102_400])

    assert camera_of(iso, index).iso == 102_400
    assert camera_of(iso, pf.Tag(pf.EXPOSURE_INDEX, pf.LONG, [3_280_000])).iso == 3_280_000


def test_zero_zero_has_no_place() -> None:
    zero = pf.gps(latitude=(0, 1, 0, 1, 0, 1), longitude=(0, 1, 0, 1, 0, 1))
    metadata = metadata_of(pf.jpeg(exif=pf.tiff_block(gps=zero)))

    assert metadata.location is not None
    assert metadata.place is None


def test_a_position_on_the_high_seas_has_no_place() -> None:
    sea = pf.gps(latitude=(30, 1, 0, 1, 0, 1), longitude=(179, 1, 0, 1, 0, 1))
    metadata = metadata_of(pf.jpeg(exif=pf.tiff_block(gps=sea)))

    assert metadata.location is not None
    assert metadata.place is None


def location_of(gps: Sequence[pf.Tag], order: str = "<") -> Location | None:
    block = pf.tiff_block([pf.text(pf.MAKE, "ACME")], gps=gps, order="<" if order == "<" else ">")
    metadata = metadata_of(pf.jpeg(exif=block))
    assert metadata.camera == Camera(make="ACME")  # bad coordinates do not affect other fields
    return metadata.location


@pytest.mark.parametrize(
    "gps",
    [
        pf.gps(latitude=(91, 1, 0, 1, 0, 1)),
        pf.gps(latitude=(90, 1, 0, 1, 1, 1)),
        pf.gps(longitude=(181, 1, 0, 1, 0, 1)),
        pf.gps(longitude=(360, 1, 0, 1, 0, 1)),
        pf.gps(latitude=(4_294_967_295, 1, 0, 1, 0, 1)),
        pf.gps(latitude=(48, 1, 75, 1, 0, 1)),
        pf.gps(latitude=(48, 1, 60, 1, 0, 1)),
        pf.gps(latitude=(48, 1, 1, 1, 61, 1)),
        pf.gps(latitude=(48, 0, 1, 1, 1, 1)),
        pf.gps(latitude=(48, 1, 1, 1, 0, 0)),
        pf.gps(latitude=(0, 0, 0, 0, 0, 0)),
        pf.gps(latitude=(48, 1, 1, 1, 1, 1, 1, 1)),
        pf.gps(latitude=()),
        pf.gps(latitude_ref="X"),
        pf.gps(latitude_ref=""),
        pf.gps(latitude_ref="E"),
        pf.gps(longitude_ref="N"),
        pf.gps()[1:],
        pf.gps()[:3],
        pf.gps()[2:],
        pf.gps()[:2],
        [pf.gps()[0], pf.text(pf.LATITUDE, "48 51 30"), *pf.gps()[2:]],
        [pf.gps()[0], pf.Tag(pf.LATITUDE, pf.SRATIONAL, (-48, 1, 1, 1, 1, 1)), *pf.gps()[2:]],
        [pf.gps()[0], pf.Tag(pf.LATITUDE, pf.DOUBLE, (math.nan, 0, 0)), *pf.gps()[2:]],
        [pf.gps()[0], pf.Tag(pf.LATITUDE, pf.RATIONAL, b"", 3, 0xFFFFFF00), *pf.gps()[2:]],
    ],
)
def test_an_invalid_coordinate_makes_the_location_absent(gps: list[pf.Tag]) -> None:
    assert location_of(gps) is None


@pytest.mark.parametrize(
    ("latitude_ref", "longitude_ref", "signs"),
    [("N", "E", (1, 1)), ("S", "E", (-1, 1)), ("N", "W", (1, -1)), ("S", "W", (-1, -1))],
)
@pytest.mark.parametrize("order", ["<", ">"])
def test_hemispheres_are_signs(
    latitude_ref: str, longitude_ref: str, signs: tuple[int, int], order: str
) -> None:
    place = location_of(pf.gps(latitude_ref=latitude_ref, longitude_ref=longitude_ref), order)

    assert place is not None
    assert (place.latitude, place.longitude) == (signs[0] * 48.858333, signs[1] * 2.294444)


def test_a_lower_case_hemisphere_is_no_hemisphere() -> None:
    assert location_of(pf.gps(latitude_ref="s")) is None


def test_the_sign_holds_next_to_zero_degrees() -> None:
    gps = pf.gps((0, 1, 0, 1, 36, 1), (0, 1, 5, 1, 0, 1), latitude_ref="S", longitude_ref="W")

    assert location_of(gps) == Location(latitude=-0.01, longitude=-0.083333)


def test_zero_degrees_west_is_not_minus_zero() -> None:
    place = location_of(pf.gps(longitude=(0, 1, 0, 1, 0, 1), longitude_ref="W"))

    assert place is not None
    assert math.copysign(1, place.longitude) == 1


def test_degrees_may_have_decimals_in_place_of_minutes_and_seconds() -> None:
    gps = pf.gps((488_583_333, 10_000_000), (2, 1, 1_766_667, 100_000))

    assert location_of(gps) == Location(latitude=48.858333, longitude=2.294444)


def test_sixty_seconds_are_a_minute() -> None:
    """Some cameras round 59.99 up."""
    assert location_of(pf.gps((48, 1, 51, 1, 60, 1))) == Location(
        latitude=48.866667, longitude=2.294444
    )


def test_zero_zero_is_kept_and_flagged() -> None:
    zero = (0, 1, 0, 1, 0, 1)

    assert location_of(pf.gps(zero, zero)) == Location(latitude=0, longitude=0, gps_valid=False)


@pytest.mark.parametrize(
    ("altitude", "ref", "expected"),
    [
        ((353, 10), 0, 35.3),
        ((353, 10), None, 35.3),
        ((353, 10), 1, -35.3),
        ((353, 10), 2, 35.3),
        ((353, 10), 3, -35.3),
        ((353, 10), 7, None),
        ((0, 1), 1, 0),
        ((5, 0), 0, None),
        ((20_001, 1), 0, None),
        ((1_001, 1), 1, None),
        ((4_294_967_000, 1), 0, None),
        ((), 0, None),
    ],
)
def test_altitude_is_in_signed_meters_or_absent(
    altitude: tuple[int, ...], ref: int | None, expected: float | None
) -> None:
    place = location_of(pf.gps(altitude=altitude, altitude_ref=ref))

    assert place is not None
    assert place.altitude_m == expected
    assert str(place.altitude_m) != "-0.0"


@given(
    st.lists(st.integers(0, 2**32 - 1), min_size=6, max_size=6),
    st.lists(st.integers(0, 2**32 - 1), min_size=6, max_size=6),
    st.sampled_from("NSEWns X"),
    st.integers(0, 2**32 - 1),
)
@settings(max_examples=150, deadline=None)
def test_every_location_is_on_earth(
    latitude: list[int], longitude: list[int], ref: str, altitude: int
) -> None:
    place = location_of(pf.gps(latitude, longitude, latitude_ref=ref, altitude=(altitude, 7)))

    assert place is None or (abs(place.latitude) <= 90 and abs(place.longitude) <= 180)
    assert place is None or -1000 <= (place.altitude_m or 0) <= 20_000


def xmp_location_of(latitude: str, longitude: str, more: str = "") -> Location | None:
    document = pf.xmp(
        f"<exif:GPSLatitude>{latitude}</exif:GPSLatitude>",
        f'exif:GPSLongitude="{longitude}" {more}',
    )
    return metadata_of(pf.jpeg(xmp=document)).location


@pytest.mark.parametrize(
    ("latitude", "longitude"),
    [
        ("47,30.0N", "8,15.0W"),
        ("47,30,0N", "8,15,0W"),
        ("47.5N", "8.25W"),
        (" 47,30.000000 N ", "008,15.000W"),
        ("47.5", "-8.25"),
        ("+47.5", "-8.25"),
    ],
)
def test_a_location_is_read_from_xmp(latitude: str, longitude: str) -> None:
    assert xmp_location_of(latitude, longitude) == Location(latitude=47.5, longitude=-8.25)


@pytest.mark.parametrize(
    ("latitude", "longitude"),
    [
        ("47,30.0N", ""),
        ("47,30.0E", "8,15.0W"),
        ("47,30.0N", "8,15.0S"),
        ("47,30.0", "8,15.0W"),
        ("-47,30.0N", "8,15.0W"),
        ("91,0.0N", "8,15.0W"),
        ("47,60.0N", "8,15.0W"),
        ("47,30,0,0N", "8,15.0W"),
        ("47,,30N", "8,15.0W"),
        ("north", "8,15.0W"),
        ("nan", "inf"),
        ("9" * 10_000 + "N", "8,15.0W"),
        ("٤٧,30.0N", "8,15.0W"),
    ],
)
def test_an_invalid_coordinate_of_xmp_makes_the_location_absent(
    latitude: str, longitude: str
) -> None:
    assert xmp_location_of(latitude, longitude) is None


@pytest.mark.parametrize(
    ("altitude", "ref", "expected"),
    [
        ("353/10", "0", 35.3),
        ("353/10", "1", -35.3),
        ("35.3", "0", 35.3),
        ("353/0", "0", None),
        ("353/10", "7", None),
        ("high", "0", None),
    ],
)
def test_an_altitude_is_read_from_xmp(altitude: str, ref: str, expected: float | None) -> None:
    stated = f'exif:GPSAltitude="{altitude}" exif:GPSAltitudeRef="{ref}"'

    assert xmp_location_of("47,30.0N", "8,15.0W", stated) == Location(
        latitude=47.5, longitude=-8.25, altitude_m=expected
    )


def test_the_location_of_exif_comes_before_that_of_xmp_unless_it_is_zero_zero() -> None:
    xmp = pf.xmp(attributes='exif:GPSLatitude="47,30.0N" exif:GPSLongitude="8,15.0W"')
    zero = (0, 1, 0, 1, 0, 1)

    def with_xmp(gps: list[pf.Tag]) -> Location | None:
        return metadata_of(pf.jpeg(exif=pf.tiff_block(gps=gps), xmp=xmp)).location

    assert with_xmp(pf.gps()) == Location(latitude=48.858333, longitude=2.294444)
    assert with_xmp(pf.gps(zero, zero)) == Location(latitude=47.5, longitude=-8.25)
    assert with_xmp(pf.gps()[:3]) == Location(latitude=47.5, longitude=-8.25)


@pytest.mark.parametrize("field_type", [pf.LONG, pf.SLONG, pf.SHORT, pf.SSHORT, pf.IFD])
@pytest.mark.parametrize("order", ["<", ">"])
def test_a_pointer_to_a_directory_may_be_of_any_integer_type(field_type: int, order: str) -> None:
    """So do exiftool and exiv2."""
    prefix: Literal["<", ">"] = "<" if order == "<" else ">"
    exif = [pf.text(pf.LENS_MODEL, "50 mm")]
    block = pf.tiff_block(exif=exif, gps=pf.gps(), order=prefix)
    for pointer in (pf.EXIF_IFD, pf.GPS_IFD):
        at = block.index(struct.pack(prefix + "HHI", pointer, pf.LONG, 1))
        (target,) = struct.unpack_from(prefix + "I", block, at + 8)
        size = 2 if field_type in {pf.SHORT, pf.SSHORT} else 4
        slot = target.to_bytes(size, "little" if order == "<" else "big").ljust(4, b"\0")
        entry = struct.pack(prefix + "HHI4s", pointer, field_type, 1, slot)
        block = block[:at] + entry + block[at + 12 :]

    metadata = metadata_of(pf.jpeg(exif=block))

    assert metadata.location == Location(latitude=48.858333, longitude=2.294444)
    assert metadata.camera == Camera(lens="50 mm")


def test_a_negative_pointer_points_nowhere() -> None:
    block = pf.tiff_block([pf.text(pf.MAKE, "ACME"), pf.Tag(pf.EXIF_IFD, pf.SLONG, [-8])])

    assert metadata_of(pf.jpeg(exif=block)) == Metadata(camera=Camera(make="ACME"))


def taken(
    original: str | None = None,
    digitized: str | None = None,
    changed: str | None = None,
    *more: pf.Tag,
) -> TakenAt | None:
    exif = [
        pf.text(tag, value)
        for tag, value in (
            (pf.DATE_TIME_ORIGINAL, original),
            (pf.DATE_TIME_DIGITIZED, digitized),
        )
        if value is not None
    ]
    ifd0 = [pf.text(pf.DATE_TIME, changed)] if changed is not None else []
    return metadata_of(pf.jpeg(exif=pf.tiff_block(ifd0, [*exif, *more]))).taken_at


NONSENSE = [
    "0000:00:00 00:00:00",
    "    :  :     :  :  ",
    "",
    "2016:02:30 12:00:00",
    "2015:02:29 12:00:00",
    "2016:00:10 12:00:00",
    "2016:13:10 12:00:00",
    "2016:04:00 12:00:00",
    "2016:04:31 12:00:00",
    "2016:04:09 25:61:00",
    "2016:04:09 12:60:00",
    "2016:04:09 12:00:60",
    "9999:12:31 23:59:59",
    "0001:01:01 00:00:00",
    "2002:12:08 12:00:00",
    "2016:04:09 12",
    "2016:04 12:00:00",
    "2016:04:00 00:00:01",
    "2016:00:09",
    "16:04:09 12:00:00",
    "2016:4:9 12:00:00",
    "2016:04-09 12:00:00",
    "2016/04/09 12:00:00",
    "09.04.2016 12:00:00",
    "2016:04:09 12:00:00 PM",
    "٢٠١٦:04:09 12:00:00",
    "now",
    "-016:04:09 12:00:00",
    "1460203693",
    "2016:04:09 12:00:00.٢٥",
]


@pytest.mark.parametrize("nonsense", NONSENSE)
def test_after_an_invalid_time_the_next_source_counts(nonsense: str) -> None:
    good = "2016:04:09 14:08:13"

    first, second = taken(nonsense, good), taken(nonsense, nonsense, good)

    assert (first and first.local, first and first.source) == (
        "2016-04-09T14:08:13",
        "EXIF:DateTimeDigitized",
    )
    assert second is not None
    assert second.source == "EXIF:DateTime"
    assert taken(nonsense, nonsense, nonsense) is None


def test_the_upload_time_is_never_the_time_taken() -> None:
    result = extracted(pf.jpeg())

    assert result.metadata.taken_at is None
    assert result.sort_time == UPLOADED_AT[:19]


def test_the_earlier_source_wins() -> None:
    time_ = taken("2016:04:09 14:08:13", "2017:01:01 00:00:00", "2018:01:01 00:00:00")

    assert time_ == TakenAt(local="2016-04-09T14:08:13", source="EXIF:DateTimeOriginal")


@pytest.mark.parametrize(
    ("offset", "utc"),
    [
        ("Z", "2016-04-09T14:08:13Z"),
        ("+00:00", "2016-04-09T14:08:13Z"),
        ("+02:00", "2016-04-09T12:08:13Z"),
        ("-09:30", "2016-04-09T23:38:13Z"),
        ("+14:00", "2016-04-09T00:08:13Z"),
        ("-14:00", "2016-04-10T04:08:13Z"),
    ],
)
def test_an_offset_gives_utc(offset: str, utc: str) -> None:
    time_ = taken("2016:04:09 14:08:13", None, None, pf.text(pf.OFFSET_TIME_ORIGINAL, offset))

    assert time_ == TakenAt(
        local="2016-04-09T14:08:13", source="EXIF:DateTimeOriginal", offset=offset, utc=utc
    )


BAD_OFFSETS = ["+15:00", "+14:01", "-14:60", "+02:60", "+02:75", "+05:99", "-00:60"]


@pytest.mark.parametrize(
    "offset",
    [*BAD_OFFSETS, "+0200", "02:00", "+2:00", "z", "UTC", "   ", "+٠٢:00"],
)
def test_an_invalid_offset_leaves_the_local_time(offset: str) -> None:
    time_ = taken("2016:04:09 14:08:13", None, None, pf.text(pf.OFFSET_TIME_ORIGINAL, offset))

    assert time_ == TakenAt(local="2016-04-09T14:08:13", source="EXIF:DateTimeOriginal")


@pytest.mark.parametrize("offset", BAD_OFFSETS)
def test_an_invalid_offset_inside_a_time_leaves_the_local_time(offset: str) -> None:
    time_ = f"2016-04-09T14:08:13{offset}"
    iptc_time = f"140813{offset.replace(':', '')}".encode()
    iptc = pf.dataset(55, b"20160409") + pf.dataset(60, iptc_time)

    found = [
        taken(f"2016:04:09 14:08:13{offset}"),
        metadata_of(pf.jpeg(xmp=pf.xmp(attributes=f'exif:DateTimeOriginal="{time_}"'))).taken_at,
        metadata_of(pf.jpeg(xmp=pf.xmp(attributes=f'photoshop:DateCreated="{time_}"'))).taken_at,
        metadata_of(pf.jpeg(iptc=iptc)).taken_at,
    ]

    assert found == [
        TakenAt(local="2016-04-09T14:08:13", source=source)
        for source in (
            "EXIF:DateTimeOriginal",
            "XMP:DateTimeOriginal",
            "XMP:DateCreated",
            "IPTC:DateCreated",
        )
    ]


def test_each_time_has_its_own_offset_and_fraction() -> None:
    others = [
        pf.text(pf.OFFSET_TIME, "+01:00"),
        pf.text(pf.OFFSET_TIME_DIGITIZED, "+02:00"),
        pf.text(pf.SUB_SEC, "11"),
        pf.text(pf.SUB_SEC_DIGITIZED, "22"),
    ]

    original = taken("2016:04:09 14:08:13", None, None, *others)
    digitized = taken(None, "2016:04:09 14:08:13", None, *others)
    changed = taken(None, None, "2016:04:09 14:08:13", *others)

    assert original is not None
    assert (original.local, original.offset) == ("2016-04-09T14:08:13", None)
    assert digitized is not None
    assert (digitized.local, digitized.offset) == ("2016-04-09T14:08:13.22", "+02:00")
    assert changed is not None
    assert (changed.local, changed.offset) == ("2016-04-09T14:08:13.11", "+01:00")


@pytest.mark.parametrize("fraction", ["  ", "x", "-1", "1.5", "0x1"])
def test_an_invalid_fraction_is_left_out(fraction: str) -> None:
    time_ = taken("2016:04:09 14:08:13", None, None, pf.text(pf.SUB_SEC_ORIGINAL, fraction))

    assert time_ is not None
    assert time_.local == "2016-04-09T14:08:13"


@pytest.mark.parametrize(
    ("time_", "plausible"),
    [
        ("1825:12:31 23:59:59", False),
        ("1826:01:01 00:00:00", True),
        ("1919:01:01 00:00:00", True),
        ("2026:03:02 12:00:00", True),
        ("2026:03:02 12:00:01", False),
        ("2038:01:19 03:14:08", False),
        ("2999:01:01 00:00:00", False),
        ("0001:01:01 00:00:01", False),
        ("1970:01:01 00:00:00", True),
        ("1980:01:01 00:00:00", True),
        ("2000:01:01 00:00:00", True),
        ("2002:12:08 12:00:01", True),
    ],
)
def test_an_impossible_time_is_kept_and_flagged(time_: str, *, plausible: bool) -> None:
    result = extracted(pf.jpeg(exif=pf.tiff_block(exif=[pf.text(pf.DATE_TIME_ORIGINAL, time_)])))

    taken_at = result.metadata.taken_at
    assert taken_at is not None
    assert taken_at.local == time_.replace(":", "-", 2).replace(" ", "T")
    assert taken_at.plausible == plausible
    assert result.sort_time == (taken_at.local if plausible else UPLOADED_AT[:19])


def test_a_photo_stands_where_the_clock_on_the_wall_stood() -> None:
    exif = [
        pf.text(pf.DATE_TIME_ORIGINAL, "2021:01:01 00:30:00"),
        pf.text(pf.OFFSET_TIME_ORIGINAL, "+02:00"),
    ]

    result = extracted(pf.jpeg(exif=pf.tiff_block(exif=exif)))

    assert result.metadata.taken_at is not None
    assert result.metadata.taken_at.utc == "2020-12-31T22:30:00Z"
    assert result.sort_time == "2021-01-01T00:30:00"


@pytest.mark.parametrize("year", ["0001:01:01 00:00:01", "9998:12:31 23:59:59"])
@pytest.mark.parametrize("offset", ["+14:00", "-14:00"])
def test_utc_beyond_the_calendar_is_absent(year: str, offset: str) -> None:
    time_ = taken(year, None, None, pf.text(pf.OFFSET_TIME_ORIGINAL, offset))

    assert time_ is not None
    assert time_.utc is None or time_.utc[4:5] == "-"


def test_xmp_and_iptc_give_the_time_if_exif_has_none() -> None:
    iptc = pf.dataset(55, b"20160409") + pf.dataset(60, b"140813+0200")
    xmp = pf.xmp(attributes='photoshop:DateCreated="2017-01-02T03:04:05.60-07:00"')

    from_iptc = metadata_of(pf.jpeg(iptc=iptc)).taken_at
    from_xmp = metadata_of(pf.jpeg(iptc=iptc, xmp=xmp)).taken_at

    assert from_iptc == TakenAt(
        local="2016-04-09T14:08:13",
        source="IPTC:DateCreated",
        offset="+02:00",
        utc="2016-04-09T12:08:13Z",
    )
    assert from_xmp == TakenAt(
        local="2017-01-02T03:04:05.60",
        source="XMP:DateCreated",
        offset="-07:00",
        utc="2017-01-02T10:04:05.60Z",
    )


@pytest.mark.parametrize(
    ("stated", "local", "precision"),
    [
        ("1965", "1965-01-01T00:00:00", "year"),
        ("1965-07", "1965-07-01T00:00:00", "month"),
        ("1965-07-04", "1965-07-04T00:00:00", "day"),
        ("1965-07-04T12:30", "1965-07-04T12:30:00", None),
        ("1965-07-04T12:30:05", "1965-07-04T12:30:05", None),
        ("1965-00-00", "1965-01-01T00:00:00", "year"),
        ("1965:07:00", "1965-07-01T00:00:00", "month"),
    ],
)
def test_a_date_keeps_its_precision_and_is_sorted_at_its_start(
    stated: str, local: str, precision: Precision | None
) -> None:
    result = extracted(pf.jpeg(xmp=pf.xmp(attributes=f'photoshop:DateCreated="{stated}"')))

    assert result.metadata.taken_at == TakenAt(
        local=local, source="XMP:DateCreated", precision=precision
    )
    assert (result.sort_time, result.precision) == (local, precision)


def test_an_impossible_date_gives_the_time_of_the_upload_no_precision() -> None:
    result = extracted(pf.jpeg(xmp=pf.xmp(attributes='photoshop:DateCreated="2999"')))

    assert result.metadata.taken_at == TakenAt(
        local="2999-01-01T00:00:00", source="XMP:DateCreated", precision="year", plausible=False
    )
    assert (result.sort_time, result.precision) == (UPLOADED_AT[:19], None)


@pytest.mark.parametrize(
    ("time_", "local", "offset"),
    [
        ("2021-08-14T09:31Z", "2021-08-14T09:31:00", "Z"),
        ("2021-08-14T09:31+05:45", "2021-08-14T09:31:00", "+05:45"),
        ("2021-08-14T09:31:00.125Z", "2021-08-14T09:31:00.125", "Z"),
        ("2021-08-14T09:31:00.5-03:30", "2021-08-14T09:31:00.5", "-03:30"),
    ],
)
def test_a_time_in_xmp_may_have_a_fraction_and_a_time_zone(
    time_: str, local: str, offset: str
) -> None:
    taken_at = metadata_of(
        pf.jpeg(xmp=pf.xmp(attributes=f'photoshop:DateCreated="{time_}"'))
    ).taken_at

    assert taken_at is not None
    assert (taken_at.local, taken_at.offset, taken_at.precision) == (local, offset, None)


@pytest.mark.parametrize(
    ("date", "time_", "local", "precision"),
    [
        (b"19650704", b"120000+0100", "1965-07-04T12:00:00", None),
        (b"19650704", b"12:00:00", "1965-07-04T12:00:00", None),
        (b"19650704", None, "1965-07-04T00:00:00", "day"),
        (b"19650704", b"", "1965-07-04T00:00:00", "day"),
        (b"19650704", b"256100", "1965-07-04T00:00:00", "day"),
        (b"19650704", b"noon", "1965-07-04T00:00:00", "day"),
        (b"19650700", b"120000", "1965-07-01T00:00:00", "month"),
        (b"19650000", b"000000+0000", "1965-01-01T00:00:00", "year"),
    ],
)
def test_a_date_in_iptc_may_lack_the_time_the_day_and_the_month(
    date: bytes, time_: bytes | None, local: str, precision: Precision | None
) -> None:
    iptc = pf.dataset(55, date) + (b"" if time_ is None else pf.dataset(60, time_))

    taken_at = metadata_of(pf.jpeg(iptc=iptc)).taken_at

    assert taken_at is not None
    assert (taken_at.local, taken_at.precision) == (local, precision)
    assert metadata_of(pf.jpeg(iptc=pf.dataset(55, b"00000000"))).taken_at is None


@pytest.mark.parametrize(
    ("time_", "local", "precision"),
    [
        ("1965:07:04   :  :  ", "1965-07-04T00:00:00", "day"),
        ("1965:07:      :  :  ", "1965-07-01T00:00:00", "month"),
        ("1965:  :     :  :  ", "1965-01-01T00:00:00", "year"),
        ("1965:07:04", "1965-07-04T00:00:00", "day"),
        ("1965:00:00 00:00:00", "1965-01-01T00:00:00", "year"),
    ],
)
def test_unknown_parts_of_a_time_in_exif_are_blank_or_zero(
    time_: str, local: str, precision: Precision
) -> None:
    assert taken(time_) == TakenAt(local=local, source="EXIF:DateTimeOriginal", precision=precision)


@pytest.mark.parametrize(
    ("time_", "local"),
    [
        ("2021:08:14 24:05:10", "2021-08-14T00:05:10"),
        ("2021:08:14 24:00:00", "2021-08-14T00:00:00"),
        ("2021:12:31 24:59:59", "2021-12-31T00:59:59"),
    ],
)
def test_hour_24_is_the_first_hour_of_the_same_day(time_: str, local: str) -> None:
    assert taken(time_) == TakenAt(local=local, source="EXIF:DateTimeOriginal")


SOURCES = (  # in order
    "EXIF:DateTimeOriginal",
    "XMP:DateTimeOriginal",
    "XMP:DateCreated",
    "IPTC:DateCreated",
    "EXIF:DateTimeDigitized",
    "XMP:DateTimeDigitized",
    "XMP:CreateDate",
    "IPTC:DigitalCreationDate",
    "EXIF:DateTime",
    "FILENAME",
)


@pytest.mark.parametrize("first", range(len(SOURCES)), ids=SOURCES)
def test_the_exposure_comes_before_the_scan_the_last_change_and_the_name(first: int) -> None:
    """Each source has a year of its own; only those from `first` on are in the file."""
    years = {source: 2001 + at for at, source in enumerate(SOURCES) if at >= first}

    def exif(source: str, tag: int) -> list[pf.Tag]:
        return [pf.text(tag, f"{years[source]}:04:09 14:08:13")] if source in years else []

    def iptc(source: str, date: int, time_: int) -> bytes:
        if source not in years:
            return b""
        return pf.dataset(date, b"%d0409" % years[source]) + pf.dataset(time_, b"140813")

    xmp = " ".join(
        f'{name}="{years[source]}-04-09T14:08:13"'
        for source, name in {
            "XMP:DateTimeOriginal": "exif:DateTimeOriginal",
            "XMP:DateCreated": "photoshop:DateCreated",
            "XMP:DateTimeDigitized": "exif:DateTimeDigitized",
            "XMP:CreateDate": "xmp:CreateDate",
        }.items()
        if source in years
    )
    block = pf.tiff_block(
        exif("EXIF:DateTime", pf.DATE_TIME),
        exif("EXIF:DateTimeOriginal", pf.DATE_TIME_ORIGINAL)
        + exif("EXIF:DateTimeDigitized", pf.DATE_TIME_DIGITIZED),
    )
    photo = pf.jpeg(
        exif=block,
        xmp=pf.xmp(attributes=xmp),
        iptc=iptc("IPTC:DateCreated", 55, 60) + iptc("IPTC:DigitalCreationDate", 62, 63),
    )

    taken_at = extracted(photo, "uploads/alice/IMG_20100409_140813.jpg").metadata.taken_at

    assert taken_at == TakenAt(local=f"{2001 + first}-04-09T14:08:13", source=SOURCES[first])


def test_a_date_gives_way_to_the_time_of_the_same_day_in_another_original_source() -> None:
    def found(original: str, digitized: str) -> TakenAt | None:
        xmp = f'photoshop:DateCreated="1965-07" xmp:CreateDate="{digitized}"'
        iptc = pf.dataset(55, original.encode()) + pf.dataset(60, b"120000")
        return metadata_of(pf.jpeg(xmp=pf.xmp(attributes=xmp), iptc=iptc)).taken_at

    month = TakenAt(local="1965-07-01T00:00:00", source="XMP:DateCreated", precision="month")

    assert found("19650704", "1965-07-05T13:00:00") == TakenAt(
        local="1965-07-04T12:00:00", source="IPTC:DateCreated"
    )
    assert found("19650804", "1965-07-05T13:00:00") == month  # the day of the scan says nothing


@pytest.mark.parametrize(
    ("original", "changed", "offset"),
    [
        ("2021:08:14 09:31:00", "2021:08:14 09:31:00", "+05:45"),
        ("2021:08:14 09:31:00", "2021:08:14 09:31:01", None),
        ("2021:08:14 09:31:00", "2023:08:14 09:31:00", None),
    ],
)
def test_the_offset_of_a_time_is_that_of_each_time_equal_to_it(
    original: str, changed: str, offset: str | None
) -> None:
    stated = taken(original, None, changed, pf.text(pf.OFFSET_TIME, "+05:45"))
    blank = [pf.text(pf.OFFSET_TIME_ORIGINAL, "   :  "), pf.text(pf.OFFSET_TIME, "+05:45")]
    behind_blank = taken(original, None, changed, *blank)

    assert stated == behind_blank
    assert stated is not None
    assert (stated.source, stated.offset) == ("EXIF:DateTimeOriginal", offset)


def test_an_own_offset_counts_before_one_of_an_equal_time() -> None:
    time_ = "2021:08:14 09:31:00"
    offsets = [pf.text(pf.OFFSET_TIME, "+01:00"), pf.text(pf.OFFSET_TIME_ORIGINAL, "+02:00")]

    taken_at = taken(time_, time_, time_, *offsets)

    assert taken_at is not None
    assert taken_at.offset == "+02:00"


def test_title_description_and_keywords_are_merged() -> None:
    block = pf.tiff_block(
        [
            pf.text(pf.DESCRIPTION, "from EXIF"),
            pf.xp(pf.XP_TITLE, "from Windows"),
            pf.xp(pf.XP_KEYWORDS, "Dog; Café ;cat;"),
        ]
    )
    iptc = b"".join(
        [
            pf.dataset(90, b"\x1b%G", record=1),
            pf.dataset(5, b"the envelope's", record=1),
            pf.dataset(5, b"from IPTC"),
            pf.dataset(120, b"from IPTC, too"),
            pf.dataset(25, b"cat"),
            pf.dataset(25, "Äpfel".encode("latin-1")),
        ]
    )
    xmp = pf.xmp(
        "<dc:title><rdf:Alt><rdf:li xml:lang='fr'>chien</rdf:li>"
        "<rdf:li xml:lang='x-default'>from XMP</rdf:li></rdf:Alt></dc:title>"
        + pf.bag("dc:subject", "dog", "CAT")
        + pf.bag("lr:hierarchicalSubject", "Animal|Pet|dog", "Place|Paris")
    )

    merged = metadata_of(pf.jpeg(exif=block, iptc=iptc, xmp=xmp))

    assert merged.title == "from XMP"
    assert merged.description == "from IPTC, too"
    assert merged.keywords == ["dog", "CAT", "Paris", "Äpfel", "Café"]
    assert metadata_of(pf.jpeg(exif=block, iptc=iptc)).title == "from IPTC"
    assert metadata_of(pf.jpeg(exif=block)).title == "from Windows"
    assert metadata_of(pf.jpeg(exif=block)).description == "from EXIF"


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("title", ["four", "seven.."])
def test_iptc_of_a_tiff_is_read_also_if_its_bytes_are_swapped_by_four(
    title: str, order: str
) -> None:
    records = pf.dataset(5, title.encode()) + pf.dataset(25, b"cat")
    records = records.ljust(-(-len(records) // 4) * 4, b"\0")
    swapped = b"".join(records[at : at + 4][::-1] for at in range(0, len(records), 4))

    for block in (records, swapped):
        photo = pf.tiff_file(
            [pf.Tag(0x83BB, pf.UNDEFINED, block)], order="<" if order == "<" else ">"
        )
        metadata = metadata_of(photo)
        assert (metadata.title, metadata.keywords) == (title, ["cat"])


def test_of_two_iptc_titles_the_first_counts() -> None:
    assert metadata_of(pf.jpeg(iptc=pf.dataset(5, b"one") + pf.dataset(5, b"two"))).title == "one"


def test_a_property_of_xmp_has_at_most_a_thousand_values() -> None:
    document = pf.xmp(pf.bag("dc:subject", *map(str, range(1_500))))

    assert Xmp(document).all("dc:subject") == [str(number) for number in range(1_000)]


@pytest.mark.parametrize(
    ("comment", "expected"),
    [
        (b"ASCII\0\0\0Screenshot", "Screenshot"),
        (b"ASCII   Screenshot", "Screenshot"),
        (b"ASCII\0\0\0" + "Öl".encode(), "Öl"),
        (b"ASCII\0\0\0" + "5 €".encode("cp1252"), "5 €"),
        (b"UNICODE " + "写真".encode("utf-16-le"), "写真"),
        (b"UNICODE\0" + "写真".encode("utf-16-le"), "写真"),
        (b"UNICODE\0" + "Öl".encode("utf-16-be"), "Öl"),
        (b"UNICODE\0" + "Öl".encode("utf-16-le"), "Öl"),
        (b"UNICODE\0" + "a\0b".encode("utf-16-le"), "a"),
        (b"ASCII\0\0\0" + b" " * 40, None),
        (bytes(8) + b"\x8f\x02\x17", None),
        (b"", None),
    ],
)
def test_a_comment_needs_a_known_encoding_to_be_the_description(
    comment: bytes, expected: str | None
) -> None:
    block = pf.tiff_block(exif=[pf.Tag(pf.USER_COMMENT, pf.UNDEFINED, comment)])

    assert metadata_of(pf.jpeg(exif=block)).description == expected


def comment_of(text: bytes, order: str) -> str | None:
    comment = pf.Tag(pf.USER_COMMENT, pf.UNDEFINED, b"UNICODE\0" + text)
    block = pf.tiff_block(exif=[comment], order="<" if order == "<" else ">")
    return metadata_of(pf.jpeg(exif=block)).description


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "marked big-endian"]
)
@pytest.mark.parametrize(
    "text",
    [
        "A walk on the beach",
        "Öl, “fine” \u2013 5 €",
        "日本の写真",
        "一日の写真",
        "Žluťoučký kůň",
        "Прогулка",
        "שלום לכולם",
        "สวัสดีครับ",
        "안녕하세요 여러분",
        "Sunset 🌅 at 10°",
    ],
)
def test_a_unicode_comment_is_read_in_every_encoding(text: str, encoding: str, order: str) -> None:
    """Programs write UTF-16 in the order of the machine, not of the file, or UTF-8."""
    marked = b"\xfe\xff" + text.encode("utf-16-be")
    encoded = marked if encoding == "marked big-endian" else text.encode(encoding)

    assert comment_of(encoded, order) == text
    assert comment_of(encoded + bytes(6), order) == text


@pytest.mark.parametrize("order", ["<", ">"])
def test_kana_in_utf_16_are_no_ascii(order: str) -> None:
    """Their high byte is the digit 0, and many low bytes are letters."""
    own = "utf-16-le" if order == "<" else "utf-16-be"

    assert comment_of("いぬかみ".encode(own), order) == "いぬかみ"


@given(st.binary(max_size=200))
@settings(max_examples=150, deadline=None)
def test_no_comment_fails_the_step(text: bytes) -> None:
    json.dumps(comment_of(text, "<")).encode()


FILLERS = [
    "OLYMPUS DIGITAL CAMERA",
    "OLYMPUS DIGITAL CAMERA         ",
    "KONICA MINOLTA DIGITAL CAMERA",
    "KODAK Digital Still Camera",
    "DIGITAL CAMERA",
    "SONY DSC",
    "SAMSUNG CAMERA PICTURES",
    "<Digimax i5, Samsung #1>",
    "Exif_JPEG_PICTURE",
    "DCIM\\100GOPRO\\GOPR0001.JPG",
    "DCIM/100MEDIA/DJI_0001.JPG",
    "hdr",
    "hdrpl",
    "fbt",
    "oznorWO",
    "oplus_32",
    "filter: 0; fileterIntensity: 0.0; filterMask: 0;",
    '{"mirror":false,"sensor_type":"rear"}',
]


@pytest.mark.parametrize("filler", FILLERS)
def test_a_filler_of_cameras_is_no_description_and_hides_none(filler: str) -> None:
    fields = [
        pf.text(pf.DESCRIPTION, filler),
        pf.xp(pf.XP_TITLE, filler),
        pf.xp(pf.XP_SUBJECT, filler),
    ]
    xmp = pf.xmp(f"<dc:title>{escape(filler)}</dc:title>", f"dc:description={quoteattr(filler)}")
    iptc = pf.dataset(5, filler.encode()) + pf.dataset(120, filler.encode())
    filled = pf.jpeg(exif=pf.tiff_block(fields), xmp=xmp, iptc=iptc)
    comment = pf.xp(pf.XP_COMMENT, "Grandma at the lake")
    commented = pf.jpeg(exif=pf.tiff_block([*fields, comment]), xmp=xmp, iptc=iptc)

    assert plain_metadata_of(filled) == {}
    assert plain_metadata_of(commented) == {"description": "Grandma at the lake"}


@pytest.mark.parametrize(
    "text",
    [
        "My OLYMPUS DIGITAL CAMERA",
        "Grandpa with his digital camera",
        "hdr of the lake",
        "Sony DSC-F1, my first",
        "What DCIM/100 means",
        "Samsung",
        "Montag",
    ],
)
def test_a_description_that_contains_a_filler_is_kept(text: str) -> None:
    block = pf.tiff_block([pf.text(pf.DESCRIPTION, text)])

    assert metadata_of(pf.jpeg(exif=block)).description == text


@pytest.mark.parametrize("around", ["xmpMM:Pantry", "xmpMM:Ingredients", "dc:creator"])
def test_xmp_of_a_composites_ingredients_is_not_the_photos(around: str) -> None:
    ingredient = (
        "<dc:title><rdf:Alt><rdf:li xml:lang='x-default'>theirs</rdf:li></rdf:Alt></dc:title>"
        "<dc:description>theirs</dc:description>"
        "<exif:DateTimeOriginal>2001-02-03T04:05:06</exif:DateTimeOriginal>"
        "<exif:GPSLatitude>47,30.0N</exif:GPSLatitude>"
        "<exif:GPSLongitude>8,15.0W</exif:GPSLongitude>" + pf.bag("dc:subject", "theirs")
    )
    name = f"{around} xmlns:xmpMM='http://ns.adobe.com/xap/1.0/mm/'"
    items = (
        f"<rdf:li><rdf:Description photoshop:DateCreated='2001-02-03T04:05:06'>{ingredient}"
        "</rdf:Description></rdf:li>"
        f"<rdf:li rdf:parseType='Resource'>{ingredient}</rdf:li>"
    )
    nested = f"<{name}><rdf:Bag>{items}</rdf:Bag></{around}>"
    own = "<dc:title>ours</dc:title>" + pf.bag("dc:subject", "ours")

    for document in (pf.xmp(nested + own), pf.xmp(own + nested)):
        assert plain_metadata_of(pf.jpeg(xmp=document)) == {"title": "ours", "keywords": ["ours"]}


def test_oversized_metadata_is_cut() -> None:
    block = pf.tiff_block([pf.text(pf.DESCRIPTION, "d" * 60_000)])
    iptc = b"".join(pf.dataset(25, b"%04d" % number + b"k" * 100) for number in range(600))
    xmp = pf.xmp(
        f"<dc:title>{'t' * 20_000}</dc:title>"
        + pf.bag("dc:subject", *(f"word {number}" for number in range(1_500)))
    )

    photo = pf.jpeg(exif=block, iptc=iptc[:60_000], xmp=xmp)
    metadata = metadata_of(photo)
    without_xmp = metadata_of(pf.jpeg(iptc=iptc[:60_000]))

    assert metadata.title == "t" * 256
    assert metadata.description == "d" * 2_000
    assert len(metadata.keywords or []) == 100
    assert {len(keyword) for keyword in without_xmp.keywords or []} == {64}
    assert len(json.dumps(plain_metadata_of(photo))) < 32_768


ENTITIES = "".join(
    f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' if n else '<!ENTITY e0 "lol">' for n in range(12)
)


@pytest.mark.parametrize(
    "document_type",
    [
        '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE x SYSTEM "http://127.0.0.1:1/x.dtd">',
        f"<!DOCTYPE x [{ENTITIES}]>",
        '<!DOCTYPE x [<!ENTITY e "expanded"><!ENTITY e11 "">]>',
    ],
    ids=["external entity", "external document type", "billion laughs", "one laugh"],
)
def test_no_entity_of_xmp_is_expanded(document_type: str) -> None:
    document = pf.xmp("<dc:title>&e;&e11;</dc:title>").replace(
        b"<x:xmpmeta", document_type.encode() + b"<x:xmpmeta", 1
    )

    with cpu_within(1):
        assert metadata_of(pf.jpeg(xmp=document)).title is None


def test_values_before_an_error_in_xmp_are_kept() -> None:
    whole = pf.xmp("<dc:title>kept</dc:title><dc:description>lost</dc:description>")

    metadata = metadata_of(pf.jpeg(xmp=whole[: whole.index(b"lost") + 2]))

    assert (metadata.title, metadata.description) == ("kept", None)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig"])
def test_xmp_is_read_in_every_encoding_of_unicode(encoding: str) -> None:
    document = pf.xmp("<dc:title>Öl</dc:title>").decode().partition("?>\n")[2]

    assert metadata_of(pf.jpeg(xmp=document.encode(encoding))).title == "Öl"


@given(st.binary(max_size=300), st.binary(max_size=300), st.binary(max_size=300))
@settings(max_examples=200, deadline=None)
def test_no_block_of_metadata_fails_the_step(exif: bytes, xmp: bytes, iptc: bytes) -> None:
    result = extracted(pf.jpeg(exif=b"II*\0" + exif, xmp=b"<x" + xmp, iptc=b"\x1c" + iptc))

    assert (result.image.width_px, result.image.height_px) == (40, 30)


@given(st.data())
@settings(max_examples=300, deadline=None)
def test_no_damage_to_exif_fails_the_step(data: st.DataObject) -> None:
    block = bytearray(FULL)
    for _ in range(data.draw(st.integers(1, 8))):
        block[data.draw(st.integers(4, len(block) - 1))] = data.draw(st.integers(0, 255))

    result = extracted(pf.jpeg(exif=bytes(block[: data.draw(st.integers(8, len(block)))])))

    json.dumps(plain_metadata_of(pf.jpeg(exif=bytes(block))), allow_nan=False)
    assert result.image.format == "JPEG"


@pytest.mark.parametrize(
    "block",
    [
        b"II*\0\x08\0\0\0\xff\xff" + pf.tiff_block([pf.Tag(pf.GPS_IFD, 4, [8])])[10:22] * 5_000,
        pf.tiff_block([pf.Tag(0x9000 + n, 1, b"x", 999, 8) for n in range(1, 5_000)]),
        pf.tiff_block([pf.Tag(pf.EXIF_IFD, pf.LONG, [8]), pf.Tag(pf.GPS_IFD, pf.LONG, [8])]),
        pf.tiff_block([pf.text(pf.MAKE, "A")], next_ifd=8),
    ],
    ids=["pointers to pointers", "values on values", "own directory", "own next page"],
)
def test_a_hostile_directory_is_read_within_a_second(block: bytes) -> None:
    with cpu_within(1):
        extracted(pf.jpeg(exif=block[:65_000]))
