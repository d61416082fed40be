"""All services: the search for a service happens once, in any thread; deleted objects are freed."""

import gc

import pytest
from moto import backends
from moto.core import model
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


def test_a_thread_finds_no_half_made_model_of_an_operation(monkeypatch: pytest.MonkeyPatch) -> None:
    service = model.ServiceModel({"operations": {"ListTables": {}}, "metadata": {}}, "dynamodb")
    made: type[object] = model.OperationModel
    found: list[object] = []

    def making(*arguments: object) -> object:
        """Look for the model as another thread may do while this one makes it."""
        if not found:
            found.append("looking")
            found.append(service.operation_model("ListTables"))
        return made(*arguments)

    monkeypatch.setattr(model, "OperationModel", making)

    operation = service.operation_model("ListTables")

    assert isinstance(operation, made)
    assert isinstance(found[-1], made)


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
