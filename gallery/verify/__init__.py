"""Verify: does this deployment work?

Uploads photos of its own to a deployed gallery, under an owner of its own, and compares everything
that follows with what it expects: gallery/verify/checks.py has the table. The caller's AWS
credentials are those of the deployment's owner. They sign every request. What the run creates is
removed at its end, after Ctrl-C and after a failure too; the next run removes what a killed one has
left behind. No other owner's objects or rows are touched.
"""

from __future__ import annotations

import secrets
import signal
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from botocore.exceptions import (
    ClientError,
    CredentialRetrievalError,
    NoCredentialsError,
    SSOError,
    TokenRetrievalError,
)

from gallery.costs import PHOTOS as A_THOUSAND
from gallery.costs import thousand_photos
from gallery.deployment import Deployment, add_deployment_arguments
from gallery.shell import (
    CommandError,
    UsageError,
    print_stderr,
    print_stdout,
    whole_number,
)
from gallery.verify import leftovers, report
from gallery.verify.checks import CHECK_NAMES, Check, checks
from gallery.verify.photos import PHOTOS
from gallery.verify.report import Line, Outcome
from gallery.verify.run import OWNER_PREFIX, DifferentError, NotTriedError, Patience, Run
from shared.text import escaped

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterable
    from types import FrameType

INTERRUPTED: Final = 130  # exit status, as shells have it
EACH_PROCESSED: Final = 2.0  # times, at most: overwritten, undeleted, backfill, reprocessing

MOST_WAIT_MINUTES: Final = 60  # for the first event; `leftovers.LONGEST_RUN` has to be longer

# With each of them, nothing else can be tried either.
# https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html#ErrorCodeList
# https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/CommonErrors.html
NOT_LOGGED_IN: Final = frozenset(
    {
        "ExpiredToken",
        "ExpiredTokenException",
        "InvalidAccessKeyId",
        "InvalidClientTokenId",
        "InvalidToken",
        "RequestExpired",
        "SignatureDoesNotMatch",
        "InvalidSignatureException",
        "UnrecognizedClientException",
    }
)

CLEANUP: Final = Check(
    "cleanup",
    "remove the objects, rows, renditions and messages of this run",
    "nothing is left but executions and logs, which expire",
    "Run verify again: it removes what a run has left behind.",
    leftovers.remove,
)


def usd() -> float:
    """Return what a run costs at most, at list prices."""
    each = sum(item.usd for item in thousand_photos(labeler="rekognition")) / A_THOUSAND
    return len(PHOTOS) * EACH_PROCESSED * each


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    add_deployment_arguments(command)
    command.add_argument(
        "--only",
        action="append",
        default=[],
        metavar="LINE",
        help="only this line of the table, and those that it needs; repeatable",
    )
    command.add_argument(
        "--wait-minutes",
        type=whole_number(1, MOST_WAIT_MINUTES),
        default=round(Patience.events / 60),
        metavar="N",
        help="wait for the first event (default: %(default)s)",
    )
    command.add_argument(
        "--settle-seconds",
        type=whole_number(0),
        default=round(Patience.quiet),
        metavar="N",
        help="time without any change, after which rows are deleted (default: %(default)s)",
    )
    command.add_argument(
        "--abort-backfill",
        action="store_true",
        help="also abort a backfill, which raises the alarm executions-aborted",
    )
    command.add_argument("--json", action="store_true", help="print the table as JSON")
    command.add_argument("--dry-run", action="store_true", help="print the table, try nothing")


def run(given: argparse.Namespace) -> int:
    """Try each line of the table, print it, and return 1 if one differs."""
    if unknown := set(given.only) - set(CHECK_NAMES):
        raise UsageError(f"--only {unknown.pop()!r} is none of: {', '.join(CHECK_NAMES)}")
    chosen = checks(tuple(given.only))
    print_stderr(f"verify uploads up to {len(PHOTOS)} photos, and costs at most USD {usd():.2f}")
    if given.dry_run:
        for one in [*chosen, CLEANUP]:
            print_stdout(f"{one.name}: {one.tried}. Expected: {one.expected}")
        return 0
    deployment = Deployment.of(given, changes="verify uploads photos")
    outputs = deployment.outputs
    verification = Run(
        outputs=outputs,
        session=deployment.session,
        deployment=Path(given.deployment),
        terraform=given.terraform,
        owner=new_owner(),
        tell=print_stderr,
        patience=Patience(events=60.0 * given.wait_minutes, quiet=given.settle_seconds),
        abort_backfill=given.abort_backfill,
    )
    lines: list[Line] = []
    previous = signal.signal(signal.SIGTERM, _interrupt)
    try:
        verify(verification, chosen, lines.append)
    except KeyboardInterrupt:
        print_stderr("interrupted. The next run removes what this one may have left behind")
        return INTERRUPTED
    finally:
        signal.signal(signal.SIGTERM, previous)
        if lines:
            as_json = report.as_json(verification.owner, lines)
            for line in (as_json if given.json else report.as_table(lines)).splitlines():
                print_stdout(line)
            print_stderr(report.summary(lines))
    return int(any(line.outcome == "differs" for line in lines))


def new_owner() -> str:
    """Return an owner that no other run and no user has."""
    return f"{OWNER_PREFIX}{secrets.token_hex(8)}"


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def verify(verification: Run, chosen: Iterable[Check], add: Callable[[Line], None]) -> None:
    """Try the checks, pass each line to `add`, and remove everything, whatever happens."""
    for killed in leftovers.find(verification):
        line = try_check(replace(CLEANUP, name=f"cleanup of {killed.owner}"), killed)
        verification.tell(f"{killed.owner}, of a run that was killed: {line.came}")
        if line.outcome == "differs":
            add(line)
    verification.tell(f"owner: {verification.owner}")
    try:
        verification.mark()
        missing = ""  # the line that came before, and that every later one needs
        for check in chosen:
            if missing and (check.photos or check.processes):
                line = _line(check, "not tried", f"{missing} differs", 0.0)
            else:
                line = try_check(check, verification)
            add(line)
            if line.outcome == "differs" and check.name in {"events", "uploads"}:
                missing = check.name
    finally:
        verification.tell("removing everything")
        add(try_check(CLEANUP, verification))


def try_check(check: Check, verification: Run) -> Line:
    """Try one check, and return its line.

    Raises:
        CommandError: AWS does not accept the credentials, or not any longer.
    """
    verification.tell(f"{check.name}: {check.tried}")
    started = time.monotonic()
    outcome: Outcome = "as expected"
    try:
        came = check.look(verification)
    except NotTriedError as error:
        outcome, came = "not tried", str(error)
    except DifferentError as error:
        outcome, came = "differs", str(error)
    except Exception as error:  # noqa: BLE001  # AWS refuses, or an answer has another form
        _raise_if_logged_out(error)
        outcome, came = "differs", f"{type(error).__name__}: {error}"
    return _line(check, outcome, came, verification.seconds_of(check.name, since=started))


def _raise_if_logged_out(error: Exception) -> None:
    lacking = (CredentialRetrievalError, NoCredentialsError, SSOError, TokenRetrievalError)
    code = error.response["Error"]["Code"] if isinstance(error, ClientError) else ""
    if isinstance(error, lacking) or code in NOT_LOGGED_IN:
        raise CommandError(
            f"AWS does not accept the credentials: {error}. Log in, then run verify again:"
            " it removes what this run has left behind"
        ) from error


def _line(check: Check, outcome: Outcome, came: str, seconds: float) -> Line:
    advice = check.advice if outcome == "differs" else ""
    return Line(check.name, check.tried, check.expected, outcome, escaped(came), seconds, advice)
