"""A text of a file is cleaned in next to no time, whatever is in it."""

from cputime import cpu_within
from shared.text import text

MARKS = 32_000


def test_any_number_of_marks_after_one_letter_costs_no_time() -> None:
    """NFC sorts them, in n² steps: 64,000 take seconds."""
    hostile = "a" + "\u0301" * MARKS + "\u0323" * MARKS

    with cpu_within(0.2):
        cleaned = text(hostile, 256)
    assert cleaned == "\u00e1" + "\u0301" * 255


def test_a_text_that_nfc_shortens_is_not_cut_too_early() -> None:
    assert text("  " + "\u1100\u1161\u11a8" * 300, 256) == "\uac01" * 256
