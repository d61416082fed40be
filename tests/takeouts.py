"""A Google Takeout made by code, with every way of naming that people report.

`FILES` says of each photo how its JSON is named, and what the gallery makes of it. Sources:
https://github.com/TheLastGimbus/GooglePhotosTakeoutHelper/issues/8 and /pull/449,
https://github.com/ente/ente/pull/4956, https://github.com/simulot/immich-go/issues/12, /1418 and
/791, https://github.com/Xentraxx/GooglePhotosTakeoutHelper_Neo/issues/29.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = "Takeout/Google Fotos"
YEAR = "Photos from 2019"
LONG = "Screenshot_20220207-102421_com.snapchat.android_of_a_friend"  # 59 characters
HASH = "b7e9d7a0-3c1a-4f3c-9d59-1f2a3b4c5d6e_original_name"


@dataclass(frozen=True)
class Named:
    """A photo, and the name of its JSON file without .json; None if it has none."""

    photo: str
    facts: str | None
    title: str | None = None  # in the JSON; the photo's name, if absent
    name: str | None = None  # in the gallery; the photo's name, if absent


NAMED = [
    Named("IMG_1.jpg", "IMG_1.jpg"),  # until 2024
    Named("IMG_2.jpg", "IMG_2.jpg.supplemental-metadata"),
    Named("IMG_2(1).jpg", "IMG_2.jpg.supplemental-metadata(1)", title="IMG_2.jpg"),
    Named("IMG_1(1).jpg", "IMG_1.jpg(1)", title="IMG_1.jpg"),
    Named("IMG_3(1).jpg", "IMG_3(1).jpg"),  # a number of the photo's own
    Named("IMG_3(1)(1).jpg", "IMG_3(1).jpg.supplemental-metadata(1)", title="IMG_3(1).jpg"),
    Named("IMG_4-edited.jpg", "IMG_4.jpg", title="IMG_4.jpg"),  # the original is not there
    Named("IMG_2-bearbeitet.jpg", "IMG_2.jpg.supplemental-metadata", title="IMG_2.jpg"),
    Named("IMG_2-edited(1).jpg", "IMG_2.jpg.supplemental-metadata(1)", title="IMG_2.jpg"),
    Named("IMG_3(1)-modifie\u0301.jpg", "IMG_3(1).jpg"),  # in NFD, as macOS writes it
    Named("IMG_2-ha editado.jpg", "IMG_2.jpg.supplemental-metadata", title="IMG_2.jpg"),
    Named("IMG_2-แก้ไขแล้ว.jpg", "IMG_2.jpg.supplemental-metadata", title="IMG_2.jpg"),
    Named("IMG_2_original.jpg", "IMG_2.jpg.supplemental-metadata", title="IMG_2.jpg"),
    Named("IMG_5", "IMG_5.supplemental-metadata"),  # without an extension
    Named("IMG_6.jpg", "IMG_6"),  # the extension is missing
    Named("IMG_7.jpg", "IMG_7.HEIC.supplemental-metadata", title="IMG_7.HEIC"),
    Named("IMG_8.jpg", "IMG_8.jpg."),
    Named("Screenshot_2017-07-05-10-05-26.jpg", "Screenshot_2017-07-05-10-05-26.jpg.supplementa"),
    Named(
        "D7157814-D2D5-4A62-AFCE-9CF465CB7D66.jpeg",
        "D7157814-D2D5-4A62-AFCE-9CF465CB7D66.jpeg.supp",
    ),
    Named(
        "Urlaub in Knaufspesch in der Schneifel (38).JPG",
        "Urlaub in Knaufspesch in der Schneifel (38).JP",
    ),
    Named(f"{LONG[:47]}.jpg", LONG[:46], title=f"{LONG}.jpg", name=f"{LONG}.jpg"),
    Named(
        f"{LONG[:47]}(1).jpg", f"{LONG[:46]}(1)", title=f"{LONG}.jpg", name=f"{LONG[:47]}(1).jpg"
    ),
    Named("Ada_s day.jpg", "Ada_s day.jpg", title="Ada's day.jpg"),
    Named("no facts.jpg", None),
]


def facts(title: str, number: int = 1, **more: Any) -> dict[str, Any]:  # noqa: ANN401  # JSON
    """Return the content of a photo's JSON file; `number` is in all that it says."""
    return {
        "title": title,
        "description": f"Description {number}",
        "imageViews": "9",
        "creationTime": {"timestamp": "1600598769", "formatted": "20.09.2020, 10:46:09 UTC"},
        "photoTakenTime": {"timestamp": str(1_563_136_200 + number), "formatted": "14.07.2019"},
        "geoData": {"latitude": 48.0 + number / 100, "longitude": 2.3, "altitude": 33.5},
        "geoDataExif": {"latitude": 0.0, "longitude": 0.0, "altitude": 0.0},
        "people": [{"name": f"Person {number}"}],
        "url": "https://photos.google.com/photo/AF1Q",
        **more,
    }


def write_json(path: Path, content: object) -> None:
    """Write a JSON file, and its folders."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")


def write_photo(path: Path, body: bytes) -> None:
    """Write a photo, and its folders."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(body)
