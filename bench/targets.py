"""What is demanded, and whether it is met."""

import textwrap
from collections.abc import Iterable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Target:
    """One demand, with the figure that this run gives it."""

    what: str
    figure: float | None  # None: not measured here
    bound: float
    unit: str = "×"
    at_least: bool = False  # else at most
    stretch: float | None = None
    why: str = ""  # it is missed, where it is

    @property
    def verdict(self) -> str:
        """Return how it stands, in words."""
        if self.figure is None:
            return "not measured"
        return "met" if _holds(self.figure, self.bound, at_least=self.at_least) else "**missed**"


def _holds(figure: float, bound: float, *, at_least: bool) -> bool:
    """Compare as the table shows it: two targets that look the same get the same verdict."""
    shown = float(text(figure).replace(",", ""))
    return shown >= bound if at_least else shown <= bound


def text(figure: float) -> str:
    """Return a figure with three digits at least, and no more than it is worth."""
    if abs(figure) >= 100:  # noqa: PLR2004  # three digits
        return f"{figure:,.0f}"
    return f"{figure:.1f}" if abs(figure) >= 10 else f"{figure:.3g}"  # noqa: PLR2004  # two


def reasons(targets: Iterable[Target]) -> Iterator[str]:
    """Yield a list of what is missed and why, each reason once."""
    missed = [one for one in targets if one.verdict == "**missed**" and one.why]
    for why in dict.fromkeys(one.why for one in missed):
        names = "; ".join(one.what for one in missed if one.why == why)
        yield from textwrap.wrap(f"- *{names}*: {why}", 100, subsequent_indent="  ")


def rows(targets: Iterable[Target]) -> Iterator[str]:
    """Yield a table of targets."""
    yield "| target | demanded | measured | |"
    yield "|---|---:|---:|---|"
    for one in targets:
        sign = "≥" if one.at_least else "≤"
        stretch = "" if one.stretch is None else f" (stretch {text(one.stretch)})"
        figure = "" if one.figure is None else f"{text(one.figure)} {one.unit}"
        demanded = f"{sign} {text(one.bound)} {one.unit}{stretch}"
        yield f"| {one.what} | {demanded} | {figure} | {one.verdict} |"
