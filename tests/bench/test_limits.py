"""The largest file of each way that is accepted becomes renditions within the deployed memory."""

import math
from functools import cache

import pytest

from bench.limits import MAX_SECONDS, cost, files
from formats import PartialFile, refuse_costly, sniff, survey
from gallery.costs import memory_mb
from local.stack import resources
from shared.errors import TooManyPixelsError
from shared.limits import WAYS

pytestmark = pytest.mark.timeout(120)  # the machine may be busy

FILES = sorted(WAYS.keys() - {"GIF"})  # which takes 5 s to make, and less than half the memory
RUNTIME_MIB = 20  # of Lambda's runtime in the same process, which is not measured
COPIES = {"HEIC": 3, "AVIF": 3}  # of the file in memory while it is decoded; measured with noise


@cache
def largest(way: str) -> bytes:
    return files()[way]()


def test_each_way_has_its_largest_file() -> None:
    assert files().keys() == WAYS.keys()


@pytest.mark.parametrize("way", FILES)
def test_is_just_below_the_limit_of_its_way(way: str) -> None:
    photo = largest(way)
    image_format = sniff(photo)
    structure = survey(PartialFile(len(photo), photo), image_format)

    width_px, height_px = refuse_costly(structure, image_format, len(photo))

    assert (structure.way or image_format) == way
    assert 0.99 < width_px * height_px / (WAYS[way].max_megapixels * 1_000_000) <= 1
    structure.decoded_size = (math.ceil(width_px * 1.01), height_px)
    with pytest.raises(TooManyPixelsError):
        refuse_costly(structure, image_format, len(photo))


@pytest.mark.parametrize("way", FILES)
def test_becomes_renditions_within_the_deployed_memory_and_25_seconds(way: str) -> None:
    found = cost(largest(way), "handler")

    file_mib = COPIES.get(way, 1) * WAYS[way].max_bytes / 2**20
    assert found["peak_mib"] + file_mib + RUNTIME_MIB <= memory_mb()["thumbnail"]
    assert found["cpu_s"] <= MAX_SECONDS


def test_the_laptop_gives_each_function_what_is_deployed() -> None:
    assert memory_mb() == resources.MEMORY_MB
