"""The table's rows, read and written: the only module of gallery/ that calls DynamoDB."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from boto3.dynamodb.types import TypeSerializer

from shared.items import plain
from shared.rows import PhotoRow, read

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import QueryInputTypeDef, TransactWriteItemTypeDef

Row: TypeAlias = dict[str, Any]  # JSON's types; numbers as int or float

# Of a cancelled transaction: https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html
CONFLICTS: Final = frozenset({"ConditionalCheckFailed", "TransactionConflict"})
MAX_BATCH: Final = 25  # rows in one BatchWriteItem

_serialize: Final = TypeSerializer().serialize


class ConflictError(Exception):
    """The rows changed after they were read, or another transaction is writing them."""


@dataclass(frozen=True, kw_only=True)
class Query:
    """The rows of an owner whose range key is between `low` and `high`, both included."""

    owner: str
    index: str | None  # None: the table itself
    range_key: str
    low: str
    high: str
    newest_first: bool = False


@dataclass(frozen=True)
class Rows:
    """One page of a query's rows."""

    rows: list[Row]
    more: bool  # whether there may be more rows after these
    last: Row  # the keys of the last row that DynamoDB read; empty if there are no more rows
    read_units: float  # that DynamoDB charged


class Table:
    """The gallery's table. Errors of the service itself are botocore's ClientError."""

    def __init__(self, dynamodb: DynamoDBClient, name: str) -> None:
        self._dynamodb = dynamodb
        self._name = name

    def get(self, owner: str, sort_key: str) -> Row | None:
        """Return the current row; None if there is none."""
        answer = self._dynamodb.get_item(
            TableName=self._name, Key=_typed({"pk": owner, "sk": sort_key}), ConsistentRead=True
        )
        return plain(answer["Item"]) if "Item" in answer else None

    def photo(self, owner: str, sort_key: str) -> PhotoRow | None:
        """Return a photo's current row; None if there is none."""
        row = self.get(owner, sort_key)
        return None if row is None else read(PhotoRow, row)

    def every(self, query: Query, *fields: str) -> Iterator[Row]:
        """Yield the current rows of a query, page by page; with `fields`, only these and the keys.

        DynamoDB charges for whole rows, whatever `fields` are.
        """
        names = {f"#{name}": name for name in ("pk", "sk", *fields)}
        start: Mapping[str, Any] = {}
        while True:
            request: QueryInputTypeDef = {
                "TableName": self._name,
                "KeyConditionExpression": "pk = :owner AND #sk BETWEEN :low AND :high",
                "ExpressionAttributeNames": names if fields else {"#sk": "sk"},
                "ExpressionAttributeValues": {
                    ":owner": {"S": query.owner},
                    ":low": {"S": query.low},
                    ":high": {"S": query.high},
                },
                "ConsistentRead": True,
            }
            if fields:
                request["ProjectionExpression"] = ", ".join(names)
            if start:
                request["ExclusiveStartKey"] = start
            answer = self._dynamodb.query(**request)
            yield from map(plain, answer["Items"])
            start = answer.get("LastEvaluatedKey", {})
            if not start:
                return

    def query(self, query: Query, *, start: Mapping[str, str] | None, limit: int) -> Rows:
        """Return at most `limit` rows, which come after the row with the keys `start`."""
        request: QueryInputTypeDef = {
            "TableName": self._name,
            "KeyConditionExpression": "pk = :owner AND #range BETWEEN :low AND :high",
            "ExpressionAttributeNames": {"#range": query.range_key},
            "ExpressionAttributeValues": {
                ":owner": {"S": query.owner},
                ":low": {"S": query.low},
                ":high": {"S": query.high},
            },
            "ScanIndexForward": not query.newest_first,
            "Limit": limit,
            "ReturnConsumedCapacity": "TOTAL",
        }
        if query.index is not None:
            request["IndexName"] = query.index
        if start is not None:
            request["ExclusiveStartKey"] = _typed(start)
        answer = self._dynamodb.query(**request)
        last = answer.get("LastEvaluatedKey", {})
        return Rows(
            rows=[plain(item) for item in answer["Items"]],
            more=bool(last),
            last=plain(last),
            read_units=answer["ConsumedCapacity"]["CapacityUnits"],
        )

    def write(
        self,
        photo: Mapping[str, str],
        *,
        changes: Mapping[str, Any],
        unchanged: Mapping[str, Any],
        put: Sequence[Row] = (),
        delete: Sequence[Mapping[str, str]] = (),
    ) -> None:
        """Change one row, and put and delete others, in one transaction.

        Args:
            photo: keys of the row to change.
            changes: its attributes and their new values; None removes the attribute. Without
                changes, `unchanged` is checked only.
            unchanged: attributes and the values that they must still have; None: absent. At
                least one.
            put: whole rows.
            delete: keys of rows.

        Raises:
            ConflictError: `unchanged` no longer holds, or another transaction is writing a row.
        """
        values = {f":{name}": value for name, value in changes.items() if value is not None}
        values |= {f":was_{name}": value for name, value in unchanged.items() if value is not None}
        set_ = ", ".join(f"#{name} = :{name}" for name in changes if changes[name] is not None)
        remove = ", ".join(f"#{name}" for name in changes if changes[name] is None)
        conditions = [
            f"attribute_not_exists(#{name})" if value is None else f"#{name} = :was_{name}"
            for name, value in unchanged.items()
        ]
        on: Any = {
            "TableName": self._name,
            "Key": _typed(photo),
            "ConditionExpression": " AND ".join(conditions),
            "ExpressionAttributeNames": {f"#{name}": name for name in {*changes, *unchanged}},
            **({"ExpressionAttributeValues": _typed(values)} if values else {}),
        }
        expression = [f"SET {set_}"] * bool(set_) + [f"REMOVE {remove}"] * bool(remove)
        if expression:
            on["UpdateExpression"] = " ".join(expression)
        first: TransactWriteItemTypeDef = {"Update": on} if expression else {"ConditionCheck": on}
        puts: list[TransactWriteItemTypeDef] = [
            {"Put": {"TableName": self._name, "Item": _typed(row)}} for row in put
        ]
        deletes: list[TransactWriteItemTypeDef] = [
            {"Delete": {"TableName": self._name, "Key": _typed(keys)}} for keys in delete
        ]
        try:
            self._dynamodb.transact_write_items(TransactItems=[first, *puts, *deletes])
        except self._dynamodb.exceptions.TransactionCanceledException as error:
            reasons = {reason["Code"] for reason in error.response["CancellationReasons"]}
            if not reasons & CONFLICTS:  # throttled, or refused
                raise
            raise ConflictError(f"{photo['pk']} {photo['sk']}: {error}") from error

    def delete(self, owner: str, sort_keys: Sequence[str]) -> None:
        """Delete rows of an owner, whatever they contain; those that do not exist are ignored."""
        for start in range(0, len(sort_keys), MAX_BATCH):
            unwritten: Any = {
                self._name: [
                    {"DeleteRequest": {"Key": _typed({"pk": owner, "sk": sort_key})}}
                    for sort_key in sort_keys[start : start + MAX_BATCH]
                ]
            }
            while unwritten:
                unwritten = self._dynamodb.batch_write_item(RequestItems=unwritten)[
                    "UnprocessedItems"
                ]


def _typed(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _serialize(_decimals(value)) for name, value in row.items()}


def _decimals(value: Any) -> Any:  # noqa: ANN401  # JSON
    """Return `value` with decimals for floats, which boto3 refuses."""
    match value:
        case float():
            return Decimal(repr(value))
        case dict():
            return {name: _decimals(item) for name, item in value.items()}
        case list():
            return [_decimals(item) for item in value]
    return value
