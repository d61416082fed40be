"""A redelivery completes the work of an execution that died between any two states."""

from collections.abc import Callable
from typing import Any

import pytest
from moto.stepfunctions.parser.asl.component.state.state import CommonStateField

from local.stack import EndedExecution
from workflow.world import (
    ALBUM,
    CREATED,
    DELETED,
    MONTH,
    OVERWRITTEN,
    SK,
    World,
    label_rows,
    photo_count,
)

BEFORE_PUBLISH = [
    "Claim",
    "Extract",
    "RenderAndTag",
    "Thumbnail",
    "Tag",
    "Publish",
]
AFTER_PUBLISH = ["Finish", "EraseRenditions", "Announce"]
COMPARED = (
    "status",
    "claimed_version",
    "sequencer",
    "renditions",
    "labels",
    "labels_status",
    "title",
)


Die = Callable[[dict[str, Any], str], EndedExecution]


@pytest.fixture
def die(world: World, monkeypatch: pytest.MonkeyPatch) -> Die:
    """Return a function that runs an event; its execution dies before the named state, uncaught."""

    def run(made: dict[str, Any], dies_before: str) -> EndedExecution:
        usual = CommonStateField._eval_body  # noqa: SLF001  # the seam between two states

        def eval_body(self: Any, env: Any) -> None:  # noqa: ANN401  # moto's
            if self.name == dies_before:
                raise RuntimeError("died")  # States.Runtime, which no Catch handles
            usual(self, env)

        with monkeypatch.context() as patch:
            patch.setattr(CommonStateField, "_eval_body", eval_body)
            [died] = world.run(made)
        return died

    return run


def snapshot(world: World) -> tuple[dict[str, Any], set[str], int]:
    rows = world.rows()
    return {name: rows[SK].get(name) for name in COMPARED}, label_rows(rows), photo_count(rows)


@pytest.mark.parametrize("dies_before", BEFORE_PUBLISH + AFTER_PUBLISH)
def test_a_redelivery_completes_the_work_of_an_execution_that_died(
    world: World, die: Die, dies_before: str
) -> None:
    world.run(CREATED, OVERWRITTEN)
    expected, derived = snapshot(world), world.derived()
    world.clear()

    world.run(CREATED)
    died = die(OVERWRITTEN, dies_before)
    world.make_claims_stale()
    world.run(OVERWRITTEN)

    assert died.status == "FAILED"
    assert snapshot(world) == expected
    if dies_before in {"Finish", "EraseRenditions"}:
        # No row names the previous version's renditions: the next change or reconcile finds them.
        assert world.derived() > derived
    else:
        assert world.derived() == derived


@pytest.mark.parametrize(
    "dies_before",
    ["Claim", "Receive", "FindCurrentVersion", "CheckCurrentVersion", "ClaimOnly", "Publish"],
)
def test_a_redelivery_completes_a_deletion_after_its_execution_died(
    world: World, die: Die, dies_before: str
) -> None:
    world.run(CREATED)
    die(DELETED, dies_before)
    world.make_claims_stale()
    world.run(DELETED)

    assert set(world.rows()) == {SK, ALBUM, MONTH}
    assert photo_count(world.rows()) == 0
    assert world.rows()[SK]["status"] == "DELETED"
    assert world.derived() == set()
