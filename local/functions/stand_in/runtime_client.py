"""Stand in for the compiled module `runtime_client` of awslambdaric, which exists for Linux only.

The functions have the names and arguments that awslambdaric/lambda_runtime_client.py uses, and
raise RuntimeError with the same messages.
"""

import os
from collections.abc import Mapping
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException, HTTPMessage

_INVOCATION = "/2018-06-01/runtime/invocation"
_connection = HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
_user_agent = {"User-Agent": ""}


def initialize_client(user_agent: str) -> None:
    """Set the User-Agent of the requests."""
    _user_agent["User-Agent"] = user_agent


def next() -> tuple[bytes, dict[str, str | int | None]]:  # noqa: A001  # the name of the original
    """Wait for an event; return it with the headers that describe it."""
    problem = "Failed to get next"
    event, headers = _request("GET", "next", HTTPStatus.OK, problem)
    names = (
        "Lambda-Runtime-Aws-Request-Id",
        "Lambda-Runtime-Trace-Id",
        "Lambda-Runtime-Invoked-Function-Arn",
        "Lambda-Runtime-Client-Context",
        "Content-Type",
        "Lambda-Runtime-Cognito-Identity",
        "Lambda-Runtime-Aws-Tenant-Id",
        "Lambda-Runtime-Invocation-Id",
    )
    deadline = {"Lambda-Runtime-Deadline-Ms": int(headers["Lambda-Runtime-Deadline-Ms"])}
    return event, {**{name: headers[name] for name in names}, **deadline}


def post_invocation_result(
    request_id: str, result: bytes, content_type: str, invocation_id: str | None
) -> None:
    """Post the result of an event."""
    headers = {"Content-Type": content_type, **_invocation(invocation_id)}
    problem = "Failed to post invocation response"
    _request("POST", f"{request_id}/response", HTTPStatus.ACCEPTED, problem, result, headers)


def post_error(request_id: str, error: str, xray_fault: str, invocation_id: str | None) -> None:
    """Post the error of an event."""
    headers: dict[str, str | bytes] = {
        "Content-Type": "application/json",
        "Lambda-Runtime-Function-XRay-Error-Cause": xray_fault.encode(),
        **_invocation(invocation_id),
    }
    problem = "Failed to post invocation error"
    _request("POST", f"{request_id}/error", HTTPStatus.ACCEPTED, problem, error.encode(), headers)


def _invocation(invocation_id: str | None) -> dict[str, str]:
    return {} if invocation_id is None else {"Lambda-Runtime-Invocation-Id": invocation_id}


def _request(  # noqa: PLR0913, PLR0917  # an HTTP request
    method: str,
    path: str,
    expected: HTTPStatus,
    problem: str,
    body: bytes | None = None,
    headers: Mapping[str, str | bytes] | None = None,
) -> tuple[bytes, HTTPMessage]:
    try:
        _connection.request(
            method, f"{_INVOCATION}/{path}", body, {**_user_agent, **(headers or {})}
        )
        answer = _connection.getresponse()
        content = answer.read()
    except (HTTPException, OSError) as error:
        raise RuntimeError(problem) from error
    if answer.status != expected:
        raise RuntimeError(problem)
    return content, answer.headers
