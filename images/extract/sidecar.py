"""Add to a file's metadata what only its archive states. Never raises.

The file outranks the archive, field by field. Each value is cleaned as those of files are.
"""

from typing import Any

import msgspec

from extract.place import place_at
from shared import text as clean
from shared.contracts import Location, Metadata, Person, Sidecar
from shared.limits import (
    MAX_DESCRIPTION_CHARACTERS,
    MAX_KEYWORD_CHARACTERS,
    MAX_KEYWORDS,
    MAX_PEOPLE,
    MAX_PERSON_CHARACTERS,
    MAX_TAG_CHARACTERS,
)


def completed(stated: Metadata, sidecar: Sidecar) -> Metadata:
    """Return a file's metadata with the fields that only its sidecar has, and their source."""
    people = clean.distinct(sidecar.people or (), MAX_PERSON_CHARACTERS, MAX_PEOPLE)
    keywords = clean.distinct(sidecar.keywords or (), MAX_KEYWORD_CHARACTERS, MAX_KEYWORDS)
    beside: dict[str, Any] = {
        "title": clean.text(sidecar.title, MAX_TAG_CHARACTERS),
        "description": clean.text(sidecar.description, MAX_DESCRIPTION_CHARACTERS),
        "keywords": keywords or None,
        "people": [Person(name=name) for name in people] or None,
        "location": _location(sidecar),
    }
    has_no_fix = stated.location is not None and not stated.location.gps_valid
    added = {
        name: value
        for name, value in beside.items()
        if value is not None
        and (getattr(stated, name) is None or (name == "location" and has_no_fix))
    }
    if not added:
        return stated
    sources = dict.fromkeys(added, sidecar.source)
    if "location" in added:
        added["place"] = place_at(added["location"])
    return msgspec.structs.replace(stated, **added, sources=sources)


def _location(sidecar: Sidecar) -> Location | None:
    """Return the location of a sidecar; None for 0, 0, which archives write for none."""
    latitude, longitude = sidecar.latitude, sidecar.longitude
    if latitude is None or longitude is None or (latitude, longitude) == (0, 0):
        return None
    altitude_m = None if sidecar.altitude_m is None else round(sidecar.altitude_m, 3) + 0.0
    return Location(
        latitude=round(latitude, 6) + 0.0,  # never -0.0
        longitude=round(longitude, 6) + 0.0,
        altitude_m=altitude_m,
    )
