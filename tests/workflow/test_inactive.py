"""A gallery that rested for weeks: its functions are Inactive, yet its photos become READY."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from local.clients import ACCOUNT, REGION
from local.functions import STEPS
from local.moto_patches import awslambda
from local.stack import Stack
from publishing import STATES
from workflow.scripted import Scripted, extract, tag
from workflow.world import CREATED, KEY, SK, World, outcomes

SCALE = 0.01  # of a second, for each second in AWS
LONGEST_SECONDS = 106  # that a public report names, until a function was Active again
LEAST_SECONDS = 240
TASKS = {
    "Extract": STATES["Extract"],
    **{
        branch["StartAt"]: branch["States"][branch["StartAt"]]
        for branch in STATES["RenderAndTag"]["Branches"]
    },
}


@pytest.fixture(scope="module")
def slow() -> Iterator[World]:
    """Deploy the state machine, with waits of a hundredth of those in AWS."""
    functions = Scripted()
    with Stack.start(functions=functions, wait_scale=SCALE) as stack:
        world = World(stack, functions)
        functions.steps = {"extract": extract, "thumbnail": world.stored_thumbnail, "tag": tag}
        yield world


def rest(seconds: float) -> None:
    for step in STEPS:
        awslambda.rest(ACCOUNT, REGION, step, seconds=seconds)


def test_photos_become_ready_though_every_function_was_inactive(slow: World) -> None:
    rest(LONGEST_SECONDS)
    others = [f"uploads/alice/2024/{number}.jpg" for number in range(4)]
    events = [
        CREATED,
        *({**CREATED, "object": {**CREATED["object"], "key": key}} for key in others),
    ]

    with ThreadPoolExecutor(len(events)) as pool:
        ended = slow.ended(*pool.map(slow.begin, events))

    assert outcomes(ended) == ["READY"] * len(events)
    assert slow.rows()[SK]["labels_status"] == "READY"
    assert slow.functions.calls["extract", KEY] == 1  # a refused invocation runs no code
    assert slow.dead_letters() == []
    assert [visit.state for visit in ended[0].visits].count("Extract") == 1
    assert min(execution.duration_ms for execution in ended) > LONGEST_SECONDS * SCALE * 1000


@pytest.mark.parametrize("name", TASKS)
def test_an_inactive_function_is_waited_for_four_minutes_in_practically_all_draws(
    name: str,
) -> None:
    [policy] = [
        rule
        for rule in TASKS[name]["Retry"]
        if "Lambda.CodeArtifactUserPendingException" in rule["ErrorEquals"]
    ]
    # The sum of n draws between 0 and s seconds: its mean is n·s/2, its variance n·s²/12.
    attempts, seconds = policy["MaxAttempts"], policy["IntervalSeconds"]
    mean = attempts * seconds / 2
    deviation = seconds * (attempts / 12) ** 0.5

    assert (policy["BackoffRate"], policy["JitterStrategy"]) == (1, "FULL")
    assert mean - 4 * deviation > LEAST_SECONDS  # one draw in 30,000 is below
    assert TASKS[name]["Retry"][0] == policy  # no other policy counts its attempts


@pytest.mark.parametrize("name", TASKS)
def test_every_name_of_an_inactive_function_is_retried(name: str) -> None:
    # https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html: errors that name the state.
    # CodeArtifactUserFailedException needs an update of the function: it is not retried.
    retried = {error for rule in TASKS[name]["Retry"] for error in rule["ErrorEquals"]}

    assert {
        "Lambda.CodeArtifactUserDeletedException",
        "Lambda.CodeArtifactUserPendingException",
        "Lambda.ResourceConflictException",
        "Lambda.ResourceNotReadyException",
    } <= retried
    assert "Lambda.CodeArtifactUserFailedException" not in retried
