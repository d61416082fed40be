"""DynamoDB: atomic writes, pages, and a cost that does not grow with the table."""

import copy
import threading
from collections import defaultdict
from collections.abc import Callable
from typing import Final

from moto.dynamodb.comparisons import get_comparison_func
from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.models.table import Table
from moto.dynamodb.responses import DynamoHandler

from local.moto_patches.wiring import Json, Moto, replaces

_lock: Final = threading.Lock()
_call_action: Final = DynamoHandler.call_action
_update_item: Final = DynamoDBBackend.update_item
_query: Final = Table.query


@replaces(DynamoHandler, name="call_action")
def _one_at_a_time(self: Moto) -> Moto:
    """AWS checks a condition and writes in one step. moto takes two steps, in any thread.

    AWS: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.ConditionExpressions.html
    """
    with _lock:
        return _call_action(self)


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

    AWS: "If LastEvaluatedKey is not empty, it does not necessarily mean that there is more data."
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
