"""DynamoDB Local counts the units that the docs say. See twice.py for its answers."""

import math
from collections.abc import Iterator
from typing import Any

import pytest

from embeddedaws import TABLE
from gallery import costs
from gallery.read_units import item_bytes
from gallery.table import Table
from local.clients import Clients
from local.stack import create_table
from publishing import NOW, Publisher, usual_results_of
from questions import ASKS, fill_table, watching

pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
def aws(dynamodb_local_url: str) -> Iterator[Clients]:
    """DynamoDB Local with a filled table. GetItem asks for its units, too."""
    aws = Clients(dynamodb_local_url)
    for name in aws.dynamodb.list_tables()["TableNames"]:  # of tests of this process
        aws.dynamodb.delete_table(TableName=name)
    create_table(aws.dynamodb, TABLE)
    fill_table(Publisher(aws.dynamodb))

    def ask(params: dict[str, Any], **_: object) -> None:
        params["ReturnConsumedCapacity"] = "TOTAL"

    aws.dynamodb.meta.events.register("provide-client-params.dynamodb.GetItem", ask)
    yield aws
    aws.close()


class Counting:
    """Writes to DynamoDB Local, and counts write units as AWS documents them.

    DynamoDB Local counts 4 units for a transaction with one item of under 1 KB, and 4 for one with
    two. AWS: two units for each KB of each item. So each item is written by itself, which it counts
    right, and the units of the table are doubled.
    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html

    AWS does not document whether a transaction doubles the units of an index too. They are not
    doubled here, as in `gallery.costs`.
    """

    def __init__(self, aws: Clients) -> None:
        self.dynamodb = aws.dynamodb
        self.units = 0.0

    def update_item(self, **request: Any) -> Any:  # noqa: ANN401  # boto3's
        """Write one item."""
        return self._write("update", request, times=1)

    def transact_write_items(self, *, TransactItems: list[dict[str, Any]]) -> None:  # noqa: N803
        """Write the items one after the other."""
        for item in TransactItems:
            [(kind, request)] = item.items()
            self._write(kind.lower(), request, times=2)

    def _write(self, kind: str, request: dict[str, Any], *, times: int) -> Any:  # noqa: ANN401
        write = getattr(self.dynamodb, f"{kind}_item")
        answer = write(**request, ReturnConsumedCapacity="INDEXES")
        consumed = answer["ConsumedCapacity"]
        indexes = consumed.get("GlobalSecondaryIndexes", {}).values()
        self.units += times * consumed["Table"]["CapacityUnits"]
        self.units += sum(index["CapacityUnits"] for index in indexes)
        return answer


@pytest.mark.parametrize("question", ASKS)
def test_a_question_costs_the_read_units_that_are_computed(aws: Clients, question: str) -> None:
    table = Table(aws.dynamodb, TABLE)

    answers = watching(aws.dynamodb)(lambda: ASKS[question](table))

    assert answers
    # It counts nothing for a Query that finds nothing. AWS documents half a unit or one for an item
    # that does not exist, and does not document such a Query: the docs count half a unit.
    # https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html
    expected = [answer.computed if answer.items else 0 for answer in answers]
    assert [answer.charged for answer in answers] == expected


def test_a_photo_costs_the_write_units_that_the_costs_assume(aws: Clients) -> None:
    counting = Counting(aws)
    key = "uploads/written/2016/photo.jpg"

    Publisher(counting).ready(key, NOW, usual_results_of(key))

    rows = aws.dynamodb.query(
        TableName=TABLE,
        KeyConditionExpression="pk = :pk",
        ExpressionAttributeValues={":pk": {"S": "written"}},
    )["Items"]
    sizes = {row["sk"]["S"].partition("#")[0]: item_bytes(row) for row in rows}
    assert math.ceil(sizes["photo"] / 1024) == costs.RECORD_KB
    assert counting.units == costs.write_units()
