"""Verify: each line of its table fails with a fault of its own, and nothing is left behind."""

import io
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from botocore.exceptions import ClientError, NoCredentialsError
from PIL import Image

from gallery import backfill, reprocess
from gallery.__main__ import main
from gallery.buckets import Bucket
from gallery.records import term_sort_keys
from gallery.shell import CommandError
from gallery.table import ConflictError
from gallery.verify import CLEANUP, http, leftovers, try_check
from gallery.verify.checks import AFTER, CHECK_NAMES, checks
from gallery.verify.photos import BLUE, BULK, BY_NAME, RED
from gallery.verify.report import Line
from gallery.verify.run import DifferentError, Run, is_aws, place
from local.clients import environment
from local.template import REPOSITORY
from outputs import as_outputs_file
from shared.keys import album_sort_key, digest
from signals import default_signals
from verifying import PATIENCE, World, answers, deployed, failing

pytestmark = pytest.mark.timeout(600)

ADA = "uploads/ada/2016/cat.jpg"
GONE_PID = 2**31 - 1  # no system has so many processes


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("verify")
    with pytest.MonkeyPatch.context() as patched, deployed(folder) as world:
        for name, value in environment(world.stack.endpoint_url).items():
            patched.setenv(name, value)
        version_id = world.stack.upload(ADA, BY_NAME["hostile key"].body())
        world.stack.wait_for(ADA, version_id)
        yield world


@pytest.fixture
def outputs(world: World, tmp_path: Path) -> Path:
    return as_outputs_file(world.outputs, tmp_path / "outputs.json")


@dataclass(frozen=True)
class Fault:
    """What is wrong, from the start or from the moment at which its line is tried."""

    came: str  # a part of what the line says
    before: Callable[[World, Run], object] = lambda _world, _run: None
    answer: tuple[str, str, Callable[[dict[str, Any]], dict[str, Any]]] | None = None

    def at(self, world: World) -> Callable[[Run], object]:
        """Return what to do just before the line."""
        return lambda run: self.before(world, run)


def key_of(run: Run, name: str) -> str:
    return BY_NAME[name].keys(run.owner)[0]


def update(run: Run, sort_key: str, attribute: str, value: dict[str, str]) -> None:
    """Change one attribute of a row of the run."""
    run.client("dynamodb").update_item(
        TableName=run.outputs.table,
        Key={"pk": {"S": run.owner}, "sk": {"S": sort_key}},
        UpdateExpression="SET #name = :value",
        ExpressionAttributeNames={"#name": attribute},
        ExpressionAttributeValues={":value": value},
    )


def stray(name: str) -> Callable[[World, Run], object]:
    """Return what puts a rendition of a photo that no record names."""
    return lambda _, run: run.client("s3").put_object(
        Bucket=run.outputs.derived_bucket,
        Key=f"{run.owner}/{digest(key_of(run, name))}/0/stray.webp",
        Body=b"stray",
    )


def stored(run: Run, name: str, picture: Image.Image, **more: Any) -> None:  # noqa: ANN401
    """Replace the renditions of a photo."""
    body = io.BytesIO()
    exif = Image.Exif()
    exif[0x010F] = "Somebody's camera"
    picture.save(body, "WEBP", exif=exif)
    for rendition in run.photo_rows()[key_of(run, name)]["renditions"].values():
        run.client("s3").put_object(
            Bucket=run.outputs.derived_bucket, Key=rendition["key"], Body=body.getvalue(), **more
        )


def lying(run: Run) -> None:
    picture = Image.new("RGB", (160, 120), RED)
    picture.paste(BLUE, (0, 0, 80, 60))
    stored(run, "orientation", picture)


def without(name: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda answer: {key: value for key, value in answer.items() if key != name}


def placeless(answer: dict[str, Any]) -> dict[str, Any]:
    return {**answer, "metadata": without("location")(answer["metadata"])}


def too_high(answer: dict[str, Any]) -> dict[str, Any]:
    return {**answer, "image": {**answer["image"], "height_px": 301}}


def forget_labels(run: Run) -> None:
    terms = term_sort_keys(run.photo_rows()[key_of(run, "hostile key")])
    run.table.delete(run.owner, [one for one in terms if one.startswith("label#")])


def miscount(run: Run) -> None:
    sort_key = album_sort_key("verify", key_of(run, "twice"))
    update(run, sort_key, "photos", {"N": "99"})


def status(name: str) -> Callable[[World, Run], object]:
    """Return what makes the record of a photo FAILED."""
    return lambda _, run: update(
        run, f"photo#verify/{BY_NAME[name].file}", "status", {"S": "FAILED"}
    )


def answering(
    service: str, operation: str, answer: dict[str, Any]
) -> Callable[[World, Run], object]:
    return lambda _, run: answers(run.client(service), operation, answer)


def refusing(step: str, name: str, error: str) -> Callable[[World, Run], object]:
    """Return what lets a function fail for a photo from now on."""
    return lambda world, _: world.functions.changes.update(
        {(step, f"/{BY_NAME[name].file}"): failing(error)}
    )


def undeletable(_: World, run: Run) -> None:
    def refuse(params: dict[str, Any]) -> dict[str, Any] | None:
        if run.outputs.derived_bucket not in params["url"]:
            return None
        return {"Errors": [{"Key": "a.webp", "Code": "AccessDenied", "Message": "Access Denied"}]}

    stray("HEIC")(_, run)
    answers(run.client("s3"), "DeleteObjects", refuse)


FORBIDDEN: Any = {"HTTPStatusCode": 403}
INACTIVE = {"Configuration": {"State": "Inactive", "LastUpdateStatus": "Successful"}}
NO_ROOM = {"AccountLimit": {"UnreservedConcurrentExecutions": 0}}
PENDING = {
    "Subscriptions": [{"SubscriptionArn": "PendingConfirmation", "Endpoint": "ada@example.com"}]
}
RINGING = {"MetricAlarms": [{"AlarmName": "gallery-failed", "StateValue": "ALARM"}]}
CHANGE = {
    "type": "planned_change",
    "change": {"action": "update", "resource": {"addr": "module.photos.aws_s3_bucket.this"}},
}

FAULTS = {
    "functions": Fault("extract: Inactive", answering("lambda", "GetFunction", INACTIVE)),
    "quotas": Fault("0 invocations at once", answering("lambda", "GetAccountSettings", NO_ROOM)),
    "JPEG of 1 MiB": Fault("location is None", answer=("extract", "/one.jpg", placeless)),
    "JPEG of 6 MiB": Fault("labels_status", answer=("tag", "/six.jpg", failing("KeyError"))),
    "HEIC": Fault(
        "REJECTED UNREADABLE", answer=("thumbnail", "/phone.heic", failing("UnreadablePhotoError"))
    ),
    "orientation": Fault("the top right corner is", lambda _, run: lying(run)),
    "hostile key": Fault("height_px is 301", answer=("extract", "quotes", too_high)),
    "truncated": Fault("truncated is", answer=("thumbnail", "/cut.jpg", without("truncated"))),
    "not a photo": Fault(
        "FAILED AccessDeniedError", answer=("extract", "/text.jpg", failing("AccessDeniedError"))
    ),
    "archived": Fault(
        "FAILED AccessDeniedError",
        answer=("extract", "/archived.jpg", failing("AccessDeniedError")),
    ),
    "twice": Fault(
        "copies", answer=("thumbnail", "/again.jpg", lambda one: {**one, "sha256": "0" * 64})
    ),
    "overwritten": Fault("stray.webp is in no record", stray("overwritten")),
    "deleted": Fault("stray.webp is in no record", stray("deleted")),
    "deleted for good": Fault("FAILED", status("deleted for good")),
    "undeleted": Fault(
        "FAILED AccessDeniedError", refusing("extract", "undeleted", "AccessDeniedError")
    ),
    "labels": Fault("not found by its label", lambda _, run: forget_labels(run)),
    "renditions": Fault(
        "it has metadata: exif",
        lambda _, run: stored(run, "hostile key", Image.new("RGB", (90, 90)), CacheControl="no"),
    ),
    "album": Fault("photos are counted, 8 are there", lambda _, run: miscount(run)),
    "gone version": Fault(
        "AccessDeniedError", refusing("thumbnail", "deleted for good", "AccessDeniedError")
    ),
    "API signed": Fault("'output'", lambda world, _: world.api.faults.add("signed")),
    "API unsigned": Fault("status 200", lambda world, _: world.api.faults.add("unsigned")),
    "API preflight": Fault("another page", lambda world, _: world.api.faults.add("preflight")),
    "edits": Fault(
        "KeyError",
        lambda world, _: world.functions.changes.update(
            {("extract", '"position"'): failing("KeyError")}
        ),
    ),
    "reprocessing": Fault("its execution FAILED", refusing("tag", "bulk 2", "KeyError")),
    "backfill": Fault(
        "FAILED AccessDeniedError", refusing("thumbnail", "bulk 3", "AccessDeniedError")
    ),
    "dead letters": Fault("messages: "),  # of the faults above
    "plan": Fault(
        "planned: update module.photos.aws_s3_bucket.this", lambda world, _: world.plan(2, CHANGE)
    ),
    "alarms": Fault("gallery-failed", answering("cloudwatch", "DescribeAlarms", RINGING)),
    "alarm email": Fault("ada@example.com", answering("sns", "ListSubscriptionsByTopic", PENDING)),
    "cleanup": Fault("AccessDenied", undeletable),
}
ALONE = {  # nothing comes after the first two; the last has tests of its own
    *("events", "uploads", "aborted backfill", "unsigned rendition"),
}


def test_every_line_has_a_fault() -> None:
    assert FAULTS.keys() | ALONE == {*CHECK_NAMES, CLEANUP.name}


@pytest.fixture(scope="module")
def faulty(world: World) -> dict[str, Line]:
    """Run the whole table once, with all faults. Each concerns its own photo, or its own line."""
    changes = {fault.answer[:2]: fault.answer[2] for fault in FAULTS.values() if fault.answer}
    world.functions.changes.update(changes)
    before = world.everything()
    moments = {name: fault.at(world) for name, fault in FAULTS.items()}
    lines = world.verify(moments=moments)
    world.functions.changes.clear()
    world.api.faults.clear()
    world.plan(0)
    assert "removed" in world.verify("functions")["cleanup"].came  # what the faulty run left
    assert world.everything() == before
    return lines


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_seen_in_its_line(faulty: dict[str, Line], name: str) -> None:
    line = faulty[name]

    assert (line.outcome, FAULTS[name].came in line.came) == ("differs", True), line
    assert line.advice


def test_no_events_are_seen_with_the_state_of_what_they_pass(world: World) -> None:
    world.stack.events.disable_rule(Name="created")
    try:
        lines = world.verify("HEIC", run=world.run(patience=replace(PATIENCE, events=0.5)))
    finally:
        world.stack.events.enable_rule(Name="created")

    line = lines["events"]
    assert line.outcome == "differs"
    assert "EventBridge of the bucket is on; rules: created DISABLED, deleted ENABLED" in line.came
    assert {lines[name].came for name in ("uploads", "HEIC")} == {"events differs"}
    assert lines["cleanup"].outcome == "as expected"


def test_a_refused_upload_is_seen(world: World) -> None:
    def refuse(params: dict[str, Any]) -> None:
        if params["url"].endswith("/phone.heic"):
            raise ClientError(
                {"Error": {"Code": "AccessDenied"}, "ResponseMetadata": FORBIDDEN}, ""
            )

    lines = world.verify(
        "HEIC", moments={"uploads": lambda run: answers(run.client("s3"), "PutObject", refuse)}
    )

    assert (lines["uploads"].outcome, lines["HEIC"].outcome) == ("differs", "not tried")
    assert "HEIC: An error occurred (AccessDenied)" in lines["uploads"].came


@pytest.mark.parametrize(
    ("status", "outcome", "came"),
    [("ABORTED", "as expected", "children ABORTED"), ("RUNNING", "differs", "children still run")],
)
def test_children_that_outlive_an_aborted_backfill_are_seen(
    world: World, status: str, outcome: str, came: str
) -> None:
    def children(_: dict[str, Any]) -> dict[str, Any]:  # moto does not list those of a Map Run
        world.stack.wait_until_idle()  # the photos are not RUNNING
        return {"executions": [{"status": status}]}

    def listed(run: Run) -> None:
        answers(run.client("stepfunctions"), "ListExecutions", children)
        answers(run.client("stepfunctions"), "StopExecution", {})  # moto's threads raise
        run.await_photos(BULK)
        run.patience = replace(run.patience, photo=0.5)

    lines = world.verify(
        "aborted backfill",
        run=world.run(abort_backfill=True),
        moments={"aborted backfill": listed, "removing everything": recover},
    )

    line = lines["aborted backfill"]
    assert (line.outcome, came in line.came) == (outcome, True), line
    assert lines["cleanup"].outcome == "as expected"


class InAws(Run):
    """A run that takes the embedded AWS for AWS itself."""

    emulator = None


def test_a_rendition_is_refused_without_a_signature(world: World) -> None:
    line = world.verify("unsigned rendition")["unsigned rendition"]

    assert (line.outcome, line.came) == ("as expected", "403")


@pytest.mark.parametrize(("kind", "outcome"), [(InAws, "differs"), (Run, "not tried")])
def test_a_public_rendition_is_seen(
    world: World, kind: type[Run], outcome: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def send(method: str, url: str, **more: Any) -> http.Response:  # noqa: ANN401  # as the real one
        answer = original(method, url, **more)
        return answer if "?" in url else answer._replace(status=200)

    original = http.send
    monkeypatch.setattr(http, "send", send)

    line = world.verify("unsigned rendition", run=world.run(kind))["unsigned rendition"]

    assert line.outcome == outcome


def recover(run: Run) -> None:
    """Let the backfill end, which was not aborted."""
    run.patience = PATIENCE
    run.await_execution(run.executions[0], "backfill")


def test_what_emulators_lack_passes_where_it_is_there(world: World) -> None:
    lines = world.verify("quotas", "plan", "API signed", "API unsigned", "API preflight")

    assert {line.outcome for line in lines.values()} == {"as expected"}, lines
    assert lines["quotas"].came == (
        "Rekognition: 5 DetectLabels a second: about 300 photos a minute"
    )


def test_what_cannot_be_tried_is_named_and_does_not_pass(world: World) -> None:
    only = "API signed"
    url = "https://abc.execute-api.us-east-1.amazonaws.com/v1/executions"
    run = replace(world.run(), outputs=msgspec.structs.replace(world.outputs, executions_url=url))

    line = world.verify(only, run=run)[only]

    assert (line.outcome, line.advice) == ("not tried", "")
    assert world.stack.endpoint_url in line.came


def start(outputs: Path, *arguments: str) -> "subprocess.Popen[str]":
    """Start the command, and return it once it has begun to look at the photos."""
    with default_signals():
        command = subprocess.Popen(  # noqa: S603  # our own arguments
            [
                *(sys.executable, "-m", "gallery", "verify", f"--deployment={outputs}"),
                *("--settle-seconds=0", *arguments),
            ],
            cwd=REPOSITORY,
            stderr=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
    assert command.stderr is not None
    for line in command.stderr:
        if line.startswith("HEIC: "):
            return command
    raise AssertionError(command.communicate())


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_a_killed_run_is_removed_by_the_next_which_removes_itself_when_interrupted(
    world: World, outputs: Path, stop: signal.Signals
) -> None:
    before = world.everything()
    killed = start(outputs, "--only=HEIC")
    killed.kill()
    killed.communicate()
    assert world.everything() != before

    interrupted = start(outputs, "--only=HEIC", "--only=alarms", "--json")
    interrupted.send_signal(stop)
    printed, told = interrupted.communicate()

    assert interrupted.returncode == 130
    assert "interrupted" in told
    lines = {line["name"]: line["outcome"] for line in json.loads(printed)["lines"]}
    assert lines["cleanup"] == "as expected"
    assert "alarms" not in lines
    assert world.everything() == before


def test_nothing_is_left_of_an_upload_that_outlasts_two_interrupts(world: World) -> None:
    before = world.everything()
    main_thread = threading.get_ident()

    def slow(params: dict[str, Any]) -> None:
        if params["url"].endswith("/phone.heic"):
            for _ in range(2):  # while it waits for uploads, then for their threads
                time.sleep(0.5)
                signal.pthread_kill(main_thread, signal.SIGINT)
            time.sleep(3)

    previous = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            world.verify(
                "HEIC",
                run=world.run(patience=replace(PATIENCE, quiet=3)),  # its event comes last
                moments={"uploads": lambda run: answers(run.client("s3"), "PutObject", slow)},
            )
    finally:
        signal.signal(signal.SIGINT, previous)

    assert world.everything() == before


@pytest.mark.parametrize("name", ["backfill", "reprocessing"])
def test_an_execution_is_found_again_though_its_start_was_interrupted(
    world: World, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    before = world.everything()
    run = world.run()
    module = {"backfill": backfill, "reprocessing": reprocess}[name]
    start_it = module.start

    def interrupted(*given: Any, **more: Any) -> None:  # noqa: ANN401
        run.await_execution(start_it(*given, **more), "execution, which moto cannot stop")
        raise KeyboardInterrupt

    monkeypatch.setattr(module, "start", interrupted)
    with pytest.raises(KeyboardInterrupt):
        world.verify(name, run=run)

    assert world.everything() == before


@pytest.mark.parametrize("code", ["ExpiredToken", "ExpiredTokenException", ""])
def test_a_session_that_expires_ends_the_run_with_one_sentence(world: World, code: str) -> None:
    def expired(_: dict[str, Any]) -> None:
        if not code:
            raise NoCredentialsError
        raise ClientError({"Error": {"Code": code, "Message": "expired"}}, "DescribeAlarms")

    before = world.everything()
    with pytest.raises(CommandError, match="Log in, then run verify again"):
        world.verify(
            "alarms",
            "alarm email",
            moments={
                "alarms": lambda run: answers(run.client("cloudwatch"), "DescribeAlarms", expired)
            },
        )

    assert not any(text.startswith("alarm email: ") for text in world.told[-3:])
    assert world.everything() == before


@pytest.mark.parametrize("error", [AttributeError, ConflictError, RuntimeError, TypeError])
def test_an_error_of_any_kind_is_the_result_of_its_line_alone(
    world: World, error: type[Exception]
) -> None:
    def look(_: Run) -> str:
        raise error("unexpected")

    line = try_check(replace(CLEANUP, look=look), world.run())

    assert (line.outcome, line.came) == ("differs", f"{error.__name__}: unexpected")


@pytest.fixture
def letters(world: World) -> Iterator[Callable[[str], None]]:
    """Send messages to the dead-letter queue; it is empty before and afterwards."""
    sqs, url = world.stack.sqs, world.stack.dead_letters_url

    def send(body: str) -> None:
        sqs.send_message(QueueUrl=url, MessageBody=body)

    def empty() -> None:  # SQS purges a queue once a minute
        received: Any = sqs.receive_message
        while found := received(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
            for one in found:
                sqs.delete_message(QueueUrl=url, ReceiptHandle=one["ReceiptHandle"])

    empty()
    yield send
    empty()


def letter(key: str) -> str:
    """Return the message of an execution that failed in Extract."""
    content = {"bucket": "photos", "object": {"key": key}}
    failure = {"name": "KeyError", "step": "Extract"}
    return json.dumps({"execution_arn": "arn", "failure": failure, "input": content})


def visible(world: World) -> int:
    asked = world.stack.sqs.get_queue_attributes(
        QueueUrl=world.stack.dead_letters_url, AttributeNames=["ApproximateNumberOfMessages"]
    )
    return int(asked["Attributes"]["ApproximateNumberOfMessages"])


def test_only_dead_letters_of_its_own_photos_are_deleted(
    world: World, letters: Callable[[str], None]
) -> None:
    run = world.run()
    executions = world.outputs.state_machine_arn.replace(":stateMachine:", ":execution:")
    others = [
        letter(f"uploads/{run.owner}0/a.jpg"),
        letter(f"uploads/ada/uploads/{run.owner}/a.jpg"),
        *("5", "[]", "null", "{", "[" * 100_000, f'"{run.prefix}"'),
        json.dumps({"execution_arn": 5, "failure": {"name": run.prefix}}),
        json.dumps({"execution_arn": "", "failure": {"name": "FAILED"}}),
        json.dumps({"execution_arn": f"{executions}:{'x' * 300}", "failure": {"name": "FAILED"}}),
        json.dumps({"execution_arn": f"{executions}:gone", "failure": {"name": "FAILED"}}),
    ]
    for body in [*others, letter(f"{run.prefix}verify/one.jpg")]:
        letters(body)

    assert leftovers.dead_letters(run, delete=False) == 1
    assert leftovers.dead_letters(run, delete=True) == 1
    assert visible(world) == len(others)
    assert leftovers.dead_letters(run, delete=True) == 0


def test_messages_are_visible_again_after_an_interrupt(
    world: World, letters: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        letters(letter(ADA))

    def interrupt(*_: object) -> bool:
        raise KeyboardInterrupt

    monkeypatch.setattr(leftovers, "_is_of", interrupt)
    with pytest.raises(KeyboardInterrupt):
        leftovers.dead_letters(world.run(), delete=True)

    assert visible(world) == 3


@pytest.mark.parametrize("name", ["dead letters", "cleanup"])
def test_a_queue_that_is_not_searched_to_its_end_differs(
    world: World, letters: Callable[[str], None], monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(leftovers, "MESSAGES", 10)
    run = world.run()
    for _ in range(12):
        letters(letter(ADA))

    line = world.verify("dead letters", run=run)[name]

    assert (line.outcome, "at least 10 messages" in line.came) == ("differs", True), line
    assert visible(world) == 12
    monkeypatch.undo()
    leftovers.remove(run)


@pytest.mark.parametrize("owner", ["verify-photos", "verify-0123456789abcdef"])
def test_an_owner_without_the_marker_of_a_run_is_left_alone(world: World, owner: str) -> None:
    key = f"uploads/{owner}/"
    world.stack.s3.put_object(Bucket=world.stack.photos_bucket, Key=key, Body=b"a folder")

    assert [run.owner for run in leftovers.find(world.run())] == []

    photos = Bucket(world.stack.s3, world.stack.photos_bucket)
    photos.delete_versions(list(photos.versions(key)))


def test_the_place_of_a_process_is_more_than_the_name_of_its_host() -> None:
    assert place() != socket.gethostname()
    python = "from gallery.verify.run import place; print(place())"
    done = subprocess.run(  # noqa: S603  # our own arguments
        [sys.executable, "-c", python], cwd=REPOSITORY, check=True, capture_output=True, text=True
    )
    assert done.stdout.strip() == place()  # of another process at the same place


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://dynamodb.eu-west-1.amazonaws.com", True),
        ("https://dynamodb.cn-north-1.amazonaws.com.cn", True),
        ("https://dynamodb.eusc-de-east-1.amazonaws.eu", True),
        ("https://dynamodb.us-iso-east-1.c2s.ic.gov", True),
        ("https://lambda.eu-west-1.api.aws", True),
        ("http://127.0.0.1:5000", False),
        ("https://amazonaws.com.example.com", False),
        ("http://localhost.localstack.cloud:4566", False),
    ],
)
def test_aws_itself_is_recognized_in_any_partition(url: str, *, expected: bool) -> None:
    assert is_aws(url) == expected


def test_a_run_of_another_process_or_machine_is_left_alone_for_two_hours(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = world.run()
    other.mark()
    moved = replace(world.run(), owner=other.owner)

    # A host of the same name, or a container on this one, has other processes of the same IDs.
    namesake = f"{place()}, another one"
    for where, pid in ((place(), os.getppid()), (namesake, os.getpid()), (namesake, GONE_PID)):
        body = json.dumps({"place": where, "pid": pid, "executions": []}).encode()
        world.stack.s3.put_object(Bucket=world.stack.photos_bucket, Key=other.prefix, Body=body)
        assert other.owner not in [run.owner for run in leftovers.find(world.run())]

    monkeypatch.setattr(leftovers, "LONGEST_RUN", timedelta(0))
    assert other.owner in [run.owner for run in leftovers.find(world.run())]
    assert leftovers.remove(moved).startswith("removed")


def test_the_command_prints_its_table_and_exits_with_1_if_a_line_differs(
    world: World,
    outputs: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COLUMNS", "300")
    options = ["verify", f"--deployment={outputs}", "--only=functions", "--only=alarms"]
    options += ["--settle-seconds=0"]

    assert main([*options, "--json"]) == 0
    good = json.loads(capsys.readouterr().out)
    set_alarm = world.stack.client("cloudwatch").set_alarm_state
    set_alarm(AlarmName="gallery-failed", StateValue="ALARM", StateReason="a test")
    assert main(options) == 1
    printed = capsys.readouterr()
    set_alarm(AlarmName="gallery-failed", StateValue="OK", StateReason="a test")

    assert [line["outcome"] for line in good["lines"]] == ["as expected"] * 3
    assert good["lines"][0].keys() == set(Line.__dataclass_fields__)
    table = " ".join(printed.out.split())
    assert "in ALARM: gallery-failed" in table
    assert "docs/operations.md#alarms" in table
    assert "2 as expected, 1 differs: alarms" in printed.err


def test_a_dry_run_prints_the_table_and_the_cost_and_touches_nothing(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["verify", "--dry-run", "--deployment=no-such-folder"]) == 0

    printed = capsys.readouterr()
    names = [line.partition(": ")[0] for line in printed.out.splitlines()]
    assert names == [*CHECK_NAMES, CLEANUP.name]
    assert "costs at most USD 0.0" in printed.err


def test_control_characters_of_an_answer_are_printed_escaped(world: World) -> None:
    def look(_: Run) -> str:
        raise DifferentError("red: \x1b[31m")

    line = try_check(replace(CLEANUP, look=look), world.run())

    assert line.came == r"red: \x1b[31m"


def test_a_line_that_does_not_exist_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["verify", "--only=everything"])

    assert ended.value.code == 2
    assert "'everything' is none of: functions" in capsys.readouterr().err


@pytest.mark.parametrize("only", [one.name for one in AFTER])
def test_one_line_needs_only_its_own_photos(only: str) -> None:
    chosen = {check.name: check for check in checks((only,))}

    line = chosen.pop(only)
    assert chosen.keys() == ({"events", "uploads"} if line.photos else set())
