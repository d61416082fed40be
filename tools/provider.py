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


def outside() -> dict[str, str]:
    """Return the environment without the variables that configure Terraform and AWS."""
    return {name: value for name, value in os.environ.items() if name[:3] not in ("AWS", "TF_")}


@contextmanager
def serving(
    initialized: Path, log: Path, settings: Mapping[str, str] | None = None
) -> Iterator[Mapping[str, str]]:
    """Start the provider of an initialized configuration; yield the variables to attach to it.

    `settings` are more variables of the provider's environment, such as AWS's endpoint. What it
    traces, 10 MB for a plan, is in a file beside `log`.

    Source: https://developer.hashicorp.com/terraform/plugin/debugging#starting-a-provider-in-debug-mode
    """
    providers = initialized / ".terraform" / "providers"
    (program,) = providers.glob("*/hashicorp/aws/*/*/terraform-provider-aws_*")
    with (
        log.open("w") as output,
        log.with_suffix(".trace").open("w") as trace,
        subprocess.Popen(  # noqa: S603  # Terraform has verified it
            [program, "-debug"],
            env={**outside(), **(settings or {})},
            stdout=output,
            stderr=trace,
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
