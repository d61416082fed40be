"""The containers behind the emulator answer as the handlers in processes do."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from boto3.dynamodb.types import TypeDeserializer

import engine
from local.functions import Answer, Containers, Function, Functions, InProcess
from local.stack import Stack

PHOTOS = sorted(
    path
    for path in (Path(__file__).parents[2] / "local" / "photos").iterdir()
    if path.suffix != ".md"
)
# What differs from one execution, or one upload, to the next.
OF_ITS_OWN = (
    "album_key",  # holds sort_time
    "claimed_version",
    "execution_arn",
    "sequencer",
    "sort_time",  # where nothing says when it was taken, the time of the upload
    "time_key",  # holds sort_time
    "updated_at",
    "uploaded_at",
    "version_id",
)


def outcome(functions: Functions) -> dict[str, tuple[dict[str, Any], dict[str, str]]]:
    """Return the record of each demo photo, and the digest of each of its renditions."""
    found = {}
    with Stack.start(functions=functions, image_tag="test") as stack:
        for photo in PHOTOS:
            stack.upload(f"uploads/ada/{photo.name}", photo.read_bytes())
        stack.wait_until_idle(timeout_seconds=120)
        for photo in PHOTOS:
            key = {"pk": {"S": "ada"}, "sk": {"S": f"photo#{photo.name}"}}
            item = stack.dynamodb.get_item(TableName=stack.table, Key=key)["Item"]
            record = {name: TypeDeserializer().deserialize(item[name]) for name in item}
            for name in OF_ITS_OWN:
                record.pop(name, None)
            record["label_keys"] = len(record.get("label_keys", []))  # each ends in sort_time
            renditions = {
                name: stack.s3.head_object(Bucket=stack.derived_bucket, Key=rendition.pop("key"))[
                    "ETag"
                ]
                for name, rendition in record.get("renditions", {}).items()
            }
            found[photo.name] = (record, renditions)
    return found


@pytest.mark.docker
def test_containers_give_the_same_records_and_renditions_as_the_handlers_here() -> None:
    for name in engine.FUNCTIONS:
        engine.image(name)

    in_containers = outcome(Containers())

    assert in_containers == outcome(InProcess())
    statuses = [record["status"] for record, _ in in_containers.values()]
    assert sorted(statuses) == ["READY"] * 7 + ["REJECTED"]
    assert sum(len(renditions) for _, renditions in in_containers.values()) == 14
    left_over = engine.docker("ps", "--all", "--quiet", "--filter=label=gallery-stack")
    assert left_over == ""


@pytest.mark.docker
def test_a_container_that_dies_is_lambdas_error_and_is_replaced() -> None:
    functions = Containers(copies=1)
    uri = f"123456789012.dkr.ecr.eu-west-1.amazonaws.com/{engine.image('extract')}"
    settings = (("PHOTOS_BUCKET", "photos"),)
    function = Function("extract", uri, settings, timeout_seconds=30, memory_mb=1024)
    with Stack.empty(functions=functions):
        functions.deploy(function)
        containers = ["ps", "--quiet", f"--filter=ancestor={engine.image('extract')}"]
        engine.docker("kill", *engine.docker(*containers).split())

        assert named(functions.invoke(function, b"{}")) == "Runtime.ExitError"
        assert named(functions.invoke(function, b"{}")) == "InvalidRequestError"


def named(answer: Answer) -> object:
    """Return the name of the error that an invocation ended in."""
    assert answer.failed
    return json.loads(answer.payload)["errorType"]


def test_where_there_is_no_docker_nothing_is_started(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER", "/nowhere/docker")
    stack = Stack.start(functions=Containers())

    with pytest.raises(FileNotFoundError, match="/nowhere/docker"), stack:
        pass


def test_where_docker_refuses_it_is_said_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER", "false")
    stack = Stack.start(functions=Containers())

    with pytest.raises(subprocess.CalledProcessError), stack:
        pass
