"""Checks of what the workflow does with photos: uploads, records, renditions, bulk runs."""

from __future__ import annotations

import io
import json
import time
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from PIL import Image

from gallery import backfill, queries, reprocess, search
from gallery.buckets import Bucket
from gallery.editing import EditError, Editor
from gallery.records import Edits, Taken
from gallery.verify import http
from gallery.verify.photos import (
    ALBUM,
    BLUE,
    BULK,
    BULK_ALBUM,
    BY_NAME,
    MIB,
    MadePhoto,
    plain,
)
from gallery.verify.run import AT_ONCE, DifferentError, NotTriedError, Run, describe
from shared.contracts import PhotoRef, Position, ThumbnailRequest, dump
from shared.errors import PhotoGoneError
from shared.keys import digest
from shared.s3 import CACHE_CONTROL
from shared.text import fold_label

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from gallery.records import Photo
    from gallery.table import Row

PART_BYTES: Final = 5 * MIB  # the smallest that S3 accepts for all parts but the last
PROBE_EVERY_SECONDS: Final = 15.0
COLOR_TOLERANCE: Final = 60  # of 255: a rendition is compressed
TITLE: Final = "Edited by verify"
TAKEN: Final = "2001-02-03T04:05:06"
PARIS: Final = Position(latitude=48.8566, longitude=2.3522)

# Where Pillow keeps what a file says beside its pixels.
METADATA: Final = frozenset({"exif", "xmp", "XML:com.adobe.xmp", "comment", "photoshop", "mp"})


def events_flow(run: Run) -> str:
    """Put a photo again and again until one of its events has led to a record."""
    key, started, puts = f"{run.prefix}events.jpg", time.monotonic(), 0

    def look() -> bool | None:
        nonlocal puts
        if time.monotonic() - started >= puts * PROBE_EVERY_SECONDS:
            run.client("s3").put_object(Bucket=run.outputs.photos_bucket, Key=key, Body=plain())
            puts += 1
        return True if key in run.photo_rows() else None

    if run.wait("waiting for S3's first event", look, run.patience.events) is None:
        raise DifferentError(
            f"no event in {run.patience.events:.0f} s; uploads: {puts}; {_path_of_events(run)}"
        )
    return f"the first record after {time.monotonic() - started:.0f} s; uploads: {puts}"


def _path_of_events(run: Run) -> str:
    """Return the state of what an event passes through."""
    sends = run.client("s3").get_bucket_notification_configuration(Bucket=run.outputs.photos_bucket)
    on = "on" if "EventBridgeConfiguration" in sends else "off"
    events = run.client("events")
    names = events.list_rule_names_by_target(TargetArn=run.outputs.state_machine_arn)["RuleNames"]
    rules = [f"{name} {events.describe_rule(Name=name)['State']}" for name in sorted(names)]
    return f"EventBridge of the bucket is {on}; rules: {', '.join(rules) or 'none'}"


def upload(photos: Iterable[MadePhoto]) -> Callable[[Run], str]:
    """Return a check that uploads photos, all at once."""
    chosen = list(photos)

    def look(run: Run) -> str:
        run.client("s3")  # clients are not made in threads
        with ThreadPoolExecutor(AT_ONCE, thread_name_prefix=run.owner) as pool:
            refused = [text for text in pool.map(lambda photo: _upload(run, photo), chosen) if text]
        if refused:
            raise DifferentError("; ".join(refused))
        return f"objects: {len(run.uploaded)}"

    return look


def _upload(run: Run, photo: MadePhoto) -> str:
    """Upload a photo, and return why S3 refuses it; empty if it does not."""
    s3, bucket = run.client("s3"), run.outputs.photos_bucket
    try:
        for key in photo.keys(run.owner):
            run.uploaded[key] = time.monotonic()
            if photo.replaces is not None:
                s3.put_object(Bucket=bucket, Key=key, Body=photo.replaces())
            put = _put_parts if photo.multipart else _put
            run.versions[key] = version = put(run, photo, key)
            if photo.deleted:
                which = {"VersionId": version} if photo.deleted == "version" else {}
                s3.delete_object(Bucket=bucket, Key=key, **which)
    except s3.exceptions.ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] == HTTPStatus.FORBIDDEN and (
            photo.storage_class != "STANDARD"
        ):
            return ""  # the bucket may refuse other classes: `record` says so
        return f"{photo.name}: {error}"
    return ""


def _put(run: Run, photo: MadePhoto, key: str) -> str:
    answer = run.client("s3").put_object(
        Bucket=run.outputs.photos_bucket,
        Key=key,
        Body=photo.body(),
        StorageClass=photo.storage_class,
    )
    return str(answer["VersionId"])


def _put_parts(run: Run, photo: MadePhoto, key: str) -> str:
    """Upload in parts, with the checksums that S3 answers, as the page does."""
    s3, body = run.client("s3"), photo.body()
    place = {"Bucket": run.outputs.photos_bucket, "Key": key}
    begun = s3.create_multipart_upload(**place, ChecksumAlgorithm="CRC32")
    place["UploadId"] = begun["UploadId"]
    parts = []
    for number, start in enumerate(range(0, len(body), PART_BYTES), 1):
        answer = s3.upload_part(
            **place,
            PartNumber=number,
            Body=body[start : start + PART_BYTES],
            ChecksumAlgorithm="CRC32",
        )
        parts.append(
            {
                "PartNumber": number,
                "ETag": answer["ETag"],
                "ChecksumCRC32": answer["ChecksumCRC32"],
            }
        )
    ended = s3.complete_multipart_upload(**place, MultipartUpload={"Parts": parts})
    return str(ended["VersionId"])


def record(name: str) -> Callable[[Run], str]:
    """Return a check that compares the record of an uploaded photo."""
    photo = BY_NAME[name]

    def look(run: Run) -> str:
        if photo.storage_class != "STANDARD" and run.versions.keys().isdisjoint(
            photo.keys(run.owner)
        ):
            return "the bucket refused it"
        return _compare(run, photo)

    return look


def _compare(run: Run, photo: MadePhoto) -> str:
    rows = run.await_photos([photo.name])[photo.name]
    problems = [text for row in rows for text in _problems(run, photo, row)]
    if problems:
        raise DifferentError("; ".join(problems))
    return describe(rows[0])


def _problems(run: Run, photo: MadePhoto, row: Row) -> Iterator[str]:
    """Yield the differences between a record and what its photo leads to."""
    if row["status"] == photo.expected["status"]:
        yield from differences(photo.expected, row)
    else:
        yield describe(row)
    named = {one["key"] for one in row.get("renditions", {}).values()}
    if row["status"] == "READY" and not named:
        yield "no renditions"
    listed = run.client("s3").list_objects_v2(
        Bucket=run.outputs.derived_bucket, Prefix=f"{run.owner}/{digest(row['key'])}/"
    )
    stored = {one["Key"] for one in listed.get("Contents", [])}
    yield from (f"rendition {key} is missing" for key in sorted(named - stored))
    yield from (f"rendition {key} is in no record" for key in sorted(stored - named))


def differences(expected: Mapping[str, Any], row: Mapping[str, Any], at: str = "") -> Iterator[str]:
    """Yield the attributes in which a row differs from `expected`, where None means absent."""
    for name, value in expected.items():
        came = row.get(name)
        if isinstance(value, dict) and isinstance(came, dict):
            yield from differences(value, came, f"{at}{name}.")
        elif came != value:
            yield f"{at}{name} is {came!r}, not {value!r}"


def upright(run: Run) -> str:
    """Compare the record of the photo that lies on its side, and the pixels of a rendition."""
    came = _compare(run, BY_NAME["orientation"])
    [row] = run.await_photos(["orientation"])["orientation"]
    rendition = min(row["renditions"].values(), key=lambda one: int(one["bytes"]))
    with Image.open(io.BytesIO(_get(run, rendition).body)) as picture:
        width_px, height_px = picture.size
        corner: Any = picture.convert("RGB").getpixel((width_px - width_px // 8, height_px // 8))
    if max(abs(one - other) for one, other in zip(corner, BLUE, strict=True)) > COLOR_TOLERANCE:
        raise DifferentError(f"the top right corner is {corner}, not blue like {BLUE}")
    return came


def twice(run: Run) -> str:
    """Compare both records, and find the two keys as copies of one photo."""
    photo = BY_NAME["twice"]
    came = _compare(run, photo)
    pages = queries.copies(run.table, run.owner)
    keys = [copies.keys for copies in pages.items]
    if sorted(photo.keys(run.owner)) not in keys:
        raise DifferentError(f"the copies that are found: {keys}")
    return f"{came}; found as copies"


def undeleted(run: Run) -> str:
    """Delete the photo, remove the delete marker, and compare its record after each."""
    photo = BY_NAME["undeleted"]
    s3, bucket = run.client("s3"), run.outputs.photos_bucket
    [key] = photo.keys(run.owner)
    run.await_photos([photo.name])
    marker = s3.delete_object(Bucket=bucket, Key=key)["VersionId"]
    _await_status(run, key, "DELETED")
    del run.complete[key]
    run.uploaded[key] = time.monotonic()
    s3.delete_object(Bucket=bucket, Key=key, VersionId=marker)
    _await_status(run, key, "READY")
    run.complete[key] = time.monotonic()
    return f"DELETED, then {_compare(run, photo)}"


def _await_status(run: Run, key: str, status: str) -> None:
    last: Row = {}

    def look() -> bool | None:
        nonlocal last
        last = run.photo_rows()[key]
        return True if last["status"] in {status, "FAILED", "REJECTED"} else None

    run.wait(f"waiting until {key} is {status}", look, run.patience.photo)
    if last["status"] != status:
        raise DifferentError(f"{describe(last)} instead of {status}: {key}")


def labels(run: Run) -> str:
    """Find a photo by its first label."""
    [row] = run.await_photos(["hostile key"])["hostile key"]
    names = [label["name"] for label in row.get("labels", [])]
    if not names:
        raise DifferentError(f"no labels; labels_status is {row.get('labels_status')}")
    found = search.find(run.table, run.owner, [search.term("label", names[0])])
    if row["key"] not in [photo.key for photo in found.items]:
        raise DifferentError(f"the photo is not found by its label {fold_label(names[0])!r}")
    return f"found by {names[0]!r}; labels: {len(names)}"


def renditions(run: Run) -> str:
    """Get each rendition by a signed URL."""
    [row] = run.await_photos(["hostile key"])["hostile key"]
    if row["status"] != "READY":
        raise DifferentError(describe(row))
    problems = [
        f"{name}: {text}"
        for name, rendition in row["renditions"].items()
        for text in _of_rendition(rendition, _get(run, rendition), row["camera"]["make"])
    ]
    if problems:
        raise DifferentError("; ".join(problems))
    return ", ".join(row["renditions"])


def unsigned_rendition(run: Run) -> str:
    """Get a rendition without a signature."""
    [row] = run.await_photos(["hostile key"])["hostile key"]
    if row["status"] != "READY":
        raise DifferentError(describe(row))
    rendition = next(iter(row["renditions"].values()))
    answer = http.send("GET", _signed_url(run, rendition).partition("?")[0])
    if answer.status == HTTPStatus.FORBIDDEN:
        return "403"
    if run.emulator is not None:
        raise NotTriedError(f"{run.emulator} answers requests without a signature")
    raise DifferentError(f"status {answer.status}")


def _signed_url(run: Run, rendition: Mapping[str, Any]) -> str:
    place = {"Bucket": run.outputs.derived_bucket, "Key": rendition["key"]}
    return str(run.client("s3").generate_presigned_url("get_object", Params=place, ExpiresIn=300))


def _get(run: Run, rendition: Mapping[str, Any]) -> http.Response:
    return http.send("GET", _signed_url(run, rendition))


def _of_rendition(
    rendition: Mapping[str, Any], answer: http.Response, secret: str
) -> Iterator[str]:
    """Yield the differences between an answer and the rendition of a record."""
    if answer.status != HTTPStatus.OK:
        yield f"status {answer.status}"
        return
    for header, value in {
        "Content-Type": rendition["mime_type"],
        "Cache-Control": CACHE_CONTROL,
        "Content-Length": str(rendition["bytes"]),
    }.items():
        if answer.headers.get(header) != value:
            yield f"{header} is {answer.headers.get(header)!r}, not {value!r}"
    with Image.open(io.BytesIO(answer.body)) as picture:
        size, told = picture.size, METADATA & picture.info.keys()
    if size != (rendition["width_px"], rendition["height_px"]):
        yield f"it has {size[0]} × {size[1]} px"
    if told or secret.encode() in answer.body:
        yield f"it has metadata: {', '.join(sorted(told)) or secret}"


def album_count(run: Run) -> str:
    """Compare the number of photos of the album with those that are READY."""
    run.await_photos(
        name
        for name, photo in BY_NAME.items()
        if photo.album == ALBUM and run.versions.keys() >= set(photo.keys(run.owner))
    )
    return _compare_count(run, ALBUM)


def _compare_count(run: Run, album: str) -> str:
    rows = run.photo_rows().items()
    right = sum(
        key.startswith(f"{run.prefix}{album}/") and row["status"] == "READY" for key, row in rows
    )
    counts = {found.path: found.photos for found in queries.albums(run.table, run.owner).items}
    if counts.get(album, 0) != right:
        raise DifferentError(f"{counts.get(album, 0)} photos are counted, {right} are there")
    return f"photos: {right}"


def gone_version(run: Run) -> str:
    """Let Thumbnail read a version that was deleted for good."""
    photo = BY_NAME["deleted for good"]
    [key] = photo.keys(run.owner)
    run.await_photos([photo.name])
    photo_ref = PhotoRef(bucket=run.outputs.photos_bucket, key=key, version_id=run.versions[key])
    answer = run.client("lambda").invoke(
        FunctionName=run.outputs.function_names["thumbnail"],
        Payload=json.dumps(dump(ThumbnailRequest(photo=photo_ref))).encode(),
    )
    payload = json.load(answer["Payload"])
    error = payload.get("errorType", "no error")
    if error != PhotoGoneError.__name__:
        raise DifferentError(f"{error}: {payload.get('errorMessage', '')}")
    return str(error)


def edited(run: Run) -> str:
    """Edit title, date and place of a photo, and take the edits back."""
    [before] = run.await_photos(["orientation"])["orientation"]
    wanted = Edits(title=TITLE, taken=Taken(local=TAKEN), location=PARIS)
    photo, row = _edit(run, before["key"], wanted)
    problems = []
    if photo.title != TITLE:
        problems.append(f"the title is {photo.title!r}")
    if photo.place is None:
        problems.append("the position has no place in words")
    if not row["time_key"].startswith(f"time#{TAKEN}"):
        problems.append(f"it is listed as {row['time_key']}")
    photo, row = _edit(run, before["key"], Edits())
    if photo.edits != Edits() or row["time_key"] != before["time_key"]:
        problems.append("the edits cannot be taken back")
    if problems:
        raise DifferentError("; ".join(problems))
    return "edited and listed by its new date; then as before"


def _edit(run: Run, key: str, edits: Edits) -> tuple[Photo, Row]:
    """Replace the edits of a photo, and return the photo and its row."""
    editor = Editor(run.client("stepfunctions"), run.outputs.edit_arn, run.table)
    try:
        photo = editor.edit(run.owner, key, edits)
    except EditError as error:
        raise DifferentError(str(error)) from error
    return photo, run.photo_rows()[key]


def reprocessed(run: Run) -> str:
    """Edit a photo, reprocess three, and compare their records."""
    before = run.await_photos(BULK)
    first = before[BULK[0]][0]
    _edit(run, first["key"], Edits(title=TITLE))
    selection = reprocess.Selection(everything=True, album=BULK_ALBUM)
    work = list(
        reprocess.jobs(run.table, run.owner, selection, relabel=False, tally=reprocess.Tally())
    )
    arn = reprocess.start(
        run.client("stepfunctions"),
        run.outputs.reprocess_arn,
        Bucket(run.client("s3"), run.outputs.logs_bucket),
        work,
        at_once=len(BULK),
        name=run.name_execution(run.outputs.reprocess_arn),
    )
    came = _bulk_run(run, arn, "reprocessing")
    after = run.photo_rows()
    problems = [
        f"{row['key']} was not processed again"
        for [row] in before.values()
        if after[row["key"]]["execution_arn"] == row["execution_arn"]
    ]
    kept = queries.photo(run.table, run.owner, first["key"])
    if kept is None or kept.title != TITLE:
        problems.append("the edited title is lost")
    if problems:
        raise DifferentError("; ".join(problems))
    return f"{came}; the edit is kept"


def backfilled(run: Run) -> str:
    """Delete the records of three photos, and let the backfill make them again."""
    came = _bulk_run(run, _start_backfill(run, max_concurrency=len(BULK)), "backfill")
    return f"{came}; in the album {_compare_count(run, BULK_ALBUM)}"


def _start_backfill(run: Run, *, max_concurrency: int) -> str:
    """Delete the records of three photos, and start a backfill of them; return its ARN."""
    run.await_photos(BULK)
    sort_keys = [
        row["sk"]
        for row in run.all_rows()
        if str(row.get("photo", row["sk"])).startswith(f"photo#{BULK_ALBUM}/")
        or row.get("album") == BULK_ALBUM
    ]
    run.table.delete(run.owner, sort_keys)
    return backfill.start(
        run.client("stepfunctions"),
        run.outputs.backfill_arn,
        prefix=f"{run.prefix}{BULK_ALBUM}/",
        max_concurrency=max_concurrency,
        name=run.name_execution(run.outputs.backfill_arn),
    )


def _bulk_run(run: Run, arn: str, what: str) -> str:
    """Wait for an execution, and compare the records of the three photos."""
    ended = run.await_execution(arn, what)
    if ended["status"] != "SUCCEEDED":
        raise DifferentError(f"{ended['status']}: {ended.get('error')}: {ended.get('cause')}")
    rows = run.photo_rows()
    problems = []
    for name in BULK:
        [key] = BY_NAME[name].keys(run.owner)
        if key in rows:
            problems += [f"{key}: {text}" for text in _problems(run, BY_NAME[name], rows[key])]
            status = _status_of(run, rows[key]["execution_arn"])
            problems += [f"{key}: its execution {status}"] * (status != "SUCCEEDED")
        else:
            problems.append(f"{key}: no record")
    if problems:
        raise DifferentError("; ".join(problems))
    return f"SUCCEEDED, {len(BULK)} READY"


def _status_of(run: Run, arn: str) -> str:
    described = run.client("stepfunctions").describe_execution(executionArn=arn)
    return str(described["status"])


def aborted_backfill(run: Run) -> str:
    """Abort a backfill, and see whether its children stop."""
    if not run.abort_backfill:
        raise NotTriedError(
            "an aborted execution raises the alarm executions-aborted; --abort-backfill tries it"
        )
    stepfunctions = run.client("stepfunctions")
    arn = _start_backfill(run, max_concurrency=1)

    def children() -> list[Row]:
        return [
            child
            for map_run in stepfunctions.list_map_runs(executionArn=arn)["mapRuns"]
            for child in stepfunctions.list_executions(mapRunArn=map_run["mapRunArn"])["executions"]
        ]

    begun = run.wait("waiting for the first child", lambda: children() or None, run.patience.photo)
    if begun is None:
        raise NotTriedError("no child execution had begun")
    stepfunctions.stop_execution(executionArn=arn, error="Verify", cause="aborted on purpose")

    def ended() -> list[Row] | None:
        found = children()
        return None if any(one["status"] == "RUNNING" for one in found) else found

    found = run.wait("waiting for the children", ended, run.patience.photo)
    if found is None:
        raise DifferentError(f"children still run after {run.patience.photo:.0f} s")
    rows = run.photo_rows()
    keys = [key for name in BULK for key in BY_NAME[name].keys(run.owner) if key in rows]
    photos = [_status_of(run, rows[key]["execution_arn"]) for key in keys]
    came = f"children {', '.join(one['status'] for one in found)}; photos {', '.join(photos)}"
    if "RUNNING" in photos:
        raise DifferentError(came)
    return came
