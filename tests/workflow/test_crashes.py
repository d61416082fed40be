"""An execution may die between any two states; a redelivery converges to what would have been."""

from collections.abc import Callable
from typing import Any

import pytest
from moto.stepfunctions.parser.asl.component.state.state import CommonStateField

from local.stack import EndedExecution
from workflow.world import ALBUM, LIFE, SK, World, label_rows, photos_of

BEFORE_PUBLISH = [
    "Receive",
    "Route",
    "Claim",
    "Dispatch",
    "Extract",
    "Develop",
    "Thumbnail",
    "Tag",
    "Ready",
    "Publish",
]
AFTER_PUBLISH = ["Tidy", "Erase", "Finish", "Done"]
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
    """Run an event; before the named state, its execution dies and no Catch hears of it."""

    def run(made: dict[str, Any], victim: str) -> EndedExecution:
        usual = CommonStateField._eval_body  # noqa: SLF001  # the seam between two states

        def eval_body(self: Any, env: Any) -> None:  # noqa: ANN401  # moto's
            if self.name == victim:
                raise RuntimeError("died")  # States.Runtime, which nothing catches
            usual(self, env)

        with monkeypatch.context() as patch:
            patch.setattr(CommonStateField, "_eval_body", eval_body)
            [died] = world.run(made)
        return died

    return run


def snapshot(world: World) -> tuple[dict[str, Any], set[str], int]:
    rows = world.rows()
    return {name: rows[SK].get(name) for name in COMPARED}, label_rows(rows), photos_of(rows)


@pytest.mark.parametrize("victim", BEFORE_PUBLISH + AFTER_PUBLISH)
def test_a_death_before_any_state_is_healed_by_a_redelivery(
    world: World, die: Die, victim: str
) -> None:
    world.run(*LIFE[:2])
    expected, derived = snapshot(world), world.derived()
    world.clear()

    world.run(LIFE[0])
    died = die(LIFE[1], victim)
    world.age()
    world.run(LIFE[1])

    assert died.status == "FAILED"
    assert snapshot(world) == expected
    if victim in {"Tidy", "Erase"}:
        # What the version before had is nobody's: the next change or reconcile finds it.
        assert world.derived() > derived
    else:
        assert world.derived() == derived


@pytest.mark.parametrize("victim", ["Current", "Claim", "Remove", "Publish"])
def test_a_death_on_the_way_to_a_tombstone_is_healed_by_a_redelivery(
    world: World, die: Die, victim: str
) -> None:
    world.run(LIFE[0])
    die(LIFE[2], victim)
    world.age()
    world.run(LIFE[2])

    assert set(world.rows()) == {SK, ALBUM}
    assert photos_of(world.rows()) == 0
    assert world.rows()[SK]["status"] == "DELETED"
    assert world.derived() == set()
