"""The largest transaction of Publish is within the limits of DynamoDB and Step Functions."""

import json
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from extract.handler import read_edits
from publishing import NOW, Publisher
from shared.contracts import (
    BoundingBox,
    Camera,
    Edited,
    ExtractRequest,
    Label,
    Location,
    Metadata,
    Person,
    PhotoRef,
    ThumbnailRequest,
    dump,
    parse,
)
from shared.items import plain
from shared.keys import term_of
from shared.limits import (
    MAX_DESCRIPTION_CHARACTERS,
    MAX_KEYWORD_CHARACTERS,
    MAX_KEYWORDS,
    MAX_LABEL_CHARACTERS,
    MAX_LABELS,
    MAX_OWNER_BYTES,
    MAX_PEOPLE,
    MAX_PERSON_CHARACTERS,
    MAX_TAG_CHARACTERS,
    MAX_TERM_ROWS,
)
from tag.labels import Labels, tag_result
from workflow.scripted import extract, thumbnail

MAX_ITEMS = 100  # of a transaction
OLD_LABEL_ROWS = 49  # of a photo that an earlier release has published
MAX_STATE_BYTES = 262_144  # of a state's payload
KEY = f"uploads/{'o' * MAX_OWNER_BYTES}/".ljust(1024, "x")


class Recorder:
    """A DynamoDB client with one photo; it records the transactions."""

    def __init__(self, **more: Any) -> None:  # noqa: ANN401  # DynamoDB's JSON
        self.old = {
            "status": {"S": "READY"},
            "album_key": {"S": "album"},
            "month_key": {"S": "month#2001-01#0"},
            "sort_time": {"S": "2001-01-01T00:00:00"},
            **more,
        }
        self.written: list[dict[str, Any]] = []

    def update_item(self, **_: object) -> dict[str, Any]:
        return {"Attributes": self.old}

    def transact_write_items(self, **arguments: Any) -> None:  # noqa: ANN401  # JSON
        self.written.append(arguments)


# Of capitals, a term has its text twice: as it is written, and folded.
DESERET = "\U00010400"  # four bytes, and so has the small letter
CHINESE = "漢"  # three bytes


def longest_metadata(letter: str) -> Metadata:
    """Return texts of the largest lengths and numbers."""
    tag = letter * MAX_TAG_CHARACTERS
    box = BoundingBox(left=0.1234, top=0.1234, width=0.1234, height=0.1234)
    return Metadata(
        camera=Camera(make=tag, model=tag, lens=tag),
        location=Location(latitude=52.518611, longitude=13.376111),
        title=tag,
        description=letter * MAX_DESCRIPTION_CHARACTERS,
        keywords=[f"{number:{letter}>{MAX_KEYWORD_CHARACTERS}}" for number in range(MAX_KEYWORDS)],
        creator=tag,
        copyright=tag,
        rating=5,
        people=[
            Person(name=f"{number:{letter}>{MAX_PERSON_CHARACTERS}}", boxes=[box])
            for number in range(MAX_PEOPLE)
        ],
    )


def longest_edits(letter: str) -> dict[str, Any]:
    """Return the attributes of a row with the longest edits and terms."""
    metadata = longest_metadata(letter)
    edits = {
        "title": metadata.title,
        "description": metadata.description,
        "keywords": metadata.keywords,
        "hidden_labels": [
            f"{number:{letter}>{MAX_LABEL_CHARACTERS}}".lower() for number in range(MAX_LABELS)
        ],
    }
    texts = {name: edits[name] for name in ("title", "description", "keywords")}
    terms = dump(read_edits(parse(Edited, texts)).terms)
    found_by = [one["key"] for one in terms["keywords"]]
    found_by += [f"label#{number:€>64}" for number in range(MAX_TERM_ROWS - len(found_by))]
    return {
        "edits": {"S": json.dumps(edits, ensure_ascii=False)},
        "edited_terms": {"S": json.dumps(terms, ensure_ascii=False)},
        "found_by": {"L": [{"S": key} for key in found_by]},
    }


def earlier(letter: str) -> dict[str, Any]:
    """Return the attributes of a row of an earlier release with the longest edits and labels."""
    end = f"#2016-04-09T12:08:13#{'d' * 24}"
    labels = [f"{number:{letter}>{MAX_LABEL_CHARACTERS}}" for number in range(OLD_LABEL_ROWS)]
    keys = [{"S": f"label#{label.lower()}{end}"} for label in labels]
    return {"edits": longest_edits(letter)["edits"], "label_keys": {"L": keys}}


def size(value: object) -> int:
    """Return the bytes of a value as JSON."""
    return len(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode())


def published(letter: str, key: str, more: dict[str, Any]) -> list[dict[str, Any]]:
    """Publish a photo with the longest texts and labels; return the transaction's items."""
    dynamodb = Recorder(**more)
    photo = PhotoRef(bucket="photos", key=key, version_id="v" * 32, bytes=1000)
    labels = [
        Label(name=f"{number:€>44}", confidence=90 - number, parents=[f"{number:€<44}"])
        for number in range(MAX_LABELS)
    ]
    tags = tag_result(Labels(found=labels), version=1)
    assert len(tags.label_index) == MAX_TERM_ROWS
    extracted = extract(ExtractRequest(photo=photo))
    longest = msgspec.structs.replace(extracted, metadata=longest_metadata(letter))
    Publisher(dynamodb).ready(key, NOW, (longest, thumbnail(ThumbnailRequest(photo=photo)), tags))
    [arguments] = dynamodb.written
    assert size(arguments) < MAX_STATE_BYTES * 19 / 20
    list_: list[dict[str, Any]] = arguments["TransactItems"]
    return list_


def term_rows_of(items: list[dict[str, Any]]) -> list[str]:
    """Return the terms of which rows are put; assert that the photo's row names them."""
    row = plain(items[0]["Put"]["Item"])
    terms = [term_of(one["Put"]["Item"]["sk"]["S"]) for one in items[1:] if "Put" in one]
    assert row["found_by"] == terms
    assert size(items[0]["Put"]["Item"]) < MAX_STATE_BYTES  # it is the next claim's answer
    return terms


@pytest.mark.parametrize("was", [longest_edits, earlier], ids=["edited", "of an earlier release"])
@pytest.mark.parametrize(
    ("letter", "in_edits"),
    [(DESERET, DESERET), (DESERET, '"'), (CHINESE, CHINESE)],  # a quote is escaped twice
    ids=["four bytes", "escaped", "Chinese"],
)
def test_the_largest_photo_publishes_with_the_terms_that_fit(
    letter: str, in_edits: str, was: Callable[[str], dict[str, Any]]
) -> None:
    items = published(letter, KEY, was(in_edits))

    terms = term_rows_of(items)
    left_out = plain(items[0]["Put"]["Item"])["terms_left_out"]
    short = published(letter, "uploads/alice/a.jpg", was(in_edits))
    more = term_rows_of(short)
    assert len(terms) < len(more)
    assert more[: len(terms)] == terms
    assert left_out - plain(short[0]["Put"]["Item"])["terms_left_out"] == len(more) - len(terms)


@pytest.mark.parametrize(
    ("letter", "more", "old_rows"),
    [
        (DESERET, {}, 0),
        ("a", earlier("a"), OLD_LABEL_ROWS),
        ("a", longest_edits("a"), MAX_TERM_ROWS),
    ],
    ids=["new", "of an earlier release", "edited"],
)
def test_other_photos_have_every_row_that_a_transaction_takes(
    letter: str, more: dict[str, Any], old_rows: int
) -> None:
    items = published(letter, KEY, more)

    assert len(term_rows_of(items)) == MAX_TERM_ROWS
    assert sum("Delete" in one for one in items) == old_rows
    assert len(items) == 3 + MAX_TERM_ROWS + old_rows <= MAX_ITEMS
