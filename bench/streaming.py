"""Measure GET and thumbnail from a throttled server: does decoding overlap with the download?"""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from bench import ROOT
from bench.rounds import PYTHON_PATH, Samples, Tool, interleave, workers
from bench.section import Figures, Run, prose, table
from bench.stats import geometric_mean
from bench.targets import Target
from bench.thumbnail import ENVIRONMENT, python

TITLE = "Streaming"
RATES_MB_S: Final = (40, 80)
GET, THEN, ARRIVING = "get", "get-then", "as-it-arrives"
KINDS: Final = {"baseline": ("12mp", "24mp"), "progressive": ("progressive",), "HEIC": ("heic",)}
TAIL: Final = (
    "after the last byte a part is still to be decoded, resized and encoded. For a small file this"
    " is a larger share, and on a busy machine the server and the decoder share the cores."
)
BOUNDS: Final = {40: 1.05, 80: 1.35}


def measure(run: Run) -> Figures:
    """Time each operation at each rate."""
    photos = run.corpus.of(*(start for starts in KINDS.values() for start in starts))
    rounds = run.some(7, 3)
    found: Figures = {}
    for rate in RATES_MB_S:
        with throttled(rate) as port, workers() as running:
            command = (*python("fetching"), str(port))
            tools = [
                Tool(name, command, name, environment=ENVIRONMENT) for name in (GET, THEN, ARRIVING)
            ]
            advance = run.progress(f"streaming: {rate} MB/s", (rounds + 1) * len(photos))
            samples = interleave(running, tools, photos, rounds, advance)
        found[str(rate)] = {
            kind: {name: _ratio(samples, name, starts) for name in (THEN, ARRIVING)}
            for kind, starts in KINDS.items()
            if any(photo.startswith(starts) for photo in samples[GET])
        }
    return found


@contextmanager
def throttled(rate_mb_s: float) -> Iterator[int]:
    """Run the throttled server, and yield its port."""
    command = [*python("throttled"), str(rate_mb_s)]
    with subprocess.Popen(  # noqa: S603  # our own code
        command,
        cwd=ROOT,
        env={"PYTHONPATH": PYTHON_PATH},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as source:
        assert source.stdout is not None  # noqa: S101  # for mypy: it is a pipe
        yield int(source.stdout.readline())
        source.communicate()


def _ratio(samples: dict[str, Samples], name: str, starts: tuple[str, ...]) -> float:
    """Return the ratio of wall times to the GET alone, over the photos of a kind.

    Times are the minimum of all rounds, since other work on the machine only adds to a wall time.
    """

    def least(tool: str, photo: str) -> float:
        return min(one.wall_ms for one in samples[tool][photo])

    return geometric_mean(
        least(name, photo) / least(GET, photo)
        for photo in samples[name]
        if photo.startswith(starts)
    )


def page(figures: Figures) -> Iterator[str]:
    """Yield the table."""
    yield from prose(
        "Minimum wall time of GET and thumbnail, as a multiple of the GET alone. In place of S3, a"
        " server on this machine sends the first byte after 15 ms, then at the given rate."
        " Progressive JPEG and HEIC are decoded after the last byte: the first scans of a"
        " progressive file suffice only for an eighth of its size."
    )
    rows = [
        [f"{kind}, {rate} MB/s", f"{ratios[THEN]:.2f}", f"{ratios[ARRIVING]:.2f}"]
        for rate, kinds in figures.items()
        for kind, ratios in kinds.items()
    ]
    yield from table(["× GET alone", "GET, then thumbnail", "**as the function does**"], rows)


def targets(figures: Figures) -> Iterator[Target]:
    """Yield the targets for baseline JPEG."""
    for rate, bound in BOUNDS.items():
        ratio = figures[str(rate)]["baseline"][ARRIVING]
        what = f"GET and thumbnail / GET at {rate} MB/s, baseline"
        yield Target(what, ratio, bound, why=TAIL)
