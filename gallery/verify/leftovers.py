"""Remove everything that a run has created, also a run that was killed.

Objects go first: each deletion starts an execution, which erases renditions and term rows, and
leaves a row that says DELETED. Rows go once those executions have ended. The marker goes last, so
that whatever interrupts this, the next run finds the owner again.

Executions and logs cannot be deleted: AWS keeps executions for 90 days, and logs expire.
"""

from __future__ import annotations

import os
import threading
import time
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

import msgspec

from gallery import redrive, reprocess
from gallery.buckets import Bucket
from gallery.verify.run import OWNER, OWNER_PREFIX, DifferentError, Marker, Run, place
from shared.keys import UPLOADS_PREFIX

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gallery.buckets import Version

LONGEST_RUN: Final = timedelta(hours=2)  # the marker of another machine's run is a leftover then
MESSAGES: Final = 1000  # of the dead-letter queue that are searched, at most
LATE_EVENTS: Final = 5  # times that rows are deleted which an event has made again
HIDDEN_SECONDS: Final = 120  # from a redrive, while they are searched


def find(run: Run) -> Iterator[Run]:
    """Yield the runs that were killed: their owners, and what they have started."""
    for rest in _photos(run).folders(UPLOADS_PREFIX + OWNER_PREFIX):
        owner = OWNER_PREFIX + rest
        executions = _killed(run, f"{UPLOADS_PREFIX}{owner}/") if OWNER.fullmatch(owner) else None
        if executions is not None and owner != run.owner:
            yield replace(run, owner=owner, executions=executions)


def _killed(run: Run, key: str) -> list[str] | None:
    """Return the executions of a killed run; None if it still runs, or `key` is no marker."""
    s3 = run.client("s3")
    try:
        answer = s3.get_object(Bucket=run.outputs.photos_bucket, Key=key)
        marker = msgspec.json.decode(answer["Body"].read(), type=Marker)
    except (s3.exceptions.NoSuchKey, msgspec.MsgspecError):
        return None
    is_old = datetime.now(UTC) - answer["LastModified"] > LONGEST_RUN
    return None if _is_running(marker) and not is_old else marker.executions


def _is_running(marker: Marker) -> bool:
    """Return whether the process that wrote a marker may still run."""
    if marker.place != place():
        return True
    if marker.pid == os.getpid():  # an earlier run of this process
        return False
    try:
        os.kill(marker.pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # another user's process
        return True
    return True


def remove(run: Run) -> str:
    """Remove everything of a run, and return what there was.

    Raises:
        DifferentError: something is still there; the message says what.
    """
    _await_uploads(run)
    _stop_executions(run)
    _photos(run).abort_uploads(run.prefix)
    objects = list(_photos(run).versions(run.prefix))
    photos = [one for one in objects if one.key != run.prefix]
    _delete(_photos(run), photos)
    rows = _remove_rows(run, {one.key for one in photos})
    _delete_all(_derived(run), f"{run.owner}/")
    letters = dead_letters(run, delete=True)
    left = remaining(run)
    if left:
        raise DifferentError(f"left behind: {', '.join(left)}")
    _delete_all(_photos(run), run.prefix)
    return f"removed: versions {len(objects):,}, rows {rows:,}, dead-letter messages {letters:,}"


def remaining(run: Run) -> list[str]:
    """Return what is left of a run beside its marker."""
    photos, derived = _photos(run), _derived(run)
    return [
        *(
            f"s3://{photos.name}/{one.key}"
            for one in photos.versions(run.prefix)
            if one.key != run.prefix
        ),
        *(f"s3://{derived.name}/{one.key}" for one in derived.versions(f"{run.owner}/")),
        *(f"the row {row['pk']} {row['sk']}" for row in run.all_rows()),
    ]


def _remove_rows(run: Run, deleted: set[str]) -> int:
    """Wait until the deletions of objects have led to DELETED, and delete all rows; count them."""
    if not deleted and not run.all_rows():  # nothing was uploaded
        return 0
    calm_seconds = run.patience.quiet
    seen: dict[str, str] | None = None
    changed = time.monotonic()
    removed = 0

    def is_calm() -> bool | None:
        nonlocal seen, changed
        rows = run.photo_rows()
        now = {key: f"{row['status']} {row['updated_at']}" for key, row in rows.items()}
        if now != seen:
            seen, changed = now, time.monotonic()
        is_over = all(
            row["status"] == "DELETED" if key in deleted else row["status"] != "PROCESSING"
            for key, row in rows.items()
        )
        return True if is_over and time.monotonic() - changed >= calm_seconds else None

    run.wait("waiting for the deletions", is_calm, run.patience.photo)
    for _ in range(LATE_EVENTS):
        sort_keys = [row["sk"] for row in run.all_rows()]
        run.table.delete(run.owner, sort_keys)
        removed += len(sort_keys)
        if not run.wait("waiting for late events", lambda: run.all_rows() or None, calm_seconds):
            break
    return removed


def _await_uploads(run: Run) -> None:
    """Wait for the threads that upload: nothing would find again what one puts after the end.

    Ctrl-C ends none of them. The second one ends the pool's own wait for them, and CPython 3.11
    then takes them for ended: https://github.com/python/cpython/issues/90882
    """
    while any(thread.name.startswith(run.owner) for thread in threading.enumerate()):
        time.sleep(run.patience.first_wait)


def _stop_executions(run: Run) -> None:
    """Stop backfills and reprocessings, and delete their lists and results."""
    stepfunctions = run.client("stepfunctions")
    logs = Bucket(run.client("s3"), run.outputs.logs_bucket)
    for arn in run.executions:
        machine, name = arn.split(":")[6:]  # arn:aws:states:REGION:ACCOUNT:execution:MACHINE:NAME
        folder = machine.rpartition("-")[2]  # backfill or reprocess, as the definitions have it
        with suppress(stepfunctions.exceptions.ExecutionDoesNotExist):  # it was about to start
            ended = stepfunctions.describe_execution(executionArn=arn)
            if ended["status"] == "RUNNING":
                stepfunctions.stop_execution(executionArn=arn, error="Verify", cause="interrupted")
            for map_run in stepfunctions.list_map_runs(executionArn=arn)["mapRuns"]:
                _delete_all(logs, f"{folder}/{map_run['mapRunArn'].rpartition(':')[2]}/")
        _delete_all(logs, reprocess.items_key(name))


def _photos(run: Run) -> Bucket:
    return Bucket(run.client("s3"), run.outputs.photos_bucket)


def _derived(run: Run) -> Bucket:
    return Bucket(run.client("s3"), run.outputs.derived_bucket)


def _delete_all(bucket: Bucket, prefix: str) -> None:
    _delete(bucket, list(bucket.versions(prefix)))


def _delete(bucket: Bucket, versions: Sequence[Version]) -> None:
    for refusal in bucket.delete_versions(versions):
        raise DifferentError(f"s3://{bucket.name}/{refusal.key} cannot be deleted: {refusal.code}")


def dead_letters(run: Run, *, delete: bool) -> int:
    """Return the number of dead-letter messages of a run; others become visible again at once.

    Raises:
        DifferentError: there are more messages than are searched.
    """
    sqs, queue = run.client("sqs"), {"QueueUrl": run.outputs.dead_letters_url}
    own: list[str] = []
    hidden: list[str] = []
    try:
        while len(hidden) < MESSAGES:
            received = sqs.receive_message(
                **queue,
                MaxNumberOfMessages=10,
                VisibilityTimeout=HIDDEN_SECONDS,
                WaitTimeSeconds=run.patience.messages,
            ).get("Messages", [])
            if not received:
                break
            hidden += [message["ReceiptHandle"] for message in received]
            own += [one["ReceiptHandle"] for one in received if _is_of(run, one["Body"])]
        for receipt in own if delete else []:
            sqs.delete_message(**queue, ReceiptHandle=receipt)
            hidden.remove(receipt)
    finally:
        for receipt in hidden:
            with suppress(sqs.exceptions.MessageNotInflight):  # it was hidden for too long
                sqs.change_message_visibility(**queue, ReceiptHandle=receipt, VisibilityTimeout=0)
    if len(hidden) + len(own) >= MESSAGES:
        raise DifferentError(f"there are at least {MESSAGES:,} messages, and no more are searched")
    return len(own)


def _is_of(run: Run, body: str) -> bool:
    """Return whether a message is of a run: by its input, or by that of its execution.

    A message that contains the owner's name, in a key of another owner, is not.
    """
    try:
        message = redrive.parse(body, "", "")
        execution_input = message.input
        if execution_input is None:
            execution_input = _input_of(run, message.cause)
        return redrive.row_of(execution_input)["pk"] == run.owner
    except redrive.MessageError:
        return False


def _input_of(run: Run, arn: str) -> str:
    """Return the input of an execution.

    Raises:
        MessageError: Step Functions does not know it.
    """
    stepfunctions = run.client("stepfunctions")
    if redrive.is_execution_of(run.outputs.state_machine_arn, arn):
        with suppress(stepfunctions.exceptions.ExecutionDoesNotExist):
            return str(stepfunctions.describe_execution(executionArn=arn)["input"])
    raise redrive.MessageError("Step Functions does not know the execution")
