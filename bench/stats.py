"""Statistics over rounds: medians, ratios within a round, means of ratios."""

import math
import statistics
from collections.abc import Iterable, Sequence


def median_ratio(ours: Sequence[float], reference: Sequence[float]) -> float:
    """Return the median of the ratios within each round, which cancels drift of the machine.

    Raises:
        ValueError: the lists have different lengths, or are empty.
    """
    ratios = [one / other for one, other in zip(ours, reference, strict=True)]
    if not ratios:
        raise ValueError("no rounds")
    return statistics.median(ratios)


def geometric_mean(ratios: Iterable[float]) -> float:
    """Return the geometric mean, for which twice and half cancel out.

    Raises:
        ValueError: there are no ratios, or one is not positive.
    """
    logs = [math.log(ratio) for ratio in ratios]
    if not logs:
        raise ValueError("no ratios")
    return math.exp(statistics.fmean(logs))


def percentile(values: Iterable[float], share: float) -> float:
    """Return the nearest-rank percentile: the least value that `share` of them do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]
