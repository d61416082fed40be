"""DynamoDB: writes are atomic, and no request costs more in a larger table."""

import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ClientError
from moto.core.serialize import AttributePicker, AttributePickerContext
from moto.dynamodb.models.dynamo_type import Item

from embeddedaws import TABLE, Aws


def key(name: str) -> dict[str, dict[str, str]]:
    return {"pk": {"S": "dynamodb"}, "sk": {"S": name}}


@pytest.fixture
def hasty_threads() -> Iterator[None]:
    """Let threads take turns as often as possible, so that races occur."""
    seconds = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(seconds)


@pytest.mark.usefixtures("hasty_threads")
def test_of_many_conditional_writes_one_succeeds(aws: Aws) -> None:
    dynamodb = aws.client("dynamodb")
    refused = dynamodb.exceptions.ConditionalCheckFailedException  # created at its first use

    def claim(number: int) -> bool:
        try:
            dynamodb.update_item(
                TableName=TABLE,
                Key=key("claimed_version"),
                UpdateExpression="SET who = :who",
                ConditionExpression="attribute_not_exists(who)",
                ExpressionAttributeValues={":who": {"N": str(number)}},
            )
        except refused:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(claim, range(40))) == 1


def test_the_cost_of_a_transaction_does_not_grow_with_the_table(
    aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    put = {"TableName": TABLE, "Item": key("costs")}
    for number in range(20):
        aws.client("dynamodb").put_item(TableName=TABLE, Item=key(f"costs {number}"))
    copies: list[object] = []
    monkeypatch.setattr(Item, "__deepcopy__", lambda item, _memo: copies.append(item))

    aws.client("dynamodb").transact_write_items(TransactItems=[{"Put": put}])

    assert len(copies) < 3


def test_an_update_returns_the_previous_item(aws: Aws) -> None:
    def update(number: int) -> dict[str, object]:
        answer: dict[str, object] = aws.client("dynamodb").update_item(
            TableName=TABLE,
            Key=key("updated"),
            UpdateExpression="SET n = :n",
            ExpressionAttributeValues={":n": {"N": str(number)}},
            ReturnValues="ALL_OLD",
        )
        return answer

    assert "Attributes" not in update(1)
    assert update(2)["Attributes"] == {**key("updated"), "n": {"N": "1"}}


def test_a_transaction_that_fails_changes_nothing(aws: Aws) -> None:
    dynamodb = aws.client("dynamodb")
    for name in ("kept", "raised"):
        dynamodb.put_item(TableName=TABLE, Item={**key(name), "n": {"N": "1"}})
    raised = {
        "TableName": TABLE,
        "Key": key("raised"),
        "UpdateExpression": "SET n = :n",
        "ExpressionAttributeValues": {":n": {"N": "2"}},
    }
    refused = {
        "TableName": TABLE,
        "Item": key("refused"),
        "ConditionExpression": "attribute_exists(pk)",
    }

    with pytest.raises(ClientError) as failure:
        dynamodb.transact_write_items(
            TransactItems=[
                {"Put": {"TableName": TABLE, "Item": key("new")}},
                {"Delete": {"TableName": TABLE, "Key": key("kept")}},
                {"Update": raised},
                {"Put": refused},
            ]
        )

    reasons = failure.value.response["CancellationReasons"]
    assert [reason["Code"] for reason in reasons] == ["None"] * 3 + ["ConditionalCheckFailed"]
    for name, item in {
        "new": None,
        "kept": {**key("kept"), "n": {"N": "1"}},
        "raised": {**key("raised"), "n": {"N": "1"}},
        "refused": None,
    }.items():
        assert dynamodb.get_item(TableName=TABLE, Key=key(name)).get("Item") == item


def test_the_cost_of_a_query_does_not_grow_with_the_table(
    aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    dynamodb = aws.client("dynamodb")
    for number in range(20):
        dynamodb.put_item(TableName=TABLE, Item=key(f"query {number}"))
    sized = []
    size = Item.size

    def counted(item: Item) -> object:
        sized.append(item)
        return size(item)

    monkeypatch.setattr(Item, "size", counted)

    found = dynamodb.query(
        TableName=TABLE,
        KeyConditionExpression="pk = :pk AND begins_with(sk, :sk)",
        ExpressionAttributeValues={":pk": {"S": "dynamodb"}, ":sk": {"S": "query 1"}},
        ScanIndexForward=False,
    )["Items"]

    names = ["query 1", *(f"query {number}" for number in range(10, 20))]
    assert found == [key(name) for name in reversed(names)]
    assert len(sized) <= 2 * len(found)


def test_a_row_has_the_values_that_were_written_and_no_other_type_is_searched_for(
    aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    values: dict[str, Any] = {
        "S": "taco",
        "N": "1.5",
        "B": b"\x00\xff",
        "SS": ["a", "b"],
        "NS": ["1", "2"],
        "BS": [b"\x00"],
        "M": {"empty": {"M": {}}, "binary": {"B": b"\xff"}, "is": {"BOOL": False}},
        "L": [{"NULL": True}, {"L": []}, {"S": ""}],
        "NULL": True,
        "BOOL": True,
    }
    row = {**key("types"), **{f"a{kind}": {kind: value} for kind, value in values.items()}}
    aws.dynamodb.put_item(TableName=TABLE, Item=row)
    searched = []
    pick = AttributePicker.__call__

    def counted(picker: AttributePicker, context: AttributePickerContext) -> object:
        searched.append(context.key)
        return pick(picker, context)

    monkeypatch.setattr(AttributePicker, "__call__", counted)

    found = aws.dynamodb.get_item(TableName=TABLE, Key=key("types"))["Item"]

    assert found == row
    assert set(searched) == {"Item", "ConsumedCapacity"}


@pytest.mark.parametrize("index", [None, "by_album"])
def test_a_full_page_has_a_last_key_though_no_row_follows(aws: Aws, index: str | None) -> None:
    dynamodb = aws.client("dynamodb")
    owner = {"S": f"pages of {index}"}
    for name in "ab":
        row = {"pk": owner, "sk": {"S": name}, "album_key": {"S": name}, "title": {"S": name}}
        dynamodb.put_item(TableName=TABLE, Item=row)

    def page(limit: int, **more: object) -> dict[str, Any]:
        answer: dict[str, Any] = dynamodb.query(
            TableName=TABLE,
            **({"IndexName": index} if index else {}),
            KeyConditionExpression="pk = :pk",
            FilterExpression="title = :title",
            ExpressionAttributeValues={":pk": owner, ":title": {"S": "a"}},
            ProjectionExpression="title",
            Limit=limit,
            **more,
        )
        return answer

    last = {"pk": owner, "sk": {"S": "b"}} | ({"album_key": {"S": "b"}} if index else {})
    assert (page(2)["Items"], page(2)["LastEvaluatedKey"]) == ([{"title": {"S": "a"}}], last)
    after = page(2, ExclusiveStartKey=last)
    assert (after["Items"], "LastEvaluatedKey" in after) == ([], False)
    assert "LastEvaluatedKey" not in page(3)
