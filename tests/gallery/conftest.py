"""Fixtures: an embedded AWS with a table, or the deployed state machine, for each test file."""

import json
from collections.abc import Iterator

import pytest

from embeddedaws import ROLE, TABLE, Aws
from extract.handler import handle
from gallery.editing import Editor
from gallery.table import Table
from local.functions import Answer
from local.template import render_file
from publishing import NAMES, Publisher
from workflow.conftest import deployed, world  # noqa: F401  # fixtures


@pytest.fixture(scope="module")  # a process can run one embedded AWS at a time
def aws() -> Iterator[Aws]:
    with Aws.start() as aws:
        yield aws


@pytest.fixture(scope="module")
def table(aws: Aws) -> Table:
    return Table(aws.client("dynamodb"), TABLE)


@pytest.fixture(scope="module")
def publisher(aws: Aws) -> Publisher:
    return Publisher(aws.client("dynamodb"))


@pytest.fixture(scope="module")
def editor(aws: Aws, table: Table) -> Editor:
    """Make edits; the extract function reads them itself."""
    aws.functions.answers["extract"] = lambda made: Answer(json.dumps(handle(made, None)).encode())
    stepfunctions = aws.client("stepfunctions")
    arn = stepfunctions.create_state_machine(
        name="edit",
        definition=render_file("workflow/edit.json.tftpl", NAMES),
        roleArn=ROLE,
        type="EXPRESS",
    )["stateMachineArn"]
    return Editor(stepfunctions, arn, table)
