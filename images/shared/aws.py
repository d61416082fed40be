"""What every client of AWS shares: how it connects and retries, and what its errors mean."""

from http import HTTPStatus

from botocore.config import Config
from botocore.exceptions import (
    ClientError,
    ConnectionError,  # noqa: A004  # botocore's own: no connection came about
    FlexibleChecksumError,
    HTTPClientError,
    IncompleteReadError,
)

# Few and short attempts: Step Functions retries above, with jitter, and bills no waiting.
CLIENT_CONFIG = Config(
    connect_timeout=2,  # seconds; within a region a connection stands after milliseconds
    read_timeout=10,  # seconds between two packets
    retries={"mode": "standard", "total_max_attempts": 2},
    max_pool_connections=2,  # a step does one thing at a time
)

BROKEN_CONNECTION = (ConnectionError, HTTPClientError, IncompleteReadError, FlexibleChecksumError)

# Answered with 400 by some services, so that the status does not tell.
THROTTLED_CODES = frozenset(
    {
        "ProvisionedThroughputExceededException",
        "RequestTimeout",
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


def is_transient(error: ClientError) -> bool:
    """Tell whether the same call may succeed later: throttled, or the service's own fault."""
    code = error.response["Error"]["Code"].removeprefix("KMS.")
    return code in THROTTLED_CODES or status_of(error) >= HTTPStatus.INTERNAL_SERVER_ERROR


def status_of(error: ClientError) -> int:
    """Return the HTTP status of the answer."""
    return error.response["ResponseMetadata"]["HTTPStatusCode"]
