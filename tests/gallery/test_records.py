"""A photo is shown with a person's edits as tests/vectors.json says, which holds the page, too."""

import json
from pathlib import Path
from typing import Any

import pytest

from gallery import records
from shared.rows import PhotoRow, read

VECTORS = json.loads((Path(__file__).parents[1] / "vectors.json").read_text(encoding="utf-8"))
ROW = {
    **dict.fromkeys(("pk", "key", "bucket", "sequencer", "claimed_version"), "x"),
    "sk": "photo#a.jpg",
    "execution_arn": "arn",
    "updated_at": "2024-07-01T10:00:00Z",
    "status": "READY",
}


@pytest.mark.parametrize("vector", VECTORS["edited_photos"], ids=lambda vector: vector["what"])
def test_a_photo_is_shown_with_the_time_and_the_place_of_its_edits(vector: dict[str, Any]) -> None:
    row = {**ROW, **vector["row"], "edits": json.dumps(vector["edits"])}

    photo = records.photo(read(PhotoRow, row))

    taken, location, place = photo.taken_at, photo.location, photo.place
    assert (taken and taken.local) == vector["time"]
    assert (taken and taken.precision) == vector["precision"]
    assert (location and location.latitude) == vector["latitude"]
    assert (place and place.city) == vector["city"]
    assert photo.sources == vector.get("sources")
