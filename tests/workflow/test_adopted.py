"""A bucket that is there already, with 1,000 objects, is adopted: nothing of it is changed."""

from __future__ import annotations

import io
import json
import tempfile
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import redirect_stderr, redirect_stdout
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.stub import Stubber

from gallery.__main__ import main
from gallery.adopt import EVENTBRIDGE, notifications, refuse_unusable
from gallery.archives.exported import Exported
from gallery.deployment import Deployment
from gallery.owners import Users, owner_of
from gallery.reconcile import MISSING, Reconciling
from gallery.shell import CommandError, UsageError
from local.clients import REGION, client, environment
from local.stack import Stack
from outputs import as_outputs_file, outputs_of
from photofiles import jpeg
from shared.keys import Layout, use_layout
from shared.settings import KEY_LAYOUT
from workflow.bulk import deployed, outcomes, results, succeeded
from workflow.scripted import Scripted, tag
from workflow.world import World

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gallery.outputs import Outputs

OWNER = "us-east-1:aaaaaaaa-0000-4000-8000-000000000001"
LAYOUT = Layout("family photos/", OWNER)
OBJECTS = 1_000
PROCESSED = 6  # in one album: the others would take long, and show the same
TOPIC = "arn:aws:sns:us-east-1:123456789012:their-topic"
KEYS = [
    *(f"family photos/2016/Tacos/{number}.jpg" for number in range(PROCESSED)),
    *(f"family photos/{number % 9 + 2000}/{number}.jpg" for number in range(OBJECTS - PROCESSED)),
]
OTHER_KEYS = ["taxes/2016.pdf", "family photos/2016/"]
OVERWRITTEN = KEYS[0]
JPEG = jpeg()


class Adopted(World):
    """A gallery that has adopted a bucket without versions, and what is read of the bucket."""

    @property
    def outputs(self) -> Outputs:
        """The outputs of the deployment."""
        layout = {"prefix": LAYOUT.prefix, "owner": LAYOUT.owner}
        return outputs_of(self.stack, key_layout=layout)

    def objects(self) -> list[list[object]]:
        """Return the versions of all objects of the bucket."""
        pages = self.stack.s3.get_paginator("list_object_versions").paginate(
            Bucket=self.stack.photos_bucket
        )
        names = ("Key", "VersionId", "ETag", "LastModified")
        listed: list[Any] = [one for page in pages for one in page["Versions"]]
        return [[one[name] for name in names] for one in listed]

    def notifications(self) -> tuple[Any, bool]:
        """Return the bucket's own notifications, and whether it sends events to EventBridge."""
        told = notifications(self.stack.s3, self.stack.photos_bucket)
        is_on = told.pop(EVENTBRIDGE, None) is not None
        return told, is_on

    def put(self, key: str, end: str = "") -> None:
        """Put a photo that ends in some text, as the owner of the bucket does."""
        body = JPEG + (end or key).encode()
        self.stack.s3.put_object(Bucket=self.stack.photos_bucket, Key=key, Body=body)

    def gallery(self, *arguments: str) -> tuple[int, str]:
        """Run a command in this process; return its exit status and its output."""
        said = io.StringIO()
        with (
            tempfile.TemporaryDirectory() as folder,
            redirect_stdout(said),
            redirect_stderr(said),
        ):
            file = as_outputs_file(self.outputs, Path(folder, "outputs.json"))
            try:
                code = main([*arguments, f"--deployment={file}"])
            except SystemExit as error:  # of a wrong command line
                code = int(error.code or 0)
        return code, said.getvalue()


@pytest.fixture(scope="module")  # a process can run one embedded AWS at a time
def adopted() -> Iterator[Adopted]:
    """Deploy a gallery beside a bucket with 1,000 photos, whose owner has notifications."""
    functions = Scripted()
    with (
        pytest.MonkeyPatch.context() as patch,
        Stack.start(functions=functions, wait_scale=0, layout=LAYOUT) as stack,
    ):
        patch.setenv(KEY_LAYOUT, "")  # restored afterwards
        for name, value in environment(stack.endpoint_url).items():
            patch.setenv(name, value)  # of the commands
        use_layout(LAYOUT)  # of the scripted functions, which run in this process
        world = Adopted(stack, functions)
        functions.steps = {
            "extract": world.extracted,
            "thumbnail": world.stored_thumbnail,
            "tag": tag,
        }
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(world.put, [*KEYS, *OTHER_KEYS]))
        topic: Any = {"Id": "theirs", "TopicArn": TOPIC, "Events": ["s3:ObjectCreated:*"]}
        stack.client("sns").create_topic(Name="their-topic")
        stack.s3.put_bucket_notification_configuration(
            Bucket=stack.photos_bucket, NotificationConfiguration={"TopicConfigurations": [topic]}
        )
        yield world


def test_adopt_adds_events_to_what_the_bucket_has(adopted: Adopted) -> None:
    theirs, is_on = adopted.notifications()
    assert (theirs["TopicConfigurations"][0]["TopicArn"], is_on) == (TOPIC, False)

    tried, said = adopted.gallery("adopt", "--dry-run")
    assert (tried, adopted.notifications()) == (0, (theirs, False))
    assert "would switch EventBridge on" in said
    assert f"kept: s3:ObjectCreated:* to {TOPIC}" in said
    for expected in ("switched EventBridge on", "nothing to do, EventBridge is on"):
        code, said = adopted.gallery("adopt")
        assert (code, adopted.notifications()) == (0, (theirs, True))
        assert expected in said


def test_undo_leaves_events_on_that_somebody_else_may_need(adopted: Adopted) -> None:
    adopted.gallery("adopt")
    theirs, _ = adopted.notifications()
    events = adopted.stack.events

    events.put_rule(Name="theirs", EventPattern=json.dumps({"source": ["aws.s3"]}))
    refused, said = adopted.gallery("adopt", "--undo")
    events.delete_rule(Name="theirs")
    assert (refused, adopted.notifications()) == (1, (theirs, True))
    assert "other rules may need the events of photos: theirs." in said
    assert adopted.gallery("adopt", "--undo")[0] == 0
    assert adopted.notifications() == (theirs, False)


@pytest.mark.parametrize(
    ("region", "payer", "message"),
    [
        ("eu-west-1", "BucketOwner", "theirs is in eu-west-1: deploy the gallery there, not in us"),
        ("us-east-1", "Requester", "theirs has Requester Pays, which the gallery does not support"),
    ],
)
def test_a_bucket_that_the_gallery_cannot_read_is_not_adopted(
    region: str, payer: str, message: str
) -> None:
    s3 = client("s3", "http://127.0.0.1:9")
    stubber = Stubber(s3)
    stubber.add_response("head_bucket", {"BucketRegion": region})
    stubber.add_response("get_bucket_request_payment", {"Payer": payer})

    with stubber, pytest.raises(CommandError, match=message):
        refuse_unusable(s3, "theirs", "us-east-1")


def test_a_backfill_finds_every_photo_and_changes_none(adopted: Adopted) -> None:
    before = adopted.objects()

    code, said = adopted.gallery("backfill", "--dry-run")
    assert (code, said.splitlines()[0]) == (
        0,
        f"{OBJECTS:,} new photos (0.0 GB), 0 with a record, 1 keys that are not photos",
    )
    code, said = adopted.gallery("backfill", "--dry-run", "--prefix", "uploads/")
    assert (code, said.splitlines()[-1]) == (
        2,
        "python -m gallery backfill: error: --prefix must begin with family photos/, got uploads/",
    )
    with deployed(adopted.stack, "backfill") as arn:
        begun = adopted.stack.stepfunctions.start_execution(
            stateMachineArn=arn,
            input=json.dumps({"prefix": "family photos/2016/", "max_concurrency": 4}),
        )
        found = results(adopted.stack, succeeded(adopted.stack, begun["executionArn"]))

    rows = adopted.rows(OWNER)
    photos = {sk: row for sk, row in rows.items() if sk.startswith("photo#")}
    assert outcomes(found) == Counter(READY=PROCESSED, IGNORED=1)  # the folder marker
    assert {row["key"] for row in photos.values()} == set(KEYS[:PROCESSED])
    assert {row["status"] for row in photos.values()} == {"READY"}
    assert {row["album"] for sk, row in rows.items() if sk.startswith("album#")} == {"2016/Tacos"}
    assert all(key.startswith(f"{OWNER}/") for key in adopted.derived())
    assert adopted.objects() == before


def test_the_other_commands_know_the_layout_too(adopted: Adopted) -> None:
    deployment = Deployment(adopted.outputs, boto3.Session(region_name=REGION))
    parts = deployment.table, deployment.photos, deployment.derived

    report = Reconciling(*parts, OWNER, settled=timedelta(0)).compare()

    unprocessed = OBJECTS - sum(sk.startswith("photo#") for sk in adopted.rows(OWNER))
    assert report.photos == OBJECTS
    assert Counter(one.kind for one in report.findings) == Counter({MISSING: unprocessed})
    assert deployment.owners(None) == [OWNER]
    with pytest.raises(UsageError, match=f"must be {OWNER}, got 'ada'"):
        deployment.owners("ada")
    code, said = adopted.gallery("verify")
    assert (code, "the gallery only reads photos" in said) == (1, True)


def test_owners_counts_the_bytes_of_the_bucket(adopted: Adopted) -> None:
    deployment = Deployment(adopted.outputs, boto3.Session(region_name=REGION))
    nobody = Users(None, {}, None)

    owner, other = (
        owner_of(deployment, name, nobody, with_bytes=True) for name in (OWNER, "us-east-1:bob")
    )

    assert owner.bytes == sum(len(JPEG + key.encode()) for key in [*KEYS, "family photos/2016/"])
    assert other.bytes == 0


def test_an_export_has_the_photos_of_the_bucket_and_can_be_imported(
    adopted: Adopted, tmp_path: Path
) -> None:
    folder = tmp_path / "export"
    names = [key.rpartition("/")[2] for key in KEYS if "/2003/" in key]

    code, said = adopted.gallery("export", str(folder), "--owner", OWNER, "--album", "2003")

    assert (code, f"exported {len(names)} photos" in said) == (0, True), said
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv(KEY_LAYOUT)  # a gallery with a bucket of its own imports it
        found = [(entry.folder, entry.name) for entry in Exported(folder).entries()]
    assert sorted(found) == sorted(("2003", name) for name in names)


def test_what_the_owner_changes_afterwards_is_followed_without_versions(adopted: Adopted) -> None:
    stack = adopted.stack
    assert adopted.gallery("adopt")[0] == 0
    adopted.put(OVERWRITTEN, "first")
    stack.wait_until_idle()
    sk = "photo#" + OVERWRITTEN.removeprefix(LAYOUT.prefix)
    old = adopted.rows(OWNER)[sk]

    adopted.put(OVERWRITTEN, "second")
    stack.wait_until_idle()
    new = adopted.rows(OWNER)[sk]
    kept = adopted.derived()
    assert (new["status"], "version_id" in new) == ("READY", False)
    assert new["etag"] != old["etag"]
    for renditions, are_kept in ((old["renditions"], False), (new["renditions"], True)):
        assert {one["key"] in kept for one in renditions.values()} == {are_kept}

    adopted.delete(OVERWRITTEN)
    stack.wait_until_idle()
    gone = adopted.rows(OWNER)[sk]
    assert (gone["status"], "renditions" in gone) == ("DELETED", False)
    assert not {one["key"] for one in new["renditions"].values()} & adopted.derived()
