"""A worker does jobs in another process, and is ended wherever it is when time is up."""

import os
import time
from collections.abc import Iterator
from io import BytesIO
from typing import Any, Protocol

import pytest

import shared.deadline
from fakes import MemoryPhotoStream
from shared.errors import (
    DeadlineExceededError,
    StorageUnavailableError,
    TooComplexError,
    TooManyPixelsError,
)
from shared.storage import PhotoStream
from shared.worker import FRAME_BYTES, Worker

LIMIT_SECONDS = 6  # of which one is CPU time, on a busy machine too


class Start(Protocol):
    """Starts a worker with a function of `workerjobs`."""

    def __call__(self, function: str) -> Worker[Any]: ...


@pytest.fixture
def start(monkeypatch: pytest.MonkeyPatch) -> Iterator[Start]:
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128")  # blamed from one second on
    workers: list[Worker[Any]] = []

    def start_one(function: str) -> Worker[Any]:
        workers.append(Worker("workerjobs", function))
        return workers[-1]

    yield start_one
    for worker in workers:
        worker.stop()


def photo(size: int = 1) -> MemoryPhotoStream:
    return MemoryPhotoStream(bytes(size))


@pytest.mark.parametrize("size", [0, 1, FRAME_BYTES, FRAME_BYTES + 1, 3_000_000])
def test_the_function_gets_the_photo_in_another_process(start: Start, size: int) -> None:
    body = os.urandom(size)
    worker = start("read_all")

    pid, read = worker(MemoryPhotoStream(body), b"!")

    assert read == body + b"!"
    assert pid != os.getpid()


def test_one_process_does_many_jobs(start: Start) -> None:
    worker = start("read_all")

    assert len({worker(photo(n))[0] for n in range(20)}) == 1


def test_no_more_is_read_than_the_function_reads(start: Start) -> None:
    worker = start("read_nothing")
    large = photo(50_000_000)

    assert worker(large, 5_000_000) == bytes(5_000_000)
    assert len(large.read()) > 40_000_000
    assert worker(photo(), 1) == b"\0"


def test_an_error_keeps_its_name_and_its_message(start: Start) -> None:
    with pytest.raises(TooManyPixelsError, match="7 bytes"):
        start("refuse")(photo(7))


def test_a_bug_is_reported_with_its_place(start: Start) -> None:
    with pytest.raises(RuntimeError, match="KeyError: 7") as failed:
        start("fail")(photo(7))

    assert "workerjobs.py" in failed.value.__notes__[0]


def test_code_that_nothing_interrupts_is_ended_and_the_photo_is_blamed(start: Start) -> None:
    worker = start("compute")
    worker(photo(2))
    started = time.monotonic()

    with pytest.raises(TooComplexError, match="s of CPU time did not suffice"):
        worker(photo(1), deadline=started + LIMIT_SECONDS)

    assert time.monotonic() - started < LIMIT_SECONDS + 5
    assert worker(photo(2)) == "1"  # in a new process


def test_a_function_that_notices_the_deadline_is_not_ended(start: Start) -> None:
    with pytest.raises(TooComplexError):
        start("notice")(photo(), deadline=time.monotonic() + LIMIT_SECONDS)


def test_whoever_only_waits_does_not_blame_the_photo(start: Start) -> None:
    worker = start("sleep")
    worker(photo(2))

    with pytest.raises(DeadlineExceededError):
        worker(photo(1), deadline=time.monotonic() + 0.2)

    assert worker(photo(2)) == 7


def test_a_photo_that_arrives_too_slowly_is_not_blamed(start: Start) -> None:
    def slowly(size: int) -> bytes:
        time.sleep(0.3)
        return bytes(min(size, 1))

    with pytest.raises(DeadlineExceededError, match="the photo arrives"):
        start("read_all")(PhotoStream(slowly, 100), deadline=time.monotonic() + 0.5)


def test_a_stream_that_breaks_raises_its_own_error_and_the_worker_goes_on(start: Start) -> None:
    worker = start("read_all")
    pid, _ = worker(photo())
    broken = PhotoStream(BytesIO(bytes(100_000)).read, 200_000)

    with pytest.raises(StorageUnavailableError, match=r"after 100,000 of 200,000 bytes"):
        worker(broken)

    assert worker(photo())[0] == pid


def test_a_crash_ends_the_step_and_the_next_job_has_a_new_process(start: Start) -> None:
    worker = start("crash")
    pid = worker(photo(2))

    with pytest.raises(SystemExit, match="the worker has ended"):
        worker(photo(1))

    assert worker(photo(2)) != pid


def test_a_worker_that_died_between_two_jobs_ends_the_step(start: Start) -> None:
    worker = start("crash")
    os.kill(worker(photo(2)), 9)

    with pytest.raises(SystemExit):
        worker(photo(2))


@pytest.mark.parametrize(
    ("memory_mb", "cpu_seconds", "is_blamed"),
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
    memory_mb: int, cpu_seconds: float, *, is_blamed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", str(memory_mb))
    late = DeadlineExceededError("no time left")

    error = shared.deadline.blamed(late, cpu_seconds, 27)

    assert isinstance(error, TooComplexError) == is_blamed
    assert is_blamed or error is late


def test_python_code_that_looks_at_no_clock_is_ended_by_its_cpu_time() -> None:
    started = time.process_time()

    def step() -> None:
        with shared.deadline.cpu_limit(time.monotonic() + 2):
            for _ in iter(int, 1):
                pass

    with pytest.raises(TooComplexError):
        step()

    assert 0.9 < time.process_time() - started < 5


def test_an_error_that_a_library_swallows_is_raised_again() -> None:
    def library() -> None:
        try:
            for _ in iter(int, 1):
                pass
        except Exception:  # noqa: BLE001, S110  # as libraries do
            pass

    def step() -> None:
        with shared.deadline.cpu_limit(time.monotonic() + 2):
            library()
            library()
            library()
            for _ in iter(int, 1):
                pass

    with pytest.raises(TooComplexError):
        step()


def test_no_limit_is_left_behind() -> None:
    with shared.deadline.cpu_limit(time.monotonic() + 2):
        pass
    started = time.process_time()

    while time.process_time() - started < 1.3:
        pass
