"""The verdict on a target agrees with the figures beside it."""

import pytest

from bench.targets import Target, reasons, rows, text


@pytest.mark.parametrize(
    ("figure", "bound", "at_least", "verdict"),
    [
        (1.30, 1.30, False, "met"),
        (1.304, 1.30, False, "met"),
        (1.31, 1.30, False, "**missed**"),
        (90.04, 90, True, "met"),
        (89.9, 90, True, "**missed**"),
        (None, 90, True, "not measured"),
    ],
)
def test_the_verdict_compares_the_figure_as_shown(
    figure: float | None,
    bound: float,
    at_least: bool,  # noqa: FBT001  # a case
    verdict: str,
) -> None:
    assert Target("this", figure, bound, at_least=at_least).verdict == verdict


@pytest.mark.parametrize(
    ("figure", "shown"),
    [(0.0714, "0.0714"), (1.304, "1.3"), (31.16, "31.2"), (1234.5, "1,234"), (1, "1")],
)
def test_a_figure_has_three_digits_or_more(figure: float, shown: str) -> None:
    assert text(figure) == shown


def test_a_target_is_a_row_with_its_stretch() -> None:
    *_, row = rows([Target("this", 1.2, 1.3, stretch=1)])

    assert row == "| this | ≤ 1.3 × (stretch 1) | 1.2 × | met |"


def test_only_missed_targets_have_reasons_each_once() -> None:
    targets = [
        Target("one", 2, 1, why="so it is."),
        Target("other", 3, 1, why="so it is."),
        Target("third", 0, 1, why="not needed."),
    ]

    assert list(reasons(targets)) == ["- *one; other*: so it is."]
