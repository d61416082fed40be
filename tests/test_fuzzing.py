"""Mutated photos of every container keep the rule of `fuzzing`; `make fuzz` tries for hours."""

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fuzzing import CONTAINERS, MAX_BYTES, Fuzzer, Spent, bases, mutated

EXAMPLES = 50  # of each container: 30 s for all of them


@pytest.fixture(scope="module")
def fuzzer() -> Iterator[Fuzzer]:
    running = Fuzzer()
    yield running
    running.stop()


@pytest.mark.parametrize("container", CONTAINERS)
def test_valid_files_keep_the_rule(fuzzer: Fuzzer, container: str) -> None:
    for base in bases(container):
        assert fuzzer.fault(CONTAINERS[container].wrap(base)) == ""


@pytest.mark.parametrize("container", CONTAINERS)
@given(seed=st.integers(0, 2**63))
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,  # the same in CI each time
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_mutated_files_keep_the_rule(fuzzer: Fuzzer, container: str, seed: int) -> None:
    photo = mutated(container, seed)

    assert len(photo) <= MAX_BYTES
    assert fuzzer.fault(photo) == ""


def test_a_file_is_taken_apart_and_put_together_again() -> None:
    for name, container in CONTAINERS.items():
        if name not in {"TIFF", "EXIF"}:  # whose directory moves to the end
            for base in bases(name):
                assert container.join(container.parts(base)) == base, name


@pytest.mark.parametrize(
    ("spent", "fault"),
    [
        (Spent(1.0, 300, ("ok", "ok")), ""),
        (Spent(0.1, 10, ("TooComplexError: 7", "UnreadablePhotoError: !")), ""),
        (Spent(1.1, 10, ("ok", "ok")), "1.1 s of CPU time"),
        (Spent(0.1, 301, ("ok", "ok")), "301 MB"),
        (Spent(0.1, 10, ("ok", "!KeyError: 7")), "unnamed: !KeyError: 7"),
    ],
)
def test_the_rule_is_a_second_300_mb_and_a_named_error(spent: Spent, fault: str) -> None:
    assert spent.fault == fault
