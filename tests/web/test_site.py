"""The local site: its account, its headers and its access rules."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from botocore.model import StructureShape

from embeddedaws import Answering
from local.clients import client
from local.site import SiteUnavailableError, configuration, gallery

if TYPE_CHECKING:
    from collections.abc import Iterator
    from http.client import HTTPResponse
    from pathlib import Path

    from local.site import Site


@pytest.fixture(scope="module")  # a process can run one embedded AWS at a time
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    dist = tmp_path_factory.mktemp("dist")
    (dist / "index.html").write_text("<!doctype html>")
    (dist / "assets").mkdir()
    (dist / "assets" / "index-abc.js").write_text("0")
    with gallery(functions=Answering(), dist=dist) as running:
        yield running


def get(url: str, **headers: str) -> HTTPResponse:
    answer: HTTPResponse = urlopen(Request(url, headers=headers), timeout=10)  # noqa: S310  # ours
    answer.read()
    return answer


def test_a_page_that_is_not_built_is_an_error_that_names_make_web(tmp_path: Path) -> None:
    with (
        pytest.raises(SiteUnavailableError, match="make web"),
        gallery(functions=Answering(), dist=tmp_path),
    ):
        pass


def test_the_security_policy_allows_only_own_code_and_the_embedded_aws(site: Site) -> None:
    policy = dict(
        rule.split(" ", 1) for rule in get(site.url).headers["Content-Security-Policy"].split("; ")
    )

    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == "'self'"
    assert policy["connect-src"] == policy["img-src"] == f"'self' {site.stack.endpoint_url}"
    assert policy["frame-ancestors"] == "'none'"


def test_only_files_with_a_hash_in_their_name_are_cached(site: Site) -> None:
    cached = get(f"{site.url}assets/index-abc.js").headers["Cache-Control"]

    assert "immutable" in cached
    for path in ("", "config.json"):
        assert get(site.url + path).headers["Cache-Control"] == "no-cache"


def test_no_file_outside_the_folder_of_the_page_is_served(site: Site) -> None:
    for path in ("..%2f..%2fpyproject.toml", "/../../pyproject.toml"):
        with pytest.raises(OSError, match="404"):
            get(f"{site.url}{path}")


def test_the_served_configuration_is_that_of_the_site(site: Site) -> None:
    with urlopen(f"{site.url}config.json", timeout=10) as answer:  # noqa: S310  # ours
        served = json.load(answer)

    assert served == configuration(site.stack, site.account, shares_url=site.shares_url)


class TestStrangers:
    """Whoever does not know the URL gets nothing, nor does another page that knows it."""

    @pytest.mark.parametrize(
        "path", ["/", "/config.json", "/index.html", "//config.json", "/assets/index-abc.js", "/x/"]
    )
    def test_get_nothing_without_the_folder_of_this_run(self, site: Site, path: str) -> None:
        with pytest.raises(HTTPError, match="403") as caught:
            get(site.origin + path)

        with caught.value as answer:
            assert site.account.password.encode() not in answer.read()

    @pytest.mark.parametrize("file", ["", "config.json"])
    @pytest.mark.parametrize(
        "headers",
        [
            {"Host": "rebound.example"},
            {"Host": "127.0.0.1"},
            {"Origin": "https://elsewhere.example"},
            {"Origin": "null"},
        ],
        ids=str,
    )
    def test_get_nothing_from_another_host_or_page(
        self, site: Site, file: str, headers: dict[str, str]
    ) -> None:
        with pytest.raises(HTTPError, match="403") as caught:
            get(site.url + file, **headers)

        with caught.value as answer:
            assert site.account.password.encode() not in answer.read()

    def test_get_no_share_under_another_host(self, site: Site) -> None:
        for path in ("/", "/shares/7/x/share.json"):
            with pytest.raises(HTTPError, match="403"):
                get(site.shares_url + path, Host="rebound.example")

    def test_get_no_configuration_with_the_page_of_shares(self, site: Site) -> None:
        for path in ("/config.json", "/shares/../config.json", "/shares/%2e%2e/config.json"):
            with pytest.raises(HTTPError, match="404"):
                get(site.shares_url + path)

    def test_find_another_folder_and_password_in_each_run(self, site: Site) -> None:
        *_, folder, _ = site.url.split("/")

        assert len(folder) >= 32
        assert folder not in site.account.password
        assert folder not in repr(site)
        assert site.account.password not in repr(site)


def test_other_origins_cannot_read_an_answer(site: Site) -> None:
    url = listing(site)
    allowed = get(url, Origin=site.origin).headers

    assert allowed["Access-Control-Allow-Origin"] == site.origin
    assert "x-amz-version-id" in allowed["Access-Control-Expose-Headers"]
    with pytest.raises(HTTPError, match="403") as caught:
        get(url, Origin="https://elsewhere.example")
    with caught.value as answer:
        assert "Access-Control-Allow-Origin" not in answer.headers


def listing(site: Site) -> str:
    """Return a presigned URL of the list of photos."""
    s3 = client("s3", site.stack.endpoint_url, config=Config(signature_version="s3v4"))
    parameters = {"Bucket": site.stack.photos_bucket}
    return str(s3.generate_presigned_url("list_objects_v2", Params=parameters))


def test_a_page_can_read_why_a_request_is_refused(site: Site) -> None:
    with pytest.raises(HTTPError, match="403") as caught:
        get(site.stack.endpoint_url, Origin=site.origin)

    with caught.value as answer:
        assert answer.headers["Access-Control-Allow-Origin"] == site.origin


def preflight(
    site: Site, bucket: str, *, method: str, origin: str | None = None, headers: str = ""
) -> HTTPResponse:
    """Send a preflight request for an object."""
    asked = {
        "Origin": origin or site.origin,
        "Access-Control-Request-Method": method,
        **({"Access-Control-Request-Headers": headers} if headers else {}),
    }
    url = f"{site.stack.endpoint_url}/{bucket}/a"
    answer: HTTPResponse = urlopen(  # noqa: S310  # ours
        Request(url, headers=asked, method="OPTIONS"),  # noqa: S310
        timeout=10,
    )
    answer.read()
    return answer


def test_a_preflight_request_for_an_existing_object_succeeds(site: Site) -> None:
    site.stack.s3.put_object(Bucket=site.stack.derived_bucket, Key="a", Body=b"")

    assert preflight(site, site.stack.derived_bucket, method="GET").status == 200


def test_a_preflight_request_is_answered_by_the_rule_of_the_bucket(site: Site) -> None:
    sent = "authorization,content-type,x-amz-checksum-crc32"

    answer = preflight(site, site.stack.photos_bucket, method="PUT", headers=sent)

    assert answer.headers["Access-Control-Allow-Origin"] == site.origin
    assert answer.headers["Access-Control-Allow-Headers"] == sent
    assert "PUT" in answer.headers["Access-Control-Allow-Methods"].split(", ")


@pytest.mark.parametrize(
    ("kind", "asked"),
    [
        ("photos", {"method": "PATCH"}),
        ("derived", {"method": "PUT"}),
        ("photos", {"method": "PUT", "headers": "authorization, x-other"}),
        ("photos", {"method": "PUT", "origin": "https://elsewhere.example"}),
    ],
    ids=["a method", "a method of the other bucket", "a header", "an origin"],
)
def test_a_preflight_request_that_no_rule_allows_is_refused(
    site: Site, kind: str, asked: dict[str, str]
) -> None:
    bucket = getattr(site.stack, f"{kind}_bucket")

    with pytest.raises(HTTPError, match="403") as caught:
        preflight(site, bucket, **asked)

    with caught.value as answer:
        assert "Access-Control-Allow-Origin" not in answer.headers


def test_a_page_can_read_each_header_that_completes_an_upload_in_parts(site: Site) -> None:
    s3 = site.stack.s3.meta.service_model
    answered, sent = s3.operation_model("UploadPart").output_shape, s3.shape_for("CompletedPart")
    assert answered is not None
    assert isinstance(sent, StructureShape)
    needed = {
        answered.members[name].serialization["name"].lower()
        for name in sent.members
        if name in answered.members
    }
    page = site.origin

    exposed = (
        get(listing(site), Origin=page).headers["Access-Control-Expose-Headers"].lower().split(", ")
    )

    assert len(needed) > 1
    assert needed <= set(exposed)


class TestSigningIn:
    def test_gives_a_user_the_same_identity_each_time(self, site: Site) -> None:
        account = site.account
        logins = {"any": _id_token(site)}
        identities = site.stack.client("cognito-identity")

        for _ in range(2):
            answer = identities.get_id(IdentityPoolId=account.identity_pool_id, Logins=logins)
            assert answer["IdentityId"] == account.owner

    def test_gives_a_signed_in_user_credentials_for_an_hour(self, site: Site) -> None:
        identities = site.stack.client("cognito-identity")

        answer = identities.get_credentials_for_identity(
            IdentityId=site.account.owner, Logins={"any": _id_token(site)}
        )

        expires = answer["Credentials"]["Expiration"]
        assert 3500 < (expires - expires.now(expires.tzinfo)).total_seconds() <= 3600

    @pytest.mark.parametrize("logins", [{}, {"any": "forged"}], ids=["no token", "a forged token"])
    def test_gives_nothing_without_a_valid_token(self, site: Site, logins: dict[str, str]) -> None:
        identities = site.stack.client("cognito-identity")

        with pytest.raises(ClientError, match="NotAuthorizedException"):
            identities.get_id(IdentityPoolId=site.account.identity_pool_id, Logins=logins)
        with pytest.raises(ClientError, match="NotAuthorizedException"):
            identities.get_credentials_for_identity(IdentityId=site.account.owner, Logins=logins)

    def test_renews_a_session_until_it_is_revoked(self, site: Site) -> None:
        pools = site.stack.client("cognito-idp")
        tokens = _tokens(site)
        session = {
            "ClientId": site.account.user_pool_client_id,
            "RefreshToken": tokens["RefreshToken"],
        }

        renewed = pools.get_tokens_from_refresh_token(**session)["AuthenticationResult"]

        logins = {"any": renewed["IdToken"]}
        answer = site.stack.client("cognito-identity").get_id(
            IdentityPoolId=site.account.identity_pool_id, Logins=logins
        )
        assert answer["IdentityId"] == site.account.owner
        assert "RefreshToken" not in renewed
        pools.revoke_token(Token=tokens["RefreshToken"], ClientId=session["ClientId"])
        with pytest.raises(ClientError, match="NotAuthorizedException"):
            pools.get_tokens_from_refresh_token(**session)

    def test_does_not_reveal_whether_a_user_exists(self, site: Site) -> None:
        pools = site.stack.client("cognito-idp")

        with pytest.raises(ClientError, match=r"NotAuthorizedException.*Incorrect username"):
            pools.initiate_auth(
                ClientId=site.account.user_pool_client_id,
                AuthFlow="USER_SRP_AUTH",
                AuthParameters={"USERNAME": "nobody", "SRP_A": "2"},
            )


def _id_token(site: Site) -> str:
    return _tokens(site)["IdToken"]


def _tokens(site: Site) -> dict[str, str]:
    tokens: dict[str, str] = site.stack.client("cognito-idp").admin_initiate_auth(
        UserPoolId=site.account.user_pool_id,
        ClientId=site.account.user_pool_client_id,
        AuthFlow="ADMIN_USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": "demo", "PASSWORD": site.account.password},
    )["AuthenticationResult"]
    return tokens
