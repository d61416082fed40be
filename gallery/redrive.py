"""Start again what the dead letters hold.

    python -m gallery.redrive --queue-url URL --state-machine-arn ARN [--dry-run] [--max N]

A letter is of one of two kinds:

- An execution that failed: `{execution_arn, failure, input?}`, from the state machine's own
  DeadLetter state, from the rule in workflow/failure_rule.json.tftpl, or from both. Without an
  `input`, Step Functions still has it.
- An event that started nothing, just as S3 sent it, from EventBridge. It becomes the input that
  its rule in workflow/upload_rules.json.tftpl would have made of it.

Each failed execution, and each event, is started once: the new execution's name is made of what it
makes up for, and Step Functions takes no name twice. A letter is deleted after that. So running
this again, or twice at once, does no harm. What fails again leaves a letter of its own.
"""

import argparse
import hashlib
import json
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import boto3
from botocore.exceptions import BotoCoreError, ClientError

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_stepfunctions import SFNClient

RULES: Final = Path(__file__).parents[1] / "workflow/upload_rules.json.tftpl"

# Steps after whose failure the photo's row says so (FAILED, or labels PENDING), and can be claimed
# at once. After any other the dead execution's claim may still stand, and what is started loses to
# it: Claim lets it stand for 61 minutes, and is itself made within minutes of the start.
RECORDED_STEPS: Final = frozenset({"Extract", "Thumbnail", "Tag"})
CLAIM_STANDS: Final = timedelta(minutes=70)

MOST_LETTERS: Final = 1000  # by default; at about 20 a second
BATCH: Final = 10  # SQS gives no more at once
HIDDEN_SECONDS: Final = 900  # from a second redrive, while this one works
WAIT_SECONDS: Final = 1  # any wait makes SQS ask all its servers, where none asks a few

say = partial(print, flush=True)


class LetterError(Exception):
    """The letter is none that can be started again; the message says why."""


@dataclass(frozen=True)
class Letter:
    """A message of the dead-letter queue, as far as it has been understood."""

    receipt: str
    cause: str  # what it makes up for: an execution's ARN, or an event's id
    why: str
    input: str | None  # JSON; None: as the execution's
    unclaimed: bool  # whether no claim of a dead execution can stand


@dataclass(frozen=True)
class Execution:
    """What Step Functions remembers of an execution."""

    input: str
    started: datetime


def read(body: str, receipt: str, error_code: str) -> Letter:
    """Return what a message says.

    Args:
        body: the message.
        receipt: by which SQS deletes it.
        error_code: why EventBridge could not deliver it, if it comes from there.

    Raises:
        LetterError: it is of neither kind.
    """
    try:
        made = json.loads(body)
    except ValueError as error:
        raise LetterError(f"not JSON: {error}") from error
    match made:
        case {"execution_arn": str(arn), "failure": {"name": str(name), **more}}:
            step = more.get("step")
            return Letter(
                receipt=receipt,
                cause=arn,
                why=f"{step}: {name}" if step else name,
                input=_as_text(made.get("input")),
                unclaimed=step in RECORDED_STEPS,
            )
        case {"id": str(event_id), "detail-type": str(kind), "source": str()}:
            return Letter(
                receipt=receipt,
                cause=event_id,
                why=f"{kind}: {error_code}",
                input=json.dumps(input_of(made)),
                unclaimed=True,
            )
    raise LetterError("neither an execution's nor an event's")


def input_of(event: Mapping[str, Any]) -> dict[str, Any]:
    """Return the input that its rule would have made of an event of S3.

    Raises:
        LetterError: no rule takes such an event, or it lacks what the rule takes of it.
    """
    for rule in json.loads(RULES.read_text(encoding="utf-8")).values():
        pattern = rule["pattern"]
        if event["detail-type"] in pattern["detail-type"] and event["source"] in pattern["source"]:
            paths = rule["input_paths"]
            return {name: _value(event, path) for name, path in paths.items()}
    raise LetterError(f"no rule takes {event['detail-type']!r}")


def _value(event: Mapping[str, Any], path: str) -> Any:  # noqa: ANN401  # JSON
    value: Any = event
    for name in path.removeprefix("$.").split("."):
        if not isinstance(value, Mapping) or name not in value:
            raise LetterError(f"the event has no {path}")
        value = value[name]
    return value


def _as_text(made: object) -> str | None:
    return made if made is None or isinstance(made, str) else json.dumps(made)


@dataclass(frozen=True)
class Redrive:
    """The queue, and the state machine that is started."""

    sqs: "SQSClient"
    stepfunctions: "SFNClient"
    queue_url: str
    state_machine_arn: str
    dry_run: bool = False

    def run(self, most: int) -> Counter[str]:
        """Start again what at most `most` letters hold; return how many came to what.

        Raises:
            ClientError: AWS refuses something that has nothing to do with a single letter.
        """
        outcomes: Counter[str] = Counter()
        letters: dict[str, list[Letter]] = {}
        kept: set[str] = set()  # receipts
        try:
            for body, receipt, error_code in self._messages(most):
                kept.add(receipt)
                try:
                    letter = read(body, receipt, error_code)
                except LetterError as error:
                    outcomes["not understood"] += 1
                    say(f"not understood: {error}: {body[:200]}")
                else:
                    letters.setdefault(letter.cause, []).append(letter)
            for same in letters.values():
                outcome, done = self._start(same)
                outcomes[outcome] += 1
                if done and not self.dry_run:
                    for letter in same:
                        self._delete(letter.receipt)
                        kept.remove(letter.receipt)
        finally:
            for receipt in kept:
                self._show(receipt)
        return outcomes

    def _messages(self, most: int) -> Iterator[tuple[str, str, str]]:
        """Take messages off the queue for a while: body, receipt and EventBridge's error code."""
        while most > 0:
            taken = self.sqs.receive_message(
                QueueUrl=self.queue_url,
                MaxNumberOfMessages=min(BATCH, most),
                MessageAttributeNames=["ERROR_CODE"],
                VisibilityTimeout=HIDDEN_SECONDS,
                WaitTimeSeconds=WAIT_SECONDS,
            ).get("Messages", [])
            if not taken:
                return
            most -= len(taken)
            for message in taken:
                attributes = message.get("MessageAttributes", {})
                code = attributes["ERROR_CODE"]["StringValue"] if attributes else ""
                yield message["Body"], message["ReceiptHandle"], code

    def _start(self, same: list[Letter]) -> tuple[str, bool]:
        """Start one execution for letters of one cause; return the outcome and if that is all."""
        letter = next((one for one in same if one.unclaimed), same[0])
        known = next((one.input for one in same if one.input is not None), None)
        if known is None or not letter.unclaimed:
            execution = self._execution(letter.cause)
            if execution:
                known = known or execution.input
                until = execution.started + CLAIM_STANDS
                if not letter.unclaimed and datetime.now(UTC) < until:
                    say(f"held back until {until:%F %T} UTC, still claimed by {letter.cause}")
                    return "held back", False
        if known is None:
            say(f"not understood: its input is no longer known: {letter.cause}")
            return "not understood", False
        outcome = "would start" if self.dry_run else self._start_once(letter.cause, known)
        say(f"{outcome}: {letter.cause} ({letter.why})")
        return outcome, True

    def _start_once(self, cause: str, execution_input: str) -> str:
        name = f"redrive-{hashlib.sha256(cause.encode()).hexdigest()[:32]}"
        try:
            self.stepfunctions.start_execution(
                stateMachineArn=self.state_machine_arn, name=name, input=execution_input
            )
        except self.stepfunctions.exceptions.ExecutionAlreadyExists:
            return "started before"
        return "started"

    def _execution(self, arn: str) -> Execution | None:
        """Return what is known of an execution; Step Functions forgets after 90 days."""
        try:
            known = self.stepfunctions.describe_execution(executionArn=arn)
        except self.stepfunctions.exceptions.ExecutionDoesNotExist:
            return None
        return Execution(known["input"], known["startDate"])

    def _delete(self, receipt: str) -> None:
        self.sqs.delete_message(QueueUrl=self.queue_url, ReceiptHandle=receipt)

    def _show(self, receipt: str) -> None:
        """Let the next redrive see a letter that stays."""
        self.sqs.change_message_visibility(
            QueueUrl=self.queue_url, ReceiptHandle=receipt, VisibilityTimeout=0
        )


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"must be 1 or more, got {number}")
    return number


def main() -> None:
    """Read the command line and redrive; exit with 1 where a letter was not understood."""
    parser = argparse.ArgumentParser(prog="gallery.redrive", description=__doc__.split("\n")[0])
    parser.add_argument("--queue-url", required=True, metavar="URL", help="of the dead letters")
    parser.add_argument("--state-machine-arn", required=True, metavar="ARN")
    parser.add_argument("--dry-run", action="store_true", help="say it, and start nothing")
    parser.add_argument("--max", type=_positive, default=MOST_LETTERS, metavar="N", help="letters")
    given = parser.parse_args()
    arn: list[str] = given.state_machine_arn.split(":")
    if len(arn) != 7 or arn[5] != "stateMachine":  # noqa: PLR2004  # arn:aws:states:…:…:stateMachine:…
        parser.error(f"--state-machine-arn must be a state machine's ARN, got {':'.join(arn)}")
    try:
        session = boto3.Session(region_name=arn[3])
        outcomes = Redrive(
            session.client("sqs"),
            session.client("stepfunctions"),
            given.queue_url,
            given.state_machine_arn,
            dry_run=given.dry_run,
        ).run(given.max)
    except (BotoCoreError, ClientError) as error:
        sys.exit(f"redrive: {error}")
    say(", ".join(f"{count} {what}" for what, count in outcomes.items()) or "no letters")
    sys.exit(bool(outcomes["not understood"]))


if __name__ == "__main__":
    main()
