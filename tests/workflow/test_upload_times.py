"""One version of a photo has one upload time, whatever led to it.

An undated photo is sorted by that time, so it keeps its place. S3 dates a multipart upload by its
beginning, while the event is sent at its end.
"""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from moto.core.utils import utcnow

from local.moto_patches import s3 as patched_s3
from local.stack import Stack
from shared.contracts import Contract, Metadata
from shared.s3 import S3PhotoStore
from workflow.expressions import by_python
from workflow.scripted import Scripted, extract, tag
from workflow.test_reprocess import reprocess
from workflow.world import KEY, SK, World

UPLOAD_MINUTES = 10


class Undated:
    """The deployed state machine, with photos that do not say when they were taken."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.store = S3PhotoStore(world.stack.s3)
        self.created: dict[str, Any] = {}  # the event of the upload
        world.functions.steps = {
            "extract": self.extract,
            "thumbnail": world.stored_thumbnail,
            "tag": tag,
        }

    def extract(self, request: Any) -> Contract:  # noqa: ANN401  # any step's request
        """Answer with the date that the real step finds, as it finds it."""
        modified = self.store.read(request.photo, 0, 0).modified
        return msgspec.structs.replace(
            extract(request), metadata=Metadata(), uploaded_at=modified, sort_time=modified[:19]
        )

    def upload(self) -> tuple[str, datetime]:
        """Upload a version in parts, for ten minutes; return its version id and its beginning."""
        s3, bucket = self.world.stack.s3, self.world.stack.photos_bucket
        began = utcnow() - timedelta(minutes=UPLOAD_MINUTES)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(patched_s3, "utcnow", lambda: began)
            upload_id = s3.create_multipart_upload(Bucket=bucket, Key=KEY)["UploadId"]
        named: dict[str, Any] = {"Bucket": bucket, "Key": KEY, "UploadId": upload_id}
        part = s3.upload_part(**named, PartNumber=1, Body=b"photo")
        parts: Any = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
        done = s3.complete_multipart_upload(**named, MultipartUpload=parts)
        self.world.stack.wait_until_idle()
        [self.created] = [
            execution.input
            for execution in self.world.stack.executions()
            if execution.input["object"].get("version-id") == done["VersionId"]
        ]
        return done["VersionId"], began

    def row(self) -> dict[str, Any]:
        return self.world.rows()[SK]

    def seen(self) -> tuple[str, ...]:
        """Return what a gallery shows of the photo's time."""
        row = self.row()
        assert row["status"] == "READY", row
        return tuple(str(row[name]) for name in ("uploaded_at", "sort_time", "time_key"))

    def current(self) -> list[dict[str, Any]]:
        listed = self.world.stack.s3.list_object_versions(
            Bucket=self.world.stack.photos_bucket, Prefix=KEY
        )
        return [
            {**one, "LastModified": f"{one['LastModified']:%FT%T.000Z}"}
            for one in listed["Versions"]
        ]

    def forget(self) -> None:
        """Delete the photo's row."""
        key = {"pk": {"S": "alice"}, "sk": {"S": SK}}
        self.world.stack.dynamodb.delete_item(TableName=self.world.stack.table, Key=key)


def by_reprocessing(undated: Undated) -> None:
    undated.world.run(reprocess(undated.world))


def by_undeletion(undated: Undated) -> None:
    marker = undated.world.delete(KEY)
    undated.world.stack.wait_until_idle()
    assert undated.row()["status"] == "DELETED"
    undated.world.delete(KEY, marker)
    undated.world.stack.wait_until_idle()


def by_deleting_a_newer_version(undated: Undated) -> None:
    newer = undated.world.stack.upload(KEY, b"newer")
    undated.world.stack.wait_until_idle()
    assert undated.row()["version_id"] == newer
    undated.world.delete(KEY, newer)
    undated.world.stack.wait_until_idle()


def by_backfill(undated: Undated) -> None:
    undated.forget()
    result = {"Versions": undated.current()}
    [made] = by_python("backfill_event", [{"states": {"input": {"key": KEY}, "result": result}}])
    undated.world.run(made)


def by_a_late_event(undated: Undated) -> None:
    """The upload's own event arrives once more, after the row was lost."""
    undated.forget()
    undated.world.run(undated.created)


WAYS: list[Callable[[Undated], None]] = [
    by_reprocessing,
    by_undeletion,
    by_deleting_a_newer_version,
    by_backfill,
    by_a_late_event,
]


@pytest.fixture(scope="module")
def undated(deployed: tuple[Stack, Scripted]) -> Iterator[Undated]:
    world = World(*deployed)
    yield Undated(world)
    world.clear()


@settings(
    max_examples=12,
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@given(order=st.permutations(WAYS), length=st.integers(1, len(WAYS)))
def test_an_undated_photo_keeps_its_place_in_every_order(
    undated: Undated, order: list[Callable[[Undated], None]], length: int
) -> None:
    undated.world.clear()
    version_id, began = undated.upload()
    first = undated.seen()

    for way in order[:length]:
        way(undated)
        assert undated.row()["version_id"] == version_id
        assert undated.seen() == first, way.__name__

    assert first[0] == f"{began:%FT%TZ}"
    assert undated.row()["time_key"].startswith(f"time#{began:%FT%T}#")


def test_a_photo_whose_row_was_lost_has_the_same_time_once_it_is_reprocessed(
    undated: Undated,
) -> None:
    undated.world.clear()
    undated.upload()
    first = undated.seen()

    undated.forget()
    by_reprocessing(undated)

    assert undated.seen() == first
