"""Check the plan of the deployment with checkov, offline.

python -m tools.checkov

Ends with 1 if a check fails that waivers.toml does not waive, or if a waiver waives nothing.
checkov has an environment of its own, made by `make checkov`, because it pins what it needs.
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

from tools.plan import ROOT, make_plan

PROGRAM: Final = ROOT / ".cache" / "checkov" / "bin" / "checkov"
WAIVERS: Final = Path(__file__).with_name("waivers.toml")


@dataclass(frozen=True, order=True)
class Failure:
    """A check that a resource fails."""

    check: str  # CKV_AWS_21
    resource: str  # its address
    name: str  # what the check asks for


@dataclass(frozen=True)
class Report:
    """What came of all checks."""

    passed: int
    waived: tuple[Failure, ...]
    failed: tuple[Failure, ...]
    unneeded: tuple[str, ...]  # waivers that waive nothing

    def __str__(self) -> str:
        """Return a line on each thing that is wrong, and a summary."""
        counts = f"{self.passed} passed, {len(self.failed)} failed, {len(self.waived)} waived"
        return "\n".join(
            [
                *(f"{one.check} {one.resource}: {one.name}" for one in self.failed),
                *(f"{one}: this waiver waives nothing" for one in self.unneeded),
                f"checkov: {counts}",
            ]
        )


def check(plan_file: Path) -> Report:
    """Check a plan, as `terraform show -json` writes it.

    Raises:
        RuntimeError: checkov does not come to an end; the message is its own.
    """
    options = ["--framework", "terraform_plan", "--skip-download", "--compact", "--output", "json"]
    done = subprocess.run(  # noqa: S603  # our own arguments
        [PROGRAM, "--file", plan_file, *options, "--soft-fail"],
        cwd=plan_file.parent,  # and not where it would find settings
        check=False,
        capture_output=True,
        text=True,
    )
    if done.returncode != 0:
        raise RuntimeError(f"checkov: {done.stderr.strip()}")
    found = json.loads(done.stdout)
    failures = [
        Failure(one["check_id"], one["resource"], one["check_name"])
        for one in found["results"]["failed_checks"]
    ]
    return judge(found["summary"]["passed"], failures, tomllib.loads(WAIVERS.read_text()))


def judge(
    passed: int, failures: Iterable[Failure], waivers: Mapping[str, Mapping[str, Any]]
) -> Report:
    """Tell failures that are waived from those that are not."""
    waived: list[Failure] = []
    failed: list[Failure] = []
    needed: set[tuple[str, str]] = set()
    for one in sorted(failures):
        patterns = waivers.get(one.check, {}).get("resources", [])
        # In a pattern only * is special, for an instance's key stands in brackets.
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
    """Plan, check, and print the report."""
    with tempfile.TemporaryDirectory() as folder:
        plan_file = Path(folder) / "plan.json"
        plan_file.write_text(json.dumps(make_plan().document))
        report = check(plan_file)
    print(report)  # noqa: T201
    return int(bool(report.failed or report.unneeded))


if __name__ == "__main__":
    sys.exit(main())
