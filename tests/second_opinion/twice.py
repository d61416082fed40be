"""`pytest --second-opinions too`: others are asked what these tests ask of the embedded AWS.

A test of `ASKED_TWICE` then fails if DynamoDB Local answers one of its requests in another way, or
the reference JSONata evaluates one of its expressions to another value. Who is not installed is not
asked: tests/second_opinion/test_twice.py skips the test of that name. `--second-opinions only` runs
no other tests than these and those of this folder.
"""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

if TYPE_CHECKING:  # unit tests need none of them
    from collections.abc import Iterator

    from workflow.expressions import Engine

OPTION: Final = "--second-opinions"
TESTS: Final = Path(__file__).parents[1]
ASKED_TWICE: Final = (
    "gallery/test_editing.py",
    "gallery/test_queries.py",
    "workflow/test_execution.py",
    "workflow/test_lifecycle.py",
    "workflow/test_publish.py",
    "workflow/test_recovery.py",
    "workflow/test_reprocess.py",
    "workflow/test_rows.py",
)
SHOWN: Final = 5  # differences of a test


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(OPTION, choices=("too", "only"), help="compare the embedded AWS with others")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Return True for what is not to run, None to leave the decision to others."""
    if config.getoption(OPTION) != "only" or collection_path.is_dir():
        return None
    tested = collection_path.relative_to(TESTS).as_posix()
    return not (tested in ASKED_TWICE or tested.startswith("second_opinion/")) or None


@pytest.fixture(scope="session")
def dynamodb_local_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Start DynamoDB Local; the tests of one process share its tables."""
    from second_opinion import dynamodb_local  # noqa: PLC0415

    with dynamodb_local.started(tmp_path_factory.mktemp("dynamodb-local")) as url:
        yield url


@pytest.fixture(scope="session")
def reference_jsonata() -> Iterator[Engine]:
    """Start the reference implementation of JSONata."""
    from tools.npm import NpmError  # noqa: PLC0415
    from workflow.expressions import reference_engine  # noqa: PLC0415

    try:
        with reference_engine() as engine:
            yield engine
    except NpmError as error:
        pytest.skip(f"the reference implementation of JSONata is not here: {error}")


@pytest.fixture(scope="module", autouse=True)  # before the embedded AWS starts
def second_opinions(request: pytest.FixtureRequest) -> Iterator[list[Any]]:
    """Ask twice in this file, and yield who is asked."""
    tested = request.path.relative_to(TESTS).as_posix()
    if request.config.getoption(OPTION) is None or tested not in ASKED_TWICE:
        yield []
        return
    from second_opinion.dynamodb_asked import DynamoDBLocal  # noqa: PLC0415
    from second_opinion.jsonata_asked import ReferenceJsonata  # noqa: PLC0415

    asked: list[Any] = []
    with ExitStack() as stack:
        for opinion, started in (
            (DynamoDBLocal, "dynamodb_local_url"),
            (ReferenceJsonata, "reference_jsonata"),
        ):
            try:
                other = request.getfixturevalue(started)
            except pytest.skip.Exception:
                continue
            asked.append(stack.enter_context(opinion.asked(other)))
        yield asked


@pytest.fixture(autouse=True)
def same_opinions(second_opinions: list[Any]) -> Iterator[None]:
    """Fail a test whose answers differ."""
    yield
    found = [difference for one in second_opinions for difference in one.differences()]
    assert not found, "\n\n".join(found[:SHOWN])
