"""A stack processes uploads, and leaves nothing behind when it ends."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.stack import Stack
from local.stack.resources import TIMEOUT_SECONDS
from local.template import PLACEHOLDERS, render_file
from signals import default_signals
from workflow.scripted import Scripted

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    with Stack.start(functions=Scripted(), wait_scale=0, timeout_scale=2) as running:
        yield running


def test_an_upload_is_processed(stack: Stack) -> None:
    key = 'uploads/ada/a b/é+"taco".jpg'

    version_id = stack.upload(key, b"taco")

    execution = stack.wait_for(key, version_id)
    assert (execution.status, execution.output) == ("SUCCEEDED", {"outcome": "READY"})
    assert execution.input["object"]["key"] == key
    assert execution.input["object"]["size"] == 4
    assert [visit.state for visit in execution.visits][:2] == ["Claim", "Extract"]
    assert execution.duration_ms > 0


def test_the_timeouts_of_functions_and_states_are_scaled(stack: Stack) -> None:
    functions = stack.client("lambda").list_functions()["Functions"]
    machine = stack.stepfunctions.describe_state_machine(stateMachineArn=stack.state_machine_arn)

    assert [function["Timeout"] for function in functions] == [2 * TIMEOUT_SECONDS] * 3
    deployed = json.loads(machine["definition"])["States"]["Extract"]
    written = json.loads(render_file("statemachine.json.tftpl", PLACEHOLDERS))["States"]["Extract"]
    assert deployed["TimeoutSeconds"] == 2 * written["TimeoutSeconds"]


def test_a_deletion_is_processed(stack: Stack) -> None:
    key = "uploads/ada/deleted.jpg"
    stack.upload(key, b"taco")
    marker = stack.s3.delete_object(Bucket=stack.photos_bucket, Key=key)["VersionId"]

    execution = stack.wait_for(key, marker)

    assert execution.input["event"] == "Object Deleted"
    assert execution.input["deletion_type"] == "Delete Marker Created"
    assert execution.status == "SUCCEEDED"


def test_an_execution_is_found_by_its_version(stack: Stack) -> None:
    versions = [stack.upload("uploads/ada/twice.jpg", b"taco") for _ in range(2)]
    stack.wait_until_idle()

    found = [stack.wait_for("uploads/ada/twice.jpg", version) for version in versions]

    assert [execution.input["object"]["version-id"] for execution in found] == versions


def test_each_rule_sends_undelivered_events_to_the_dead_letter_queue(stack: Stack) -> None:
    queue = stack.sqs.get_queue_attributes(
        QueueUrl=stack.dead_letters_url, AttributeNames=["QueueArn"]
    )["Attributes"]["QueueArn"]

    for rule in stack.events.list_rules()["Rules"]:
        [target] = stack.events.list_targets_by_rule(Rule=rule["Name"])["Targets"]
        assert target["Arn"] == stack.state_machine_arn
        assert target["DeadLetterConfig"]["Arn"] == queue


def test_other_objects_start_no_execution(stack: Stack) -> None:
    stack.wait_until_idle()
    list(stack.executions())

    stack.upload("elsewhere/a.jpg", b"taco")
    stack.s3.put_object(Bucket=stack.derived_bucket, Key="uploads/ada/a.jpg", Body=b"taco")

    assert list(stack.executions()) == []


def test_each_execution_is_yielded_once_as_it_ends(stack: Stack) -> None:
    list(stack.executions())
    keys = [f"uploads/ada/{number}.jpg" for number in range(8)]
    for key in keys[:4]:
        stack.upload(key, b"taco")

    seen: list[str] = []
    for execution in stack.executions():
        seen.append(execution.input["object"]["key"])
        if len(seen) <= 4:
            stack.upload(keys[3 + len(seen)], b"taco")

    assert sorted(seen) == keys
    assert list(stack.executions()) == []


def test_waiting_for_an_execution_that_never_comes_times_out(stack: Stack) -> None:
    with pytest.raises(TimeoutError):
        stack.wait_for("uploads/ada/never.jpg", timeout_seconds=0.01)


def test_any_sdk_reaches_the_stack_with_its_environment(stack: Stack) -> None:
    program = "import boto3; print(boto3.client('s3').list_buckets()['Buckets'][0]['Name'])"
    here = {**os.environ, "AWS_PROFILE": "no such profile"}
    del here["AWS_PROFILE"]

    done = subprocess.run(  # noqa: S603  # our own interpreter
        [sys.executable, "-c", program],
        env={**here, **stack.environment()},
        check=True,
        capture_output=True,
        text=True,
    )

    assert done.stdout.strip() in (stack.photos_bucket, stack.derived_bucket)


def test_the_aws_settings_of_this_machine_have_no_effect(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "no such profile")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("AWS_REGION", "eu-central-1")

    assert stack.client("sts").get_caller_identity()["Account"] == "123456789012"


def test_a_second_stack_in_one_process_is_refused(stack: Stack) -> None:
    with pytest.raises(RuntimeError, match="only one"), Stack.start(functions=Scripted()):
        pass
    assert stack.s3.list_buckets()["Buckets"]


FOLLOWING = """
import sys, threading
sys.path.append("tests")
from local.stack import Stack
from workflow.scripted import Scripted

before = threading.active_count()
for _ in range(2):
    with Stack.start(functions=Scripted()) as stack:
        assert not stack.s3.list_objects_v2(Bucket=stack.photos_bucket).get("Contents")
        stack.upload("uploads/ada/a.jpg", b"taco")
        assert [one.status for one in stack.executions()] == ["SUCCEEDED"]
    assert threading.active_count() == before, threading.enumerate()
print("done")
"""


def test_another_process_runs_two_stacks_in_turn(stack: Stack) -> None:
    with python(FOLLOWING) as process:
        assert process.communicate()[0] == "done\n"
    assert stack.s3.list_buckets()["Buckets"]


INTERRUPTED = """
import sys, time
from pathlib import Path
from local.functions import InProcess
from local.stack import Stack

functions = InProcess(workers=2, code=Path(sys.argv[1]))
with Stack.start(functions=functions) as stack:
    stack.upload("uploads/ada/a.jpg", b"taco")
    time.sleep(3600)
"""

HANDLER = """
import os, sys, time

def handle(event, context):
    with open({pids!r}, "a") as file:
        print(os.getpid(), file=file)
    time.sleep(3600)
"""


def test_ctrl_c_ends_every_process(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    os.mkfifo(pids)
    (tmp_path / "extract").mkdir()
    (tmp_path / "extract" / "__init__.py").touch()
    (tmp_path / "extract" / "function.py").write_text(HANDLER.format(pids=str(pids)))

    with default_signals():
        process = python(INTERRUPTED, str(tmp_path), stderr=subprocess.DEVNULL)
    with process:
        pid = int(pids.read_text())  # as soon as the handler has its event
        process.send_signal(signal.SIGINT)
        process.wait(30)

    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def python(program: str, *arguments: str, stderr: int | None = None) -> "subprocess.Popen[str]":
    """Start a process of our own interpreter, in the repository."""
    return subprocess.Popen(  # noqa: S603  # our own interpreter
        [sys.executable, "-W", "error", "-c", program, *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        stderr=stderr,
    )
