"""Backfill: it counts the photos before it starts anything."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from embeddedaws import TABLE, Aws
from gallery.backfill import BATCH, Tally, count, limits, photos_at_once, rates, usd
from gallery.costs import seconds_each
from gallery.quotas import DEFAULT_QUOTAS, NEW_ACCOUNT, Quotas
from local.clients import environment
from outputs import gallery, outputs_of

ROOT = Path(__file__).parents[2]
BUCKET = "photos"


@pytest.fixture(scope="module")  # one embedded AWS to a process at a time
def aws() -> Iterator[Aws]:
    with Aws.start() as aws:
        s3, dynamodb = aws.client("s3"), aws.client("dynamodb")
        s3.create_bucket(Bucket=BUCKET)
        for key in ("uploads/ada/new.jpg", "uploads/ada/2016/known.jpg", "uploads/ada/", "x.jpg"):
            s3.put_object(Bucket=BUCKET, Key=key, Body=b"12345")
        s3.put_object(
            Bucket=BUCKET, Key="uploads/bob/cold.jpg", Body=b"12345", StorageClass="GLACIER"
        )
        row = {"pk": {"S": "ada"}, "sk": {"S": "photo#2016/known.jpg"}}
        dynamodb.put_item(TableName=TABLE, Item=row)
        yield aws


def test_counts_photos_that_are_new_known_and_archived_and_other_keys(aws: Aws) -> None:
    tally = count(aws.client("s3"), aws.client("dynamodb"), bucket=BUCKET, table=TABLE, prefix="")

    assert tally == Tally(new=2, known=1, no_photos=2, archived=1, bytes=10)


def test_counts_only_under_the_prefix(aws: Aws) -> None:
    clients = aws.client("s3"), aws.client("dynamodb")

    assert count(*clients, bucket=BUCKET, table=TABLE, prefix="uploads/bob/").new == 1


def test_looks_up_more_photos_than_fit_in_one_batch(aws: Aws) -> None:
    keys = [f"uploads/eve/{number}.jpg" for number in range(BATCH + 1)]
    for key in keys:
        aws.client("s3").put_object(Bucket=BUCKET, Key=key, Body=b"")

    clients = aws.client("s3"), aws.client("dynamodb")
    tally = count(*clients, bucket=BUCKET, table=TABLE, prefix="uploads/eve/")

    assert tally.new == len(keys)


def test_asks_again_for_the_keys_that_dynamodb_has_not_read(aws: Aws) -> None:
    dynamodb = aws.client("dynamodb")

    def read_nothing(parsed: dict[str, Any], **_: object) -> None:
        dynamodb.meta.events.unregister("after-call.dynamodb.BatchGetItem", read_nothing)
        keys = [{name: row[name] for name in ("pk", "sk")} for row in parsed["Responses"][TABLE]]
        parsed["UnprocessedKeys"] = {TABLE: {"Keys": keys}}
        parsed["Responses"][TABLE] = []

    dynamodb.meta.events.register("after-call.dynamodb.BatchGetItem", read_nothing)

    tally = count(
        aws.client("s3"), dynamodb, bucket=BUCKET, table=TABLE, prefix="uploads/ada/2016/"
    )

    assert (tally.new, tally.known) == (0, 1)


def test_a_photo_with_a_record_costs_no_labels() -> None:
    assert usd(Tally(known=1000), labeler="rekognition") == usd(
        Tally(known=1000), labeler="embedded"
    )


ACCOUNTS = {
    (NEW_ACCOUNT, "rekognition"): 5,
    (DEFAULT_QUOTAS, "rekognition"): 5,
    (Quotas(1000, 50), "rekognition"): 22,
    (DEFAULT_QUOTAS, "embedded"): 19,
    (Quotas(1, 0.1), "rekognition"): 1,
}


@pytest.mark.parametrize(("account", "labeler"), ACCOUNTS)
def test_as_many_photos_are_processed_at_once_as_every_limit_allows(
    account: Quotas, labeler: str
) -> None:
    at_once = photos_at_once(account, labeler=labeler)
    own = at_once / seconds_each(labeler=labeler)

    assert at_once == ACCOUNTS[account, labeler]
    assert at_once == 1 or own <= min(limits(account, labeler=labeler).values())
    assert at_once == 1 or own == min(rates(at_once, account, labeler=labeler).values())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--prefix", "derived/"], "must begin with uploads/, got derived/"),
        (["--max-concurrency", "0"], "must be 1 to 10000, got 0"),
    ],
)
def test_refuses(arguments: list[str], message: str) -> None:
    done = run(*arguments)

    assert done.returncode == 2
    assert message in done.stderr


def test_a_dry_run_starts_nothing(aws: Aws) -> None:
    done = run("--dry-run", "--prefix", "uploads/ada/", **environment(aws.endpoint_url))

    # The state machine does not exist: an attempt to start it would fail.
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("1 new photos (0.0 GB), 1 with a record, 1 keys")
    assert "about USD 0.00 and 0.0 hours" in done.stdout


def test_the_figures_can_be_read_by_a_program(aws: Aws) -> None:
    done = run("--dry-run", "--json", "--prefix=uploads/ada/", **environment(aws.endpoint_url))

    figures = json.loads(done.stdout)
    assert (figures["new"], figures["known"], figures["execution_arn"]) == (1, 1, None)
    assert {"usd", "hours", "limit", "bytes"} <= figures.keys()
    assert "1 new photos" in done.stderr


def test_prints_an_error_of_aws_in_one_line(aws: Aws) -> None:
    done = run("--prefix", "uploads/ada/", **environment(aws.endpoint_url))

    assert done.returncode == 1
    assert done.stderr.startswith("backfill: ")
    assert "StateMachineDoesNotExist" in done.stderr
    assert done.stderr.count("\n") == 1


def run(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    outputs = outputs_of(photos_bucket=BUCKET, table=TABLE)
    return gallery(outputs, "backfill", *arguments, environment=variables)
