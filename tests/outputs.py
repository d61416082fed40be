"""Terraform's outputs for commands that work on an embedded AWS, without Terraform."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import msgspec

from gallery.outputs import STEPS, Outputs
from local.stack import Stack
from local.template import REPOSITORY

ARN = "arn:aws:states:us-east-1:123456789012:stateMachine:"
ARNS = {"backfill_arn", "reprocess_arn", "state_machine_arn"}
# Without outputs, nothing else: a command that uses a name that its test does not give would fail.
NAMES = {
    name: f"{ARN}the-{name}" if name in ARNS else f"the-{name}"
    for name in Outputs.__struct_fields__
    if name != "key_layout"  # no bucket is adopted
}


def outputs_of(stack: Stack | None = None, **names: object) -> Outputs:
    """Return the outputs of a stack, and `names`; other names are of nothing."""
    known = {} if stack is None else _names(stack)
    functions = {step: f"the-{step}" for step in STEPS}
    return msgspec.convert({**NAMES, "function_names": functions, **known, **names}, Outputs)


def as_outputs_file(outputs: Outputs, path: Path) -> Path:
    """Write outputs as `terraform output -json` prints them."""
    printed = {name: {"value": value} for name, value in msgspec.to_builtins(outputs).items()}
    path.write_text(json.dumps(printed))
    return path


def gallery(
    outputs: Outputs, *arguments: str, environment: dict[str, str]
) -> "subprocess.CompletedProcess[str]":
    """Run `python -m gallery` on a deployment, and return the completed process."""
    with tempfile.TemporaryDirectory() as folder:
        file = as_outputs_file(outputs, Path(folder, "outputs.json"))
        return subprocess.run(  # noqa: S603  # our own arguments
            [sys.executable, "-m", "gallery", *arguments, f"--deployment={file}"],
            cwd=REPOSITORY,
            env={**os.environ, **environment},
            check=False,
            capture_output=True,
            text=True,
        )


def _names(stack: Stack) -> dict[str, str]:
    return {
        "dead_letters_url": stack.dead_letters_url,
        "derived_bucket": stack.derived_bucket,
        "photos_bucket": stack.photos_bucket,
        "state_machine_arn": stack.state_machine_arn,
        "table": stack.table,
    }
