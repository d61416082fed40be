"""Each expression of the workflow answers as it should, in both implementations of JSONata."""

import itertools
import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from local.jsonata import QueryEvaluationError
from local.template import EXPRESSIONS, WORKFLOW, Values, render_expression
from shared.contracts import ExtractRequest, parse
from shared.events import DETAIL_TYPES
from shared.items import plain
from shared.keys import digest
from tools.npm import NpmError
from workflow.expressions import NAMES, Evaluate, Variables, by_python, reference

# Of AWS for JSONata elsewhere: 5,120 characters. Step Functions names no maximum.
# https://docs.aws.amazon.com/elemental-inference/latest/userguide/jsonata-guardrails.html
MAX_CHARACTERS = 5_120

TIME = "2024-07-01T10:00:00Z"
VECTORS = json.loads((Path(__file__).parents[1] / "vectors.json").read_text(encoding="utf-8"))
UPLOADS = VECTORS["upload_keys"]
ADOPTED = VECTORS["adopted_keys"]
OWNED = [vector for vector in UPLOADS if vector["owned"]]
KEYS = [vector["key"] for vector in UPLOADS]
KEY = "uploads/alice/2024/a.jpg"
KINDS = ["Object Created", "Object Deleted", "Reprocess Requested", "Object Tags Added"]
VERSIONS: list[dict[str, str]] = [
    {},
    {"version-id": "v1"},
    {"etag": "e1"},
    {"version-id": "v1", "etag": "e1"},
]

ROW = {"pk": "alice", "sk": "photo#2024/a.jpg", "album": "2024", "digest": "d" * 24, "shard": "d"}
EVENT = {"kind": "Object Created", "time": TIME, "relabel": False}
CLAIM = {"sequencer": "1".ljust(32, "0"), "version": "v1", "won": True, "gone": False}
PHOTO = {"bucket": "photos", "key": "uploads/alice/2024/a.jpg", "version_id": "v1", "bytes": 1000}
PREVIOUS = {
    "edits": "",
    "edited_terms": "",
    "is_counted": False,
    "month_key": "",
    "found_by": "",
    "row_keys": [],
    "rendition_keys": [],
    "trash": {},
}
STATES = {"context": {"Execution": {"Id": "arn:1"}}}
THUMB = {"key": "alice/k/v/thumb.webp", "width_px": 400, "height_px": 300, "bytes": 9}
LARGE = {**THUMB, "key": "alice/k/v/large.webp"}
EXTRACTED = {
    "image": {"format": "JPEG", "bytes": 1000, "width_px": 4032, "height_px": 3024},
    "metadata": {
        "title": "“Ümlaut” {% $x %}\n",
        "location": {"latitude": -0.000001},
        "taken_at": {"local": "2016-04-09T12:08:13"},
    },
    "terms": {
        "people": [{"key": "person#ada", "text": "Ada"}],
        "place": [{"key": "geo#u33db2spj"}, {"key": "city#berlin", "text": "Berlin"}],
        "title": [{"key": "word#ümlaut", "text": "Ümlaut"}],
    },
    "version": 1,
}
RENDERED = {"renditions": {"thumb": THUMB, "large": LARGE}, "sha256": "a" * 64, "version": 2}


@pytest.fixture(scope="module")
def by_reference(request: pytest.FixtureRequest) -> Iterator[Evaluate]:
    """The reference implementation; without npm the tests that need it are skipped by name."""
    if request.config.getoption("unit"):
        pytest.skip("the reference implementation of JSONata runs in Node: make test")
    try:
        with reference() as evaluate:
            yield evaluate
    except NpmError as error:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip(f"the reference implementation of JSONata is not here: {error}")


@pytest.fixture(params=["jsonata-python", "reference"])
def evaluate(request: pytest.FixtureRequest) -> Evaluate:
    """Both implementations."""
    if request.param == "reference":
        chosen: Evaluate = request.getfixturevalue("by_reference")
        return chosen
    return by_python


def uploaded(
    key: str, kind: str = KINDS[0], version: dict[str, str] | None = None, **more: object
) -> Variables:
    """Return the variables of Receive for an event."""
    made = {"key": key, "sequencer": "617F08299329D189", **(version or {})}
    return {
        "states": {
            "input": {"event": kind, "time": TIME, "bucket": "photos", "object": made, **more}
        }
    }


def listed(*versions: dict[str, Any], etag: str = "e1", **claim: object) -> Variables:
    """Return the variables of FindCurrentVersion for the versions that S3 lists."""
    result = {"Versions": list(versions)} if versions else {}
    photo = {"bucket": "photos", "key": "k", "etag": etag}
    return {
        "states": {"result": result},
        "photo": photo,
        "event": EVENT,
        "claim": {**CLAIM, **claim},
    }


def version(key: str = "k", version_id: str = "v2", *, latest: bool = True) -> dict[str, Any]:
    """Return a version as S3 lists it."""
    stored = {"ETag": '"e2"', "Size": 7, "LastModified": "2024-07-02T11:00:00.000Z"}
    return {"Key": key, "VersionId": version_id, "IsLatest": latest, **stored}


def first_state(vector: dict[str, Any], kind: str) -> str:
    """Return where an event leads."""
    if vector["folder"] or kind not in KINDS[:3]:
        return "Ignored"
    if kind == "Object Created":
        return "Claim" if vector["owned"] else "ClaimOnly"
    return "FindCurrentVersion" if vector["owned"] else "Ignored"


# Receive


def test_an_event_leads_where_its_key_and_its_kind_say(evaluate: Evaluate) -> None:
    cases = list(itertools.product(UPLOADS, KINDS))

    found = evaluate("first_state", [uploaded(one["key"], kind) for one, kind in cases])

    assert found == [first_state(one, kind) for one, kind in cases]


def test_a_key_in_a_foreign_bucket_has_no_owner_and_what_is_no_event_is_ignored(
    evaluate: Evaluate,
) -> None:
    foreign = [uploaded(KEY, kind, bucket="foreign") for kind in KINDS[:3]]
    no_event = {"states": {"input": {"event": "s3:TestEvent", "bucket": "photos"}}}

    found = evaluate("first_state", [*foreign, no_event])

    assert found == ["ClaimOnly", "Ignored", "Ignored", "Ignored"]


def test_the_row_of_a_photo_is_named_as_the_vectors_say(evaluate: Evaluate) -> None:
    rows = evaluate("owned_row", [uploaded(vector["key"]) for vector in OWNED])

    assert rows == [
        {
            "pk": vector["owner"],
            "sk": vector["photo_sort_key"],
            "album": vector["album"],
            "digest": vector["digest"],
            "shard": vector["shard"],
        }
        for vector in OWNED
    ]


def names_of(vector: dict[str, Any]) -> Values:
    """Return the names of a deployment that has adopted a bucket with the vector's layout."""
    return {**NAMES, "key_layout": {"prefix": vector["prefix"], "owner": vector["owner"] or ""}}


def test_in_an_adopted_bucket_the_layout_says_where_an_event_leads(evaluate: Evaluate) -> None:
    for vector in ADOPTED:
        cases = [uploaded(vector["key"], kind) for kind in KINDS]

        found = evaluate("first_state", cases, names=names_of(vector))

        assert found == [first_state({"folder": False, **vector}, kind) for kind in KINDS]
    folders = [uploaded(f"photos/{folder}") for folder in ("", "2016/")]
    assert evaluate("first_state", folders, names=names_of(ADOPTED[0])) == ["Ignored", "Ignored"]


def test_in_an_adopted_bucket_the_row_of_a_photo_is_named_as_the_vectors_say(
    evaluate: Evaluate,
) -> None:
    for vector in ADOPTED:
        if vector["owned"]:
            rows = evaluate("owned_row", [uploaded(vector["key"])], names=names_of(vector))

            made = digest(vector["key"])
            assert rows == [
                {
                    "pk": vector["owner_of"],
                    "sk": vector["photo_sort_key"],
                    "album": vector["album"],
                    "digest": made,
                    "shard": made[0],
                }
            ]


def test_the_row_of_an_object_without_an_owner_is_named_as_the_vectors_say(
    evaluate: Evaluate,
) -> None:
    vectors = VECTORS["unowned_keys"]

    rows = evaluate("unowned_row", [uploaded(one["key"], bucket=one["bucket"]) for one in vectors])

    assert [row["sk"] for row in rows] == [one["photo_sort_key"] for one in vectors]


def test_the_content_and_the_album_of_a_photo_are_named_as_the_vectors_say(
    evaluate: Evaluate,
) -> None:
    case = next(results())
    contents = [
        {
            **case,
            "row": {**ROW, "digest": digest(one["key"])},
            "extracted": {**EXTRACTED, "image": {"bytes": one["bytes"]}},
            "states": {**STATES, "result": [{**RENDERED, "sha256": one["sha256"]}, {}]},
        }
        for one in VECTORS["content_keys"]
    ]
    albums = [
        {**case, "record": record, "found": {}, "row": {**ROW, "album": one["album"]}}
        for record in by_python("rendered_record", [case])
        for one in OWNED
    ]

    assert [record["content_key"] for record in evaluate("rendered_record", contents)] == [
        one["content_key"] for one in VECTORS["content_keys"]
    ]
    rows = [plain(items[0]["Put"]["Item"]) for items in evaluate("publish_items", albums)]
    assert [row["album_key"].split("#")[0] for row in rows] == [
        one["album_digest"] for one in OWNED
    ]


def test_what_has_no_owner_has_a_row_of_its_own_that_is_no_owners(evaluate: Evaluate) -> None:
    cases = [uploaded(key, bucket=bucket) for key in KEYS for bucket in ("photos", "foreign")]

    rows = evaluate("unowned_row", cases)

    assert {row["pk"] for row in rows} == {"/"}
    assert len({row["sk"] for row in rows}) == len(cases)
    assert all(re.fullmatch(r"photo#[0-9a-f]{64}", row["sk"]) for row in rows)
    assert [row["digest"] for row in rows[::2]] == [one["digest"] for one in UPLOADS]


def test_the_photo_the_event_and_the_claim_are_what_the_event_says(evaluate: Evaluate) -> None:
    cases = [uploaded(KEY, version=said) for said in VERSIONS]
    relabeling = uploaded(KEY, KINDS[2], relabel=True)
    sized = uploaded(KEY, version={"size": 7})  # type: ignore[dict-item]  # a number

    photos = evaluate("photo", [*cases, sized])
    claims = evaluate("claim", cases)

    reference = {"bucket": "photos", "key": KEY}
    assert photos == [
        reference,
        {**reference, "version_id": "v1"},
        {**reference, "etag": "e1"},
        {**reference, "version_id": "v1", "etag": "e1"},
        {**reference, "bytes": 7},
    ]
    assert [claim["version"] for claim in claims] == ["", "v1", "e1", "v1"]
    assert {claim["sequencer"] for claim in claims} == {"617F08299329D189" + "0" * 16}
    assert {(claim["won"], claim["gone"]) for claim in claims} == {(False, False)}
    assert evaluate("event", [cases[0], relabeling]) == [
        EVENT,
        {"kind": "Reprocess Requested", "time": TIME, "relabel": True},
    ]


def test_an_object_of_a_bucket_with_suspended_versioning_is_told_by_its_etag(
    evaluate: Evaluate,
) -> None:
    case = uploaded(KEY, version={"version-id": "null", "etag": "e1"})

    assert evaluate("photo", [case]) == [{"bucket": "photos", "key": KEY, "etag": "e1"}]
    assert [claim["version"] for claim in evaluate("claim", [case])] == ["e1"]


# FindCurrentVersion


def test_the_latest_version_of_the_very_key_is_current(evaluate: Evaluate) -> None:
    case = listed(version())

    assert evaluate("current_photo", [case]) == [
        {"bucket": "photos", "key": "k", "version_id": "v2", "etag": "e2", "bytes": 7}
    ]
    assert evaluate("current_claim", [case]) == [{**CLAIM, "version": "v2", "gone": False}]
    assert evaluate("current_event", [case]) == [{**EVENT, "time": "2024-07-02T11:00:00Z"}]


def test_an_object_of_a_bucket_without_versions_is_told_by_its_etag(evaluate: Evaluate) -> None:
    case = listed(version(version_id="null"), gone=True)

    assert evaluate("current_photo", [case]) == [
        {"bucket": "photos", "key": "k", "etag": "e2", "bytes": 7}
    ]
    assert evaluate("current_claim", [case]) == [{**CLAIM, "version": "e2", "gone": False}]


@pytest.mark.parametrize(
    "versions",
    [(), (version("k2"),), (version(latest=False),)],
    ids=["nothing", "another key", "not the latest"],
)
def test_where_no_version_is_current_the_photo_is_gone(
    evaluate: Evaluate, versions: tuple[dict[str, Any], ...]
) -> None:
    case = listed(*versions)

    assert evaluate("current_photo", [case]) == [case["photo"]]
    older = any(one["Key"] == "k" for one in versions)
    assert evaluate("current_claim", [case]) == [{**CLAIM, "gone": True, "restorable": older}]
    assert evaluate("current_event", [case]) == [EVENT]


# Claim


def claims() -> Iterator[Variables]:
    """Yield the variables of Claim for each kind of event."""
    for kind, gone in itertools.product(KINDS[:3], (False, True)):
        yield {
            "row": ROW,
            "photo": PHOTO,
            "event": {**EVENT, "kind": kind},
            "claim": {**CLAIM, "gone": gone},
            "states": STATES,
        }


def test_a_claim_sets_every_value_that_its_condition_and_its_update_name(
    evaluate: Evaluate,
) -> None:
    for update in evaluate("claim_row", claims()):
        text = f"{update['ConditionExpression']} {update['UpdateExpression']}"
        assert set(re.findall(r":\w+", text)) == set(update["ExpressionAttributeValues"])
        assert set(re.findall(r"#\w+", text)) == set(update["ExpressionAttributeNames"])
        assert update["Key"] == {"pk": {"S": ROW["pk"]}, "sk": {"S": ROW["sk"]}}
        assert update["ReturnValues"] == "ALL_OLD"


def test_only_a_reprocessing_claims_what_nobody_works_on_and_only_a_creation_is_always_news(
    evaluate: Evaluate,
) -> None:
    updates = evaluate("claim_row", claims())

    assert ["#status <> :processing OR" in one["ConditionExpression"] for one in updates] == [
        *(False, False, False, False),
        *(True, True),
    ]
    assert [one["ExpressionAttributeValues"][":known"]["S"] for one in updates] == [
        *("none", "none"),
        *("v1", "none"),
        *("v1", "none"),
    ]


def test_a_new_photo_of_an_owner_is_claimed_by_its_event_as_by_the_names_of_it(
    evaluate: Evaluate,
) -> None:
    cases = [
        {"states": {**uploaded(one["key"], version=said)["states"], **STATES}}
        for one in OWNED
        for said in VERSIONS
        if not one["folder"]
    ]
    each = [evaluate(name, cases) for name in ("photo", "owned_row", "event", "claim")]
    named = [
        {**case, **dict(zip(("photo", "row", "event", "claim"), names, strict=True))}
        for case, *names in zip(cases, *each, strict=True)
    ]

    assert evaluate("claim_new_photo", cases) == evaluate("claim_row", named)


def test_every_other_event_is_an_error_of_the_claim_that_says_so(evaluate: Evaluate) -> None:
    cases = [
        {"states": {**case["states"], **STATES}}
        for case, leads_to in (
            (uploaded(one["key"], kind), first_state(one, kind))
            for one, kind in itertools.product(UPLOADS, KINDS)
        )
        if leads_to != "Claim"
    ]
    nothing = {"states": {"input": {}, **STATES}}

    assert len(cases) > len(UPLOADS)
    for case in [*cases, nothing]:
        # The reference answers with the error, which the fixture asserts is none.
        with pytest.raises(
            (QueryEvaluationError, AssertionError), match="no new photo of an owner"
        ):
            evaluate("claim_new_photo", [case])


def test_a_claim_removes_what_the_outcome_before_has_left(evaluate: Evaluate) -> None:
    [update] = evaluate("claim_row", itertools.islice(claims(), 1))

    _, _, removed = update["UpdateExpression"].partition(" REMOVE ")
    assert removed == "#reason, #step, #error"


def test_what_the_row_held_is_known_after_the_claim(evaluate: Evaluate) -> None:
    old = {
        "status": {"S": "READY"},
        "edits": {"S": '{"title":"x"}'},
        "album_key": {"S": "a"},
        "edited_terms": {"S": '{"title":[]}'},
        "month_key": {"S": "month#2016-04#d"},
        "found_by": {"L": [{"S": "label#a"}, {"S": "word#b"}]},
        "sort_time": {"S": "t"},
        "renditions": {
            "M": {
                name: {"M": {"key": {"S": name}, "thumbhash": {"S": "hash"}}}
                for name in ("thumb", "large")
            }
        },
        "title": {"S": "Tacos"},
        "width_px": {"N": "4032"},
        "time_key": {"S": "time#t#d"},
    }
    one = {
        **old,
        "found_by": {"L": [{"S": "label#a"}]},
        "renditions": {"M": {}},
        "thumbhash": {"S": "kept"},
        "time_key": {"S": "trash#t#d"},
    }
    without = {name: value for name, value in one.items() if name != "found_by"}
    earlier = {**without, "label_keys": {"L": [{"S": "label#a#t#d"}, {"S": "label#b#t#d"}]}}
    empty = {**one, "found_by": {"L": []}}
    first = {"claim": {**CLAIM, "won": False}, "previous": {}, "row": ROW}
    again = {"claim": CLAIM, "previous": {**PREVIOUS, "status": "READY"}, "row": ROW}
    processing = {"status": {"S": "PROCESSING"}}

    found = evaluate(
        "previous",
        [
            {**first, "states": {"result": {"Attributes": old}}},
            {**first, "states": {"result": {"Attributes": one}}},
            {**first, "states": {"result": {"Attributes": earlier}}},
            {**first, "states": {"result": {"Attributes": empty}}},
            {**first, "states": {"result": {}}},
            {**again, "states": {"result": {"Attributes": processing}}},
        ],
    )

    kept = {
        "status": "READY",
        "edits": '{"title":"x"}',
        "edited_terms": '{"title":[]}',
        "is_counted": True,
        "month_key": "month#2016-04#d",
    }
    end = f"t#{'d' * 24}"
    trashed = {
        **kept,
        "found_by": ["label#a"],
        "row_keys": [f"label#a#{end}"],
        "rendition_keys": [],
        "trash": {"title": "Tacos", "width_px": 4032, "thumbhash": "kept"},
        "trash_key": "trash#t#d",
    }
    assert found == [
        {
            **kept,
            "found_by": ["label#a", "word#b"],
            "row_keys": [f"label#a#{end}", f"word#b#{end}"],
            "rendition_keys": ["thumb", "large"],
            "trash": {"title": "Tacos", "width_px": 4032, "thumbhash": "hash"},
        },
        trashed,
        {**trashed, "found_by": "", "row_keys": ["label#a#t#d", "label#b#t#d"]},
        {**trashed, "found_by": [], "row_keys": []},
        PREVIOUS,
        {**PREVIOUS, "status": "READY"},
    ]


@pytest.mark.parametrize(
    ("row", "status"),
    [
        ({"version_id": "v1", "claimed_version": "v1", "album_key": "a"}, "READY"),
        ({"etag": "e1", "claimed_version": "e1", "album_key": "a"}, "READY"),
        ({"version_id": "v1", "claimed_version": "v2", "album_key": "a"}, "PROCESSING"),
        ({"version_id": "v1", "claimed_version": "v1"}, "PROCESSING"),  # REJECTED, for one
        ({"claimed_version": "", "album_key": "a"}, "PROCESSING"),
    ],
)
def test_a_photo_that_a_dead_execution_holds_is_what_its_row_describes(
    evaluate: Evaluate, row: dict[str, str], status: str
) -> None:
    old = {name: {"S": value} for name, value in row.items()} | {"status": {"S": "PROCESSING"}}
    states = {"result": {"Attributes": old}}
    claim = {**CLAIM, "won": False}

    [previous] = evaluate("previous", [{"claim": claim, "previous": {}, "states": states}])

    assert previous["status"] == status


# Failures


def failed(cause: object, name: str = "AccessDeniedError") -> Variables:
    """Return the variables of ReadFailure."""
    return {"failure": {"step": "Extract", "error": {"Error": name, "Cause": cause}}}


@pytest.mark.parametrize(
    ("cause", "message"),
    [
        ('{"errorType":"E","errorMessage":"60.2 megapixels","stackTrace":[]}', "60.2 megapixels"),
        (
            '{"errorMessage": "quote \\" back \\\\ e\\u0301 \\n", "errorType": "E"}',
            'quote " back \\ e\u0301 \n',
        ),
        ('{"errorMessage": "' + "é" * 600 + '"}', "é" * 500),
        ('{"errorMessage": "' + "\\u00e9" * 600 + '"}', "é" * 500),
        ('{"errorMessage": "cut off here: \\u00', "cut off here: "),
        ('{"errorMessage": null, "errorType": "E"}', '{"errorMessage": null, "errorType": "E"}'),
        ('{"errorType": "E"}', '{"errorType": "E"}'),
        ('{"errorMessage": "' + "x" * 499 + "\\ud83d\\ude00 more", "x" * 499 + "😀"),
        ('{"errorMessage": "half \\ud83d of a pair"}', "half "),
        ('{"errorMessage": "two\nlines"}', "two"),
        ('{"errorMessage": "no \\d in JSON"}', "no "),
        ('Said: "errorMessage": "x" (400)', 'Said: "errorMessage": "x" (400)'),
        ("The service said so", "The service said so"),
        # not escaped: two UTF-16 units each
        ('{"errorMessage": "x' + "😀" * 600 + '"}', "x" + "😀" * 499),
        ("x" + "😀" * 600, "x" + "😀" * 499),
        ("{not JSON", "{not JSON"),
        ("x" * 40_000, "x" * 500),
        ("", ""),
        (None, ""),
    ],
    ids=lambda value: str(value)[:24],
)
def test_the_message_of_an_error_is_read_whatever_its_cause_looks_like(
    evaluate: Evaluate, cause: object, message: str
) -> None:
    [problem] = evaluate("problem", [failed(cause)])

    assert problem == {"step": "Extract", "name": "AccessDeniedError", "message": message}


def test_of_an_expression_that_failed_the_reason_is_read_which_its_cause_ends_with(
    evaluate: Evaluate,
) -> None:
    # https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html
    cause = (
        f"The JSONata expression '{'x' * 4000}' specified for the field 'Arguments' threw: T0410"
    )

    [problem] = evaluate("problem", [failed(cause, "States.QueryEvaluationError")])
    [short] = evaluate("problem", [failed("T0410", "States.QueryEvaluationError")])

    assert (problem["message"], short["message"]) == (cause[-500:], "T0410")


def test_an_error_without_a_cause_is_a_problem_too(evaluate: Evaluate) -> None:
    no_cause = {"failure": {"step": "Tag", "error": {"Error": "Runtime.ExitError"}}}

    assert evaluate("problem", [no_cause]) == [
        {"step": "Tag", "name": "Runtime.ExitError", "message": ""}
    ]


@pytest.mark.parametrize("cause", [None, "", "anything"])
def test_a_time_out_reads_like_one(evaluate: Evaluate, cause: str | None) -> None:
    assert evaluate("problem", [failed(cause, "States.Timeout")]) == [
        {"step": "Extract", "name": "Timeout", "message": "Extract did not answer in time"}
    ]


@pytest.mark.parametrize(
    ("error", "name"),
    [
        ("States.TaskFailed", "TaskFailed"),
        ("States.Permissions", "Permissions"),
        ("MyStates.Timeout", "MyStates.Timeout"),
        ("PhotoGoneError", "PhotoGoneError"),
    ],
)
def test_no_name_begins_with_the_prefix_that_aws_reserves(
    evaluate: Evaluate, error: str, name: str
) -> None:
    # https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
    [problem] = evaluate("problem", [failed("said", error)])

    assert (problem["name"], problem["message"]) == (name, "said")


CANCELLED = "Transaction cancelled, please refer cancellation reasons for specific reasons [{}]"
SERVICE = " (Service: DynamoDb, Status Code: 400, Request ID: 7) (SDK Attempt Count: 1)"


@pytest.mark.parametrize(
    ("reasons", "again"),
    [
        ("None, TransactionConflict", True),
        ("ThrottlingError, None", True),
        ("ProvisionedThroughputExceeded, None", True),
        ("ConditionalCheckFailed, None", False),
        ("ConditionalCheckFailed, TransactionConflict", False),
        ("ValidationError, None", False),
        ("None, ItemCollectionSizeLimitExceeded", False),
        ("None, None", False),
    ],
)
def test_a_transaction_is_tried_again_after_a_conflict_or_a_throttle_only(
    evaluate: Evaluate, reasons: str, *, again: bool
) -> None:
    case = {**failed(CANCELLED.format(reasons) + SERVICE), "cancellations": 19}

    assert evaluate("may_publish_again", [case, {**case, "cancellations": 20}]) == [again, False]


@pytest.mark.parametrize("cause", [None, "", "{not JSON", CANCELLED[:40]])
def test_a_transaction_without_reasons_is_not_tried_again(
    evaluate: Evaluate, cause: str | None
) -> None:
    absent = {"failure": {"step": "Publish", "error": {"Error": "E"}}, "cancellations": 0}

    assert evaluate("may_publish_again", [{**failed(cause), "cancellations": 0}, absent]) == [
        *(False, False)
    ]


def test_a_rejection_has_its_code(evaluate: Evaluate) -> None:
    codes = json.loads((WORKFLOW / "rejections.json").read_text())

    problems = evaluate("problem", [failed("", name) for name in codes])

    assert [problem["code"] for problem in problems] == list(codes.values())


# Publishing


def results() -> Iterator[Variables]:
    """Yield the variables of RenderAndTag: no label, one and many; absent and empty attributes."""
    labels = [[], ["dog"], ["dog", "animal", "straße #1", "label 'x' \"y\""]]
    for names, truncated, edited in itertools.product(labels, (None, False, True), (False, True)):
        labels_ = [{"name": name, "confidence": 98.7654} for name in names]
        tagged = {"labels": labels_, "label_index": names, "version": 3}
        rendered = RENDERED | ({} if truncated is None else {"truncated": truncated})
        yield {
            "row": {**ROW, "album": "" if truncated else ROW["album"]},
            "photo": PHOTO,
            "event": EVENT,
            "claim": CLAIM,
            "previous": {
                **PREVIOUS,
                "edits": '{"title":"t","hidden_labels":["dog"]}' if edited else "",
                "edited_terms": '{"title":[{"key":"word#mine"}]}' if edited else "",
                "is_counted": edited,
                "found_by": ["label#old", "label#dog"] if edited else "",
                "row_keys": ["label#old#t#d", f"label#dog#2016-04-09T12:08:13#{'d' * 24}"],
            },
            "extracted": {**EXTRACTED, "metadata": {} if truncated else EXTRACTED["metadata"]},
            "states": {**STATES, "result": [rendered, {**tagged, "labels_status": "READY"}]},
        }


def test_thumbnail_is_told_creator_and_copyright_if_they_are_known(evaluate: Evaluate) -> None:
    stated = [{}, {"creator": "Ada; “Grace”"}, {"creator": "Ada", "copyright": "© {% $x %}"}]

    assert evaluate(
        "thumbnail_request",
        [
            {"photo": PHOTO, "extracted": {**EXTRACTED, "metadata": {"title": "Title", **more}}}
            for more in stated
        ],
    ) == [{"photo": PHOTO, **more} for more in stated]


def test_a_ready_photo_has_what_the_steps_have_found(evaluate: Evaluate) -> None:
    cases = list(results())

    for case, record in zip(cases, evaluate("rendered_record", cases), strict=True):
        assert record["status"] == "READY"
        assert record["content_key"] == f"000001000#{'a' * 64}#{'d' * 24}"
        assert record["labels"] == case["states"]["result"][1]["labels"]
        assert record["versions"] == {"extract": 1, "thumbnail": 2, "tag": 3}
        assert record.get("title") == case["extracted"]["metadata"].get("title")
        assert record.get("truncated") == case["states"]["result"][0].get("truncated")
        assert "labels_model" not in record


def test_a_reprocessing_without_labels_leaves_a_ready_photo_as_it_was(evaluate: Evaluate) -> None:
    reprocess = {"kind": "Reprocess Requested"}
    ready = {"status": "READY"}
    failed, archived = ({"error": {"Error": f"{name}Error"}} for name in ("X", "ArchivedPhoto"))
    cases = [
        {**case, "event": event, "previous": previous, "states": {"result": [RENDERED, tagged]}}
        for case in [next(results())]
        for event, previous, tagged in [
            (reprocess, ready, failed),
            (reprocess, ready, archived),
            (reprocess, ready, {}),
            (reprocess, {"status": "FAILED"}, failed),
            (EVENT, ready, failed),
        ]
    ]

    restored, unread, *written = evaluate("rendered_record", cases)

    assert (restored, unread) == (
        {"status": "RESTORED"},
        {"status": "RESTORED", "reason": "ARCHIVED"},
    )
    assert [record["status"] for record in written] == ["READY", "READY", "READY"]


def test_publishing_writes_the_photo_its_terms_and_its_album_and_ends_old_terms(
    evaluate: Evaluate,
) -> None:
    cases = list(results())
    records = by_python("rendered_record", cases)
    found = evaluate("found_terms", cases)
    cases = [
        {**case, "record": record, "found": terms}
        for case, record, terms in zip(cases, records, found, strict=True)
    ]

    for case, items in zip(cases, evaluate("publish_items", cases), strict=True):
        record, previous = case["record"], case["previous"]
        hidden = ["dog"] if previous["edits"] else []
        puts = [one["Put"] for one in items if "Put" in one]
        photo, *terms = (plain(put["Item"]) for put in puts)
        deleted = [one["Delete"]["Key"]["sk"]["S"] for one in items if "Delete" in one]
        month, *albums = reversed([one["Update"] for one in items if "Update" in one])
        names = [name for name in case["states"]["result"][1]["label_index"] if name not in hidden]

        assert photo["labels"] == record["labels"]
        assert (photo["status"], photo["claimed_version"]) == ("READY", "v1")
        time = record["taken_at"]["local"] if "taken_at" in record else TIME[:19]
        at = f"{time}#{'d' * 24}"
        assert photo["sort_time"] == time
        assert photo["album_key"] == f"{digest(case['row']['album'])}#{at}"
        assert (photo["time_key"], photo["month_key"]) == (f"time#{at}", f"month#{time[:7]}#d")
        found_by = ["geo#u33db2spj", "person#ada", "city#berlin"]
        found_by += [f"label#{name}" for name in names]
        found_by += ["word#mine" if hidden else "word#ümlaut"]
        keys = [f"{term}#{at}" for term in found_by]
        assert photo["found_by"] == found_by
        assert [one["key"] for one in photo["terms"]["labels"]] == [
            f"label#{name}" for name in case["states"]["result"][1]["label_index"]
        ]
        assert photo.get("edited_terms", "") == previous["edited_terms"]
        assert photo.get("edits", "") == previous["edits"]
        assert [term["sk"] for term in terms] == keys
        assert set(deleted) == set(previous["row_keys"]) - set(keys)
        assert [term.get("text") for term in terms[:3]] == [None, "Ada", "Berlin"]
        assert all(term["thumb"]["key"] == THUMB["key"] for term in terms)
        assert len(albums) == (0 if previous["is_counted"] else 1)
        assert month["Key"]["sk"]["S"] == photo["month_key"]
        assert month["ExpressionAttributeValues"] == {":more": {"N": "1"}}
        for album in albums:
            assert album["ExpressionAttributeValues"] == {
                ":album": {"S": case["row"]["album"]},
                ":more": {"N": "1"},
            }
        condition = puts[0]["ConditionExpression"]
        assert set(re.findall(r":\w+", condition)) == set(puts[0]["ExpressionAttributeValues"])
        for name in ("edits", "month_key", "found_by"):
            assert (f"attribute_not_exists({name})" in condition) == (not previous[name])
        assert '"BOOL"' not in json.dumps(items)


def test_a_term_has_the_precision_of_the_time_that_it_is_sorted_by(evaluate: Evaluate) -> None:
    record = {"status": "READY", "renditions": {}}
    case = {"row": ROW, "photo": PHOTO, "event": EVENT, "claim": CLAIM, "previous": PREVIOUS}
    found = {"terms": [{"key": "label#dog"}], "left_out": 0, "of_file": {}}
    more = {"found": found, "tagged": {}, "states": STATES, "record": record}
    year: dict[str, Any] = {"local": "2016-01-01T00:00:00", "precision": "year"}
    stated = [{"taken_at": year}, {"taken_at": {"local": "2016-04-09T12:08:13"}}, {}]
    stated += [{"taken_at": {**year, "plausible": False}}]
    cases = [{**case, **more, "record": {**record, **each}} for each in stated]

    rows = [plain(items[-1]["Put"]["Item"]) for items in evaluate("publish_items", cases)]

    assert [row.get("precision") for row in rows] == ["year", None, None, None]


def test_terms_of_an_earlier_release_s_edits_come_from_extract_and_those_of_later_edits_first(
    evaluate: Evaluate,
) -> None:
    words = [[{"key": f"word#{word}"}] for word in ("file", "old", "new")]
    own = {"title": words[1], "description": words[1]}
    extracted = {"terms": {"title": words[0]}, "edited_terms": own}
    edits = json.dumps({"title": "new", "taken": {"local": "t"}})
    late = {"edits": edits, "edited_terms": json.dumps({"title": words[2]})}
    steps = {"extracted": extracted, "states": {"result": [{}, {}]}}
    begun = [{"previous": {**PREVIOUS, **it}} for it in ({"edits": edits}, late)]
    found = evaluate("found_terms", [{**steps, **it} for it in begun])
    # A person edits the photo meanwhile.
    edited = [late, {"edits": "", "edited_terms": ""}]
    found += evaluate(
        "found_again",
        [
            {**steps, **before, "found": terms, "holder": {"edited": after}}
            for before, terms, after in zip(begun, found, edited, strict=True)
        ],
    )

    # A description is not edited: its terms are not kept.
    assert [[term["key"] for term in one["terms"]] for one in found] == [
        *(["word#old"], ["word#new"], ["word#new"], ["word#file"])
    ]
    assert [json.loads(one.get("own", "{}")) for one in found] == [
        *({"title": words[1]}, {"title": words[2]}, {"title": words[2]}, {})
    ]


def test_extract_is_given_what_an_earlier_release_s_edit_wrote(evaluate: Evaluate) -> None:
    edits = {"title": "x", "location": {"latitude": 1, "longitude": 2}, "hidden_labels": ["dog"]}
    known: dict[str, Any] = {"title": [], "place": []}
    cases = [
        PREVIOUS,
        {**PREVIOUS, "edits": json.dumps(edits)},
        {**PREVIOUS, "edits": json.dumps(edits), "edited_terms": json.dumps(known)},
        {**PREVIOUS, "edits": '{"keywords":[]}'},
    ]

    found = evaluate("extract_request", [{"photo": PHOTO, "previous": each} for each in cases])

    assert found == [
        {"photo": PHOTO},
        {"photo": PHOTO, "edited": {"title": "x", "position": edits["location"]}},
        {"photo": PHOTO},
        {"photo": PHOTO, "edited": {"keywords": []}},
    ]
    for one in found:
        parse(ExtractRequest, one)


@pytest.mark.parametrize("is_counted", [False, True])
def test_a_photo_that_is_not_ready_leaves_labels_and_album(
    evaluate: Evaluate, *, is_counted: bool
) -> None:
    ended = {**PREVIOUS, "is_counted": is_counted, "row_keys": ["label#a#t#d"]}
    problem = {"reason": "EMPTY", "step": "Extract", "error": "0 bytes"}
    records = [{"status": "DELETED"}, *({"status": s, **problem} for s in ("REJECTED", "FAILED"))]
    case = {"row": ROW, "photo": PHOTO, "event": EVENT, "claim": CLAIM, "previous": ended}
    cases = [{**case, "tagged": {}, "states": STATES, "record": record} for record in records]

    for record, items in zip(records, evaluate("publish_items", cases), strict=True):
        photo = plain(items[0]["Put"]["Item"])
        assert {name: photo.get(name) for name in record} == record
        assert photo["sort_time"] == "2024-07-01T10:00:00"
        assert photo.get("time_key") == (
            None if record["status"] == "DELETED" else f"problem#2024-07-01T10:00:00#{'d' * 24}"
        )
        assert not {"found_by", "terms", "terms_left_out"} & photo.keys()
        assert [list(item) for item in items[1:]] == [["Update"]] * is_counted + [["Delete"]]
        if is_counted:
            assert items[1]["Update"]["ExpressionAttributeValues"][":more"] == {"N": "-1"}


TRASH = {"title": "Tacos", "width_px": 4032, "height_px": 3024, "thumbhash": "hash"}


@pytest.mark.parametrize(
    ("kind", "more", "time_key"),
    [
        ("Object Deleted", {}, f"trash#2024-07-01T10:00:00#{'d' * 24}"),
        ("Object Deleted", {"trash_key": "trash#before#d"}, "trash#before#d"),
        ("Reprocess Requested", {"trash_key": "trash#before#d"}, "trash#before#d"),
    ],
)
def test_a_deleted_photo_is_in_the_trash_while_a_version_can_be_restored(
    evaluate: Evaluate, kind: str, more: dict[str, str], time_key: str
) -> None:
    case = {
        "row": ROW,
        "photo": PHOTO,
        "event": {**EVENT, "kind": kind},
        "previous": {**PREVIOUS, "trash": TRASH, **more},
        "record": {"status": "DELETED"},
        "tagged": {},
        "states": STATES,
    }
    claims_ = [{**CLAIM, "gone": True, "restorable": it} for it in (True, False)]

    [kept], [gone] = evaluate("publish_items", [{**case, "claim": claim} for claim in claims_])

    trashed, tombstone = (plain(item["Put"]["Item"]) for item in (kept, gone))
    assert {name: trashed.get(name) for name in TRASH} == TRASH
    assert trashed["time_key"] == time_key
    assert set(trashed) - set(tombstone) == {*TRASH, "time_key"}


def test_empty_maps_and_lists_are_written_as_such(evaluate: Evaluate) -> None:
    empty: dict[str, Any] = {"renditions": {}, "labels": [], "camera": {"lens": {}}}
    case = {"row": ROW, "photo": PHOTO, "event": EVENT, "claim": CLAIM, "previous": PREVIOUS}
    record = {"status": "DELETED", **empty}

    [items] = evaluate(
        "publish_items", [{**case, "tagged": {}, "states": STATES, "record": record}]
    )

    photo = plain(items[0]["Put"]["Item"])
    assert {name: photo[name] for name in empty} == empty


def test_a_number_is_written_as_dynamodb_reads_it(evaluate: Evaluate) -> None:
    numbers = {"tiny": 0.000001, "smaller": 1.5e-7, "fraction": 13.377704, "large": 26_214_400}
    record = {"status": "DELETED", **numbers}
    case = {"row": ROW, "photo": PHOTO, "event": EVENT, "claim": CLAIM, "previous": PREVIOUS}

    [items] = evaluate(
        "publish_items", [{**case, "tagged": {}, "states": STATES, "record": record}]
    )

    photo = plain(items[0]["Put"]["Item"])
    assert {name: photo[name] for name in numbers} == numbers


def test_a_restored_row_is_ready_and_otherwise_unchanged(evaluate: Evaluate) -> None:
    case = {"row": ROW, "claim": CLAIM, "states": STATES}

    [[item]] = evaluate("restored_items", [case])

    update = item["Update"]
    values = update["ExpressionAttributeValues"]
    text = f"{update['ConditionExpression']} {update['UpdateExpression']}"
    assert set(re.findall(r":\w+", text)) == set(values)
    assert update["UpdateExpression"] == (
        "SET #status = :ready, updated_at = :now REMOVE processing_shard"
    )


def test_the_execution_that_holds_the_photo_is_read_from_the_row(evaluate: Evaluate) -> None:
    item = {"execution_arn": {"S": "arn"}, "claimed_version": {"S": "v"}, "status": {"S": "READY"}}
    thumb = {"renditions": {"M": {"thumb": {"M": {"key": {"S": "k"}}}}}, "edits": {"S": "{}"}}
    terms = {"found_by": {"L": [{"S": "label#a"}]}, "edited_terms": {"S": "{}"}}
    listed = {"month_key": {"S": "m"}, "sort_time": {"S": "t"}, **terms}
    rows = [{"Item": item}, {"Item": {**item, **thumb, **listed}}, {}]

    known = {"execution_arn": "arn", "version": "v", "status": "READY"}
    nothing = {"edits": "", "edited_terms": "", "month_key": "", "found_by": "", "row_keys": []}
    assert evaluate("holder", [{"states": {"result": row}, "row": ROW} for row in rows]) == [
        {**known, "rendition_keys": [], "edited": nothing},
        {
            **known,
            "rendition_keys": ["k"],
            "edited": {
                "edits": "{}",
                "edited_terms": "{}",
                "month_key": "m",
                "found_by": ["label#a"],
                "row_keys": [f"label#a#t#{'d' * 24}"],
            },
        },
        {"rendition_keys": [], "edited": nothing},
    ]


MADE = {"renditions": {name: {"key": name} for name in ("thumb", "large", "both")}}
BEFORE = {**PREVIOUS, "rendition_keys": ["old", "both"]}


@pytest.mark.parametrize(
    ("status", "garbage"),
    [
        ("READY", {"old"}),
        ("RESTORED", {"thumb", "large"}),
        ("REJECTED", {"old", "both", "thumb", "large"}),
        ("FAILED", {"old", "both", "thumb", "large"}),
        ("DELETED", {"old", "both", "thumb", "large"}),
    ],
)
def test_renditions_that_the_written_row_does_not_name_are_garbage(
    evaluate: Evaluate, status: str, garbage: set[str]
) -> None:
    case = {"record": {"status": status}, "rendered": MADE, "previous": BEFORE}
    nothing = {**case, "rendered": {}, "previous": PREVIOUS}

    found, none = evaluate("garbage", [case, nothing])

    assert set(found) == garbage
    assert none == []


@pytest.mark.parametrize(
    ("holder", "garbage"),
    [
        ({"status": "READY", "version": "v1"}, {"thumb", "large"}),
        ({"status": "READY", "version": "v2"}, {"thumb", "large"}),
        ({"status": "PROCESSING", "version": "v2"}, {"thumb", "large"}),
        ({"status": "PROCESSING", "version": "v1"}, set()),
    ],
)
def test_renditions_that_the_row_does_not_name_are_garbage_unless_they_are_being_made(
    evaluate: Evaluate, holder: dict[str, str], garbage: set[str]
) -> None:
    case = {"rendered": MADE, "previous": BEFORE, "claim": CLAIM}
    named = {**case, "holder": {**holder, "rendition_keys": ["old", "both"]}}
    gone = {**case, "holder": {"rendition_keys": []}}

    found, everything = evaluate("unnamed_renditions", [named, gone])

    assert set(found) == garbage
    assert set(everything) == {"old", "both", "thumb", "large"}


# Beside the state machine


def test_other_systems_are_told_of_a_row_that_was_written_and_of_nothing_else(
    evaluate: Evaluate,
) -> None:
    told = {"row": ROW, "photo": PHOTO, "claim": CLAIM, "event": EVENT, "states": STATES}
    rejected = {
        "status": "REJECTED",
        "reason": "TRUNCATED",
        "error": "a message",
        "step": "Extract",
    }
    nothing = [{}, {"status": "RESTORED"}, {"status": "SUPERSEDED"}, {"status": "PROCESSING"}]

    found = evaluate(
        "announcement",
        [
            {**told, "record": rejected},
            *({**told, "record": {"status": status}} for status in DETAIL_TYPES),
            *({**told, "record": record} for record in nothing),
            {**told, "row": {**ROW, "pk": "/"}, "record": rejected},
        ],
    )

    assert found[0] == {
        "type": "Photo Rejected",
        "detail": {
            "status": "REJECTED",
            "owner": "alice",
            "bucket": "photos",
            "key": PHOTO["key"],
            "photo": ROW["digest"],
            "version": "v1",
            "sequencer": CLAIM["sequencer"],
            "code": "TRUNCATED",
            "cause": "Object Created",
            "execution_arn": "arn:1",
            "written_at": "<now>",
        },
    }
    assert [one["type"] for one in found[1:5]] == list(DETAIL_TYPES.values())
    assert found[5:] == [{}] * 5


def test_a_dead_letter_says_what_went_wrong_and_what_to_start(evaluate: Evaluate) -> None:
    made = {"event": "Object Created", "object": {"key": "k"}}
    states = {"context": {"Execution": {"Input": made}}}
    tagged = {"labels_status": "PENDING:Timeout"}
    problems: list[tuple[dict[str, str], str]] = [
        ({}, "READY"),
        ({"step": "Publish", "name": "Lost"}, "READY"),  # its answer was lost
        ({"step": "Extract", "name": "Broken"}, "FAILED"),
        ({"step": "Announce", "name": "Refused"}, "READY"),
        ({"step": "Announce", "name": "Refused"}, "DELETED"),
    ]
    cases = [
        {"problem": problem, "record": {"status": status}, "tagged": tagged, "states": states}
        for problem, status in problems
    ]

    assert [one["step"] for one in evaluate("reported_failure", cases)] == [
        *("Tag", "Tag", "Extract", "Announce", "Announce")
    ]
    assert evaluate("reported_failure", cases[:1]) == [{"step": "Tag", "name": "Timeout"}]
    reprocessed = {**made, "event": "Reprocess Requested"}
    assert evaluate("redriven_input", cases) == [made, made, made, reprocessed, reprocessed]


def test_the_event_of_a_backfill_is_older_than_any_of_s3(evaluate: Evaluate) -> None:
    case = {"states": {"input": {"key": "k"}, "result": {"Versions": [version()]}}}
    unversioned = {
        "states": {"input": {"key": "k"}, "result": {"Versions": [version(version_id="null")]}}
    }
    gone: Variables = {"states": {"input": {"key": "k"}, "result": {}}}

    found, null, none = evaluate("backfill_event", [case, unversioned, gone])

    stored = {"key": "k", "sequencer": "0" * 18 + "20240702110000", "size": 7, "etag": "e2"}
    assert (found["event"], found["time"]) == ("Object Created", "2024-07-02T11:00:00Z")
    assert found["object"] == {**stored, "version-id": "v2"}
    assert null["object"] == stored
    assert none["object"] == {"key": "k", "sequencer": "0" * 18}


@pytest.mark.parametrize("relabel", [None, False, True])
def test_the_event_of_a_reprocessing_names_no_version(
    evaluate: Evaluate, *, relabel: bool | None
) -> None:
    asked = {"key": "k", "sequencer": "1"} | ({} if relabel is None else {"relabel": relabel})

    [made] = evaluate("reprocess_event", [{"states": {"input": asked}}])

    assert made["event"] == "Reprocess Requested"
    assert made["object"] == {"key": "k", "sequencer": "1"}
    assert made.get("relabel") == (True if relabel else None)


# All of them


@pytest.mark.parametrize("path", sorted(EXPRESSIONS.glob("*.jsonata")), ids=lambda path: path.stem)
class TestEveryExpression:
    def test_is_short_enough_for_any_guardrail_of_aws(self, path: Path) -> None:
        assert len(render_expression(path.stem, NAMES)) <= MAX_CHARACTERS

    def test_says_first_what_it_answers(self, path: Path) -> None:
        assert path.read_text().startswith("/* ")

    def test_has_no_text_that_folding_would_change(self, path: Path) -> None:
        # White space is folded and comments are taken out, in texts too.
        for text in re.findall(r"'[^'\n]*'|\"[^\"\n]*\"", path.read_text()):
            assert not re.search(r"\s\s|/\*|\*/", text)


def test_the_generated_cases_agree_in_both_implementations(by_reference: Evaluate) -> None:
    records = by_python("rendered_record", results())
    published: list[Variables] = [
        {**c, "record": r} for c, r in zip(results(), records, strict=True)
    ]
    everything: dict[str, list[Variables]] = {
        "first_state": [uploaded(key, kind) for key in KEYS for kind in KINDS],
        "claim_row": list(claims()),
        "claim_new_photo": [{"states": {**uploaded(KEY)["states"], **STATES}}],
        "rendered_record": list(results()),
        "publish_items": published,
    }

    for name, cases in everything.items():
        assert by_python(name, cases) == by_reference(name, cases)
