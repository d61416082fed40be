"""The embedded AWS answers only requests that this run has authorized."""

import http.client
import json
import re
import socket
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest
from botocore.auth import S3SigV4Auth, S3SigV4QueryAuth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials

from embeddedaws import Aws
from local.clients import CREDENTIALS, REGION, client
from local.gate import UNSIGNED_TARGETS
from local.moto_patches import cors
from local.moto_patches.wiring import wired

OWN = Credentials(CREDENTIALS["AWS_ACCESS_KEY_ID"], CREDENTIALS["AWS_SECRET_ACCESS_KEY"])
PAGE = "http://127.0.0.1:8642"
JSON = "application/x-amz-json-1.1"
CREATE = "/2015-03-31/functions"
INVOKE = f"{CREATE}/extract/invocations"
SCOPE = "AWS4-HMAC-SHA256 Credential=embedded/20260101/us-east-1"
INITIATE = "AWSCognitoIdentityProviderService.InitiateAuth"


@pytest.fixture(scope="module")
def photo(aws: Aws) -> str:
    """Return the path of an object, "private"."""
    bucket = aws.bucket(versioned=False)
    aws.s3.put_object(Bucket=bucket, Key="a b/é.jpg", Body=b"private")
    return f"/{bucket}/a%20b/%C3%A9.jpg"


@pytest.fixture
def page() -> Iterator[str]:
    """Allow the requests of a page; return its origin."""
    cors.ORIGINS[:] = [PAGE]
    yield PAGE
    cors.ORIGINS.clear()


def send(
    aws: Aws,
    method: str,
    path: str,
    headers: Mapping[str, str] | None = None,
    body: bytes | None = None,
) -> tuple[int, bytes]:
    """Send a request as it is; return status and body."""
    place = urlsplit(aws.endpoint_url)
    connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=20)
    try:
        connection.request(method, path, body, dict(headers or {}))
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def signed(  # noqa: PLR0913  # a request
    aws: Aws,
    path: str,
    *,
    method: str = "GET",
    key: Credentials = OWN,
    service: str = "s3",
    body: bytes = b"",
    **headers: str,
) -> dict[str, str]:
    """Return the headers of a request, with their signature."""
    request = AWSRequest(method, aws.endpoint_url + path, headers, body)
    (S3SigV4Auth if service == "s3" else SigV4Auth)(key, service, REGION).add_auth(request)
    return dict(request.headers.items())


def presigned(aws: Aws, path: str, *, seconds: int = 60, key: Credentials = OWN) -> str:
    """Return the path of a presigned URL."""
    request = AWSRequest("GET", aws.endpoint_url + path)
    S3SigV4QueryAuth(key, "s3", REGION, expires=seconds).add_auth(request)
    return str(request.url).removeprefix(aws.endpoint_url)


def shifted(by: timedelta, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let botocore sign at another time."""
    monkeypatch.setattr("botocore.auth.get_current_datetime", lambda: datetime.now(UTC) + by)


class TestSignatures:
    def test_a_signed_request_passes(self, aws: Aws, photo: str) -> None:
        assert send(aws, "GET", photo, signed(aws, photo)) == (200, b"private")

    def test_a_presigned_url_passes_until_it_expires(
        self, aws: Aws, photo: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        shifted(timedelta(minutes=-10), monkeypatch)

        assert send(aws, "GET", presigned(aws, photo, seconds=1200)) == (200, b"private")
        assert send(aws, "GET", presigned(aws, photo, seconds=599))[0] == 403

    def test_temporary_credentials_pass_until_they_expire(self, aws: Aws, photo: str) -> None:
        keys = [wired().keys.issue(seconds=seconds) for seconds in (60, -1)]
        lasting, expired = (Credentials(key.id, key.secret, key.token) for key in keys)

        assert send(aws, "GET", photo, signed(aws, photo, key=lasting))[0] == 200
        assert send(aws, "GET", presigned(aws, photo, key=lasting))[0] == 200
        status, answer = send(aws, "GET", photo, signed(aws, photo, key=expired))
        assert (status, b"ExpiredToken" in answer) == (403, True)

    @pytest.mark.parametrize(
        "key",
        [
            Credentials("embedded", "embedded"),
            Credentials(OWN.access_key, "embedded"),
            Credentials("AKIA" + "A" * 16, OWN.secret_key),
            Credentials(OWN.access_key, OWN.secret_key, "a token"),
        ],
        ids=["nobody's key", "a wrong secret", "a wrong id", "a token too many"],
    )
    def test_another_key_is_refused(self, aws: Aws, photo: str, key: Credentials) -> None:
        for request in ((photo, signed(aws, photo, key=key)), (presigned(aws, photo, key=key), {})):
            status, answer = send(aws, "GET", *request)
            assert (status, b"private" in answer) == (403, False)

    def test_temporary_credentials_without_their_token_are_refused(
        self, aws: Aws, photo: str
    ) -> None:
        issued = wired().keys.issue(seconds=60)

        headers = signed(aws, photo, key=Credentials(issued.id, issued.secret))

        assert send(aws, "GET", photo, headers)[0] == 403

    def test_a_signature_is_for_one_request(self, aws: Aws, photo: str) -> None:
        headers, url = signed(aws, photo), presigned(aws, photo)

        assert send(aws, "DELETE", photo, headers)[0] == 403
        assert send(aws, "DELETE", url)[0] == 403
        assert send(aws, "GET", photo + "2", headers)[0] == 403
        assert send(aws, "GET", photo + "?tagging", headers)[0] == 403
        assert send(aws, "GET", url + "&tagging")[0] == 403
        body = b'{"FunctionName": "stranger"}'
        call = signed(aws, CREATE, method="POST", service="lambda", body=body)
        assert send(aws, "POST", CREATE, call, body.replace(b"stranger", b"attacker"))[0] == 403

    @pytest.mark.parametrize("minutes", [-20, 20])
    def test_a_signature_of_another_time_is_refused(
        self, aws: Aws, photo: str, minutes: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        shifted(timedelta(minutes=minutes), monkeypatch)

        assert send(aws, "GET", photo, signed(aws, photo))[0] == 403

    @pytest.mark.parametrize(("minutes", "words"), [(-20, "now earlier"), (20, "still later")])
    def test_dynamodb_tells_its_time_when_it_refuses_another(
        self, aws: Aws, minutes: int, words: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        shifted(timedelta(minutes=minutes), monkeypatch)

        call = signed(aws, "/", method="POST", service="dynamodb", body=b"{}")
        _, answer = send(aws, "POST", "/", call, b"{}")

        found = re.search(rf"{words} than \S+ \((\w+) [-+] 15 min\.\)", answer.decode())
        assert found, answer
        told = datetime.strptime(found[1], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        assert abs(told - datetime.now(UTC)) < timedelta(minutes=1)

    def test_each_client_of_boto3_is_understood(self, aws: Aws) -> None:
        assert aws.client("iam").list_roles()["Roles"], "a form"
        assert aws.dynamodb.list_tables()["TableNames"], "JSON"
        assert aws.client("lambda").get_function(FunctionName="extract")["Code"], "a path"
        [first, *_] = aws.s3.list_buckets()["Buckets"]
        assert aws.s3.list_objects_v2(Bucket=first["Name"], Prefix="a+b %&=", Delimiter="/")
        s3 = client("s3", aws.endpoint_url, config=Config(signature_version="s3v4"))
        url = s3.generate_presigned_url("head_bucket", Params={"Bucket": first["Name"]})
        assert send(aws, "HEAD", url.removeprefix(aws.endpoint_url))[0] == 200


UNSIGNED = {
    "a photo": ("GET", "{photo}", {}),
    "the buckets": ("GET", "/", {}),
    "an upload": ("PUT", "{photo}", {}),
    "a form": ("POST", "/", {"Content-Type": "application/x-www-form-urlencoded"}),
    "a function": ("POST", CREATE, {"Content-Type": "application/json"}),
    "an invocation": ("POST", INVOKE, {}),
    "a table": ("POST", "/", {"X-Amz-Target": "DynamoDB_20120810.ListTables"}),
    "labels": ("POST", "/", {"X-Amz-Target": "RekognitionService.DetectLabels"}),
    "keys of users": ("GET", "/us-east-1_abc/.well-known/jwks.json", {}),
    "a signature of version 2": ("GET", "{photo}", {"Authorization": "AWS embedded:c2lnbmF0dXJl"}),
    "an empty signature": ("GET", "{photo}", {"Authorization": "AWS4-HMAC-SHA256"}),
    "no secret": (
        "GET",
        "{photo}",
        {
            "Authorization": f"{SCOPE}/s3/aws4_request, SignedHeaders=host, Signature=0",
            "X-Amz-Date": "20260101T000000Z",
        },
    ),
    "a call as preflight request": (
        "OPTIONS",
        "/",
        {"X-Amz-Target": "DynamoDB_20120810.ListTables", "Content-Type": JSON},
    ),
    "an invocation with the name of a sign-in": (
        "POST",
        INVOKE,
        {"X-Amz-Target": INITIATE, "Content-Type": JSON},
    ),
    "another call in the query of a sign-in": (
        "POST",
        "/?Action=ListUserPools",
        {"X-Amz-Target": INITIATE, "Content-Type": JSON},
    ),
    "another call in the form of a sign-in": (
        "POST",
        "/",
        {"X-Amz-Target": INITIATE, "Content-Type": "application/x-www-form-urlencoded"},
    ),
    "another service of a sign-in": (
        "POST",
        "/",
        {
            "X-Amz-Target": INITIATE,
            "Content-Type": JSON,
            "Authorization": f"{SCOPE}/iam/aws4_request",
        },
    ),
}


@pytest.mark.parametrize("request_", UNSIGNED.values(), ids=UNSIGNED)
def test_a_request_without_a_signature_gets_nothing(
    aws: Aws, photo: str, request_: tuple[str, str, dict[str, str]]
) -> None:
    method, path, headers = request_
    aws.functions.answers["extract"] = lambda _: pytest.fail("invoked")

    status, answer = send(
        aws, method, path.format(photo=photo), headers, b"{}" if method == "POST" else None
    )

    assert status in ({200, 403} if method == "OPTIONS" else {403})
    for secret in (b"private", b"things", b"TableNames", photo.split("/")[1].encode()):
        assert secret not in answer


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize(
    "path",
    [
        "/moto-api/",
        "/moto-api/reset",
        "/moto-api/data.json",
        "/moto-api/config",
        "/moto-api/state-manager/set-transition",
        "/latest/meta-data/iam/security-credentials/",
        "/favicon.ico",
    ],
)
def test_no_api_of_moto_itself_is_served_not_even_with_a_key(
    aws: Aws, photo: str, path: str, method: str
) -> None:
    for headers in ({}, signed(aws, path, method=method)):
        assert send(aws, method, path, headers)[0] == 404

    assert send(aws, "GET", photo, signed(aws, photo))[0] == 200


class TestHosts:
    @pytest.mark.parametrize("name", ["localhost", "192.168.65.254"])
    def test_this_machine_has_other_names_and_addresses(
        self, aws: Aws, photo: str, name: str
    ) -> None:
        here = f"{name}:{urlsplit(aws.endpoint_url).port}"

        assert send(aws, "GET", photo, signed(aws, photo, Host=here))[0] == 200

    @pytest.mark.parametrize(
        "host",
        ["rebound.example:{port}", "127.0.0.1", "127.0.0.1:1", "127.0.0.1:{port}.example", ""],
    )
    def test_a_request_to_another_name_is_refused_even_with_a_key(
        self, aws: Aws, photo: str, host: str
    ) -> None:
        named = host.format(port=urlsplit(aws.endpoint_url).port)

        status, answer = send(aws, "GET", photo, signed(aws, photo, Host=named))

        assert (status, b"private" in answer) == (403, False)

    def test_a_request_without_a_host_is_refused(self, aws: Aws, photo: str) -> None:
        place = urlsplit(aws.endpoint_url)
        with socket.create_connection((place.hostname, place.port)) as connection:
            connection.sendall(f"GET {photo} HTTP/1.0\r\n\r\n".encode())
            with connection.makefile("rb") as answer:
                assert b" 403 " in answer.readline()


class TestOrigins:
    @pytest.mark.parametrize("origin", ["https://elsewhere.example", "null", f"{PAGE}0", "file://"])
    def test_another_page_is_refused_even_with_a_key(
        self, aws: Aws, photo: str, page: str, origin: str
    ) -> None:
        assert origin != page
        for path, headers in ((photo, signed(aws, photo)), (presigned(aws, photo), {})):
            status, answer = send(aws, "GET", path, {**headers, "Origin": origin})
            assert (status, b"private" in answer) == (403, False)

    def test_no_page_is_answered_where_there_is_none(self, aws: Aws, photo: str) -> None:
        headers = {**signed(aws, photo), "Origin": PAGE}

        assert send(aws, "GET", photo, headers)[0] == 403

    def test_the_gallerys_page_is_answered_with_a_key_alone(
        self, aws: Aws, photo: str, page: str
    ) -> None:
        assert send(aws, "GET", photo, {"Origin": page})[0] == 403
        assert send(aws, "GET", photo, {**signed(aws, photo), "Origin": page})[0] == 200

    def test_a_preflight_request_is_no_call(self, aws: Aws, page: str) -> None:
        """The server of moto would read the name of a call from any of these places."""
        table = {"TableName": "things"}
        headers = {
            "Origin": page,
            "Access-Control-Request-Method": "POST",
            "X-Amz-Target": "DynamoDB_20120810.DeleteTable",
            "Authorization": f"{SCOPE}/dynamodb/aws4_request",
            "Content-Type": "application/x-amz-json-1.0",
        }

        send(aws, "OPTIONS", "/", headers, json.dumps(table).encode())
        send(aws, "OPTIONS", "/sqs_us-east-1/?Action=CreateQueue&QueueName=made", headers)

        assert aws.dynamodb.describe_table(TableName="things")
        assert "QueueUrls" not in aws.sqs.list_queues(QueueNamePrefix="made")


def test_only_the_sign_in_needs_no_signature(aws: Aws) -> None:
    for target in UNSIGNED_TARGETS:
        headers = {"X-Amz-Target": target, "Content-Type": JSON}
        assert b"AccessDenied" not in send(aws, "POST", "/", headers, b"{}")[1], target
