"""Draw the five pictures of docs/performance.md: SVGs that follow the reader's light or dark.

Each is a chart of bars, with a column for each processor. The same figures give the same file.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

from bench import ROOT, cold, memory, thumbnail
from bench.rounds import mean
from bench.section import OURS, Figures, digits
from gallery import costs
from shared.limits import WAYS

FOLDER: Final = ROOT / "docs"
PAPER, INK, OTHER = "#ffffff", "#24292f", "#8c959f"
SHADES: Final = ("#b3411e", "#e0825f", "#f0b9a3", "#4f7a8c", "#86aebd", "#bcd5de", "#6b6b8f")
# The pictures bring their own background: GitHub's setting may differ from the system's.
DARK: Final = {PAPER: "#0d1117", INK: "#e6edf3"}
SETTINGS: Final[Mapping[str, Any]] = {
    **{f"axes.spines.{side}": False for side in ("right", "top")},
    **dict.fromkeys(("text.color", "axes.labelcolor", "axes.edgecolor"), INK),
    **dict.fromkeys(("xtick.color", "ytick.color"), INK),
    **dict.fromkeys(("axes.facecolor", "figure.facecolor", "savefig.facecolor"), PAPER),
    "font.family": "sans-serif",
    "font.size": 10,
    "svg.fonttype": "none",  # text stays text
    "svg.hashsalt": "bench",  # otherwise IDs change with each run
}
LABELERS: Final = {"rekognition": "Rekognition", "embedded": "label model"}
SMALL_USD: Final = 0.01
Bars = Mapping[str, Mapping[str, float]]  # by name: the parts, from the left


@dataclass(frozen=True)
class Picture:
    """One of the five figures."""

    name: str
    title: str
    text: str
    unit: str
    section: str | None  # None: computed, the same for all processors
    bars: Callable[[Figures], Bars]
    bound: float | None = None  # a line across the bars

    def by_processor(self, results: Mapping[str, Figures]) -> dict[str, Bars]:
        """Return the bars by processor, without those on which nothing was measured."""
        if self.section is None:
            return {"": self.bars({})}
        return {
            processor: bars
            for processor, each in results.items()
            if self.section in each and (bars := self.bars(each[self.section]))
        }


def _tools(starts: Sequence[str], names: Mapping[str, str]) -> Callable[[Figures], Bars]:
    """Return the bars of tools that were measured with photos of a kind."""

    def bars(figures: Figures) -> Bars:
        ms = {name: mean(figures["ms"].get(name, {}), starts) for name in names}
        return {names[name]: {"": value} for name, value in ms.items() if value is not None}

    return bars


def _memory(figures: Figures) -> Bars:
    """Return the bars of the ways of decoding, the most demanding first."""
    found: dict[str, dict[str, float]] = {}
    for way, needed in memory.needs(figures).items():
        usual = sorted(figures["usual"].get(way, {}).values())
        marks = [figures["empty"], *usual, needed]
        names = ["before the photo", *("12 MP", "48 MP")[: len(usual)], "largest accepted"]
        steps = [marks[0], *(now - before for before, now in pairwise(marks))]
        name = WAYS[way].name.partition(" ")[2]
        found[name] = dict(zip(names, (max(0, step) for step in steps), strict=True))
    return found


def _costs(_: Figures) -> Bars:
    """Return the bars of the services, for each labeler."""
    found: dict[str, dict[str, float]] = {}
    for labeler, title in LABELERS.items():
        parts = found.setdefault(f"with {title}", {})
        items = costs.thousand_photos(labeler=labeler)
        for item in sorted(items, key=lambda item: -item.usd):
            is_large = item.usd > SMALL_USD or item.service == "Rekognition"
            name = item.service if is_large else "others"
            parts[name] = parts.get(name, 0) + item.usd
    return found


_PROGRAMS: Final = {
    name: f"{name}, program" for name in thumbnail.COMMANDS if name != thumbnail.ORIGINAL
}
PICTURES: Final = (
    Picture(
        "cost",
        "What 1,000 photos cost",
        "US dollars for each service, computed from list prices and not measured. A photo enters"
        f" {costs.TRANSITIONS} states and takes {costs.GETS} GETs, {1 + costs.RENDITIONS} PUTs and"
        f" {costs.write_units()} write units. [How it is computed](operations.md#costs), [how long"
        " many photos take](operations.md#process-photos-already-in-the-bucket).",
        "USD",
        None,
        _costs,
    ),
    Picture(
        "thumbnail",
        "A thumbnail of a 12 MP JPEG",
        "CPU time from a baseline JPEG to a JPEG of 256 px. Libraries run in a warm process;"
        " a program's time includes its start. The original's command makes 200 × 200 px."
        " [Quality, other sizes](#thumbnail-core).",
        "ms",
        "thumbnail",
        _tools(
            thumbnail.COLUMNS["12 MP"],
            {
                OURS: OURS,
                thumbnail.SHARP: thumbnail.SHARP,
                "OpenCV, 1/8": "OpenCV, lower quality",
                thumbnail.DRAFT: thumbnail.DRAFT,
                **_PROGRAMS,
                thumbnail.ORIGINAL: "the original's ImageMagick",
            },
        ),
    ),
    Picture(
        "heic",
        "A thumbnail of a HEIC",
        "CPU time from real photos, of 12 MP if there are any, to a JPEG of 256 px. Libraries run"
        " in a warm process; a program's time includes its start. vipsthumbnail decodes only the"
        " preview in the file, if that is large enough; all others decode the photo."
        " [Quality, and what fails](#thumbnail-core).",
        "ms",
        "thumbnail",
        _tools(
            thumbnail.OTHERS["HEIC"],
            {OURS: OURS, thumbnail.DRAFT: "Pillow with pi-heif-decoder", **_PROGRAMS},
        ),
    ),
    Picture(
        "cold",
        "Cold start",
        "CPU time of a new process that imports a function and creates its clients, in its image,"
        " beside a process with only the client of S3, by boto3. [Ratios](#cold-start).",
        "ms",
        "cold",
        cold.bars,
    ),
    Picture(
        "memory",
        "Memory, by kind of photo",
        "What Thumbnail needs for usual photos, and it or Tag for the largest that is accepted."
        " The most demanding kind sets the deployed memory, the dotted line."
        " [What each costs](#memory).",
        "MiB",
        "memory",
        _memory,
        costs.memory_mb()["thumbnail"],
    ),
)


def draw(results: Mapping[str, Figures], folder: Path = FOLDER) -> None:
    """Draw the pictures to files in `folder`."""
    import matplotlib as mpl  # noqa: PLC0415  # of the group bench

    mpl.use("Agg")
    from matplotlib import pyplot as plt  # noqa: PLC0415  # as above

    for picture in PICTURES:
        found = picture.by_processor(results)
        if not found:
            continue
        with mpl.rc_context(SETTINGS):
            figure = _chart(plt, picture, found)
            target = folder / f"performance-{picture.name}.svg"
            figure.savefig(target, metadata={"Date": None}, bbox_inches="tight")
            plt.close(figure)
        target.write_text(follow_reader(target.read_text()))


def _chart(plt: Any, picture: Picture, found: Mapping[str, Bars]) -> Any:  # noqa: ANN401  # matplotlib is untyped here
    """Return a chart of bars with their parts, with a column for each processor."""
    parts = dict.fromkeys(
        part for bars in found.values() for each in bars.values() for part in each
    )
    height = 1.1 + 0.3 * max(map(len, found.values())) + 0.3 * (len(parts) > 1)
    figure, [axes] = plt.subplots(
        1, len(found), figsize=(9, height), squeeze=False, layout="constrained"
    )
    for axis, (processor, bars) in zip(axes, found.items(), strict=True):
        names, left = list(bars), [0.0] * len(bars)
        for shade, part in zip(SHADES, parts, strict=False):
            widths = [bars[name].get(part, 0) for name in names]
            colors = [shade if part or _is_ours(name) else OTHER for name in names]
            axis.barh(names, widths, left=left, color=colors, label=part or None)
            left = [before + width for before, width in zip(left, widths, strict=True)]
        over_lines = {"facecolor": PAPER, "edgecolor": "none", "pad": 0}
        for row, total in enumerate(left):
            axis.text(total, row, f" {digits(total)}", va="center", bbox=over_lines)
        if picture.bound:
            axis.axvline(picture.bound, color=INK, linewidth=0.8, linestyle=":")
            axis.text(picture.bound, -0.8, f"deployed {picture.bound:,}", ha="center")
        axis.set(xlabel=f"{picture.unit}, {processor}".rstrip(", "), xlim=(0, max(left) * 1.15))
        axis.invert_yaxis()
        axis.tick_params(axis="y", length=0)
    if len(parts) > 1:
        handles, labels = axes[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=6, frameon=False)
    return figure


def _is_ours(name: str) -> bool:
    return name.startswith(OURS) or name.lower() in cold.IMAGES


def follow_reader(svg: str) -> str:
    """Return an SVG with other colors where the reader's system is dark."""
    rules = "".join(
        f'[style*="{property_}: {light}"]{{{property_}:{dark} !important}}'
        for light, dark in DARK.items()
        for property_ in ("fill", "stroke")
    )
    style = f"<style>@media (prefers-color-scheme: dark){{{rules}}}</style>"
    head, close, rest = svg.partition("<defs>")
    return f"{head}{style}{close}{rest}"
