"""DynamoDB: writes that are atomic, and queries and transactions that leave other rows alone."""

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
    """AWS checks a condition and writes in one step. moto takes two, in any thread."""
    with _lock:
        return _call_action(self)


@replaces(DynamoDBBackend, name="update_item")
def _update_a_copy(
    self: Moto, table_name: str, key: dict[str, Json], *args: Moto, **options: Moto
) -> Moto:
    """Change a copy of the item in the item's place, so that copies of the table may share it."""
    table = self.get_table(table_name)
    item = self.get_item(table_name, key)
    if item is not None and item.range_key is not None:
        table.items[item.hash_key][item.range_key] = copy.deepcopy(item)
    elif item is not None:
        table.items[item.hash_key] = copy.deepcopy(item)
    return _update_item(self, table_name, key, *args, **options)


@replaces(Table, name="__deepcopy__")
def _copy_table(self: Moto, memo: dict[int, object]) -> Moto:
    """AWS's transactions cost what they write. moto first copies every item of the table."""
    table = copy.copy(self)
    memo[id(self)] = table
    table.items = defaultdict(dict)
    for hash_key, items in self.items.items():
        table.items[hash_key] = copy.copy(items)
    return table


@replaces(Table, name="query")
def _query_what_matches(self: Moto, *args: Moto, **options: Moto) -> Moto:
    """AWS goes to the rows by their keys. moto sorts the table, and sizes each row of the owner."""
    if not self.has_range_key:
        return _query(self, *args, **options)
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
    return _query(table, *args, **options)


def _passes(item: Moto, tests: list[tuple[str, Callable[..., bool], list[Moto]]]) -> bool:
    for name, compare, values in tests:
        attribute = item.attrs.get(name)
        if attribute is None or not compare(attribute.cast_value, *values):
            return False
    return True
