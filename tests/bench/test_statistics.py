"""Statistics over rounds."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.rounds import geometric_mean, mean, median_ratio

TIMES = st.lists(st.floats(0.1, 1e4), min_size=1, max_size=20)


@given(TIMES, st.floats(0.5, 2))
def test_a_slow_machine_changes_no_ratio(times: list[float], slower: float) -> None:
    ours, theirs = [2 * each for each in times], times

    slow = median_ratio([slower * each for each in ours], [slower * each for each in theirs])

    assert slow == pytest.approx(2)


def test_ratios_are_taken_within_a_round() -> None:
    assert median_ratio([1, 20, 3], [1, 10, 3]) == 1  # the median of the medians would be 1 as well
    assert median_ratio([2, 20, 60], [1, 10, 3]) == 2


def test_lists_of_different_lengths_have_no_ratio() -> None:
    with pytest.raises(ValueError, match="shorter"):
        median_ratio([1, 2], [1])
    with pytest.raises(ValueError, match="no rounds"):
        median_ratio([], [])


def test_twice_and_half_cancel_out() -> None:
    assert geometric_mean([2, 0.5]) == pytest.approx(1)
    with pytest.raises(ValueError, match="no ratios"):
        geometric_mean([])


def test_a_column_has_the_photos_with_its_prefix() -> None:
    ratios = {"12mp-1.jpg": 2.0, "12mp-2.jpg": 0.5, "48mp.jpg": 4.0}

    assert mean(ratios, ["12mp"]) == pytest.approx(1)
    assert mean(ratios, ["progressive"]) is None
