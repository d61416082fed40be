"""checkov finds no failure in the plan without a waiver, and each waiver has a reason."""

import tomllib
from pathlib import Path

import pytest

from tools.checkov.__main__ import PROGRAM, WAIVERS, Failure, apply_waivers, check

VERSIONS = Failure("CKV_AWS_21", 'module.buckets["a"].aws_s3_bucket.this', "have versions")


def test_checkov_finds_no_failure_without_a_waiver(plan_file: Path) -> None:
    if not PROGRAM.exists():
        pytest.skip("checkov is not installed: make checkov")

    report = check(plan_file)

    assert report.passed > 200
    assert (report.failed, report.unneeded) == ((), ()), str(report)


def test_every_waiver_has_a_reason() -> None:
    for waiver in tomllib.loads(WAIVERS.read_text()).values():
        assert waiver["reason"].endswith(".")
        assert waiver["resources"]


@pytest.mark.parametrize(
    "pattern", ['module.buckets["a"].aws_s3_bucket.this', "module.*.aws_s3_bucket.*"]
)
def test_a_waiver_applies_to_its_check_and_resources(pattern: str) -> None:
    report = apply_waivers(1, [VERSIONS], {VERSIONS.check: {"resources": [pattern]}})

    assert (report.waived, report.failed, report.unneeded) == ((VERSIONS,), (), ())


@pytest.mark.parametrize(
    ("identifier", "pattern"),
    [
        pytest.param("CKV_AWS_18", VERSIONS.resource, id="another check"),
        pytest.param(VERSIONS.check, "module.logs.*", id="another resource"),
    ],
)
def test_a_waiver_applies_to_nothing_else(identifier: str, pattern: str) -> None:
    report = apply_waivers(1, [VERSIONS], {identifier: {"resources": [pattern]}})

    assert report.failed == (VERSIONS,)
    assert report.unneeded == (f"{identifier} {pattern}",)
    assert str(report).splitlines()[0] == f"CKV_AWS_21 {VERSIONS.resource}: have versions"
