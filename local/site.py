"""The gallery in a browser, on this machine: `python -m local.site [PHOTO_OR_FOLDER…]`.

Serves web/dist and its config.json on the loopback, beside an embedded AWS that has one account:
the page signs in to it as it would to Cognito, by SRP, and has its own partition and prefix.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Final

from local.embedded import LOOPBACK, REGION
from local.functions import InProcess
from local.moto_patches import (
    cognitosignin,  # noqa: F401  # importing it puts it in place
    cors,
)
from local.process import find_photos
from local.stack import Stack
from local.template import REPOSITORY, render_file
from shared.keys import UPLOADS_PREFIX

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from local.functions import Functions
    from local.process import Photo
    from local.rekognition import Labeler

DIST: Final = REPOSITORY / "web" / "dist"
EXAMPLES: Final = Path(__file__).parent / "photos"
EXAMPLES_ALBUM: Final = "Examples"
PORT: Final = 8642
USERNAME: Final = "demo"
PASSWORD: Final = "Embedded-AWS-1"  # noqa: S105  # of an account that only this process has

SECONDS_IN_A_YEAR: Final = 31_536_000


@dataclass(frozen=True)
class Account:
    """The one account of an embedded AWS."""

    user_pool_id: str
    user_pool_client_id: str
    identity_pool_id: str
    owner: str  # its identity: the owner's name in keys and in the table


@dataclass(frozen=True)
class Site:
    """The gallery in a browser, and what is behind it."""

    url: str  # of the page
    stack: Stack
    account: Account


class SiteUnavailableError(Exception):
    """The page cannot be served; the message says why."""


@contextmanager
def gallery(
    *,
    functions: Functions,
    labeler: Labeler | None = None,
    port: int = 0,
    dist: Path = DIST,
) -> Iterator[Site]:
    """Start the embedded AWS and serve the page beside it.

    Args:
        functions: what runs the functions.
        labeler: what answers Rekognition's DetectLabels; absent means: no labels at all.
        port: of the loopback; 0 means a free one.
        dist: the page, as `npm run build` made it.

    Raises:
        SiteUnavailableError: the page is not built, or the port is taken.
    """
    if not (dist / "index.html").is_file():
        raise SiteUnavailableError(f"{dist} holds no page: make web")
    try:
        server = ThreadingHTTPServer((LOOPBACK, port), partial(_Handler, directory=str(dist)))
    except OSError as error:
        raise SiteUnavailableError(f"port {port}: {error.strerror}") from error
    with server:
        cors.ORIGINS[:] = [
            f"http://{host}:{server.server_port}" for host in (LOOPBACK, "localhost")
        ]
        with Stack.start(functions=functions, labeler=labeler) as stack:
            account = create_account(stack)
            server.config = json.dumps(configuration(stack, account)).encode()  # type: ignore[attr-defined]
            server.headers = headers(stack.endpoint_url)  # type: ignore[attr-defined]
            thread = threading.Thread(target=server.serve_forever, args=(0.05,), name="site")
            thread.start()
            try:
                yield Site(cors.ORIGINS[0] + "/", stack, account)
            finally:
                server.shutdown()
                thread.join()
                cors.ORIGINS.clear()


def create_account(stack: Stack) -> Account:
    """Create a user pool with one user, and the identity pool that knows its users."""
    pools = stack.client("cognito-idp")
    pool_id = pools.create_user_pool(PoolName="gallery")["UserPool"]["Id"]
    client_id = pools.create_user_pool_client(UserPoolId=pool_id, ClientName="gallery")[
        "UserPoolClient"
    ]["ClientId"]
    pools.admin_create_user(UserPoolId=pool_id, Username=USERNAME)
    pools.admin_set_user_password(
        UserPoolId=pool_id, Username=USERNAME, Password=PASSWORD, Permanent=True
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
        AuthParameters={"USERNAME": USERNAME, "PASSWORD": PASSWORD},
    )["AuthenticationResult"]
    owner = identities.get_id(
        IdentityPoolId=identity_pool_id, Logins={provider: tokens["IdToken"]}
    )["IdentityId"]
    return Account(pool_id, client_id, identity_pool_id, owner)


def configuration(stack: Stack, account: Account) -> dict[str, object]:
    """Return config.json: see web/src/config.ts."""
    return {
        "region": REGION,
        "endpoint": stack.endpoint_url,
        "photos_bucket": stack.photos_bucket,
        "derived_bucket": stack.derived_bucket,
        "table": stack.table,
        "user_pool_id": account.user_pool_id,
        "user_pool_client_id": account.user_pool_client_id,
        "identity_pool_id": account.identity_pool_id,
        "local_credentials": {"username": USERNAME, "password": PASSWORD},
    }


def headers(endpoint_url: str) -> dict[str, str]:
    """Return the headers of every answer: CloudFront's, with this AWS in the place of AWS."""
    values = {"apis": endpoint_url, "images": endpoint_url}
    made: dict[str, str] = json.loads(render_file("workflow/site_headers.json.tftpl", values))
    return made


class _Handler(SimpleHTTPRequestHandler):
    """Files of the page, and config.json."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Answer one request."""
        if self.path != "/config.json":
            super().do_GET()
            return
        config: bytes = self.server.config  # type: ignore[attr-defined]  # see `gallery`
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(config)))
        self.end_headers()
        self.wfile.write(config)

    def end_headers(self) -> None:
        """Add the headers of every answer."""
        named_by_content = self.path.startswith("/assets/")
        cached = (
            f"public, max-age={SECONDS_IN_A_YEAR}, immutable" if named_by_content else "no-cache"
        )
        self.send_header("Cache-Control", cached)
        common: Mapping[str, str] = self.server.headers  # type: ignore[attr-defined]
        for name, value in common.items():
            self.send_header(name, value)
        super().end_headers()

    def log_message(self, *_arguments: object) -> None:
        """Log nothing."""


def upload(site: Site, photos: Iterable[Photo], *, album: str) -> None:
    """Put files into an album; folders between them become albums below it."""
    for photo in photos:
        key = f"{UPLOADS_PREFIX}{site.account.owner}/{album}/{photo.name.as_posix()}"
        site.stack.upload(key, photo.file.read_bytes())


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until Ctrl-C. Return 0, or 2 where something is missing here."""
    parser = argparse.ArgumentParser(prog="python -m local.site", description=__doc__)
    parser.add_argument("photos", nargs="*", type=Path, default=[EXAMPLES], metavar="PHOTO")
    parser.add_argument("--port", type=int, default=PORT, help=f"of {LOOPBACK} (default: {PORT})")
    options = parser.parse_args(arguments)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        _run(options.photos, port=options.port)
    except KeyboardInterrupt:
        return 0
    except (OSError, SiteUnavailableError) as error:
        _say(str(error))
        return 2
    return 0


def _run(paths: Sequence[Path], *, port: int) -> None:
    from local.labels import ModelLabeler  # noqa: PLC0415  # --help need not wait for it
    from models.build import ModelUnavailableError, WrongWeightsError  # noqa: PLC0415

    def unreadable(error: OSError) -> None:
        _say(f"cannot read {error.filename}: {error.strerror}")

    photos = find_photos(paths, output=Path("demo"), on_error=unreadable)
    try:
        labeler = ModelLabeler.ready(_say)
    except (ModelUnavailableError, WrongWeightsError) as error:
        raise SiteUnavailableError(str(error)) from error
    with gallery(functions=InProcess(), labeler=labeler, port=port) as site:
        upload(site, photos, album=EXAMPLES_ALBUM)
        _say(f"Gallery: {site.url} ({USERNAME}, {PASSWORD}); Ctrl-C ends it and forgets all")
        threading.Event().wait()


_say: Callable[[str], None] = partial(print, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
