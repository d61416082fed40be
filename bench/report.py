"""Make docs/performance.md from bench/results/: five figures, the targets, then all sections."""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from bench import ROOT, cold, extract, functions, memory, plots, thumbnail
from bench.section import Figures, Section, Target, digits, prose, reasons, rest, target_rows

PAGE: Final = ROOT / "docs" / "performance.md"
FOLDER: Final = ROOT / "bench" / "results"  # a file for each processor
SECTIONS: Final[Mapping[str, Section]] = {
    "thumbnail": thumbnail,
    "extract": extract,
    "memory": memory,
    "cold": cold,
    "functions": functions,
}

INTRODUCTION: Final = """\
# Performance

<!-- Made by `make bench`; do not edit. -->

CPU time of this project and of its peers for the same photos on one machine, and the memory of this
project; the method is in [bench/README.md](../bench/README.md). **Compare the ratios; milliseconds
only show the scale.** A ratio is the median over rounds of two CPU times in the same round, and the
geometric mean over photos. Nothing was measured in AWS.
"""


def page(results: Mapping[str, Figures]) -> str:
    """Return docs/performance.md."""
    return "\n".join(_lines(results))


def _lines(results: Mapping[str, Figures]) -> Iterator[str]:
    yield INTRODUCTION
    for processor, each in results.items():
        about = each["about"]
        yield from prose(
            f"Measured on {about['cores']} cores of {processor}, with photos of {about['source']}."
        )
    for picture in plots.PICTURES:
        yield f"### {picture.title}"
        yield ""
        yield from prose(" ".join(_captions(picture, results)))
        yield f"![{picture.title}](performance-{picture.name}.svg)"
        yield ""
    yield "## Targets"
    yield ""
    yield "A target is met if it is met on every processor."
    yield ""
    demanded = targets(results)
    yield from target_rows(demanded)
    if why := list(reasons(demanded)):
        yield "Missed targets, and why:"
        yield ""
        yield from why
        yield ""
    for name, section in SECTIONS.items():
        yield f"## {section.TITLE}"
        yield ""
        yield section.TEXT
        yield ""
        for processor, each in results.items():
            if name in each:
                yield f"**{processor}**: {_command(name, each['about']['sections'][name])}"
                yield ""
                yield from section.tables(each[name])
    yield "## Versions"
    yield ""
    yield "Those of the last run on each processor."
    yield ""
    for processor, each in results.items():
        versions = ", ".join(f"{name} {text}" for name, text in each["about"]["versions"].items())
        yield from prose(f"**{processor}**: {versions}.")
        for name, why in each["about"]["skipped"].items():
            yield f"Skipped: {name}, {why}."
            yield ""


def _captions(picture: plots.Picture, results: Mapping[str, Figures]) -> Iterator[str]:
    """Yield what the picture shows, on each processor that it was measured on."""
    yield picture.text
    for processor, bars in picture.by_processor(results).items():
        ours, *others = (
            f"{name} {digits(sum(parts.values()))} {picture.unit}" for name, parts in bars.items()
        )
        said = "; ".join([f"**{ours}**", *others])
        yield f"{processor}: {said}." if processor else f"{said}."


def _command(name: str, when: Figures) -> str:
    """Return the command that measures a section, and when it was last measured."""
    command = f'"{name} quick"' if when["quick"] else name
    minutes = max(1, round(when["minutes"]))
    return (
        f"`make bench BENCH={command}`, {when['date']}, {minutes} min, {rest(when['busy_cores'])}"
    )


def targets(results: Mapping[str, Figures]) -> dict[str, list[Target]]:
    """Return the targets of all measured sections, by processor."""
    return {
        processor: [
            target
            for name, section in SECTIONS.items()
            if name in each
            for target in section.targets(each[name])
        ]
        for processor, each in results.items()
    }


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
