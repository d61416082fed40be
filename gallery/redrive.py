"""Redrive failed executions and undelivered events from the dead-letter queue.

A message is of one of two kinds:

- An execution that failed: `{execution_arn, failure, input?}`, from the state machine's DeadLetter
  state, from the rule in workflow/failure_rule.json.tftpl, or from both. If it has no `input`,
  Step Functions still has it.
  If it had written the photo already, it has perhaps told no other system (docs/events.md): the new
  execution reprocesses the photo.
- An event that EventBridge could not deliver, as S3 sent it. Redrive makes the input of it that its
  rule in workflow/upload_rules.json.tftpl would have made.

Each failed execution and each event is redriven once: the new execution's name is a hash of the
failed execution's ARN or of the event's id, and Step Functions accepts a name once. Redrive then
deletes the message. Running it again, or twice at once, is safe. If the new execution fails, it
sends a message of its own. Redrive starts no more executions a second than a backfill would.
"""

import argparse
import hashlib
import json
import math
import re
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from gallery.backfill import limits
from gallery.deployment import Deployment, add_deployment_arguments
from gallery.quotas import add_quota_arguments, quotas_of
from gallery.shell import print_stdout, whole_number
from gallery.table import ConflictError, Table
from gallery.times import CLAIM_STANDS
from shared.errors import BadKeyError
from shared.keys import photo_sort_key, split_upload_key

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_stepfunctions import SFNClient

_SURROGATES: Final = re.compile(r"[\ud800-\udfff]")  # no key of S3 has halves of pairs

RULES: Final = Path(__file__).parents[1] / "workflow/upload_rules.json.tftpl"

# If one of these steps fails, the photo's row says so (FAILED, or labels PENDING), and the next
# execution can claim the photo at once. Otherwise the dead execution's claim may still stand, and
# the next one would lose to it, so redrive releases the claim first.
# A photo that could not be announced is written, too.
RECORDED_STEPS: Final = frozenset({"Announce", "Extract", "Thumbnail", "Tag"})

# An execution that ended after it had written one of these has perhaps announced nothing.
ANNOUNCED: Final = frozenset({"DELETED", "READY", "REJECTED"})

MAX_MESSAGES: Final = 1000  # by default
BATCH: Final = 10  # SQS returns no more at once
HIDDEN_SECONDS: Final = 900  # beside those that the pace takes
MOST_HIDDEN_SECONDS: Final = 43_200  # SQS allows no more
WAIT_SECONDS: Final = 1  # with any wait SQS asks all of its servers, without one only a few


class MessageError(Exception):
    """The message cannot be redriven; the error's message says why."""


@dataclass(frozen=True)
class Message:
    """A message of the dead-letter queue, parsed."""

    receipt: str
    cause: str  # ARN of the failed execution, or id of the event
    why: str
    input: str | None  # JSON; None: Step Functions has it
    unclaimed: bool  # no claim of a dead execution can stand


@dataclass(frozen=True)
class Execution:
    """An execution that Step Functions still knows."""

    input: str
    runs: bool


def parse(body: str, receipt: str, error_code: str) -> Message:
    """Return a message, parsed.

    Args:
        body: the message's body.
        receipt: the handle by which SQS deletes it.
        error_code: why EventBridge could not deliver the event; empty for an execution.

    Raises:
        MessageError: it is of neither kind.
    """
    try:
        content = json.loads(body)
    except (RecursionError, ValueError) as error:
        raise MessageError(f"not JSON: {error}") from error
    match content:
        case {
            "execution_arn": str(arn),
            "failure": {"name": str(name), **more},
        } if isinstance(step := more.get("step"), str | None):
            return Message(
                receipt=receipt,
                cause=arn,
                why=f"{step}: {name}" if step else name,
                input=_as_text(content.get("input")),
                unclaimed=step in RECORDED_STEPS,
            )
        case {"id": str(event_id), "detail-type": str(kind), "source": str()}:
            return Message(
                receipt=receipt,
                cause=event_id,
                why=f"{kind}: {error_code}",
                input=json.dumps(input_of(content)),
                unclaimed=True,
            )
    raise MessageError("neither an execution nor an event")


def input_of(event: Mapping[str, Any]) -> dict[str, Any]:
    """Return the input that an event's rule makes of it.

    Raises:
        MessageError: no rule matches the event, or it lacks a value that the rule reads.
    """
    for rule in json.loads(RULES.read_text(encoding="utf-8")).values():
        pattern = rule["pattern"]
        if event["detail-type"] in pattern["detail-type"] and event["source"] in pattern["source"]:
            paths = rule["input_paths"]
            return {name: _value(event, path) for name, path in paths.items()}
    raise MessageError(f"no rule matches {event['detail-type']!r}")


def _value(event: Mapping[str, Any], path: str) -> Any:  # noqa: ANN401  # JSON
    value: Any = event
    for name in path.removeprefix("$.").split("."):
        if not isinstance(value, Mapping) or name not in value:
            raise MessageError(f"the event has no {path}")
        value = value[name]
    return value


def is_execution_of(state_machine_arn: str, arn: str) -> bool:
    """Return whether `arn` can be of an execution of the state machine.

    Step Functions refuses to describe anything else, with errors that depend on what it is.
    """
    own = state_machine_arn.replace(":stateMachine:", ":execution:")
    return re.fullmatch(f"{re.escape(own)}:[A-Za-z0-9_-]{{1,80}}", arn) is not None


def row_of(execution_input: str) -> dict[str, str]:
    """Return the keys of the photo's row; as workflow/expressions/{owned,unowned}_row.jsonata.

    Raises:
        MessageError: the input is not JSON, or names no photo.
    """
    try:
        content = json.loads(execution_input)
    except (RecursionError, ValueError) as error:
        raise MessageError(f"its input is not JSON: {error}") from error
    match content:
        case {"bucket": str(bucket), "object": {"key": str(key)}} if not _SURROGATES.search(key):
            pass
        case _:
            raise MessageError("its input names no photo")
    try:
        owner = split_upload_key(key).owner
    except BadKeyError:
        place = f"{bucket}/{key}".encode()
        return {"pk": "/", "sk": f"photo#{hashlib.sha256(place).hexdigest()}"}
    return {"pk": owner, "sk": photo_sort_key(owner, key)}


def as_reprocessing(execution_input: str) -> str:
    """Return the input for a photo that is written: its own event would be no news any more."""
    return json.dumps({**json.loads(execution_input), "event": "Reprocess Requested"})


def _as_text(content: object) -> str | None:
    return content if content is None or isinstance(content, str) else json.dumps(content)


@dataclass(frozen=True)
class Redrive:
    """The queue to redrive from, the state machine to start, and the table with its claims."""

    sqs: "SQSClient"
    stepfunctions: "SFNClient"
    table: Table
    queue_url: str
    state_machine_arn: str
    dry_run: bool = False
    per_second: float = math.inf  # executions to start

    def run(self, most: int) -> Counter[str]:
        """Redrive at most `most` messages; return the number of causes by outcome.

        Raises:
            ClientError: AWS refuses for a reason that does not depend on a single message.
        """
        outcomes: Counter[str] = Counter()
        by_cause: dict[str, list[Message]] = {}
        kept: set[str] = set()  # receipts
        try:
            for body, receipt, error_code in self._receive(most):
                kept.add(receipt)
                try:
                    message = parse(body, receipt, error_code)
                except MessageError as error:
                    outcomes["not understood"] += 1
                    print_stdout(f"not understood: {error}: {body[:200]}")
                else:
                    by_cause.setdefault(message.cause, []).append(message)
            for messages in by_cause.values():
                if outcomes["started"]:
                    time.sleep(1 / self.per_second)
                try:
                    outcome, done = self._redrive(messages)
                except MessageError as error:
                    outcome, done = "not understood", False
                    print_stdout(f"not understood: {error}: {messages[0].cause}")
                outcomes[outcome] += 1
                if done and not self.dry_run:
                    for message in messages:
                        self._delete(message.receipt)
                        kept.remove(message.receipt)
        finally:
            for receipt in kept:
                self._show(receipt)
        return outcomes

    def _receive(self, most: int) -> Iterator[tuple[str, str, str]]:
        """Hide messages from other redrives; yield body, receipt and EventBridge's error code."""
        hidden = HIDDEN_SECONDS + math.ceil(most / self.per_second)  # from another redrive
        while most > 0:
            received = self.sqs.receive_message(
                QueueUrl=self.queue_url,
                MaxNumberOfMessages=min(BATCH, most),
                MessageAttributeNames=["ERROR_CODE"],
                VisibilityTimeout=min(hidden, MOST_HIDDEN_SECONDS),
                WaitTimeSeconds=WAIT_SECONDS,
            ).get("Messages", [])
            if not received:
                return
            most -= len(received)
            for message in received:
                attributes = message.get("MessageAttributes", {})
                code = attributes["ERROR_CODE"].get("StringValue", "") if attributes else ""
                yield message["Body"], message["ReceiptHandle"], code

    def _redrive(self, messages: list[Message]) -> tuple[str, bool]:
        """Redrive messages of one cause; return the outcome, and whether they can be deleted.

        Raises:
            MessageError: they cannot be redriven.
        """
        message = next((one for one in messages if one.unclaimed), messages[0])
        known = next((one.input for one in messages if one.input is not None), None)
        if known is None or not message.unclaimed:
            execution = self._execution(message.cause)
            if execution and execution.runs:
                print_stdout(f"held back, still running: {message.cause}")
                return "held back", False
            if known is None and execution:
                known = execution.input
        if known is None:
            raise MessageError("Step Functions has forgotten its input")
        place = row_of(known)
        status = None if message.unclaimed else self._status(message.cause, place)
        if status in ANNOUNCED:
            known = as_reprocessing(known)
        elif status == "PROCESSING" and not (self.dry_run or self._release(message.cause, place)):
            print_stdout(f"held back, its photo is just being written: {message.cause}")
            return "held back", False
        outcome = "would start" if self.dry_run else self._start_once(message.cause, known)
        print_stdout(f"{outcome}: {message.cause} ({message.why})")
        return outcome, True

    def _start_once(self, cause: str, execution_input: str) -> str:
        digest = hashlib.sha256(cause.encode(errors="surrogatepass")).hexdigest()
        name = f"redrive-{digest[:32]}"
        try:
            self.stepfunctions.start_execution(
                stateMachineArn=self.state_machine_arn, name=name, input=execution_input
            )
        except self.stepfunctions.exceptions.ExecutionAlreadyExists:
            return "started before"
        return "started"

    def _status(self, arn: str, place: Mapping[str, str]) -> str | None:
        """Return the status of the row, if the ended execution was the last to hold the photo."""
        row = self.table.get(place["pk"], place["sk"]) or {}
        return row.get("status") if row.get("execution_arn") == arn else None

    def _release(self, arn: str, place: Mapping[str, str]) -> bool:
        """Let the next execution claim the photo that an ended execution still holds.

        Return False if another write prevents it.
        """
        held = {"status": "PROCESSING", "execution_arn": arn}
        then = datetime.now(UTC) - CLAIM_STANDS - timedelta(minutes=1)
        stale = then.isoformat(timespec="milliseconds").replace("+00:00", "Z")  # as $now() writes
        try:
            self.table.write(place, changes={"updated_at": stale}, unchanged=held)
        except ConflictError:
            return False
        return True

    def _execution(self, arn: str) -> Execution | None:
        """Return an execution; None after 90 days, when Step Functions has forgotten it.

        Raises:
            MessageError: it is none of the gallery's.
        """
        if not is_execution_of(self.state_machine_arn, arn):
            raise MessageError("not an execution of the gallery")
        try:
            known = self.stepfunctions.describe_execution(executionArn=arn)
        except self.stepfunctions.exceptions.ExecutionDoesNotExist:
            return None
        return Execution(known["input"], known["status"] == "RUNNING")

    def _delete(self, receipt: str) -> None:
        self.sqs.delete_message(QueueUrl=self.queue_url, ReceiptHandle=receipt)

    def _show(self, receipt: str) -> None:
        """Let the next redrive receive a message that stays in the queue."""
        self.sqs.change_message_visibility(
            QueueUrl=self.queue_url, ReceiptHandle=receipt, VisibilityTimeout=0
        )


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    add_deployment_arguments(command)
    command.add_argument("--dry-run", action="store_true", help="print the messages, start nothing")
    command.add_argument(
        "--max",
        type=whole_number(1),
        default=MAX_MESSAGES,
        metavar="N",
        help="messages to receive (default: %(default)s)",
    )
    add_quota_arguments(command)


def run(given: argparse.Namespace) -> int:
    """Redrive, and print the number of each outcome; return 1 if a message is not understood."""
    deployment = Deployment.of(given)
    session, outputs = deployment.session, deployment.outputs
    allowed = limits(quotas_of(given, session), labeler=given.labeler)
    limit, per_second = min(allowed.items(), key=lambda one: one[1])
    outcomes = Redrive(
        session.client("sqs"),
        deployment.stepfunctions,
        deployment.table,
        outputs.dead_letters_url,
        outputs.state_machine_arn,
        dry_run=given.dry_run,
        per_second=per_second,
    ).run(given.max)
    print_stdout(", ".join(f"{count} {what}" for what, count in outcomes.items()) or "no messages")
    if waiting := outcomes["would start"]:
        minutes = waiting / per_second / 60
        print_stdout(f"about {minutes:,.1f} minutes, {per_second:.1f} photos a second ({limit})")
    return int(outcomes["not understood"] > 0)
