"""MiniStack and the embedded AWS end in the same rows and objects.

On MiniStack the resources are those of `terraform apply`, and an upload's event goes through its
EventBridge, its Step Functions with the reference implementation of JSONata, and the real handlers.
"""

import hashlib
import json
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import photofiles
from deployment import NO_PHOTO, PHOTOS, Deployment, Dogs
from gallery.verify.checks import CHECK_NAMES
from local.functions import InProcess
from local.stack import EndedExecution, Stack
from second_opinion.on_ministack import deployed
from shared.items import plain

pytestmark = pytest.mark.timeout(600)

VECTORS = json.loads((Path(__file__).parents[1] / "vectors.json").read_text(encoding="utf-8"))
HOSTILE = [
    vector["key"] for vector in VECTORS["upload_keys"] if vector["key"].startswith("uploads/")
]
NO_OWNER = "/"
ROCKET = (PHOTOS / "rocket.jpg").read_bytes()
OWNERS = {NO_OWNER, *(vector["owner"] for vector in VECTORS["upload_keys"] if vector["owned"])}

# Lines of verify in which MiniStack differs from AWS, and why.
VERIFY_DIFFERS = {
    "JPEG of 1 MiB": "it answers a ranged GET with the checksum of the whole object",
    "backfill": "it reads the MaxConcurrency of a distributed Map as a number, not as JSONata",
    "dead letters": "it is of the JPEG of 1 MiB",
    "quotas": "it has no Service Quotas",
    "reprocessing": "it reads the Arguments of an ItemReader as they are, not as JSONata",
}
NOT_TRIED = {
    *("API preflight", "API signed", "API unsigned"),
    *("aborted backfill", "plan", "unsigned rendition"),
}

# Two runs never share these: times of day (the photos are older than this code) …
NOW = re.compile(r"20(?:2[6-9]|[3-9]\d)-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z?")
# … the version in the key of a rendition, and two attributes.
VERSION_DIGEST = re.compile(r"(?<=/)[0-9a-f]{24}(?=/\w+\.webp)")
OWN = ("execution_arn", "sequencer")


@pytest.fixture(scope="module")
def ministack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    with deployed(tmp_path_factory.mktemp("ministack")) as deployment:
        yield deployment


@pytest.fixture(scope="module")
def embedded() -> Iterator[Stack]:
    with Stack.start(functions=InProcess(), labeler=Dogs(), wait_scale=0) as stack:
        yield stack


@dataclass(frozen=True)
class Outcome:
    """What a story leaves behind, without what two runs never share."""

    rows: dict[str, dict[str, Any]]  # by partition and sort key
    objects: list[tuple[str, str]]  # in the derived bucket: key and SHA-256

    @classmethod
    def of(cls, stack: Stack, *owners: str) -> "Outcome":
        """Read the rows and the objects of some owners."""
        names = {**_versions(stack), stack.photos_bucket: "the photos bucket"}
        rows = [row for owner in owners for row in _rows(stack, owner)]
        for row in rows:
            if row["pk"] == NO_OWNER:
                row["sk"] = row["key"]  # it is a hash of bucket and key
        objects = dict(item for owner in owners for item in _objects(stack, owner))
        for row in rows:
            assert {one["key"] for one in row.get("renditions", {}).values()} <= set(objects), row
        return cls(
            rows={f"{row['pk']} {_shared(row['sk'], {})}": _shared_row(row, names) for row in rows},
            objects=sorted((_shared(key, {}), digest) for key, digest in objects.items()),
        )


def _shared_row(row: dict[str, Any], names: dict[str, str]) -> dict[str, Any]:
    return {
        name: _shared(value, names if name in {"bucket", "error"} or "version" in name else {})
        for name, value in row.items()
        if name not in OWN
    }


def _shared(value: Any, names: dict[str, str]) -> Any:  # noqa: ANN401  # JSON
    """Return JSON with `names` instead of a run's own texts."""
    text = VERSION_DIGEST.sub("<version>", NOW.sub("<now>", json.dumps(value, ensure_ascii=False)))
    for own, name in names.items():
        text = text.replace(own, f"<{name}>")
    return json.loads(text)


def _rows(stack: Stack, owner: str) -> list[dict[str, Any]]:
    pages = stack.dynamodb.get_paginator("query").paginate(
        TableName=stack.table,
        KeyConditionExpression="pk = :owner",
        ExpressionAttributeValues={":owner": {"S": owner}},
        ConsistentRead=True,
    )
    return [plain(item) for page in pages for item in page["Items"]]


def _objects(stack: Stack, owner: str) -> Iterator[tuple[str, str]]:
    listed = stack.s3.list_objects_v2(Bucket=stack.derived_bucket, Prefix=f"{owner}/")
    for item in listed.get("Contents", []):
        body = stack.s3.get_object(Bucket=stack.derived_bucket, Key=item["Key"])["Body"].read()
        yield item["Key"], hashlib.sha256(body).hexdigest()


def _versions(stack: Stack) -> dict[str, str]:
    """Return a name for each version in the photos bucket: S3 lists the newest of a key first."""
    paginator = stack.s3.get_paginator("list_object_versions")
    pages: list[Any] = list(paginator.paginate(Bucket=stack.photos_bucket))
    names: dict[str, str] = {}
    for kind in ("Versions", "DeleteMarkers"):
        listed = [one for page in pages for one in page.get(kind, [])]
        counts: Counter[str] = Counter()
        for one in listed:
            counts[one["Key"]] += 1
            names[one["VersionId"]] = f"{kind} {counts[one['Key']]}"
    return names


def upload(stack: Stack, key: str, photo: bytes) -> str:
    """Upload a photo, and wait until its execution has ended; return its version."""
    version_id = stack.upload(key, photo)
    stack.wait_for(key, version_id)
    return version_id


def delete(stack: Stack, key: str, version_id: str | None = None) -> str:
    """Delete an object, or one version of it; wait for the execution; return S3's version."""
    version: Any = {} if version_id is None else {"VersionId": version_id}
    answer = stack.s3.delete_object(Bucket=stack.photos_bucket, Key=key, **version)

    kind = "Delete Marker Created" if version_id is None else "Permanently Deleted"

    def matches(execution: EndedExecution) -> bool:
        made, thing = execution.input, execution.input["object"]
        found = (made.get("deletion_type"), thing["key"], thing["version-id"])
        return found == (kind, key, answer["VersionId"])

    executions = stack._executions  # noqa: SLF001  # wait_for may find the execution of the upload
    executions.find(matches, timeout_seconds=60)
    return answer["VersionId"]


def uploaded(stack: Stack) -> None:
    for name in ("rocket.jpg", "coffee.heic", "cut-short.jpg"):
        upload(stack, f"uploads/uploaded/2016/{name}", (PHOTOS / name).read_bytes())


def overwritten(stack: Stack) -> None:
    for name in ("rocket.jpg", "chelsea.jpg"):
        upload(stack, "uploads/overwritten/photo.jpg", (PHOTOS / name).read_bytes())


def deleted(stack: Stack) -> None:
    upload(stack, "uploads/deleted/photo.jpg", ROCKET)
    delete(stack, "uploads/deleted/photo.jpg")


def undeleted(stack: Stack) -> None:
    key = "uploads/undeleted/photo.jpg"
    upload(stack, key, ROCKET)
    delete(stack, key, delete(stack, key))


def deleted_for_good(stack: Stack) -> None:
    key = "uploads/deleted_for_good/photo.jpg"
    upload(stack, key, ROCKET)
    delete(stack, key, upload(stack, key, (PHOTOS / "chelsea.jpg").read_bytes()))


def rejected(stack: Stack) -> None:
    upload(stack, "uploads/rejected/photo.jpg", NO_PHOTO.read_bytes())
    upload(stack, "uploads/rejected/empty.jpg", b"")


STORIES: list[Callable[[Stack], None]] = [
    uploaded,
    overwritten,
    deleted,
    undeleted,
    deleted_for_good,
    rejected,
]


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.__name__)
def test_a_photo_ends_in_the_same_rows_and_objects(
    ministack: Deployment, embedded: Stack, story: Callable[[Stack], None]
) -> None:
    story(ministack.stack)
    story(embedded)

    assert Outcome.of(ministack.stack, story.__name__) == Outcome.of(embedded, story.__name__)


def hostile(stack: Stack) -> None:
    """Upload a photo under each hostile key, and delete every other one."""
    photo = photofiles.jpeg(width_px=120, height_px=90)
    uploads = [(key, stack.upload(key, photo)) for key in HOSTILE]
    for key, version_id in uploads:
        stack.wait_for(key, version_id)
    for key in HOSTILE[::2]:
        delete(stack, key)


def test_hostile_keys_end_in_the_same_rows_and_objects(
    ministack: Deployment, embedded: Stack
) -> None:
    hostile(ministack.stack)
    hostile(embedded)

    assert Outcome.of(ministack.stack, *OWNERS) == Outcome.of(embedded, *OWNERS)


def test_no_story_ends_in_the_dead_letter_queue(ministack: Deployment) -> None:
    assert ministack.dead_letters() == []


def test_verify_differs_only_where_ministack_differs_from_aws(
    ministack: Deployment, tmp_path: Path
) -> None:
    outputs = tmp_path / "outputs.json"  # a plan would list what MiniStack returns otherwise
    outputs.write_text(ministack.terraform("output", "-json").stdout)
    command = [sys.executable, "-m", "gallery", "verify", f"--deployment={outputs}"]

    done = ministack.run(*command, "--json", "--settle-seconds=1")

    lines = {line["name"]: line["outcome"] for line in json.loads(done.stdout)["lines"]}
    assert lines.keys() == {*CHECK_NAMES, "cleanup"}
    differing = {name for name, outcome in lines.items() if outcome == "differs"}
    assert differing == VERIFY_DIFFERS.keys(), done.stdout
    not_tried = {name for name, outcome in lines.items() if outcome == "not tried"}
    assert not_tried == NOT_TRIED, done.stdout
