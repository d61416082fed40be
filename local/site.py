"""Serve the gallery in a browser, on this machine: `python -m local.site [FILE_OR_FOLDER…]`.

Serves web/dist and its config.json on the loopback, beside an embedded AWS with one account. The
page signs in by SRP, as it does at Cognito, and has its own partition and prefix.

config.json has the password, and not only the owner of this machine reaches its loopback: other
users and web pages do too. So the folder of the page has a random name, which only the printed URL
tells, and a request for another host (DNS rebinding) or of another page is refused.

What people share has an origin of its own, on another port, as it has a distribution of its own in
AWS. Its links contain an unguessable name, so that it needs no such folder.
"""

from __future__ import annotations

import argparse
import hmac
import io
import json
import secrets
import sys
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final, NamedTuple
from urllib.parse import unquote, urlsplit

from botocore.exceptions import ClientError

from local import api, program
from local.clients import REGION
from local.embedded import LOOPBACK
from local.functions import InProcess
from local.moto_patches import (
    cognitosignin,  # noqa: F401  # the import installs the patches
    cors,
)
from local.process import find_photos, read
from local.stack import Stack
from local.template import REPOSITORY, render_file
from shared.errors import RejectedError
from shared.keys import UPLOADS, UPLOADS_PREFIX, Layout
from shared.text import escaped

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from mypy_boto3_s3.type_defs import CORSRuleTypeDef

    from local.functions import Functions
    from local.process import Photo
    from local.rekognition import Labeler

DIST: Final = REPOSITORY / "web" / "dist"
EXAMPLES: Final = Path(__file__).parent / "photos"
EXAMPLES_ALBUM: Final = "Examples"
PORT: Final = 8642
USERNAME: Final = "demo"

TRASH_DAYS: Final = 30  # the default of Terraform; here, nothing expires
SECONDS_IN_A_YEAR: Final = 31_536_000


@dataclass(frozen=True)
class Account:
    """The one account of an embedded AWS."""

    user_pool_id: str
    user_pool_client_id: str
    identity_pool_id: str
    owner: str  # its identity id: the owner in keys and in the table
    password: str = field(repr=False)


@dataclass(frozen=True)
class Site:
    """The page, and the stack and the account behind it."""

    url: str = field(repr=False)  # of the page
    shares_url: str  # of the page that shows shares
    stack: Stack
    account: Account

    @property
    def origin(self) -> str:
        """The origin of the page."""
        return self.url.rsplit("/", 2)[0]


class Tiles(NamedTuple):
    """The tile server of the map, as Terraform's variables map_tiles_… name it."""

    url: str  # with {z}, {x} and {y}
    attribution: str

    @property
    def origin(self) -> str:
        """Its scheme and host."""
        return "/".join(self.url.split("/", 3)[:3])

    @property
    def config(self) -> dict[str, object]:
        """Its part of config.json."""
        return {"map_tiles_url": self.url, "map_tiles_attribution": self.attribution}


class SiteUnavailableError(Exception):
    """The page cannot be served; the message has the reason."""


@contextmanager
def gallery(  # noqa: PLR0913  # all by name
    *,
    functions: Functions,
    labeler: Labeler | None = None,
    port: int = 0,
    dist: Path = DIST,
    tiles: Tiles | None = None,
    layout: Layout = UPLOADS,
) -> Iterator[Site]:
    """Start the embedded AWS and serve the page beside it.

    Args:
        functions: runs the Lambda functions.
        labeler: answers Rekognition's DetectLabels; without it, no photo has labels.
        port: of the loopback; 0 means a free port.
        dist: the output of `npm run build`.
        tiles: the tile server of the map.
        layout: of the photos' keys. If it is not UPLOADS, their bucket is an adopted one: its
            owner lets no page use it, and the gallery only reads it.

    Raises:
        SiteUnavailableError: the page is not built, or the port is taken.
    """
    if not (dist / "index.html").is_file():
        raise SiteUnavailableError(f"{dist} has no index.html: run make web")
    try:
        server = _Server(port, dist)
    except OSError as error:
        raise SiteUnavailableError(f"port {port}: {error.strerror}") from error
    with server, _ShareServer(dist) as shares:
        cors.ORIGINS[:] = server.origins
        with Stack.start(functions=functions, labeler=labeler, layout=layout) as stack:
            allow_page(stack, cors.ORIGINS)
            if layout != UPLOADS:
                stack.s3.delete_bucket_cors(Bucket=stack.photos_bucket)
            api.DEPLOYED[:] = [deployed_api(stack)]
            account = create_account(stack)
            config = configuration(stack, account, shares_url=shares.origins[0])
            if layout != UPLOADS:
                config = of_adopted_bucket(config, layout)
            server.config = json.dumps(config | (tiles.config if tiles else {})).encode()
            server.headers = headers(stack.endpoint_url, tiles)
            shares.stack = stack
            with _serving(server), _serving(shares):
                url = f"{server.origins[0]}/{server.folder}/"
                yield Site(url, shares.origins[0], stack, account)


@contextmanager
def _serving(server: ThreadingHTTPServer) -> Iterator[None]:
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), name="site")
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()


def allow_page(stack: Stack, origins: list[str]) -> None:
    """Let pages of these origins use the buckets as far as the deployed ones let the gallery's."""
    rules = json.loads((REPOSITORY / "workflow/bucket_cors.json").read_text(encoding="utf-8"))
    kinds = {
        stack.derived_bucket: "derived",
        stack.photos_bucket: "photos",
        stack.shares_bucket: "shares",
    }
    for bucket, kind in kinds.items():
        rule: CORSRuleTypeDef = {
            "AllowedHeaders": rules["allowed_headers"],
            "AllowedMethods": rules["allowed_methods"][kind],
            "AllowedOrigins": origins,
            "ExposeHeaders": rules["expose_headers"],
            "MaxAgeSeconds": rules["max_age_seconds"],
        }
        stack.s3.put_bucket_cors(Bucket=bucket, CORSConfiguration={"CORSRules": [rule]})


def deployed_api(stack: Stack) -> api.Api:
    """Return the API of a stack, which the pages of `cors.ORIGINS` may use."""
    executions = stack.state_machine_arn.replace(":stateMachine:", ":execution:")
    return api.Api(stack.edit_arn, f"{executions}:", cors.ORIGINS)


def create_account(stack: Stack) -> Account:
    """Create a user pool with one user, and an identity pool for its users."""
    pools = stack.client("cognito-idp")
    pool_id = pools.create_user_pool(PoolName="gallery")["UserPool"]["Id"]
    client_id = pools.create_user_pool_client(UserPoolId=pool_id, ClientName="gallery")[
        "UserPoolClient"
    ]["ClientId"]
    password = f"Aa1-{secrets.token_urlsafe(16)}"  # Cognito wants characters of four kinds
    pools.admin_create_user(UserPoolId=pool_id, Username=USERNAME)
    pools.admin_set_user_password(
        UserPoolId=pool_id, Username=USERNAME, Password=password, Permanent=True
    )
    provider = f"cognito-idp.{REGION}.amazonaws.com/{pool_id}"
    identities = stack.client("cognito-identity")
    identity_pool_id = identities.create_identity_pool(
        IdentityPoolName="gallery",
        AllowUnauthenticatedIdentities=False,
        CognitoIdentityProviders=[{"ProviderName": provider, "ClientId": client_id}],
    )["IdentityPoolId"]
    tokens = pools.admin_initiate_auth(
        UserPoolId=pool_id,
        ClientId=client_id,
        AuthFlow="ADMIN_USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": USERNAME, "PASSWORD": password},
    )["AuthenticationResult"]
    owner = identities.get_id(
        IdentityPoolId=identity_pool_id, Logins={provider: tokens["IdToken"]}
    )["IdentityId"]
    return Account(pool_id, client_id, identity_pool_id, owner, password)


def configuration(stack: Stack, account: Account, *, shares_url: str) -> dict[str, object]:
    """Return config.json; web/src/config.ts has its type."""
    return {
        "region": REGION,
        "endpoint": stack.endpoint_url,
        "api_url": f"{stack.endpoint_url}{api.PATH}",
        "photos_bucket": stack.photos_bucket,
        "derived_bucket": stack.derived_bucket,
        "shares_bucket": stack.shares_bucket,
        "shares_url": shares_url,
        "table": stack.table,
        "user_pool_id": account.user_pool_id,
        "user_pool_client_id": account.user_pool_client_id,
        "identity_pool_id": account.identity_pool_id,
        "trash_days": TRASH_DAYS,
        "delete_for_good": True,
        "local_credentials": {"username": USERNAME, "password": account.password},
    }


def of_adopted_bucket(config: Mapping[str, object], layout: Layout) -> dict[str, object]:
    """Return config.json of a gallery that only reads its photos."""
    kept = {name: config[name] for name in config if name not in ("trash_days", "delete_for_good")}
    parts = {"prefix": layout.prefix, **({"owner": layout.owner} if layout.owner else {})}
    return {**kept, "key_layout": parts, "read_only": True}


def headers(endpoint_url: str = "", tiles: Tiles | None = None) -> dict[str, str]:
    """Return the headers that CloudFront adds to every answer, with this machine's endpoint.

    The page that shows shares connects to no endpoint.

    Args:
        endpoint_url: of the embedded AWS.
        tiles: the tile server of the map.
    """
    images = f"{endpoint_url} {tiles.origin}" if tiles else endpoint_url
    values = {"apis": endpoint_url, "images": images}
    made: dict[str, str] = json.loads(render_file("workflow/site_headers.json.tftpl", values))
    return made


class _Server(ThreadingHTTPServer):
    """The server of the page."""

    def __init__(self, port: int, dist: Path) -> None:
        super().__init__((LOOPBACK, port), partial(_Handler, directory=str(dist)))
        self.folder = secrets.token_urlsafe(24)  # of the page, in its URL
        self.hosts = [f"{name}:{self.server_port}" for name in (LOOPBACK, "localhost")]
        self.origins = [f"http://{host}" for host in self.hosts]
        self.config = b""  # config.json
        self.headers: dict[str, str] = {}  # of every answer

    def handle_error(self, *_arguments: object) -> None:
        """Print nothing: a browser closes connections at any time."""


class _ShareServer(ThreadingHTTPServer):
    """The distribution of shared photos: the page that shows them, and their files."""

    stack: Stack

    def __init__(self, dist: Path) -> None:
        super().__init__((LOOPBACK, 0), partial(_ShareHandler, directory=str(dist)))
        self.hosts = [f"{name}:{self.server_port}" for name in (LOOPBACK, "localhost")]
        self.origins = [f"http://{host}" for host in self.hosts]
        self.page_headers = headers()
        self.file_headers: dict[str, str] = json.loads(
            (REPOSITORY / "workflow/shares.json").read_text(encoding="utf-8")
        )["headers"]

    def handle_error(self, *_arguments: object) -> None:
        """Print nothing: a browser closes connections at any time."""


class _ShareHandler(SimpleHTTPRequestHandler):
    """Answers requests for the page that shows shares, and for files of shares."""

    protocol_version = "HTTP/1.1"
    server: _ShareServer

    def send_head(self) -> io.BytesIO | BinaryIO | None:
        """Send the head of an answer, and return its body; the base class calls this."""
        if self.headers.get("Host") not in self.server.hosts:
            self.send_error(HTTPStatus.FORBIDDEN, explain="The Host is not an address of shares.")
            return None
        if not self.path.startswith("/shares/"):
            path, mark, query = self.path.partition("?")
            self.path = ("/share.html" if path == "/" else path) + mark + query
            return super().send_head()
        key = unquote(urlsplit(self.path).path.lstrip("/"))
        stack = self.server.stack
        try:
            found = stack.s3.get_object(Bucket=stack.shares_bucket, Key=key)
        except ClientError:
            self.send_error(HTTPStatus.NOT_FOUND)
            return None
        body = found["Body"].read()
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", found["ContentType"])
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        return io.BytesIO(body)

    def end_headers(self) -> None:
        """Add the headers of every answer."""
        is_file = self.path.startswith("/shares/")
        added = self.server.file_headers if is_file else self.server.page_headers
        for name, value in added.items():
            self.send_header(name, value)
        super().end_headers()

    def log_message(self, *_arguments: object) -> None:
        """Log nothing."""


class _Handler(SimpleHTTPRequestHandler):
    """Answers requests for files of the page, and for config.json."""

    protocol_version = "HTTP/1.1"
    server: _Server

    def send_head(self) -> io.BytesIO | BinaryIO | None:
        """Send the head of an answer, and return its body; the base class calls this."""
        _, _, path = self.path.partition("/")
        folder, slash, file = path.partition("/")
        reason = None
        if self.headers.get("Host") not in self.server.hosts:
            reason = "The Host is not an address of this page."
        elif self.headers.get("Origin") not in {None, *self.server.origins}:
            reason = "The Origin is not this page."
        elif not slash or not hmac.compare_digest(folder.encode(), self.server.folder.encode()):
            reason = "Open the URL that the command has printed: it is another one in each run."
        if reason is not None:
            self.send_error(HTTPStatus.FORBIDDEN, explain=reason)
            return None
        self.path = f"/{file}"
        if self.path != "/config.json":
            return super().send_head()
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(self.server.config)))
        self.end_headers()
        return io.BytesIO(self.server.config)

    def end_headers(self) -> None:
        """Add the headers of every answer."""
        named_by_content = self.path.startswith("/assets/")
        cached = (
            f"public, max-age={SECONDS_IN_A_YEAR}, immutable" if named_by_content else "no-cache"
        )
        self.send_header("Cache-Control", cached)
        for name, value in self.server.headers.items():
            self.send_header(name, value)
        super().end_headers()

    def log_message(self, *_arguments: object) -> None:
        """Log nothing."""


def upload(site: Site, photos: Iterable[Photo], *, album: str) -> None:
    """Upload files into an album; their folders become albums below it. Skip what is no photo."""
    for photo in photos:
        key = f"{UPLOADS_PREFIX}{site.account.owner}/{album}/{photo.text}"
        try:
            site.stack.upload(key, read(photo.file))
        except (OSError, ClientError, RejectedError) as error:
            _print_to_stderr(f"{escaped(str(photo.file))} is not uploaded: {error}")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until Ctrl-C. Return 0, or 2 if this machine lacks something."""
    parser = argparse.ArgumentParser(prog="python -m local.site", description=__doc__)
    parser.add_argument(
        "photos",
        nargs="*",
        type=program.path,
        default=[EXAMPLES],
        metavar="FILE_OR_FOLDER",
        help="photos, or folders of photos (default: the photos of local/photos/)",
    )
    parser.add_argument(
        "--port", type=int, default=PORT, help=f"port of {LOOPBACK} (default: {PORT})"
    )
    options = parser.parse_args(arguments)
    try:
        _run(options.photos, port=options.port)
    except KeyboardInterrupt:
        return 0
    except (OSError, SiteUnavailableError) as error:
        _print_to_stderr(str(error))
        return 2
    return 0


def _run(paths: Sequence[Path], *, port: int) -> None:
    from local.labels import ModelLabeler  # noqa: PLC0415  # takes seconds; --help does not need it
    from models.build import ModelUnavailableError, WrongWeightsError  # noqa: PLC0415

    def unreadable(error: OSError) -> None:
        _print_to_stderr(f"cannot read {escaped(str(error.filename))}: {error.strerror}")

    photos = find_photos(paths, on_error=unreadable)
    try:
        labeler = ModelLabeler.ready(_print_to_stderr)
    except (ModelUnavailableError, WrongWeightsError) as error:
        raise SiteUnavailableError(str(error)) from error
    with gallery(functions=InProcess(), labeler=labeler, port=port) as site:
        upload(site, photos, album=EXAMPLES_ALBUM)
        _print_to_stderr(
            f"Gallery: {site.url} (user {USERNAME}, password {site.account.password}). "
            "Ctrl-C stops it and deletes everything in it."
        )
        threading.Event().wait()


_print_to_stderr: Callable[[str], None] = partial(print, file=sys.stderr, flush=True)


if __name__ == "__main__":
    program.run(main)
