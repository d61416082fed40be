"""The common part of all AWS clients: timeouts, retries and the meaning of errors."""

from http import HTTPStatus

from botocore.config import Config
from botocore.exceptions import (
    ClientError,
    ConnectionError,  # noqa: A004  # botocore's own: no connection came about
    FlexibleChecksumError,
    HTTPClientError,
    IncompleteReadError,
)

MAX_CONNECTIONS = 4  # of a client; only Thumbnail, for its renditions, uses more than one at a time

# Few and short attempts: Step Functions retries the step with jitter, and does not bill the wait.
CLIENT_CONFIG = Config(
    connect_timeout=2,  # seconds; within a region a connection takes milliseconds
    read_timeout=10,  # seconds between two packets
    retries={"mode": "standard", "total_max_attempts": 2},
    max_pool_connections=MAX_CONNECTIONS,
)

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
