"""Clients of the embedded AWS: its account, region and credentials, and one client a service."""

import base64
import secrets
import threading
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any, Final, cast

import boto3
import botocore.session
from botocore.config import Config

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_stepfunctions import SFNClient

ACCOUNT: Final = "123456789012"
REGION: Final = "us-east-1"


def access_key_id(prefix: str) -> str:
    """Return a new id of an access key: AKIA of a user, or ASIA of temporary credentials."""
    return prefix + base64.b32encode(secrets.token_bytes(10)).decode()


def secret() -> str:
    """Return a new secret access key."""
    return secrets.token_urlsafe(30)


# Drawn for each process: whoever does not have them cannot call its embedded AWS (local/gate.py).
CREDENTIALS: Final = {
    "AWS_ACCESS_KEY_ID": access_key_id("AKIA"),
    "AWS_SECRET_ACCESS_KEY": secret(),
}


class Clients:
    """The boto3 clients of one embedded AWS, each made at its first use: that costs 20 to 100 ms.

    Every method is safe to call from several threads.
    """

    def __init__(self, endpoint_url: str, config: Config | None = None) -> None:
        """Make clients of the embedded AWS at `endpoint_url`, with `config`."""
        self.endpoint_url = endpoint_url
        self._config = config
        self._clients: dict[str, Any] = {}
        self._clients_lock = threading.Lock()

    def client(self, service: str) -> Any:  # noqa: ANN401  # one of boto3's generated classes
        """Return the client of any service."""
        with self._clients_lock:
            if service not in self._clients:
                self._clients[service] = client(service, self.endpoint_url, config=self._config)
            return self._clients[service]

    def close(self) -> None:
        """Close the connections of all clients."""
        for made in self._clients.values():
            made.close()

    @cached_property
    def s3(self) -> "S3Client":
        """The client of S3."""
        return cast("S3Client", self.client("s3"))

    @cached_property
    def dynamodb(self) -> "DynamoDBClient":
        """The client of DynamoDB."""
        return cast("DynamoDBClient", self.client("dynamodb"))

    @cached_property
    def events(self) -> "EventBridgeClient":
        """The client of EventBridge."""
        return cast("EventBridgeClient", self.client("events"))

    @cached_property
    def sqs(self) -> "SQSClient":
        """The client of SQS."""
        return cast("SQSClient", self.client("sqs"))

    @cached_property
    def stepfunctions(self) -> "SFNClient":
        """The client of Step Functions."""
        return cast("SFNClient", self.client("stepfunctions"))


@cache
def _session() -> boto3.Session:
    """Return the session of all clients, without this machine's AWS settings.

    It registers hundreds of handlers, which takes two thirds of the time of a client.
    """
    unset = (None, None, None, None)  # no variable, no file, no default
    base = botocore.session.Session(
        {
            "profile": unset,
            "config_file": (None, None, "/dev/null", None),
            "credentials_file": (None, None, "/dev/null", None),
        }
    )
    return boto3.Session(
        botocore_session=base,
        aws_access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
        region_name=REGION,
    )


_one_at_a_time: Final = threading.Lock()  # a session is not safe to use from several threads


def client(service: str, endpoint_url: str, *, config: Config | None = None) -> Any:  # noqa: ANN401
    """Return a new boto3 client of the embedded AWS. This machine's AWS settings have no effect."""
    whole = Config(inject_host_prefix=False).merge(config or Config())  # no sync-127.0.0.1
    with _one_at_a_time:
        new_client = cast("Any", _session().client)  # overloaded for each literal name
        return new_client(service, endpoint_url=endpoint_url, config=whole)


def environment(endpoint_url: str) -> dict[str, str]:
    """Return the variables that make any SDK or CLI use the embedded AWS and nothing else."""
    return {
        **CREDENTIALS,
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ENDPOINT_URL": endpoint_url,
        "AWS_DISABLE_HOST_PREFIX_INJECTION": "true",  # there is no host sync-127.0.0.1
        "AWS_CONFIG_FILE": "/dev/null",
        "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
        "AWS_EC2_METADATA_DISABLED": "true",
    }
