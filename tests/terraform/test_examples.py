"""The examples are planned against the embedded AWS: other configurations can use the module.

All plans share one process of the provider.
"""

import json
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from local.clients import environment
from local.embedded import embedded_aws
from local.functions import InProcess
from local.rekognition import NoLabels
from local.stack import Executions
from tools.plan import IMAGES, ROOT, Plan, copy_configuration
from tools.provider import outside, serving

EXAMPLES = ROOT / "terraform" / "examples"
KEY = "arn:aws:kms:eu-west-1:123456789012:key/11111111-2222-3333-4444-555555555555"
BOUNDARY = "arn:aws:iam::123456789012:policy/boundary"
OPTIONAL = ("aws_api_", "aws_cloudfront_", "aws_cloudwatch_metric_", "aws_cognito_", "aws_sns_")


@dataclass(frozen=True)
class Planner:
    """Plans examples in a copy of the configuration."""

    folder: Path
    variables: Mapping[str, str]

    def terraform(self, example: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
        program = shutil.which("terraform")
        if program is None:
            pytest.skip("terraform is not installed")
        return subprocess.run(  # noqa: S603  # our own arguments
            [program, f"-chdir={self.folder / 'examples' / example}", *arguments],
            env={**outside(), "CHECKPOINT_DISABLE": "1", **self.variables},
            check=False,
            capture_output=True,
            text=True,
        )

    def ready(self, example: str) -> None:
        """Initialize an example, with images as after a push."""
        folder = self.folder / "examples" / example
        shutil.copy(self.folder / ".terraform.lock.hcl", folder)
        call = {"module": {"gallery": {"images": IMAGES}}}
        (folder / "images_override.tf.json").write_text(json.dumps(call))
        done = self.terraform(example, "init", "-no-color", "-input=false", "-lockfile=readonly")
        if "Failed to query available provider packages" in done.stderr:
            pytest.skip("terraform finds no AWS provider")
        assert done.returncode == 0, done.stderr

    def plan(self, example: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
        return self.terraform(example, "plan", "-no-color", "-input=false", *arguments)

    def planned(self, example: str) -> Plan:
        """Plan an example from an empty state."""
        done = self.plan(example, "-out=plan.tfplan")
        assert done.returncode == 0, done.stderr
        return Plan(json.loads(self.terraform(example, "show", "-json", "plan.tfplan").stdout))


@pytest.fixture(scope="module")
def planner(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Planner]:
    temporary = tmp_path_factory.mktemp("examples")
    folder = copy_configuration(temporary)
    Planner(folder, {}).ready("complete")
    with (
        embedded_aws(
            functions=InProcess(),
            labeler=NoLabels(),
            wait_scale=0,
            executions_at_once=1,
            watcher=Executions(),
        ) as url,
        serving(
            folder / "examples" / "complete", temporary / "provider.log", environment(url)
        ) as variables,
    ):
        yield Planner(folder, {**environment(url), **variables})


@pytest.fixture(scope="module")
def complete(planner: Planner) -> Plan:
    """Two galleries, of which one does without all that is optional; a dependency is pending."""
    return planner.planned("complete")


def values(plan: Plan, kind: str, gallery: str = "") -> list[Mapping[str, Any]]:
    found = [one for one in plan.of_type(kind) if f'["{gallery}' in one.address]
    return [one.values for one in found]


def test_the_minimal_example_is_a_whole_gallery(planner: Planner) -> None:
    planner.ready("minimal")

    plan = planner.planned("minimal")

    buckets = {one.values["bucket"] for one in plan.of_type("aws_s3_bucket")}
    assert buckets == {
        f"gallery-{name}-123456789012-eu-west-1"
        for name in ("derived", "logs", "photos", "shares", "site")
    }


def test_the_example_of_an_existing_bucket_manages_nothing_of_it(planner: Planner) -> None:
    planner.ready("existing-bucket")

    plan = planner.planned("existing-bucket")

    buckets = {one.values["bucket"] for one in plan.of_type("aws_s3_bucket")}
    assert buckets == {
        f"gallery-{name}-123456789012-eu-west-1" for name in ("derived", "logs", "shares", "site")
    }


def test_names_are_known_although_a_dependency_is_pending(complete: Plan) -> None:
    """A bucket whose name a plan does not know would be replaced."""
    names = {
        "aws_s3_bucket": "bucket",
        "aws_dynamodb_table": "name",
        "aws_iam_role": "name",
        "aws_lambda_function": "function_name",
        "aws_sqs_queue": "name",
    }

    for kind, attribute in names.items():
        for gallery in ("archive", "photos"):
            found = values(complete, kind, gallery)
            assert found
            assert all(one[attribute].startswith(gallery) for one in found)


def test_every_role_has_the_path_and_the_boundary(complete: Plan) -> None:
    roles = values(complete, "aws_iam_role")

    assert len(roles) > 20
    assert {(one["path"], one["permissions_boundary"]) for one in roles} == {
        ("/teams/photos/", BOUNDARY)
    }


def test_everything_that_can_have_tags_has_them(complete: Plan) -> None:
    without = [
        one.address
        for one in complete.resources
        if "tags_all" in one.values
        and one.values.get("tags") != {"Team": "photos"}
        and one.type != "aws_s3_object"  # it can have only ten
    ]

    assert without == []


def test_logs_queue_and_topic_have_the_key(complete: Plan) -> None:
    assert {one["kms_key_id"] for one in values(complete, "aws_cloudwatch_log_group")} == {KEY}
    assert {one["kms_master_key_id"] for one in values(complete, "aws_sqs_queue")} == {KEY}
    assert {one["kms_master_key_id"] for one in values(complete, "aws_sns_topic")} == {KEY}


def test_what_is_off_is_not_planned(complete: Plan) -> None:
    optional = {
        gallery: {
            one.type
            for one in complete.resources
            if one.type.startswith(OPTIONAL) and f'["{gallery}"]' in one.address
        }
        for gallery in ("archive", "photos")
    }

    assert optional["archive"] == set()
    assert all(any(kind.startswith(prefix) for kind in optional["photos"]) for prefix in OPTIONAL)


def test_originals_and_logs_move_to_other_storage_classes(complete: Plan) -> None:
    moved = {
        str(one["bucket"]).partition("-")[2].partition("-")[0]: {
            transition["storage_class"]: transition["days"]
            for rule in one["rule"]
            for transition in rule["transition"]
        }
        for one in values(complete, "aws_s3_bucket_lifecycle_configuration", "photos")
        if "bucket" in one
    }

    assert {name: days for name, days in moved.items() if days} == {
        "logs": {"STANDARD_IA": 30},
        "photos": {"STANDARD_IA": 30, "GLACIER_IR": 180},
    }


def test_the_budget_writes_to_the_address_of_the_alarms(complete: Plan) -> None:
    [budget] = values(complete, "aws_budgets_budget", "photos")

    assert (budget["limit_amount"], budget["limit_unit"]) == ("50", "USD")
    assert budget["cost_filter"] == [{"name": "TagKeyValue", "values": ["user:Team$photos"]}]
    assert {
        (one["notification_type"], *one["subscriber_email_addresses"])
        for one in budget["notification"]
    } == {("ACTUAL", "photos@example.com"), ("FORECASTED", "photos@example.com")}


def test_a_page_without_users_is_refused(planner: Planner, complete: Plan) -> None:
    assert complete.resources
    galleries = json.dumps({"photos": {"client": False}})

    done = planner.plan("complete", f"-var=galleries={galleries}")

    assert done.returncode == 1
    assert "site = true requires client = true" in " ".join(done.stderr.replace("│", "").split())
