"""One embedded AWS for all tests of it, without a deployment."""

from collections.abc import Iterator

import pytest

from embeddedaws import Aws


@pytest.fixture(scope="module")  # one embedded AWS to a process at a time
def aws() -> Iterator[Aws]:
    with Aws.start() as running:
        yield running
