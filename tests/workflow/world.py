"""The events of one photo, and the deployed state machine over scripted functions."""

import json
import uuid
from collections import Counter
from collections.abc import Iterator
from typing import Any, TypeVar

import msgspec
from boto3.dynamodb.types import TypeDeserializer
from botocore.exceptions import ClientError

from extract.handler import read_edits
from extract.handler import run as extract
from gallery.editing import Editor
from gallery.table import Table
from local.stack import EndedExecution, Stack
from shared.contracts import (
    Contract,
    Edited,
    ExtractRequest,
    ExtractResult,
    ThumbnailRequest,
    ThumbnailResult,
    dump,
    parse,
)
from shared.errors import PhotoGoneError
from shared.keys import digest, month_sort_key, term_of
from shared.limits import MAX_TERM_ROWS
from shared.s3 import S3PhotoStore
from shared.terms import KINDS
from workflow.scripted import Scripted, Step, event, thumbnail

Item = TypeVar("Item")

KEY = "uploads/alice/2024/space plus+ü \"q\" 'a'.jpg"
SK = "photo#" + KEY.removeprefix("uploads/alice/")
ALBUM = f"album#{digest('2024')}#{digest(KEY)[0]}"
MONTH = month_sort_key("2016-04-09T14:08:13", KEY)  # of what every file states

CREATED = event(KEY, sequencer=1, version_id="v1")
OVERWRITTEN = event(KEY, sequencer=2, version_id="v2")
DELETED = event(KEY, sequencer=3, version_id="m3", kind="Object Deleted")
CREATED_AGAIN = event(KEY, sequencer=4, version_id="v4")
EVENTS = [CREATED, OVERWRITTEN, DELETED, CREATED_AGAIN]


class World:
    """The deployed state machine over scripted functions, with its table, buckets and queue."""

    def __init__(self, stack: Stack, functions: Scripted) -> None:
        self.stack = stack
        self.functions = functions

    @property
    def editor(self) -> Editor:
        """What makes edits."""
        table = Table(self.stack.dynamodb, self.stack.table)
        return Editor(self.stack.stepfunctions, self.stack.edit_arn, table)

    def begin(self, made: dict[str, Any]) -> str:
        """Start an execution as EventBridge would; return its ARN."""
        made = {**made, "bucket": made["bucket"].replace("photos", self.stack.photos_bucket)}
        return self.stack.stepfunctions.start_execution(
            stateMachineArn=self.stack.state_machine_arn,
            name=str(uuid.uuid4()),
            input=json.dumps(made),
        )["executionArn"]

    def run(self, *events: dict[str, Any]) -> list[EndedExecution]:
        """Run an execution for each event, one after the other; return the ended executions."""
        return [self.ended(self.begin(made))[0] for made in events]

    def ended(self, *arns: str) -> list[EndedExecution]:
        """Wait for the executions to end, and return them."""
        self.stack.wait_until_idle()
        by_arn = {execution.arn: execution for execution in self.stack.executions()}
        return [by_arn[arn] for arn in arns]

    def until_ended(self, arn: str) -> EndedExecution:
        """Wait for one execution to end; others may still run."""
        executions = self.stack._executions  # noqa: SLF001  # wait_for may find an earlier one
        return executions.find(lambda execution: execution.arn == arn, timeout_seconds=60)

    def rows(self, owner: str = "alice") -> dict[str, dict[str, Any]]:
        """Return every row of an owner by sort key."""
        items = self.stack.dynamodb.query(
            TableName=self.stack.table,
            KeyConditionExpression="pk = :pk",
            ExpressionAttributeValues={":pk": {"S": owner}},
            ConsistentRead=True,
        )["Items"]
        plain = [
            {name: TypeDeserializer().deserialize(value) for name, value in item.items()}
            for item in items
        ]
        return {row["sk"]: row for row in plain}

    def processing(self) -> list[dict[str, Any]]:
        """Return the rows of the index `processing`, from all its shards."""
        return [
            {name: value["S"] for name, value in item.items()}
            for shard in "0123456789abcdef"
            for item in self.stack.dynamodb.query(
                TableName=self.stack.table,
                IndexName="processing",
                KeyConditionExpression="processing_shard = :shard",
                ExpressionAttributeValues={":shard": {"S": shard}},
            )["Items"]
        ]

    def raw(self, sk: str) -> object:
        """Return one row with DynamoDB's types."""
        key = {"pk": {"S": "alice"}, "sk": {"S": sk}}
        return self.stack.dynamodb.get_item(TableName=self.stack.table, Key=key)["Item"]

    def derived(self) -> set[str]:
        """Return every key in the derived bucket."""
        listed = self.stack.s3.list_objects_v2(Bucket=self.stack.derived_bucket)
        return {item["Key"] for item in listed.get("Contents", [])}

    def dead_letters(self) -> list[dict[str, Any]]:
        """Receive and delete the messages in the dead-letter queue."""
        taken = self.stack.sqs.receive_message(
            QueueUrl=self.stack.dead_letters_url, MaxNumberOfMessages=10
        ).get("Messages", [])
        for message in taken:
            self.stack.sqs.delete_message(
                QueueUrl=self.stack.dead_letters_url, ReceiptHandle=message["ReceiptHandle"]
            )
        return [json.loads(message["Body"]) for message in taken]

    def extracted(self, request: ExtractRequest) -> ExtractResult:
        """Read the object from S3, as the real step does."""
        store = S3PhotoStore(self.stack.s3)
        return extract(request, store, photos_bucket=self.stack.photos_bucket)

    def stored_thumbnail(self, request: ThumbnailRequest) -> ThumbnailResult:
        """Store the renditions before answering, as the real step does."""
        made = thumbnail(request)
        for rendition in made.renditions.values():
            self.stack.s3.put_object(
                Bucket=self.stack.derived_bucket, Key=rendition.key, Body=b"webp"
            )
        return made

    def hashed_thumbnail(self, request: ThumbnailRequest) -> ThumbnailResult:
        """Store the renditions, and hash the photo's bytes, as the real step does."""
        made = self.stored_thumbnail(request)
        with S3PhotoStore(self.stack.s3).stream(request.photo, None) as stream:
            return msgspec.structs.replace(made, sha256=stream.hashed().sha256())

    def reading(self, step: Step) -> Step:
        """Return a step that raises PhotoGoneError unless its version is in the bucket."""

        def read(request: Any) -> Contract:  # noqa: ANN401  # any step's request
            photo = request.photo
            place = {"Bucket": photo.bucket, "Key": photo.key, "VersionId": photo.version_id}
            try:
                self.stack.s3.head_object(**place)
            except ClientError as error:
                raise PhotoGoneError(photo.version_id) from error
            return step(request)

        return read

    def versions(self, key: str | None = None) -> list[tuple[str, str]]:
        """Return keys and version ids in the photos bucket, including delete markers."""
        listed = self.stack.s3.list_object_versions(Bucket=self.stack.photos_bucket)
        return [
            (one["Key"], one["VersionId"])
            for one in [*listed.get("Versions", []), *listed.get("DeleteMarkers", [])]
            if key in (None, one["Key"])
        ]

    def delete(self, key: str, version_id: str | None = None) -> str:
        """Delete an object or one version of it; return the version id that S3 answers with."""
        place = {"Bucket": self.stack.photos_bucket, "Key": key}
        if version_id is not None:
            place["VersionId"] = version_id
        answer = self.stack.s3.delete_object(**place)  # type: ignore[arg-type]  # str
        return answer.get("VersionId", "")

    def make_claims_stale(self) -> None:
        """Set every claim's time to years ago, so that the next event may take it over."""
        for sk, row in self.rows().items():
            if "updated_at" in row:
                self.stack.dynamodb.update_item(
                    TableName=self.stack.table,
                    Key={"pk": {"S": "alice"}, "sk": {"S": sk}},
                    UpdateExpression="SET updated_at = :then",
                    ExpressionAttributeValues={":then": {"S": "2024-07-01T10:00:00.000Z"}},
                )

    def make_earlier(self, sk: str = SK) -> None:
        """Turn the rows of a photo into those of an earlier release."""
        make_earlier(self.editor.table, "alice", sk)

    def clear(self) -> None:
        """Empty table, buckets and queue. No execution is started for what is deleted."""
        self._notify(on=False)
        for found in _parts(self.versions(), 1000):  # as many as DeleteObjects takes
            objects: list[Any] = [{"Key": key, "VersionId": version} for key, version in found]
            self.stack.s3.delete_objects(
                Bucket=self.stack.photos_bucket, Delete={"Objects": objects}
            )
        self._notify(on=True)
        self.stack.wait_until_idle()
        self.dead_letters()
        for owner in ("alice", "/"):
            while rows := self.rows(owner):  # a page of at most 1 MB
                for sort_keys in _parts(list(rows), 25):  # as many as BatchWriteItem takes
                    keys = [{"pk": {"S": owner}, "sk": {"S": sk}} for sk in sort_keys]
                    requests: list[Any] = [{"DeleteRequest": {"Key": key}} for key in keys]
                    self.stack.dynamodb.batch_write_item(RequestItems={self.stack.table: requests})
        while derived := self.derived():  # a page of at most 1,000
            deleted: list[Any] = [{"Key": key} for key in derived]
            self.stack.s3.delete_objects(
                Bucket=self.stack.derived_bucket, Delete={"Objects": deleted}
            )

    def _notify(self, *, on: bool) -> None:
        configuration: Any = {"EventBridgeConfiguration": {}} if on else {}
        self.stack.s3.put_bucket_notification_configuration(
            Bucket=self.stack.photos_bucket, NotificationConfiguration=configuration
        )


def _parts(items: list[Item], size: int) -> Iterator[list[Item]]:
    """Yield `items` in lists of at most `size`."""
    return (items[at : at + size] for at in range(0, len(items), size))


def outcomes(ended: list[EndedExecution]) -> list[str]:
    return [execution.output["outcome"] for execution in ended]


def renditions_of(row: dict[str, Any]) -> set[str]:
    return {rendition["key"] for rendition in row["renditions"].values()}


def photo_count(rows: dict[str, dict[str, Any]]) -> int:
    """Return the sum of the photo counts of all album rows, which is that of all months, too."""
    albums = int(sum(row["photos"] for sk, row in rows.items() if sk.startswith("album#")))
    assert sum(month_counts(rows).values()) == albums
    return albums


def month_counts(rows: dict[str, dict[str, Any]]) -> dict[str, int]:
    """Return the photo count of each month that has photos."""
    counts: Counter[str] = Counter()
    for sk, row in rows.items():
        if sk.startswith("month#"):
            counts[sk.split("#")[1]] += int(row["photos"])
    return {month: count for month, count in counts.items() if count}


def make_earlier(table: Table, owner: str, sk: str) -> None:
    """Turn the rows of a photo into those of an earlier release, which knew labels only."""
    photo = table.get(owner, sk)
    assert photo is not None
    if "found_by" not in photo:
        return
    end = photo["album_key"].partition("#")[2]
    labels = [f"{one}#{end}" for one in photo["found_by"] if one.startswith("label#")]
    others = [f"{one}#{end}" for one in photo["found_by"] if not one.startswith("label#")]
    rows = [table.get(owner, label) or {} for label in labels]
    table.write(
        {"pk": owner, "sk": sk},
        changes={
            "label_keys": [f"{term['key']}#{end}" for term in photo["terms"]["labels"]],
            **dict.fromkeys(("terms", "edited_terms", "found_by", "terms_left_out")),
        },
        unchanged={"execution_arn": photo["execution_arn"]},
        put=[{**row, "label": term_of(row["sk"]).removeprefix("label#")} for row in rows],
        delete=[{"pk": owner, "sk": one} for one in others],
    )


def label_rows(rows: dict[str, dict[str, Any]]) -> set[str]:
    """Return the labels by which photos are found."""
    return {term.removeprefix("label#") for term in term_rows(rows) if term.startswith("label#")}


def term_rows(rows: dict[str, dict[str, Any]]) -> set[str]:
    """Return the terms by which photos are found, as <kind>#<text>."""
    return {term_of(sk) for sk in rows if sk.partition("#")[0] in KINDS}


def assert_found_by_terms(rows: dict[str, dict[str, Any]]) -> None:
    """Assert that the term rows are those that follow from the rows of photos, and no other."""
    expected: dict[str, tuple[str, str | None]] = {}
    for photo in rows.values():
        if "label_keys" in photo:  # of an earlier release
            hidden = json.loads(photo.get("edits", "{}")).get("hidden_labels", [])
            labels = {sk: term_of(sk).removeprefix("label#") for sk in photo["label_keys"]}
            expected |= {
                sk: (photo["sk"], None) for sk, label in labels.items() if label not in hidden
            }
        elif "album_key" in photo:
            terms, left_out = terms_of_row(photo)
            more = max(0, len(terms) - MAX_TERM_ROWS)
            assert photo["found_by"] == list(terms)[:MAX_TERM_ROWS]
            assert photo.get("terms_left_out") == (more + left_out or None)
            end = photo["album_key"].partition("#")[2]
            expected |= {f"{term}#{end}": (photo["sk"], terms[term]) for term in photo["found_by"]}
        elif "sequencer" in photo:
            assert not {"found_by", "terms", "terms_left_out", "label_keys"} & photo.keys()
    assert {
        sk: (row["photo"], row.get("text"))
        for sk, row in rows.items()
        if sk.partition("#")[0] in KINDS
    } == expected


def terms_of_row(photo: dict[str, Any]) -> tuple[dict[str, str | None], int]:
    """Return the terms of a photo's row, best first, and how many more Extract has left out.

    The terms are a map to their texts. It is an oracle of the workflow.
    """
    edits = json.loads(photo.get("edits", "{}"))
    texts = {name: edits[name] for name in ("title", "description", "keywords") if name in edits}
    place = {"position": edits["location"]} if "location" in edits else {}
    own = dump(read_edits(parse(Edited, {**texts, **place})).terms)
    assert json.loads(photo.get("edited_terms", "{}")) == json.loads(json.dumps(own))
    hidden = {f"label#{label}" for label in edits.get("hidden_labels", [])}
    found: dict[str, str | None] = {}
    left_out = 0
    for field, name in TERM_FIELDS.items():
        if name in edits.get("removed", []):
            continue
        terms = own if name in edits else photo["terms"]
        left_out += int(terms.get("left_out", {}).get(field, 0))
        for term in terms.get(field, []):
            if term["key"] not in hidden:
                found.setdefault(term["key"], term.get("text"))
    in_order = sorted(found, key=lambda key: KINDS.index(key.partition("#")[0]))  # stable
    return {key: found[key] for key in in_order}, left_out


# The fields of terms, and the names of their edits; those without one are never edited.
TERM_FIELDS = {
    "place": "location",
    **{name: name for name in ("people", "keywords", "camera", "labels", "title", "description")},
}
