"""A raw photo of 33 MB in the embedded AWS: shown upright, by 0.3 MB of it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
import pyvips
from moto.s3.responses import S3Response

import rawfiles
from local.functions import InProcess
from local.stack import Stack
from pictures import QUARTERS, distance, opened, quarters, seen, textured
from pictures import stored as turned
from shared.items import plain

RAW_BYTES = 32_000_000
SIDES_PX = (2000, 3000)  # of the preview, as displayed
RANGE = re.compile(r"bytes=(\d+)-(\d+)")


@dataclass
class Shown:
    """A labeler that keeps what it gets."""

    version: str = "1"
    photos: list[bytes] = field(default_factory=list)

    def label(self, photo: bytes) -> list[dict[str, Any]]:
        self.photos.append(photo)
        return [{"Name": "Dog", "Confidence": 98.7, "Parents": []}]


@pytest.fixture(scope="module")
def labeler() -> Shown:
    return Shown()


@pytest.fixture(scope="module")
def stack(labeler: Shown) -> Iterator[Stack]:
    with Stack.start(functions=InProcess(), labeler=labeler, wait_scale=0) as running:
        yield running


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    """Return what S3 has answered: key and number of bytes of each GET of an object."""
    given: list[tuple[str, int]] = []
    answer = S3Response._key_response  # noqa: SLF001  # moto has no hook

    def recorded(self: S3Response, request: Any, full_url: str) -> Any:  # noqa: ANN401  # moto's
        status, headers, body = answer(self, request, full_url)
        if request.method == "GET" and self.parse_key_name().startswith("uploads/"):
            asked = RANGE.fullmatch(request.headers.get("range", ""))
            size = int(asked[2]) - int(asked[1]) + 1 if asked else len(body)
            given.append((self.parse_key_name(), size))
        return status, headers, body

    monkeypatch.setattr(S3Response, "_key_response", recorded)
    return given


def row_of(stack: Stack, name: str) -> dict[str, Any]:
    found = stack.client("dynamodb").get_item(
        TableName=stack.table, Key={"pk": {"S": "ada"}, "sk": {"S": f"photo#{name}"}}
    )
    return plain(found["Item"])


def detailed(width_px: int, height_px: int) -> pyvips.Image:
    """Return quarters with noise, so that a JPEG of it is as large as a photo's."""
    noise = textured(width_px, height_px)
    return (quarters(width_px, height_px) * 0.9 + noise * 0.1).cast("uchar")


def test_a_raw_photo_is_ready_by_its_preview_alone(
    stack: Stack, labeler: Shown, answers: list[tuple[str, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rawfiles, "SENSOR", bytes(RAW_BYTES))
    image = turned(detailed(*SIDES_PX), 6)
    image.remove("orientation")
    preview = image.jpegsave_buffer(Q=90)
    key = "uploads/ada/DSC_0001.NEF"

    execution = stack.wait_for(key, stack.upload(key, rawfiles.nef(preview, 6)))

    row = row_of(stack, "DSC_0001.NEF")
    assert execution.output == {"outcome": "READY"}
    assert (row["format"], row["mime_type"]) == ("NEF", "image/x-nikon-nef")
    assert (row["width_px"], row["height_px"], row["orientation"]) == (4000, 6000, 6)
    assert row["taken_at"]["local"] == "2021-08-14T09:31:00"
    assert row["bytes"] > RAW_BYTES
    for rendition in row["renditions"].values():
        body = stack.s3.get_object(Bucket=stack.derived_bucket, Key=rendition["key"])["Body"].read()
        shown = opened(body)
        assert shown.width < shown.height
        assert distance(seen(shown), QUARTERS) <= 40  # in the noise
    [sent] = labeler.photos  # a JPEG, turned
    assert opened(sent).width < opened(sent).height
    assert distance(seen(opened(sent)), QUARTERS) <= 40
    by_size = sorted(size for _, size in answers)
    assert by_size[-2:] == [len(preview)] * 2  # Thumbnail and Tag
    assert sum(by_size[:-2]) <= 300_000  # Extract


def test_a_raw_photo_without_a_preview_is_rejected_by_that_name(stack: Stack) -> None:
    key = "uploads/ada/none.nef"

    execution = stack.wait_for(key, stack.upload(key, rawfiles.nef(rawfiles.small_jpeg())))

    assert execution.output == {"outcome": "REJECTED", "reason": "RAW_WITHOUT_PREVIEW"}
    assert row_of(stack, "none.nef")["step"] == "Extract"
