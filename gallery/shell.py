"""What the commands share: their output, the arguments that several of them have, and errors."""

import argparse
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic
from typing import Final

import boto3

from shared.text import escaped

LABELERS: Final = ("embedded", "rekognition")
LINE_SECONDS: Final = 10.0


class CommandError(Exception):
    """The command cannot do its work; the message says why, or what to do."""


class UsageError(Exception):
    """The command line has no meaning, though argparse accepts it; the message says what to do."""


def print_stdout(text: str) -> None:
    """Print a result on one line, at once: docker and terraform print to the same stdout.

    A key may contain any character: those that control a terminal are escaped.
    """
    print(escaped(text), flush=True)  # noqa: T201  # the output of a command


def print_json(value: object) -> None:
    """Print a result as JSON on one line."""
    print_stdout(json.dumps(value, ensure_ascii=False))


def print_text(text: str) -> None:
    """Print our own text as it is, such as a program: it may have several lines."""
    print(text, flush=True)  # noqa: T201  # as above


def print_stderr(text: str) -> None:
    """Print progress or an error, escaped as a result. An error may have several lines."""
    lines = "\n".join(map(escaped, text.split("\n")))
    print(lines, file=sys.stderr, flush=True)  # noqa: T201  # as above


@contextmanager
def progress(description: str, total: float | None = None) -> Iterator[Callable[[float], None]]:
    """Show on stderr how far the work is, and yield what adds to what is done.

    A terminal has a bar with the time that is left. Elsewhere, as in a log of CI, a line is
    printed every `LINE_SECONDS`.

    Args:
        description: of the work, such as "photos to copy".
        total: how much there is to do in all; None: nobody knows.
    """
    if not sys.stderr.isatty():
        yield _lines(description, total)
        return
    # Imported here: rich takes 60 ms, and most commands are over at once.
    from rich.console import Console  # noqa: PLC0415
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn  # noqa: PLC0415
    from rich.progress import TimeRemainingColumn as Remaining  # noqa: PLC0415

    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, Remaining(), console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(description, total=total)
        yield lambda done: bar.advance(task, done)


def _lines(description: str, total: float | None) -> Callable[[float], None]:
    done, printed_at = 0.0, monotonic()

    def add(more: float) -> None:
        nonlocal done, printed_at
        done += more
        if monotonic() - printed_at >= LINE_SECONDS:
            printed_at = monotonic()
            of = "" if total is None else f" of {total:,.0f}"
            print_stderr(f"{description}: {done:,.0f}{of}")

    return add


def session_for(arn: str) -> boto3.Session:
    """Return a session in the region of `arn`."""
    return boto3.Session(region_name=arn.split(":")[3])


def at_least(least: float) -> Callable[[str], float]:
    """Return a type of argparse: numbers from `least` on."""

    def number(text: str) -> float:
        value = float(text)
        if not value >= least:
            raise argparse.ArgumentTypeError(f"must be {least:g} or more, got {text}")
        return value

    return number


def whole_number(least: int, most: int | None = None) -> Callable[[str], int]:
    """Return a type of argparse: whole numbers from `least` to `most`."""

    def number(text: str) -> int:
        value = int(text)
        if value < least or (most is not None and value > most):
            limits = f"{least} or more" if most is None else f"{least} to {most}"
            raise argparse.ArgumentTypeError(f"must be {limits}, got {value}")
        return value

    return number
