# /// script
# requires-python = ">=3.11"
# dependencies = ["pillow==13.0.0", "pillow-heif==1.8.1", "scikit-image==0.26.0"]
# ///
"""Make the photos of `make demo`, the same bytes each time: `uv run --script` this file.

In   the pictures that scikit-image's wheel carries, and nothing else
Out  local/photos/ and its README.md: source, licence, SHA-256, what each is for

The pictures are real and openly licensed. The camera, the time and the place of each are made
up, so that the demo has something to find. pillow-heif encodes HEIC with x265 (GPL), so it stays
in this script's own environment and is no dependency of the project.
"""

import hashlib
import importlib.util
import struct
from collections.abc import Iterable
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from PIL import ExifTags, Image, ImageCms, PngImagePlugin
from pillow_heif import register_heif_opener

PHOTOS = Path(__file__).parent.parent / "local" / "photos"
Base, Gps, Ifd = ExifTags.Base, ExifTags.GPS, ExifTags.IFD

CC0 = "CC0 1.0"
PUBLIC_DOMAIN = "public domain"
COLLECTION = "https://scikit-image.org/docs/stable/api/skimage.data.html"


@dataclass(frozen=True)
class Place:
    """Where, in WGS 84: degrees, north and east positive, and metres above the sea."""

    latitude: float
    longitude: float
    altitude_m: float


@dataclass(frozen=True)
class Shot:
    """One photo: the picture it is made of, and what its metadata is to say."""

    file: str
    picture: str  # in skimage/data
    credit: str
    licence: str
    purpose: str
    make: str = ""
    model: str = ""
    lens: str = ""
    taken: str = ""  # 2015:02:11 18:03:32, as the camera's clock said
    offset: str = ""  # -05:00
    exposure_s: float = 0
    f_number: float = 0
    iso: int = 0
    focal_length_mm: float = 0
    place: Place | None = None
    orientation: int = 1
    crop: tuple[int, int, int, int] | None = None  # left, top, right, bottom
    display_p3: bool = False
    title: str = ""
    iptc_keywords: tuple[str, ...] = ()
    xmp_keywords: tuple[str, ...] = ()
    save: dict[str, Any] = field(default_factory=dict)  # options of Pillow's encoder


SHOTS = (
    Shot(
        file="astronaut.jpg",
        picture="astronaut.png",
        credit="NASA, Eileen Collins, https://flic.kr/p/r9qvLn",
        licence=PUBLIC_DOMAIN,
        purpose="orientation 6: the pixels lie on their side; EXIF and GPS west of Greenwich",
        make="NIKON CORPORATION",
        model="NIKON D3X",
        lens="85.0 mm f/1.4",
        taken="2011:05:17 10:42:09",
        offset="-05:00",
        exposure_s=1 / 160,
        f_number=5.6,
        iso=200,
        focal_length_mm=85,
        place=Place(29.559722, -95.089444, 6.5),
        orientation=6,
        crop=(40, 0, 424, 512),
        title="Eileen Collins",
        xmp_keywords=("astronaut", "portrait", "NASA"),
        save={"quality": 90},
    ),
    Shot(
        file="camera.png",
        picture="camera.png",
        credit="Lav Varshney",
        licence=CC0,
        purpose="a gray PNG; a time without an offset, so that UTC stays unknown",
        make="OLYMPUS IMAGING CORP.",
        model="E-M5",
        taken="2013:11:02 15:20:47",
        exposure_s=1 / 500,
        f_number=8,
        iso=200,
        focal_length_mm=45,
        title="Man with a camera",
    ),
    Shot(
        file="chelsea.jpg",
        picture="chelsea.png",
        credit="Stefan van der Walt",
        licence=CC0,
        purpose="Display P3: the colors must become sRGB before the profile is dropped",
        make="Apple",
        model="iPhone 12",
        lens="iPhone 12 back dual wide camera 4.2mm f/1.6",
        taken="2021:08:14 09:31:25",
        offset="+02:00",
        exposure_s=1 / 60,
        f_number=1.6,
        iso=320,
        focal_length_mm=4.2,
        place=Place(-33.932105, 18.860152, 136),
        display_p3=True,
        title="Chelsea",
        xmp_keywords=("cat", "pet", "Stellenbosch"),
        save={"quality": 90},
    ),
    Shot(
        file="coffee.heic",
        picture="coffee.png",
        credit="Rachel Michetti, courtesy of Pikolo Espresso Bar",
        licence=CC0,
        purpose="HEIC, as phones write it",
        make="Apple",
        model="iPhone 8",
        lens="iPhone 8 back camera 3.99mm f/1.8",
        taken="2018:04:07 11:05:58",
        offset="-04:00",
        exposure_s=1 / 100,
        f_number=1.8,
        iso=40,
        focal_length_mm=3.99,
        place=Place(45.508742, -73.569167, 38),
        title="Espresso",
        save={"quality": 70},
    ),
    Shot(
        file="hubble.avif",
        picture="hubble_deep_field.jpg",
        credit="NASA, ESA, Hubble eXtreme Deep Field",
        licence=PUBLIC_DOMAIN,
        purpose="AVIF; a picture from a space telescope: neither time nor place",
        title="Hubble eXtreme Deep Field",
        xmp_keywords=("galaxies", "Hubble"),
        save={"quality": 65, "speed": 6, "max_threads": 1},
    ),
    Shot(
        file="rocket.jpg",
        picture="rocket.jpg",
        credit="SpaceX, Falcon 9 with DSCOVR",
        licence=PUBLIC_DOMAIN,
        purpose="keywords from IPTC and from XMP, one of them in both; an exposure of seconds",
        make="Canon",
        model="Canon EOS 5D Mark III",
        lens="EF24-70mm f/2.8L II USM",
        taken="2015:02:11 18:03:32",
        offset="-05:00",
        exposure_s=2.5,
        f_number=11,
        iso=100,
        focal_length_mm=52,
        place=Place(28.561857, -80.577366, 3),
        title="Lift-off <DSCOVR>",
        iptc_keywords=("rocket", "Cape Canaveral", "fusée & lumière"),
        xmp_keywords=("rocket", "launch"),
        save={"quality": 88},
    ),
)


def main() -> None:
    """Write every photo and the README."""
    register_heif_opener()
    PHOTOS.mkdir(exist_ok=True)
    rows = []
    for shot in SHOTS:
        body = encode(shot)
        rows.append((shot.file, f"{shot.picture}: {shot.credit}", shot.licence, shot.purpose, body))

    chelsea = rows[[row[0] for row in rows].index("chelsea.jpg")]
    rows.append(
        (
            "cut-short.jpg",
            "chelsea.jpg, its first 60 %",
            chelsea[2],
            "an interrupted upload: the lower part is missing",
            chelsea[4][: len(chelsea[4]) * 6 // 10],
        )
    )
    text = b"This is no photo, whatever its name says.\n"
    rows.append(("not-a-photo.jpg", "this script", CC0, "text named .jpg: must be rejected", text))

    for file, *_, body in rows:
        (PHOTOS / file).write_bytes(body)
    (PHOTOS / "README.md").write_text(readme(rows), encoding="utf-8")


def encode(shot: Shot) -> bytes:
    """Return the photo's file, metadata included."""
    picture: Image.Image = Image.open(data_folder() / shot.picture)
    picture.load()
    picture.info.clear()
    if shot.crop:
        picture = picture.crop(shot.crop)
    if shot.orientation == 6:  # noqa: PLR2004  # EXIF's number for: turn clockwise to show
        picture = picture.transpose(Image.Transpose.ROTATE_90)
    options = dict(shot.save)
    if shot.display_p3:
        options["icc_profile"] = profile = display_p3_profile()
        picture = to_profile(picture, profile)

    options["exif"] = exif(shot)
    if shot.file.endswith(".png"):
        chunks = PngImagePlugin.PngInfo()
        chunks.add_itxt("XML:com.adobe.xmp", xmp(shot).decode())
        options["pnginfo"] = chunks
    else:
        options["xmp"] = xmp(shot)
    if shot.iptc_keywords:
        options["extra"] = iptc_segment(shot.iptc_keywords)

    body = BytesIO()
    picture.save(body, format=Image.registered_extensions()[Path(shot.file).suffix], **options)
    return body.getvalue()


def data_folder() -> Path:
    """Return scikit-image's folder of pictures, without importing scikit-image."""
    package = importlib.util.find_spec("skimage")
    if package is None or package.origin is None:
        raise SystemExit("scikit-image is missing: start this file with `uv run --script`")
    return Path(package.origin).parent / "data"


def exif(shot: Shot) -> bytes:
    """Return the EXIF block, with the tags that `shot` has values for."""
    block = Image.Exif()
    texts = {Base.Make: shot.make, Base.Model: shot.model, Base.ImageDescription: shot.title}
    block.update({tag: text for tag, text in texts.items() if text})
    block[Base.Copyright] = f"{shot.credit}; {shot.licence}"
    if shot.orientation != 1:
        block[Base.Orientation] = shot.orientation
    if shot.taken:
        block.get_ifd(Ifd.Exif).update(
            {
                tag: value
                for tag, value in {
                    Base.DateTimeOriginal: shot.taken,
                    Base.OffsetTimeOriginal: shot.offset,
                    Base.ExposureTime: shot.exposure_s,
                    Base.FNumber: shot.f_number,
                    Base.ISOSpeedRatings: shot.iso,
                    Base.FocalLength: shot.focal_length_mm,
                    Base.LensModel: shot.lens,
                }.items()
                if value
            }
        )
    if shot.place:
        block.get_ifd(Ifd.GPSInfo).update(
            {
                Gps.GPSVersionID: b"\x02\x03\x00\x00",
                Gps.GPSLatitudeRef: "N" if shot.place.latitude >= 0 else "S",
                Gps.GPSLatitude: degrees_minutes_seconds(shot.place.latitude),
                Gps.GPSLongitudeRef: "E" if shot.place.longitude >= 0 else "W",
                Gps.GPSLongitude: degrees_minutes_seconds(shot.place.longitude),
                Gps.GPSAltitudeRef: b"\x00",
                Gps.GPSAltitude: shot.place.altitude_m,
            }
        )
    return block.tobytes()


def degrees_minutes_seconds(degrees: float) -> tuple[int, int, float]:
    """Return unsigned degrees, minutes, seconds, as EXIF writes a coordinate."""
    minutes, seconds = divmod(round(abs(degrees) * 3600, 4), 60)
    whole, minutes = divmod(int(minutes), 60)
    return whole, minutes, round(seconds, 4)


def xmp(shot: Shot) -> bytes:
    """Return an XMP packet of title and keywords."""
    keywords = "".join(f"<rdf:li>{escape(word)}</rdf:li>" for word in shot.xmp_keywords)
    return (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'
        '<x:xmpmeta xmlns:x="adobe:ns:meta/">'
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        '<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/">'
        '<dc:title><rdf:Alt><rdf:li xml:lang="x-default">'
        f"{escape(shot.title)}</rdf:li></rdf:Alt></dc:title>"
        f"<dc:subject><rdf:Bag>{keywords}</rdf:Bag></dc:subject>"
        '</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="r"?>'
    ).encode()


def iptc_segment(keywords: Iterable[str]) -> bytes:
    """Return a JPEG APP13 segment with an IPTC block of keywords.

    Source: IPTC-IIM 4.2 (records 1:90 and 2:25); Photoshop's image resource 0x0404.
    """
    records = [(1, 90, b"\x1b%G")]  # ISO 2022 for: what follows is UTF-8
    records += [(2, 25, word.encode()) for word in keywords]
    iim = b"".join(struct.pack(">BBBH", 0x1C, *head, len(text)) + text for *head, text in records)
    resource = b"8BIM" + struct.pack(">HHL", 0x0404, 0, len(iim)) + iim + b"\0" * (len(iim) % 2)
    body = b"Photoshop 3.0\0" + resource
    return b"\xff\xed" + struct.pack(">H", len(body) + 2) + body


def to_profile(picture: Image.Image, profile: bytes) -> Image.Image:
    """Convert sRGB pixels to `profile`, so that the picture looks as before."""
    converted = ImageCms.profileToProfile(
        picture, ImageCms.createProfile("sRGB"), ImageCms.ImageCmsProfile(BytesIO(profile))
    )
    if converted is None:  # only where converting in place
        raise TypeError("profileToProfile returned no picture")
    return converted


def display_p3_profile() -> bytes:
    """Return a Display P3 profile of our own: three primaries and sRGB's curve.

    Source: ICC.1:2022, 7.2 (header), 10.13 (mluc), 10.18 (para), 10.31 (XYZ); the primaries of
    SMPTE EG 432-1 with the D65 white, adapted to D50 by Bradford.
    """
    white = (0.9642, 1.0, 0.8249)
    red, green, blue = (
        (0.515121, 0.241196, -0.001053),
        (0.291977, 0.692245, 0.041885),
        (0.157104, 0.066574, 0.784073),
    )
    adaptation = (
        *(1.047882, 0.022919, -0.050201),
        *(0.029587, 0.990479, -0.017059),
        *(-0.009232, 0.015076, 0.751678),
    )
    curve = b"para" + struct.pack(">LHH", 0, 3, 0)
    curve += fixed((2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045))
    tags = {
        b"desc": unicode_text("Display P3"),
        b"cprt": unicode_text("CC0"),
        b"wtpt": b"XYZ \0\0\0\0" + fixed(white),
        b"chad": b"sf32\0\0\0\0" + fixed(adaptation),
        b"rXYZ": b"XYZ \0\0\0\0" + fixed(red),
        b"gXYZ": b"XYZ \0\0\0\0" + fixed(green),
        b"bXYZ": b"XYZ \0\0\0\0" + fixed(blue),
        b"rTRC": curve,
        b"gTRC": curve,
        b"bTRC": curve,
    }
    table, body = struct.pack(">L", len(tags)), b""
    for name, content in tags.items():
        table += name + struct.pack(">LL", 128 + 4 + 12 * len(tags) + len(body), len(content))
        body += content + b"\0" * (-len(content) % 4)
    header = struct.pack(">L4xL", 128 + len(table) + len(body), 0x04300000) + b"mntrRGB XYZ "
    header += struct.pack(">6H", 2024, 1, 1, 0, 0, 0) + b"acsp".ljust(32, b"\0") + fixed(white)
    return header.ljust(128, b"\0") + table + body


def fixed(numbers: Iterable[float]) -> bytes:
    """Return ICC's signed 16.16 numbers."""
    return b"".join(struct.pack(">l", round(number * 65536)) for number in numbers)


def unicode_text(text: str) -> bytes:
    """Return ICC's text in one language."""
    encoded = text.encode("utf-16-be")
    return b"mluc" + struct.pack(">LLL4sLL", 0, 1, 12, b"enUS", len(encoded), 28) + encoded


def readme(rows: Iterable[tuple[str, str, str, str, bytes]]) -> str:
    """Return local/photos/README.md."""
    table = "\n".join(
        f"| `{file}` | {purpose} | {source} | {licence} | `{hashlib.sha256(body).hexdigest()}` |"
        for file, source, licence, purpose, body in rows
    )
    return f"""# The photos of `make demo`

Made by `uv run --script tools/make_demo_photos.py` from pictures in
[scikit-image's wheel]({COLLECTION}), which states their
sources and licenses. **Cropped, turned, re-encoded, and given cameras, times and places that are
made up.** A test compares the SHA-256 sums with the files.

| file | what it shows | source | license | SHA-256 |
|---|---|---|---|---|
{table}
"""


if __name__ == "__main__":
    main()
