"""An embedded AWS without a deployment, for the tests of each module."""

from collections.abc import Iterator

import pytest

from embeddedaws import Aws


@pytest.fixture(scope="module")  # a process can run one at a time
def aws() -> Iterator[Aws]:
    with Aws.start() as running:
        yield running
