"""The largest transaction of Publish is within the limits of DynamoDB and Step Functions."""

import json
from typing import Any

import msgspec

from publishing import NOW, Publisher
from shared.contracts import (
    BoundingBox,
    Camera,
    ExtractRequest,
    Label,
    Metadata,
    Person,
    PhotoRef,
    ThumbnailRequest,
)
from shared.limits import (
    MAX_DESCRIPTION_CHARACTERS,
    MAX_KEYWORD_CHARACTERS,
    MAX_KEYWORDS,
    MAX_LABEL_ROWS,
    MAX_LABELS,
    MAX_OWNER_BYTES,
    MAX_PEOPLE,
    MAX_PERSON_CHARACTERS,
    MAX_TAG_CHARACTERS,
)
from tag.labels import Labels, tag_result
from workflow.scripted import extract, thumbnail

MAX_ITEMS = 100  # of a transaction
OLD_LABEL_ROWS = 49  # of a photo that an earlier release has published
MAX_STATE_BYTES = 262_144  # of a state's payload
KEY = f"uploads/{'o' * MAX_OWNER_BYTES}/".ljust(1024, "x")


class Recorder:
    """A DynamoDB client with one photo; it records the transactions."""

    def __init__(self, label_keys: list[str]) -> None:
        self.old = {
            "status": {"S": "READY"},
            "album_key": {"S": "album"},
            "month_key": {"S": "month#2001-01#0"},
            "label_keys": {"L": [{"S": key} for key in label_keys]},
        }
        self.written: list[dict[str, Any]] = []

    def update_item(self, **_: object) -> dict[str, Any]:
        return {"Attributes": self.old}

    def transact_write_items(self, **arguments: Any) -> None:  # noqa: ANN401  # JSON
        self.written.append(arguments)


def longest_metadata() -> Metadata:
    """Return texts of the largest lengths and numbers, in characters of four bytes."""
    tag = "😀" * MAX_TAG_CHARACTERS
    box = BoundingBox(left=0.1234, top=0.1234, width=0.1234, height=0.1234)
    return Metadata(
        camera=Camera(make=tag, model=tag, lens=tag),
        title=tag,
        description="😀" * MAX_DESCRIPTION_CHARACTERS,
        keywords=[f"{number:😀>{MAX_KEYWORD_CHARACTERS}}" for number in range(MAX_KEYWORDS)],
        creator=tag,
        copyright=tag,
        rating=5,
        people=[
            Person(name=f"{number:😀>{MAX_PERSON_CHARACTERS}}", boxes=[box])
            for number in range(MAX_PEOPLE)
        ],
    )


def test_the_largest_transaction_is_within_the_limits_of_aws() -> None:
    old = [
        f"label#{number:€>64}#2016-04-09T12:08:13#{'d' * 24}" for number in range(OLD_LABEL_ROWS)
    ]
    dynamodb = Recorder(old)
    photo = PhotoRef(bucket="photos", key=KEY, version_id="v" * 32, bytes=1000)
    labels = [
        Label(name=f"{number:€>44}", confidence=90 - number, parents=[f"{number:€<44}"])
        for number in range(MAX_LABELS)
    ]
    tags = tag_result(Labels(found=labels), version=1)
    extracted = extract(ExtractRequest(photo=photo))
    longest = msgspec.structs.replace(extracted, metadata=longest_metadata())

    Publisher(dynamodb).ready(KEY, NOW, (longest, thumbnail(ThumbnailRequest(photo=photo)), tags))

    [arguments] = dynamodb.written
    text = json.dumps(arguments, ensure_ascii=False, separators=(",", ":"))
    assert len(tags.label_index) == MAX_LABEL_ROWS
    assert len(arguments["TransactItems"]) == MAX_ITEMS
    assert len(text.encode()) < MAX_STATE_BYTES * 5 / 6
