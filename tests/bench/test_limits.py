"""The largest file of each way that is accepted becomes renditions within the deployed memory."""

import math
import zlib
from functools import cache
from pathlib import Path

import pytest

from bench.memory import MAX_SECONDS, cost, largest, needed_mib, peak_of
from formats import PartialFile, refuse_costly, sniff, survey
from gallery.costs import memory_mb
from local.stack import resources
from shared.errors import TooManyPixelsError
from shared.limits import WAYS
from tools.largest import DATA, GIVEN, files

pytestmark = pytest.mark.timeout(120)  # the machine may be busy

photo_of = cache(largest)


def test_each_way_has_its_largest_file() -> None:
    assert {path.stem for path in DATA.iterdir()} == set(WAYS)
    assert GIVEN | files().keys() == set(WAYS)


@pytest.mark.parametrize("way", sorted(files().keys() - {"GIF"}))  # which takes 20 s
def test_is_what_the_tool_makes(way: str) -> None:
    assert zlib.crc32(files()[way]()) == zlib.crc32(photo_of(way))


@pytest.mark.parametrize("way", WAYS)
def test_is_just_below_the_limit_of_its_way(way: str) -> None:
    photo = photo_of(way)
    image_format = sniff(photo)
    structure = survey(PartialFile(len(photo), photo), image_format)

    width_px, height_px = refuse_costly(structure, image_format, len(photo))

    assert (structure.way or image_format) == way
    assert 0.99 < width_px * height_px / (WAYS[way].max_megapixels * 1_000_000) <= 1
    structure.decoded_size = (math.ceil(width_px * 1.01), height_px)
    with pytest.raises(TooManyPixelsError):
        refuse_costly(structure, image_format, len(photo))


@pytest.mark.parametrize("way", WAYS)
def test_becomes_renditions_within_the_deployed_memory_and_25_seconds(
    way: str, tmp_path: Path
) -> None:
    file = tmp_path / "largest"
    file.write_bytes(photo_of(way))

    found = cost(file, "handler")

    assert needed_mib(way, found["peak_mib"]) <= memory_mb()["thumbnail"]
    assert found["cpu_s"] <= MAX_SECONDS


def test_the_core_is_measured_without_the_clients_of_aws() -> None:
    core, handler = (peak_of(what, [])["peaks"]["empty"] for what in ("core", "handler"))

    assert core < handler - 15  # MiB


def test_the_laptop_gives_each_function_what_is_deployed() -> None:
    assert memory_mb() == resources.MEMORY_MB
