"""docs/performance.md, made of bench/results.json: targets first, then section by section."""

from collections.abc import Iterator, Mapping
from typing import Final

from bench import ROOT, cold, extract, growth, instructions, memory, pipeline, streaming, thumbnail
from bench.section import Figures, Section, prose
from bench.targets import Target, reasons, rows

PAGE: Final = ROOT / "docs" / "performance.md"
SECTIONS: Final[Mapping[str, Section]] = {
    "thumbnail": thumbnail,
    "streaming": streaming,
    "extract": extract,
    "memory": memory,
    "cold": cold,
    "pipeline": pipeline,
    "growth": growth,
    "instructions": instructions,
}

INTRODUCTION: Final = """\
# Performance

<!-- Made by `make bench`; do not edit. -->

What this project takes, beside what else one could use, on the same photos on one machine. How it
is measured is in [bench/README.md](../bench/README.md). **Ratios are the result, milliseconds are
only for scale**: each is the median over rounds of two CPU times taken in the same round, and the
geometric mean over photos. Nothing was measured in AWS.
"""


def page(results: Figures) -> str:
    """Return docs/performance.md."""
    return "\n".join(_lines(results))


def _lines(results: Figures) -> Iterator[str]:
    yield INTRODUCTION
    about = results["about"]
    yield from prose(
        f"Measured by `make bench` with photos of {about['source']}. Beside each section's command"
        " stand the machine, and how busy it was with other work just before: its load, of which"
        " each core can bear one."
    )
    yield "## Targets"
    yield ""
    demanded = list(targets(results))
    yield from rows(demanded)
    yield ""
    if why := list(reasons(demanded)):
        yield "Where we are not where we want to be, and why:"
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
    """Return how a section is measured again, and when it was measured last."""
    command = f'"{name} quick"' if when.get("quick") else name
    if "load" not in when:
        return f"`make bench BENCH={name}`"
    on = f"{when['date']}, {when['machine']}, load {when['load']:.1f}"
    return f"`make bench BENCH={command}`: {on}"


def targets(results: Figures) -> Iterator[Target]:
    """Yield what is demanded of all sections that were measured."""
    for name, section in SECTIONS.items():
        if name in results:
            yield from section.targets(results[name])
