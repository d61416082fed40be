"""The people whom a file names are returned once each, with boxes in the upright picture."""

from pathlib import Path
from xml.sax.saxutils import quoteattr

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageOps

import photofiles as pf
from cputime import cpu_within
from extract.people import read_people
from extract.xmp import Xmp
from reading import metadata_of
from shared.contracts import BoundingBox, Person
from shared.limits import MAX_PEOPLE, MAX_PERSON_CHARACTERS

NAMESPACES = " ".join(
    f'xmlns:{prefix}="{uri}"'
    for prefix, uri in {
        "mwg-rs": "http://www.metadataworkinggroup.com/schemas/regions/",
        "stArea": "http://ns.adobe.com/xmp/sType/Area#",
        "stDim": "http://ns.adobe.com/xap/1.0/sType/Dimensions#",
        "MP": "http://ns.microsoft.com/photo/1.2/",
        "MPRI": "http://ns.microsoft.com/photo/1.2/t/RegionInfo#",
        "MPReg": "http://ns.microsoft.com/photo/1.2/t/Region#",
        "Iptc4xmpExt": "http://iptc.org/std/Iptc4xmpExt/2008-02-29/",
        "xmpMM": "http://ns.adobe.com/xap/1.0/mm/",
    }.items()
)
Sides = tuple[float | str, float | str, float | str, float | str]
RESOURCE = "rdf:parseType='Resource'"
ADA = [Person(name="Ada", boxes=[BoundingBox(left=0.5, top=0.25, width=0.25, height=0.125)])]
ADA_AREA: Sides = (0.625, 0.3125, 0.25, 0.125)  # center, size


def document(*properties: str) -> bytes:
    return pf.xmp("".join(properties), NAMESPACES)


def area(sides: Sides = ADA_AREA) -> str:
    stated = zip("xywh", sides, strict=True)
    return " ".join(f"stArea:{name}='{side}'" for name, side in stated)


def face(name: str = "Ada", sides: Sides = ADA_AREA, kind: str | None = "Face") -> str:
    """Return one region, as digiKam writes it."""
    stated = f"mwg-rs:Name={quoteattr(name)}" + (f" mwg-rs:Type='{kind}'" if kind else "")
    inside = f"<mwg-rs:Area {area(sides)} stArea:unit='normalized'/>"
    return f"<rdf:li><rdf:Description {stated}>{inside}</rdf:Description></rdf:li>"


def mwg(*regions: str, applied_to: tuple[int, int] | None = None) -> str:
    size = "" if applied_to is None else "<mwg-rs:AppliedToDimensions stDim:w='{}' stDim:h='{}'/>"
    listed = f"<mwg-rs:RegionList><rdf:Bag>{''.join(regions)}</rdf:Bag></mwg-rs:RegionList>"
    inside = size.format(*applied_to or ()) + listed
    return f"<mwg-rs:Regions {RESOURCE}>{inside}</mwg-rs:Regions>"


def microsoft(*people: tuple[str, str]) -> str:
    items = "".join(
        f"<rdf:li MPReg:Rectangle={quoteattr(box)} MPReg:PersonDisplayName={quoteattr(name)}/>"
        for name, box in people
    )
    return (
        f"<MP:RegionInfo {RESOURCE}><MPRI:Regions><rdf:Bag>{items}"
        "</rdf:Bag></MPRI:Regions></MP:RegionInfo>"
    )


def people(
    *properties: str, orientation: int = 1, width: int = 400, height: int = 300
) -> list[Person]:
    return read_people(Xmp(document(*properties)), width, height, orientation)


ELEMENTS = (
    f"<mwg-rs:Area {RESOURCE}><stArea:x>0.625</stArea:x><stArea:y> 0.3125\n</stArea:y>"
    "<stArea:w>0.25</stArea:w><stArea:h>0.125</stArea:h></mwg-rs:Area>"
    "<mwg-rs:Name>Ada</mwg-rs:Name><mwg-rs:Type>Face</mwg-rs:Type>"
)
DESCRIPTIONS = (
    "<mwg-rs:RegionList><rdf:Seq><rdf:li mwg-rs:Name='Ada'><mwg-rs:Area>"
    f"<rdf:Description {area()}/></mwg-rs:Area></rdf:li></rdf:Seq></mwg-rs:RegionList>"
)
MICROSOFTS = (
    f"<MPRI:Regions><rdf:Bag><rdf:li {RESOURCE}>"
    "<MPReg:Rectangle>0.5, 0.25, 0.25, 0.125</MPReg:Rectangle>"
    "<MPReg:PersonDisplayName>Ada</MPReg:PersonDisplayName></rdf:li></rdf:Bag></MPRI:Regions>"
)


@pytest.mark.parametrize(
    "written",
    [
        mwg(face()),
        mwg(face(), applied_to=(400, 300)),
        mwg(f"<rdf:li {RESOURCE}>{ELEMENTS}</rdf:li>"),
        f"<mwg-rs:Regions><rdf:Description>{DESCRIPTIONS}</rdf:Description></mwg-rs:Regions>",
        microsoft(("Ada", "0.5, 0.25, 0.25, 0.125")),
        microsoft(("Ada", "0.5,0.25,0.25,0.125")),
        f"<MP:RegionInfo><rdf:Description>{MICROSOFTS}</rdf:Description></MP:RegionInfo>",
    ],
    ids=[
        "attributes",
        "with a size",
        "resources",
        "descriptions",
        "Microsoft",
        "Microsoft without blanks",
        "Microsoft as elements",
    ],
)
def test_a_face_is_read_however_xmp_writes_it(written: str) -> None:
    assert people(written) == ADA


def test_a_face_is_read_from_every_container() -> None:
    xmp = document(mwg(face()))

    for photo in (pf.jpeg(xmp=xmp), pf.png(pf.xmp_chunk(xmp)), pf.webp(xmp=xmp), pf.heif(xmp=xmp)):
        assert metadata_of(photo).people == ADA
    assert metadata_of(pf.tiff_file([pf.Tag(0x02BC, pf.BYTE, xmp)])).people == ADA


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["mwg", "microsoft"])
def test_a_box_is_around_the_same_pixels_in_the_upright_picture(
    kind: str, orientation: int
) -> None:
    stored = Image.new("L", (40, 20))
    stored.paste(255, (4, 6, 12, 10))  # the face
    stored.getexif()[0x0112] = orientation
    upright = ImageOps.exif_transpose(stored)
    listed = {
        "mwg": mwg(face(sides=(0.2, 0.4, 0.2, 0.2)), applied_to=(400, 200)),
        "microsoft": microsoft(("Ada", "0.1, 0.3, 0.2, 0.2")),
    }[kind]

    [ada] = people(listed, orientation=orientation, width=40, height=20)

    [box] = ada.boxes
    left, top = box.left * upright.width, box.top * upright.height
    right, bottom = left + box.width * upright.width, top + box.height * upright.height
    assert tuple(map(round, (left, top, right, bottom))) == upright.getbbox()


def test_the_step_turns_boxes_with_the_orientation_of_the_file() -> None:
    exif = pf.tiff_block([pf.Tag(pf.ORIENTATION, pf.SHORT, [6])])
    xmp = document(mwg(face(sides=(0.2, 0.4, 0.2, 0.1)), applied_to=(4000, 3000)))
    photos = (
        pf.jpeg(exif=exif, xmp=xmp, width_px=40, height_px=30),
        pf.heif(exif=exif, xmp=xmp, transforms=[pf.irot(3)]),
    )

    for photo in photos:
        box = BoundingBox(left=0.55, top=0.1, width=0.1, height=0.2)
        assert metadata_of(photo).people == [Person(name="Ada", boxes=[box])]


@pytest.mark.photos
def test_faces_of_a_turned_photo_are_where_those_of_the_upright_one_are(
    photos_folder: Path,
) -> None:
    folder = photos_folder / "immich-test-assets" / "metadata" / "faces"
    upright, turned = (
        metadata_of((folder / name).read_bytes()).people or []
        for name in ("portrait.jpg", "portrait-orientation-6.jpg")
    )

    assert [person.name for person in upright] == ["Marie Curie", "Pierre Curie"]
    assert turned == upright


@pytest.mark.parametrize(
    ("orientation", "applied_to", "expected"),
    [
        (1, (4000, 3000), "as stated"),
        (1, (4000, 3001), "as stated"),  # a smaller copy
        (6, (3000, 4000), "as stated"),  # of the upright picture
        (8, (3000, 4000), "as stated"),
        (1, (3000, 4000), "no box"),  # turned later, to the left or to the right
        (3, (3000, 4000), "no box"),
        (1, (4000, 2250), "no box"),  # cut later
        (6, (2250, 4000), "no box"),
        (1, (0, 3000), "as stated"),  # no size
        (1, (-4000, -3000), "as stated"),
    ],
)
def test_a_box_of_other_pixels_is_left_out_and_its_name_is_kept(
    orientation: int, applied_to: tuple[int, int], expected: str
) -> None:
    found = people(mwg(face(), applied_to=applied_to), orientation=orientation)

    assert found == (ADA if expected == "as stated" else [Person(name="Ada")])


@pytest.mark.parametrize(
    ("kind", "is_somebody"),
    [
        ("Face", True),
        ("Pet", True),
        (None, True),
        ("Focus", False),
        ("BarCode", False),
        ("Object", False),
    ],
)
def test_faces_and_pets_are_people_and_other_regions_are_not(
    kind: str | None, *, is_somebody: bool
) -> None:
    assert people(mwg(face(kind=kind))) == (ADA if is_somebody else [])


@pytest.mark.parametrize("name", ["", " ", "\u200e\u202e"])
def test_a_region_without_a_name_is_nobody(name: str) -> None:
    found = people(mwg(face(name)), microsoft((name, "0, 0, 1, 1")))

    assert found == []
    assert metadata_of(pf.jpeg(xmp=document(mwg(face(name))))).people is None


def test_each_name_is_returned_once_with_the_boxes_of_the_first_standard() -> None:
    named = pf.bag("Iptc4xmpExt:PersonInImage", "ADA", "Grace", "Alan", "alan")
    found = people(
        named,
        microsoft(("ada", "0, 0, 1, 1"), ("Grace", "0, 0, 0.5, 1")),
        mwg(face(), face("Edsger")),
    )

    half = BoundingBox(left=0, top=0, width=0.5, height=1)
    assert found == [
        *ADA,
        Person(name="Edsger", boxes=ADA[0].boxes),
        Person(name="Grace", boxes=[half]),
        Person(name="Alan"),
    ]


def test_a_person_who_is_seen_twice_has_two_boxes() -> None:
    found = people(mwg(face(), face("ADA", (0.1, 0.1, 0.2, 0.2)), face()))

    [ada] = found
    assert ada.boxes == [*ADA[0].boxes, BoundingBox(left=0, top=0, width=0.2, height=0.2)]


def test_names_are_clean_and_limited_in_length_and_number() -> None:
    [person] = people(mwg(face("\u202eAda\tLovelace" + "e" * 100)))
    crowd = people(mwg(*(face(f"Person {number}") for number in range(2 * MAX_PEOPLE))))
    one = people(mwg(*(face(sides=(0.5, 0.5, 0.5, n / 1000)) for n in range(1, 500))))

    assert person.name == "Ada Lovelace".ljust(MAX_PERSON_CHARACTERS, "e")
    assert [one.name for one in crowd] == [f"Person {number}" for number in range(MAX_PEOPLE)]
    assert [len(person.boxes) for person in one] == [MAX_PEOPLE]


@pytest.mark.parametrize(
    ("sides", "box"),
    [
        ((0, 0, 0.5, 0.5), (0, 0, 0.25, 0.25)),
        ((1, 1, 0.5, 0.5), (0.75, 0.75, 0.25, 0.25)),
        ((0.5, 0.5, 9, 9), (0, 0, 1, 1)),
        ((2, 2, 1, 1), None),
        ((0.5, 0.5, 0, 0.1), None),
        ((0.5, 0.5, -0.5, -0.5), None),
        (("NaN", 0.5, 0.1, 0.1), None),
        (("0.5", 0.5, "inf", 0.1), None),
        (("1/0", 0.5, 0.1, 0.1), None),
        (("", 0.5, 0.1, 0.1), None),
        (("1e99", 0.5, 0.1, 0.1), None),
        (("5e-1", "1/2", 0.5, 0.5), (0.25, 0.25, 0.5, 0.5)),
    ],
)
def test_a_box_ends_at_the_edges_of_the_picture_or_is_left_out(
    sides: Sides, box: tuple[float, float, float, float] | None
) -> None:
    [ada] = people(mwg(face(sides=sides)))

    names = ("left", "top", "width", "height")
    assert ada.boxes == ([] if box is None else [BoundingBox(**dict(zip(names, box, strict=True)))])


@pytest.mark.parametrize("rectangle", ["", "0, 0, 1", "0, 0, 1, 1, 1", "a, b, c, d", "0.1 0.1 1 1"])
def test_a_rectangle_that_is_none_leaves_the_name(rectangle: str) -> None:
    assert people(microsoft(("Ada", rectangle))) == [Person(name="Ada")]


def test_a_region_in_pixels_a_circle_or_a_point_leaves_the_name() -> None:
    pixels = face().replace("normalized", "pixel")
    circle = face().replace("stArea:w=", "stArea:d=")

    assert people(mwg(pixels)) == people(mwg(circle)) == [Person(name="Ada")]


def test_regions_of_a_composites_ingredients_are_not_the_photos() -> None:
    listed = mwg(face()) + microsoft(("Grace", "0, 0, 1, 1"))
    named = pf.bag("Iptc4xmpExt:PersonInImage", "Alan")
    inside = f"<rdf:Bag><rdf:li {RESOURCE}>{listed}{named}</rdf:li></rdf:Bag>"

    assert people(f"<xmpMM:Pantry>{inside}</xmpMM:Pantry>") == []
    assert (
        people(
            mwg(
                face().replace(
                    "<mwg-rs:Area", f"<mwg-rs:Extensions>{inside}</mwg-rs:Extensions><mwg-rs:Area"
                )
            )
        )
        == ADA
    )


@pytest.mark.parametrize(
    "listed",
    [
        "<mwg-rs:Name>" * 40_000,
        "<rdf:li>" * 60_000,
        "<rdf:li><rdf:Description mwg-rs:Name='A'/></rdf:li>" * 12_000,
        "<rdf:li mwg-rs:Name='A'/>" * 25_000,
    ],
    ids=["deep names", "deep items", "faces", "items"],
)
def test_hostile_regions_are_read_within_a_second(listed: str) -> None:
    xmp = document(f"<mwg-rs:Regions {RESOURCE}><mwg-rs:RegionList>{listed}")

    with cpu_within(1):
        found = metadata_of(pf.png(pf.xmp_chunk(xmp))).people
    assert len(found or []) <= 1


@given(
    st.tuples(*[st.floats() | st.integers(-2, 2) | st.sampled_from(["", "1/3", "x"])] * 4),
    st.integers(1, 8),
    st.tuples(st.integers(), st.integers()),
)
@settings(max_examples=300, deadline=None)
def test_every_box_lies_within_the_picture(
    sides: Sides, orientation: int, applied_to: tuple[int, int]
) -> None:
    rectangle = ",".join(map(str, sides))
    listed = mwg(face(sides=sides), applied_to=applied_to)

    for found in (people(listed, orientation=orientation), people(microsoft(("Ada", rectangle)))):
        assert [person.name for person in found] == ["Ada"]
        for box in found[0].boxes:
            assert box.left >= 0
            assert box.top >= 0
            assert 0 < box.width <= 1 - box.left + 1e-9
            assert 0 < box.height <= 1 - box.top + 1e-9
