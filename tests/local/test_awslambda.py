"""Lambda: functions run with the settings that they were deployed with."""

import base64
import json
import subprocess
from collections.abc import Callable
from typing import Any, Literal

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from embeddedaws import Aws
from local.clients import ACCOUNT, REGION, client
from local.clock import VirtualClock
from local.functions import Answer, Function
from local.moto_patches import awslambda
from local.moto_patches.wiring import wired


@pytest.fixture
def deployed(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> list[Function]:
    """Return the functions that this test deploys."""
    seen: list[Function] = []
    monkeypatch.setattr(aws.functions, "deployed", seen)
    return seen


def test_each_change_of_a_function_is_deployed(aws: Aws, deployed: list[Function]) -> None:
    lambda_ = aws.client("lambda")
    host = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com"
    settings = {"Environment": {"Variables": {"B": "2", "A": "1"}}, "Timeout": 7, "MemorySize": 512}

    aws.function("first", **settings)
    lambda_.update_function_configuration(FunctionName="first", Timeout=8)
    lambda_.update_function_code(FunctionName="first", ImageUri=f"{host}/gallery-first:2")

    environment = (("A", "1"), ("B", "2"))
    arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:first"
    first = Function("first", f"{host}/gallery-first:1", environment, 7, 512, arn)
    second = Function("first", f"{host}/gallery-first:1", environment, 8, 512, arn)
    third = Function("first", f"{host}/gallery-first:2", environment, 8, 512, arn)
    assert list(dict.fromkeys(deployed)) == [first, second, third]


def test_a_function_logs_as_its_settings_say(aws: Aws, deployed: list[Function]) -> None:
    aws.function("json", LoggingConfig={"LogFormat": "JSON"})
    aws.function("quiet", LoggingConfig={"LogFormat": "JSON", "ApplicationLogLevel": "WARN"})
    aws.function("text")

    settings = {one.name: (one.log_format, one.log_level) for one in deployed}
    assert settings == {
        "json": ("JSON", "INFO"),
        "quiet": ("JSON", "WARN"),
        "text": ("Text", "INFO"),
    }


@pytest.mark.parametrize(
    "name",
    [
        lambda name: name,
        lambda name: f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}",
        lambda name: f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}:$LATEST",
    ],
    ids=["name", "ARN", "ARN of the latest version"],
)
def test_a_function_is_invoked_by_name_or_arn(aws: Aws, name: Callable[[str], str]) -> None:
    aws.functions.answers["tag"] = lambda event: Answer(json.dumps([event]).encode())

    answer = aws.client("lambda").invoke(FunctionName=name("tag"), Payload=b'{"a": 1}')

    assert json.load(answer["Payload"]) == [{"a": 1}]
    assert "FunctionError" not in answer


def test_an_inactive_function_refuses_until_it_is_restored(
    aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    once = Config(retries={"total_max_attempts": 1})
    lambda_ = client("lambda", aws.endpoint_url, config=once)
    aws.function("rested")
    aws.functions.answers["rested"] = lambda _event: Answer(b"1")
    clock = VirtualClock()
    monkeypatch.setattr(wired(), "clock", clock)
    awslambda.rest(ACCOUNT, REGION, "rested", seconds=100)
    refusals = []

    def state() -> str:
        found = lambda_.get_function_configuration(FunctionName="rested")
        return f"{found['State']} {found.get('StateReasonCode', '')}"

    states = [state()]
    for _ in range(3):
        with pytest.raises(ClientError) as refused:
            lambda_.invoke(FunctionName="rested", Payload=b"{}")
        answer = refused.value.response
        refusals.append((answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"]))
        states.append(state())
    clock.sleep(101)

    assert json.load(lambda_.invoke(FunctionName="rested", Payload=b"{}")["Payload"]) == 1
    assert [*states, state()] == ["Inactive Idle", *["Pending Restoring"] * 3, "Active "]
    assert refusals == [
        ("CodeArtifactUserPendingException", 409),
        ("ResourceConflictException", 409),
        ("ResourceNotReadyException", 502),
    ]


def test_an_event_that_is_missing_is_an_empty_object(aws: Aws) -> None:
    aws.functions.answers["tag"] = lambda event: Answer(json.dumps([event]).encode())

    assert json.load(aws.client("lambda").invoke(FunctionName="tag")["Payload"]) == [{}]


def test_an_event_that_is_not_json_is_refused(aws: Aws) -> None:
    with pytest.raises(ClientError, match="Could not parse request body into json") as error:
        aws.client("lambda").invoke(FunctionName="tag", Payload=b"{")

    assert error.value.response["Error"]["Code"] == "InvalidRequestContentException"


@pytest.mark.parametrize(("log_type", "tail"), [("Tail", b"x" * 4095 + b"\n"), ("None", None)])
def test_an_answer_has_the_end_of_the_log_if_the_caller_asks(
    aws: Aws, log_type: Literal["Tail", "None"], tail: bytes | None
) -> None:
    aws.functions.answers["tag"] = lambda _: Answer(b"1", log=b"x" * 10_000 + b"\n")

    answer = aws.client("lambda").invoke(FunctionName="tag", LogType=log_type)

    result = answer.get("LogResult")
    assert (base64.b64decode(result) if result else None) == tail


def test_a_function_that_is_not_deployed_is_not_found(aws: Aws) -> None:
    aws.function("gone")
    aws.client("lambda").delete_function(FunctionName="gone")

    with pytest.raises(ClientError, match=r"gone") as error:
        aws.client("lambda").invoke(FunctionName="gone", Payload=b"{}")

    assert error.value.response["Error"]["Code"] == "ResourceNotFoundException"


def test_an_image_that_does_not_start_creates_no_function(
    aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(function: Function) -> Any:  # noqa: ANN401  # it never returns
        raise subprocess.CalledProcessError(125, ["docker", "run", function.image_uri])

    aws.function("unborn")
    aws.client("lambda").delete_function(FunctionName="unborn")
    monkeypatch.setattr(aws.functions, "refuse", refuse)

    with pytest.raises(ClientError, match="gallery-unborn:1") as error:
        aws.function("unborn")

    assert error.value.response["Error"]["Code"] == "InvalidParameterValueException"
    listed = aws.client("lambda").list_functions()["Functions"]
    assert "unborn" not in {function["FunctionName"] for function in listed}
