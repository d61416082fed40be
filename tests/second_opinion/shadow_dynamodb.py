"""A pytest plugin that sends each DynamoDB request of the embedded AWS to DynamoDB Local too.

    DYNAMODB_LOCAL=http://127.0.0.1:8000 pytest -p second_opinion.shadow_dynamodb tests/workflow

A test fails if one of its requests is answered, or refused, in another way than by DynamoDB Local.
"""

import functools
import json
import os
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any, Final

import pytest
from moto.core.exceptions import ServiceException
from moto.core.responses import ActionResult
from moto.dynamodb.responses import DynamoHandler

from local.moto_patches.wiring import Moto

URL: Final = os.environ["DYNAMODB_LOCAL"]
AUTHORIZATION: Final = (
    "AWS4-HMAC-SHA256 Credential=embedded/20260101/us-east-1/dynamodb/aws4_request, "
    "SignedHeaders=host, Signature=0"
)
# moto counts one unit for any read, and returns empty metrics, whether or not a request asks.
NOT_READ: Final = {"ConsumedCapacity", "ItemCollectionMetrics"}
NOT_OF_ROWS: Final = {"CreateTable", "DeleteTable"}  # sent, not compared
OPERATIONS: Final = (
    "batch_get_item",
    "batch_write_item",
    "create_table",
    "delete_item",
    "delete_table",
    "get_item",
    "put_item",
    "query",
    "transact_get_items",
    "transact_write_items",
    "update_item",
)
SHOWN: Final = 2000  # characters of a request

_differences: Final[list[str]] = []


def _asked_twice(operation: Callable[[Moto], Moto]) -> Callable[[Moto], Moto]:
    """Return an operation of moto that asks DynamoDB Local too.

    Requests come one at a time (local/moto_patches/dynamodb.py), so both get them in one order. A
    test that lets an operation fail replaces it by a function that calls this one, or does not.
    """

    @functools.wraps(operation)
    def answer(self: Moto) -> Moto:
        try:
            result = operation(self)
        except ServiceException as error:
            _compare(self, ActionResult(error))
            raise
        _compare(self, result)
        return result

    return answer


def _compare(moto: Moto, result: Moto) -> None:
    status, _, body = moto.serialized(result)
    first = _meaning(status, json.loads(body))
    target = moto.headers["X-Amz-Target"]
    request = json.loads(moto.raw_body)
    action = target.rpartition(".")[2]
    if action == "CreateTable":  # an earlier embedded AWS had one of that name
        _ask("DynamoDB_20120810.DeleteTable", {"TableName": request["TableName"]})
    second = _ask(target, request)
    if action not in NOT_OF_ROWS and first != second:
        text = json.dumps(request, ensure_ascii=False)[:SHOWN]
        _differences.append(f"{action} {text}\nmoto   {first}\nAmazon {second}")


def _ask(target: str, request: dict[str, Any]) -> dict[str, Any]:
    asked = urllib.request.Request(  # noqa: S310  # http, on this machine
        URL,
        json.dumps(request).encode(),
        {
            "Authorization": AUTHORIZATION,
            "Content-Type": "application/x-amz-json-1.0",
            "X-Amz-Target": target,
        },
    )
    try:
        with urllib.request.urlopen(asked, timeout=60) as answer:  # noqa: S310  # as above
            return _meaning(answer.status, json.loads(answer.read()))
    except urllib.error.HTTPError as error:
        return _meaning(error.code, json.loads(error.read()))


def _meaning(status: int, answer: dict[str, Any]) -> dict[str, Any]:
    """Return what a caller reads of an answer or a refusal: no message, no capacity."""
    if status == 200:
        return {name: value for name, value in answer.items() if name not in NOT_READ}
    reasons = [
        {name: value for name, value in reason.items() if name != "Message"}
        for reason in answer.get("CancellationReasons", [])
    ]
    return {"refused": answer["__type"].rpartition("#")[2], "reasons": reasons}


for _name in OPERATIONS:
    setattr(DynamoHandler, _name, _asked_twice(getattr(DynamoHandler, _name)))


@pytest.fixture(autouse=True)
def same_answers() -> Iterator[None]:
    """Fail a test after which answers differ."""
    yield
    found = [*_differences]
    _differences.clear()
    assert not found, "\n\n".join(found[:5])
