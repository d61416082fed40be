"""This project and its peers on the same photos, side by side: see README.md."""

from pathlib import Path

ROOT = Path(__file__).parents[1]
CACHE = ROOT / ".cache" / "bench"  # all that the bench makes, fetches and builds
