"""DynamoDB items as plain JSON values: numbers are int or float, never Decimal."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any


def plain(item: Mapping[str, Any]) -> dict[str, Any]:
    """Convert an item with DynamoDB's types to plain JSON values."""
    # Imported here: Tag reads an item only if another photo has the same size.
    from boto3.dynamodb.types import TypeDeserializer  # noqa: PLC0415

    deserialize = TypeDeserializer().deserialize
    return {name: _plain(deserialize(value)) for name, value in item.items()}


def _plain(value: Any) -> Any:  # noqa: ANN401  # JSON
    match value:
        case Decimal():
            return int(value) if value == value.to_integral_value() else float(value)
        case dict():
            return {name: _plain(one) for name, one in value.items()}
        case list():
            return [_plain(one) for one in value]
    return value
