"""Write rows as the state machine does: with its own expressions, but without executions."""

import json
from collections.abc import Mapping
from typing import Any

import msgspec

from embeddedaws import TABLE
from extract.place import place_at
from local import jsonata
from local.template import PLACEHOLDERS, Values, render_file
from shared.contracts import (
    BoundingBox,
    Contract,
    ExtractRequest,
    ExtractResult,
    Instance,
    Label,
    Location,
    Person,
    PhotoRef,
    TagRequest,
    TagResult,
    TakenAt,
    ThumbnailRequest,
    ThumbnailResult,
    dump,
    parse,
)
from tag.labels import Labels, tag_result
from workflow.scripted import event, extract, tag, thumbnail, with_terms

NOW = "2024-07-01T10:00:00Z"

NAMES: Values = {**PLACEHOLDERS, "table": TABLE, "photos_bucket": "photos"}
STATES: dict[str, Any] = json.loads(render_file("statemachine.json.tftpl", NAMES))["States"]


class Publisher:
    """Claims photos and publishes their outcome; each claim is newer than the previous one."""

    def __init__(self, dynamodb: Any) -> None:  # noqa: ANN401  # one of boto3's generated classes
        self.dynamodb = dynamodb
        self.sequencer = 0

    def claim(self, key: str, time: str) -> dict[str, Any]:
        """Run Claim; return the execution's variables."""
        self.sequencer += 1
        made = event(key, sequencer=self.sequencer, version_id=f"v{self.sequencer}")
        made["time"] = time
        arn = f"arn:{self.sequencer}"
        variables: dict[str, Any] = {
            "states": {"input": made, "context": {"Execution": {"Id": arn, "Input": made}}}
        }
        answer = self.dynamodb.update_item(**evaluated(STATES["Claim"]["Arguments"], variables))
        variables["states"]["result"] = answer
        assign(STATES["Claim"], variables)
        return variables

    def ready(
        self, key: str, time: str, results: tuple[ExtractResult, ThumbnailResult, TagResult]
    ) -> None:
        """Publish a photo as READY, with the answers of the three steps."""
        variables = self.claim(key, time)
        asked = evaluated(STATES["Extract"]["Arguments"]["Payload"], variables)
        extracted, *others = results
        results_ = [with_terms(extracted, parse(ExtractRequest, asked).edited), *others]
        variables["extracted"], *variables["states"]["result"] = map(_result, results_)
        self._publish(STATES["RenderAndTag"], variables)

    def problem(self, key: str, time: str, status: str) -> None:
        """Publish a photo as REJECTED or FAILED."""
        variables = self.claim(key, time)
        error = "EmptyPhotoError" if status == "REJECTED" else "AccessDeniedError"
        variables["failure"] = {"step": "Extract", "error": {"Error": error, "Cause": "0 bytes"}}
        assign(STATES["ReadFailure"], variables)
        state = "RecordRejection" if status == "REJECTED" else "RecordFailure"
        self._publish(STATES[state], variables)

    def deleted(self, key: str, time: str) -> None:
        """Publish a photo as DELETED."""
        gone, *_ = STATES["CheckCurrentVersion"]["Choices"]
        self._publish(gone, self.claim(key, time))

    def _publish(self, state: Mapping[str, Any], variables: dict[str, Any]) -> None:
        assign(state, variables)
        arguments = evaluated(STATES["Publish"]["Arguments"], variables)
        self.dynamodb.transact_write_items(**arguments)


def fill(publisher: Publisher, owner: str, album: str, photos: int) -> None:
    """Publish photos with every kind of metadata into an album, one second apart."""
    for number in range(photos):
        key = f"uploads/{owner}/{album}/{number}.jpg"
        at = f"2016-04-09T12:00:{number:02}"
        publisher.ready(key, NOW, results_of(key, version_id=f"{number:032}", sort_time=at))


def results_of(
    key: str,
    *,
    version_id: str = "v1",
    size: int = 3_000_000,
    sort_time: str = "2016-04-09T12:00:00",
) -> tuple[ExtractResult, ThumbnailResult, TagResult]:
    """Return the answers of the three steps for a photo with every kind of metadata."""
    photo = PhotoRef(bucket="photos", key=key, version_id=version_id, bytes=size)
    extracted = extract(ExtractRequest(photo=photo))
    taken = TakenAt(local=sort_time, source="EXIF:DateTimeOriginal")
    metadata = msgspec.structs.replace(extracted.metadata, taken_at=taken)
    return (
        msgspec.structs.replace(extracted, metadata=metadata, sort_time=sort_time),
        thumbnail(ThumbnailRequest(photo=photo)),
        tag(TagRequest(photo=photo, image=extracted.image)),
    )


def usual_results_of(
    key: str, *, stated: bool = False
) -> tuple[ExtractResult, ThumbnailResult, TagResult]:
    """Return the answers of the three steps for a photo of a phone with 10 labels and ancestors.

    Args:
        key: of the photo.
        stated: whether the file has people, keywords and texts, too: more terms than rows.
    """
    extracted, rendered, _ = results_of(key, version_id="v" * 32)
    place = place_at(Location(latitude=52.518611, longitude=13.376111))
    metadata = msgspec.structs.replace(
        extracted.metadata, place=place, title=None, keywords=None, people=None
    )
    if stated:
        metadata = msgspec.structs.replace(
            metadata,
            people=[Person(name=f"First Last {number}") for number in range(10)],
            keywords=[f"Keyword {number}" for number in range(20)],
            title="A title of five words",
            description="A description has some more",
        )
    box = BoundingBox(left=0.123456, top=0.123456, width=0.123456, height=0.123456)
    labels = [
        Label(
            name=f"Label number {number}",
            confidence=90.1234 - number,
            parents=[f"Parent {number}"] if number % 2 else [],
            categories=["Animals and Pets"],
            instances=[] if number % 3 else [Instance(confidence=91.123456, box=box)],
        )
        for number in range(10)
    ]
    tagged = tag_result(Labels(found=labels), version=1)
    return msgspec.structs.replace(extracted, metadata=metadata), rendered, tagged


def assign(state: Mapping[str, Any], variables: dict[str, Any]) -> None:
    """Evaluate the Assign of a state or of a choice rule into `variables`."""
    variables |= {name: evaluated(value, variables) for name, value in state["Assign"].items()}


def evaluated(value: Any, variables: Mapping[str, Any]) -> Any:  # noqa: ANN401  # JSON
    """Return JSON with each of its expressions evaluated."""
    match value:
        case str() if value.startswith("{%"):
            return jsonata.evaluate(value.removeprefix("{%").removesuffix("%}").strip(), variables)
        case dict():
            return {name: evaluated(item, variables) for name, item in value.items()}
        case list():
            return [evaluated(item, variables) for item in value]
    return value


def _result(contract: Contract) -> Any:  # noqa: ANN401  # JSON
    return json.loads(json.dumps(dump(contract)))
