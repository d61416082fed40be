"""The containers return what the handlers in processes return."""

import json
import subprocess

import pytest

import engine
from local.functions import Answer, Containers, Function, Functions, InProcess
from local.stack import Stack
from outcomes import Outcome, outcomes


def run(functions: Functions) -> dict[str, Outcome]:
    with Stack.start(functions=functions, image_tag=engine.image_tag()) as stack:
        return outcomes(stack, timeout_seconds=120)


@pytest.mark.docker
def test_containers_return_the_same_records_and_renditions_as_processes() -> None:
    for name in engine.FUNCTIONS:
        engine.image(name)

    in_containers = run(Containers())

    assert in_containers == run(InProcess())
    statuses = [outcome.record["status"] for outcome in in_containers.values()]
    assert sorted(statuses) == ["READY"] * 7 + ["REJECTED"]
    assert sum(len(outcome.renditions) for outcome in in_containers.values()) == 14
    left_over = engine.docker("ps", "--all", "--quiet", "--filter=label=gallery-stack")
    assert left_over == ""


@pytest.mark.docker
def test_a_container_that_dies_returns_lambdas_error_and_is_replaced() -> None:
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
    """Return the error name of a failed invocation."""
    assert answer.failed
    return json.loads(answer.payload)["errorType"]


def test_a_missing_docker_client_starts_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER", "/nowhere/docker")
    stack = Stack.start(functions=Containers())

    with pytest.raises(FileNotFoundError, match="/nowhere/docker"), stack:
        pass


def test_a_docker_that_fails_raises_one_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER", "false")
    stack = Stack.start(functions=Containers())

    with pytest.raises(subprocess.CalledProcessError), stack:
        pass
