"""Attacks on the embedded AWS that once started programs or read photos."""

import json
import shutil
import subprocess
import time
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from moto.utilities.docker_utilities import DockerModel

from local.functions import InProcess
from local.stack import Stack

IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/gallery-extract:latest"


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    with Stack.start(functions=InProcess(workers=1)) as running:
        yield running


@pytest.fixture
def program(tmp_path: Path) -> Path:
    """Return a program that creates the file `started` beside it."""
    program = tmp_path / "program"
    program.write_text(f"#!/bin/sh\ntouch {tmp_path}/started\n")
    program.chmod(0o700)
    return program


def function(name: str, program: Path) -> dict[str, Any]:
    """Return the parameters of CreateFunction: the start of Python starts `program`.

    The category of a warning is imported, and this module opens a page in the BROWSER.
    """
    variables = {"PYTHONWARNINGS": "all:0:antigravity.x:0:0", "BROWSER": str(program)}
    return {
        "FunctionName": name,
        "PackageType": "Image",
        "Code": {"ImageUri": IMAGE},
        "Role": "arn:aws:iam::123456789012:role/embedded",
        "Environment": {"Variables": variables},
    }


def started(program: Path) -> bool:
    """Return whether the program has started; wait for it a little."""
    file = program.with_name("started")
    end = time.monotonic() + 2
    while time.monotonic() < end and not file.exists():
        time.sleep(0.05)
    return file.exists()


def test_the_variables_would_start_a_program(program: Path) -> None:
    variables = function("any", program)["Environment"]["Variables"]

    subprocess.run(  # noqa: S603  # our own interpreter
        [shutil.which("python3") or "", "-c", ""], env=variables, check=True, capture_output=True
    )

    assert started(program)


@pytest.mark.parametrize("key", ["embedded", "AKIAIOSFODNN7EXAMPLE"])
def test_a_stranger_creates_no_function_and_starts_nothing(
    stack: Stack, program: Path, key: str
) -> None:
    stranger = boto3.client(
        "lambda",
        endpoint_url=stack.endpoint_url,
        region_name="us-east-1",
        aws_access_key_id=key,
        aws_secret_access_key=key,
        config=Config(retries={"total_max_attempts": 1}),
    )

    with pytest.raises(ClientError) as caught:
        stranger.create_function(**function("stranger", program))

    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == HTTPStatus.FORBIDDEN
    assert not started(program)


def test_no_unsigned_request_creates_a_function(stack: Stack, program: Path) -> None:
    body = json.dumps(function("unsigned", program)).encode()
    request = Request(f"{stack.endpoint_url}/2015-03-31/functions", body)  # noqa: S310  # ours
    request.add_header("Authorization", "AWS4-HMAC-SHA256 Credential=a/b/us-east-1/lambda/c")

    with pytest.raises(HTTPError, match="403"):
        urlopen(request, timeout=10)  # noqa: S310

    assert not started(program)


class TestWithAKeyOfThisRun:
    """Whoever has a key, such as a script in the page, starts our functions and nothing else."""

    @pytest.mark.parametrize(
        "change",
        [
            {"Code": {"ImageUri": "evil.example/gallery-extract:latest"}},
            {"Code": {"ImageUri": "gallery-other:latest"}},
            {"Code": {"ImageUri": "--privileged"}},
            {"Environment": {"Variables": {"PATH": "/tmp"}}},  # noqa: S108
            {"Environment": {"Variables": {"AWS_LAMBDA_RUNTIME_API": "127.0.0.1:1"}}},
            {},
        ],
        ids=["another registry", "another image", "an option", "PATH", "an API", "PYTHONWARNINGS"],
    )
    def test_no_other_function_is_created(
        self, stack: Stack, program: Path, change: dict[str, Any]
    ) -> None:
        lambda_ = stack.client("lambda")

        with pytest.raises(ClientError, match="InvalidParameterValueException"):
            lambda_.create_function(**{**function("other", program), **change})

        assert not started(program)
        names = {one["FunctionName"] for one in lambda_.list_functions()["Functions"]}
        assert names == {"extract", "thumbnail", "tag"}

    def test_no_function_gets_other_variables_or_another_image(
        self, stack: Stack, program: Path
    ) -> None:
        lambda_ = stack.client("lambda")
        before = lambda_.get_function(FunctionName="extract")
        variables = function("extract", program)["Environment"]

        with pytest.raises(ClientError, match=r"InvalidParameterValue.*PYTHONWARNINGS"):
            lambda_.update_function_configuration(FunctionName="extract", Environment=variables)
        with pytest.raises(ClientError, match=r"InvalidParameterValue.*evil"):
            lambda_.update_function_code(FunctionName="extract", ImageUri="evil/extract:1")

        after = lambda_.get_function(FunctionName="extract")
        assert after["Configuration"]["Environment"] == before["Configuration"]["Environment"]
        assert after["Code"]["ImageUri"] == before["Code"]["ImageUri"]
        lambda_.invoke(FunctionName="extract", Payload=b"{}")
        assert not started(program)


def test_moto_reaches_no_docker() -> None:
    with pytest.raises(NotImplementedError, match="no container"):
        _ = DockerModel().docker_client
