"""Reconcile: after any damage, one repair makes bucket, table and renditions agree."""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from subprocess import CompletedProcess  # as everywhere else
from typing import Any
from unittest.mock import Mock

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from gallery.buckets import Bucket, Version
from gallery.reconcile import MISSING, ORPHANED, STALE, STUCK, Reconciling, Report
from gallery.records import Edits
from gallery.table import Table
from shared.keys import term_sort_key
from shared.limits import MAX_PATH_BYTES
from shared.settings import KEY_LAYOUT
from workflow.bulk import deployed, succeeded
from workflow.bulk import gallery as command
from workflow.conftest import deployed as gallery  # noqa: F401  # a fixture
from workflow.scripted import extract, tag
from workflow.world import World, assert_found_by_terms, photo_count, renditions_of

RUNS = 12
KEYS = [f"uploads/alice/{name}.jpg" for name in ("2024/a", "2024/b", "2025/ü #1", "top")]
OWNER = "alice"


@pytest.fixture(scope="module")
def world(gallery: Any) -> World:  # noqa: ANN401, F811  # the fixture
    stack, functions = gallery
    made = World(stack, functions)
    functions.steps = {
        "extract": made.reading(extract),
        "thumbnail": made.reading(made.stored_thumbnail),
        "tag": made.reading(tag),
    }
    return made


@pytest.fixture(scope="module")
def reprocess_arn(world: World) -> Iterator[str]:
    with deployed(world.stack, "reprocess") as arn:
        yield arn


def filled(world: World) -> None:
    """Empty the world, and fill it with photos that are READY, one of them edited."""
    world.clear()
    for key in KEYS:
        world.stack.upload(key, key.encode())
    world.stack.wait_until_idle()
    world.editor.edit(OWNER, KEYS[0], Edits(title="Mine"))


def test_a_key_that_no_row_can_have_is_not_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(KEY_LAYOUT, '{"prefix": "", "owner": "alice"}')
    keys = ["2024/", f"{'a' * (MAX_PATH_BYTES - 3)}.jpg"]
    listed = [
        Version(
            key=key,
            id="1",
            etag="1",
            size_bytes=1,
            is_latest=True,
            modified=datetime(2024, 1, 1, tzinfo=UTC),
        )
        for key in keys
    ]
    bucket, table, empty = Mock(Bucket), Mock(Table), Mock(Bucket)
    bucket.objects.return_value = iter(listed)
    table.every.side_effect = lambda *_: iter(())
    empty.objects.return_value = iter(())

    report = Reconciling(table, bucket, empty, OWNER).compare()

    assert (report.photos, report.findings) == (0, [])


@contextmanager
def without_events(world: World) -> Iterator[None]:
    """Keep the bucket from sending events."""
    off: Any = {}
    on: Any = {"EventBridgeConfiguration": {}}
    put = world.stack.s3.put_bucket_notification_configuration
    put(Bucket=world.stack.photos_bucket, NotificationConfiguration=off)
    yield
    put(Bucket=world.stack.photos_bucket, NotificationConfiguration=on)


def reconciling(world: World, settled: timedelta = timedelta(0)) -> Reconciling:
    s3 = world.stack.s3
    return Reconciling(
        Table(world.stack.dynamodb, world.stack.table),
        Bucket(s3, world.stack.photos_bucket),
        Bucket(s3, world.stack.derived_bucket),
        OWNER,
        settled=settled,
    )


def kinds(report: Report) -> Counter[str]:
    return Counter(finding.kind for finding in report.findings)


def row_of(world: World, key: str) -> dict[str, Any]:
    row: dict[str, Any] = world.rows()["photo#" + key.removeprefix("uploads/alice/")]
    return row


def change(world: World, sort_key: str, expression: str, **values: object) -> None:
    """Change a row without an event."""
    typed = {
        f":{name}": {"N": str(value)} if isinstance(value, int) else {"S": value}
        for name, value in values.items()
    }
    update: Any = {
        "TableName": world.stack.table,
        "Key": {"pk": {"S": OWNER}, "sk": {"S": sort_key}},
        "UpdateExpression": expression,
        "ExpressionAttributeValues": typed,
    }
    if "#status" in expression:
        update["ExpressionAttributeNames"] = {"#status": "status"}
    world.stack.dynamodb.update_item(**update)


def remove(world: World, sort_key: str) -> None:
    """Delete a row without an event."""
    key = {"pk": {"S": OWNER}, "sk": {"S": sort_key}}
    world.stack.dynamodb.delete_item(TableName=world.stack.table, Key=key)


def lose_record(world: World, key: str) -> None:
    remove(world, row_of(world, key)["sk"])


def lose_term(world: World, key: str) -> None:
    row = row_of(world, key)
    remove(world, term_sort_key("person#grace", row["sort_time"], key))


def lose_label(world: World, key: str) -> None:
    row = row_of(world, key)
    world.make_earlier(row["sk"])
    remove(world, term_sort_key("label#dog", row["sort_time"], key))


def invent_term(world: World, key: str) -> None:
    row = row_of(world, key)
    ghost = term_sort_key("person#ghost", row["sort_time"], key)
    change(world, ghost, "SET photo = :photo", photo=row["sk"])


def lose_rendition(world: World, key: str) -> None:
    rendition = row_of(world, key)["renditions"]["thumb"]["key"]
    world.stack.s3.delete_object(Bucket=world.stack.derived_bucket, Key=rendition)


def invent_rendition(world: World, key: str) -> None:  # noqa: ARG001  # as all damage
    stray = f"{OWNER}/{'0' * 24}/{'1' * 24}/thumb.webp"
    world.stack.s3.put_object(Bucket=world.stack.derived_bucket, Key=stray, Body=b"webp")


def miscount(world: World, key: str) -> None:  # noqa: ARG001  # as all damage
    album = next(sk for sk in world.rows() if sk.startswith("album#"))
    change(world, album, "SET photos = photos + :two", two=2)


def lose_count(world: World, key: str) -> None:  # noqa: ARG001  # as all damage
    remove(world, next(sk for sk in world.rows() if sk.startswith("album#")))


def miscount_month(world: World, key: str) -> None:  # noqa: ARG001  # as all damage
    month = next(sk for sk in world.rows() if sk.startswith("month#"))
    change(world, month, "SET photos = photos + :two", two=2)


def lose_month(world: World, key: str) -> None:  # noqa: ARG001  # as all damage
    remove(world, next(sk for sk in world.rows() if sk.startswith("month#")))


def delete_without_event(world: World, key: str) -> None:
    with without_events(world):
        world.delete(key)


def overwrite_without_event(world: World, key: str) -> None:
    with without_events(world):
        world.stack.upload(key, b"another")


def die(world: World, key: str) -> None:
    change(
        world,
        row_of(world, key)["sk"],
        "SET #status = :processing, updated_at = :then, processing_shard = :shard",
        processing="PROCESSING",
        then="2024-07-01T10:00:00.000Z",
        shard="0",
    )


def bury(world: World, key: str) -> None:
    change(world, row_of(world, key)["sk"], "SET #status = :deleted", deleted="DELETED")


def claim(world: World, key: str) -> None:
    """Let an execution claim a photo, which lasts."""
    expression = "SET #status = :processing"
    change(world, row_of(world, key)["sk"], expression, processing="PROCESSING")


def name_ghost(world: World, key: str) -> None:
    """Let an execution publish a photo with one more term."""
    row = row_of(world, key)
    world.stack.dynamodb.update_item(
        TableName=world.stack.table,
        Key={"pk": {"S": OWNER}, "sk": {"S": row["sk"]}},
        UpdateExpression="SET #status = :ready, found_by = list_append(found_by, :more)",
        ExpressionAttributeNames={"#status": "status"},
        ExpressionAttributeValues={
            ":ready": {"S": "READY"},
            ":more": {"L": [{"S": "person#ghost"}]},
        },
    )


DAMAGE: dict[Callable[[World, str], None], str] = {
    lose_record: MISSING,
    lose_term: MISSING,
    lose_label: MISSING,
    invent_term: ORPHANED,
    lose_rendition: MISSING,
    invent_rendition: ORPHANED,
    miscount: STALE,
    lose_count: STALE,
    miscount_month: STALE,
    lose_month: STALE,
    delete_without_event: ORPHANED,
    overwrite_without_event: STALE,
    die: STUCK,
    bury: MISSING,
}


def repaired(world: World, reprocess_arn: str) -> None:
    """Run `python -m gallery reconcile --repair`, and wait for the execution that it starts."""
    done = run(world, reprocess_arn, "--repair", "--settled", "0")
    assert done.returncode == 0, done.stderr
    last = done.stdout.splitlines()[-1]
    if last.startswith("started: "):
        succeeded(world.stack, last.removeprefix("started: "))


def run(world: World, reprocess_arn: str, *arguments: str) -> CompletedProcess[str]:
    return command(world.stack, reprocess_arn, "reconcile", *arguments)


def assert_all_agree(world: World) -> None:
    """Compare bucket, table and renditions without the code under test."""
    listed = world.stack.s3.list_object_versions(Bucket=world.stack.photos_bucket)
    rows = world.rows()
    photos = [row for sk, row in rows.items() if sk.startswith("photo#")]
    ready = [row for row in photos if row["status"] == "READY"]
    assert {row["status"] for row in photos} <= {"READY", "DELETED"}
    assert {row["key"]: row["version_id"] for row in ready} == {
        one["Key"]: one["VersionId"] for one in listed.get("Versions", []) if one["IsLatest"]
    }
    assert world.derived() == {key for row in ready for key in renditions_of(row)}
    assert_found_by_terms(rows)
    assert photo_count(rows) == len(ready)


@pytest.mark.parametrize("damage", DAMAGE, ids=lambda damage: damage.__name__)
def test_each_damage_is_found_as_its_kind(
    world: World, damage: Callable[[World, str], None]
) -> None:
    filled(world)

    damage(world, KEYS[1])

    assert DAMAGE[damage] in kinds(reconciling(world).compare())


def test_without_differences_nothing_is_found_and_nothing_is_done(
    world: World, reprocess_arn: str
) -> None:
    filled(world)
    before = world.rows()
    world.functions.calls.clear()

    report = reconciling(world).compare()
    done = run(world, reprocess_arn, "--repair", "--settled", "0")

    assert (report.findings, report.photos) == ([], len(KEYS))
    assert (done.returncode, done.stdout) == (0, "all agree\n")
    assert world.rows() == before
    assert world.functions.calls == {}


def test_photos_of_an_earlier_release_agree_too(world: World) -> None:
    filled(world)
    world.editor.edit(OWNER, KEYS[0], Edits(title="Mine", hidden_labels=["dog"]))
    for key in KEYS[:2]:
        world.make_earlier(row_of(world, key)["sk"])

    assert reconciling(world).compare().findings == []


def test_without_repair_nothing_changes_and_the_exit_status_is_1(
    world: World, reprocess_arn: str
) -> None:
    filled(world)
    lose_rendition(world, KEYS[0])
    invent_term(world, KEYS[1])
    before = world.rows(), world.derived()

    done = run(world, reprocess_arn, "--settled", "0")

    assert done.returncode == 1
    assert f"missing: {KEYS[0]}: without its alice/" in done.stdout
    assert f"orphaned: {KEYS[1]}: a person row that no record names" in done.stdout
    assert "ghost" not in done.stdout  # it may be the name of a person
    assert done.stdout.endswith("1 missing, 1 orphaned\n")
    listed = run(world, reprocess_arn, "--settled", "0", "--json")
    assert [(one["kind"], one["what"]) for one in map(json.loads, listed.stdout.splitlines())] == [
        ("missing", KEYS[0]),
        ("orphaned", KEYS[1]),
    ]
    assert (world.rows(), world.derived()) == before


def test_a_repair_that_could_not_delete_a_rendition_says_so_and_exits_with_1(
    world: World, reprocess_arn: str
) -> None:
    filled(world)
    invent_rendition(world, KEYS[0])
    derived = world.stack.derived_bucket
    arn = f"arn:aws:s3:::{derived}/*"
    refusal = {"Effect": "Deny", "Principal": "*", "Action": "s3:DeleteObject", "Resource": arn}
    policy = {"Version": "2012-10-17", "Statement": [refusal]}
    world.stack.s3.put_bucket_policy(Bucket=derived, Policy=json.dumps(policy))

    done = run(world, reprocess_arn, "--repair", "--settled", "0")
    world.stack.s3.delete_bucket_policy(Bucket=derived)

    assert done.returncode == 1
    assert re.search("^not deleted: alice/.*: AccessDenied$", done.stderr, re.MULTILINE)


def test_young_differences_are_ignored(world: World) -> None:
    filled(world)
    with without_events(world):
        world.stack.upload("uploads/alice/new.jpg", b"new")
        world.stack.upload(KEYS[1], b"another")
    invent_rendition(world, KEYS[0])
    change(
        world,
        row_of(world, KEYS[2])["sk"],
        "SET #status = :processing",
        processing="PROCESSING",
    )

    assert reconciling(world, timedelta(minutes=5)).compare().findings == []


def test_a_count_that_changes_while_it_is_compared_is_ignored(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled(world)
    looking = reconciling(world)
    compare_photo = Reconciling._compare_photo  # noqa: SLF001  # a moment within compare()

    def meanwhile(self: Reconciling, *seen: Any) -> None:  # noqa: ANN401  # as _compare_photo
        if seen[0] and seen[0].key == KEYS[0]:
            miscount(world, KEYS[0])
        compare_photo(self, *seen)

    monkeypatch.setattr(Reconciling, "_compare_photo", meanwhile)

    assert looking.compare().findings == []


@pytest.mark.parametrize("claimed", [False, True], ids=["published", "about to be published"])
def test_a_term_row_that_an_execution_uses_since_it_was_compared_stays(
    world: World, *, claimed: bool
) -> None:
    filled(world)
    invent_term(world, KEYS[0])
    looking = reconciling(world, timedelta(minutes=5))
    report = looking.compare()
    [ghost] = (row["sk"] for row in report.term_rows)
    use = claim if claimed else name_ghost
    use(world, KEYS[0])

    looking.repair(report)

    assert ghost in world.rows()


def test_a_term_row_that_is_published_while_it_is_looked_up_stays(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled(world)
    invent_term(world, KEYS[0])
    die(world, KEYS[0])
    looking = reconciling(world)
    report = looking.compare()
    [ghost] = (row["sk"] for row in report.term_rows)
    get = Table.get

    def meanwhile(self: Table, owner: str, sort_key: str) -> dict[str, Any] | None:
        found = get(self, owner, sort_key)
        name_ghost(world, KEYS[0])
        return found

    monkeypatch.setattr(Table, "get", meanwhile)

    looking.repair(report)

    assert ghost in world.rows()


def test_one_repair_also_deletes_a_stray_term_row_of_a_photo_that_is_stuck(
    world: World, reprocess_arn: str
) -> None:
    filled(world)
    die(world, KEYS[2])
    invent_term(world, KEYS[2])

    repaired(world, reprocess_arn)

    assert reconciling(world).compare().findings == []
    assert_all_agree(world)


def test_an_owner_with_only_renditions_left_is_found(world: World, reprocess_arn: str) -> None:
    world.clear()
    world.stack.s3.put_object(
        Bucket=world.stack.derived_bucket, Key="bob/0/1/thumb.webp", Body=b"webp"
    )

    repaired(world, reprocess_arn)

    assert world.derived() == set()


@settings(
    max_examples=RUNS,
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],  # no shrinking: examples are short
    suppress_health_check=list(HealthCheck),
)
@given(
    damage=st.lists(
        st.tuples(st.sampled_from(list(DAMAGE)), st.sampled_from(KEYS)), min_size=1, max_size=6
    )
)
def test_after_any_damage_one_repair_makes_all_agree(
    world: World, reprocess_arn: str, damage: list[tuple[Callable[[World, str], None], str]]
) -> None:
    filled(world)
    for harm, key in damage:
        try:
            harm(world, key)
        except (KeyError, StopIteration):
            continue  # earlier damage has removed what this would damage

    repaired(world, reprocess_arn)

    assert reconciling(world).compare().findings == []
    assert_all_agree(world)
    if all(harm is not lose_record for harm, key in damage if key == KEYS[0]):
        kept = json.loads(row_of(world, KEYS[0])["edits"])
        assert kept == {"title": "Mine"}
