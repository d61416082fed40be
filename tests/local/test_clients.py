"""Clients of the embedded AWS are made once, and reach nothing else."""

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from local.clients import Clients, environment
from local.stack import Executions, Stack

URL = "http://127.0.0.1:1"


def test_each_service_has_one_client() -> None:
    clients = Clients(URL)

    assert clients.client("s3") is clients.s3
    assert clients.client("stepfunctions") is clients.stepfunctions
    assert clients.s3.meta.endpoint_url == URL


def test_close_closes_each_client(monkeypatch: pytest.MonkeyPatch) -> None:
    closed: list[str] = []

    def client(service: str, _endpoint_url: str, *, config: object) -> SimpleNamespace:  # noqa: ARG001  # as the real one
        return SimpleNamespace(close=lambda: closed.append(service))

    monkeypatch.setattr("local.clients.client", client)
    clients = Clients(URL)
    for service in ("s3", "sqs"):
        clients.client(service)

    clients.close()

    assert closed == ["s3", "sqs"]


def test_sdks_do_not_read_the_files_of_this_machine(tmp_path: Path) -> None:
    (tmp_path / ".aws").mkdir()
    for name in ("config", "credentials"):
        (tmp_path / ".aws" / name).write_text("not the format of AWS")
    program = "import boto3; print(boto3.client('s3').meta.endpoint_url)"

    done = subprocess.run(  # noqa: S603  # our own interpreter
        [sys.executable, "-c", program],
        env={"HOME": str(tmp_path), **environment(URL)},
        check=True,
        capture_output=True,
        text=True,
    )

    assert done.stdout.strip() == URL


def test_a_stack_uses_the_resources_that_terraform_created() -> None:
    names = ("photos_bucket", "derived_bucket", "table", "state_machine_arn", "dead_letters_url")
    stack = Stack(URL, Executions())

    stack.attach({name: {"value": f"the {name}"} for name in names})

    assert {name: getattr(stack, name) for name in names} == {name: f"the {name}" for name in names}
