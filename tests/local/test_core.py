"""All services: the search for a service happens once, and deleted objects are freed."""

import gc

import pytest
from moto import backends
from moto.dynamodb.models.table import Table

from embeddedaws import TABLE, Aws


def test_only_the_first_request_to_a_service_searches_for_it(
    aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    s3, dynamodb = aws.client("s3"), aws.client("dynamodb")
    s3.list_buckets()
    dynamodb.list_tables()
    looked = []

    def counted() -> list[str]:
        looked.append("once more")
        return []

    monkeypatch.setattr(backends, "list_of_moto_modules", counted)

    s3.list_buckets()
    dynamodb.list_tables()

    assert looked == []


def test_copies_of_a_table_are_freed(aws: Aws) -> None:
    dynamodb = aws.client("dynamodb")
    item = {"pk": {"S": "core"}, "sk": {"S": "copies"}}
    values = {":pk": item["pk"], ":sk": item["sk"]}

    def work() -> int:
        dynamodb.transact_write_items(TransactItems=[{"Put": {"TableName": TABLE, "Item": item}}])
        dynamodb.query(
            TableName=TABLE,
            KeyConditionExpression="pk = :pk AND sk = :sk",
            ExpressionAttributeValues=values,
        )
        gc.collect()
        return sum(type(each) is Table for each in gc.get_objects())

    assert work() == work()
