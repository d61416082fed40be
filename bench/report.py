"""Make docs/performance.md from bench/results.json: targets first, then all sections."""

from collections.abc import Iterator, Mapping
from typing import Final

from bench import (
    ROOT,
    cold,
    extract,
    growth,
    instructions,
    limits,
    memory,
    pipeline,
    streaming,
    thumbnail,
)
from bench.section import Figures, Section, prose
from bench.targets import Target, reasons, rows

PAGE: Final = ROOT / "docs" / "performance.md"
SECTIONS: Final[Mapping[str, Section]] = {
    "thumbnail": thumbnail,
    "streaming": streaming,
    "extract": extract,
    "memory": memory,
    "limits": limits,
    "cold": cold,
    "pipeline": pipeline,
    "growth": growth,
    "instructions": instructions,
}

INTRODUCTION: Final = """\
# Performance

<!-- Made by `make bench`; do not edit. -->

CPU time and memory of this project and of its peers, for the same photos on one machine. The
method is in [bench/README.md](../bench/README.md). **The results are ratios; milliseconds only show
the scale**. A ratio is the median over rounds of two CPU times in the same round, and the geometric
mean over photos. Nothing was measured in AWS.
"""


def page(results: Figures) -> str:
    """Return docs/performance.md."""
    return "\n".join(_lines(results))


def _lines(results: Figures) -> Iterator[str]:
    yield INTRODUCTION
    about = results["about"]
    yield from prose(
        f"Measured by `make bench` with photos of {about['source']}. Each section has its command,"
        " the machine, and the machine's load average before the start, where one core can carry a"
        " load of 1."
    )
    yield "## Targets"
    yield ""
    demanded = list(targets(results))
    yield from rows(demanded)
    yield ""
    if why := list(reasons(demanded)):
        yield "Missed targets, and why:"
        yield ""
        yield from why
        yield ""
    for name, section in SECTIONS.items():
        if name in results:
            yield f"## {section.TITLE}"
            yield ""
            yield _command(name, about["sections"].get(name, {}))
            yield ""
            yield from section.page(results[name])
    yield "## Versions"
    yield ""
    yield ", ".join(f"{name} {version}" for name, version in about["versions"].items()) + "."
    for name, why in about["skipped"].items():
        yield f"\nSkipped: {name}, {why}."
    yield ""


def _command(name: str, when: Figures) -> str:
    """Return the command that measures a section, and when it was last measured."""
    command = f'"{name} quick"' if when.get("quick") else name
    if "load" not in when:
        return f"`make bench BENCH={name}`"
    on = f"{when['date']}, {when['machine']}, load {when['load']:.1f}"
    return f"`make bench BENCH={command}`: {on}"


def targets(results: Figures) -> Iterator[Target]:
    """Yield the targets of all measured sections."""
    for name, section in SECTIONS.items():
        if name in results:
            yield from section.targets(results[name])
