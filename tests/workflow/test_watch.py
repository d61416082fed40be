"""The watch reports how long the oldest claim has been PROCESSING, whichever shard it is in."""

import json
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from embeddedaws import TABLE, Aws
from local.template import render_file
from workflow.test_validators import cfn_lint

ROOT = Path(__file__).parents[2]
KEYS = json.loads((ROOT / "workflow/table.json").read_text())["indexes"]["processing"]
SHARDS = "0123456789abcdef"
METRIC = "OldestProcessingAge"
HOUR = timedelta(hours=1)


def definition(namespace: str = "gallery") -> dict[str, Any]:
    """Return the watch of the table that the embedded AWS has."""
    rendered = render_file("workflow/watch.json.tftpl", {"namespace": namespace, "table": TABLE})
    made: dict[str, Any] = json.loads(rendered)
    return made


def tasks() -> list[dict[str, Any]]:
    """Return the states of the watch that call a service."""
    states = definition()["States"]
    return [*states["AgeOfEachShard"]["ItemProcessor"]["States"].values(), states["Report"]]


@pytest.fixture(scope="module")  # a process can run one embedded AWS at a time
def running() -> Iterator[Aws]:
    with Aws.start() as aws:
        yield aws


@pytest.fixture
def aws(running: Aws) -> Iterator[Aws]:
    yield running
    dynamodb = running.client("dynamodb")
    for item in dynamodb.scan(TableName=TABLE)["Items"]:
        dynamodb.delete_item(TableName=TABLE, Key={"pk": item["pk"], "sk": item["sk"]})


def claim(aws: Aws, shard: str, age: timedelta) -> None:
    """Put a photo into the table that has been PROCESSING for `age`."""
    moment = (datetime.now(UTC) - age).isoformat(timespec="milliseconds")
    aws.client("dynamodb").put_item(
        TableName=TABLE,
        Item={
            "pk": {"S": "alice"},
            "sk": {"S": f"photo#{uuid.uuid4()}"},
            KEYS["hash_key"]: {"S": shard},
            KEYS["range_key"]: {"S": moment.replace("+00:00", "Z")},  # as $now() writes it
        },
    )


def reported(aws: Aws) -> dict[str, Any]:
    """Run the watch in a namespace of its own, and return the datapoint that it reported."""
    namespace = str(uuid.uuid4())
    ended = aws.run(definition(namespace)["States"])
    assert ended.status == "SUCCEEDED", ended.cause
    [point] = aws.client("cloudwatch").get_metric_statistics(
        Namespace=namespace,
        MetricName=METRIC,
        StartTime=datetime.now(UTC) - HOUR,
        EndTime=datetime.now(UTC) + HOUR,
        Period=7200,
        Statistics=["Maximum", "SampleCount"],
    )["Datapoints"]
    made: dict[str, Any] = point
    return made


def test_the_age_is_zero_if_no_photo_is_processing(aws: Aws) -> None:
    point = reported(aws)

    assert (point["Maximum"], point["SampleCount"], point["Unit"]) == (0, 1, "Seconds")


@pytest.mark.parametrize("shard", [SHARDS[0], SHARDS[-1]])
def test_the_oldest_claim_of_all_shards_is_reported(aws: Aws, shard: str) -> None:
    for other in SHARDS:
        claim(aws, other, HOUR)
    claim(aws, shard, 3 * HOUR)
    claim(aws, shard, 2 * HOUR)

    assert reported(aws)["Maximum"] == pytest.approx(3 * 3600, abs=60)


def test_the_age_of_a_claim_in_the_future_is_zero(aws: Aws) -> None:
    for shard in SHARDS:
        claim(aws, shard, -HOUR)

    assert reported(aws)["Maximum"] == 0


def test_a_photo_that_is_no_longer_processing_is_not_reported(aws: Aws) -> None:
    aws.client("dynamodb").put_item(
        TableName=TABLE,
        Item={
            "pk": {"S": "alice"},
            "sk": {"S": "photo#ready"},
            KEYS["range_key"]: {"S": "2024-07-01T10:00:00.000Z"},
        },
    )

    assert reported(aws)["Maximum"] == 0


def test_a_watch_that_cannot_read_the_table_reports_nothing(aws: Aws) -> None:
    namespace = str(uuid.uuid4())
    states = json.loads(json.dumps(definition(namespace)["States"]).replace(TABLE, "nothing"))

    ended = aws.run(states)

    assert ended.error == "DynamoDb.ResourceNotFoundException"
    assert aws.client("cloudwatch").list_metrics(Namespace=namespace)["Metrics"] == []


def test_each_query_reads_one_row_of_the_index() -> None:
    [query] = [task["Arguments"] for task in tasks() if task["Resource"].endswith("dynamodb:query")]

    assert (query["Limit"], query["ScanIndexForward"]) == (1, True)
    assert query["KeyConditionExpression"] == f"{KEYS['hash_key']} = :shard"


def test_the_watch_ends_within_the_five_minutes_of_an_express_workflow() -> None:
    assert definition()["TimeoutSeconds"] < 300
    assert all(0 < task["TimeoutSeconds"] < definition()["TimeoutSeconds"] for task in tasks())


def test_the_alarm_watches_the_metric_that_the_watch_reports() -> None:
    module = ROOT / "terraform" / "modules" / "observability" / "watch.tf"
    [metric] = tasks()[-1]["Arguments"]["MetricData"]

    assert metric["MetricName"] == METRIC
    assert f'age_metric    = "{METRIC}"' in module.read_text()


def test_cfn_lint_accepts_the_watch(tmp_path: Path) -> None:
    linted = cfn_lint(json.dumps(definition()), tmp_path)

    assert linted.returncode == 0, linted.stdout
