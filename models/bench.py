"""Measure the CPU milliseconds and the peak memory of labeling, on one core of this machine.

    python -m models.bench --model FOLDER PHOTO...

The first line is for a new process: imports, loading the networks, the first photo. Then each photo
has a line with the median of ROUNDS, from the encoded file to the labels. Other work on the machine
increases CPU time too, so run nothing else.
"""

import argparse
import statistics
import time
from pathlib import Path

ROUNDS = 9
KIB_IN_A_MB = 976.6


def cpu_ms() -> float:
    """Return the CPU time of this process."""
    return time.process_time() * 1000


def peak_mb() -> str:
    """Return the peak memory of this process, and the part that is not mapped from files.

    The mapped pages of library files depend on the kernel's page cache, and so on the machine.
    Read from /proc, because the peak that getrusage returns includes that of the parent process.
    """
    status = Path("/proc/self/status").read_text()
    peak, files = (
        int(status.partition(name)[2].split()[0]) / KIB_IN_A_MB for name in ("VmHWM:", "RssFile:")
    )
    return f"{peak:4.0f} MB, {peak - files:4.0f} of its own"


def main() -> None:
    """Print a line for the start, and a line for each photo."""
    from tag.embedded.labeler import load_model  # noqa: PLC0415  # its import is measured

    parser = argparse.ArgumentParser()
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("photos", type=Path, nargs="+")
    arguments = parser.parse_args()
    started = cpu_ms()
    model = load_model(arguments.model)
    loaded = cpu_ms()

    def label(photo: Path, rounds: int) -> float:
        """Return the median CPU milliseconds of labeling `photo`."""
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
