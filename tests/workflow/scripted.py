"""Scripted functions: each step gives a fixed answer, so that tests check the state machine."""

import hashlib
import json
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from extract.handler import handle, read_edits
from local.functions import Answer, Function
from shared.contracts import (
    BoundingBox,
    Camera,
    Contract,
    Edited,
    ExtractRequest,
    ExtractResult,
    ImageFacts,
    Instance,
    Label,
    Location,
    Metadata,
    Person,
    PhotoRef,
    Rendition,
    TagRequest,
    TagResult,
    TakenAt,
    ThumbnailRequest,
    ThumbnailResult,
    dump,
    parse,
)
from shared.keys import derived_key
from shared.terms import terms_of
from shared.versions import VERSIONS

UPLOADED_AT = "2024-07-01T10:00:00Z"  # of each event, and of each object that a step reads

Step = Callable[[Any], Contract]
Request = ExtractRequest | ThumbnailRequest | TagRequest
REQUESTS: dict[str, type[Request]] = {
    "extract": ExtractRequest,
    "thumbnail": ThumbnailRequest,
    "tag": TagRequest,
}


def extract(request: ExtractRequest) -> ExtractResult:
    """Return an answer with every kind of metadata."""
    return ExtractResult(
        image=ImageFacts(
            format="JPEG",
            mime_type="image/jpeg",
            bytes=request.photo.bytes or 0,
            width_px=4032,
            height_px=3024,
            orientation=6,
        ),
        metadata=Metadata(
            taken_at=TakenAt(
                local="2016-04-09T14:08:13",
                offset="+02:00",
                utc="2016-04-09T12:08:13Z",
                source="EXIF:DateTimeOriginal",
            ),
            location=Location(latitude=-0.000001, longitude=13.377704, altitude_m=35.5),
            camera=Camera(make='LG \\ "G5"', f_number=1.8, exposure_s=0.000125, iso=50),
            title="“Ümlaut” {% $x %}\n",
            keywords=["one"],
            creator="Ada",
            rating=-1,
            people=[
                Person(
                    name="{% $x %}",
                    boxes=[BoundingBox(left=0, top=0.5, width=0.0001, height=0.25)],
                ),
                Person(name="Grace"),
            ],
        ),
        uploaded_at=UPLOADED_AT,
        sort_time="2016-04-09T14:08:13",
        version=1,
    )


def with_terms(result: ExtractResult, edited: Edited | None) -> ExtractResult:
    """Return a result of Extract with the terms of its metadata and of edits, as the real step."""
    return msgspec.structs.replace(
        result,
        terms=terms_of(result.metadata),
        edited_terms=read_edits(edited).terms if edited else None,
    )


def thumbnail(request: ThumbnailRequest) -> ThumbnailResult:
    """Return two renditions."""
    return ThumbnailResult(
        renditions={
            name: Rendition(
                key=derived_key(request.photo, name, "webp", recipe="1"),
                width_px=px,
                height_px=px * 3 // 4,
                bytes=px,
                mime_type="image/webp",
            )
            for name, px in {"thumb": 400, "large": 1600}.items()
        },
        sha256=hashlib.sha256(str(request.photo.version_id).encode()).hexdigest(),
        version=1,
    )


def tag(request: TagRequest) -> TagResult:
    """Return Dog, and one label that only this version of the photo has."""
    own = f"version {request.photo.version_id}"
    box = BoundingBox(left=0.25, top=0.5, width=0.125, height=0.0625)
    return TagResult(
        labels=[
            Label(
                name="Dog",
                confidence=98.7654,
                parents=["Animal", "Pet"],
                categories=["Animals and Pets"],
                instances=[Instance(confidence=91.5, box=box)],
            ),
            Label(name=own, confidence=60),
        ],
        label_index=["dog", "animal", "pet", own],
        labels_status="READY",
        labels_model="scripted 1",
        version=VERSIONS["tag"],
    )


@dataclass
class Scripted:
    """`local.functions.Functions` with a script for each step; tests replace them by name."""

    steps: dict[str, Step] = field(
        default_factory=lambda: {"extract": extract, "thumbnail": thumbnail, "tag": tag}
    )
    failure: Exception | None = None  # of Extract's answers to edits
    calls: Counter[tuple[str, str]] = field(default_factory=Counter)  # step, photo key
    largest_payload_bytes: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def start(self, environment: Mapping[str, str]) -> None:
        """Do nothing: there is nothing to start."""

    def deploy(self, function: Function) -> None:
        """Do nothing: there is nothing to deploy."""

    def stop(self) -> None:
        """Do nothing: there is nothing to stop."""

    def invoke(self, function: Function, payload: bytes) -> Answer:
        """Answer as the runtime does: with the step's result, or the class name of its error."""
        name = function.step
        made = json.loads(payload)
        if name == "extract" and "photo" not in made:  # of an edit: the real function answers
            if self.failure is not None:
                return runtime_report(self.failure)
            return Answer(json.dumps(handle(made, None)).encode())
        request = parse(REQUESTS[name], made)
        with self.lock:
            self.calls[name, request.photo.key] += 1
        try:
            result = self.steps[name](request)
            if isinstance(result, ExtractResult) and isinstance(request, ExtractRequest):
                result = with_terms(result, request.edited)
            answer = json.dumps(dump(result)).encode()
        except Exception as error:  # noqa: BLE001  # as the runtime does
            return runtime_report(error)
        with self.lock:
            self.largest_payload_bytes = max(self.largest_payload_bytes, len(payload), len(answer))
        return Answer(answer)


def runtime_report(error: Exception) -> Answer:
    """Return the answer of Lambda's runtime if a handler raises `error`."""
    report = {"errorType": type(error).__name__, "errorMessage": str(error)}
    return Answer(json.dumps({**report, "stackTrace": []}).encode(), failed=True)


def raising(error: Exception) -> Step:
    """Return a step that always raises `error`."""

    def step(_request: object) -> Contract:
        raise error

    return step


def failing(times: int, error: Exception, then: Step) -> Step:
    """Return a step that raises `error` for the first `times` calls, and then runs `then`."""
    left = [times]

    def step(request: object) -> Contract:
        if left[0] > 0:
            left[0] -= 1
            raise error
        return then(request)

    return step


def event(  # noqa: PLR0913  # the fields of S3's events
    key: str,
    *,
    sequencer: int,
    version_id: str,
    bucket: str = "photos",
    kind: str = "Object Created",
    deletion_type: str | None = None,
    size: int = 1000,
) -> dict[str, Any]:
    """Return the state machine's input for one event, as upload_rules.json.tftpl makes it."""
    photo = {"key": key, "version-id": version_id, "sequencer": f"{sequencer:016X}"}
    made = {"event": kind, "time": UPLOADED_AT, "bucket": bucket, "object": photo}
    if kind == "Object Created":
        photo |= {"size": size, "etag": f"etag-{version_id}"}  # type: ignore[dict-item]
    else:
        made["deletion_type"] = deletion_type or "Delete Marker Created"
    return made


def photo_of(made: Mapping[str, Any]) -> PhotoRef:
    """Return the reference to the photo of an event."""
    return PhotoRef(
        bucket=made["bucket"], key=made["object"]["key"], version_id=made["object"]["version-id"]
    )
