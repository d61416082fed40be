"""The real state machine, interpreted: each photo ends with one correct row, whatever fails."""

import itertools
import json
import re
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import msgspec
import pytest
from moto.dynamodb.exceptions import DynamodbException
from moto.dynamodb.responses import DynamoHandler

from gallery.backfill import REFUSED_TRANSITIONS, REPROCESS_TRANSITIONS
from gallery.costs import TRANSITIONS
from gallery.giving import DELETED_TRANSITIONS
from shared import errors
from shared.contracts import (
    Contract,
    ExtractRequest,
    Location,
    Metadata,
    TagResult,
    TakenAt,
    dump,
)
from shared.keys import derived_key, digest
from shared.limits import MAX_PAYLOAD_BYTES
from shared.versions import VERSIONS
from workflow.scripted import UPLOADED_AT, event, extract, failing, photo_of, raising, tag
from workflow.world import (
    ALBUM,
    CREATED,
    DELETED,
    EVENTS,
    KEY,
    MONTH,
    OVERWRITTEN,
    SK,
    World,
    label_rows,
    outcomes,
    renditions_of,
)


class ConflictError(DynamodbException):  # type: ignore[misc]  # moto is untyped
    """TransactionConflictException, as DynamoDB sends it."""

    def __init__(self) -> None:
        name = "com.amazonaws.dynamodb.v20120810#TransactionConflictException"
        super().__init__(name, "Transaction is ongoing for the item")


CODES = {error.__name__: error for error in errors.RejectedError.__subclasses__()}


def test_a_photo_is_published_with_the_results_of_every_step(world: World) -> None:
    [ended] = world.run(CREATED)

    row = world.rows()[SK]
    facts = dump(extract(ExtractRequest(photo=photo_of(CREATED))))
    assert (ended.status, ended.output) == ("SUCCEEDED", {"outcome": "READY"})
    assert row["status"] == "READY"
    assert row["key"] == KEY
    assert row["bytes"] == 1000
    assert (row["width_px"], row["orientation"], row["format"]) == (4032, 6, "JPEG")
    assert row["taken_at"] == facts["metadata"]["taken_at"]
    assert row["title"] == facts["metadata"]["title"]
    assert row["keywords"] == ["one"]
    assert float(row["camera"]["exposure_s"]) == 0.000125
    assert row["camera"]["make"] == 'LG \\ "G5"'
    assert float(row["location"]["latitude"]) == -0.000001
    assert [label["name"] for label in row["labels"]] == ["Dog", "version v1"]
    assert row["labels"][0]["parents"] == ["Animal", "Pet"]
    assert float(row["labels"][0]["instances"][0]["box"]["height"]) == 0.0625
    assert row["labels_status"] == "READY"
    assert row["versions"] == {"extract": 1, "thumbnail": 1, "tag": VERSIONS["tag"]}
    assert row["execution_arn"] == ended.arn
    assert renditions_of(row) == world.derived()


def test_a_photo_that_is_ready_at_the_first_attempt_enters_eight_states(world: World) -> None:
    [ended] = world.run(CREATED)

    assert sorted(visit.state for visit in ended.visits) == sorted(
        [
            *("Claim", "Extract", "RenderAndTag", "Thumbnail", "Tag"),
            *("Publish", "Finish", "Announce"),
        ]
    )


def test_other_executions_enter_as_many_states_as_the_costs_count(world: World) -> None:
    version_id = world.stack.upload(KEY, b"photo")
    world.stack.wait_for(KEY, version_id)
    world.stack.wait_until_idle()
    row = world.rows()[SK]
    again = {"key": KEY, "sequencer": row["sequencer"]}
    asked = {"event": "Reprocess Requested", "time": UPLOADED_AT, "bucket": "photos"}

    [late] = world.run(event(KEY, sequencer=0, version_id="v0"))
    [reprocessed] = world.run({**asked, "object": again})
    world.delete(KEY)
    world.stack.wait_until_idle()
    *_, deleted = world.stack.executions()

    assert [ended.output["outcome"] for ended in (late, reprocessed, deleted)] == [
        *("DUPLICATE", "READY", "DELETED")
    ]
    assert [len(ended.visits) for ended in (late, reprocessed, deleted)] == [
        REFUSED_TRANSITIONS,
        TRANSITIONS + REPROCESS_TRANSITIONS,
        DELETED_TRANSITIONS,
    ]


def test_a_photo_has_a_row_for_each_label_and_ancestor_sorted_by_time(world: World) -> None:
    world.run(CREATED)

    rows = world.rows()
    photo = rows[SK]
    found = {sk: row for sk, row in rows.items() if sk.startswith("label#")}
    assert set(found) == {
        f"label#{name}#2016-04-09T14:08:13#{digest(KEY)}"
        for name in ("dog", "animal", "pet", "version v1")
    }
    for row in found.values():
        assert row["photo"] == SK
        assert (row["width_px"], row["height_px"]) == (photo["width_px"], photo["height_px"])
        assert row["thumb"] == photo["renditions"]["thumb"]


def test_no_payload_between_states_is_over_the_limit(world: World) -> None:
    world.run(CREATED)

    assert 0 < world.functions.largest_payload_bytes <= MAX_PAYLOAD_BYTES


def test_ten_copies_of_one_event_write_one_row_and_call_tag_once(world: World) -> None:
    with ThreadPoolExecutor(10) as pool:
        arns = list(pool.map(world.begin, [CREATED] * 10))

    ended = world.ended(*arns)

    assert sorted(outcomes(ended)) == ["DUPLICATE"] * 9 + ["READY"]
    assert world.functions.calls["tag", KEY] == 1
    assert world.rows()[SK]["status"] == "READY"


def test_a_later_copy_of_an_event_is_a_duplicate(world: World) -> None:
    world.run(CREATED)
    before = world.rows()

    [late] = world.run(CREATED)

    assert late.output["outcome"] == "DUPLICATE"
    assert world.functions.calls["extract", KEY] == 1
    assert world.rows() == before


@pytest.mark.parametrize("last", [2, 3, 4], ids=["overwritten", "deleted", "created again"])
def test_events_in_any_order_converge_to_the_newest(world: World, last: int) -> None:
    expected: Any = None
    for order in itertools.permutations(EVENTS[:last]):
        world.run(*order)

        rows = world.rows()
        row = rows[SK]
        kept = ("status", "claimed_version", "sequencer", "renditions", "labels")
        seen = ({name: row.get(name) for name in kept}, label_rows(rows), world.derived())
        expected = expected or seen
        assert seen == expected
        assert row["sequencer"] == EVENTS[last - 1]["object"]["sequencer"].ljust(32, "0")
        assert (row["status"] == "DELETED") == (last == 3)
        assert world.derived() == (set() if last == 3 else renditions_of(row))
        world.clear()  # the next order starts with an empty table


def test_a_claim_is_retried_after_a_conflict_with_another_transaction(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DynamoDB refuses an update of a row that a transaction is about to write."""
    world.run(CREATED)
    usual = DynamoHandler.update_item
    conflicts = iter([True])

    def update_item(self: DynamoHandler) -> Any:  # noqa: ANN401  # moto's
        if next(conflicts, False):
            raise ConflictError
        return usual(self)

    monkeypatch.setattr(DynamoHandler, "update_item", update_item)
    [ended] = world.run(OVERWRITTEN)

    assert ended.output["outcome"] == "READY"
    assert world.rows()[SK]["claimed_version"] == "v2"


class UnnamedError(DynamodbException):  # type: ignore[misc]  # moto is untyped
    """An error that the SDK has no class for: Step Functions calls it DynamoDbException."""

    def __init__(self) -> None:
        super().__init__("com.amazon.coral.availability#ServiceUnavailable", "try again")


@pytest.mark.parametrize("operation", ["update_item", "transact_write_items"])
def test_an_error_of_dynamodb_that_has_no_name_is_retried(
    world: World, monkeypatch: pytest.MonkeyPatch, operation: str
) -> None:
    usual = getattr(DynamoHandler, operation)
    left = iter(range(6))

    def call(self: DynamoHandler) -> Any:  # noqa: ANN401  # moto's
        if next(left, None) is not None:
            raise UnnamedError
        return usual(self)

    monkeypatch.setattr(DynamoHandler, operation, call)

    assert outcomes(world.run(CREATED)) == ["READY"]


def test_flags_are_stored_as_numbers(world: World) -> None:
    # Step Functions' SDK integrations spell DynamoDB's BOOL differently; N is always N.
    def suspect(request: ExtractRequest) -> Contract:
        result = extract(request)
        metadata = Metadata(
            taken_at=TakenAt(local="0001-01-01T00:00:00", source="EXIF", plausible=False),
            location=Location(latitude=0, longitude=0, gps_valid=False),
        )
        return msgspec.structs.replace(result, metadata=metadata)

    usual = world.functions.steps["thumbnail"]
    world.functions.steps["extract"] = suspect
    world.functions.steps["thumbnail"] = lambda request: msgspec.structs.replace(
        usual(request), truncated=True
    )

    world.run(CREATED)

    row = world.rows()[SK]
    assert (row["truncated"], row["taken_at"]["plausible"]) == (1, 0)
    assert row["location"]["gps_valid"] == 0
    assert "BOOL" not in str(world.raw(SK))


def test_an_overwritten_photo_keeps_no_label_or_rendition_of_the_previous_version(
    world: World,
) -> None:
    world.run(CREATED)
    old = world.derived()

    world.run(OVERWRITTEN)

    row = world.rows()[SK]
    assert label_rows(world.rows()) == {"dog", "animal", "pet", "version v2"}
    assert world.derived() == renditions_of(row)
    assert old.isdisjoint(world.derived())


def test_sequencers_of_different_lengths_are_compared_as_if_padded(world: World) -> None:
    short = event(KEY, sequencer=0, version_id="v1")
    longer = event(KEY, sequencer=0, version_id="v2")
    short["object"]["sequencer"] = "617F08299329D189"
    longer["object"]["sequencer"] = "617F08299329D18901"

    first, second = world.run(longer, short)

    assert (first.output["outcome"], second.output["outcome"]) == ("READY", "DUPLICATE")
    assert world.rows()[SK]["version_id"] == "v2"


@pytest.mark.parametrize("during", ["extract", "thumbnail", "tag"])
@pytest.mark.parametrize("change", [OVERWRITTEN, DELETED], ids=["overwritten", "deleted"])
def test_a_version_replaced_or_deleted_during_processing_leaves_nothing_behind(
    world: World, during: str, change: dict[str, Any]
) -> None:
    usual = world.functions.steps[during]
    begun = []

    def meanwhile(request: Any) -> Contract:  # noqa: ANN401  # any step's request
        if request.photo.version_id == "v1":
            begun.append(world.begin(change))
            world.until_ended(begun[-1])
        return usual(request)

    world.functions.steps[during] = meanwhile

    begun.append(world.begin(CREATED))
    world.stack.wait_until_idle()
    ended = world.ended(*begun)

    row = world.rows()[SK]
    assert {execution.status for execution in ended} == {"SUCCEEDED"}
    assert "SUPERSEDED" in outcomes(ended)
    assert row["claimed_version"] == change["object"]["version-id"]
    assert row["status"] == ("READY" if change is OVERWRITTEN else "DELETED")
    assert world.derived() == (renditions_of(row) if change is OVERWRITTEN else set())
    assert "version v1" not in label_rows(world.rows())


@pytest.mark.parametrize("code", sorted(CODES))
@pytest.mark.parametrize("step", ["extract", "thumbnail"])
def test_a_photo_that_can_never_be_processed_is_rejected_with_its_code(
    world: World, step: str, code: str
) -> None:
    world.functions.steps[step] = raising(CODES[code]("60000 x 60000 px are over 50000000"))

    [ended] = world.run(CREATED)

    row = world.rows()[SK]
    assert (ended.status, ended.output["outcome"]) == ("SUCCEEDED", "REJECTED")
    assert (row["status"], row["reason"]) == ("REJECTED", CODES[code].code)
    assert row["error"] == "60000 x 60000 px are over 50000000"
    assert world.functions.calls[step, KEY] == 1
    assert world.dead_letters() == []


def test_a_rejected_version_removes_labels_and_renditions_of_the_previous_one(
    world: World,
) -> None:
    world.run(CREATED)
    world.functions.steps["extract"] = raising(errors.EmptyPhotoError("0 bytes"))

    world.run(OVERWRITTEN)

    assert set(world.rows()) == {SK, ALBUM, MONTH}
    assert world.rows()[ALBUM]["photos"] == 0
    assert world.derived() == set()


@pytest.mark.parametrize("step", ["extract", "thumbnail", "tag"])
def test_a_photo_becomes_ready_after_a_transient_error(world: World, step: str) -> None:
    unavailable = errors.StorageUnavailableError("503 SlowDown")
    usual = world.functions.steps[step]
    world.functions.steps[step] = failing(6, unavailable, usual)

    [ended] = world.run(CREATED)

    assert ended.output["outcome"] == "READY"
    assert world.rows()[SK]["labels_status"] == "READY"
    assert world.functions.calls[step, KEY] == 7


@pytest.mark.parametrize(
    "error",
    [
        errors.StorageUnavailableError("503"),
        errors.AccessDeniedError("403"),
        RuntimeError("a bug"),
    ],
    ids=["storage stays unavailable", "access denied", "a bug"],
)
@pytest.mark.parametrize("step", ["extract", "thumbnail"])
def test_an_error_that_outlives_its_retries_ends_as_failed_and_can_be_redriven(
    world: World, step: str, error: Exception
) -> None:
    usual = world.functions.steps[step]
    world.functions.steps[step] = raising(error)

    [failed] = world.run(CREATED)

    row = world.rows()[SK]
    [message] = world.dead_letters()
    assert (failed.status, failed.error) == ("FAILED", type(error).__name__)
    assert (row["status"], row["reason"]) == ("FAILED", type(error).__name__)
    assert message["input"]["object"]["key"] == KEY
    assert message["execution_arn"] == failed.arn
    assert world.derived() == set()

    [again] = world.run(message["input"])
    assert again.status == "FAILED"
    [message] = world.dead_letters()

    world.functions.steps[step] = usual
    [redriven] = world.run(message["input"])
    assert redriven.output["outcome"] == "READY"
    [repeated] = world.run(message["input"])
    assert repeated.output["outcome"] == "DUPLICATE"
    assert "reason" not in world.rows()[SK]


@pytest.mark.parametrize(
    "crash", ["Runtime.ExitError", "Runtime.OutOfMemory", "Sandbox.Timedout", "Lambda.Unknown"]
)
@pytest.mark.parametrize("step", ["extract", "thumbnail", "tag"])
def test_a_photo_that_kills_its_function_is_tried_twice_and_reported(
    world: World, step: str, crash: str
) -> None:
    world.functions.steps[step] = raising(type(crash, (Exception,), {})("signal: killed"))

    [ended] = world.run(CREATED)

    row = world.rows()[SK]
    [message] = world.dead_letters()
    assert world.functions.calls[step, KEY] == 2
    assert message["failure"]["name"] == crash
    assert message["input"]["object"]["key"] == KEY
    if step == "tag":
        assert (ended.status, row["status"]) == ("SUCCEEDED", "READY")
        assert row["labels_status"] == f"PENDING:{crash}"
    else:
        assert (ended.status, row["status"], row["reason"]) == ("FAILED", "FAILED", crash)


def test_a_photo_without_labels_is_published_and_a_redrive_adds_them(world: World) -> None:
    world.functions.steps["tag"] = raising(errors.AccessDeniedError("rekognition:DetectLabels"))

    [ended] = world.run(CREATED)

    row = world.rows()[SK]
    [message] = world.dead_letters()
    assert ended.output["outcome"] == "READY"
    assert row["labels_status"] == "PENDING:AccessDeniedError"
    assert renditions_of(row) == world.derived()
    assert message["failure"]["name"] == "AccessDeniedError"

    world.functions.steps["tag"] = tag
    world.run(message["input"])
    assert world.rows()[SK]["labels_status"] == "READY"
    assert "dog" in label_rows(world.rows())
    assert world.derived() == renditions_of(world.rows()[SK])


@pytest.mark.parametrize("error", [errors.PhotoGoneError("404"), errors.SupersededError("412")])
def test_a_photo_deleted_or_replaced_during_labeling_leaves_no_dead_letter_message(
    world: World, error: Exception
) -> None:
    world.functions.steps["tag"] = raising(error)

    world.run(CREATED)

    assert world.rows()[SK]["labels_status"] == f"PENDING:{type(error).__name__}"
    assert world.dead_letters() == []


def test_a_photo_that_can_never_be_labeled_leaves_no_dead_letter_message(world: World) -> None:
    world.functions.steps["tag"] = lambda _: TagResult(
        labels=[], label_index=[], labels_status="FAILED:InvalidImageFormatException", version=1
    )

    world.run(CREATED)

    assert world.rows()[SK]["status"] == "READY"
    assert world.rows()[SK]["labels_status"] == "FAILED:InvalidImageFormatException"
    assert world.dead_letters() == []


def test_a_photo_on_which_tag_has_spent_its_time_leaves_no_dead_letter_message(
    world: World,
) -> None:
    """Its supervisor raises the error, so that Tag itself cannot return a status."""
    world.functions.steps["tag"] = raising(errors.TooComplexError("14.2 s of CPU time"))

    world.run(CREATED)

    assert world.rows()[SK]["status"] == "READY"
    assert world.rows()[SK]["labels_status"] == "FAILED:TOO_COMPLEX"
    assert world.dead_letters() == []


@pytest.mark.parametrize("step", ["extract", "thumbnail"])
def test_a_deleted_photo_ends_as_deleted_and_a_late_event_does_not_restore_it(
    world: World, step: str
) -> None:
    usual = world.functions.steps[step]
    world.functions.steps[step] = raising(errors.PhotoGoneError("404"))

    [gone] = world.run(CREATED)
    world.functions.steps[step] = usual
    [late] = world.run(CREATED)

    assert (gone.status, gone.output["outcome"]) == ("SUCCEEDED", "DELETED")
    assert late.output["outcome"] == "DUPLICATE"
    assert world.rows()[SK]["status"] == "DELETED"
    assert world.derived() == set()


@pytest.mark.parametrize(
    "made",
    [
        event("uploads/alice/2024/", sequencer=1, version_id="v1"),
        event(KEY, sequencer=1, version_id="v1", kind="Object Tags Added"),
        event("elsewhere/a.jpg", sequencer=1, version_id="v1", kind="Object Deleted"),
        {"event": "s3:TestEvent", "bucket": "photos"},
    ],
    ids=["folder marker", "another kind", "not an upload", "test event of S3"],
)
def test_an_event_that_is_not_about_a_photo_is_ignored(world: World, made: dict[str, Any]) -> None:
    [ended] = world.run(made)

    assert ended.output == {"outcome": "IGNORED"}
    assert world.rows() == {}
    assert not world.functions.calls


@pytest.mark.parametrize(
    ("made", "reason"),
    [
        (event(KEY, sequencer=1, version_id="v1", bucket="foreign"), "FOREIGN_BUCKET"),
        (event(f"uploads/{'o' * 129}/a.jpg", sequencer=1, version_id="v1"), "BAD_KEY"),
        (event("uploads/a.jpg", sequencer=1, version_id="v1"), "BAD_KEY"),
        (event("uploads//a.jpg", sequencer=1, version_id="v1"), "BAD_KEY"),
    ],
    ids=["foreign bucket", "long owner", "no owner", "empty owner"],
)
def test_an_object_without_an_owner_is_rejected_without_reading_it(
    world: World, made: dict[str, Any], reason: str
) -> None:
    [ended] = world.run(made)

    [row] = world.rows("/").values()
    assert ended.output == {"outcome": "REJECTED", "reason": reason}
    assert (row["status"], row["reason"], row["key"]) == ("REJECTED", reason, made["object"]["key"])
    assert world.rows() == {}
    assert not world.functions.calls


NO_TEXT: dict[str, Any] = {**CREATED, "object": {**CREATED["object"], "sequencer": 1}}


def test_an_expression_that_fails_for_a_new_photo_fails_the_execution_with_its_message(
    world: World,
) -> None:
    [ended] = world.run(NO_TEXT)  # $pad needs a text

    [letter] = world.dead_letters()
    assert [visit.state for visit in ended.visits] == [
        *("Claim", "Receive", "ReadFailure", "SortFailure", "DeadLetter", "Conclude", "Failed")
    ]
    assert (ended.status, ended.error) == ("FAILED", "QueryEvaluationError")
    assert letter["failure"]["step"] == "Claim"
    assert re.search(r"Argument 1 of .*pad", letter["failure"]["message"])
    assert letter["input"]["object"] == NO_TEXT["object"]
    assert world.rows() == {}
    assert not world.functions.calls


@pytest.mark.parametrize("kind", ["Object Created", "Object Deleted", "Reprocess Requested", None])
@pytest.mark.parametrize(
    "made",
    [
        {"object": {"key": 7, "sequencer": "1"}},
        {"object": {"key": KEY, "sequencer": 1}},
        {"object": {"key": KEY, "sequencer": ["1"]}},
        {"object": {"key": [KEY], "sequencer": "1"}},
        {"object": {"key": "", "sequencer": ""}},
        {"object": [{"key": KEY, "sequencer": "1"}, {"key": "b", "sequencer": "2"}]},
        {"object": None, "bucket": None},
        {"bucket": {"name": "photos"}},
        {},
    ],
    ids=str,
)
def test_an_event_of_another_form_runs_no_function_and_writes_no_photo_of_an_owner(
    world: World, made: dict[str, Any], kind: str | None
) -> None:
    said = {"event": kind, "time": UPLOADED_AT, "bucket": "photos", **made}
    if isinstance(said["bucket"], str):
        said["bucket"] = world.stack.photos_bucket

    begun = world.stack.stepfunctions.start_execution(
        stateMachineArn=world.stack.state_machine_arn, name=uuid.uuid4().hex, input=json.dumps(said)
    )
    [ended] = world.ended(begun["executionArn"])

    assert (ended.status, len(ended.visits) < 15) in [("FAILED", True), ("SUCCEEDED", True)]
    assert not world.functions.calls
    assert {row["status"] for row in world.rows().values()} <= {"DELETED"}


@pytest.mark.parametrize(
    "key",
    [
        "uploads/alice/a+b %41 é 😀.jpg",
        "uploads/alice/../../etc/passwd",
        "uploads/alice/./a/[page=1]",
        "uploads/alice/quote\"s 'and' \\back\\slash.jpg",
        "uploads/alice/line\nfeed\ttab.jpg",
        "uploads/alice/{% $states %}/$[0].jpg",
        "uploads/alice/" + "x" * 1010,
        "uploads/alice/" + "€" * 336,
    ],
)
def test_any_s3_key_is_stored_unchanged(world: World, key: str) -> None:
    [ended] = world.run(event(key, sequencer=1, version_id="v1"))

    row = world.rows()["photo#" + key.removeprefix("uploads/alice/")]
    assert ended.output["outcome"] == "READY"
    assert row["key"] == key
    assert renditions_of(row) == {
        derived_key(photo_of(event(key, sequencer=1, version_id="v1")), name, "webp", recipe="1")
        for name in ("thumb", "large")
    }
    assert f"alice/{digest(key)}/" in min(renditions_of(row))
