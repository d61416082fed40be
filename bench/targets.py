"""Targets, and whether the figures meet them."""

import textwrap
from collections.abc import Iterable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Target:
    """One target, with the measured figure."""

    what: str
    figure: float | None  # None: not measured
    bound: float
    unit: str = "×"
    at_least: bool = False  # else at most
    stretch: float | None = None
    why: str = ""  # the reason if it is missed

    @property
    def verdict(self) -> str:
        """Return whether the target is met, as the page says it."""
        if self.figure is None:
            return "not measured"
        return "met" if _holds(self.figure, self.bound, at_least=self.at_least) else "**missed**"


def _holds(figure: float, bound: float, *, at_least: bool) -> bool:
    """Compare the rounded figure, as the table shows it."""
    shown = float(text(figure).replace(",", ""))
    return shown >= bound if at_least else shown <= bound


def text(figure: float) -> str:
    """Return a figure with three significant digits, or all digits before the point."""
    if abs(figure) >= 100:  # noqa: PLR2004  # three digits
        return f"{figure:,.0f}"
    return f"{figure:.1f}" if abs(figure) >= 10 else f"{figure:.3g}"  # noqa: PLR2004  # two


def reasons(targets: Iterable[Target]) -> Iterator[str]:
    """Yield a list of missed targets, one item for each reason."""
    missed = [one for one in targets if one.verdict == "**missed**" and one.why]
    for why in dict.fromkeys(one.why for one in missed):
        names = "; ".join(one.what for one in missed if one.why == why)
        yield from textwrap.wrap(f"- *{names}*: {why}", 100, subsequent_indent="  ")


def rows(targets: Iterable[Target]) -> Iterator[str]:
    """Yield a table of targets."""
    yield "| target | required | measured | |"
    yield "|---|---:|---:|---|"
    for one in targets:
        sign = "≥" if one.at_least else "≤"
        stretch = "" if one.stretch is None else f" (stretch {text(one.stretch)})"
        figure = "" if one.figure is None else f"{text(one.figure)} {one.unit}"
        required = f"{sign} {text(one.bound)} {one.unit}{stretch}"
        yield f"| {one.what} | {required} | {figure} | {one.verdict} |"
