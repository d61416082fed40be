"""The quotas of an AWS account, and how much of them is used at the moment."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from math import inf

from local.clock import Clock


@dataclass(frozen=True, kw_only=True)
class Quotas:
    """The quotas that the embedded AWS keeps to; by default none is limited.

    Source: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html (1,000
    invocations, and fewer in new accounts), https://docs.aws.amazon.com/general/latest/gr/rekognition.html
    (5 or 50 a second), https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-partition-key-design.html
    (1,000 write units a second)
    """

    invocations_at_once: float = inf  # of all functions
    labels_per_second: float = inf  # calls of DetectLabels
    write_units_per_second: float = inf  # of one partition key of one table, without its indexes


UNLIMITED = Quotas()


class ThrottledError(Exception):
    """A request exceeds a quota."""


class Usage:
    """What an account uses of its quotas. Every method is safe to call from several threads."""

    def __init__(self, quotas: Quotas, clock: Clock) -> None:
        self.quotas = quotas
        self._clock = clock
        self._lock = threading.Lock()
        self._invocations = 0
        self._labels = _Bucket(quotas.labels_per_second, clock)
        self._writes: dict[tuple[str, str], _Bucket] = {}

    @property
    def limits_writes(self) -> bool:
        """Whether write units are limited at all: to count them takes time."""
        return self.quotas.write_units_per_second < inf

    @contextmanager
    def invocation(self) -> Iterator[None]:
        """Count an invocation while it lasts.

        Raises:
            ThrottledError: as many are running as may run.
        """
        with self._lock:
            if self._invocations >= self.quotas.invocations_at_once:
                raise ThrottledError
            self._invocations += 1
        try:
            yield
        finally:
            with self._lock:
                self._invocations -= 1

    def detect_labels(self) -> None:
        """Count a call of DetectLabels.

        Raises:
            ThrottledError: there were too many within the last second.
        """
        with self._lock:
            if not self._labels.holds(1):
                raise ThrottledError
            self._labels.take(1)

    def write(self, units: Mapping[tuple[str, str], float]) -> None:
        """Count the write units of a request, by table and partition key.

        Raises:
            ThrottledError: there were too many within the last second; none is counted.
        """
        with self._lock:
            buckets = [
                (self._writes.setdefault(key, self._new_bucket()), count)
                for key, count in units.items()
            ]
            if not all(bucket.holds(count) for bucket, count in buckets):
                raise ThrottledError
            for bucket, count in buckets:
                bucket.take(count)

    def _new_bucket(self) -> "_Bucket":
        return _Bucket(self.quotas.write_units_per_second, self._clock)


class _Bucket:
    """A token bucket, which holds what a second brings."""

    def __init__(self, per_second: float, clock: Clock) -> None:
        self._per_second = per_second
        self._clock = clock
        self._left = per_second
        self._filled_at = clock.now()

    def holds(self, count: float) -> bool:
        """Return whether that many are left. A full bucket is enough for any request."""
        now = self._clock.now()
        brought = (now - self._filled_at) * self._per_second if now > self._filled_at else 0.0
        self._left = min(self._per_second, self._left + brought)
        self._filled_at = now
        return self._left >= min(count, self._per_second)

    def take(self, count: float) -> None:
        """Take that many; what is missing, the next second has to bring."""
        self._left -= count
