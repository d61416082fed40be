"""Count the instructions of the cores with valgrind, which finds regressions on a busy machine too.

    python -m bench.instructions

compares the counts with those in bench/results.json.
"""

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import local  # noqa: F401  # puts images/ on the path, as the handlers' imports want it
from bench import ROOT
from bench.peers import gather
from bench.results import load
from bench.rounds import PYTHON_PATH
from bench.section import Figures, Run, table
from bench.targets import Target
from bench.thumbnail import python
from local.functions import IMAGE_ENVIRONMENT

TITLE = "Instructions"
ONCE: Final = 1
OFTEN: Final = {"thumbnail": 11, "both renditions": 3, "HEIC": 3, "extract": 11}  # by operation
TOLERANCE: Final = 0.05  # libvips chooses code by processor


def measure(run: Run) -> Figures:
    """Count the instructions of all operations; none without valgrind."""
    valgrind = run.peers.programs.get("valgrind")
    if valgrind is None:
        return {"millions": {}}
    advance = run.progress("instructions", len(OFTEN))
    found = {}
    for operation in OFTEN:
        found[operation] = count(valgrind, operation) / 1e6
        advance()
    return {"millions": found}


def count(valgrind: str, operation: str) -> float:
    """Return the instructions of one operation, without imports: those of many runs minus one."""
    times = ONCE, OFTEN[operation]
    with ThreadPoolExecutor(2) as pool:
        once, often = pool.map(lambda each: _run(valgrind, operation, each), times)
    return (often - once) / (OFTEN[operation] - ONCE)


def _run(valgrind: str, operation: str, times: int) -> int:
    done = subprocess.run(  # noqa: S603  # our own code
        [
            *(valgrind, "--tool=callgrind", "--callgrind-out-file=/dev/null"),
            *(*python("counted"), operation, str(times)),
        ],
        cwd=ROOT,
        env={
            "PATH": os.environ.get("PATH", os.defpath),
            "PYTHONPATH": PYTHON_PATH,
            "PYTHONHASHSEED": "0",  # otherwise the order in sets differs
            **IMAGE_ENVIRONMENT,
        },
        check=True,
        capture_output=True,
        text=True,
    )
    [collected] = re.findall(r"Collected : (\d+)", done.stderr)
    return int(collected)


def page(figures: Figures) -> Iterator[str]:
    """Yield the table."""
    yield "For one operation on a photo of `local/photos`, by valgrind. `make bench-compare` counts"
    yield f"again, and fails if a count has grown by {TOLERANCE:.0%}. On another processor, or with"
    yield "other libraries, run `make bench BENCH=instructions` first."
    yield ""
    rows = [[name, f"{millions:.1f}"] for name, millions in figures["millions"].items()]
    yield from table(["", "million instructions"], rows)


def targets(_: Figures) -> Iterator[Target]:
    """Yield none: `make bench-compare` fails if the counts grow."""
    return iter(())


def grown(now: Mapping[str, float], recorded: Mapping[str, float]) -> dict[str, float]:
    """Return the growth, as a share, of counts that grew by more than TOLERANCE."""
    shares = {name: now[name] / recorded[name] - 1 for name in recorded if name in now}
    return {name: share for name, share in shares.items() if share > TOLERANCE}


def main() -> int:
    """Compare the counts, and return the exit status."""
    valgrind = gather().programs.get("valgrind")
    if valgrind is None:
        print("skipped: no valgrind")  # noqa: T201  # what it is for
        return 0
    recorded = load()["instructions"]["millions"]
    now = {}
    for name in recorded:
        now[name] = count(valgrind, name) / 1e6
        change = now[name] / recorded[name] - 1
        print(f"{name:16} {now[name]:8.1f} million, recorded {recorded[name]:8.1f}: {change:+.1%}")  # noqa: T201  # as above
    return int(bool(grown(now, recorded)))


if __name__ == "__main__":
    sys.exit(main())
