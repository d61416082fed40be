"""An embedded AWS with a table for the tests of a file, and who asks and fills it."""

from collections.abc import Iterator

import pytest

from embeddedaws import TABLE, Aws
from gallery.table import Table
from publishing import Publisher


@pytest.fixture(scope="module")  # one embedded AWS to a process at a time
def aws() -> Iterator[Aws]:
    with Aws.start() as aws:
        yield aws


@pytest.fixture(scope="module")
def table(aws: Aws) -> Table:
    return Table(aws.client("dynamodb"), TABLE)


@pytest.fixture(scope="module")
def publisher(aws: Aws) -> Publisher:
    return Publisher(aws.client("dynamodb"))
