"""S3: bucket policies with conditions, and objects that are encrypted with a customer's key."""

import json
from typing import Final

from flask import has_request_context, request
from moto.iam.access_control import IAMPolicy, PermissionResult
from moto.s3.models import FakeBucket, FakeKey
from moto.s3.responses import S3Response

from local.moto_patches.wiring import Json, Moto, replaces

CUSTOMER_ALGORITHM: Final = "x-amz-server-side-encryption-customer-algorithm"
CUSTOMER_KEY: Final = "x-amz-server-side-encryption-customer-key-MD5"

_WRONG_KEY: Final = (
    "The object was stored using a form of Server Side Encryption. The correct parameters must be"
    " provided to retrieve the object."
)

_init: Final = FakeKey.__init__
_key_response: Final = S3Response._key_response  # noqa: SLF001  # moto's way


@replaces(FakeBucket, name="get_permission")
def _permission(self: Moto, action: str, resource: str) -> PermissionResult:
    """AWS applies a statement if its conditions hold. moto denies the request if they do not.

    AWS: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition.html
    """
    if action == "s3:PostObject":  # moto's name of the calls of a multipart upload
        action = "s3:PutObject"
    policy = json.loads(self.policy or b'{"Statement": []}')
    applied = [
        {name: part for name, part in statement.items() if name != "Condition"}
        for statement in policy["Statement"]
        if all(
            _holds(operator, key, values)
            for operator, keys in statement.get("Condition", {}).items()
            for key, values in keys.items()
        )
    ]
    return IAMPolicy(json.dumps({**policy, "Statement": applied})).is_action_permitted(
        action, resource
    )


def _holds(operator: str, key: str, values: Json) -> bool:
    """Return whether a condition holds for this request.

    Raises:
        NotImplementedError: no policy of this project had the operator so far.
    """
    value = _value(key)
    wanted = values if isinstance(values, list) else [values]
    match operator:
        case "Null":
            return ("true" in wanted) == (value is None)
        case "ArnEquals" | "Bool" | "StringEquals":
            return value in wanted
        case "StringNotEquals":  # holds without a value, too
            return value not in wanted
    raise NotImplementedError(f"the condition operator {operator} of {key}")


def _value(key: str) -> str | None:
    """Return the value of a condition key: the loopback counts as TLS, no caller is a service."""
    if key == "aws:SecureTransport":
        return "true"
    return request.headers.get(key.removeprefix("s3:")) if key.startswith("s3:x-amz-") else None


@replaces(S3Response, name="_key_response")
def _answer(self: Moto, request: Moto, full_url: str) -> Moto:
    """AWS returns an object only with the key that it was stored with. moto ignores the key.

    New buckets refuse customer keys until their encryption settings block NONE.
    AWS: https://docs.aws.amazon.com/AmazonS3/latest/userguide/blocking-unblocking-s3-c-encryption-gpb.html
    AWS: https://docs.aws.amazon.com/AmazonS3/latest/userguide/ServerSideEncryptionCustomerKeys.html
    """
    bucket = self.backend.buckets.get(self.parse_bucket_name_from_url(request, full_url))
    stores_key = request.method in ("POST", "PUT") and CUSTOMER_ALGORITHM in request.headers
    if bucket is not None and stores_key and not _allows_customer_keys(bucket):
        return _refusal(403, "AccessDenied", "Access Denied")
    if bucket is not None and request.method in ("GET", "HEAD"):
        version = self.querystring.get("versionId", [None])[0]
        found = self.backend.get_object(bucket.name, self.parse_key_name(), version_id=version)
        stored = getattr(found, "customer_key", None)  # a delete marker has none
        if stored != request.headers.get(CUSTOMER_KEY):
            return _refusal(400, "InvalidRequest", _WRONG_KEY)
    return _key_response(self, request, full_url)


@replaces(FakeKey, name="__init__")
def _keep_key(self: Moto, *args: Moto, **options: Moto) -> None:
    """Keep the customer key that a new object is stored with, before its event is sent."""
    _init(self, *args, **options)
    self.customer_key = request.headers.get(CUSTOMER_KEY) if has_request_context() else None


def _allows_customer_keys(bucket: Moto) -> bool:
    blocked = ((bucket.encryption or {}).get("Rule") or {}).get("BlockedEncryptionTypes") or {}
    return bool(blocked.get("EncryptionType") == "NONE")


def _refusal(status: int, code: str, message: str) -> tuple[int, dict[str, str], str]:
    body = f"<Error><Code>{code}</Code><Message>{message}</Message></Error>"
    return status, {"Content-Type": "application/xml"}, body
