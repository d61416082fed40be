"""Backfill: process photos already in the bucket.

Lists the prefix, looks up each photo in the table, and prints how many there are, what they cost
and how long they take. Then, unless it is a dry run, starts one execution of
workflow/backfill.json.tftpl. Running it again is safe: Claim refuses a photo that has a record of
the same version, before any function runs.
"""

import argparse
import json
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

from gallery.costs import (
    PHOTOS,
    RECORD_KB,
    TRANSITIONS,
    USD,
    owner_write_units,
    seconds_each,
    thousand_photos,
)
from gallery.deployment import Deployment, add_deployment_arguments
from gallery.quotas import (
    DEFAULT_QUOTAS,
    Quotas,
    add_quota_arguments,
    photos_per_second,
    quotas_of,
)
from gallery.shell import UsageError, print_json, print_stderr, print_stdout, whole_number
from shared.errors import BadKeyError
from shared.keys import layout, photo_sort_key, split_upload_key

if TYPE_CHECKING:
    import boto3
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_stepfunctions import SFNClient

# Counted: states that each photo enters in workflow/backfill.json.tftpl, states that an execution
# enters if Claim refuses the photo, and those that only a reprocessing enters: Claim does not take
# its event, and the bucket is asked what is current.
OWN_TRANSITIONS: Final = 2
REFUSED_TRANSITIONS: Final = 2
REPROCESS_TRANSITIONS: Final = 4

# Default quotas per account, in the regions with the lowest, as of June 2026; for functions and
# labels see gallery/quotas.py. The Service Quotas console shows the quotas of your account, and
# raises them.
# https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
TRANSITIONS_PER_SECOND: Final = 800
STARTS_PER_SECOND: Final = 150
OPEN_EXECUTIONS: Final = 1_000_000
# No quota: a partition key takes no more, and all rows of a photo are in its owner's partition.
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-partition-key-design.html
WRITE_UNITS_PER_SECOND: Final = 1000

MOST_AT_ONCE: Final = 10_000  # of a Map's children
FUNCTIONS_OF_A_PHOTO: Final = 2  # at the same time: Thumbnail and Tag

ARCHIVED: Final = frozenset({"DEEP_ARCHIVE", "GLACIER"})  # storage classes that cannot be read
BATCH: Final = 100  # keys in one BatchGetItem, at most


@dataclass
class Tally:
    """The objects under a prefix, counted."""

    new: int = 0  # photos without a record
    known: int = 0  # photos with a record
    no_photos: int = 0  # folder markers, and keys without an owner
    archived: int = 0  # new photos that are rejected as ARCHIVED until they are restored
    bytes: int = 0  # of the new photos


def count(
    s3: "S3Client", dynamodb: "DynamoDBClient", *, bucket: str, table: str, prefix: str
) -> Tally:
    """Count the objects with keys that begin with `prefix`.

    Raises:
        ClientError: S3 or DynamoDB refuses.
    """
    tally = Tally()
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        photos: dict[tuple[str, str], Mapping[str, Any]] = {}
        for item in page.get("Contents", []):
            try:
                owner = split_upload_key(item["Key"]).owner
            except BadKeyError:
                tally.no_photos += 1
            else:
                photos[owner, photo_sort_key(owner, item["Key"])] = item
        keys = list(photos)
        for start in range(0, len(keys), BATCH):
            for key in _recorded(dynamodb, table, keys[start : start + BATCH]):
                del photos[key]
                tally.known += 1
        tally.new += len(photos)
        tally.archived += sum(one["StorageClass"] in ARCHIVED for one in photos.values())
        tally.bytes += sum(one["Size"] for one in photos.values())
    return tally


def _recorded(
    dynamodb: "DynamoDBClient", table: str, keys: Sequence[tuple[str, str]]
) -> Iterator[tuple[str, str]]:
    """Yield the keys, of at most `BATCH`, that the table has a row for."""
    unread: Any = {
        table: {
            "Keys": [{"pk": {"S": pk}, "sk": {"S": sk}} for pk, sk in keys],
            "ProjectionExpression": "pk, sk",
        }
    }
    while unread:
        answer = dynamodb.batch_get_item(RequestItems=unread)
        for row in answer["Responses"][table]:
            yield row["pk"]["S"], row["sk"]["S"]
        unread = answer["UnprocessedKeys"]


def start(
    stepfunctions: "SFNClient",
    state_machine_arn: str,
    *,
    prefix: str,
    max_concurrency: int,
    name: str | None = None,
) -> str:
    """Start one execution that processes the photos below `prefix`, and return its ARN."""
    options = {"prefix": prefix, "max_concurrency": max_concurrency}
    return stepfunctions.start_execution(
        stateMachineArn=state_machine_arn, name=name or str(uuid.uuid4()), input=json.dumps(options)
    )["executionArn"]


def usd(tally: Tally, *, labeler: str) -> float:
    """Return the cost of a backfill at list prices, if each new photo is READY at the first try."""
    step = USD["Step Functions, transition"]
    each = OWN_TRANSITIONS * step + USD["S3, PUT"]  # S3 charges a LIST as a PUT
    new = sum(item.usd for item in thousand_photos(labeler=labeler)) / PHOTOS
    # DynamoDB charges a write by the size of the row even if its condition fails.
    known = REFUSED_TRANSITIONS * step + RECORD_KB * USD["DynamoDB, write unit"]
    return tally.new * (new + each) + tally.known * (known + each)


def reprocess_usd(photos: int, labeled: int, *, labeler: str) -> float:
    """Return the cost of reprocessing `photos`, if the labeler sees `labeled` of them."""
    more = REPROCESS_TRANSITIONS * USD["Step Functions, transition"]
    return copies_usd(photos, labeled, labeler=labeler) + photos * more


def copies_usd(photos: int, labeled: int, *, labeler: str) -> float:
    """Return the cost of processing copies of photos, if the labeler sees `labeled` of them."""
    labels = USD["Rekognition, DetectLabels"] if labeler == "rekognition" else 0.0
    return usd(Tally(new=photos), labeler=labeler) - (photos - labeled) * labels


def rates(max_concurrency: int, quotas: Quotas, *, labeler: str) -> dict[str, float]:
    """Return how many new photos a second each limit allows; the lowest rate applies."""
    each = seconds_each(labeler=labeler)
    own = {f"{max_concurrency} at once, {each:.1f} s each": max_concurrency / each}
    return own | limits(quotas, labeler=labeler)


def photos_at_once(quotas: Quotas, *, labeler: str) -> int:
    """Return how many photos to process at the same time, within all limits.

    None waits for the functions of another, and all may be one owner's.
    """
    rate = min(limits(quotas, labeler=labeler).values())
    most = int(rate * seconds_each(labeler=labeler))
    return max(1, min(most, quotas.invocations_at_once // FUNCTIONS_OF_A_PHOTO))


def limits(quotas: Quotas, *, labeler: str) -> dict[str, float]:
    """Return how many new photos a second AWS allows, by the name of each limit."""
    return {
        f"Step Functions: {TRANSITIONS_PER_SECOND} transitions a second": TRANSITIONS_PER_SECOND
        / (TRANSITIONS + OWN_TRANSITIONS),
        # the Map's child execution, and the photo's own
        f"Step Functions: {STARTS_PER_SECOND} starts a second": STARTS_PER_SECOND / 2,
        f"DynamoDB: {WRITE_UNITS_PER_SECOND:,} write units a second of one owner": (
            WRITE_UNITS_PER_SECOND / owner_write_units()
        ),
        **photos_per_second(quotas, labeler=labeler),
    }


def table() -> str:
    """Return the figures of docs/operations.md for a million new photos."""
    million = Tally(new=1_000_000)
    rows = ["| limit | photos a second | hours for a million |", "|---|---:|---:|"]
    at_once = photos_at_once(DEFAULT_QUOTAS, labeler="rekognition")
    for limit, rate in rates(at_once, DEFAULT_QUOTAS, labeler="rekognition").items():
        rows.append(f"| {limit} | {rate:.1f} | {million.new / rate / 3600:.1f} |")
    new, again = (usd(one, labeler="rekognition") for one in (million, Tally(known=million.new)))
    own = usd(million, labeler="embedded")
    return "\n".join(
        [
            *rows,
            "",
            f"A million new photos cost USD {new:,.0f},",
            f'or USD {own:,.0f} with `labeler = "embedded"`.',
            f"To run it again over a million that are READY costs USD {again:,.0f}.",
        ]
    )


def add_max_concurrency(command: argparse.ArgumentParser) -> None:
    """Add the argument that limits how many photos are processed at the same time."""
    command.add_argument(
        "--max-concurrency",
        type=whole_number(1, MOST_AT_ONCE),
        metavar="N",
        help="photos to process at a time (default: as many as the account's quotas allow)",
    )
    add_quota_arguments(command)


def paced(
    given: argparse.Namespace, session: "boto3.Session", photos: int
) -> tuple[int, float, str]:
    """Return how many photos to process at a time, how many hours they take, and why."""
    allowed = quotas_of(given, session)
    at_once = given.max_concurrency or photos_at_once(allowed, labeler=given.labeler)
    limit, rate = min(
        rates(at_once, allowed, labeler=given.labeler).items(), key=lambda one: one[1]
    )
    return at_once, photos / rate / 3600, limit


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    add_deployment_arguments(command)
    command.add_argument(
        "--prefix",
        help="only keys that begin with it, such as uploads/OWNER/2016/ (default: all photos)",
    )
    add_max_concurrency(command)
    command.add_argument("--dry-run", action="store_true", help="print the figures, start nothing")
    command.add_argument(
        "--json", action="store_true", help="print one JSON object, and the figures to stderr"
    )


def run(given: argparse.Namespace) -> int:
    """Count the photos, print the figures, and start the backfill."""
    deployment = Deployment.of(given)
    session, outputs = deployment.session, deployment.outputs
    photos = layout().prefix
    prefix = photos if given.prefix is None else given.prefix
    if not prefix.startswith(photos):
        raise UsageError(f"--prefix must begin with {photos}, got {prefix}")
    tally = count(
        session.client("s3"),
        session.client("dynamodb"),
        bucket=outputs.photos_bucket,
        table=outputs.table,
        prefix=prefix,
    )
    report = print_stderr if given.json else print_stdout
    report(
        f"{tally.new:,} new photos ({tally.bytes / 1e9:,.1f} GB),"
        f" {tally.known:,} with a record, {tally.no_photos:,} keys that are not photos"
    )
    if tally.archived:
        report(f"{tally.archived:,} new photos are archived: rejected until restored")
    at_once, hours, limit = paced(given, session, tally.new)
    dollars = usd(tally, labeler=given.labeler)
    report(f"about USD {dollars:,.2f} and {hours:,.1f} hours ({limit})")
    arn = None
    if not given.dry_run:
        arn = start(
            deployment.stepfunctions,
            outputs.backfill_arn,
            prefix=prefix,
            max_concurrency=at_once,
        )
        report(f"started: {arn}")
    if given.json:
        costs = {"usd": dollars, "hours": hours, "limit": limit}
        print_json({**asdict(tally), **costs, "execution_arn": arn})
    return 0
