"""Make docs/critical-path.md and its picture of the figures in docs/critical-path.json.

`python -m tools.critical_path PHOTO` counts these; `make docs` makes the page.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from gallery.costs import CPU_MS

DOCS: Final = Path(__file__).parents[1] / "docs"
FIGURES: Final = DOCS / "critical-path.json"
PAGE: Final = DOCS / "critical-path.md"
BASE: Final = "f13449e"  # what this release is compared with

# The picture, in px.
WIDTH: Final = 1000
LEFT: Final = 86  # of the first box
CELL: Final = 53
BOX: Final = 51
LINE: Final = 58  # of one branch

ABBREVIATIONS: Final[Mapping[str, str]] = {
    "UpdateItem": "update",
    "GetObject": "GET",
    "PutObject": "PUT",
    "Query": "query",
    "DetectLabels": "labels",
    "TransactWriteItems": "write",
    "Invoke": "invoke",
}

LEGEND: Final = """\
  <style>
    .page {{ fill: #ffffff }} .state {{ fill: #f6f0ff; stroke: #8250df }}
    .request {{ fill: #ddf4ff; stroke: #0969da }} text {{ fill: #1f2328 }}
    .box {{ text-anchor: middle; font-size: 9.5px }} .small {{ fill: #59636e; font-size: 14px }}
    .name {{ font-size: 14px; font-weight: 600 }}
    @media (prefers-color-scheme: dark) {{
      .page {{ fill: #0d1117 }} .state {{ fill: #271b3d; stroke: #a371f7 }}
      .request {{ fill: #0c2d4d; stroke: #58a6ff }} text {{ fill: #e6edf3 }}
      .small {{ fill: #9198a1 }}
    }}
  </style>
  <rect class="page" width="{width}" height="{height}"/>
  <rect class="state" x="14" y="12" width="16" height="16" rx="4"/>
  <text class="small" x="38" y="25">a state</text>
  <rect class="request" x="112" y="12" width="16" height="16" rx="4"/>
  <text class="small" x="136" y="25">a request, or several at the same time</text>"""

Json = dict[str, Any]


def figures() -> Json:
    """Return what was counted."""
    found: Json = json.loads(FIGURES.read_text())
    return found


def counts(steps: Sequence[Json]) -> tuple[int, int]:
    """Return the state transitions and the requests of the longest way through `steps`.

    The requests of a group were sent at the same time, and count once.
    """
    transitions = requests = 0
    for step in steps:
        branches = [counts(branch) for branch in step.get("branches", [])]
        more = max(branches, key=sum, default=(0, 0))
        transitions += 1 + more[0]
        requests += len(step.get("requests", [])) + more[1]
    return transitions, requests


def tables() -> str:
    """Return the generated part of the page."""
    found = figures()
    before, now = (counts(found["paths"][name]) for name in (BASE, "now"))
    rows = [
        f"| {what} | {was} | {is_} | {is_ / was:.0%} |".replace("%", " %")
        for what, was, is_ in (
            ("state transitions", before[0], now[0]),
            ("requests, one after another", before[1], now[1]),
            ("**both**", sum(before), sum(now)),
        )
    ]
    return "\n".join(
        [
            f"Counted with a JPEG of {found['photo_bytes'] / 1e6:.1f} MB and Rekognition:",
            "",
            f"| until the photo is READY | {BASE} | this release | |",
            *("|---|---:|---:|---:|", *rows, ""),
            "**Measured**: each state, its requests in their order, their bytes, and the CPU time",
            "of its function. `∥` joins requests that are sent at the same time.",
            "",
            "| state | requests | sent, bytes | received, bytes | CPU, warm, ms |",
            "|---|---|---:|---:|---:|",
            *_rows(found["paths"]["now"]),
        ]
    )


def _rows(steps: Sequence[Json]) -> Iterator[str]:
    for step in steps:
        groups = step.get("requests", [])
        named = " → ".join(" ∥ ".join(one["operation"] for one in group) for group in groups)
        sent, received = (
            f"{sum(one[name] for group in groups for one in group):,}" if groups else ""
            for name in ("sent_bytes", "received_bytes")
        )
        name = step["state"].lower()
        cpu = f"{CPU_MS[name]}" if name in CPU_MS else ""
        yield f"| {step['state']} | {named} | {sent} | {received} | {cpu} |"
        for branch in step.get("branches", []):
            yield from _rows(branch)


def picture() -> str:
    """Return docs/critical-path.svg: both paths, a box for each state and each request."""
    paths: Mapping[str, Sequence[Json]] = figures()["paths"]
    parts = []
    top = 58
    for name, title in ((BASE, BASE), ("now", "now")):
        steps = paths[name]
        transitions, requests = counts(steps)
        middle = top + LINE // 2
        parts.append(f'<text class="name" x="14" y="{middle - 4}">{title}</text>')
        parts.append(
            f'<text class="small" x="14" y="{middle + 14}">{transitions + requests}</text>'
        )
        x = LEFT
        for step in steps:
            x = _draw(step, x, middle, parts)
        top += 2 * LINE + 8
    base, now = (sum(counts(paths[name])) for name in (BASE, "now"))
    drawn = "\n".join(f"  {part}" for part in parts)
    return f"""\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {top}" role="img" \
font-family="ui-sans-serif, system-ui, 'DejaVu Sans', sans-serif" font-size="10">
  <title>State transitions and requests, one after another, until a photo is READY: \
{base} at {BASE}, {now} now</title>
{LEGEND.format(width=WIDTH, height=top)}
{drawn}
</svg>
"""


def _draw(step: Json, x: int, middle: int, parts: list[str]) -> int:
    """Add the boxes of a state and return where the next one begins. Branches are drawn apart."""
    x = _box("state", [_short(step["state"])], x, middle, parts)
    for group in step.get("requests", []):
        texts = [ABBREVIATIONS.get(one["operation"], one["operation"]) for one in group]
        x = _box("request", texts, x, middle, parts)
    branches = step.get("branches", [])
    ends = [x]
    for number, branch in enumerate(branches):
        at, line = x, middle + LINE * number - LINE * (len(branches) - 1) // 2
        for one in branch:
            at = _draw(one, at, line, parts)
        ends.append(at)
    return max(ends)


def _short(name: str) -> str:
    return name if len(name) <= len("Thumbnail") else "Parallel"


def _box(kind: str, texts: Sequence[str], x: int, middle: int, parts: list[str]) -> int:
    parts.append(
        f'<rect class="{kind}" x="{x}" y="{middle - 20}" width="{BOX}" height="40" rx="6"/>'
    )
    for number, text in enumerate(texts):
        y = middle + 4 + 14 * number - 7 * (len(texts) - 1)
        parts.append(f'<text class="box" x="{x + BOX // 2}" y="{y}">{text}</text>')
    return x + CELL
