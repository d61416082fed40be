"""The names of a deployment's resources, from Terraform's outputs. So nobody copies names.

A deployment is named by the folder of its configuration; by a file with the JSON of
`terraform output -json`, where Terraform's state is not at hand; or by a name under which its
outputs were saved in the user's configuration.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, TypeAlias

import msgspec
import platformdirs

from gallery.shell import CommandError, UsageError
from shared.keys import Layout  # noqa: TC001  # msgspec reads it at run time

if TYPE_CHECKING:
    from collections.abc import Iterable

ROOT_CONFIGURATION: Final = Path(__file__).parents[1] / "terraform"
NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")  # of a saved deployment
STEPS: Final = frozenset({"extract", "tag", "thumbnail"})

StateMachineArn: TypeAlias = Annotated[
    str, msgspec.Meta(pattern=r"^arn:[^:]+:states:[^:]+:[^:]+:stateMachine:[^:]+$")
]


class Outputs(msgspec.Struct, frozen=True, kw_only=True):
    """The outputs that commands use. docs/settings.md describes all of them."""

    alarm_topic_arn: str | None = None  # None: alarms are off
    backfill_arn: StateMachineArn
    dead_letters_url: str
    derived_bucket: str
    executions_url: str | None = None  # None: client is off
    function_names: dict[str, str]  # by step
    identity_pool_id: str | None = None  # None: client is off
    key_layout: Layout | None = None  # of the adopted bucket
    logs_bucket: str
    photos_bucket: str
    reprocess_arn: StateMachineArn
    shares_bucket: str | None = None  # None: shares are off
    site_bucket: str | None = None  # None: site is off
    site_url: str | None = None
    state_machine_arn: StateMachineArn
    table: str
    user_pool_id: str | None = None  # None: client is off

    @property
    def edit_arn(self) -> str:
        """The ARN of the state machine that makes edits."""
        return f"{self.state_machine_arn}-edit"

    def __post_init__(self) -> None:
        """Refuse names that lack a step."""
        if missing := STEPS - self.function_names.keys():
            raise ValueError(f"function_names has no {', '.join(sorted(missing))}")


def read_outputs(deployment: str | Path, *, terraform: str = "terraform") -> Outputs:
    """Return the outputs of a deployment: a folder, a file, or a saved name.

    Raises:
        CommandError: there are none, or one is missing; the message says what to do.
    """
    path = Path(deployment)
    if path.is_dir():
        return _converted(path, _printed(path, terraform))
    if not path.exists() and NAME.fullmatch(str(deployment)):
        path = _saved(str(deployment))
        if not path.exists():
            names = ", ".join(saved_names()) or "none"
            raise CommandError(
                f"{deployment}: no such folder or file, and no saved deployment (saved: {names})"
            )
    return _converted(path, _file(path))


def save(name: str, outputs: Outputs) -> Path:
    """Save the outputs of a deployment under a name, and return the file.

    Raises:
        UsageError: it cannot be a name.
    """
    if not NAME.fullmatch(name):
        raise UsageError(
            f"a name has 1 to 64 of A-Z, a-z, 0-9, _ and -, and begins with a letter or digit,"
            f" got {name!r}"
        )
    path = _saved(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(msgspec.json.format(_as_printed(outputs)))
    return path


def forget(name: str) -> None:
    """Forget a saved name.

    Raises:
        CommandError: it is not saved.
    """
    try:
        _saved(name if NAME.fullmatch(name) else "").unlink()  # a name leads into no other folder
    except FileNotFoundError as error:
        names = ", ".join(saved_names()) or "none"
        raise CommandError(f"{name} is not saved (saved: {names})") from error


def read_saved(name: str) -> Outputs:
    """Return the outputs that were saved under a name, whatever files are in this folder.

    Raises:
        CommandError: as `read_outputs`.
    """
    return _converted(_saved(name), _file(_saved(name)))


def saved_names() -> list[str]:
    """Return the names of all saved deployments."""
    return sorted(_stems(_saved("").parent.glob("*.json")))


def _stems(paths: Iterable[Path]) -> list[str]:
    return [path.stem for path in paths if NAME.fullmatch(path.stem)]


def _saved(name: str) -> Path:
    return platformdirs.user_config_path("tacocat-gallery") / f"{name}.json"


def _as_printed(outputs: Outputs) -> bytes:
    """Return outputs as `terraform output -json` prints them."""
    fields = msgspec.to_builtins(outputs)
    return msgspec.json.encode({name: {"value": value} for name, value in fields.items()})


def _converted(source: Path, text: str) -> Outputs:
    try:
        printed = json.loads(text)
        return msgspec.convert({name: one["value"] for name, one in printed.items()}, Outputs)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise CommandError(
            f"{source}: not the outputs of a deployed gallery: {error}. Run `make apply` first"
        ) from error


def _printed(folder: Path, terraform: str) -> str:
    if shutil.which(terraform) is None:
        raise CommandError(f"{terraform} is not installed. It prints the outputs of {folder}")
    done = subprocess.run(  # noqa: S603  # our own arguments
        [terraform, f"-chdir={folder}", "output", "-json", "-no-color"],
        check=False,
        capture_output=True,
        text=True,
    )
    if done.returncode != 0:
        raise CommandError(f"{folder}: terraform output failed: {done.stderr.strip()}")
    return done.stdout


def _file(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise CommandError(f"{path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise CommandError(f"{path}: not the outputs of a deployed gallery: {error}") from error
