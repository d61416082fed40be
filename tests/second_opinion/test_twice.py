"""Who is asked twice says so if the answers differ. `pytest --second-opinions` asks them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from embeddedaws import TABLE, Aws
from local import jsonata
from second_opinion.dynamodb_asked import DynamoDBLocal
from second_opinion.jsonata_asked import ReferenceJsonata
from second_opinion.twice import ASKED_TWICE, TESTS

if TYPE_CHECKING:
    from workflow.expressions import Engine


def test_the_files_that_are_asked_twice_are_there() -> None:
    assert [file for file in ASKED_TWICE if not (TESTS / file).is_file()] == []


def test_another_answer_of_dynamodb_local_is_seen(dynamodb_local_url: str) -> None:
    with DynamoDBLocal.asked(dynamodb_local_url) as opinion, Aws.start() as aws:
        key = {"pk": {"S": "ada"}, "sk": {"S": "photo#a"}}
        aws.dynamodb.put_item(TableName=TABLE, Item=key)
        aws.dynamodb.get_item(TableName=TABLE, Key=key)
        assert opinion.differences() == []

        opinion._ask("DynamoDB_20120810.DeleteItem", {"TableName": TABLE, "Key": key})  # noqa: SLF001
        aws.dynamodb.get_item(TableName=TABLE, Key=key)

        (difference,) = opinion.differences()
    assert difference.startswith("GetItem")


@pytest.mark.parametrize("other", [{"value": 3}, {"error": "no number"}])
def test_another_value_of_the_reference_jsonata_is_seen(
    reference_jsonata: Engine, other: dict[str, object]
) -> None:
    with ReferenceJsonata.asked(reference_jsonata) as opinion:
        assert jsonata.evaluate("$one + 1", {"one": 1}) == 2
    assert opinion.differences() == []

    with ReferenceJsonata.asked(lambda *_: other) as opinion:
        jsonata.evaluate("$one + 1", {"one": 1})
        jsonata.evaluate("$floor($random() * $one)", {"one": 10})  # nobody can say this again
    assert len(opinion.differences()) == 1
