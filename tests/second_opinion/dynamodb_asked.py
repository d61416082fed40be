"""Each DynamoDB request of the embedded AWS is sent to DynamoDB Local too."""

from __future__ import annotations

import functools
import json
import urllib.error
import urllib.request
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from moto.core.exceptions import ServiceException
from moto.core.responses import ActionResult
from moto.dynamodb.responses import DynamoHandler

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from local.moto_patches.wiring import Moto

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


class DynamoDBLocal:
    """What DynamoDB Local answers otherwise than the embedded AWS."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._differences: list[str] = []

    @classmethod
    @contextmanager
    def asked(cls, url: str) -> Iterator[DynamoDBLocal]:
        """Ask it too whatever the embedded AWS is asked meanwhile."""
        opinion = cls(url)
        usual = {name: getattr(DynamoHandler, name) for name in OPERATIONS}
        for name, operation in usual.items():
            setattr(DynamoHandler, name, opinion._asked_twice(operation))
        try:
            yield opinion
        finally:
            for name, operation in usual.items():
                setattr(DynamoHandler, name, operation)

    def differences(self) -> list[str]:
        """Return what differed since the last call."""
        found, self._differences = self._differences, []
        return found

    def _asked_twice(self, operation: Callable[[Moto], Moto]) -> Callable[[Moto], Moto]:
        """Return an operation of moto that asks DynamoDB Local too.

        Requests come one at a time (local/moto_patches/dynamodb.py), so both get them in one order.
        A test that lets an operation fail replaces it by a function that calls this one, or not.
        """

        @functools.wraps(operation)
        def answer(moto: Moto) -> Moto:
            try:
                result = operation(moto)
            except ServiceException as error:
                self._compare(moto, ActionResult(error))
                raise
            self._compare(moto, result)
            return result

        return answer

    def _compare(self, moto: Moto, result: Moto) -> None:
        status, _, body = moto.serialized(result)
        first = _meaning(status, json.loads(body))
        target = moto.headers["X-Amz-Target"]
        request = json.loads(moto.raw_body)
        action = target.rpartition(".")[2]
        if action == "CreateTable":  # an earlier embedded AWS had one of that name
            self._ask("DynamoDB_20120810.DeleteTable", {"TableName": request["TableName"]})
        second = self._ask(target, request)
        if action not in NOT_OF_ROWS and first != second:
            text = json.dumps(request, ensure_ascii=False)[:SHOWN]
            self._differences.append(f"{action} {text}\nmoto   {first}\nAmazon {second}")

    def _ask(self, target: str, request: dict[str, Any]) -> dict[str, Any]:
        asked = urllib.request.Request(  # noqa: S310  # http, on this machine
            self._url,
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
