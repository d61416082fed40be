"""The largest transaction of Publish is within the limits of DynamoDB and Step Functions."""

import json
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
CYRILLIC = "Ж"  # two bytes


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
        "hidden_labels": ["x" * MAX_LABEL_CHARACTERS] * MAX_LABELS,
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


OLD_KEYS = [
    {"S": f"label#{number:€>64}#2016-04-09T12:08:13#{'d' * 24}"} for number in range(OLD_LABEL_ROWS)
]


@pytest.mark.parametrize(
    ("letter", "more", "old_rows", "share"),
    [
        (DESERET, {"label_keys": {"L": OLD_KEYS}}, OLD_LABEL_ROWS, 7 / 8),
        (CYRILLIC, longest_edits(CYRILLIC), MAX_TERM_ROWS, 24 / 25),  # edits are in it twice
    ],
    ids=["of an earlier release", "edited"],
)
def test_the_largest_transaction_is_within_the_limits_of_aws(
    letter: str, more: dict[str, Any], old_rows: int, share: float
) -> None:
    dynamodb = Recorder(**more)
    photo = PhotoRef(bucket="photos", key=KEY, version_id="v" * 32, bytes=1000)
    labels = [
        Label(name=f"{number:€>44}", confidence=90 - number, parents=[f"{number:€<44}"])
        for number in range(MAX_LABELS)
    ]
    tags = tag_result(Labels(found=labels), version=1)
    extracted = extract(ExtractRequest(photo=photo))
    longest = msgspec.structs.replace(extracted, metadata=longest_metadata(letter))

    Publisher(dynamodb).ready(KEY, NOW, (longest, thumbnail(ThumbnailRequest(photo=photo)), tags))

    [arguments] = dynamodb.written
    text = json.dumps(arguments, ensure_ascii=False, separators=(",", ":"))
    assert len(tags.label_index) == MAX_TERM_ROWS
    assert len(arguments["TransactItems"]) == 3 + MAX_TERM_ROWS + old_rows <= MAX_ITEMS
    assert len(text.encode()) < MAX_STATE_BYTES * share
