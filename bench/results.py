"""bench/results/: one file for each processor, read and written in this one place."""

import json
import re
from pathlib import Path
from typing import Final

from bench import ROOT
from bench.section import Figures

FOLDER: Final = ROOT / "bench" / "results"


def load() -> dict[str, Figures]:
    """Return what was measured last, by the name of the processor."""
    files = [json.loads(path.read_text()) for path in sorted(FOLDER.glob("*.json"))]
    return {each["about"]["processor"]: each for each in files}


def save(results: Figures) -> None:
    """Keep what was measured on one processor, with no more digits than it is worth."""
    text = json.dumps(rounded(results), indent=1, ensure_ascii=False) + "\n"
    file_of(results["about"]["processor"]).write_text(text)


def file_of(processor: str) -> Path:
    """Return the file of a processor's results."""
    return FOLDER / f"{re.sub(r'[^a-z0-9]+', '-', processor.lower()).strip('-')}.json"


def rounded(node: object) -> object:
    """Return JSON with its numbers rounded to four digits, where they have a fraction."""
    if isinstance(node, float):
        return float(f"{node:.4g}")
    if isinstance(node, dict):
        return {key: rounded(value) for key, value in node.items()}
    if isinstance(node, list):
        return [rounded(value) for value in node]
    return node
