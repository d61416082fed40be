"""The questions that the docs name with their read units, and what DynamoDB charges for them."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, NamedTuple, TypeAlias

from gallery import queries, search
from gallery.read_units import read_units
from gallery.table import Table
from publishing import NOW, Publisher, fill

OWNER = "us-east-1:9cc8d1a8-0d1f-4b7c-8c52-3ab2c1f0a1b2"  # as long as Cognito's
PHOTOS = 50


class Answer(NamedTuple):
    """One response of DynamoDB: what the rules charge for it, and what the service has charged."""

    computed: float
    charged: float | None  # None: the request did not ask


Watch: TypeAlias = Callable[[Callable[[], object]], list[Answer]]

ASKS: dict[str, Callable[[Table], object]] = {
    "one photo": lambda table: queries.photo(table, OWNER, f"uploads/{OWNER}/2016/0.jpg"),
    "50 photos of an album": lambda table: queries.album(table, OWNER, "2016"),
    "50 photos of a period": lambda table: queries.between(
        table, OWNER, datetime.fromisoformat("2016-01-01"), datetime.fromisoformat("2017-01-01")
    ),
    "50 photos with a label": lambda table: queries.labeled(table, OWNER, "animal"),
    "50 photos with two labels": lambda table: search.find(
        table, OWNER, [search.term("label", "animal"), search.term("label", "dog")]
    ),
    "50 problems": lambda table: queries.problems(table, OWNER),
    "duplicates among 50 photos": lambda table: queries.copies(table, OWNER, limit=50),
    "one of many albums, with its count and cover": lambda table: queries.albums(table, OWNER),
}


def fill_table(publisher: Publisher) -> None:
    """Write the photos and problems that the questions are about."""
    fill(publisher, OWNER, "2016", PHOTOS)
    for number in range(PHOTOS):
        publisher.problem(f"uploads/{OWNER}/bad/{number}.jpg", NOW, "REJECTED")


def watching(client: Any) -> Watch:  # noqa: ANN401  # one of boto3's generated classes
    """Return a function that calls another, and returns DynamoDB's answers meanwhile."""

    def answers_to(ask: Callable[[], object]) -> list[Answer]:
        answers: list[Answer] = []

        def keep(parsed: dict[str, Any], model: Any, **_: object) -> None:  # noqa: ANN401
            get = model.name == "GetItem"  # the only consistent read
            items = [parsed["Item"]] if get else parsed["Items"]
            charged = parsed.get("ConsumedCapacity", {}).get("CapacityUnits")
            answers.append(Answer(read_units(items, consistent=get), charged))

        client.meta.events.register("after-call.dynamodb", keep, unique_id="units")
        ask()
        client.meta.events.unregister("after-call.dynamodb", unique_id="units")
        return answers

    return answers_to
