"""Process what is in the photos bucket already.

    python -m gallery.backfill --photos-bucket BUCKET --table TABLE --state-machine-arn ARN
        [--prefix uploads/ada/] [--max-concurrency N] [--labeler embedded] [--dry-run]

Lists the prefix, looks up each photo in the table, and prints how many there are, what they cost
and how long they take. Then, unless it is a dry run, starts one execution of
workflow/backfill.json.tftpl. Running it again does no harm: Claim refuses a photo that has a record
of the same version, before any work.
"""

import argparse
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from gallery.costs import (
    PHOTOS,
    RECORD_KB,
    TRANSITIONS,
    USD,
    billed_seconds,
    memory_mb,
    seconds_each,
    steps,
    thousand_photos,
)
from shared.errors import BadKeyError
from shared.keys import UPLOADS_PREFIX, photo_sort_key, split_upload_key

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client

# Counted: for each photo, states of workflow/backfill.json.tftpl, and of an execution that Claim
# refuses.
OWN_TRANSITIONS: Final = 2
REFUSED_TRANSITIONS: Final = 3

# Default quotas of an account in a region where they are lowest, as known in June 2026. Those of
# yours are in the Service Quotas console, and can be raised.
# https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
TRANSITIONS_PER_SECOND: Final = 800
STARTS_PER_SECOND: Final = 150
OPEN_EXECUTIONS: Final = 1_000_000
# https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
INVOCATIONS_AT_ONCE: Final = 1000
# https://docs.aws.amazon.com/general/latest/gr/rekognition.html
LABELS_PER_SECOND: Final = 5.0

# By default: LABELS_PER_SECOND x the seconds of a photo. workflow/backfill.json.tftpl has it too.
MAX_CONCURRENCY: Final = 6

ARCHIVED: Final = frozenset({"DEEP_ARCHIVE", "GLACIER"})  # storage classes that cannot be read
BATCH: Final = 100  # BatchGetItem takes no more

say = partial(print, flush=True)


@dataclass
class Found:
    """What is in the bucket under a prefix."""

    new: int = 0  # without a record
    known: int = 0  # with one
    no_photos: int = 0  # folder markers, and keys that belong to no owner
    archived: int = 0  # of the new ones: they fail until they are restored
    bytes: int = 0  # of the new ones


def look(
    s3: "S3Client", dynamodb: "DynamoDBClient", *, bucket: str, table: str, prefix: str
) -> Found:
    """Count the objects whose keys begin with `prefix`.

    Raises:
        ClientError: S3 or DynamoDB refuses.
    """
    found = Found()
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        photos: dict[tuple[str, str], Mapping[str, Any]] = {}
        for item in page.get("Contents", []):
            try:
                owner = split_upload_key(item["Key"]).owner
            except BadKeyError:
                found.no_photos += 1
            else:
                photos[owner, photo_sort_key(owner, item["Key"])] = item
        keys = list(photos)
        for start in range(0, len(keys), BATCH):
            for key in _recorded(dynamodb, table, keys[start : start + BATCH]):
                del photos[key]
                found.known += 1
        found.new += len(photos)
        found.archived += sum(one["StorageClass"] in ARCHIVED for one in photos.values())
        found.bytes += sum(one["Size"] for one in photos.values())
    return found


def _recorded(
    dynamodb: "DynamoDBClient", table: str, keys: Sequence[tuple[str, str]]
) -> Iterator[tuple[str, str]]:
    """Yield those of at most `BATCH` keys that the table has a row of."""
    asked: Any = {
        table: {
            "Keys": [{"pk": {"S": pk}, "sk": {"S": sk}} for pk, sk in keys],
            "ProjectionExpression": "pk, sk",
        }
    }
    while asked:
        answer = dynamodb.batch_get_item(RequestItems=asked)
        for row in answer["Responses"][table]:
            yield row["pk"]["S"], row["sk"]["S"]
        asked = answer["UnprocessedKeys"]


def usd(found: Found, *, labeler: str) -> float:
    """Return what a backfill costs, at list prices, where each new photo becomes READY at once."""
    step = USD["Step Functions, transition"]
    each = OWN_TRANSITIONS * step + USD["S3, PUT"]  # a LIST costs as much as a PUT
    new = sum(item.usd for item in thousand_photos(labeler=labeler)) / PHOTOS
    # DynamoDB meters a write that its condition refuses by the size of the row.
    known = REFUSED_TRANSITIONS * step + RECORD_KB * USD["DynamoDB, write unit"]
    return found.new * (new + each) + found.known * (known + each)


def reprocess_usd(photos: int, labeled: int, *, labeler: str) -> float:
    """Return what a reprocessing costs, of which `labeled` photos are shown to the labeler."""
    first = Found(new=photos)
    labels = USD["Rekognition, DetectLabels"] if labeler == "rekognition" else 0.0
    return usd(first, labeler=labeler) - (photos - labeled) * labels


def _billed(labeler: str) -> list[float]:
    memory = memory_mb()
    return [billed_seconds(step, memory[step.partition(",")[0]]) for step in steps(labeler)]


def rates(
    max_concurrency: int, *, labeler: str, labels_per_second: float = LABELS_PER_SECOND
) -> dict[str, float]:
    """Return how many new photos a second each limit allows; the least of them holds."""
    each = seconds_each(labeler=labeler)
    allowed = {
        f"{max_concurrency} at once, {each:.1f} s each": max_concurrency / each,
        f"Lambda: {INVOCATIONS_AT_ONCE:,} invocations at once": INVOCATIONS_AT_ONCE
        / sum(_billed(labeler)),
        f"Step Functions: {TRANSITIONS_PER_SECOND} transitions a second": TRANSITIONS_PER_SECOND
        / (TRANSITIONS + OWN_TRANSITIONS),
        # one of the Map's, and one of the photo
        f"Step Functions: {STARTS_PER_SECOND} starts a second": STARTS_PER_SECOND / 2,
    }
    if labeler == "rekognition":
        allowed[f"Rekognition: {labels_per_second:g} DetectLabels a second"] = labels_per_second
    return allowed


def table() -> str:
    """Return the figures of docs/operations.md for a million new photos."""
    million = Found(new=1_000_000)
    rows = ["| limit | photos a second | hours for a million |", "|---|---:|---:|"]
    for limit, rate in rates(MAX_CONCURRENCY, labeler="rekognition").items():
        rows.append(f"| {limit} | {rate:.1f} | {million.new / rate / 3600:.1f} |")
    new, again = (usd(one, labeler="rekognition") for one in (million, Found(known=million.new)))
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


def _concurrency(text: str) -> int:
    number = int(text)
    if not 1 <= number <= INVOCATIONS_AT_ONCE:
        raise argparse.ArgumentTypeError(f"must be 1 to {INVOCATIONS_AT_ONCE}, got {number}")
    return number


def _prefix(text: str) -> str:
    if not text.startswith(UPLOADS_PREFIX):
        raise argparse.ArgumentTypeError(f"must begin with {UPLOADS_PREFIX}, got {text}")
    return text


def main() -> None:
    """Read the command line, count, and start the backfill."""
    parser = argparse.ArgumentParser(prog="gallery.backfill", description=__doc__.split("\n")[0])
    parser.add_argument("--photos-bucket", required=True, metavar="BUCKET")
    parser.add_argument("--table", required=True, metavar="TABLE")
    parser.add_argument(
        "--state-machine-arn", required=True, metavar="ARN", help="of the backfill, not the gallery"
    )
    parser.add_argument("--prefix", type=_prefix, default=UPLOADS_PREFIX, help="uploads/ or below")
    parser.add_argument(
        "--max-concurrency", type=_concurrency, default=MAX_CONCURRENCY, metavar="N"
    )
    parser.add_argument("--labeler", choices=["embedded", "rekognition"], default="rekognition")
    parser.add_argument("--dry-run", action="store_true", help="say it, and start nothing")
    given = parser.parse_args()
    arn: list[str] = given.state_machine_arn.split(":")
    if len(arn) != 7 or arn[5] != "stateMachine":  # noqa: PLR2004  # arn:aws:states:…:…:stateMachine:…
        parser.error(f"--state-machine-arn must be a state machine's ARN, got {':'.join(arn)}")
    try:
        session = boto3.Session(region_name=arn[3])
        found = look(
            session.client("s3"),
            session.client("dynamodb"),
            bucket=given.photos_bucket,
            table=given.table,
            prefix=given.prefix,
        )
        say(
            f"{found.new:,} new photos ({found.bytes / 1e9:,.1f} GB),"
            f" {found.known:,} with a record, {found.no_photos:,} keys that are no photo's"
        )
        if found.archived:
            say(f"{found.archived:,} of the new ones are archived: they fail until restored")
        limit, rate = min(
            rates(given.max_concurrency, labeler=given.labeler).items(), key=lambda one: one[1]
        )
        hours = found.new / rate / 3600
        say(f"about USD {usd(found, labeler=given.labeler):,.2f} and {hours:,.1f} hours ({limit})")
        if given.dry_run:
            return
        wanted = {"prefix": given.prefix, "max_concurrency": given.max_concurrency}
        started = session.client("stepfunctions").start_execution(
            stateMachineArn=given.state_machine_arn, input=json.dumps(wanted)
        )
    except (BotoCoreError, ClientError) as error:
        sys.exit(f"backfill: {error}")
    say(f"started: {started['executionArn']}")


if __name__ == "__main__":
    main()
