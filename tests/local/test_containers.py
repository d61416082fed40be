"""The containers behind the emulator answer as the handlers in processes do."""

import json
import subprocess
from pathlib import Path

import pytest

import engine
from local.functions import Answer, Containers, InProcess
from local.stack import Stack

PHOTO = Path(__file__).parents[2] / "local" / "photos" / "chelsea.jpg"


@pytest.mark.docker
def test_containers_answer_as_the_handlers_here_do() -> None:
    images = {name: engine.image(name) for name in engine.FUNCTIONS}
    stored = []
    for functions in (InProcess(), Containers(images, copies=1)):
        with Stack.start(functions=functions) as stack:
            stack.upload("uploads/ada/a.jpg", PHOTO.read_bytes())
            execution = stack.wait_for("uploads/ada/a.jpg")
            assert execution.output == {"outcome": "READY"}
            listed = stack.s3.list_objects_v2(Bucket=stack.derived_bucket)["Contents"]
            stored.append([item["ETag"] for item in listed])
    left_over = engine.docker("ps", "--all", "--quiet", "--filter=label=gallery-stack")

    assert len(stored[0]) == 2
    assert stored[0] == stored[1]
    assert left_over == ""


@pytest.mark.docker
def test_a_container_that_dies_is_lambdas_error_and_is_replaced() -> None:
    functions = Containers({"extract": engine.image("extract")}, copies=1)
    with Stack.start(functions=functions):
        containers = ["ps", "--quiet", f"--filter=ancestor={engine.image('extract')}"]
        engine.docker("kill", *engine.docker(*containers).split())

        assert named(functions.invoke("extract", b"{}")) == "Runtime.ExitError"
        assert named(functions.invoke("extract", b"{}")) == "InvalidRequestError"


def named(answer: Answer) -> object:
    """Return the name of the error that an invocation ended in."""
    assert answer.failed
    return json.loads(answer.payload)["errorType"]


def test_where_there_is_no_docker_nothing_is_started(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER", "/nowhere/docker")
    stack = Stack.start(functions=Containers({"extract": "gallery-extract:latest"}))

    with pytest.raises(FileNotFoundError, match="/nowhere/docker"), stack:
        pass


def test_where_docker_refuses_it_is_said_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER", "false")
    stack = Stack.start(functions=Containers({"extract": "gallery-extract:latest"}))

    with pytest.raises(subprocess.CalledProcessError), stack:
        pass
