"""Remove an owner: delete everything that is theirs, for good.

In this order, so that nothing comes back:

1. the user's sessions end, and the user cannot sign in any more;
2. shared links, unfinished uploads, and all versions of the originals are deleted;
3. the workflow makes every photo DELETED, and deletes the renditions;
4. renditions that are left, and all rows, are deleted, until none has come back for a while;
5. the identity and the user are deleted.

Wherever this stops, the next run goes on. Credentials that the page has last for up to an hour
after step 1, and AWS cannot revoke them for one identity: what is uploaded with them is deleted by
running the command again. docs/runbooks.md says what stays in logs and backups, and for how long.
"""

from __future__ import annotations

import json
import time
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from gallery.deployment import Deployment, add_deployment_arguments
from gallery.owners import login_of
from gallery.shell import UsageError, at_least, print_stderr, print_stdout, progress
from gallery.table import Query
from shared.keys import UPLOADS_PREFIX

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterator

    from gallery.buckets import Bucket, Refusal

BATCH: Final = 1000  # versions that are deleted at a time
SETTLE_SECONDS: Final = 60.0  # S3 usually sends an event within seconds
PATIENCE_SECONDS: Final = (
    900.0  # without any deletion: a throttled workflow waits up to ten minutes
)
LOOK_AGAIN_SECONDS: Final = 2.0
_SHARE_DAYS: Final = Path(__file__).parents[1] / "workflow" / "shares.json"


@dataclass
class Holdings:
    """What an owner has."""

    versions: int = 0  # of originals, with delete markers
    bytes: int = 0
    renditions: int = 0
    shared: int = 0  # objects of shared links
    rows: int = 0
    user: str | None = None  # the sub of the user, if it is known
    is_identity: bool = False  # whether the owner is the form of an identity, which is deleted too


@dataclass(frozen=True)
class Removal:
    """Removes one owner of a deployment."""

    deployment: Deployment
    owner: str
    settle_seconds: float = SETTLE_SECONDS
    patience_seconds: float = PATIENCE_SECONDS
    pause: Callable[[float], None] = time.sleep

    def holdings(self) -> Holdings:
        """Return what the owner has; change nothing."""
        found = Holdings(user=self._user(), is_identity=self._is_identity())
        for one in self.deployment.photos.versions(self._uploads):
            found.versions += 1
            found.bytes += one.size_bytes
        found.renditions = sum(1 for _ in self.deployment.derived.versions(f"{self.owner}/"))
        found.shared = sum(1 for bucket, prefix in self._shares() for _ in bucket.versions(prefix))
        found.rows = sum(1 for _ in self._sort_keys())
        return found

    def remove(self, advance: Callable[[float], None] = lambda _: None) -> list[Refusal]:
        """Delete everything; `advance` is told how many versions of originals are gone.

        Returns the objects that S3 did not delete.
        """
        user = self._user()
        if user is not None:
            self._end_sessions(user)
        refused = []
        for bucket, prefix in self._shares():
            refused += _delete_all(bucket, prefix)
        self.deployment.photos.abort_uploads(self._uploads)
        refused += _delete_all(self.deployment.photos, self._uploads, advance)
        self._await_workflow()
        if refused:  # the rows say what is left, and of which owner
            return refused
        while True:
            refused += _delete_all(self.deployment.derived, f"{self.owner}/")
            sort_keys = list(self._sort_keys())
            self.deployment.table.delete(self.owner, [one for one in sort_keys if one != "owner"])
            self.pause(self.settle_seconds)
            if not [one for one in self._sort_keys() if one != "owner"]:
                break
        if refused:
            return refused
        # Last: until then the row says which user it is, so that the next run ends what this began.
        self._delete_user(user)
        self.deployment.table.delete(self.owner, ["owner"])
        return []

    @property
    def _uploads(self) -> str:
        return f"{UPLOADS_PREFIX}{self.owner}/"

    def _user(self) -> str | None:
        outputs = self.deployment.outputs
        return login_of(self.deployment.table, self.owner, outputs.user_pool_id)[0]

    def _is_identity(self) -> bool:
        pool = self.deployment.outputs.identity_pool_id
        return pool is not None and self.owner.startswith(f"{pool.partition(':')[0]}:")

    def _sort_keys(self) -> Iterator[str]:
        every = Query(owner=self.owner, index=None, range_key="sk", low="\0", high="\U0010ffff")
        return (row["sk"] for row in self.deployment.table.every(every, "sk"))

    def _shares(self) -> Iterator[tuple[Bucket, str]]:
        if self.deployment.shares is None:
            return
        for days in json.loads(_SHARE_DAYS.read_text(encoding="utf-8"))["days"]:
            yield self.deployment.shares, f"shares/{days}/{self.owner}/"

    def _await_workflow(self) -> None:
        """Wait until the workflow has seen that every photo is gone, or sees no more of them.

        Nobody deletes a photo if its row had no object: `reconcile` finds those.
        """
        photos = Query(owner=self.owner, index=None, range_key="sk", low="photo#", high="photo$")
        left_before, since = -1, time.monotonic()
        while True:
            rows = self.deployment.table.every(photos, "status")
            left = sum(row["status"] != "DELETED" for row in rows)
            if left == 0:
                return
            if left != left_before:
                left_before, since = left, time.monotonic()
            elif time.monotonic() - since >= self.patience_seconds:
                return
            self.pause(LOOK_AGAIN_SECONDS)

    def _end_sessions(self, user: str) -> None:
        """Revoke the user's refresh tokens, and let nobody sign in as the user."""
        name = self._username(user)
        if name is None:
            return
        place = {"UserPoolId": self.deployment.outputs.user_pool_id, "Username": name}
        cognito = self._client("cognito-idp")
        cognito.admin_user_global_sign_out(**place)
        cognito.admin_disable_user(**place)

    def _delete_user(self, user: str | None) -> None:
        if self._is_identity():
            self._client("cognito-identity").delete_identities(IdentityIdsToDelete=[self.owner])
        name = None if user is None else self._username(user)
        if name is not None:
            self._client("cognito-idp").admin_delete_user(
                UserPoolId=self.deployment.outputs.user_pool_id, Username=name
            )

    def _username(self, user: str) -> str | None:
        """Return the name of the user with the sub `user`; None if the pool has none."""
        found = self._client("cognito-idp").list_users(
            UserPoolId=self.deployment.outputs.user_pool_id, Filter=f'sub = "{user}"'
        )["Users"]
        return next((one["Username"] for one in found), None)

    def _client(self, service: str) -> Any:  # noqa: ANN401  # without stubs
        new_client: Any = self.deployment.session.client
        return new_client(service)


def _delete_all(
    bucket: Bucket, prefix: str, advance: Callable[[float], None] = lambda _: None
) -> list[Refusal]:
    """Delete all versions below a prefix, and return those that S3 did not delete."""
    refused = []
    versions = bucket.versions(prefix)
    while some := list(islice(versions, BATCH)):
        refused += bucket.delete_versions(some)
        advance(len(some))
    return refused


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    add_deployment_arguments(command)
    command.add_argument("owner", metavar="OWNER", help="the ID of the owner")
    command.add_argument(
        "--confirm",
        metavar="OWNER",
        help="the same ID again; without it the command asks for it",
    )
    command.add_argument(
        "--settle-seconds",
        type=at_least(0),
        default=SETTLE_SECONDS,
        metavar="N",
        help="time without a new row after which the owner is gone (default: %(default)g)",
    )
    command.add_argument("--dry-run", action="store_true", help="print the figures, delete nothing")
    command.add_argument("--json", action="store_true", help="print the figures as an object")


def run(given: argparse.Namespace) -> int:
    """Print what the owner has, ask for the ID again, and delete all of it."""
    deployment = Deployment.of(given, changes="remove-owner deletes photos")
    [owner] = deployment.owners(given.owner)
    removal = Removal(deployment, owner, settle_seconds=given.settle_seconds)
    holdings = removal.holdings()
    if given.json:
        print_stdout(json.dumps(asdict(holdings)))
    else:
        print_stdout(
            f"{holdings.versions:,} versions of originals ({holdings.bytes / 1e9:,.2f} GB),"
            f" {holdings.renditions:,} renditions, {holdings.shared:,} shared objects,"
            f" {holdings.rows:,} rows"
        )
        user = "the user is not known" if holdings.user is None else f"user {holdings.user}"
        print_stdout(f"{user}{', and an identity' if holdings.is_identity else ''}")
    if given.dry_run:
        return 0
    if _confirmed(given) != owner:
        raise UsageError("the two IDs differ: nothing is deleted")
    with progress("versions to delete", holdings.versions) as advance:
        refused = removal.remove(advance)
    for key, code in refused:
        print_stderr(f"not deleted: {key}: {code}")
    if refused:
        return 1
    print_stderr("deleted. Run the command again in an hour, when all credentials have expired")
    if holdings.user is None and holdings.is_identity:
        print_stderr("the user is not known: delete them with `aws cognito-idp admin-delete-user`")
    return 0


def _confirmed(given: argparse.Namespace) -> str:
    if given.confirm is not None:
        return str(given.confirm)
    print_stderr("Everything is deleted for good. Type the ID of the owner again:")
    try:
        return input()
    except EOFError as error:
        raise UsageError("nothing is deleted: give the ID again as --confirm") from error
