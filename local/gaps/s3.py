"""S3: an event for each change of an object, in the order of the changes."""

import functools
import threading
import time
import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Final

from moto.events.models import events_backends
from moto.s3 import models, notifications
from moto.s3.models import S3Backend

from local.gaps.wiring import Json, Moto, replaces

EMPTY_ETAG: Final = "d41d8cd98f00b204e9800998ecf8427e"  # of no bytes: a delete marker's

IN_MEMORY_BYTES: Final = 65_536  # of one object; more is kept in a file

_CREATED: Final = {
    "s3:ObjectCreated:Put": "PutObject",
    "s3:ObjectCreated:Post": "POST Object",
    "s3:ObjectCreated:Copy": "CopyObject",
    "s3:ObjectCreated:CompleteMultipartUpload": "CompleteMultipartUpload",
}

_lock: Final = threading.RLock()
_sequencer: Final = [0]  # the last one given


def _locked(method: Callable[..., Json]) -> Callable[..., Json]:
    @functools.wraps(method)
    def call(*args: Moto, **options: Moto) -> Json:
        with _lock:
            return method(*args, **options)

    return call


# AWS makes each write atomic. moto reads and writes the list of versions in two steps.
for _name in ("put_object", "copy_object", "complete_multipart_upload"):
    setattr(S3Backend, _name, _locked(getattr(S3Backend, _name)))

_delete_object: Final = S3Backend.delete_object


@replaces(models, name="get_s3_default_key_buffer_size")
def _key_buffer_size() -> int:
    """AWS has room for any number of photos. moto would keep each in memory, up to 4 MB."""
    return IN_MEMORY_BYTES


@replaces(notifications, name="_send_event_bridge_message")
def _object_created(_account_id: str, bucket: Moto, event_name: str, key: Moto) -> None:
    """AWS sends one event for each new object, with its etag and a rising sequencer.

    moto sends two for a multipart upload, calls the etag eTag, gives the notification's name for
    a reason, and has one id and one sequencer for all.
    """
    reason = _CREATED.get(event_name)
    if reason is None or (reason == "PutObject" and key.multipart is not None):
        return
    version = {"version-id": key.version_id} if bucket.is_versioned else {}
    facts = {"key": key.name, "size": key.size, "etag": key.etag.strip('"'), **version}
    _send(bucket, "Object Created", facts, {"reason": reason})


@replaces(S3Backend, name="delete_object")
def _object_deleted(
    self: Moto,
    bucket_name: str,
    key_name: str,
    version_id: str | None = None,
    bypass: bool = False,  # noqa: FBT001, FBT002  # moto's signature
) -> tuple[bool, Json]:
    """AWS sends an event for each delete marker and for each version that is deleted.

    moto sends one for the last version alone.
    """
    with _lock:
        bucket = self.get_bucket(bucket_name)
        before = list(bucket.keys.getlist(key_name, []))
        answer: tuple[bool, Json] = _delete_object(self, bucket_name, key_name, version_id, bypass)
        after = bucket.keys.getlist(key_name, [])
        facts = {"key": key_name}
        if len(after) > len(before):
            deletion_type = "Delete Marker Created"
            facts |= {"etag": EMPTY_ETAG, "version-id": after[-1].version_id}
        else:
            deletion_type = "Permanently Deleted"
            facts |= {"version-id": version_id} if version_id else {}
        listens = bucket.notification_configuration
        if len(after) != len(before) and listens and listens.event_bridge is not None:
            reason = {"reason": "DeleteObject", "deletion-type": deletion_type}
            _send(bucket, "Object Deleted", facts, reason)
        return answer


def _send(
    bucket: Moto, detail_type: str, facts: Mapping[str, object], reason: Mapping[str, str]
) -> None:
    """Give the default bus an event, as S3 sends it.

    Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html
    """
    _sequencer[0] = max(time.time_ns(), _sequencer[0] + 1)
    event = {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": detail_type,
        "source": "aws.s3",
        "account": bucket.account_id,
        "time": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "region": bucket.region_name,
        "resources": [bucket.arn],
        "detail": {
            "version": "0",
            "bucket": {"name": bucket.name},
            "object": {**facts, "sequencer": f"{_sequencer[0]:018X}"},
            "request-id": uuid.uuid4().hex[:16].upper(),
            "requester": bucket.account_id,
            "source-ip-address": "127.0.0.1",
            **reason,
        },
    }
    bus = events_backends[bucket.account_id][bucket.region_name].event_buses["default"]
    for rule in list(bus.rules.values()):
        rule.send_to_targets(event)
