"""Whatever happens to a few keys, and in whatever order it is told, table and bucket agree.

Each sequence changes a real bucket of versions; S3's own events are kept, and then delivered in
any order, some of them twice, some to executions that die between two states. What died is
redelivered at the end.
"""

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, Phase, event, given, note, settings
from hypothesis import strategies as st
from moto.stepfunctions.parser.asl.component.state.state import CommonStateField

from local.stack import Stack
from shared.contracts import PhotoRef
from shared.keys import derived_key, digest
from workflow.scripted import Scripted, extract, tag
from workflow.world import World, label_rows, photos_of

SEQUENCES = 30
KEYS = ("uploads/alice/2024/a.jpg", "uploads/alice/b.jpg")
CHANGES = ("put", "put", "delete", "delete newest", "delete oldest")
STATES = (
    "FindCurrentVersion",
    "Claim",
    "ClaimOnly",
    "Extract",
    "RenderAndTag",
    "Assemble",
    "RecordDeletion",
    "Publish",
    "Finish",
    "EraseRenditions",
    "Done",
)
# A death before one of these may leave renditions that no row names: no redelivery finds them, but
# reconcile does (docs/architecture.md).
LEAVING = {"Assemble", "Publish", "Finish", "EraseRenditions"}


class Life(NamedTuple):
    """What is done to the bucket, and how that is told."""

    changes: list[tuple[str, str]]
    told_after: int  # so many changes: the first deliveries are made in the midst of them
    order: list[int]  # ranks by which events are sorted for delivery
    copies: list[int]
    deaths: list[str | None]


lives = st.builds(
    Life,
    changes=st.lists(
        st.tuples(st.sampled_from(CHANGES), st.sampled_from(KEYS)), min_size=2, max_size=6
    ),
    told_after=st.integers(0, 6),
    order=st.lists(st.integers(0, 99), min_size=12, max_size=12),
    copies=st.lists(st.integers(1, 2), min_size=12, max_size=12),
    deaths=st.lists(st.none() | st.sampled_from(STATES), min_size=12, max_size=12),
)


class Post:
    """S3's events, as the rules give them on; nobody is told until we say so."""

    def __init__(self, world: World) -> None:
        self.world = world
        stack = world.stack
        self.url = stack.sqs.create_queue(QueueName="post")["QueueUrl"]
        arn = stack.sqs.get_queue_attributes(QueueUrl=self.url, AttributeNames=["QueueArn"])
        for rule in ("created", "deleted"):
            [target] = stack.events.list_targets_by_rule(Rule=rule)["Targets"]
            stack.events.remove_targets(Rule=rule, Ids=[target["Id"]])
            queue = {
                "Id": "post",
                "Arn": arn["Attributes"]["QueueArn"],
                "InputTransformer": target["InputTransformer"],
            }
            stack.events.put_targets(Rule=rule, Targets=[queue])  # type: ignore[list-item]  # a dict

    def take(self) -> list[dict[str, Any]]:
        """Take what has come, in the order of the changes."""
        sqs = self.world.stack.sqs
        taken: list[dict[str, Any]] = []
        while letters := sqs.receive_message(QueueUrl=self.url, MaxNumberOfMessages=10).get(
            "Messages"
        ):
            for letter in letters:
                taken.append(json.loads(letter["Body"]))
                sqs.delete_message(QueueUrl=self.url, ReceiptHandle=letter["ReceiptHandle"])
        return sorted(taken, key=lambda made: str(made["object"]["sequencer"]))


@pytest.fixture(scope="module")
def post(deployed: tuple[Stack, Scripted]) -> Iterator[Post]:
    """The deployed state machine, with S3's events held back."""
    stack, functions = deployed
    world = World(stack, functions)
    functions.steps = {
        "extract": world.reading(extract),
        "thumbnail": world.reading(world.stored_thumbnail),
        "tag": tag,
    }
    yield Post(world)
    world.clear()


def change(world: World, what: str, key: str) -> None:
    """Do one thing to the bucket; where there is nothing to do it to, nothing."""
    if what == "put":
        world.stack.upload(key, b"photo")
    elif what == "delete":
        world.delete(key)
    else:
        versions = newest_first(world, key)
        if versions:
            world.delete(key, versions[0 if what == "delete newest" else -1]["VersionId"])


def newest_first(world: World, key: str) -> list[dict[str, Any]]:
    """Return versions and delete markers of a key."""
    listed = world.stack.s3.list_object_versions(Bucket=world.stack.photos_bucket, Prefix=key)
    found: list[Any] = [*listed.get("Versions", []), *listed.get("DeleteMarkers", [])]
    return sorted(found, key=lambda one: one["LastModified"], reverse=True)


def deliver(world: World, made: dict[str, Any], dies_before: str | None) -> None:
    """Run an execution with an event; before the named state, it dies."""
    usual = CommonStateField._eval_body  # noqa: SLF001  # the seam between two states

    def eval_body(self: Any, env: Any) -> None:  # noqa: ANN401  # moto's
        if self.name == dies_before:
            raise RuntimeError("died")  # States.Runtime, which nothing catches
        usual(self, env)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(CommonStateField, "_eval_body", eval_body)
        world.run(made)


def truth(world: World) -> dict[str, str | None]:
    """The version of each key that the bucket holds; None where it holds none."""
    current: dict[str, str | None] = {}
    for key in KEYS:
        listed = world.stack.s3.list_object_versions(Bucket=world.stack.photos_bucket, Prefix=key)
        latest = [one["VersionId"] for one in listed.get("Versions", []) if one["IsLatest"]]
        current[key] = latest[0] if latest else None
    return current


def check(world: World, may_leave: set[str]) -> None:
    """Table and derived bucket hold what the photos bucket holds, and nothing else.

    Args:
        world: what is deployed.
        may_leave: photos that may have left renditions behind.
    """
    current = {key: version for key, version in truth(world).items() if version is not None}
    rows = world.rows()
    photos = {row["key"]: row for sk, row in rows.items() if sk.startswith("photo#")}
    ready = {key: row["version_id"] for key, row in photos.items() if row["status"] == "READY"}
    assert ready == current
    assert {row["status"] for row in photos.values()} <= {"READY", "DELETED"}
    assert photos_of(rows) == len(current)
    expected = {
        derived_key(
            PhotoRef(bucket=world.stack.photos_bucket, key=key, version_id=version),
            name,
            "webp",
            recipe="1",
        )
        for key, version in current.items()
        for name in ("thumb", "large")
    }
    assert world.derived() >= expected
    left = {key.split("/")[1] for key in world.derived() - expected}
    assert left <= {digest(key) for key in may_leave}
    shared: set[str] = {"dog", "animal", "pet"} if current else set()
    assert label_rows(rows) == shared | {f"version {version}" for version in current.values()}
    labels = [sk for sk in rows if sk.startswith("label#")]
    assert sorted(labels) == sorted(
        label_key for row in photos.values() for label_key in row.get("label_keys", [])
    )


@settings(
    max_examples=SEQUENCES,
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],  # a failure is shown as found: it is short
    suppress_health_check=list(HealthCheck),
)
@given(life=lives)
def test_table_and_derived_bucket_converge_to_the_bucket(post: Post, life: Life) -> None:
    world = post.world
    world.clear()
    post.take()

    for what, key in life.changes[: life.told_after]:
        change(world, what, key)
    early = post.take()
    unhealed = tell(world, early, life)
    for what, key in life.changes[life.told_after :]:
        change(world, what, key)
    late = post.take()
    unhealed += tell(world, late, life)

    world.age()  # those that died are found to be dead
    for made, _ in unhealed:
        world.run(made)
    event(f"{len(unhealed)} deaths")
    note(json.dumps([*early, *late]))
    check(world, {made["object"]["key"] for made, state in unhealed if state in LEAVING})


def tell(world: World, made: list[dict[str, Any]], life: Life) -> list[tuple[dict[str, Any], str]]:
    """Deliver events in the order of the life; return those whose execution dies, and where."""
    ranked = sorted(range(len(made)), key=lambda number: life.order[number])
    died = []
    for number in ranked:
        for copy in range(life.copies[number]):
            dies_before = life.deaths[number] if copy == 0 else None
            deliver(world, made[number], dies_before)
            if dies_before is not None:
                died.append((made[number], dies_before))
    return died


def test_a_creation_is_told_after_a_deletion_that_has_seen_it_already(post: Post) -> None:
    world = post.world
    world.clear()
    post.take()
    for what in ("put", "delete", "put", "put"):
        change(world, what, KEYS[0])
    _, deletion, overwritten, newest = post.take()

    world.run(deletion, newest, overwritten)

    check(world, set())
