"""Fixtures: DynamoDB Local, MiniStack."""

from collections.abc import Iterator

import pytest

from second_opinion import dynamodb_local


@pytest.fixture(scope="module")
def dynamodb_local_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Start DynamoDB Local; tests of one file share its tables."""
    with dynamodb_local.started(tmp_path_factory.mktemp("dynamodb-local")) as url:
        yield url
