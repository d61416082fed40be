"""What the commands share: their output, the arguments that several of them have, and errors."""

import argparse
import sys
from collections.abc import Callable
from typing import Final

import boto3

from shared.text import escaped

LABELERS: Final = ("embedded", "rekognition")


class CommandError(Exception):
    """The command cannot do its work; the message says why, or what to do."""


class UsageError(Exception):
    """The command line has no meaning, though argparse accepts it; the message says what to do."""


def print_stdout(text: str) -> None:
    """Print a result on one line, at once: docker and terraform print to the same stdout.

    A key may contain any character: those that control a terminal are escaped.
    """
    print(escaped(text), flush=True)  # noqa: T201  # the output of a command


def print_stderr(text: str) -> None:
    """Print progress or an error, escaped as a result. An error may have several lines."""
    lines = "\n".join(map(escaped, text.split("\n")))
    print(lines, file=sys.stderr, flush=True)  # noqa: T201  # as above


def state_machine_arn(text: str) -> str:
    """Return an argument that is the ARN of a state machine.

    Raises:
        ArgumentTypeError: it is anything else.
    """
    parts = text.split(":")  # arn:aws:states:REGION:ACCOUNT:stateMachine:NAME
    if len(parts) != 7 or parts[5] != "stateMachine":  # noqa: PLR2004  # see above
        raise argparse.ArgumentTypeError(f"must be a state machine's ARN, got {text}")
    return text


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
