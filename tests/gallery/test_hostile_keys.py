"""Keys that nobody expects stop no command, and cannot control the operator's terminal."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest
from boto3 import Session

from gallery.buckets import Bucket
from gallery.deployment import Deployment
from gallery.shell import UsageError
from local.clients import environment
from outputs import gallery as run_gallery
from outputs import outputs_of
from workflow.bulk import deployed, succeeded
from workflow.bulk import gallery as command
from workflow.conftest import deployed as gallery  # noqa: F401  # a fixture
from workflow.scripted import extract
from workflow.world import World

if TYPE_CHECKING:
    import subprocess

NO_OWNERS = ["uploads//a.jpg", f"uploads/{'o' * 129}/a.jpg"]
OWNED = [
    "uploads/\x1b[2J/\x1b]0;all agree\x07.jpg",  # erases the screen, renames the window
    "uploads/\u202egpj.a/\u2066b.jpg",  # reverses the text that follows
    "uploads/\x01bob/%41%0a&<a>'\".jpg",
    "uploads/ada/" + "\U0001f32e" * 253,  # 1,024 bytes
]


@pytest.fixture
def world(gallery: Any) -> Iterator[World]:  # noqa: ANN401, F811  # the fixture
    """Yield a world with all these photos, none of which has a record."""
    stack, functions = gallery
    made = World(stack, functions)
    functions.steps |= {"extract": extract, "thumbnail": made.stored_thumbnail}
    off: Any = {}
    on: Any = {"EventBridgeConfiguration": {}}
    put = stack.s3.put_bucket_notification_configuration
    put(Bucket=stack.photos_bucket, NotificationConfiguration=off)
    for key in [*NO_OWNERS, *OWNED]:
        stack.s3.put_object(Bucket=stack.photos_bucket, Key=key, Body=b"photo")
    put(Bucket=stack.photos_bucket, NotificationConfiguration=on)
    yield made
    for key, version_id in made.versions():
        made.delete(key, version_id)  # DeleteObjects, which clear() calls, cannot name some keys
    stack.wait_until_idle()
    for owner in {key.split("/")[1] for key in OWNED}:
        for sk in made.rows(owner):
            stack.dynamodb.delete_item(
                TableName=stack.table, Key={"pk": {"S": owner}, "sk": {"S": sk}}
            )
    Bucket(stack.s3, stack.derived_bucket).delete(sorted(made.derived()))
    made.clear()


@pytest.fixture
def reprocess_arn(world: World) -> Iterator[str]:
    with deployed(world.stack, "reprocess") as arn:
        yield arn


def assert_is_harmless(done: "subprocess.CompletedProcess[str]") -> None:
    printed = done.stdout + done.stderr
    assert all(line.isprintable() for line in printed.split("\n")), printed


def test_reconcile_repairs_the_photos_of_all_owners(world: World, reprocess_arn: str) -> None:
    stray = "\x01bob/0/1/thumb.webp"
    world.stack.s3.put_object(Bucket=world.stack.derived_bucket, Key=stray, Body=b"webp")
    options = ("--settled", "0")

    done = command(world.stack, reprocess_arn, "reconcile", *options, "--repair")

    assert done.returncode == 0, done.stderr
    succeeded(world.stack, done.stdout.splitlines()[-1].removeprefix("started: "))
    assert_is_harmless(done)
    assert "missing: uploads/\\x1b[2J/\\x1b]0;all agree\\x07.jpg: no record" in done.stdout
    for key in NO_OWNERS:
        folder = key.removesuffix("a.jpg")
        assert f"skipped, not the folder of an owner: {folder}\n" in done.stderr
    assert stray not in world.derived()
    again = command(world.stack, reprocess_arn, "reconcile", *options)
    assert (again.returncode, again.stdout) == (0, "all agree\n")


def test_reprocess_selects_the_photos_of_all_owners(world: World, reprocess_arn: str) -> None:
    for key in OWNED:
        world.stack.upload(key, b"photo")
    world.stack.wait_until_idle()

    done = command(world.stack, reprocess_arn, "reprocess", "--everything", "--dry-run")

    assert done.returncode == 0, done.stderr
    assert_is_harmless(done)
    assert done.stdout.startswith(f"{len(OWNED)} photos, ")


@pytest.mark.parametrize("owner", ["", "a/b", "o" * 129, "\udcff"], ids=ascii)
def test_a_name_that_cannot_be_an_owners_is_refused(owner: str) -> None:
    deployment = Deployment(outputs_of(), Session(region_name="us-east-1"))

    with pytest.raises(UsageError, match="--owner must be a folder below uploads/, got"):
        deployment.owners(owner)


def test_backfill_counts_them(world: World) -> None:
    done = run_gallery(
        outputs_of(world.stack),
        *("backfill", "--dry-run"),
        environment=environment(world.stack.endpoint_url),
    )

    assert done.returncode == 0, done.stderr
    assert_is_harmless(done)
    assert f"{len(OWNED)} new photos" in done.stdout
    assert f"{len(NO_OWNERS)} keys that are not photos" in done.stdout


def test_redrive_prints_them_and_continues_with_the_next_message(world: World) -> None:
    stack = world.stack
    for body in (
        '{"id": "\\u001b[2J", "source": "aws.s3"}',
        '{"execution_arn": "\\ud800", "failure": {"name": "\\u001b[2J", "step": "Claim"}}',
        '\x1b[2J "not JSON"',
    ):
        stack.sqs.send_message(QueueUrl=stack.dead_letters_url, MessageBody=body)
    stack.upload(OWNED[0], b"photo")
    stack.wait_until_idle()

    done = run_gallery(outputs_of(stack), "redrive", environment=environment(stack.endpoint_url))

    stack.sqs.purge_queue(QueueUrl=stack.dead_letters_url)
    assert done.returncode == 1, done.stderr
    assert_is_harmless(done)
    assert done.stdout.count("not understood: ") == 3
    assert done.stdout.endswith("3 not understood\n")
