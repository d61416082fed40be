"""Draw the plots of docs/performance.md: small SVGs, always the same for the same figures."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from bench import ROOT, growth, thumbnail
from bench.section import Figures

FOLDER: Final = ROOT / "docs"
OURS, THEIRS, LIMIT = "#b3411e", "#9aa5ad", "#3b4a54"
SETTINGS: Final[Mapping[str, Any]] = {
    "axes.spines.right": False,
    "axes.spines.top": False,
    "font.family": "sans-serif",
    "font.size": 9,
    "svg.fonttype": "none",  # text stays text
    "svg.hashsalt": "bench",  # otherwise IDs change with each run
}


def draw(results: Figures, folder: Path = FOLDER, suffix: str = "svg") -> None:
    """Draw the measured figures to files in `folder`."""
    import matplotlib as mpl  # noqa: PLC0415  # of the group bench

    mpl.use("Agg")
    from matplotlib import pyplot as plt  # noqa: PLC0415  # as above

    for name, plot in (("thumbnail", _thumbnail), ("growth", _growth)):
        if name in results:
            with mpl.rc_context(SETTINGS):
                figure = plot(plt, results[name])
                metadata = {"Date": None} if suffix == "svg" else None
                target = folder / f"performance-{name}.{suffix}"
                figure.savefig(target, metadata=metadata, bbox_inches="tight", facecolor="white")
                plt.close(figure)


def _thumbnail(plt: Any, figures: Figures) -> Any:  # noqa: ANN401  # matplotlib is untyped here
    """Draw CPU time against the limit, for three sets of photos."""
    columns = ("baseline", "progressive", "mixed")
    ratios: Mapping[str, Mapping[str, float]] = figures["to_limit"]
    left_out = {thumbnail.FULL, thumbnail.ALONE, thumbnail.PILLOW_ALONE}
    tools = [name for name in ratios if name not in left_out]
    figure, axes = plt.subplots(1, len(columns), figsize=(9, 2.6), sharey=True)
    for axis, column in zip(axes, columns, strict=True):
        means = [thumbnail.mean(ratios[tool], thumbnail.COLUMNS[column]) or 0 for tool in tools]
        bars = axis.barh(tools, means, color=[_color(tool) for tool in tools])
        axis.bar_label(bars, fmt="%.2f", padding=2)
        axis.axvline(1, color=LIMIT, linewidth=0.8, linestyle=":")
        axis.set_title(column)
        axis.set_xlim(0, max(means) * 1.2)
        axis.set_xlabel("× the limit, CPU")
    axes[0].invert_yaxis()
    figure.suptitle("A JPEG within 256 × 256 px: CPU time against libjpeg-turbo's decode alone")
    figure.tight_layout()
    return figure


def _color(tool: str) -> str:
    return {thumbnail.OURS: OURS, thumbnail.REFERENCE: LIMIT}.get(tool, THEIRS)


def _growth(plt: Any, figures: Figures) -> Any:  # noqa: ANN401  # as above
    """Draw time and cost against the number of photos."""
    counts: Sequence[int] = growth.COMPUTED
    runs: Mapping[str, Any] = figures["runs"]
    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.2))
    measured = sorted(map(int, runs))
    left.plot(
        measured,
        [runs[str(count)]["seconds"] for count in measured],
        "o-",
        color=OURS,
        label="this machine, measured",
    )
    for labeler, name, style in (
        ("rekognition", "Rekognition", "--"),
        ("embedded", "label model", ":"),
    ):
        taken = [growth.seconds(count, labeler=labeler) for count in counts]
        left.plot(counts, taken, style, color=LIMIT, label=f"AWS, {name}, computed")
        cost = [growth.usd(count, labeler=labeler) for count in counts]
        right.plot(counts, cost, style, color=LIMIT, label=name)
    for axis, title, unit in ((left, "Time", "seconds"), (right, "Cost, computed", "USD")):
        axis.set(xscale="log", yscale="log", title=title, xlabel="photos", ylabel=unit)
        axis.legend(frameon=False)
    figure.tight_layout()
    return figure
