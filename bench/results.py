"""bench/results.json: read and written in this one place, so that no section imports the page."""

import json
from typing import Final

from bench import ROOT
from bench.section import Figures

RESULTS: Final = ROOT / "bench" / "results.json"


def load() -> Figures:
    """Return what was measured last, or nothing."""
    return dict(json.loads(RESULTS.read_text())) if RESULTS.exists() else {}


def save(results: Figures) -> None:
    """Keep what was measured, with no more digits than it is worth."""
    RESULTS.write_text(json.dumps(rounded(results), indent=1, ensure_ascii=False) + "\n")


def rounded(node: object) -> object:
    """Return JSON with its numbers rounded to four digits, where they have a fraction."""
    if isinstance(node, float):
        return float(f"{node:.4g}")
    if isinstance(node, dict):
        return {key: rounded(value) for key, value in node.items()}
    if isinstance(node, list):
        return [rounded(value) for value in node]
    return node
