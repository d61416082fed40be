"""Run checkov on the plan of the deployment, offline, minus the waivers in waivers.toml.

python -m tools.checkov

Exits with 1 if a check without a waiver fails, or if a waiver is not needed. checkov pins many
packages, so `make checkov` installs it in its own environment.
"""

import json
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Final

from tools.plan import MODULE, ROOT, make_plan

PROGRAM: Final = ROOT / ".cache" / "checkov" / "bin" / "checkov"
WAIVERS: Final = Path(__file__).with_name("waivers.toml")


@dataclass(frozen=True, order=True)
class Failure:
    """A check that a resource fails."""

    check: str  # the ID of the check: CKV_AWS_21
    resource: str  # address in modules/gallery
    name: str  # the check's description


@dataclass(frozen=True)
class Report:
    """The results of all checks."""

    passed: int
    waived: tuple[Failure, ...]
    failed: tuple[Failure, ...]
    unneeded: tuple[str, ...]  # waivers without a failed check

    def __str__(self) -> str:
        """Return a line for each failed check and unneeded waiver, and a summary."""
        counts = f"{self.passed} passed, {len(self.failed)} failed, {len(self.waived)} waived"
        return "\n".join(
            [
                *(f"{one.check} {one.resource}: {one.name}" for one in self.failed),
                *(f"{one}: this waiver is not needed" for one in self.unneeded),
                f"checkov: {counts}",
            ]
        )


def check(plan_file: Path) -> Report:
    """Check a plan file, which is the output of `terraform show -json`.

    Raises:
        RuntimeError: checkov fails; the message is checkov's.
    """
    options = ["--framework", "terraform_plan", "--skip-download", "--compact", "--output", "json"]
    done = subprocess.run(  # noqa: S603  # our own arguments
        [PROGRAM, "--file", plan_file, *options, "--soft-fail"],
        cwd=plan_file.parent,  # a folder without settings for checkov
        check=False,
        capture_output=True,
        text=True,
    )
    if done.returncode != 0:
        raise RuntimeError(f"checkov: {done.stderr.strip()}")
    found = json.loads(done.stdout)
    failures = [
        Failure(one["check_id"], one["resource"].removeprefix(MODULE), one["check_name"])
        for one in found["results"]["failed_checks"]
    ]
    return apply_waivers(found["summary"]["passed"], failures, tomllib.loads(WAIVERS.read_text()))


def apply_waivers(
    passed: int, failures: Iterable[Failure], waivers: Mapping[str, Mapping[str, Any]]
) -> Report:
    """Separate failures that have a waiver from those that have none."""
    waived: list[Failure] = []
    failed: list[Failure] = []
    needed: set[tuple[str, str]] = set()
    for one in sorted(failures):
        patterns = waivers.get(one.check, {}).get("resources", [])
        # Only * is special in a pattern: brackets contain the key of an instance.
        matching = {
            pattern
            for pattern in patterns
            if fnmatchcase(one.resource, pattern.replace("[", "[[]"))
        }
        (waived if matching else failed).append(one)
        needed |= {(one.check, pattern) for pattern in matching}
    unneeded = [
        f"{identifier} {pattern}"
        for identifier, waiver in waivers.items()
        for pattern in waiver["resources"]
        if (identifier, pattern) not in needed
    ]
    return Report(passed, tuple(waived), tuple(failed), tuple(unneeded))


def main() -> int:
    """Make a plan, check it, and print the report."""
    with tempfile.TemporaryDirectory() as folder:
        plan_file = Path(folder) / "plan.json"
        plan_file.write_text(json.dumps(make_plan().document))
        report = check(plan_file)
    print(report)  # noqa: T201
    return int(bool(report.failed or report.unneeded))


if __name__ == "__main__":
    sys.exit(main())
