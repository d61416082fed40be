"""The API of the local page: who may edit what, and who may read an answer."""

from __future__ import annotations

import http.client
import json
from dataclasses import dataclass
from time import sleep
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

import photofiles as pf
from gallery.deployment import Deployment
from gallery.owners import owner_of, users_of
from gallery.removing import Removal
from local import api
from local.clients import CREDENTIALS, REGION
from local.functions import InProcess
from local.site import USERNAME, Site, gallery
from outputs import outputs_of
from shared.keys import photo_sort_key

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from local.stack import Stack

JSON = {"Content-Type": "application/json"}
PATH = "Tacos/it's a “taco” 🌮.jpg"
OPERATOR = Credentials(CREDENTIALS["AWS_ACCESS_KEY_ID"], CREDENTIALS["AWS_SECRET_ACCESS_KEY"])


@dataclass(frozen=True)
class User:
    """A user who has signed in."""

    identity: str
    logins: dict[str, str]
    credentials: Credentials


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Serve an empty page beside an embedded AWS."""
    dist = tmp_path_factory.mktemp("dist")
    (dist / "index.html").write_text("")
    with gallery(functions=InProcess(), dist=dist) as running:
        yield running


@pytest.fixture(scope="module")
def ada(site: Site) -> User:
    """Sign the user of the page in, who has one photo."""
    user = sign_in(site, USERNAME, site.account.password)
    assert user.identity == site.account.owner
    upload(site, user, PATH)
    return user


@pytest.fixture(scope="module")
def bob(site: Site) -> User:
    """Sign another user in, who has one photo."""
    pools = site.stack.client("cognito-idp")
    pool, password = site.account.user_pool_id, "Bob's-password-1"
    pools.admin_create_user(UserPoolId=pool, Username="bob")
    pools.admin_set_user_password(
        UserPoolId=pool, Username="bob", Password=password, Permanent=True
    )
    user = sign_in(site, "bob", password)
    upload(site, user, "Bob/bob.jpg")
    return user


def sign_in(site: Site, name: str, password: str) -> User:
    tokens = site.stack.client("cognito-idp").admin_initiate_auth(
        UserPoolId=site.account.user_pool_id,
        ClientId=site.account.user_pool_client_id,
        AuthFlow="ADMIN_USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": name, "PASSWORD": password},
    )["AuthenticationResult"]
    provider = f"cognito-idp.{REGION}.amazonaws.com/{site.account.user_pool_id}"
    logins = {provider: tokens["IdToken"]}
    identities = site.stack.client("cognito-identity")
    identity = identities.get_id(IdentityPoolId=site.account.identity_pool_id, Logins=logins)[
        "IdentityId"
    ]
    made = identities.get_credentials_for_identity(IdentityId=identity, Logins=logins)[
        "Credentials"
    ]
    keys = Credentials(made["AccessKeyId"], made["SecretKey"], made["SessionToken"])
    return User(identity, logins, keys)


def upload(site: Site, user: User, path: str) -> None:
    key = f"uploads/{user.identity}/{path}"
    photo = pf.jpeg(width_px=64, height_px=48)
    site.stack.wait_for(key, site.stack.upload(key, photo), timeout_seconds=120)


def send(  # noqa: PLR0913  # a request
    site: Site,
    method: str,
    path: str,
    *,
    key: Credentials | None,
    body: bytes = b"",
    service: str = "execute-api",
    headers: Mapping[str, str] = JSON,
) -> tuple[int, dict[str, str], Any]:
    """Send a request to the API; return status, headers and JSON."""
    url = f"{site.stack.endpoint_url}{api.PATH}{path}"
    request = AWSRequest(method, url, dict(headers), body)
    if key is not None:
        SigV4Auth(key, service, REGION).add_auth(request)
    place = urlsplit(url)
    connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=60)
    try:
        connection.request(method, place.path, body, dict(request.headers.items()))
        answer = connection.getresponse()
        text = answer.read()
        return answer.status, dict(answer.getheaders()), json.loads(text) if text else None
    finally:
        connection.close()


def edit(site: Site, user: User, **body: object) -> tuple[int, Any]:
    status, _, answer = send(
        site, "POST", "/edits", key=user.credentials, body=json.dumps(body).encode()
    )
    return status, answer


def edits_of(site: Site, user: User, path: str) -> Any:  # noqa: ANN401  # JSON
    """Return the edits in the row of a photo."""
    sort_key = photo_sort_key(user.identity, f"uploads/{user.identity}/{path}")
    row = site.stack.dynamodb.get_item(
        TableName=site.stack.table, Key={"pk": {"S": user.identity}, "sk": {"S": sort_key}}
    )["Item"]
    return json.loads(row["edits"]["S"]) if "edits" in row else {}


def test_a_user_edits_a_photo_of_their_own(site: Site, ada: User) -> None:
    title = "It's \"one\" \\ 'two' \\' é 🌮 $owner #set($a = 1)"

    status, answer = edit(site, ada, path=PATH, title=title)

    assert (status, answer["status"]) == (200, 200)
    assert answer["body"]["edits"]["title"] == title
    assert edits_of(site, ada, PATH)["title"] == title


def test_no_user_edits_a_photo_of_another_user(site: Site, ada: User, bob: User) -> None:
    for path in ("Bob/bob.jpg", f"../{bob.identity}/Bob/bob.jpg", f"{bob.identity}/Bob/bob.jpg"):
        status, answer = edit(site, ada, path=path, title="Ada's")

        assert status in {400, 404}
        assert answer["message"]
    assert edits_of(site, bob, "Bob/bob.jpg") == {}


def test_an_owner_in_the_body_is_refused(site: Site, ada: User, bob: User) -> None:
    for forged in (
        {"owner": bob.identity},
        {"request": {"owner": bob.identity, "path": "Bob/bob.jpg"}},
        {"owner": {"S": bob.identity}, "pk": bob.identity},
    ):
        status, answer = edit(site, ada, path="Bob/bob.jpg", title="Ada's", **forged)

        assert status == 400
        assert any(name in answer["message"] for name in forged)
    assert edits_of(site, bob, "Bob/bob.jpg") == {}


@pytest.mark.parametrize(
    "body",
    [
        '{"path": "Bob/bob.jpg", "title": "x"}, "owner": "{bob}"',
        '{"path": "Bob/bob.jpg", "title": "x"}, "owner": "{bob}", "request": {',
        '{"path": "Bob/bob.jpg", "title": "x\\"}, \\"owner\\": \\"{bob}"}',
        '{"title": "x", "path": "Bob/bob.jpg", "path": "Bob/bob.jpg", "owner": "{bob}"}',
    ],
)
def test_no_body_ends_the_request_early(site: Site, ada: User, bob: User, body: str) -> None:
    sent = body.replace("{bob}", bob.identity).encode()

    status, _, _ = send(site, "POST", "/edits", key=ada.credentials, body=sent)

    assert status in {400, 404}
    assert edits_of(site, bob, "Bob/bob.jpg") == {}


@pytest.mark.parametrize(
    "name", ["status", "sort_time", "labels", "renditions", "sk", "edits", "place", "place_key"]
)
def test_what_may_not_be_edited_is_refused_by_name(site: Site, ada: User, name: str) -> None:
    before = edits_of(site, ada, PATH)

    status, answer = edit(site, ada, path=PATH, **{name: "READY"})

    assert status == 400
    assert name in answer["message"]
    assert edits_of(site, ada, PATH) == before


def test_credentials_without_an_identity_edit_nothing(site: Site, ada: User) -> None:
    body = json.dumps({"path": PATH, "title": "Operator", "owner": ada.identity}).encode()

    status, _, answer = send(site, "POST", "/edits", key=OPERATOR, body=body)

    assert (status, answer) == (403, {"message": "Only users of the gallery may edit."})


def test_credentials_are_issued_for_the_users_own_identity_only(
    site: Site, ada: User, bob: User
) -> None:
    with pytest.raises(ClientError, match="NotAuthorized"):
        site.stack.client("cognito-identity").get_credentials_for_identity(
            IdentityId=bob.identity, Logins=ada.logins
        )


@pytest.mark.parametrize("service", ["dynamodb", "s3", "states"])
def test_a_signature_for_another_service_is_refused(site: Site, ada: User, service: str) -> None:
    status, _, _ = send(site, "POST", "/edits", key=ada.credentials, body=b"{}", service=service)

    assert status == 403


def test_a_request_without_a_signature_is_refused(site: Site) -> None:
    assert send(site, "POST", "/edits", key=None, body=b"{}")[0] == 403
    assert send(site, "GET", "/executions/a", key=None)[0] == 403


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        pytest.param(b"", JSON, 400, id="nothing"),
        pytest.param(b"title=x", JSON, 400, id="a form"),
        pytest.param(b"[]", JSON, 400, id="a list"),
        pytest.param(b'"text"', JSON, 400, id="a text"),
        pytest.param(b"{}", {"Content-Type": "text/plain"}, 415, id="another type"),
        pytest.param(
            json.dumps({"path": PATH, "title": "x" * 65_536}).encode(), JSON, 400, id="too long"
        ),
    ],
)
def test_a_body_that_is_no_edit_is_refused(
    site: Site, ada: User, body: bytes, headers: dict[str, str], status: int
) -> None:
    got, _, answer = send(site, "POST", "/edits", key=ada.credentials, body=body, headers=headers)

    assert got == status
    assert list(answer) == ["message"]


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/edits"), ("PUT", "/edits"), ("POST", "/edits/x"), ("POST", "/executions/x")],
)
def test_other_methods_and_paths_are_refused(site: Site, ada: User, method: str, path: str) -> None:
    status, _, answer = send(site, method, path, key=ada.credentials)

    assert (status, answer) == (403, {"message": "Missing Authentication Token"})


def test_only_the_page_may_read_an_answer(site: Site, ada: User) -> None:
    for method, path in (("POST", "/edits"), ("GET", "/executions/x")):
        of_page, of_others = (
            send(site, method, path, key=ada.credentials, headers={**JSON, "Origin": origin})
            for origin in (site.origin, "https://evil.example")
        )

        assert of_page[1]["Access-Control-Allow-Origin"] == site.origin
        assert of_others[0] == 403
        assert "Access-Control-Allow-Origin" not in of_others[1]


@pytest.mark.parametrize(("path", "method"), [("/edits", "POST"), ("/executions/x", "GET")])
def test_a_preflight_request_needs_no_signature(site: Site, path: str, method: str) -> None:
    asked = {"Origin": site.origin, "Access-Control-Request-Method": method}

    status, headers, _ = send(site, "OPTIONS", path, key=None, headers=asked)

    assert status == 204
    assert headers["Access-Control-Allow-Origin"] == site.origin
    assert headers["Access-Control-Allow-Methods"] == method
    allowed = headers["Access-Control-Allow-Headers"].lower().split(",")
    assert {"authorization", "x-amz-security-token"} <= set(allowed)
    assert ("content-type" in allowed) == (method == "POST")


def test_the_state_of_an_execution_has_no_details(site: Site, ada: User) -> None:
    sort_key = photo_sort_key(ada.identity, f"uploads/{ada.identity}/{PATH}")
    row = site.stack.dynamodb.get_item(
        TableName=site.stack.table, Key={"pk": {"S": ada.identity}, "sk": {"S": sort_key}}
    )["Item"]
    name = row["execution_arn"]["S"].rpartition(":")[2]

    status, _, answer = send(site, "GET", f"/executions/{name}", key=ada.credentials)

    assert status == 200
    assert answer["status"] == "SUCCEEDED"
    assert set(answer) == {"status", "startDate", "stopDate"}
    assert send(site, "GET", "/executions/unknown", key=ada.credentials)[0] == 404


def deployment_of(site: Site) -> Deployment:
    """Return what commands work on."""

    class Session:
        client = staticmethod(site.stack.client)

    outputs = outputs_of(
        site.stack,
        identity_pool_id=site.account.identity_pool_id,
        shares_bucket=site.stack.derived_bucket,
        user_pool_id=site.account.user_pool_id,
    )
    session: Any = Session()
    return Deployment(outputs, session)


class Stop(BaseException):
    """The command is killed."""


def stop_before(stack: Stack, request: str) -> None:
    """Kill the command before the next requests of a kind; an empty text: never."""

    def stop(model: Any, **_: object) -> None:  # noqa: ANN401  # boto3's
        if model.name == request:
            raise Stop

    for service in ("s3", "dynamodb", "cognito-identity"):
        events = stack.client(service).meta.events
        events.unregister("before-call", unique_id="stop")
        if request:
            events.register("before-call", stop, unique_id="stop")


def sub_of(site: Site, name: str) -> str:
    pool = site.account.user_pool_id
    user = site.stack.client("cognito-idp").admin_get_user(UserPoolId=pool, Username=name)
    return str(next(one["Value"] for one in user["UserAttributes"] if one["Name"] == "sub"))


def test_the_owner_of_photos_is_the_user_that_api_gateway_names(
    site: Site, ada: User, bob: User
) -> None:
    deployment = deployment_of(site)
    pool = site.account.user_pool_id
    stranger = f"x,cognito-idp.us-east-1.amazonaws.com/{pool}:CognitoSignIn:{sub_of(site, 'bob')}"

    forged = [
        edit(site, ada, introduce=True, login=stranger),
        edit(site, ada, introduce={"login": stranger}),
        edit(site, ada, introduce=True, owner=bob.identity),
    ]
    status, _ = edit(site, ada, introduce=True)

    assert [status for status, _ in forged] == [400, 400, 400]
    assert status == 200
    users = users_of(deployment)
    known = owner_of(deployment, ada.identity, users, with_bytes=True)
    unknown = owner_of(deployment, bob.identity, users, with_bytes=False)
    assert (known.user, known.photos, known.albums) == (sub_of(site, USERNAME), 1, 1)
    assert (known.email, known.known_by, known.is_identity) == (USERNAME, "API Gateway", True)
    assert (known.bytes or 0) > 500
    assert (unknown.user, unknown.email, unknown.known_by) == (None, None, None)
    assert 0 < known.read_units <= 2


def test_credentials_that_are_no_users_introduce_nobody(site: Site) -> None:
    body = json.dumps({"introduce": True}).encode()

    status, _, _ = send(site, "POST", "/edits", key=OPERATOR, body=body)

    assert status == 403


def test_a_removed_owner_has_nothing_left_and_others_have_all(
    site: Site, ada: User, bob: User
) -> None:
    stack, deployment = site.stack, deployment_of(site)
    edit(site, bob, introduce=True)
    upload(site, bob, "Bob/another.jpg")
    stack.s3.delete_object(Bucket=stack.photos_bucket, Key=f"uploads/{bob.identity}/Bob/bob.jpg")
    stack.wait_until_idle()
    stack.s3.put_object(
        Bucket=stack.derived_bucket, Key=f"shares/7/{bob.identity}/x/share.json", Body=b"{}"
    )
    stack.s3.create_multipart_upload(
        Bucket=stack.photos_bucket, Key=f"uploads/{bob.identity}/part.jpg"
    )
    others = Removal(deployment, ada.identity).holdings()
    stack.dynamodb.put_item(  # a row without an object: the workflow never deletes it
        TableName=stack.table,
        Item={name: {"S": bob.identity if name == "pk" else "photo#x"} for name in ("pk", "sk")}
        | {"status": {"S": "READY"}},
    )
    removal = Removal(
        deployment,
        bob.identity,
        settle_seconds=0.01,
        patience_seconds=2,
        pause=lambda _: sleep(0.05),
    )
    before = removal.holdings()

    for request in ("DeleteObjects", "BatchWriteItem", "DeleteIdentities"):  # then it is killed
        stop_before(stack, request)
        with pytest.raises(Stop):
            removal.remove()
        stop_before(stack, "")
        assert removal.holdings().user == before.user  # so that the next run ends it
    refused = removal.remove()

    stack.wait_until_idle()
    after = removal.holdings()
    assert refused == []
    assert (before.versions, before.shared) == (3, 1)
    assert before.renditions > 0
    assert (after.versions, after.renditions, after.shared, after.rows) == (0, 0, 0, 0)
    assert not stack.s3.list_multipart_uploads(Bucket=stack.photos_bucket).get("Uploads")
    assert Removal(deployment, ada.identity).holdings() == others
    users = users_of(deployment)
    assert before.user not in users.emails
    assert users.identities is not None
    assert bob.identity not in users.identities
