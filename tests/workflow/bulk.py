"""Deploy and run the state machines of backfill and reprocess beside the gallery's own."""

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from local.clients import environment
from local.stack import ROLE, EndedExecution, Stack
from local.template import render_file
from outputs import gallery as run
from outputs import outputs_of

if TYPE_CHECKING:
    import subprocess

RESULTS = "results"
NAMES = {
    "photos_bucket": "photos",
    "results_bucket": RESULTS,
    "state_machine_arn": "arn:aws:states:us-east-1:123456789012:stateMachine:gallery",
}


def definition(name: str) -> dict[str, Any]:
    """Return the rendered definition of a state machine."""
    made: dict[str, Any] = json.loads(render_file(f"workflow/{name}.json.tftpl", NAMES))
    return made


@contextmanager
def deployed(stack: Stack, name: str) -> Iterator[str]:
    """Deploy workflow/<name>.json.tftpl and its bucket for results; yield its ARN."""
    stack.s3.create_bucket(Bucket=RESULTS)
    made = stack.stepfunctions.create_state_machine(
        name=f"gallery-{name}",
        definition=render_file(
            f"workflow/{name}.json.tftpl", {**NAMES, "state_machine_arn": stack.state_machine_arn}
        ),
        roleArn=ROLE,
    )
    yield made["stateMachineArn"]
    stack.stepfunctions.delete_state_machine(stateMachineArn=made["stateMachineArn"])
    for item in stack.s3.list_objects_v2(Bucket=RESULTS).get("Contents", []):
        stack.s3.delete_object(Bucket=RESULTS, Key=item["Key"])


def succeeded(stack: Stack, arn: str, *, timeout_seconds: float = 240) -> EndedExecution:
    """Wait for an execution, assert that it succeeded, and return it."""
    stack.wait_until_idle(timeout_seconds=timeout_seconds)
    ended = {one.arn: one for one in stack.executions()}[arn]
    assert (ended.status, ended.cause) == ("SUCCEEDED", None)
    return ended


def results(stack: Stack, ended: EndedExecution) -> dict[str, list[dict[str, Any]]]:
    """Return the results of an execution's children, by status."""

    def read(key: str) -> Any:  # noqa: ANN401  # JSON
        return json.loads(stack.s3.get_object(Bucket=RESULTS, Key=key)["Body"].read())

    manifest = read(ended.output["ResultWriterDetails"]["Key"])
    return {
        status: [one for file in files for one in read(file["Key"])]
        for status, files in manifest["ResultFiles"].items()
    }


def gallery(
    stack: Stack, reprocess_arn: str, *arguments: str
) -> "subprocess.CompletedProcess[str]":
    """Run `python -m gallery` against the embedded AWS, and return the completed process."""
    outputs = outputs_of(stack, logs_bucket=RESULTS, reprocess_arn=reprocess_arn)
    return run(outputs, *arguments, environment=environment(stack.endpoint_url))


def outcomes(results: dict[str, list[dict[str, Any]]]) -> Counter[str]:
    """Return the number of photos by outcome."""
    return Counter(
        json.loads(one["Output"])["outcome"] if status == "SUCCEEDED" else status
        for status, listed in results.items()
        for one in listed
    )
