"""GET and thumbnail from a throttled source: does decoding hide behind the network?"""

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
    "what has arrived last is still to be decoded, resized and encoded; of a small file that is a"
    " larger share, and on a busy machine the server and the decoder share its cores."
)
BOUNDS: Final = {40: 1.05, 80: 1.35}


def measure(run: Run) -> Figures:
    """Time each way at each rate."""
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
    """Run the source, and yield its port."""
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
    """Return the least wall time against the GET's, over the photos of a kind.

    The least of all rounds: other work on the machine can only add to a wall time.
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
        "Least wall time of GET and thumbnail, as a multiple of the GET's alone, from a server on"
        " this machine that sends its first byte after 15 ms, then so many MB a second, in place of"
        " S3. Progressive JPEG and HEIC are decoded when all of them is there: what a progressive"
        " file has first is of use only to those who want an eighth of its size."
    )
    rows = [
        [f"{kind}, {rate} MB/s", f"{ratios[THEN]:.2f}", f"{ratios[ARRIVING]:.2f}"]
        for rate, kinds in figures.items()
        for kind, ratios in kinds.items()
    ]
    yield from table(["× GET alone", "GET, then thumbnail", "**as the function does**"], rows)


def targets(figures: Figures) -> Iterator[Target]:
    """Yield the demands on baseline JPEG."""
    for rate, bound in BOUNDS.items():
        ratio = figures[str(rate)]["baseline"][ARRIVING]
        what = f"GET and thumbnail / GET at {rate} MB/s, baseline"
        yield Target(what, ratio, bound, why=TAIL)
