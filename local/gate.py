"""The gate of the embedded AWS: only requests that this run has authorized pass.

moto answers everyone, and not only the owner of this machine reaches its ports: other users,
containers and web pages do too. So each request is checked before moto sees it:

Host       is localhost or an IP address. A page that reaches this machine by a name of its own
           (DNS rebinding) sends that name. Containers may have another address of this machine.
Origin     is the gallery's page, if there is one.
Signature  is made with a key of this run, by Signature Version 4 as in AWS: in a header, or in the
           query of a presigned URL.

Preflight requests and the sign-in to Cognito have no signature, as in AWS. Forms (POST Object) do
not pass: nothing here sends them.

AWS: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
"""

import hashlib
import hmac
import io
import ipaddress
import re
import secrets
import time
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qs

from botocore.auth import S3SigV4Auth, S3SigV4QueryAuth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from moto.core.request import environ_key_for_header

from local import api
from local.clients import CREDENTIALS, access_key_id, secret

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

CLOCK_SKEW_SECONDS: Final = 15 * 60  # as AWS allows
MAX_EXPIRES_SECONDS: Final = 7 * 24 * 3600  # of a presigned URL, as in AWS
MAX_BODY_BYTES: Final = 20_000_000  # DynamoDB's largest request has 16 MB; S3's are not read here

# AWS: https://docs.aws.amazon.com/cognito/latest/developerguide/resource-permissions.html
UNSIGNED_TARGETS: Final = frozenset(
    {
        "AWSCognitoIdentityProviderService.ChangePassword",
        "AWSCognitoIdentityProviderService.ConfirmForgotPassword",
        "AWSCognitoIdentityProviderService.ForgotPassword",
        "AWSCognitoIdentityProviderService.GetTokensFromRefreshToken",
        "AWSCognitoIdentityProviderService.GlobalSignOut",
        "AWSCognitoIdentityProviderService.InitiateAuth",
        "AWSCognitoIdentityProviderService.RespondToAuthChallenge",
        "AWSCognitoIdentityProviderService.RevokeToken",
        "AWSCognitoIdentityService.GetCredentialsForIdentity",
        "AWSCognitoIdentityService.GetId",
    }
)
# moto's own APIs, by which everything can be reset and read. AWS has none of them here.
_MOTO_PATHS: Final = ("/moto-api", "/latest/", "/favicon.ico")

_AUTHORIZATION: Final = re.compile(
    r"AWS4-HMAC-SHA256 Credential=([^,\s]+),\s*SignedHeaders=([^,\s]+),\s*Signature=([^,\s]+)"
)
_SCOPE: Final = re.compile(r"([A-Z0-9]+)/(\d{8})/([a-z0-9-]+)/([a-z0-9-]+)/aws4_request")
_TIME: Final = "%Y%m%dT%H%M%SZ"


class RefusedError(Exception):
    """A request does not pass. `code` is AWS's name for it."""

    def __init__(
        self,
        code: str,
        message: str,
        status: HTTPStatus = HTTPStatus.FORBIDDEN,
        *,
        is_s3: bool = False,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.status = status
        self.is_s3 = is_s3  # S3 answers in XML


@dataclass(frozen=True)
class Key:
    """An access key of this run."""

    id: str
    secret: str = field(repr=False)
    token: str = field(default="", repr=False)  # of temporary credentials
    expires_at: float = float("inf")  # seconds since 1970
    identity: str = ""  # of Cognito, whose credentials they are
    login: str = ""  # of the identity, as API Gateway names it


class Keys:
    """The access keys of this run: its own, and the temporary ones that it has issued."""

    def __init__(self) -> None:
        own = Key(CREDENTIALS["AWS_ACCESS_KEY_ID"], CREDENTIALS["AWS_SECRET_ACCESS_KEY"])
        self._keys = {own.id: own}

    def issue(self, *, seconds: float, identity: str = "", login: str = "") -> Key:
        """Return new temporary credentials, of an identity of Cognito."""
        token, expires_at = secrets.token_urlsafe(60), time.time() + seconds
        key = Key(access_key_id("ASIA"), secret(), token, expires_at, identity, login)
        self._keys[key.id] = key
        return key

    def find(self, key_id: str) -> Key | None:
        """Return the key with this id, or None."""
        return self._keys.get(key_id)


class Gate:
    """Checks requests."""

    def __init__(self, keys: Keys, origins: Collection[str]) -> None:
        """Set which requests pass.

        Args:
            keys: the access keys of this run.
            origins: the allowed values of Origin; read at each request.
        """
        self.port = 0  # at which this run listens
        self._keys = keys
        self._origins = origins

    def check(self, environ: "WSGIEnvironment") -> Key | None:
        """Check a request, and return the key that has signed it; None if it needs no signature.

        moto must not see a preflight request.

        Raises:
            RefusedError: the request does not pass.
        """
        name, _, port = environ.get("HTTP_HOST", "").rpartition(":")
        if port != str(self.port) or not (name == "localhost" or _is_address(name)):
            raise RefusedError("AccessDenied", "The Host is not an address of this run.")
        if environ.get("HTTP_ORIGIN") not in (None, *self._origins):
            raise RefusedError("AccessDenied", "The Origin is not the gallery's page.")
        if environ["PATH_INFO"].startswith(_MOTO_PATHS):
            raise RefusedError("NotFound", "AWS has no such API.", HTTPStatus.NOT_FOUND)
        if is_preflight(environ) or _is_sign_in(environ):
            return None
        signature = _Signature.of(environ)
        if (signature.service == "execute-api") != _is_of_api(environ):
            raise RefusedError("InvalidSignatureException", "The signature is for another service.")
        return signature.check(environ, self._keys)


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def is_preflight(environ: "WSGIEnvironment") -> bool:
    """Return whether a browser asks for leave to send a request of a page."""
    return environ["REQUEST_METHOD"] == "OPTIONS" and {
        "HTTP_ORIGIN",
        "HTTP_ACCESS_CONTROL_REQUEST_METHOD",
    } <= set(environ)


def _is_of_api(environ: "WSGIEnvironment") -> bool:
    path: str = environ["PATH_INFO"]
    return path.startswith(f"{api.PATH}/")


def _is_sign_in(environ: "WSGIEnvironment") -> bool:
    """Return whether it is one of the calls that need no signature, and can be no other call.

    moto also reads the name of a call from the path, the query or a form.
    """
    return (
        environ.get("HTTP_X_AMZ_TARGET") in UNSIGNED_TARGETS
        and environ["REQUEST_METHOD"] == "POST"
        and environ["PATH_INFO"] == "/"
        and not environ["QUERY_STRING"]
        and environ.get("CONTENT_TYPE") == "application/x-amz-json-1.1"
        and "HTTP_AUTHORIZATION" not in environ
    )


@dataclass(frozen=True)
class _Signature:
    """What a request says about its signature."""

    key_id: str
    region: str
    service: str
    timestamp: str
    token: str
    signed_headers: list[str]
    signature: str
    expires_seconds: int | None = None  # of a presigned URL

    @classmethod
    def of(cls, environ: "WSGIEnvironment") -> "_Signature":
        """Read the header of a request, or else its query.

        Raises:
            RefusedError: the request is not signed, or not by Signature Version 4.
        """
        query = {name: values[0] for name, values in parse_qs(environ["QUERY_STRING"]).items()}
        if header := _AUTHORIZATION.fullmatch(environ.get("HTTP_AUTHORIZATION", "")):
            credential, signed, signature = header.groups()
            timestamp = environ.get("HTTP_X_AMZ_DATE", "")
            token = environ.get("HTTP_X_AMZ_SECURITY_TOKEN", "")
            expires = None
        else:
            names = ("Credential", "SignedHeaders", "Signature", "Date", "Security-Token")
            credential, signed, signature, timestamp, token = (
                query.get(f"X-Amz-{name}", "") for name in names
            )
            expires = query.get("X-Amz-Expires", "")
        scope = _SCOPE.fullmatch(credential)
        is_dated = bool(scope) and re.fullmatch(r"\d{8}T\d{6}Z", timestamp)
        if (
            scope is None
            or not is_dated
            or not (expires is None or re.fullmatch(r"\d{1,6}", expires))
        ):
            raise RefusedError(
                "AccessDenied",
                "Only requests with a signature of this run are answered.",
                is_s3="HTTP_X_AMZ_TARGET" not in environ and not _is_of_api(environ),
            )
        key_id, date, region, service = scope.groups()
        if not timestamp.startswith(date):
            raise RefusedError("AccessDenied", "The date of the scope is not X-Amz-Date's.")
        headers = signed.split(";")
        lifetime = None if expires is None else int(expires)
        return cls(key_id, region, service, timestamp, token, headers, signature, lifetime)

    def check(self, environ: "WSGIEnvironment", keys: Keys) -> Key:
        """Check the signature and its time, and return the key that has made it.

        Raises:
            RefusedError: no key of this run has made it for this request, or it is not valid now.
        """
        key = keys.find(self.key_id)
        if key is None:
            raise self._refusal("InvalidAccessKeyId", "UnrecognizedClientException")
        expected = self._expected(environ, key)
        if not (
            hmac.compare_digest(expected.encode(), self.signature.encode())
            and hmac.compare_digest(key.token.encode(), self.token.encode())
        ):
            raise self._refusal("SignatureDoesNotMatch", "InvalidSignatureException")
        now = time.time()
        if now > key.expires_at:
            raise self._refusal("ExpiredToken", "ExpiredTokenException")
        made = datetime.strptime(self.timestamp, _TIME).replace(tzinfo=UTC).timestamp()
        if self.expires_seconds is None:
            is_valid = abs(now - made) <= CLOCK_SKEW_SECONDS
        else:
            lifetime = min(self.expires_seconds, MAX_EXPIRES_SECONDS)
            is_valid = made - CLOCK_SKEW_SECONDS <= now <= made + lifetime
        if not is_valid:
            raise self._refusal(
                "RequestTimeTooSkewed", "InvalidSignatureException", self._too_skewed(made, now)
            )
        return key

    def _expected(self, environ: "WSGIEnvironment", key: Key) -> str:
        """Return the signature that `key` makes for this request, as botocore signs."""
        target = environ["REQUEST_URI"]
        if self.expires_seconds is not None:
            target = re.sub(r"&?\bX-Amz-Signature=[^&]*", "", target)
        headers = {
            name: environ.get(environ_key_for_header(name), "") for name in self.signed_headers
        }
        request = AWSRequest(
            environ["REQUEST_METHOD"],
            f"{environ['wsgi.url_scheme']}://{environ['HTTP_HOST']}{target}",
            headers,
            b"" if self.service == "s3" else self._read(environ),
        )
        request.context["timestamp"] = self.timestamp
        credentials = Credentials(key.id, key.secret)
        if self.service != "s3":
            signer = SigV4Auth
        else:
            signer = S3SigV4Auth if self.expires_seconds is None else S3SigV4QueryAuth
        auth = signer(credentials, self.service, self.region)
        text = auth.string_to_sign(request, auth.canonical_request(request))
        signature: str = auth.signature(text, request)
        return signature

    def _read(self, environ: "WSGIEnvironment") -> bytes:
        """Return the body, and leave it for moto.

        Raises:
            RefusedError: it is too large, or not the one that was signed.
        """
        length = int(environ.get("CONTENT_LENGTH") or 0)
        if length > MAX_BODY_BYTES or "HTTP_TRANSFER_ENCODING" in environ:
            raise RefusedError(
                "RequestEntityTooLarge",
                f"A request has at most {MAX_BODY_BYTES:,} bytes, and says how many.",
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
            )
        body: bytes = environ["wsgi.input"].read(length)
        environ["wsgi.input"] = io.BytesIO(body)
        digest = hashlib.sha256(body).hexdigest()
        if environ.get("HTTP_X_AMZ_CONTENT_SHA256", digest) != digest:
            raise self._refusal("XAmzContentSHA256Mismatch", "InvalidSignatureException")
        return body

    def _too_skewed(self, made: float, now: float) -> str:
        """Return AWS's message, which has its time: a page may not read the header Date.

        DynamoDB: https://github.com/aws/aws-sdk-js-v3/issues/3119
        """
        if self.service == "s3":
            return "The difference between the request time and the current time is too large."
        minutes = CLOCK_SKEW_SECONDS // 60
        if made < now:
            limit = _text(now - CLOCK_SKEW_SECONDS)
            words = f"Signature expired: {self.timestamp} is now earlier than {limit}"
            sign = "-"
        else:
            limit = _text(now + CLOCK_SKEW_SECONDS)
            words = f"Signature not yet current: {self.timestamp} is still later than {limit}"
            sign = "+"
        return f"{words} ({_text(now)} {sign} {minutes} min.)"

    def _refusal(
        self,
        in_s3: str,
        elsewhere: str,
        message: str = "Only requests with a valid signature of this run are answered.",
    ) -> RefusedError:
        is_s3 = self.service == "s3"
        return RefusedError(in_s3 if is_s3 else elsewhere, message, is_s3=is_s3)


def _text(seconds: float) -> str:
    """Return a time as it is in signatures."""
    return datetime.fromtimestamp(seconds, UTC).strftime(_TIME)
