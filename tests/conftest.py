"""What all tests may ask for."""

from pathlib import Path

import pytest

PHOTOS = Path(__file__).parents[2] / "shared" / "photos"


@pytest.fixture(scope="session")
def photos_folder() -> Path:
    """Return the folder of real photos with their truth.json; it is no part of the repository."""
    if not (PHOTOS / "truth.json").is_file():
        pytest.skip(f"the real photos are not here: {PHOTOS}")
    return PHOTOS
