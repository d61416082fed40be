"""A pytest plugin that sends each DynamoDB request of the embedded AWS to DynamoDB Local too.

    DYNAMODB_LOCAL=http://127.0.0.1:8000 pytest -p second_opinion.shadow tests/workflow

A test fails if one of its requests is answered, or refused, in another way than by DynamoDB Local.
"""

import json
import os
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any, Final

import pytest
from moto.dynamodb.responses import DynamoHandler

from local import moto_patches  # noqa: F401  # they replace call_action too
from local.moto_patches.wiring import Moto

URL: Final = os.environ["DYNAMODB_LOCAL"]
AUTHORIZATION: Final = (
    "AWS4-HMAC-SHA256 Credential=embedded/20260101/us-east-1/dynamodb/aws4_request, "
    "SignedHeaders=host, Signature=0"
)
# moto counts one unit for any read, and returns empty metrics, whether or not a request asks.
NOT_READ: Final = {"ConsumedCapacity", "ItemCollectionMetrics"}
NOT_OF_ROWS: Final = {"CreateTable", "DeleteTable"}  # sent, not compared

_answer_of_moto: Final = DynamoHandler.call_action
_lock: Final = threading.Lock()  # both get the requests in the same order
_differences: Final[list[str]] = []


def _answer_twice(self: Moto) -> Moto:
    with _lock:
        status, headers, body = _answer_of_moto(self)
        target = self.headers["X-Amz-Target"]
        action = target.rpartition(".")[2]
        if action == "CreateTable":  # an earlier embedded AWS had one of that name
            _ask(
                "DynamoDB_20120810.DeleteTable",
                {"TableName": json.loads(self.raw_body)["TableName"]},
            )
        second = _ask(target, json.loads(self.raw_body))
    first = _meaning(status, json.loads(body))
    if action not in NOT_OF_ROWS and first != second:
        _differences.append(
            f"{action} {self.raw_body.decode()[:2000]}\nmoto   {first}\nAmazon {second}"
        )
    return status, headers, body


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


DynamoHandler.call_action = _answer_twice


@pytest.fixture(autouse=True)
def same_answers() -> Iterator[None]:
    """Fail a test after which answers differ."""
    yield
    found = [*_differences]
    _differences.clear()
    assert not found, "\n\n".join(found[:5])
