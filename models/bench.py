"""What labeling costs on this machine, on one core: CPU milliseconds and peak memory.

    python -m models.bench --model FOLDER PHOTO...

Cold is a fresh process: imports, loading the networks, the first photo. Warm is the median of
ROUNDS, from the encoded file to the labels. Run it alone: the figures are of CPU time, but a busy
machine slows that too.
"""

import argparse
import statistics
import time
from pathlib import Path

ROUNDS = 9
KIB_IN_A_MB = 976.6


def cpu_ms() -> float:
    """Return the CPU time that this process has had."""
    return time.process_time() * 1000


def peak_mb() -> str:
    """Return the most memory that this process has held, and how much of that is its own.

    The rest are pages of its libraries' files. The kernel maps as many of them as lie in its cache
    together, so that they are more or fewer from one machine, and one installation, to the next.
    Of Linux's own book, since getrusage's begins with what the parent process held.
    """
    book = Path("/proc/self/status").read_text()
    peak, files = (
        int(book.partition(name)[2].split()[0]) / KIB_IN_A_MB for name in ("VmHWM:", "RssFile:")
    )
    return f"{peak:4.0f} MB, {peak - files:4.0f} of its own"


def main() -> None:
    """Print one line for each photo, after one for the start."""
    from tag.embedded.labeler import load_model  # noqa: PLC0415  # its import is measured

    parser = argparse.ArgumentParser()
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("photos", type=Path, nargs="+")
    arguments = parser.parse_args()
    started = cpu_ms()
    model = load_model(arguments.model)
    loaded = cpu_ms()

    def label(photo: Path, rounds: int) -> float:
        """Return the median of its CPU milliseconds."""
        body = photo.read_bytes()
        found = []
        for _ in range(rounds):
            before = cpu_ms()
            model.labels_of_file(body, max_labels=50, min_confidence=55)
            found.append(cpu_ms() - before)
        return statistics.median(found)

    first = label(arguments.photos[0], 1)
    print(f"start {started:.0f} ms, load {loaded - started:.0f} ms, ", end="")  # noqa: T201
    print(f"first photo {first:.0f} ms, {peak_mb()}")  # noqa: T201
    for photo in arguments.photos:
        print(f"{label(photo, ROUNDS):4.0f} ms, {peak_mb()}  {photo.name}")  # noqa: T201


if __name__ == "__main__":
    main()
