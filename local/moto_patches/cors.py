"""CORS: which pages may read the embedded AWS's answers, and which of their headers.

S3 answers by the rules of the bucket. The other services answer the origins in `ORIGINS`.

AWS: https://docs.aws.amazon.com/AmazonS3/latest/userguide/cors.html
AWS: https://docs.aws.amazon.com/AmazonS3/latest/userguide/ManageCorsUsing.html
"""

import fnmatch
from typing import Final

from flask import Flask, Response, request
from moto.moto_server import werkzeug_app
from moto.s3.models import s3_backends
from moto.s3.responses import S3Response

from local.clients import ACCOUNT
from local.moto_patches.wiring import Moto, replaces

# AWS answers the origins that the owner allows. moto answers every origin: any page that the owner
# of this machine visits could read the photos in it.
ORIGINS: Final[list[str]] = []  # such as http://127.0.0.1:8080; set them before the first request

_NOT_ENABLED: Final = "CORSResponse: CORS is not enabled for this bucket."
_NOT_ALLOWED: Final = (
    "CORSResponse: This CORS request is not allowed. This is usually because the evalution of"
    " Origin, request method / Access-Control-Request-Method or Access-Control-Request-Headers are"
    " not whitelisted by the resource's CORS spec."
)

_cors: Final = werkzeug_app.CORS
_key_response: Final = S3Response._key_response  # noqa: SLF001  # moto's way


@replaces(werkzeug_app, name="CORS")
def _answer_pages(app: Flask) -> None:
    """Add CORS headers to each answer of a service, to those that moto makes of errors too."""
    if app.service == "s3":  # type: ignore[attr-defined]  # moto's attribute
        app.after_request(_add_headers_of_bucket)
        # A preflight request names no service: without a bucket moto takes it for one to S3.
        _cors(app, resources={"/$": {"origins": ORIGINS}})
    else:
        _cors(app, origins=ORIGINS)


def _add_headers_of_bucket(answer: Response) -> Response:
    """AWS adds the headers of the first rule that matches. moto adds none to errors and to POST."""
    backend = s3_backends[ACCOUNT]["aws"]
    bucket = backend.buckets.get(request.path.split("/")[1])
    rule = _rule_for(bucket, request.headers) if bucket else None
    if rule is not None:
        answer.headers["Access-Control-Allow-Origin"] = request.headers["Origin"]
        answer.headers["Access-Control-Allow-Credentials"] = "true"
        answer.headers["Access-Control-Allow-Methods"] = ", ".join(rule.allowed_methods)
        answer.headers["Access-Control-Expose-Headers"] = ", ".join(rule.exposed_headers or [])
        answer.headers["Access-Control-Max-Age"] = str(rule.max_age_seconds or 0)
        answer.headers["Vary"] = (
            "Origin, Access-Control-Request-Headers, Access-Control-Request-Method"
        )
        if asked := request.headers.get("Access-Control-Request-Headers"):
            answer.headers["Access-Control-Allow-Headers"] = asked.lower()
    return answer


def _rule_for(bucket: Moto, headers: Moto) -> Moto:
    """Return the first CORS rule of a bucket that allows a request; None if there is none."""
    origin = headers.get("Origin", "")
    method = headers.get("Access-Control-Request-Method") or request.method
    asked = headers.get("Access-Control-Request-Headers", "").lower().split(",")
    names = [name.strip() for name in asked if name.strip()]
    for rule in bucket.cors:
        allowed = [pattern.lower() for pattern in rule.allowed_headers or []]
        if (
            method in rule.allowed_methods
            and _matches(origin, rule.allowed_origins)
            and all(_matches(name, allowed) for name in names)
        ):
            return rule
    return None


def _matches(text: str, patterns: list[str]) -> bool:
    return any(fnmatch.fnmatchcase(text, pattern) for pattern in patterns)


@replaces(S3Response, name="_get_cors_headers_other")
def _none(_self: Moto) -> dict[str, str]:
    """Return no headers: `_add_headers_of_bucket` adds all of them."""
    return {}


@replaces(S3Response, name="_response_options")
def _preflight(self: Moto, _headers: Moto, bucket_name: str) -> Moto:
    """AWS refuses a preflight request that no rule allows. moto allows every method and header.

    AWS: https://docs.aws.amazon.com/AmazonS3/latest/userguide/cors-troubleshooting.html
    """
    bucket = self.backend.buckets.get(bucket_name)
    if bucket is None or not bucket.cors:
        return _forbidden(_NOT_ENABLED)
    if _rule_for(bucket, self.headers) is None:
        return _forbidden(_NOT_ALLOWED)
    return 200, {}, ""


def _forbidden(message: str) -> tuple[int, dict[str, str], str]:
    body = f"<Error><Code>AccessForbidden</Code><Message>{message}</Message></Error>"
    return 403, {"Content-Type": "application/xml"}, body


@replaces(S3Response, name="_key_response")
def _answer(self: Moto, request: Moto, full_url: str) -> Moto:
    """AWS answers a preflight request, which is never signed, for any object.

    moto refuses it for an object that exists.
    AWS: https://docs.aws.amazon.com/AmazonS3/latest/API/RESTOPTIONSobject.html
    """
    if request.method == "OPTIONS":
        bucket = self.parse_bucket_name_from_url(request, full_url)
        return self._response_options(request.headers, bucket)
    return _key_response(self, request, full_url)
