"""The verdict on a target agrees with the figures beside it, on all processors."""

import pytest

from bench import section
from bench.section import Target, digits, prose, reasons, rest, target_rows, verdict, wait_for_rest


@pytest.mark.parametrize(
    ("figure", "bound", "at_least", "is_met"),
    [
        (1.30, 1.30, False, True),
        (1.304, 1.30, False, True),
        (1.31, 1.30, False, False),
        (90.04, 90, True, True),
        (89.9, 90, True, False),
        (None, 90, True, None),
    ],
)
def test_the_verdict_compares_the_figure_as_shown(
    figure: float | None,
    bound: float,
    at_least: bool,  # noqa: FBT001  # a case
    is_met: bool | None,  # noqa: FBT001  # as above
) -> None:
    assert Target("this", figure, bound, at_least=at_least).is_met is is_met


@pytest.mark.parametrize(
    ("figures", "expected"),
    [
        ((0.9, 0.8), "met"),
        ((0.9, 1.1), "**missed**"),
        ((None, 1.1), "**missed**"),
        ((0.9, None), "not measured"),
    ],
    ids=["on both", "on one alone", "missed and not measured", "met and not measured"],
)
def test_a_target_is_met_only_on_all_processors(
    figures: tuple[float | None, float | None], expected: str
) -> None:
    one, other = (Target("this", figure, 1) for figure in figures)
    header, _, row, _ = target_rows({"AMD": [one], "Intel": [other]})

    assert verdict([one, other]) == expected
    assert header == "| target | required | AMD | Intel | on all |"
    assert row.endswith(f" | {expected} |")


def test_a_section_that_one_processor_lacks_is_not_measured_there() -> None:
    *_, row, _ = target_rows({"AMD": [Target("this", 1.2, 1.3, stretch=1)], "Intel": []})

    assert row == "| this | ≤ 1.3 × (stretch 1) | 1.2 × |  | not measured |"


@pytest.mark.parametrize(
    ("figure", "shown"),
    [(0.0714, "0.0714"), (1.304, "1.3"), (31.16, "31.2"), (1234.5, "1,234"), (1, "1")],
)
def test_a_figure_has_three_digits_or_more(figure: float, shown: str) -> None:
    assert digits(figure) == shown


def test_only_missed_targets_have_reasons_each_once() -> None:
    targets = [
        Target("one", 2, 1, why="so it is."),
        Target("other", 3, 1, why="so it is."),
        Target("third", 0, 1, why="not needed."),
    ]

    assert list(reasons({"AMD": targets})) == ["- *one; other* (AMD): so it is."]


@pytest.mark.parametrize(
    ("percents", "asked", "shown"),
    [
        ([2.0, 90.0], 1, "at rest"),
        ([90.0, 2.0], 2, "at rest"),
        ([90.0, 60.0, 80.0], 3, "**not at rest**: 1.6 cores busy with other work"),
    ],
    ids=["at once", "after a wait", "never"],
)
def test_a_section_waits_for_rest_and_says_if_there_was_none(
    percents: list[float], asked: int, shown: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    samples = iter(percents)
    monkeypatch.setattr(section, "busy_percent", lambda: next(samples))
    monkeypatch.setattr("os.cpu_count", lambda: 2)

    assert rest(wait_for_rest(len(percents))) == shown
    assert len(list(samples)) == len(percents) - asked


def test_prose_has_at_most_100_columns() -> None:
    *lines, last = prose("word " * 100)

    assert max(map(len, lines)) <= 100
    assert last == ""
