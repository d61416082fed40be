"""A supervised handler runs in another process, and is ended wherever it is when time is up."""

import logging
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from typing import NamedTuple, Protocol

import pytest

from shared import supervisor
from shared.deadline import MARGIN_SECONDS
from shared.errors import DeadlineExceededError, TooComplexError, TooManyPixelsError
from shared.supervisor import Supervised, is_blamed

LIMIT_SECONDS = 3  # of which 0.1 are CPU time, on a busy machine too

# pytest and its plugins may have threads. Lambda's runtime has none before it imports a handler.
pytestmark = pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")


class Start(Protocol):
    """Starts a handler of `supervised`."""

    def __call__(self, name: str) -> Supervised: ...


class Context(NamedTuple):
    """Lambda's context, with so many seconds until the deadline of the step."""

    seconds: float

    def get_remaining_time_in_millis(self) -> float:
        return (self.seconds + MARGIN_SECONDS) * 1000


@pytest.fixture
def start(monkeypatch: pytest.MonkeyPatch) -> Iterator[Start]:
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128")  # a fourteenth of a processor
    monkeypatch.setattr(supervisor, "LEAST_BLAMED_SECONDS", 0.1)
    started: list[Supervised] = []

    def start_one(name: str) -> Supervised:
        started.append(Supervised("supervised", name))
        return started[-1]

    yield start_one
    for one in started:
        one.stop()


def test_the_handler_gets_each_event_in_the_same_other_process(start: Start) -> None:
    handle = start("echo")

    answers = [handle({"number": number}, None) for number in range(20)]

    [pid] = {answer["pid"] for answer in answers}  # type: ignore[index]  # as the handler returns
    assert pid != os.getpid()
    assert answers == [{"pid": pid, "number": number} for number in range(20)]


def test_the_handler_has_the_time_that_is_left_to_the_function(start: Start) -> None:
    left_ms = start("left_ms")({}, Context(60))

    assert 55_000 < left_ms <= 60_000 + MARGIN_SECONDS * 1000  # type: ignore[operator]  # a number


def test_an_error_keeps_its_class_and_its_message(start: Start) -> None:
    with pytest.raises(TooManyPixelsError, match="7 px"):
        start("refuse")({"px": 7}, None)


def test_a_bug_keeps_the_name_of_its_class_and_its_place_is_logged(
    start: Start, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(Exception, match="no such key") as failed:
        start("fail")({}, None)

    assert type(failed.value).__name__ == "KeyError"
    assert "supervised.py" in caplog.text


def test_what_the_handler_logs_is_logged_here_with_its_fields(
    start: Start, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)

    start("report")({}, None)

    [record] = caplog.records
    assert (record.name, record.getMessage()) == ("supervised", "7 photos")
    assert record.photo_key == "uploads/a"  # type: ignore[attr-defined]  # of `extra`


def test_code_that_nothing_interrupts_is_ended_and_the_photo_is_blamed(start: Start) -> None:
    handle = start("compute")
    assert handle({}, None) == "0x3"

    with pytest.raises(TooComplexError, match="s of CPU time did not suffice"):
        handle({"power": 200_000_000}, Context(LIMIT_SECONDS))

    assert handle({}, None) == "0x3"  # in a new process


def test_a_handler_that_notices_the_deadline_blames_the_photo_too(start: Start) -> None:
    with pytest.raises(TooComplexError):
        start("notice")({}, Context(LIMIT_SECONDS))


def test_a_handler_that_only_waits_does_not_blame_the_photo(start: Start) -> None:
    handle = start("sleep")

    with pytest.raises(DeadlineExceededError):
        handle({"seconds": 60}, Context(0.2))

    assert handle({"seconds": 0}, None) is None


def test_the_cpu_time_of_earlier_photos_does_not_count(start: Start) -> None:
    handle = start("compute_then_sleep")
    handle({"cpu_seconds": 1.5, "seconds": 0}, None)

    with pytest.raises(DeadlineExceededError):
        handle({"cpu_seconds": 0, "seconds": 60}, Context(0.2))


def test_an_error_of_the_import_is_raised_here() -> None:
    with pytest.raises(ModuleNotFoundError, match="no_such_module"):
        Supervised("no_such_module")


@pytest.mark.parametrize(
    ("name", "status"), [("crash", -signal.SIGABRT), ("run_out_of_memory", -signal.SIGKILL)]
)
def test_the_end_of_the_worker_ends_the_function_alike(name: str, status: int) -> None:
    code = f"from shared.supervisor import Supervised; Supervised('supervised', {name!r})({{}}, 0)"

    ended = subprocess.run([sys.executable, "-c", code], check=False, env=paths())  # noqa: S603  # ours

    assert ended.returncode == status


def test_the_end_of_the_function_ends_the_worker() -> None:
    code = (
        "from shared.supervisor import Supervised; import os, signal\n"
        "handle = Supervised('supervised', 'echo')\n"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )

    # The worker has the pipe too, so this waits for its end.
    subprocess.run(  # noqa: S603  # ours
        [sys.executable, "-c", code],
        check=False,
        env=paths(),
        stdout=subprocess.PIPE,
        timeout=60,
    )


def paths() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}


@pytest.mark.parametrize(
    ("memory_mb", "cpu_seconds", "blamed"),
    [
        (1_769, 14, True),
        (1_769, 13, False),  # less than half of the time: it waited
        (3_008, 14, True),  # no more than one thread computes
        (512, 4, True),
        (512, 3.8, False),
        (128, 0.99, False),
        (128, 1, True),
    ],
)
def test_a_photo_is_blamed_for_half_of_the_cpu_time_that_the_function_has(
    memory_mb: int, cpu_seconds: float, *, blamed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", str(memory_mb))

    assert is_blamed(cpu_seconds, 27) == blamed
