"""Settings and clients are created from the environment, once, at their first use."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.compat import HTTPHeaders
from botocore.handlers import BUILTIN_HANDLERS
from botocore.utils import parse_timestamp

from shared import aws, s3, settings
from shared.contracts import PhotoRef
from tag import aws as tag_aws
from wire import MODIFIED, Answer, serving


@pytest.mark.parametrize(
    ("setting", "name"),
    [
        (settings.photos_bucket, "PHOTOS_BUCKET"),
        (settings.derived_bucket, "DERIVED_BUCKET"),
        (settings.renditions_json, "RENDITIONS"),
        (settings.keep_copyright, "KEEP_COPYRIGHT"),
        (settings.table, "TABLE"),
        (settings.labeler_settings, "LABELER"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_missing_setting_raises_with_its_name(
    monkeypatch: pytest.MonkeyPatch, setting: Callable[[], object], name: str
) -> None:
    monkeypatch.delenv(name, raising=False)

    with pytest.raises(KeyError, match=name):
        setting()


def test_settings_are_read_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PHOTOS_BUCKET", "DERIVED_BUCKET", "RENDITIONS", "LABELER"):
        monkeypatch.setenv(name, name.lower())
    monkeypatch.setenv("MAX_LABELS", "50")
    monkeypatch.setenv("MIN_CONFIDENCE", "55.5")

    assert settings.photos_bucket() == "photos_bucket"
    assert settings.derived_bucket() == "derived_bucket"
    assert settings.renditions_json() == "renditions"
    for text, is_kept in (("true", True), ("false", False)):
        monkeypatch.setenv("KEEP_COPYRIGHT", text)
        assert settings.keep_copyright() is is_kept
    assert settings.labeler_settings() == ("labeler", 50, 55.5)


def test_clients_are_created_once_with_the_endpoint_in_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    s3.photo_store.cache_clear()
    tag_aws.rekognition.cache_clear()
    with serving() as service, monkeypatch.context() as environment:
        environment.setenv("AWS_ENDPOINT_URL", service.url)
        environment.setenv("AWS_DEFAULT_REGION", "eu-west-1")
        environment.setenv("AWS_ACCESS_KEY_ID", "test")
        environment.setenv("AWS_SECRET_ACCESS_KEY", "test")
        service.script(
            Answer(206, b"x", {"Content-Range": "bytes 0-0/9", **MODIFIED}),
            Answer(200, b'{"Labels": []}'),
        )

        chunk = s3.photo_store().read(PhotoRef(bucket="photos", key="k"), 0, 0)
        tag_aws.rekognition().detect_labels({"Bytes": b"x"}, max_labels=1, min_confidence=1)

        assert chunk[:2] == (b"x", 9)
        assert s3.photo_store() is s3.photo_store()
        assert tag_aws.rekognition() is tag_aws.rekognition()
    s3.photo_store.cache_clear()
    tag_aws.rekognition.cache_clear()


def test_all_attempts_of_a_request_end_before_the_function() -> None:
    config = vars(aws.CLIENT_CONFIG)

    attempts = config["retries"]["total_max_attempts"]
    backoff_seconds = attempts - 1  # standard mode waits at most 1 s before the second attempt
    slowest_seconds = (
        attempts * (config["connect_timeout"] + config["read_timeout"]) + backoff_seconds
    )

    assert slowest_seconds <= 27  # the functions have 30 s, and stop themselves 3 s before


CALLS: dict[str, tuple[str, dict[str, Any]]] = {
    "GetObject": ("s3", {"Bucket": "photos", "Key": "a b/ü.jpg", "Range": "bytes=0-9"}),
    "PutObject": ("s3", {"Bucket": "derived", "Key": "a.webp", "Body": b"WebP"}),
    "DetectLabels": ("rekognition", {"Image": {"Bytes": b"JPEG"}}),
    "Query": ("dynamodb", {"TableName": "gallery", "IndexName": "by_content"}),
    "GetItem": ("dynamodb", {"TableName": "gallery", "Key": {"pk": {"S": "ada"}}}),
}
ENVIRONMENTS = {
    "default": {},
    "China": {"AWS_DEFAULT_REGION": "cn-north-1"},
    "GovCloud": {"AWS_DEFAULT_REGION": "us-gov-west-1"},
    "the first region": {"AWS_DEFAULT_REGION": "us-east-1"},
    "FIPS": {"AWS_USE_FIPS_ENDPOINT": "true", "AWS_DEFAULT_REGION": "us-east-1"},
    "dual stack": {"AWS_USE_DUALSTACK_ENDPOINT": "true"},
    "an endpoint": {"AWS_ENDPOINT_URL": "http://127.0.0.1:9"},
    "an endpoint for S3": {"AWS_ENDPOINT_URL_S3": "https://s3.example.org"},
    "a session's token": {"AWS_SESSION_TOKEN": "token"},
    "a proxy": {"HTTPS_PROXY": "http://127.0.0.1:9"},
    "a proxy for others": {"https_proxy": "http://127.0.0.1:9", "no_proxy": ".amazonaws.com"},
}
NEW_IN_EACH_REQUEST = {"amz-sdk-invocation-id", "authorization", "user-agent", "x-amz-date"}


@pytest.fixture
def forgotten_session() -> Iterator[None]:
    """A session that reads the environment of this test."""
    aws._session.cache_clear()  # noqa: SLF001  # settings are read once in a function's life
    yield
    aws._session.cache_clear()  # noqa: SLF001  # as above


@pytest.mark.parametrize("operation", CALLS)
@pytest.mark.parametrize("environment", ENVIRONMENTS)
@pytest.mark.usefixtures("forgotten_session")
def test_a_client_sends_what_boto3s_sends(
    operation: str, environment: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ENDPOINT_URL", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    common = {"AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "secret"}
    for name, value in (
        common | {"AWS_DEFAULT_REGION": "eu-west-1"} | ENVIRONMENTS[environment]
    ).items():
        monkeypatch.setenv(name, value)
    service, arguments = CALLS[operation]

    ours = sent(aws.create_client(service), operation, arguments)
    theirs = sent(boto3.Session().client(service, config=aws.CLIENT_CONFIG), operation, arguments)  # type: ignore[call-overload]  # any service

    assert ours == theirs


def sent(client: Any, operation: str, arguments: dict[str, Any]) -> dict[str, Any]:  # noqa: ANN401  # of any service
    """Return the request for an operation, without what differs in each, and how it is signed."""
    requests: list[AWSPreparedRequest] = []

    def answer(request: AWSPreparedRequest, **_: object) -> AWSResponse:
        requests.append(request)
        return AWSResponse(request.url, 200, HTTPHeaders(), raw=None)

    client.meta.events.register_first("before-send", answer)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(AWSResponse, "content", b"" if operation == "PutObject" else b"{}")
        client._make_api_call(operation, dict(arguments))  # noqa: SLF001  # as the methods do
    [request] = requests
    headers = {name.lower(): str(value) for name, value in request.headers.items()}
    credential, signed, _ = headers["authorization"].split(", ")
    body: Any = request.body
    return {
        "request": (request.method, request.url, body.read() if hasattr(body, "read") else body),
        "headers": {name: headers[name] for name in headers.keys() - NEW_IN_EACH_REQUEST},
        "signature": (credential.partition("/")[2], signed),
        "proxy": client._endpoint.http_session._proxy_config.proxy_url_for(request.url),  # noqa: SLF001  # botocore does not show it
    }


@pytest.mark.usefixtures("forgotten_session")
def test_credentials_come_from_elsewhere_if_the_environment_has_none(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "credentials"
    file.write_text("[default]\naws_access_key_id = of-file\naws_secret_access_key = any\n")
    monkeypatch.delenv("AWS_ACCESS_KEY_ID", raising=False)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(file))

    credentials = aws._session().get_credentials()  # noqa: SLF001  # those of all clients

    assert credentials is not None
    assert credentials.access_key == "of-file"


@pytest.mark.parametrize(
    "time",
    [
        "Wed, 12 Oct 2022 17:50:00 GMT",
        "Wed, 12 Oct 2022 19:50:00 +0200",
        "2022-10-12T17:50:00.000Z",
        "20221012T175000Z",
        "1665597000",
        1665597000,
        1665597000.5,
    ],
)
def test_times_are_read_as_by_botocore(time: Any) -> None:  # noqa: ANN401  # text, or a number
    assert aws._parse_time(time) == parse_timestamp(time)  # noqa: SLF001  # clients call it


def test_no_time_is_an_error_as_for_botocore() -> None:
    with pytest.raises(ValueError, match="Invalid timestamp"):
        aws._parse_time("soon")  # noqa: SLF001  # as above


def test_only_handlers_of_other_services_and_of_documentation_are_left_out() -> None:
    left_out = {event.split(".")[1] for event, *_ in BUILTIN_HANDLERS if is_left_out(event)}

    assert len(left_out) > 20
    assert [name for name in left_out if re.search("s3|dynamo|rekognition", name)] == ["s3-control"]


def is_left_out(event: str) -> bool:
    return not aws.is_registered(event) and not event.startswith("docs.")
