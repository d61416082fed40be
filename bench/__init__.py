"""Benchmarks of this project and its peers on the same photos: see README.md."""

from pathlib import Path

import gallery  # noqa: F401  # it lets modules of images/ be imported

ROOT = Path(__file__).parents[1]
CACHE = ROOT / ".cache" / "bench"  # all files that the benchmarks make, fetch and build
