"""What is said of many rounds: medians, and ratios of what was measured in the same round."""

import math
import statistics
from collections.abc import Iterable, Sequence


def median_ratio(ours: Sequence[float], reference: Sequence[float]) -> float:
    """Return the median of the ratios, round by round, so that drift of the machine cancels out.

    Raises:
        ValueError: the two were not measured in the same rounds, or in none.
    """
    ratios = [one / other for one, other in zip(ours, reference, strict=True)]
    if not ratios:
        raise ValueError("no rounds")
    return statistics.median(ratios)


def geometric_mean(ratios: Iterable[float]) -> float:
    """Return the mean of ratios in which twice and half cancel out.

    Raises:
        ValueError: there are none, or one is not above 0.
    """
    logs = [math.log(ratio) for ratio in ratios]
    if not logs:
        raise ValueError("no ratios")
    return math.exp(statistics.fmean(logs))


def percentile(values: Iterable[float], share: float) -> float:
    """Return the least of `values` that at least `share` (0 to 1) of them do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]
