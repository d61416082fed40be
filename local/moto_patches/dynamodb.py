"""DynamoDB: atomic writes, pages, and a cost that does not grow with the table."""

import copy
import functools
import math
import threading
from collections import defaultdict
from collections.abc import Callable
from typing import Final

from moto.core.serialize import BaseJSONSerializer
from moto.dynamodb.comparisons import get_comparison_func
from moto.dynamodb.exceptions import (
    ERROR_TYPE_PREFIX,
    DynamodbException,
    ItemSizeTooLarge,
    TransactionCanceledException,
)
from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.models.dynamo_type import DynamoType, Item, LimitedSizeDict
from moto.dynamodb.models.table import Table
from moto.dynamodb.parsing.ast_nodes import DepthFirstTraverser, Node
from moto.dynamodb.responses import DynamoHandler

from local.moto_patches.wiring import Json, Moto, replaces, wired
from local.quotas import ThrottledError

_lock: Final = threading.Lock()
_call_action: Final = DynamoHandler.call_action
_update_item: Final = DynamoDBBackend.update_item
_query: Final = Table.query
_serialize_structure: Final = BaseJSONSerializer._serialize_type_structure  # noqa: SLF001  # moto

MAX_ITEM_BYTES: Final = 405_000  # where moto ends; AWS: 400 KB
TOO_HOT: Final = (
    "Throughput exceeds the current capacity of your table or index. DynamoDB is automatically "
    "scaling your table or index so please try again shortly. If exceptions persist, check if you "
    "have a hot key: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/"
    "bp-partition-key-design.html"
)


@replaces(DynamoHandler, name="call_action")
def _one_at_a_time(self: Moto) -> Moto:
    """AWS checks a condition and writes in one step. moto takes two steps, in any thread.

    AWS: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.ConditionExpressions.html
    """
    with _lock:
        return _call_action(self)


def _counts(action: str, parts: Callable[[Json], list[Json]], factor: int) -> None:
    """Let an action count the write units of the requests that it consists of.

    AWS throttles what exceeds 1,000 write units a second of one partition key. moto has no limit.
    A transaction takes twice as many. Those of indexes, and of BatchWriteItem, are not counted.

    AWS: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-partition-key-design.html
    AWS: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html
    AWS: https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html
    """
    usual = getattr(DynamoHandler, action)

    @replaces(DynamoHandler, name=action)
    @functools.wraps(usual)
    def counted(self: Moto) -> Moto:
        usage = wired().usage
        if usage.limits_writes:
            requests = parts(self.body)
            units: dict[tuple[str, str], float] = defaultdict(float)
            for one in requests:
                key, count = _write_units(self.dynamodb_backend, one)
                units[key] += factor * count
            try:
                usage.write(units)
            except ThrottledError:
                if action == "transact_write_items":
                    reasons = [("ThrottlingError", TOO_HOT, None)] * len(requests)
                    raise TransactionCanceledException(reasons) from None
                raise DynamodbException(
                    f"{ERROR_TYPE_PREFIX}ThrottlingException", TOO_HOT
                ) from None
        return usual(self)


def _write_units(backend: Moto, request: Json) -> tuple[tuple[str, str], int]:
    """Return table and partition key of a request, and a unit for each KB of the larger row.

    The row after an update counts as what it was, or as the update's values: whichever is larger.
    """
    table = backend.get_table(request["TableName"])
    new = request.get("Item") or request.get("ExpressionAttributeValues", {})
    key = {name: DynamoType(value) for name, value in (request.get("Key") or new).items()}
    partition = key[table.hash_key_attr]
    row = table.get_item(partition, key[table.range_key_attr] if table.has_range_key else None)
    bytes_after = sum(len(name) + DynamoType(value).size() for name, value in new.items())
    bytes_before = row.size() if row else 0
    return (table.name, partition.value), max(1, math.ceil(max(bytes_before, bytes_after) / 1024))


for _action in ("delete_item", "put_item", "update_item"):
    _counts(_action, lambda body: [body], 1)
_counts(
    "transact_write_items",
    lambda body: [*(next(iter(one.values())) for one in body["TransactItems"])],
    2,
)


@replaces(DynamoDBBackend, name="update_item")
def _update_a_copy(
    self: Moto, table_name: str, key: dict[str, Json], *args: Moto, **options: Moto
) -> Moto:
    """Replace the item by a copy and change that, so that copies of the table can share items."""
    table = self.get_table(table_name)
    item = self.get_item(table_name, key)
    if item is not None and item.range_key is not None:
        table.items[item.hash_key][item.range_key] = copy.deepcopy(item)
    elif item is not None:
        table.items[item.hash_key] = copy.deepcopy(item)
    return _update_item(self, table_name, key, *args, **options)


@replaces(Item, name="__init__")
def _item(self: Moto, hash_key: Moto, range_key: Moto, attrs: Json) -> None:
    """AWS limits the size of an item. moto measures it again for each attribute that it adds.

    AWS: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html#limits-items
    """
    self.hash_key, self.range_key = hash_key, range_key
    # `update`, which the constructor uses, measures nothing.
    self.attrs = LimitedSizeDict({name: DynamoType(value) for name, value in attrs.items()})
    if self.size() > MAX_ITEM_BYTES:
        raise ItemSizeTooLarge


@functools.cache
def _is(kind: type, others: type | tuple[type, ...]) -> bool:
    return issubclass(kind, others)


@replaces(DepthFirstTraverser, name="traverse_node_recursively")
def _traverse(self: Moto, node: Moto, child_id: int = -1) -> Moto:
    """Visit the nodes of an update's expression as moto does, and ask of each class once.

    moto asks of each node and value, in each of ten passes, whether it is of an abstract class.
    """
    kind: Moto = type(node)
    if not _is(kind, Node):
        return node
    parent = node.parent
    for position, child in enumerate(node.children or ()):
        self.pre_processing_of_child(node, position)
        self.traverse_node_recursively(child, position)
    if _is(kind, self.nodes_to_be_processed()):
        node = self.process(node)
        node.parent = parent
        if parent:
            parent.children[child_id] = node
    return node


@replaces(Table, name="__deepcopy__")
def _copy_table(self: Moto, memo: dict[int, object]) -> Moto:
    """AWS's transactions touch the items that they name. moto copies every item of the table.

    AWS: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis.html
    """
    table = copy.copy(self)
    memo[id(self)] = table
    table.items = defaultdict(dict)
    for hash_key, items in self.items.items():
        table.items[hash_key] = copy.copy(items)
    return table


@replaces(Table, name="query")
def _query_what_matches(self: Moto, *args: Moto, **options: Moto) -> Moto:
    """AWS finds rows by their keys. moto sorts the table, and measures each row of the partition.

    AWS: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Query.html
    """
    if not self.has_range_key:
        return _query_up_to_limit(self, *args, **options)
    equal, ranges = options["hash_key_conditions"], options["range_key_conditions"]
    conditions = [*((name, "=", [value]) for name, value in equal), *ranges]
    tests = [
        (name, get_comparison_func(comparison), [value.cast_value for value in values])
        for name, comparison, values in conditions
    ]
    table = copy.copy(self)
    table.items = defaultdict(dict)
    for hash_key, items in self.items.items():
        table.items[hash_key] = {
            range_key: item for range_key, item in items.items() if _passes(item, tests)
        }
    return _query_up_to_limit(table, *args, **options)


def _query_up_to_limit(self: Moto, *args: Moto, **options: Moto) -> Moto:
    """AWS stops at the limit, and returns where. moto returns it only if more rows follow.

    AWS: a LastEvaluatedKey "does not necessarily mean that there is more data in the result set".
    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Query.Pagination.html
    """
    rows, read, last_key = _query(self, *args, **options)
    limit, index = args[_LIMIT], args[_INDEX]
    if last_key is None and limit is not None and read == limit:
        whole = [
            None if position in _WHAT_IS_RETURNED else one for position, one in enumerate(args)
        ]
        last_key = self._get_last_evaluated_key(_query(self, *whole, **options)[0][-1], index)
    return rows, read, last_key


# positions of the parameters of moto's Table.query
_LIMIT: Final = 3
_INDEX: Final = 7
_WHAT_IS_RETURNED: Final = {6, 9}  # the projection and the filter


def _passes(item: Moto, tests: list[tuple[str, Callable[..., bool], list[Moto]]]) -> bool:
    for name, compare, values in tests:
        attribute = item.attrs.get(name)
        if attribute is None or not compare(attribute.cast_value, *values):
            return False
    return True


@replaces(BaseJSONSerializer, name="_serialize_type_structure")
def _serialize_what_is_there(
    self: Moto, serialized: Json, value: Moto, shape: Moto, key: str
) -> None:
    """AWS's attribute values have one of ten types. moto searches for each by up to 12 names.

    That took four fifths of a query's CPU time. An attribute value is a dict with AWS's names, and
    the others are names of attributes of moto's classes.

    AWS: https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_AttributeValue.html
    """
    if shape.name != "AttributeValue" or type(value) is not dict:
        _serialize_structure(self, serialized, value, shape, key)
        return
    types: Json = {}
    serialized[key] = types
    for kind, one in value.items():
        self._serialize(types, one, shape.members[kind], kind)
