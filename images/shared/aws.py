"""The common part of all AWS clients: how they are created, and the meaning of errors."""

import os
from datetime import datetime
from email.utils import parsedate_to_datetime
from functools import cache
from http import HTTPStatus
from typing import Any

from botocore.config import Config
from botocore.credentials import CredentialResolver, EnvProvider
from botocore.exceptions import (
    ClientError,
    ConnectionError,  # noqa: A004  # botocore's own: no connection came about
    FlexibleChecksumError,
    HTTPClientError,
    IncompleteReadError,
)
from botocore.handlers import BUILTIN_HANDLERS, REGISTER_FIRST, REGISTER_LAST
from botocore.session import Session
from botocore.utils import parse_timestamp

MAX_CONNECTIONS = 4  # of a client; only Thumbnail, for its renditions, uses more than one at a time

# Few and short attempts: Step Functions retries the step with jitter, and does not bill the wait.
CLIENT_CONFIG = Config(
    connect_timeout=2,  # seconds; within a region a connection takes milliseconds
    read_timeout=10,  # seconds between two packets
    retries={"mode": "standard", "total_max_attempts": 2},
    max_pool_connections=MAX_CONNECTIONS,
)


SERVICES = frozenset({"dynamodb", "rekognition", "s3"})


def create_client(service: str, config: Config = CLIENT_CONFIG) -> Any:  # noqa: ANN401  # of any service
    """Return a client of one of `SERVICES`; all of them share one session.

    It is the client that boto3 returns, without what boto3 adds: `upload_file` and its like, with
    threads and processes. With boto3 a cold start takes a quarter longer.
    """
    if not any(name.lower().endswith("_proxy") for name in os.environ):
        config = config.merge(Config(proxies={}))  # else urllib.request looks for such names
    return _session().create_client(service, config=config)


def is_registered(event: str) -> bool:
    """Return whether botocore's handlers of `event`, such as before-call.s3, can ever be called."""
    hook, _, rest = event.partition(".")
    service = rest.partition(".")[0]
    return hook != "docs" and service in {"", "*", *SERVICES}


@cache
def _session() -> Session:
    """Return botocore's session, without what no function needs.

    That is its handlers for other services and for documentation: registering all 120 makes a cold
    start 5 % longer. It is the sources of credentials behind the environment, which Lambda sets and
    botocore asks first: two of them create an HTTP client. And it is the parser of times in any
    form, dateutil.
    """
    session = Session(include_builtin_handlers=False)
    if os.environ.get("AWS_ACCESS_KEY_ID"):
        session.register_component("credential_provider", CredentialResolver([EnvProvider()]))
    factory = session.get_component("response_parser_factory")
    factory.set_parser_defaults(timestamp_parser=_parse_time)
    events = session.get_component("event_emitter")
    orders = {REGISTER_FIRST: events.register_first, REGISTER_LAST: events.register_last}
    for event, handler, *order in BUILTIN_HANDLERS:
        if is_registered(event):
            register = orders[order[0]] if order else events.register
            register(event, handler)
    return session


def _parse_time(value: Any) -> datetime:  # noqa: ANN401  # text, or a number of seconds
    """Return the time of a header, in the form of RFC 9110; or of any other that botocore reads."""
    try:
        return parsedate_to_datetime(value)
    except (AttributeError, OverflowError, TypeError, ValueError):  # a number, or another form
        return parse_timestamp(value)


BROKEN_CONNECTION = (ConnectionError, HTTPClientError, IncompleteReadError, FlexibleChecksumError)

# Some services answer 400 for these, so the status is not enough.
THROTTLED_CODES = frozenset(
    {
        "ProvisionedThroughputExceededException",
        "SlowDown",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
    }
)
DENIED_CODES = frozenset(
    {
        "AccessDeniedException",
        "ExpiredTokenException",
        "InvalidSignatureException",
        "UnrecognizedClientException",
    }
)


def is_throttled(error: ClientError) -> bool:
    """Return whether the service refused the call because there were too many."""
    return error.response["Error"]["Code"].removeprefix("KMS.") in THROTTLED_CODES


def is_transient(error: ClientError) -> bool:
    """Return whether the same call may succeed later: throttled, or a 5xx status."""
    return (
        is_throttled(error)
        or error.response["Error"]["Code"] == "RequestTimeout"  # S3's, with status 400
        or status_of(error) >= HTTPStatus.INTERNAL_SERVER_ERROR
    )


def status_of(error: ClientError) -> int:
    """Return the HTTP status of the response."""
    return error.response["ResponseMetadata"]["HTTPStatusCode"]
