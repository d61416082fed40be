"""Fixtures: an embedded AWS with a table, or the deployed state machine, for each test file."""

from collections.abc import Iterator

import pytest

from embeddedaws import TABLE, Aws
from gallery.table import Table
from publishing import Publisher
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
