"""One HTTP request, signed with the caller's AWS credentials or not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.exceptions import NoCredentialsError
from botocore.httpsession import URLLib3Session

if TYPE_CHECKING:
    from collections.abc import Mapping

    import boto3

TIMEOUT_SECONDS: Final = 30

_http: Final = URLLib3Session(timeout=TIMEOUT_SECONDS)


class Response(NamedTuple):
    """An answer, of any status."""

    status: int
    headers: Mapping[str, str]  # names in any case
    body: bytes


def send(
    method: str,
    url: str,
    headers: Mapping[str, str] | None = None,
    *,
    sign_for: tuple[boto3.Session, str] | None = None,
) -> Response:
    """Send a request without a body.

    Args:
        method: such as GET.
        url: encoded.
        headers: to send.
        sign_for: session and service; None sends the request unsigned.

    Raises:
        NoCredentialsError: there is nothing to sign with.
        HTTPClientError: no answer came.
    """
    request = AWSRequest(method, url, headers=dict(headers or {}))
    if sign_for is not None:
        session, service = sign_for
        credentials = session.get_credentials()
        if credentials is None:
            raise NoCredentialsError
        SigV4Auth(credentials, service, session.region_name).add_auth(request)
    answer = _http.send(request.prepare())
    return Response(answer.status_code, answer.headers, answer.content)
