"""Statistics over rounds."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.stats import geometric_mean, median_ratio, percentile

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


@pytest.mark.parametrize(
    ("share", "value"), [(0, 1), (0.5, 2), (0.75, 3), (1, 4)], ids=["least", "half", "most", "all"]
)
def test_a_percentile_is_one_of_the_values(share: float, value: float) -> None:
    assert percentile([4, 1, 3, 2], share) == value
