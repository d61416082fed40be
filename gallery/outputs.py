"""The names of a deployment's resources, from Terraform's outputs.

`--deployment` names the folder of the configuration, or a file with the JSON of
`terraform output -json`, where Terraform's state is not at hand. So nobody copies names.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, TypeAlias

import msgspec

from gallery.shell import CommandError

if TYPE_CHECKING:
    import argparse

TERRAFORM: Final = "terraform"  # the program, and the folder of its configuration
STEPS: Final = frozenset({"extract", "tag", "thumbnail"})

StateMachineArn: TypeAlias = Annotated[
    str, msgspec.Meta(pattern=r"^arn:[^:]+:states:[^:]+:[^:]+:stateMachine:[^:]+$")
]


class Outputs(msgspec.Struct, frozen=True, kw_only=True):
    """The outputs that commands use. docs/settings.md describes all of them."""

    alarm_topic_arn: str
    backfill_arn: StateMachineArn
    dead_letters_url: str
    derived_bucket: str
    executions_url: str
    function_names: dict[str, str]  # by step
    logs_bucket: str
    photos_bucket: str
    reprocess_arn: StateMachineArn
    site_url: str
    state_machine_arn: StateMachineArn
    table: str

    @property
    def edit_arn(self) -> str:
        """The ARN of the state machine that makes edits."""
        return f"{self.state_machine_arn}-edit"

    def __post_init__(self) -> None:
        """Refuse names that lack a step."""
        if missing := STEPS - self.function_names.keys():
            raise ValueError(f"function_names has no {', '.join(sorted(missing))}")


def add_outputs_arguments(command: argparse.ArgumentParser) -> None:
    """Add the arguments that name a deployment."""
    command.add_argument(
        "--deployment",
        type=Path,
        default=Path(TERRAFORM),
        metavar="PATH",
        help="folder of the Terraform configuration, or a file with the JSON of"
        " `terraform output -json` (default: %(default)s)",
    )
    command.add_argument(
        "--terraform", default=TERRAFORM, metavar="PROGRAM", help="default: %(default)s"
    )


def read_outputs(deployment: Path, *, terraform: str = TERRAFORM) -> Outputs:
    """Return the outputs of a deployment: a folder, or a file.

    Raises:
        CommandError: there are none, or one is missing; the message says what to do.
    """
    text = _printed(deployment, terraform) if deployment.is_dir() else _file(deployment)
    try:
        printed = json.loads(text)
        return msgspec.convert({name: one["value"] for name, one in printed.items()}, Outputs)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise CommandError(
            f"{deployment}: not the outputs of a deployed gallery: {error}. Run `make apply` first"
        ) from error


def _printed(folder: Path, terraform: str) -> str:
    if shutil.which(terraform) is None:
        raise CommandError(f"{terraform} is not installed. It prints the outputs of {folder}")
    done = subprocess.run(  # noqa: S603  # our own arguments
        [terraform, f"-chdir={folder}", "output", "-json"],
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
