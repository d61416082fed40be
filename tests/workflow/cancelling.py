"""DynamoDB cancels transactions, and something happens after an edit's read, as a test says."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import pytest
from moto.dynamodb.exceptions import TransactionCanceledException
from moto.dynamodb.responses import DynamoHandler

from local import jsonata
from local.template import PLACEHOLDERS, render_expression

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


def after_reads(monkeypatch: pytest.MonkeyPatch, steps: Iterable[Callable[[], object]]) -> None:
    """Take one of `steps` between each edit's read of its photo and its write."""
    usual = jsonata.evaluate
    read = render_expression("edited_photo", PLACEHOLDERS)
    left = iter(steps)

    def evaluate(expression: str, variables: Mapping[str, Any]) -> Any:  # noqa: ANN401  # JSON
        if expression.strip() == read:
            next(left, lambda: None)()
        return usual(expression, variables)

    monkeypatch.setattr(jsonata, "evaluate", evaluate)


def before_sorting(monkeypatch: pytest.MonkeyPatch, step: Callable[[], object]) -> None:
    """Do `step` once, after a transaction of Publish was canceled and before the row is read."""
    usual = jsonata.evaluate
    steps = [step]

    def evaluate(expression: str, variables: Mapping[str, Any]) -> Any:  # noqa: ANN401  # JSON
        if "TransactionConflict|Throttling" in expression and steps:
            steps.pop()()
        return usual(expression, variables)

    monkeypatch.setattr(jsonata, "evaluate", evaluate)
