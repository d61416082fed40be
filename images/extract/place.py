"""Read the location from the GPS tags. Never raises, never guesses.

Source: Exif 2.32, 4.6.6.
"""

import math
from collections.abc import Sequence
from typing import Final

from extract.exif import Exif
from shared.contracts import Location
from shared.text import text

_LATITUDE_REF, _LATITUDE, _LONGITUDE_REF, _LONGITUDE, _ALTITUDE_REF, _ALTITUDE = range(1, 7)
# 2 and 3 are heights above and below the ellipsoid (Exif 3.0).
_ALTITUDE_SIGNS: Final[dict[float, int]] = {0: 1, 1: -1, 2: 1, 3: -1}
_LOWEST_M, _HIGHEST_M = -1_000, 20_000


def locate(exif: Exif) -> Location | None:
    """Return the location in WGS 84; None unless both coordinates and hemispheres are valid."""
    latitude = _coordinate(exif, _LATITUDE, _LATITUDE_REF, {"N": 1, "S": -1}, 90)
    longitude = _coordinate(exif, _LONGITUDE, _LONGITUDE_REF, {"E": 1, "W": -1}, 180)
    if latitude is None or longitude is None:
        return None
    return Location(
        latitude=latitude,
        longitude=longitude,
        altitude_m=_altitude_m(exif),
        gps_valid=(latitude, longitude) != (0, 0),
    )


def _coordinate(
    exif: Exif, tag: int, ref_tag: int, signs: dict[str, int], limit: int
) -> float | None:
    """Return degrees with 6 decimals; None if the value or its hemisphere is not valid."""
    sign = signs.get(text(exif.text("GPS", ref_tag), 2) or "")
    degrees = _degrees(exif.numbers("GPS", tag))
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


def _altitude_m(exif: Exif) -> float | None:
    value = exif.number("GPS", _ALTITUDE)
    sign = _ALTITUDE_SIGNS.get(exif.number("GPS", _ALTITUDE_REF) or 0)
    if value is None or sign is None or not math.isfinite(value):
        return None
    meters = round(sign * value, 3) + 0.0  # never -0.0
    return meters if _LOWEST_M <= meters <= _HIGHEST_M else None
