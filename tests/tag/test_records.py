"""Look-ups of photos with the same size: correct, and harmless when the table does not answer."""

import json
import logging
from collections.abc import Iterator

import boto3
import pytest
from mypy_boto3_dynamodb import DynamoDBClient

from embeddedaws import TABLE, Aws
from publishing import NOW, Publisher, results_of
from shared.contracts import Label
from shared.versions import VERSIONS
from tag import aws as tag_aws
from tag.aws import SAVING_CONFIG, DynamoRecords
from wire import Answer, Service, serving

KEY = "uploads/alice/2024/a.jpg"
SK = "photo#2024/a.jpg"
BYTES = 1000


@pytest.fixture(scope="module")
def aws() -> Iterator[Aws]:
    with Aws.start() as aws:
        yield aws


@pytest.fixture(scope="module")
def records(aws: Aws) -> DynamoRecords:
    publisher = Publisher(aws.client("dynamodb"))
    publisher.ready(KEY, NOW, results_of(KEY, size=BYTES))
    publisher.ready("uploads/alice/b.jpg", NOW, results_of("uploads/alice/b.jpg", size=BYTES * 10))
    publisher.ready("uploads/bob/a.jpg", NOW, results_of("uploads/bob/a.jpg", size=BYTES))
    publisher.problem("uploads/alice/c.jpg", NOW, "REJECTED")
    return DynamoRecords(aws.client("dynamodb"), TABLE)


def test_only_photos_of_the_same_owner_and_size_are_found(records: DynamoRecords) -> None:
    (found,) = records.same_size("alice", BYTES)

    assert found.sort_key == SK
    assert len(found.sha256) == 64
    assert records.same_size("alice", BYTES + 1) == []
    assert records.same_size("nobody", BYTES) == []


def test_labels_are_read_from_the_row(records: DynamoRecords) -> None:
    known = records.labels("alice", SK)

    assert known is not None
    assert (known.model, known.version, known.orientation) == ("scripted 1", VERSIONS["tag"], 6)
    dog = known.labels[0]
    assert isinstance(dog, Label)
    assert (dog.name, dog.confidence, dog.parents) == ("Dog", 98.7654, ["Animal", "Pet"])
    assert dog.instances[0].box.left == 0.25


@pytest.mark.parametrize("sort_key", ["photo#c.jpg", "photo#nothing.jpg"])
def test_a_photo_without_labels_has_none(records: DynamoRecords, sort_key: str) -> None:
    assert records.labels("alice", sort_key) is None


def client_of(service: Service) -> DynamoDBClient:
    return boto3.client(
        "dynamodb",
        endpoint_url=service.url,
        region_name="eu-west-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=SAVING_CONFIG,
    )


@pytest.mark.parametrize(
    "answer",
    [
        Answer(500, b"{}"),
        Answer(400, json.dumps({"__type": "AccessDeniedException"}).encode()),
        Answer(200, b'{"Items": [{"sk": {"S": "photo#x"}}]}'),
        Answer(200, b'{"Item": {"labels": {"S": "none"}, "labels_model": {"S": "m"}}}'),
    ],
    ids=["broken", "denied", "without a key", "of another shape"],
)
def test_a_failing_look_up_finds_nothing_and_logs_a_warning(
    answer: Answer, caplog: pytest.LogCaptureFixture
) -> None:
    with serving() as service:
        service.script(answer, answer)
        records = DynamoRecords(client_of(service), TABLE)

        assert records.same_size("alice", BYTES) == []
        assert records.labels("alice", SK) is None

    levels = [record.levelno for record in caplog.records if record.name == "tag.aws"]
    assert set(levels) == {logging.WARNING}


def test_at_most_ten_photos_of_one_size_are_read() -> None:
    with serving() as service:
        service.script(Answer(200, b'{"Items": []}'))
        DynamoRecords(client_of(service), TABLE).same_size("alice", BYTES)

    (request,) = service.requests
    assert json.loads(request.body)["Limit"] == 10


def test_a_look_up_that_only_saves_money_costs_at_most_two_seconds(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    monkeypatch.setenv("TABLE", TABLE)
    tag_aws.records.cache_clear()

    records = tag_aws.records()
    tag_aws.records.cache_clear()

    assert isinstance(records, DynamoRecords)
    config = vars(records.client.meta.config)
    attempts = config["retries"]["total_max_attempts"]
    assert attempts * (config["connect_timeout"] + config["read_timeout"]) <= 2
