"""Owners: who has photos, how many, and which user of the user pool each of them is.

An owner of the page is an identity of the identity pool. No API of AWS leads from an identity to
its user: DescribeIdentity and ListIdentities name the identity provider of a login, not its user,
https://docs.aws.amazon.com/cognitoidentity/latest/APIReference/API_IdentityDescription.html, and
LookupDeveloperIdentity knows identities of developers' providers only. So the row `owner` has what
API Gateway says of the caller: docs/decisions/0030. A user cannot write it.
"""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

from gallery.costs import USD
from gallery.deployment import Deployment, add_deployment_arguments, add_owner_argument
from gallery.shell import print_stderr, print_stdout
from gallery.table import Query
from shared.keys import layout, within
from shared.rows import OwnerRow, read
from shared.text import escaped

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Iterator, Mapping

    from gallery.buckets import Version
    from gallery.table import Table

PAGE: Final = 1000  # rows; a Query ends at 1 MB before that
IDENTITIES: Final = 60  # in one ListIdentities, at most

# https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-mapping-template-reference.html
_LOGIN: Final = re.compile(r".*cognito-idp\.[^/]+/(?P<pool>[^:,/]+):CognitoSignIn:(?P<sub>[\w-]+)")

SEEN: Final = "API Gateway"  # how a user is known
ROW_READ_UNITS: Final = 0.5  # of the row `owner`, eventually consistent


@dataclass(frozen=True)
class Owner:
    """An owner."""

    owner: str
    photos: int  # READY, as the albums count them
    albums: int
    is_identity: bool | None  # of the identity pool; None: there is no pool, or AWS does not tell
    user: str | None = None  # the sub of the user, or None: nobody knows
    email: str | None = None  # of the user, as the user pool has it now
    known_by: str | None = None  # who says so
    known_since: str | None = None  # when the user last signed in with a password in the page
    bytes: int | None = None  # of the current objects, if they were asked for
    read_units: float = 0.0


@dataclass(frozen=True)
class Users:
    """The users and the identities of a deployment, as far as Cognito tells."""

    pool: str | None  # the id of the user pool
    emails: Mapping[str, str]  # by sub
    identities: frozenset[str] | None


def owner_of(deployment: Deployment, name: str, users: Users, *, with_bytes: bool) -> Owner:
    """Return an owner. Reads the counts of all albums, and one row more."""
    photos, albums, read_units = _counts(deployment.table, name)
    user, seen_at = login_of(deployment.table, name, users.pool)
    objects = _objects(deployment, name) if with_bytes else ()
    return Owner(
        owner=name,
        photos=photos,
        albums=albums,
        is_identity=None if users.identities is None else name in users.identities,
        user=user,
        email=None if user is None else users.emails.get(user),
        known_by=None if user is None else SEEN,
        known_since=seen_at,
        bytes=sum(one.size_bytes for one in objects) if with_bytes else None,
        read_units=read_units + ROW_READ_UNITS,
    )


def _objects(deployment: Deployment, owner: str) -> Iterable[Version]:
    """Return an owner's objects; none if all photos are of another owner."""
    try:
        return deployment.photos.objects(layout().folder_of(owner))
    except ValueError:
        return ()


def login_of(table: Table, owner: str, pool: str | None) -> tuple[str | None, str | None]:
    """Return the sub of an owner's user, and when API Gateway said so; None if nobody knows.

    A login of another pool than `pool` is that of nobody: a sub is unique within its pool.
    """
    row = table.get(owner, "owner")
    if row is None:
        return None, None
    known = read(OwnerRow, row)
    found = _LOGIN.fullmatch(known.login)
    if found is None or pool is None or found["pool"] != pool:
        return None, None
    return found["sub"], known.seen_at


def users_of(deployment: Deployment) -> Users:
    """Return all users and identities of a deployment."""
    new_client: Any = deployment.session.client  # without stubs
    pool, identity_pool = deployment.outputs.user_pool_id, deployment.outputs.identity_pool_id
    emails: dict[str, str] = {}
    if pool is not None:
        pages = new_client("cognito-idp").get_paginator("list_users").paginate(UserPoolId=pool)
        for page in pages:
            for user in page["Users"]:
                attributes = {one["Name"]: one["Value"] for one in user["Attributes"]}
                emails[attributes["sub"]] = attributes.get("email", user["Username"])
    identities = None
    if identity_pool is not None:
        identities = frozenset(_identities(new_client("cognito-identity"), identity_pool))
    return Users(pool, emails, identities)


def _identities(client: Any, pool: str) -> Iterator[str]:  # noqa: ANN401  # without stubs
    start: dict[str, str] = {}
    while True:
        page = client.list_identities(IdentityPoolId=pool, MaxResults=IDENTITIES, **start)
        yield from (one["IdentityId"] for one in page["Identities"])
        if not page.get("NextToken"):
            return
        start = {"NextToken": page["NextToken"]}


def _counts(table: Table, owner: str) -> tuple[int, int, float]:
    """Return the numbers of photos and of albums that have photos, and the read units."""
    low, high = within("album")
    query = Query(owner=owner, index=None, range_key="sk", low=low, high=high)
    albums: dict[str, int] = {}
    start, more, read_units = None, True, 0.0
    while more:
        found = table.query(query, start=start, limit=PAGE)
        for row in found.rows:
            albums[row["album"]] = albums.get(row["album"], 0) + row["photos"]
        read_units += found.read_units
        start, more = found.last, found.more
    return sum(albums.values()), sum(count > 0 for count in albums.values()), read_units


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    add_deployment_arguments(command)
    add_owner_argument(command)
    command.add_argument(
        "--bytes",
        action="store_true",
        help="add the size of the photos; lists the bucket, one request for 1,000 photos",
    )
    command.add_argument("--json", action="store_true", help="print one object for each owner")


def run(given: argparse.Namespace) -> int:
    """Print the owners, and what it cost to read them."""
    deployment = Deployment.of(given)
    users = users_of(deployment)
    names = deployment.owners(given.owner, renditions=True)
    # All photos of an adopted bucket may belong to one owner: other identities have none.
    if given.owner is None and users.identities is not None and layout().owner is None:
        names = sorted({*names, *users.identities})
    read_units = 0.0
    for name in names:
        owner = owner_of(deployment, name, users, with_bytes=given.bytes)
        read_units += owner.read_units
        if given.json:
            print_stdout(json.dumps(asdict(owner), ensure_ascii=False))
        else:
            print_stdout(_line(owner))
    dollars = read_units * USD["DynamoDB, read unit"]
    print_stderr(f"{len(names):,} owners, {read_units:,.1f} read units: USD {dollars:,.6f}")
    return 0


def _line(owner: Owner) -> str:
    size = "" if owner.bytes is None else f"{owner.bytes / 1e9:,.2f} GB, "
    if owner.user is None:
        who = "user unknown"
    else:
        email = owner.email or f"deleted user {owner.user}"
        who = f"{email}, by {owner.known_by} on {(owner.known_since or '')[:10]}"
    identity = {None: "", True: "", False: ", no identity of this pool"}[owner.is_identity]
    counts = f"{owner.photos:,} photos, {owner.albums:,} albums"
    return f"{escaped(owner.owner)}: {counts}, {size}{who}{identity}"
