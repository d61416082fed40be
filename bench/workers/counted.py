"""Run one operation several times, for valgrind to count its instructions.

    python -m bench.workers.counted OPERATION TIMES

The photos are in the repository, so that all clones count the same.
"""

import logging
import sys
from collections.abc import Callable

from bench import ROOT


def operations() -> dict[str, Callable[[], object]]:
    """Return the operations by name, ready to run."""
    from bench.workers.extracting import core  # noqa: PLC0415  # not counted for other operations
    from bench.workers.ours import FIT  # noqa: PLC0415
    from thumbnail.render import render  # noqa: PLC0415
    from thumbnail.renditions import DEFAULT_RENDITIONS  # noqa: PLC0415

    photos = {path.name: path.read_bytes() for path in (ROOT / "local" / "photos").iterdir()}
    return {
        "thumbnail": lambda: render(photos["rocket.jpg"], {"fit": FIT}),
        "both renditions": lambda: render(photos["rocket.jpg"], DEFAULT_RENDITIONS),
        "HEIC": lambda: render(photos["coffee.heic"], {"fit": FIT}),
        "extract": lambda: core(photos["chelsea.jpg"]),
    }


def main() -> None:
    """Run the operation of the command line."""
    logging.disable(logging.CRITICAL)
    operation = operations()[sys.argv[1]]
    for _ in range(int(sys.argv[2])):
        operation()


if __name__ == "__main__":
    main()
