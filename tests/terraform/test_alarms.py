"""When the planned alarms send an email, by CloudWatch's documented rules and written metrics.

The rules: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
and https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import pytest

from tools.plan import Plan

MORE_PERIODS: Final = 2  # that CloudWatch looks back, beyond the evaluated ones; as in its examples
ACTIONS: Final = {
    "ALARM": "alarm_actions",
    "INSUFFICIENT_DATA": "insufficient_data_actions",
    "OK": "ok_actions",
}
STATISTICS: Final[Mapping[str, Callable[[list[float]], float]]] = {"Maximum": max, "Sum": sum}
EDIT: Final = "edit "
NONE: Final[frozenset[tuple[str, str]]] = frozenset()

# Samples of all metrics: by name of the metric, the value of a minute since `terraform apply`.
# Those of the state machine that makes edits begin with EDIT.
Metrics: TypeAlias = Mapping[str, Mapping[int, float]]


@dataclass(frozen=True)
class Alarm:
    """One planned alarm."""

    values: Mapping[str, Any]

    @property
    def name(self) -> str:
        """The name without that of the deployment."""
        return str(self.values["alarm_name"]).removeprefix("gallery-")

    @property
    def period_minutes(self) -> int:
        """The length of a period."""
        queries = [one for query in self.values["metric_query"] for one in query["metric"]]
        [period_seconds] = {one["period"] for one in queries} or {self.values["period"]}
        return int(period_seconds) // 60

    def emails(self, metrics: Metrics, minutes: int) -> list[str]:
        """Return the states that are published in the first `minutes` of the alarm."""
        state, sent = "INSUFFICIENT_DATA", []  # the state of a new alarm
        for now in range(0, minutes + 1, self.period_minutes):
            before, state = state, self._evaluate(metrics, now, state)
            # A plan does not know the ARN of the topic, so that actions on it are absent.
            if state != before and self.values.get(ACTIONS[state], "the topic"):
                sent.append(state)
        return sent

    def _evaluate(self, metrics: Metrics, now: int, state: str) -> str:
        evaluated: int = self.values["evaluation_periods"]
        wanted: int = self.values["datapoints_to_alarm"] or evaluated
        points = [
            self._point(metrics, now - back * self.period_minutes)
            for back in range(1, evaluated + MORE_PERIODS + 1)
        ]
        real = [point for point in points if point is not None]
        missing: str = self.values["treat_missing_data"]
        if not real and missing in ("ignore", "missing"):
            return state if missing == "ignore" else "INSUFFICIENT_DATA"
        breaching = sum(point > self.values["threshold"] for point in real[:evaluated])
        if missing == "breaching":
            breaching += max(evaluated - len(real), 0)
        return "ALARM" if breaching >= wanted else "OK"

    def _point(self, metrics: Metrics, start: int) -> float | None:
        """Return the value of the period that begins at `start`; None if it has no data."""
        if not self.values["metric_query"]:
            statistic = self.values["statistic"]
            machine = (self.values["dimensions"] or {}).get("StateMachineArn", "")
            of_edits = EDIT if machine.endswith("-edit") else ""
            name = f"{of_edits}{self.values['metric_name']}"
            return self._statistic(metrics, start, name, statistic)
        variables = {
            query["id"]: self._statistic(metrics, start, metric["metric_name"], metric["stat"])
            for query in self.values["metric_query"]
            for metric in query["metric"]
        }
        [expression] = filter(None, (query["expression"] for query in self.values["metric_query"]))
        functions = {
            "FILL": lambda value, other: other if value is None else value,
            "IF": lambda condition, value, other: value if condition else other,
        }
        try:
            value = eval(expression, {"__builtins__": {}, **functions, **variables})  # noqa: S307  # our own
        except (TypeError, ZeroDivisionError):  # of a missing value, or of no invocations
            return None
        return float(value)

    def _statistic(self, metrics: Metrics, start: int, metric: str, statistic: str) -> float | None:
        values = metrics.get(metric, {})
        period = range(start, start + self.period_minutes)
        samples = [values[minute] for minute in period if minute in values]
        return STATISTICS[statistic](samples) if samples else None


@pytest.fixture
def alarms(plan: Plan) -> list[Alarm]:
    found = [Alarm(one.values) for one in plan.of_type("aws_cloudwatch_metric_alarm")]
    assert {one.values["comparison_operator"] for one in found} == {"GreaterThanThreshold"}
    return found


def named(alarms: Iterable[Alarm], name: str) -> Alarm:
    [found] = (alarm for alarm in alarms if alarm.name == name)
    return found


def emails(alarms: Sequence[Alarm], metrics: Metrics, *, hours: int) -> set[tuple[str, str]]:
    """Return the alarms that send an email, with their new states."""
    return {(one.name, state) for one in alarms for state in one.emails(metrics, hours * 60)}


def watch(hours: int, age_seconds: float = 0) -> Metrics:
    """Return what the watch reports: the first time 15 minutes after the apply."""
    return {"OldestProcessingAge": dict.fromkeys(range(15, hours * 60, 15), age_seconds)}


def photos(minutes: Iterable[int], **values: float) -> Metrics:
    """Return what Lambda and Step Functions report while photos are processed without a fault."""
    processed: dict[str, float] = {
        "Errors": 0,
        "ExecutionThrottled": 0,
        "ExecutionsAborted": 0,
        "ExecutionsFailed": 0,
        "ExecutionsTimedOut": 0,
        "Invocations": 100,
        "Throttles": 0,
        **values,
    }
    at = list(minutes)
    return {metric: dict.fromkeys(at, value) for metric, value in processed.items()}


def test_a_fresh_deployment_sends_no_email(alarms: list[Alarm]) -> None:
    assert emails(alarms, watch(1), hours=1) == NONE


def test_the_first_photos_send_no_email(alarms: list[Alarm]) -> None:
    metrics = {**watch(2), **photos([7], Invocations=10)}

    assert emails(alarms, metrics, hours=2) == NONE


def test_a_burst_that_is_retried_well_sends_no_email(alarms: list[Alarm]) -> None:
    """5,000 photos under 10 concurrent invocations are done within two hours."""
    limit: float = named(alarms, "processing").values["threshold"]
    burst = photos(range(30, 150), Throttles=900, ExecutionThrottled=50)

    assert emails(alarms, {**watch(12, limit - 1), **burst}, hours=12) == NONE


def test_a_burst_every_evening_sends_no_email(alarms: list[Alarm]) -> None:
    evenings = [24 * 60 * day + minute for day in range(3) for minute in range(30, 150)]
    burst = photos(evenings, Throttles=900, ExecutionThrottled=50)

    assert emails(alarms, {**watch(3 * 24), **burst}, hours=3 * 24) == NONE


def test_quiet_days_send_no_email(alarms: list[Alarm]) -> None:
    metrics = {**watch(3 * 24), **photos(range(60, 90))}

    assert emails(alarms, metrics, hours=3 * 24) == NONE


@pytest.mark.parametrize(
    ("metric", "alarm"),
    [
        ("ExecutionsFailed", "executions-failed"),
        ("ExecutionsAborted", "executions-aborted"),
        ("ExecutionsTimedOut", "executions-timed-out"),
        (f"{EDIT}ExecutionsFailed", "edits-failed"),
        (f"{EDIT}ExecutionsTimedOut", "edits-timed-out"),
        ("ApproximateNumberOfMessagesVisible", "dead-letters"),
    ],
)
def test_one_occurrence_sends_an_email(metric: str, alarm: str, alarms: list[Alarm]) -> None:
    metrics = {**watch(3), **photos([70, 71]), metric: {70: 1.0}}

    assert emails(alarms, metrics, hours=3) == {(alarm, "ALARM")}


@pytest.mark.parametrize("metric", ["FailedInvocations", "InvocationsFailedToBeSentToDlq"])
def test_a_lost_event_sends_an_email(metric: str, alarms: list[Alarm]) -> None:
    sent = emails(alarms, {**watch(3), metric: {70: 1.0}}, hours=3)

    rules = ("created", "deleted", "failed")  # one metric for each of them
    assert sent == {(f"lost-events-{rule}", "ALARM") for rule in rules}


def test_most_invocations_ending_in_errors_send_an_email(alarms: list[Alarm]) -> None:
    sent = emails(alarms, {**watch(3), **photos(range(60, 80), Errors=51)}, hours=3)

    assert sent == {(f"errors-{step}", "ALARM") for step in ("extract", "tag", "thumbnail")}


def test_throttling_without_an_end_sends_an_email(alarms: list[Alarm]) -> None:
    metrics = {**watch(9), **photos(range(9 * 60), Throttles=1, ExecutionThrottled=1)}

    steps = ("executions", "extract", "tag", "thumbnail")
    assert emails(alarms, metrics, hours=9) == {(f"throttles-{one}", "ALARM") for one in steps}


def test_a_photo_that_stays_processing_sends_an_email(alarms: list[Alarm]) -> None:
    limit: float = named(alarms, "processing").values["threshold"]

    assert emails(alarms, watch(4, limit + 1), hours=4) == {("processing", "ALARM")}


def test_a_watch_that_stops_reporting_sends_one_email(alarms: list[Alarm]) -> None:
    assert named(alarms, "processing").emails(watch(3), 24 * 60) == ["INSUFFICIENT_DATA"]


def test_dead_letters_are_reported_once_although_an_idle_queue_has_no_metrics(
    alarms: list[Alarm],
) -> None:
    alarm = named(alarms, "dead-letters")
    waiting = dict.fromkeys(range(10, 6 * 60), 1.0)  # then nobody uses the queue for a day
    redriven = dict.fromkeys(range(30 * 60, 32 * 60), 0.0)
    again = dict.fromkeys(range(32 * 60, 33 * 60), 1.0)

    def sent(samples: dict[int, float], hours: int) -> list[str]:
        return alarm.emails({"ApproximateNumberOfMessagesVisible": samples}, hours * 60)

    assert sent(waiting, 30) == ["ALARM"]
    assert sent({**waiting, **redriven, **again}, 34) == ["ALARM", "ALARM"]
