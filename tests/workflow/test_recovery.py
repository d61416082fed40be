"""What is published keeps its renditions whatever is lost, and nothing else leaves any behind."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from moto.dynamodb.exceptions import DynamodbException
from moto.dynamodb.responses import DynamoHandler

from shared import errors
from shared.contracts import Contract
from workflow.expressions import by_python
from workflow.scripted import extract, raising
from workflow.test_reprocess import reprocess, use_newer_steps
from workflow.world import CREATED, KEY, SK, World, outcomes, renditions_of


class InternalServerError(DynamodbException):  # type: ignore[misc]  # moto is untyped
    """What DynamoDB answers when it does not know itself whether it has written."""

    def __init__(self) -> None:
        name = "com.amazonaws.dynamodb.v20120810#InternalServerError"
        super().__init__(name, "try again")


@pytest.fixture
def ready(world: World) -> World:
    """One photo, uploaded and READY."""
    version_id = world.stack.upload(KEY, b"photo")
    world.stack.wait_for(KEY, version_id)
    world.stack.wait_until_idle()
    return world


def unanswered(monkeypatch: pytest.MonkeyPatch, operation: str, times: int, *, done: bool) -> None:
    """Let DynamoDB answer an error to the first calls of an operation, done or not."""
    usual: Callable[[DynamoHandler], Any] = getattr(DynamoHandler, operation)
    left = iter(range(times))

    def call(self: DynamoHandler) -> Any:  # noqa: ANN401  # moto's
        if next(left, None) is None:
            return usual(self)
        if done:
            usual(self)
        raise InternalServerError

    monkeypatch.setattr(DynamoHandler, operation, call)


def test_a_new_photo_that_the_table_never_lets_claim_fails_with_a_dead_letter_message(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    unanswered(monkeypatch, "update_item", 1000, done=False)

    [ended] = world.run(CREATED)

    [letter] = world.dead_letters()
    assert (ended.status, world.rows()) == ("FAILED", {})
    assert [visit.state for visit in ended.visits][-5:] == [
        *("ReadFailure", "SortFailure", "DeadLetter", "Conclude", "Failed")
    ]
    assert letter["failure"]["name"] == ended.error == "DynamoDb.InternalServerErrorException"
    assert letter["input"]["object"] == CREATED["object"]
    assert not world.functions.calls


def test_a_reprocessing_in_which_tag_rejects_the_photo_leaves_it_as_it_was(ready: World) -> None:
    # As for every other error of Tag: Tag's rejection never was the photo's.
    before = ready.derived()
    ready.functions.steps["tag"] = raising(errors.UnreadablePhotoError("no picture"))

    ready.run(reprocess(ready))

    assert ready.rows()[SK]["status"] == "READY"
    assert ready.derived() == before


def facts(world: World) -> dict[str, Any]:
    """Return the photo's row without what every claim changes."""
    return {
        name: value
        for name, value in world.rows()[SK].items()
        if name not in {"execution_arn", "updated_at"}
    }


@pytest.mark.parametrize("step", ["extract", "thumbnail", "tag"])
def test_a_failed_reprocessing_leaves_a_photo_as_it_was_though_the_answer_to_its_claim_was_lost(
    ready: World, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    before, renditions = facts(ready), ready.derived()
    unanswered(monkeypatch, "update_item", 1, done=True)
    ready.functions.steps[step] = raising(errors.AccessDeniedError("no"))

    [ended] = ready.run(reprocess(ready))

    assert (ended.status, facts(ready), ready.derived()) == ("FAILED", before, renditions)


@pytest.mark.parametrize("step", ["extract", "thumbnail", "tag"])
def test_a_reprocessing_that_was_aborted_and_fails_again_leaves_a_photo_as_it_was(
    ready: World, step: str
) -> None:
    before, renditions, made = facts(ready), ready.derived(), reprocess(ready)
    stepfunctions, usual = ready.stack.stepfunctions, ready.functions.steps["extract"]

    def aborted(request: Any) -> Contract:  # noqa: ANN401  # any step's request
        [running] = stepfunctions.list_executions(
            stateMachineArn=ready.stack.state_machine_arn, statusFilter="RUNNING"
        )["executions"]
        stepfunctions.stop_execution(executionArn=running["executionArn"])
        return usual(request)

    ready.functions.steps["extract"] = aborted
    [first] = ready.run(made)
    assert (first.status, ready.rows()[SK]["status"]) == ("ABORTED", "PROCESSING")
    ready.make_claims_stale()  # as redrive does
    ready.functions.steps |= {"extract": usual, step: raising(errors.AccessDeniedError("no"))}

    [second] = ready.run(made)

    assert (second.status, facts(ready), ready.derived()) == ("FAILED", before, renditions)


def test_a_photo_that_is_published_keeps_its_renditions_though_nothing_answers(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Publish writes, and its answer is lost; then the row cannot be read until the retries end.
    unanswered(monkeypatch, "transact_write_items", 1, done=True)
    unanswered(monkeypatch, "get_item", 7, done=False)

    [ended] = world.run(CREATED)

    row = world.rows()[SK]
    assert (outcomes([ended]), row["status"]) == (["READY"], "READY")
    assert world.derived() >= renditions_of(row)
    assert world.dead_letters() == []


def test_an_object_that_was_replaced_without_an_event_ends_the_execution(world: World) -> None:
    # In a bucket without versions. The row stays PROCESSING until the newer event comes.
    world.functions.steps["extract"] = raising(errors.SupersededError("412"))

    [ended] = world.run(CREATED)

    assert outcomes([ended]) == ["SUPERSEDED"]
    assert world.rows()[SK]["status"] == "PROCESSING"
    assert world.functions.calls["extract", KEY] == 1


def test_a_photo_that_is_reprocessed_keeps_its_renditions_though_nothing_answers(
    ready: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_newer_steps(ready)
    unanswered(monkeypatch, "transact_write_items", 1, done=True)
    unanswered(monkeypatch, "get_item", 7, done=False)

    ready.run(reprocess(ready))

    row = ready.rows()[SK]
    assert row["status"] == "READY"
    assert ready.derived() >= renditions_of(row)


def test_a_photo_that_is_published_keeps_its_renditions_though_every_retry_fails(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The version before the rewrite had this fault too.
    usual = DynamoHandler.transact_write_items
    calls: Iterator[int] = iter(range(100))

    def call(self: DynamoHandler) -> Any:  # noqa: ANN401  # moto's
        number = next(calls)
        if number in {0, 7}:  # the first try of Publish is done; the first one of FAILED is judged
            answer = usual(self)
            if number == 7:
                return answer
        if number < 7:
            raise InternalServerError
        return usual(self)

    monkeypatch.setattr(DynamoHandler, "transact_write_items", call)

    world.run(CREATED)

    row = world.rows()[SK]
    assert row["status"] == "READY"
    assert world.derived() >= renditions_of(row)


def test_an_execution_whose_row_was_deleted_leaves_no_renditions(world: World) -> None:
    # JSONata: `undefined != 'x'` is false, so that the row of nobody counts as one's own.
    usual = world.functions.steps["tag"]

    def meanwhile(request: Any) -> Contract:  # noqa: ANN401  # any step's request
        key = {"pk": {"S": "alice"}, "sk": {"S": SK}}
        world.stack.dynamodb.delete_item(TableName=world.stack.table, Key=key)
        return usual(request)

    world.functions.steps["tag"] = meanwhile

    [ended] = world.run(CREATED)

    assert outcomes([ended]) == ["SUPERSEDED"]
    assert world.derived() == set()


def test_a_message_that_is_cut_within_a_character_is_recorded(world: World) -> None:
    # Lambda's runtime escapes 😀 as two halves, each of which counts as one of 500 characters.
    world.functions.steps["extract"] = raising(ValueError("x" * 499 + "😀 and more"))

    [ended] = world.run(CREATED)

    row = world.rows()[SK]
    assert (ended.error, row["status"]) == ("ValueError", "FAILED")
    assert row["error"].startswith("x" * 499)
    assert world.dead_letters()[0]["failure"]["name"] == "ValueError"


@pytest.mark.parametrize(
    "cause",
    ['{"errorMessage": "two\nlines"}', 'Said: "errorMessage": "no \\d in JSON" (Status Code: 400)'],
    ids=["a control character", "an escape that JSON lacks"],
)
def test_a_cause_that_is_almost_json_is_read(cause: str) -> None:
    failure = {"step": "Extract", "error": {"Error": "E", "Cause": cause}}

    [problem] = by_python("problem", [{"failure": failure}])

    assert problem["name"] == "E"


def overwritten(world: World) -> str:
    return world.stack.upload(KEY, b"another")


def deleted(world: World) -> str:
    return world.delete(KEY)


@pytest.mark.parametrize("change", [overwritten, deleted])
def test_a_reprocessing_that_is_overtaken_leaves_no_renditions(
    ready: World, change: Callable[[World], str]
) -> None:
    # The one that overtakes erases the renditions of before; then Thumbnail makes them again.
    def meanwhile(request: Any) -> Contract:  # noqa: ANN401  # any step's request
        ready.functions.steps["extract"] = extract
        ready.stack.wait_for(KEY, change(ready))
        return extract(request)

    ready.functions.steps["extract"] = meanwhile

    [ended] = ready.run(reprocess(ready))

    row = ready.rows()[SK]
    assert outcomes([ended]) == ["SUPERSEDED"]
    assert ready.derived() == (renditions_of(row) if row["status"] == "READY" else set())
