"""The table of verify: what is tried, what is expected, and what to do if something else comes.

The checks run in this order. Each is one line of the table.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeAlias

from gallery.verify import deployed, processing
from gallery.verify.photos import BULK, BY_NAME, PHOTOS, MadePhoto
from gallery.verify.run import Run

Look: TypeAlias = Callable[[Run], str]  # returns what came; raises DifferentError, NotTriedError


@dataclass(frozen=True)
class Check:
    """One line of the table."""

    name: str
    tried: str
    expected: str
    advice: str  # if something else came
    look: Look
    photos: tuple[str, ...] = ()  # that have to be uploaded for it
    processes: bool = False  # whether it needs events, though no photo of `photos`


READ_RECORD: Final = (
    "Read step and error, then the log of that function. Then process the users' photos with the"
    " same error again: `make reprocess REPROCESS=--failed`."
)


def _of_photo(photo: MadePhoto, look: Look | None = None, expected: str = "") -> Check:
    """Return the check of a photo's record."""
    return Check(
        photo.name,
        photo.tried,
        expected or _expected(photo),
        READ_RECORD,
        look or processing.record(photo.name),
        (photo.name,),
    )


def _expected(photo: MadePhoto) -> str:
    """Return what a photo's record should say, in a few words."""
    row = photo.expected
    if not photo.is_ready:
        return f"{row['status']} {row.get('reason', '')}".rstrip()
    size = f"{row['format']} {row['width_px']:,} × {row['height_px']:,}"
    rest = [name for name in ("taken_at", "location", "camera", "truncated") if row.get(name)]
    labels = ["labels"] if "labels_status" in row else []
    return ", ".join(["READY", size, *rest, *labels, "renditions"])


EVENTS: Final = Check(
    "events",
    "upload a photo every 15 s until one has a record",
    "a record; S3 needs about five minutes after the first apply",
    "Look at EventBridge in the bucket's properties, at the two rules, at the dead-letter queue"
    " and at the newest executions. What was uploaded before the first event: `make backfill`.",
    processing.events_flow,
)

BEFORE: Final = (
    Check(
        "functions",
        "the state of the three functions",
        "Active, last update successful",
        "Inactive: Lambda restores a function that was idle for weeks at its next event, within"
        " minutes: run verify again. Failed: `make push apply`, and read the reason.",
        deployed.functions,
    ),
    Check(
        "quotas",
        "the account's quotas of Lambda and Rekognition",
        f"at least {deployed.LEAST_PHOTOS_A_MINUTE:.0f} photos a minute",
        "Request higher quotas in the Service Quotas console: Lambda's concurrent executions,"
        " Rekognition's DetectLabels.",
        deployed.quotas,
    ),
    EVENTS,
)

AFTER: Final = (
    _of_photo(BY_NAME["JPEG of 1 MiB"]),
    _of_photo(BY_NAME["JPEG of 6 MiB"]),
    _of_photo(BY_NAME["HEIC"]),
    _of_photo(
        BY_NAME["orientation"],
        processing.upright,
        "READY, JPEG 120 × 160, upright in its renditions",
    ),
    _of_photo(BY_NAME["hostile key"]),
    _of_photo(BY_NAME["truncated"]),
    _of_photo(BY_NAME["not a photo"]),
    _of_photo(BY_NAME["archived"], expected="REJECTED ARCHIVED, or refused by the bucket"),
    _of_photo(BY_NAME["twice"], processing.twice, "both READY, and found as copies"),
    _of_photo(BY_NAME["overwritten"], expected="READY, of the second photo, only its renditions"),
    _of_photo(BY_NAME["deleted"], expected="DELETED, without renditions"),
    _of_photo(BY_NAME["deleted for good"], expected="DELETED, without renditions"),
    _of_photo(BY_NAME["undeleted"], processing.undeleted, "DELETED, then READY"),
    Check(
        "labels",
        "find the cat by its first label",
        "one label or more, and the photo",
        "Read the log of Tag. FAILED:… or PENDING:…: Rekognition refuses or throttles; look at its"
        " quota, and at the region.",
        processing.labels,
        ("hostile key",),
    ),
    Check(
        "renditions",
        "get each rendition of the cat by a signed URL",
        "type, size and Cache-Control of the record, no metadata",
        "Compare the derived bucket with docs/permissions.md, then `make reconcile`.",
        processing.renditions,
        ("hostile key",),
    ),
    Check(
        "unsigned rendition",
        "get a rendition without a signature",
        "403",
        "The derived bucket is public: compare its policy with docs/permissions.md, `make apply`.",
        processing.unsigned_rendition,
        ("hostile key",),
    ),
    Check(
        "album",
        "the number of photos in the album",
        "as many as are READY",
        "`make reconcile RECONCILE=--repair` counts again.",
        processing.album_count,
        ("twice",),
    ),
    Check(
        "gone version",
        "let Thumbnail read a version that was deleted for good",
        "PhotoGoneError: with the function's rights S3 answers 404, not 403",
        "AccessDeniedError: allow s3:ListBucketVersions to the functions beside s3:ListBucket"
        " (terraform/modules/gallery/functions.tf), and please report it.",
        processing.gone_version,
        ("deleted for good",),
    ),
    Check(
        "API signed",
        "the state of an execution, with the caller's signature",
        "200, SUCCEEDED, nothing but times; 404 for an unknown one",
        "403: your credentials need execute-api:Invoke. 502: the role of the API"
        " (docs/permissions.md).",
        deployed.api_signed,
        ("orientation",),
    ),
    Check(
        "API unsigned",
        "the same without a signature",
        "403",
        "The method must require AWS_IAM: `make apply`.",
        deployed.api_unsigned,
        ("orientation",),
    ),
    Check(
        "API preflight",
        "a browser's question before a signed request",
        "allowed for the page, not for another one",
        "Compare site_url and cors_origins with the page's address, then `make apply`.",
        deployed.api_preflight,
        ("orientation",),
    ),
    Check(
        "edits",
        "edit title, date and position of a photo, and take the edits back",
        "the title, the place in words, listed by the new date; then as before",
        "Read the log of the state machine <name>-edit, /aws/vendedlogs/states/<name>-edit, and the"
        " log of Extract, which puts a position into words.",
        processing.edited,
        ("orientation",),
    ),
    Check(
        "reprocessing",
        "edit a photo, and reprocess three",
        "SUCCEEDED, three READY, the edit is kept",
        "Read the execution of the state machine for reprocessing.",
        processing.reprocessed,
        BULK,
    ),
    Check(
        "backfill",
        "delete the records of three photos, and backfill them",
        "SUCCEEDED, three READY, counted once",
        "Read the execution of the state machine for the backfill.",
        processing.backfilled,
        BULK,
    ),
    Check(
        "aborted backfill",
        "abort a backfill of three photos, and see whether its children stop",
        "no child and no photo still runs",
        "After an abort of a backfill, stop the executions that its Map Run lists, too.",
        processing.aborted_backfill,
        BULK,
    ),
    Check(
        "dead letters",
        "messages of these photos in the dead-letter queue",
        "none",
        "Read `failure` in the message, fix the cause. verify removes its own messages.",
        deployed.dead_letters,
        processes=True,
    ),
    Check(
        "plan",
        "plan the deployment, after Lambda and AWS have worked with it",
        "no changes",
        "`make plan` shows them, `make apply` applies them. An aws_ecr_repository_policy: Lambda"
        " has added a statement of its own; please report it.",
        deployed.plan,
        processes=True,
    ),
    Check(
        "alarms",
        "the alarms of the deployment",
        "none in ALARM",
        "docs/operations.md#alarms says what each means.",
        deployed.alarms,
        processes=True,
    ),
    Check(
        "alarm email",
        "the subscription of alarm_email",
        "confirmed, or not set",
        "Click the link in AWS's email with the subject AWS Notification - Subscription"
        " Confirmation.",
        deployed.alarm_email,
    ),
)

CHECK_NAMES: Final = ("functions", "quotas", "events", "uploads", *(one.name for one in AFTER))


def checks(only: tuple[str, ...] = ()) -> list[Check]:
    """Return the checks of a run, and those that they need; all of them without `only`."""
    chosen = [one for one in (*BEFORE, *AFTER) if not only or one.name in only]
    names = {name for one in chosen for name in one.photos}
    if not only or "uploads" in only:
        names |= {photo.name for photo in PHOTOS}
    if not names:
        return chosen
    photos = [photo for photo in PHOTOS if photo.name in names]
    uploads = Check(
        "uploads",
        f"upload {len(photos)} photos at once",
        "S3 accepts all of them",
        "Compare the policy of the photos bucket and your own permissions with the error.",
        processing.upload(photos),
        processes=True,
    )
    before = [one for one in BEFORE if one in chosen or one is EVENTS]
    return [*before, uploads, *(one for one in chosen if one not in before)]
