"""What a photo waits for until it is READY, counted in a real execution with the real functions."""

from collections import Counter
from collections.abc import Sequence

import pytest

from gallery import costs
from local.stack import EndedExecution
from local.template import REPOSITORY
from tools.critical_path import Request, definition, path, run
from tools.path_page import BASE, counts, figures

PHOTO = REPOSITORY / "local" / "photos" / "rocket.jpg"


@pytest.fixture(scope="module")
def processed() -> tuple[Sequence[Request], EndedExecution]:
    """The requests and the execution of one photo."""
    return run(PHOTO.read_bytes())


def test_a_photo_waits_for_five_transitions_and_seven_requests(
    processed: tuple[Sequence[Request], EndedExecution],
) -> None:
    requests, ended = processed

    steps = path(requests, ended, definition())

    assert ended.output["outcome"] == "READY"
    assert counts(steps) == (5, 7)
    assert counts(figures()["paths"]["now"]) == counts(steps)  # what the page says
    assert sum(counts(steps)) <= 0.71 * sum(counts(figures()["paths"][BASE]))


def test_no_other_request_is_sent_than_those_of_the_path_and_the_event_to_other_systems(
    processed: tuple[Sequence[Request], EndedExecution],
) -> None:
    requests, _ = processed

    assert Counter(request.operation for request in requests) == {
        "UpdateItem": 1,
        "TransactWriteItems": 1,
        "PutEvents": 1,
        "Query": 1,
        "Invoke": 3,
        "GetObject": costs.GETS - 1,
        "DetectLabels": 1,
        "PutObject": 1 + costs.RENDITIONS,  # the upload is one
    }
