"""The simulation of bursts does what the state machine's retriers say."""

import copy
import statistics
from typing import Any

import pytest

from gallery.costs import ROOT, TRANSITIONS
from tools.bursts import (
    BURSTS,
    FAILED,
    READY,
    TIMED_OUT,
    UNLABELED,
    Burst,
    Outcome,
    Simulation,
    definition,
    delay_seconds,
    parsed,
    rows,
)

THROTTLES = {"LabelsThrottledError", "Lambda.TooManyRequestsException"}
NEW_ACCOUNT = Burst(photos=1000, per_second=20, invocations=10, labels_per_second=5)


def run(burst: Burst, machine: Any = None) -> Outcome:  # noqa: ANN401  # JSON
    return Simulation(burst, machine or definition()).run()


def with_six_retries_of_a_minute() -> Any:  # noqa: ANN401  # JSON
    """Return the definition with the patience that throttling had before it had its own."""
    machine = copy.deepcopy(definition())
    states = machine["States"]
    branches = [branch["States"] for branch in states["RenderAndTag"]["Branches"]]
    for state in (one for part in (states, *branches) for one in part.values()):
        for rule in state.get("Retry", []):
            if THROTTLES & set(rule["ErrorEquals"]):
                rule |= {"IntervalSeconds": 2, "MaxAttempts": 6, "BackoffRate": 2}
                rule["MaxDelaySeconds"] = 60
    return machine


@pytest.mark.parametrize("burst", [one for one in BURSTS if one.photos <= 5000])
def test_the_docs_have_the_figures(burst: Burst) -> None:
    # If they differ: python -m tools.bursts
    [row] = rows([burst], definition())

    assert f"| {' | '.join(row)} |" in (ROOT / "docs" / "operations.md").read_text()


def test_a_burst_within_the_quotas_takes_no_retry() -> None:
    outcome = run(Burst(photos=20, per_second=0.5, invocations=10, labels_per_second=5))

    assert outcome.ends == {READY: 20}
    assert outcome.transitions == 20 * TRANSITIONS


@pytest.mark.parametrize("photos", [1000, 5000])
def test_every_photo_of_a_burst_is_ready_with_labels(photos: int) -> None:
    outcome = run(Burst(photos, per_second=100, invocations=10, labels_per_second=5))

    assert outcome.ends == {READY: photos}
    assert outcome.dead_letters == 0
    assert max(outcome.seconds) < 3 * photos / 5 + 900  # the quota allows 5 a second


def test_retries_of_a_minute_lose_photos() -> None:
    outcome = run(NEW_ACCOUNT, with_six_retries_of_a_minute())

    assert 100 < outcome.ends[FAILED] < 250
    assert 100 < outcome.ends[UNLABELED] < 250
    assert outcome.dead_letters == outcome.ends[FAILED] + outcome.ends[UNLABELED]


def test_the_same_seed_has_the_same_outcome() -> None:
    assert run(NEW_ACCOUNT) == run(NEW_ACCOUNT)
    assert run(NEW_ACCOUNT) != Simulation(NEW_ACCOUNT, definition(), seed=2).run()


def test_quotas_are_never_exceeded(monkeypatch: pytest.MonkeyPatch) -> None:
    running: list[int] = []
    usual = Simulation._step  # noqa: SLF001  # every event

    def step(self: Simulation, *arguments: Any) -> None:  # noqa: ANN401
        usual(self, *arguments)
        running.append(self.running)

    monkeypatch.setattr(Simulation, "_step", step)

    outcome = run(NEW_ACCOUNT)

    assert max(running) == 10
    labeled = sorted(outcome.seconds)
    assert max(labeled) >= 1000 / 5 - 1  # 5 DetectLabels a second, and a full bucket
    assert statistics.median(outcome.waits) < statistics.median(labeled)


def test_an_execution_over_its_limit_times_out() -> None:
    machine = {**definition(), "TimeoutSeconds": 60}

    assert run(NEW_ACCOUNT, machine).ends[TIMED_OUT] > 0


def test_delays_grow_until_they_reach_their_maximum() -> None:
    rule = {"IntervalSeconds": 5, "BackoffRate": 3, "MaxDelaySeconds": 600}

    assert [delay_seconds(rule, tried) for tried in (0, 1, 4, 5, 30)] == [5, 15, 405, 600, 600]


def test_a_burst_is_four_numbers() -> None:
    assert parsed("5000,100,10,0.5") == Burst(5000, 100, 10, 0.5)
    with pytest.raises(ValueError, match="unpack"):
        parsed("5000,100")
