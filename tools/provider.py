"""One process of the AWS provider for many Terraform commands.

Otherwise each command starts the provider, some of them several times: each start takes a second of
CPU time.
"""

import json
import os
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

ATTACH: Final = "TF_REATTACH_PROVIDERS="
PATIENCE_SECONDS: Final = 60
# Terraform and the provider keep the schema of 1,500 resources: Go's collector would walk through
# it each time that as much again is allocated. https://pkg.go.dev/runtime#hdr-Environment_Variables
COLLECTOR: Final = {"GOGC": "400"}
# A provider that Terraform has not started logs everything, unless it is told what.
# https://developer.hashicorp.com/terraform/plugin/log/managing
LOGS: Final = {"TF_LOG_PROVIDER": "ERROR", "TF_LOG_SDK": "ERROR"}


def outside() -> dict[str, str]:
    """Return the environment without the variables that configure Terraform and AWS.

    Go collects less garbage there, unless the environment says how much.
    """
    kept = {name: value for name, value in os.environ.items() if name[:3] not in ("AWS", "TF_")}
    return COLLECTOR | kept


@contextmanager
def serving(
    initialized: Path, log: Path, settings: Mapping[str, str] | None = None
) -> Iterator[Mapping[str, str]]:
    """Start the provider of an initialized configuration; yield the variables to attach to it.

    `settings` are more variables of the provider's environment, such as AWS's endpoint. The errors
    that it logs are in a file beside `log`.

    Source: https://developer.hashicorp.com/terraform/plugin/debugging#starting-a-provider-in-debug-mode
    """
    providers = initialized / ".terraform" / "providers"
    (program,) = providers.glob("*/hashicorp/aws/*/*/terraform-provider-aws_*")
    with (
        log.open("w") as output,
        log.with_suffix(".errors").open("w") as errors,
        subprocess.Popen(  # noqa: S603  # Terraform has verified it
            [program, "-debug"],
            env={**outside(), **LOGS, **(settings or {})},
            stdout=output,
            stderr=errors,
        ) as provider,
    ):
        try:
            yield {ATTACH.rstrip("="): _address(log)}
        finally:
            provider.terminate()


def _address(log: Path) -> str:
    """Wait until the provider has printed its address, and return it."""
    until = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < until:
        _, found, after = log.read_text().partition(ATTACH)
        if found and "\n" in after:
            address = after.splitlines()[0].strip("'\"")
            json.loads(address)
            return address
        time.sleep(0.05)
    raise TimeoutError(f"the provider has not started:\n{log.read_text()}")
