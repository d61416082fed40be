"""CORS: which pages may read the embedded AWS's answers, and which of their headers.

S3 answers by the rules of the bucket. The other services answer the origins in `ORIGINS`.

AWS: https://docs.aws.amazon.com/AmazonS3/latest/userguide/cors.html
AWS: https://docs.aws.amazon.com/AmazonS3/latest/userguide/ManageCorsUsing.html
"""

import fnmatch
from http import HTTPStatus
from typing import Final

from flask import Flask, Response, request
from moto.moto_server import werkzeug_app
from moto.s3.models import s3_backends
from moto.s3.responses import S3Response
from werkzeug.datastructures import Headers

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


@replaces(werkzeug_app, name="CORS")
def _answer_pages(app: Flask) -> None:
    """Add CORS headers to each answer of a service, to those that moto makes of errors too."""
    if app.service == "s3":  # type: ignore[attr-defined]  # moto's attribute
        app.after_request(_add_headers_of_bucket)
    else:
        _cors(app, origins=ORIGINS)


def _add_headers_of_bucket(answer: Response) -> Response:
    """AWS adds the headers of the first rule that matches. moto adds none to errors and to POST."""
    bucket = _bucket(request.path)
    rule = _rule_for(bucket, request.method, request.headers) if bucket else None
    if rule is not None:
        answer.headers.update(_headers_of(rule, request.headers))
    return answer


def preflight(path: str, headers: Headers) -> tuple[HTTPStatus, dict[str, str], bytes]:
    """Answer a preflight request of one of `ORIGINS`, which is never signed.

    AWS refuses it if no rule of the bucket allows it. moto allows every method and header, refuses
    it for an object that exists, and lists the buckets without one.
    AWS: https://docs.aws.amazon.com/AmazonS3/latest/userguide/cors-troubleshooting.html
    AWS: https://docs.aws.amazon.com/AmazonS3/latest/API/RESTOPTIONSobject.html
    """
    if path == "/":  # of any other service
        allowed = {
            "Access-Control-Allow-Origin": headers["Origin"],
            "Access-Control-Allow-Methods": "POST",
            "Access-Control-Allow-Headers": headers.get("Access-Control-Request-Headers", ""),
        }
        return HTTPStatus.OK, allowed, b""
    bucket = _bucket(path)
    if bucket is None or not bucket.cors:
        return _forbidden(_NOT_ENABLED)
    rule = _rule_for(bucket, headers["Access-Control-Request-Method"], headers)
    return (HTTPStatus.OK, _headers_of(rule, headers), b"") if rule else _forbidden(_NOT_ALLOWED)


def _bucket(path: str) -> Moto:
    return s3_backends[ACCOUNT]["aws"].buckets.get(path.split("/")[1])


def _headers_of(rule: Moto, headers: Headers) -> dict[str, str]:
    """Return the headers of an answer that a rule allows."""
    asked = headers.get("Access-Control-Request-Headers")
    return {
        "Access-Control-Allow-Origin": headers["Origin"],
        "Access-Control-Allow-Credentials": "true",
        "Access-Control-Allow-Methods": ", ".join(rule.allowed_methods),
        "Access-Control-Expose-Headers": ", ".join(rule.exposed_headers or []),
        "Access-Control-Max-Age": str(rule.max_age_seconds or 0),
        "Vary": "Origin, Access-Control-Request-Headers, Access-Control-Request-Method",
        **({"Access-Control-Allow-Headers": asked.lower()} if asked else {}),
    }


def _rule_for(bucket: Moto, method: str, headers: Headers) -> Moto:
    """Return the first CORS rule of a bucket that allows a request; None if there is none."""
    origin = headers.get("Origin", "")
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


def _forbidden(message: str) -> tuple[HTTPStatus, dict[str, str], bytes]:
    body = f"<Error><Code>AccessForbidden</Code><Message>{message}</Message></Error>"
    return HTTPStatus.FORBIDDEN, {"Content-Type": "application/xml"}, body.encode()
