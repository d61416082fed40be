"""Read the location from the GPS tags, or else from XMP, and find its place in words.

Never raises because of the file, never guesses.

Source: Exif 2.32, 4.6.6; XMP specification part 2, 1.2.7.4 (GPSCoordinate).
"""

import math
import re
from collections.abc import Sequence
from typing import Final

from extract.exif import Exif
from extract.xmp import Xmp
from shared.contracts import Location, Place
from shared.text import text

_LATITUDE_REF, _LATITUDE, _LONGITUDE_REF, _LONGITUDE, _ALTITUDE_REF, _ALTITUDE = range(1, 7)
# 2 and 3 are heights above and below the ellipsoid (Exif 3.0).
_ALTITUDE_SIGNS: Final[dict[float, int]] = {0: 1, 1: -1, 2: 1, 3: -1}
_LOWEST_M, _HIGHEST_M = -1_000, 20_000
_NUMBER: Final = r"\d{1,12}(?:\.\d{0,15})?"
_XMP_COORDINATE: Final = re.compile(
    rf"\s*(?:(?P<parts>{_NUMBER}(?:,{_NUMBER}){{0,2}})\s*(?P<hemisphere>[NSEW])"
    rf"|(?:\+|(?P<minus>-))?(?P<degrees>{_NUMBER}))\s*",
    re.ASCII,
)


def locate(exif: Exif, xmp: Xmp) -> Location | None:
    """Return the location in WGS 84; None unless both coordinates and hemispheres are valid.

    The GPS tags come first, but 0, 0 in them does not hide a location in XMP.
    """
    found = [place for place in (_of_exif(exif), _of_xmp(xmp)) if place is not None]
    return next((place for place in found if place.gps_valid), next(iter(found), None))


def place_at(location: Location | None) -> Place | None:
    """Return the place of a valid location; None on the high seas."""
    if location is None or not location.gps_valid:
        return None
    from places.lookup import place_of  # noqa: PLC0415  # photos without a location pay nothing

    return place_of(location.latitude, location.longitude)


def _of_exif(exif: Exif) -> Location | None:
    return _location(
        _coordinate(exif, _LATITUDE, _LATITUDE_REF, {"N": 1, "S": -1}, 90),
        _coordinate(exif, _LONGITUDE, _LONGITUDE_REF, {"E": 1, "W": -1}, 180),
        _altitude_m(exif.number("GPS", _ALTITUDE), exif.number("GPS", _ALTITUDE_REF)),
    )


def _of_xmp(xmp: Xmp) -> Location | None:
    return _location(
        _xmp_coordinate(xmp.first("exif:GPSLatitude"), {"N": 1, "S": -1}, 90),
        _xmp_coordinate(xmp.first("exif:GPSLongitude"), {"E": 1, "W": -1}, 180),
        _altitude_m(xmp.number("exif:GPSAltitude"), xmp.number("exif:GPSAltitudeRef")),
    )


def _location(
    latitude: float | None, longitude: float | None, altitude_m: float | None
) -> Location | None:
    if latitude is None or longitude is None:
        return None
    return Location(
        latitude=latitude,
        longitude=longitude,
        altitude_m=altitude_m,
        gps_valid=(latitude, longitude) != (0, 0),
    )


def _coordinate(
    exif: Exif, tag: int, ref_tag: int, signs: dict[str, int], limit: int
) -> float | None:
    """Return degrees with 6 decimals; None if the value or its hemisphere is not valid."""
    sign = signs.get(text(exif.text("GPS", ref_tag), 2) or "")
    return _signed(sign, exif.numbers("GPS", tag), limit)


def _xmp_coordinate(value: str | None, signs: dict[str, int], limit: int) -> float | None:
    """Read 47,30.5N or 47,30,30N; or degrees alone with a sign, as other writers state them."""
    match = _XMP_COORDINATE.fullmatch(value or "")
    if match is None:
        return None
    sign = signs.get(match["hemisphere"] or "")
    if match["degrees"] is not None:
        sign = -1 if match["minus"] else 1
    return _signed(sign, tuple(map(float, (match["degrees"] or match["parts"]).split(","))), limit)


def _signed(sign: int | None, numbers: Sequence[float], limit: int) -> float | None:
    degrees = _degrees(numbers)
    if sign is None or degrees is None or degrees > limit:
        return None
    return round(sign * degrees, 6) + 0.0  # never -0.0


def _degrees(values: Sequence[float]) -> float | None:
    """Return degrees, minutes and seconds in degrees. Seconds, or minutes too, may be absent."""
    if not 1 <= len(values) <= 3:  # noqa: PLR2004  # degrees, minutes, seconds
        return None
    degrees, minutes, seconds = (*values, 0.0, 0.0)[:3]
    if not all(math.isfinite(value) and value >= 0 for value in values):
        return None
    if minutes >= 60 or seconds > 60:  # noqa: PLR2004  # 60 seconds: some cameras round up
        return None
    return degrees + minutes / 60 + seconds / 3600


def _altitude_m(value: float | None, ref: float | None) -> float | None:
    sign = _ALTITUDE_SIGNS.get(ref or 0)
    if value is None or sign is None or not math.isfinite(value):
        return None
    meters = round(sign * value, 3) + 0.0  # never -0.0
    return meters if _LOWEST_M <= meters <= _HIGHEST_M else None
