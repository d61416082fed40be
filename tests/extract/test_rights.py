"""Creator, copyright and rating are read from every block that states them, in a fixed order."""

import pytest

import photofiles as pf
from reading import extracted, metadata_of
from shared.contracts import Camera
from shared.limits import MAX_TAG_CHARACTERS

ARTIST, COPYRIGHT, XP_AUTHOR = 0x013B, 0x8298, 0x9C9D
RATING, RATING_PERCENT = 0x4746, 0x4749
WINDOWS = "xmlns:MicrosoftPhoto='http://ns.microsoft.com/photo/1.0/' MicrosoftPhoto:Rating='{}'"
XMP_RATING = "xmlns:xmp='http://ns.adobe.com/xap/1.0/' xmp:Rating='{}'"


def creator_of(
    *exif: pf.Tag, xmp: tuple[str, ...] = (), iptc: tuple[bytes, ...] = ()
) -> str | None:
    names = "".join(f"<rdf:li>{name}</rdf:li>" for name in xmp)
    document = pf.xmp(f"<dc:creator><rdf:Seq>{names}</rdf:Seq></dc:creator>")
    records = b"".join(pf.dataset(80, name) for name in iptc)
    photo = pf.jpeg(exif=pf.tiff_block(exif), xmp=document, iptc=records)
    return metadata_of(photo).creator


def copyright_of(*exif: pf.Tag, xmp: str = "", iptc: bytes = b"") -> str | None:
    document = pf.xmp(
        "<dc:rights><rdf:Alt><rdf:li xml:lang='fr'>autre</rdf:li>"
        f"<rdf:li xml:lang='x-default'>{xmp}</rdf:li></rdf:Alt></dc:rights>"
        if xmp
        else ""
    )
    photo = pf.jpeg(exif=pf.tiff_block(exif), xmp=document, iptc=pf.dataset(116, iptc))
    return metadata_of(photo).copyright


def test_the_creator_is_that_of_exif_then_xmp_then_iptc_then_windows() -> None:
    artist, windows = pf.text(ARTIST, "Ada; Grace"), pf.xp(XP_AUTHOR, "Windows;Ω")
    xmp, iptc = ("Jürgen", "Алла"), (b"J\xfcrgen", b"Alan")

    assert creator_of(artist, windows, xmp=xmp, iptc=iptc) == "Ada; Grace"
    assert creator_of(windows, xmp=xmp, iptc=iptc) == "Jürgen; Алла"
    assert creator_of(windows, iptc=iptc) == "Jürgen; Alan"
    assert creator_of(windows) == "Windows; Ω"
    assert creator_of() is None


def test_the_copyright_is_that_of_exif_then_xmp_then_iptc() -> None:
    notice = pf.text(COPYRIGHT, "© EXIF")

    assert copyright_of(notice, xmp="© XMP", iptc=b"\xa9 IPTC") == "© EXIF"
    assert copyright_of(xmp="© XMP", iptc=b"\xa9 IPTC") == "© XMP"
    assert copyright_of(iptc=b"\xa9 IPTC") == "© IPTC"
    assert copyright_of() is None


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (b"Ada 1843\0Grace 1952\0", "Ada 1843; Grace 1952"),
        (b"Ada 1843\0", "Ada 1843"),
        (b"Ada 1843", "Ada 1843"),
        (b" \0Grace 1952\0", "Grace 1952"),
        (b"\0\0\0", None),
        (b"     \0", None),
        (b"Ada\0\0Grace", "Ada"),
    ],
)
@pytest.mark.parametrize("order", ["<", ">"])
def test_the_editors_copyright_follows_the_photographers(
    value: bytes, expected: str | None, order: str
) -> None:
    tag = pf.Tag(COPYRIGHT, pf.ASCII, value)

    assert copyright_of(tag) == expected
    whole = pf.tiff_file([tag], order="<" if order == "<" else ">")
    assert metadata_of(whole).copyright == expected


@pytest.mark.parametrize("filler", ["", "   ", "????", "-", "SAMSUNG", "OLYMPUS DIGITAL CAMERA"])
def test_what_nobody_wrote_hides_no_creator_and_no_copyright(filler: str) -> None:
    assert creator_of(pf.text(ARTIST, filler), xmp=("Ada",)) == "Ada"
    assert copyright_of(pf.text(COPYRIGHT, filler), xmp="© Ada") == "© Ada"
    assert creator_of(pf.text(ARTIST, filler)) is None


def test_creator_and_copyright_are_clean_and_limited_in_length() -> None:
    long = "\u202eA\uffff" + "a" * 1_000

    assert creator_of(pf.text(ARTIST, long)) == "A" + "a" * (MAX_TAG_CHARACTERS - 1)
    assert copyright_of(pf.text(COPYRIGHT, long)) == "A" + "a" * (MAX_TAG_CHARACTERS - 1)


def test_a_copyright_of_numbers_is_none() -> None:
    assert copyright_of(pf.Tag(COPYRIGHT, pf.SHORT, [0x4141, 0x4141])) is None


@pytest.mark.parametrize(
    ("stated", "expected"),
    [
        ("1", 1),
        ("5", 5),
        ("3.0", 3),
        ("-1", -1),
        ("-1.0", -1),
        ("0", None),
        ("", None),
        ("6", None),
        ("-2", None),
        ("NaN", None),
        ("five", None),
        ("4.9", 4),
    ],
)
def test_stars_are_one_to_five_and_minus_one_is_rejected(stated: str, expected: int | None) -> None:
    document = pf.xmp(attributes=XMP_RATING.format(stated))

    assert metadata_of(pf.jpeg(xmp=document)).rating == expected


@pytest.mark.parametrize(
    ("percent", "stars"),
    [(0, None), (1, 1), (12, 1), (25, 2), (50, 3), (75, 4), (99, 5), (100, 5), (101, None)],
)
def test_windows_percent_are_stars(percent: int, stars: int | None) -> None:
    document = pf.xmp(attributes=WINDOWS.format(percent))
    block = pf.tiff_block([pf.Tag(RATING_PERCENT, pf.SHORT, [percent])])

    assert metadata_of(pf.jpeg(xmp=document)).rating == stars
    assert metadata_of(pf.jpeg(exif=block)).rating == stars


def test_a_rating_of_xmp_comes_before_that_of_exif_and_stars_before_percent() -> None:
    block = pf.tiff_block([pf.Tag(RATING, pf.SHORT, [2]), pf.Tag(RATING_PERCENT, pf.SHORT, [75])])
    windows = WINDOWS.format(99)

    def rating(attributes: str) -> int | None:
        return metadata_of(pf.jpeg(exif=block, xmp=pf.xmp(attributes=attributes))).rating

    assert rating(f"{windows} {XMP_RATING.format(4)}") == 4
    assert rating(f"{windows} {XMP_RATING.format(0)}") is None  # a person took it back
    assert rating(f"{windows} {XMP_RATING.format('x')}") == 2
    assert rating(windows) == 2


def test_a_camera_is_read_from_xmp_where_exif_has_none() -> None:
    namespaces = (
        "xmlns:tiff='http://ns.adobe.com/tiff/1.0/' xmlns:exifEX='http://cipa.jp/exif/1.0/'"
    )
    stated = (
        "tiff:Make='ACME' tiff:Model='One' aux:Lens='old 50 mm' exifEX:LensModel='50 mm'"
        " exif:FNumber='28/10' exif:ExposureTime='1/250' exif:FocalLength='50/1'"
    )
    iso = "<exif:ISOSpeedRatings><rdf:Seq><rdf:li>400</rdf:li></rdf:Seq></exif:ISOSpeedRatings>"
    document = pf.xmp(iso, f"{namespaces} {stated}")
    whole = Camera(
        make="ACME",
        model="One",
        lens="50 mm",
        iso=400,
        f_number=2.8,
        exposure_s=0.004,
        focal_length_mm=50,
    )
    block = pf.tiff_block(
        [pf.text(pf.MAKE, "Other"), pf.text(pf.MODEL, " ")],
        [pf.Tag(pf.ISO, pf.SHORT, [100]), pf.Tag(pf.F_NUMBER, pf.RATIONAL, [0, 0])],
    )

    assert metadata_of(pf.jpeg(xmp=document)).camera == whole
    mixed = extracted(pf.jpeg(exif=block, xmp=document)).metadata.camera
    assert mixed is not None
    assert (mixed.make, mixed.model, mixed.iso, mixed.f_number) == ("Other", "One", 100, 2.8)
    sensitivity = pf.xmp(attributes=f"{namespaces} exifEX:PhotographicSensitivity='100000'")
    assert metadata_of(pf.jpeg(xmp=sensitivity)).camera == Camera(iso=100_000)
