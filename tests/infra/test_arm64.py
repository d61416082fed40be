"""The images for arm64 make of each photo of the demo what the images for amd64 make of it.

`make test-arm64` runs these tests, and nothing else does: an engine of the other processor needs
QEMU 8.2 or later, which is slow (docs/operations.md#both-processors).
"""

import json
import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest

import engine
from local.functions import REPOSITORIES, Containers, Function
from local.labels import ModelLabeler
from local.stack import Stack
from local.stack.names import REGISTRY
from models.build import ensure_model
from outcomes import Outcome, outcomes

pytestmark = [pytest.mark.arm64, pytest.mark.timeout(0)]

SLOWNESS = 20  # of QEMU on a busy machine: multiplies the timeouts of functions and states
LABELED = ("astronaut.jpg",)  # by the label model, which takes QEMU 150 to 200 s a photo
LABELS_MAY_DIFFER = 0.1  # in percent, and in fractions of a side: the networks compute in float32


@dataclass(frozen=True)
class Run:
    """What the images for one processor made of the photos."""

    outcomes: dict[str, Outcome]  # by file; labels by the embedded Rekognition
    labels: dict[str, dict[str, Any]]  # by file; the answers of the tag image with the label model


@pytest.fixture(scope="module")
def arm64() -> Run:
    return process("arm64")


@pytest.fixture(scope="module")
def amd64() -> Run:
    return process("amd64")


def test_records_are_equal_except_for_labels(arm64: Run, amd64: Run) -> None:
    def records(run: Run) -> dict[str, dict[str, Any]]:
        return {
            name: {field: value for field, value in outcome.record.items() if field != "labels"}
            for name, outcome in run.outcomes.items()
        }

    assert records(arm64) == records(amd64)
    statuses = [outcome.record["status"] for outcome in arm64.outcomes.values()]
    assert sorted(statuses) == ["READY"] * 7 + ["REJECTED"]


def test_renditions_are_equal_to_the_byte(arm64: Run, amd64: Run) -> None:
    for name, outcome in arm64.outcomes.items():
        assert outcome.renditions == amd64.outcomes[name].renditions, name
    count = sum(len(outcome.renditions) for outcome in arm64.outcomes.values())
    report(f"{count} renditions are equal to the byte")


def test_labels_differ_in_the_last_digits_of_their_confidences_at_most(
    arm64: Run, amd64: Run
) -> None:
    pairs = [
        *((arm64.labels[name], amd64.labels[name]) for name in amd64.labels),
        *(
            (arm64.outcomes[name].record["labels"], outcome.record["labels"])
            for name, outcome in amd64.outcomes.items()
            if outcome.record["status"] == "READY"
        ),
    ]
    differences = [largest_difference(one, other) for one, other in pairs]

    report(f"the labels of {len(pairs)} answers differ by {max(differences)} at most")
    assert max(differences) <= LABELS_MAY_DIFFER


def largest_difference(one: Any, other: Any) -> float:  # noqa: ANN401  # JSON
    """Return the largest difference between two numbers at the same place of two JSON values.

    It is infinite if they differ in anything but numbers.
    """
    match one, other:
        case (dict(), dict()) if one.keys() == other.keys():
            return max((largest_difference(one[name], other[name]) for name in one), default=0.0)
        case (list(), list()) if len(one) == len(other):
            return max(map(largest_difference, one, other), default=0.0)
        case (int() | float(), int() | float()):
            return abs(one - other)
    return 0.0 if one == other else math.inf


def process(architecture: str) -> Run:
    """Build the images for one processor, and let them process the photos.

    Raises:
        RuntimeError: see `engine.base_image_for`; or an image was not built.
    """
    ensure_model(engine.CONTEXT / "networks", report=report)
    for function in engine.FUNCTIONS:
        with timed(f"built {function} for {architecture}"):
            engine.image(function, architecture)
    with timed(f"built tag with the label model for {architecture}"):
        model_image = engine.embedded_image(architecture)
    functions = Containers(
        copies=1,
        platform=f"linux/{architecture}",
        repositories=(*REPOSITORIES, "gallery-tag-embedded"),
    )
    with Stack.start(
        functions=functions,
        labeler=ModelLabeler.ready(report),
        timeout_scale=SLOWNESS,
        image_tag=engine.image_tag(architecture),
    ) as stack:
        with timed(f"processed the photos on {architecture}"):
            found = outcomes(stack, timeout_seconds=120 * SLOWNESS)
        with timed(f"labeled the photos with the label model on {architecture}"):
            labels = label(stack, functions, model_image, found)
    return Run(found, labels)


def label(
    stack: Stack, functions: Containers, model_image: str, found: dict[str, Outcome]
) -> dict[str, dict[str, Any]]:
    """Return the answers of the tag image with the label model, for each photo of LABELED."""
    tag = stack.client("lambda").get_function_configuration(FunctionName="tag")
    settings = {**tag["Environment"]["Variables"], "LABELER": "embedded"}
    labeler = Function(
        "labeler",
        f"{REGISTRY}/{model_image}",
        tuple(sorted(settings.items())),
        timeout_seconds=tag["Timeout"],
        memory_mb=tag["MemorySize"],
    )
    functions.deploy(labeler)
    answers = {}
    for name in LABELED:
        facts = ("format", "mime_type", "bytes", "width_px", "height_px")
        event = {
            "photo": {"bucket": stack.photos_bucket, "key": f"uploads/ada/{name}"},
            "image": {fact: found[name].record[fact] for fact in facts},
            "relabel": True,
        }
        answer = functions.invoke(labeler, json.dumps(event).encode())
        assert not answer.failed, answer.payload
        answers[name] = json.loads(answer.payload)
    return answers


@contextmanager
def timed(what: str) -> Iterator[None]:
    started = time.monotonic()
    yield
    report(f"{what} in {time.monotonic() - started:.0f} s")


def report(line: str) -> None:
    print(line, flush=True)  # noqa: T201  # the figures of docs/operations.md
