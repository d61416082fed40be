"""DynamoDB Local counts the units that the docs say. See twice.py for its answers."""

import math
from collections.abc import Iterator
from typing import Any

import pytest

from embeddedaws import TABLE
from gallery import costs
from gallery.read_units import UNIT_BYTES, item_bytes, read_units
from gallery.table import Table
from local.clients import Clients
from local.stack import create_table
from publishing import NOW, Publisher, usual_results_of
from questions import ASKS, OWNER, fill_table, watching
from shared.terms import geohash

TRAVELLER = OWNER[:-1] + "4"  # who has no other rows
LOCATED = 300  # rows that are read; docs/architecture.md has the units of more
MAP_UNITS = {1_000: (47.5, 1), 50_000: (2_365, 20)}  # photos: read units, and requests
MAP_ROW_BYTES = 386
PAGE_BYTES = 1_000_000  # of a Query, at most
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


def test_the_map_costs_the_read_units_that_the_docs_say(aws: Clients) -> None:
    rows = [located_row(number) for number in range(LOCATED)]
    for start in range(0, LOCATED, 25):
        puts: list[Any] = [{"PutRequest": {"Item": row}} for row in rows[start : start + 25]]
        aws.dynamodb.batch_write_item(RequestItems={TABLE: puts})

    found = aws.dynamodb.query(  # as web/src/located.ts asks
        TableName=TABLE,
        KeyConditionExpression="pk = :pk AND sk BETWEEN :from AND :to",
        ExpressionAttributeValues={
            ":pk": {"S": TRAVELLER},
            ":from": {"S": "geo#000000000#"},
            ":to": {"S": "geo#zzzzzzzzz#\uffff"},
        },
        ProjectionExpression="sk, photo, #precision, thumb.#key, thumb.width_px, thumb.thumbhash",
        ExpressionAttributeNames={"#precision": "precision", "#key": "key"},
        ReturnConsumedCapacity="TOTAL",
    )

    # Of whole rows, whatever is projected: Query.Other.html in DynamoDB's developer guide.
    charged = found["ConsumedCapacity"]["CapacityUnits"]
    assert found["Count"] == LOCATED
    assert charged == read_units(rows, consistent=False)
    row_bytes = sum(map(item_bytes, rows)) // LOCATED
    assert row_bytes == MAP_ROW_BYTES
    for photos, expected in MAP_UNITS.items():
        pages = list(batched_sizes(photos, PAGE_BYTES // row_bytes))
        units = sum(math.ceil(page * row_bytes / UNIT_BYTES) / 2 for page in pages)
        assert (units, len(pages)) == expected


def batched_sizes(whole: int, most: int) -> Iterator[int]:
    """Yield the sizes of pages of at most `most` rows."""
    for start in range(0, whole, most):
        yield min(most, whole - start)


def located_row(number: int) -> dict[str, Any]:
    """Return the row of a located photo with a path of 34 characters."""
    thumb = {
        "key": {"S": f"{TRAVELLER}/{number:024}/{number:024}/thumb.webp"},
        "width_px": {"N": "400"},
        "height_px": {"N": "300"},
        "bytes": {"N": "21345"},
        "mime_type": {"S": "image/webp"},
        "thumbhash": {"S": "3OcRJYB4d3h/iIeHeEh3eIhw+j2w"},
    }
    return {
        "pk": {"S": TRAVELLER},
        "sk": {"S": f"geo#{geohash(38.7, number / 10)}#2021-08-14T09:31:00#{number:024}"},
        "photo": {"S": f"photo#2021/Summer in Lisbon/IMG_{number:04}.jpg"},
        "width_px": {"N": "4032"},
        "height_px": {"N": "3024"},
        "thumb": {"M": thumb},
    }
