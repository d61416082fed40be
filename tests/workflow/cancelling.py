"""DynamoDB cancels transactions for the reasons that a test names."""

from collections.abc import Iterable
from typing import Any

import pytest
from moto.dynamodb.exceptions import TransactionCanceledException
from moto.dynamodb.responses import DynamoHandler

CONFLICT = "TransactionConflict"
THROTTLED = "ThrottlingError"


def cancel(monkeypatch: pytest.MonkeyPatch, reasons: Iterable[str]) -> list[str]:
    """Let DynamoDB cancel one transaction for each of `reasons`, and do the others.

    Returns:
        What became of each transaction: its reason, "written", or "refused" by DynamoDB itself.
    """
    usual = DynamoHandler.transact_write_items
    left = iter(reasons)
    seen: list[str] = []

    def transact_write_items(self: DynamoHandler) -> Any:  # noqa: ANN401  # moto's
        reason = next(left, None)
        if reason is not None:
            seen.append(reason)
            none = (None, None, None)
            raise TransactionCanceledException([(reason, "because", None), none, none])
        seen.append("refused")
        answer = usual(self)
        seen[-1] = "written"
        return answer

    monkeypatch.setattr(DynamoHandler, "transact_write_items", transact_write_items)
    return seen
