"""Fixtures: two Terraform plans, each made once for all tests."""

import fcntl
import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from tools.permissions import OTHER_SETTINGS
from tools.plan import NoTerraformError, Plan, make_plan
from tools.tenants import ADA

ORIGINS = ["https://photos.example.com", "http://localhost:5173"]
CERTIFICATE = "arn:aws:acm:us-east-1:123456789012:certificate/1234abcd-12ab-34cd-56ef-1234567890ab"


@pytest.fixture(scope="session")
def plan_file(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """Return the path of the JSON of a plan with the defaults."""
    return _plan_file("defaults", {}, tmp_path_factory, worker_id)


@pytest.fixture(scope="session")
def plan(plan_file: Path) -> Plan:
    """Return a plan with the defaults."""
    return Plan(json.loads(plan_file.read_text()))


@pytest.fixture(scope="session")
def other_plan(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Plan:
    """Return a plan with a KMS key, the embedded labeler, a domain, two more origins and all logs.

    With a domain, the plan knows the page's origin, and so every template that compares it.
    """
    settings = {
        **OTHER_SETTINGS,
        "api_access_logs": True,
        "certificate_arn": CERTIFICATE,
        "cors_origins": ORIGINS,
        "domain_name": "gallery.example.com",
    }
    return Plan(json.loads(_plan_file("other", settings, tmp_path_factory, worker_id).read_text()))


ADOPTED_BUCKET = {
    "name": "old-photos",
    "prefix": "family/",
    "owner": ADA,
    "kms_key_arn": "arn:aws:kms:us-east-1:210987654321:key/OTHER",
    "account_id": "210987654321",
}


@pytest.fixture(scope="session")
def adopted_plan(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Plan:
    """Return a plan that adopts a bucket of another account, with all photos of one user."""
    file = _plan_file("adopted", {"adopted_bucket": ADOPTED_BUCKET}, tmp_path_factory, worker_id)
    return Plan(json.loads(file.read_text()))


def _plan_file(
    name: str, settings: Mapping[str, object], temporary: pytest.TempPathFactory, worker_id: str
) -> Path:
    """Plan once for all of pytest-xdist's workers."""
    base = temporary.getbasetemp()
    folder = base if worker_id == "master" else base.parent
    file = folder / f"plan-{name}.json"
    with (folder / f"plan-{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not file.exists():
            try:
                file.write_text(json.dumps(make_plan(**settings).document))
            except NoTerraformError as error:
                pytest.skip(f"nothing is planned: {error}")
    return file
