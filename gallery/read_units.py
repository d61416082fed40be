"""DynamoDB's read units, computed from the items of a response, since moto counts one for any read.

Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
and read-write-operations.html beside it: "the item sizes are … summed, and rounded up".
"""

import math
from collections.abc import Iterable, Mapping
from typing import Any, Final

UNIT_BYTES: Final = 4096


def read_units(items: Iterable[Mapping[str, Any]], *, consistent: bool) -> float:
    """Return the read units of one GetItem or Query that reads `items`.

    DynamoDB sums the sizes of the items and rounds up to the next 4 KB; a read of nothing counts as
    one of 4 KB. An eventually consistent read costs half.
    """
    units = max(1, math.ceil(sum(map(item_bytes, items)) / UNIT_BYTES))
    return units if consistent else units / 2


def item_bytes(item: Mapping[str, Mapping[str, Any]]) -> int:
    """Return the size of an item with DynamoDB's types."""
    return sum(len(name.encode()) + _value_bytes(value) for name, value in item.items())


def _value_bytes(value: Mapping[str, Any]) -> int:
    [(kind, content)] = value.items()
    match kind:
        case "S":
            return len(content.encode())
        case "N":
            return math.ceil(len(content.strip("-0.").replace(".", "")) / 2) + 1
        case "L":
            return 3 + sum(1 + _value_bytes(one) for one in content)
        case "M":
            named = content.items()
            return 3 + sum(1 + len(name.encode()) + _value_bytes(one) for name, one in named)
    raise ValueError(f"an attribute of type {kind!r}, which no row of the table has")
