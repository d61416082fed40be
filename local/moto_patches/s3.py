"""S3: events for each change of an object, in the order of the changes; lists, memory.

AWS: https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html
moto: https://github.com/getmoto/moto/issues/7363 (events that are missing)
"""

import fnmatch
import functools
import json
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from typing import Final
from urllib.parse import parse_qs, quote, unquote

from moto.core.responses import ActionResult
from moto.core.utils import utcnow
from moto.moto_server.utilities import RegexConverter
from moto.s3 import models, notifications
from moto.s3.exceptions import PreconditionFailed
from moto.s3.models import FakeBucket, FakeDeleteMarker, FakeMultipart, S3Backend
from moto.s3.responses import S3Response
from moto.s3.utils import LOGGING_SERVICE_PRINCIPAL, _VersionedKeyStore
from werkzeug.routing import BaseConverter

from local.moto_patches import eventbridge
from local.moto_patches.wiring import Json, Moto, replaces, replaces_static

EMPTY_ETAG: Final = "d41d8cd98f00b204e9800998ecf8427e"  # of no bytes, as a delete marker has

MAX_KEY_BYTES: Final = 1024
IN_MEMORY_BYTES: Final = 65_536  # of one object; larger objects are kept in files

_CREATED: Final = {
    "s3:ObjectCreated:Put": "PutObject",
    "s3:ObjectCreated:Post": "POST Object",
    "s3:ObjectCreated:Copy": "CopyObject",
    "s3:ObjectCreated:CompleteMultipartUpload": "CompleteMultipartUpload",
}

_lock: Final = threading.RLock()
_sequencer: Final = [0]  # of the last event


def _locked(method: Callable[..., Json]) -> Callable[..., Json]:
    @functools.wraps(method)
    def call(*args: Moto, **options: Moto) -> Json:
        with _lock:
            return method(*args, **options)

    return call


# AWS: each write is atomic. moto reads and writes the list of versions in two steps.
# AWS: https://docs.aws.amazon.com/AmazonS3/latest/userguide/Welcome.html#ConsistencyModel
for _name in ("put_object", "copy_object", "complete_multipart_upload"):
    setattr(S3Backend, _name, _locked(getattr(S3Backend, _name)))

# AWS deletes the last delete marker of a key. moto fails on it.
# AWS: https://docs.aws.amazon.com/AmazonS3/latest/userguide/DeleteMarker.html
FakeDeleteMarker.dispose = lambda _: None

_copy_object: Final = S3Response.copy_object
_key_response: Final = S3Response._key_response  # noqa: SLF001  # moto's way
_start_multipart: Final = FakeMultipart.__init__
_set_key: Final = S3Backend.put_object
_get_bucket_notification: Final = S3Response.get_bucket_notification
_list_object_versions: Final = S3Response.list_object_versions
_delete_object: Final = S3Backend.delete_object
_list_versions_of: Final = S3Backend.list_object_versions
_wanted: Final = threading.local()  # the prefix that this thread lists


@replaces(S3Response, name="_key_response")
def _refuse_long_keys(self: Moto, request: Moto, full_url: str) -> Moto:
    """AWS refuses a key of more than 1,024 bytes. moto takes it.

    AWS: https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html
    """
    if request.method in ("POST", "PUT") and len(self.parse_key_name().encode()) > MAX_KEY_BYTES:
        body = "<Error><Code>KeyTooLongError</Code><Message>Your key is too long</Message></Error>"
        return 400, {"Content-Type": "application/xml"}, body
    return _key_response(self, request, full_url)


@replaces(RegexConverter, name="__init__")
def _match_line_breaks(self: Moto, url_map: Moto, *patterns: str) -> None:
    """AWS takes any Unicode in the key of an object. moto finds no path with a line break.

    AWS: https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html
    """
    BaseConverter.__init__(self, url_map)
    self.regex = f"(?s:{patterns[0]})"


@replaces(models, name="get_s3_default_key_buffer_size")
def _key_buffer_size() -> int:
    """AWS stores any number of objects. moto keeps up to 4 MB of each in memory."""
    return IN_MEMORY_BYTES


@replaces(FakeMultipart, name="__init__")
def _multipart(self: Moto, *args: Moto, **options: Moto) -> None:
    """Record when a multipart upload begins; see `_put_object`."""
    _start_multipart(self, *args, **options)
    self.begun_at = utcnow()


@replaces(S3Backend, name="put_object")
def _put_object(self: Moto, bucket_name: str, key_name: str, *args: Moto, **options: Moto) -> Moto:
    """AWS dates an object by the beginning of its multipart upload. moto dates it by the end.

    AWS: https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingMetadata.html
    """
    key = _set_key(self, bucket_name, key_name, *args, **options)
    multipart = options.get("multipart")
    if multipart is not None and not options.get("disable_notification"):  # which a copy sets
        key.last_modified = multipart.begun_at
    return key


@replaces(S3Response, name="copy_object")
def _copy_if(self: Moto) -> Json:
    """AWS copies an object only if the conditions hold. moto ignores two of them.

    AWS: https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html
    """
    with _lock:
        if self.headers.get("If-None-Match") == "*" and (
            self.backend.get_object(self.bucket_name, self.parse_key_name()) is not None
        ):
            raise PreconditionFailed("If-None-Match")
        wanted = self.headers.get("x-amz-copy-source-if-match")
        if wanted is not None:
            path, _, query = self.headers["x-amz-copy-source"].partition("?")
            bucket, _, key = unquote(path).lstrip("/").partition("/")
            version = parse_qs(query).get("versionId", [None])[0]
            source = self.backend.get_object(bucket, key, version_id=version)
            if source is not None and source.etag.strip('"') != wanted.strip('"'):
                raise PreconditionFailed("x-amz-copy-source-If-Match")
        return _copy_object(self)


@replaces(S3Response, name="get_bucket_notification")
def _get_notification(self: Moto) -> Json:
    """AWS returns whether a bucket sends events to EventBridge. moto returns other targets only.

    AWS: https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketNotificationConfiguration.html
    """
    listens = self.backend.get_bucket_notification_configuration(self.bucket_name)
    if listens and listens.event_bridge is not None:
        _amend(self, lambda result: {**result, "EventBridgeConfiguration": {}})
    return _get_bucket_notification(self)


@replaces(S3Backend, name="list_object_versions")
def _find_versions(self: Moto, bucket_name: str, *, prefix: str = "", **asked: Moto) -> Moto:
    """AWS finds the versions of a prefix by an index. moto copies and searches the whole bucket.

    AWS: https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectVersions.html
    """
    _wanted.prefix = prefix
    try:
        return _list_versions_of(self, bucket_name, prefix=prefix, **asked)
    finally:
        _wanted.prefix = ""


@replaces(_VersionedKeyStore, name="iterlists")
def _lists(self: Moto) -> Iterator[tuple[str, list[Moto]]]:
    """Yield only the keys of the prefix; see `_find_versions`, the only caller."""
    prefix = getattr(_wanted, "prefix", "")
    for key, versions in dict(self).items():
        if key.startswith(prefix):
            yield key, versions


@replaces(S3Response, name="list_object_versions")
def _list_versions(self: Moto) -> Json:
    """AWS encodes keys if the caller sets encoding-type. moto does so only in its other lists.

    AWS: https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectVersions.html
    """
    if self.querystring.get("encoding-type") == ["url"]:
        _amend(self, _encoded)
    return _list_object_versions(self)


def _encoded(result: dict[str, Json]) -> dict[str, Json]:
    def encode(item: dict[str, Json], *names: str) -> dict[str, Json]:
        return {**item, **{name: quote(item[name]) for name in names if item.get(name)}}

    lists = {
        name: [encode(item, "Key", "Prefix") for item in result.get(name, [])]
        for name in ("Versions", "DeleteMarkers", "CommonPrefixes")
    }
    markers = ("Prefix", "Delimiter", "KeyMarker", "NextKeyMarker")
    return {**encode(result, *markers), **lists, "EncodingType": "url"}


def _amend(response: Moto, change: Callable[[dict[str, Json]], dict[str, Json]]) -> None:
    """Apply `change` to the answer of this request."""
    serialized = response.serialized
    response.serialized = lambda result: serialized(ActionResult(change(result.result)))


@replaces_static(FakeBucket, name="_log_permissions_enabled_policy")
def _may_be_logged_to(target_bucket: Moto, target_prefix: str | None) -> bool:
    """AWS delivers access logs if a bucket policy allows it. moto fails on lists and Principal *.

    AWS: https://docs.aws.amazon.com/AmazonS3/latest/userguide/enable-server-access-logging.html
    """
    policy = json.loads(target_bucket.policy or b'{"Statement": []}')
    log = f"{target_bucket.arn}/{target_prefix or ''}log"
    return any(
        statement["Effect"] == "Allow"
        and statement["Principal"] == {"Service": LOGGING_SERVICE_PRINCIPAL}
        and "s3:PutObject" in _listed(statement["Action"])
        and any(fnmatch.fnmatchcase(log, pattern) for pattern in _listed(statement["Resource"]))
        for statement in policy["Statement"]
    )


def _listed(one_or_more: Json) -> list[str]:
    return one_or_more if isinstance(one_or_more, list) else [one_or_more]


@replaces(notifications, name="_send_event_bridge_message")
def _object_created(_account_id: str, bucket: Moto, event_name: str, key: Moto) -> None:
    """AWS sends one event for each new object, with its etag and a rising sequencer.

    moto sends two for a multipart upload, names the etag eTag, uses the notification's name as
    the reason, and repeats one id and one sequencer.
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

    moto sends one only for the last version of a key.
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
    """Send an event to the default bus, in the form of S3's."""
    _sequencer[0] = max(time.time_ns(), _sequencer[0] + 1)
    detail = {
        "version": "0",
        "bucket": {"name": bucket.name},
        "object": {**facts, "sequencer": f"{_sequencer[0]:018X}"},
        "request-id": uuid.uuid4().hex[:16].upper(),
        "requester": bucket.account_id,
        "source-ip-address": "127.0.0.1",
        **reason,
    }
    eventbridge.send(
        bucket.account_id, bucket.region_name, "aws.s3", detail_type, bucket.arn, detail
    )
