"""Apply terraform/ to an embedded AWS, with the real Terraform and AWS provider.

Tests are skipped if Terraform or the provider is missing.
"""

import json
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from local.moto_patches import cognitoidp  # noqa: F401  # importing it applies the patch
from local.stack import Stack
from shared.items import plain
from shared.keys import term_of
from tools.plan import ROOT, copy_configuration
from tools.provider import outside, serving

PHOTOS = ROOT / "local" / "photos"
NO_PHOTO = PHOTOS / "not-a-photo.jpg"
READY = sorted(path for path in PHOTOS.iterdir() if path.suffix != ".md" and path != NO_PHOTO)
SETTINGS = "terraform.tfvars.json"
IMAGES = {  # placeholders: the handlers run in local processes
    step: {"digest": f"sha256:{number * 64}", "architecture": "arm64"}
    for step, number in {"extract": "1", "thumbnail": "2", "tag": "3"}.items()
}
IMAGES["tag"]["label_model"] = False  # type: ignore[assignment]  # as `make push` writes it
CHANGES = 2  # exit status of `plan -detailed-exitcode` if the plan has changes


class Dogs:
    """A labeler that labels every photo Dog."""

    version = "dogs"

    def label(self, photo: bytes) -> list[dict[str, Any]]:  # noqa: ARG002  # Labeler
        """Return Rekognition's label for a dog."""
        return [{"Name": "Dog", "Confidence": 98.7, "Parents": [{"Name": "Animal"}]}]


@dataclass(frozen=True)
class Deployment:
    """A copy of the configuration, applied to an embedded AWS."""

    stack: Stack
    folder: Path
    attached: Mapping[str, str]  # variables that attach Terraform to the running provider

    @classmethod
    @contextmanager
    def of(cls, stack: Stack, folder: Path, **settings: object) -> "Iterator[Deployment]":
        """Copy the configuration into `folder`, and start one provider for all commands there.

        Skips the test if there is no provider.
        """
        if shutil.which("terraform") is None:
            pytest.skip("nothing is deployed: terraform is not installed")
        deployment = cls(stack, copy_configuration(folder), {})
        deployment.configure(**settings)
        started = deployment.terraform("init", "-lockfile=readonly", status=(0, 1))
        if started.returncode and "provider" in started.stderr:
            pytest.skip(f"nothing is deployed: terraform finds no provider: {started.stderr}")
        assert started.returncode == 0, started.stderr
        log = folder / "provider.log"
        with serving(deployment.folder, log, stack.environment()) as attached:
            yield replace(deployment, attached=attached)

    def configure(self, **settings: object) -> None:
        """Set the configuration's variables, and no others."""
        (self.folder / SETTINGS).write_text(json.dumps(settings))

    def terraform(
        self, command: str, *arguments: str, status: tuple[int, ...] = (0,)
    ) -> "subprocess.CompletedProcess[str]":
        """Run a Terraform command, and assert its exit status."""
        done = self.run("terraform", f"-chdir={self.folder}", command, "-no-color", *arguments)
        assert done.returncode in status, f"{done.stdout}{done.stderr}"
        return done

    def make(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """Run a make target beside the copy; Terraform's questions are answered with yes."""
        shutil.copy(ROOT / "Makefile", self.folder.parent)
        yes = {"TF_CLI_ARGS_apply": "-auto-approve", "TF_CLI_ARGS_destroy": "-auto-approve"}
        return self.run("make", f"--directory={self.folder.parent}", *arguments, **yes)

    def run(self, *command: str, **variables: str) -> "subprocess.CompletedProcess[str]":
        """Run a command with the embedded AWS in its environment, and no other account."""
        return subprocess.run(  # noqa: S603  # our own arguments
            command,
            env={**outside(), **self.stack.environment(), **self.attached, **variables},
            check=False,
            capture_output=True,
            text=True,
        )

    def apply(self) -> str:
        """Apply the configuration, attach the stack to its outputs, and return Terraform's text."""
        applied = self.terraform("apply", "-auto-approve", "-input=false")
        self.stack.attach(json.loads(self.terraform("output", "-json").stdout))
        return applied.stdout

    def outputs(self) -> dict[str, Any]:
        """Return the outputs of the configuration by name."""
        printed = json.loads(self.terraform("output", "-json").stdout)
        return {name: one["value"] for name, one in printed.items()}

    def changes(self) -> str:
        """Return the text of the plan if it has changes, else an empty text."""
        plan = self.terraform("plan", "-input=false", "-detailed-exitcode", status=(0, CHANGES))
        return plan.stdout if plan.returncode == CHANGES else ""

    def record(self, key: str) -> dict[str, Any]:
        """Return the row of a photo, empty if there is none."""
        _, owner, name = key.split("/", 2)
        return plain(
            self.stack.dynamodb.get_item(
                TableName=self.stack.table, Key={"pk": {"S": owner}, "sk": {"S": f"photo#{name}"}}
            ).get("Item", {})
        )

    def label_rows(self, owner: str) -> set[str]:
        """Return the labels by which an owner's photos are found."""
        rows = self.stack.dynamodb.query(
            TableName=self.stack.table,
            KeyConditionExpression="pk = :owner AND begins_with(sk, :label)",
            ExpressionAttributeValues={":owner": {"S": owner}, ":label": {"S": "label#"}},
        )["Items"]
        return {term_of(row["sk"]["S"]).removeprefix("label#") for row in rows}

    def derived(self, owner: str) -> dict[str, int]:
        """Return the size in bytes of each object derived from an owner's photos."""
        listed = self.stack.s3.list_objects_v2(Bucket=self.stack.derived_bucket, Prefix=f"{owner}/")
        return {item["Key"]: item["Size"] for item in listed.get("Contents", [])}

    def dead_letters(self) -> list[dict[str, Any]]:
        """Receive the messages in the dead-letter queue."""
        taken = self.stack.sqs.receive_message(
            QueueUrl=self.stack.dead_letters_url, MaxNumberOfMessages=10
        ).get("Messages", [])
        return [json.loads(message["Body"]) for message in taken]

    def process(self, key: str, photo: bytes) -> dict[str, Any]:
        """Upload a photo through S3, wait until its execution succeeds, and return its row."""
        version_id = self.stack.upload(key, photo)
        execution = self.stack.wait_for(key, version_id)
        assert execution.status == "SUCCEEDED", execution.cause
        return self.record(key)

    def remaining(self) -> dict[str, list[Any]]:
        """Return by kind all resources that Terraform could have left behind."""
        lists = {
            "buckets": ("s3", "list_buckets", "Buckets"),
            "tables": ("dynamodb", "list_tables", "TableNames"),
            "functions": ("lambda", "list_functions", "Functions"),
            "repositories": ("ecr", "describe_repositories", "repositories"),
            "state machines": ("stepfunctions", "list_state_machines", "stateMachines"),
            "queues": ("sqs", "list_queues", "QueueUrls"),
            "rules": ("events", "list_rules", "Rules"),
            "roles": ("iam", "list_roles", "Roles"),
            "log groups": ("logs", "describe_log_groups", "logGroups"),
            "alarms": ("cloudwatch", "describe_alarms", "MetricAlarms"),
            "topics": ("sns", "list_topics", "Topics"),
            "user pools": ("cognito-idp", "list_user_pools", "UserPools"),
            "APIs": ("apigateway", "get_rest_apis", "items"),
            "distributions": ("cloudfront", "list_distributions", "DistributionList.Items"),
            "access controls": (
                "cloudfront",
                "list_origin_access_controls",
                "OriginAccessControlList.Items",
            ),
        }
        limits = {"list_user_pools": {"MaxResults": 10}}
        return {
            kind: _at(path, getattr(self.stack.client(service), action)(**limits.get(action, {})))
            for kind, (service, action, path) in lists.items()
        }


def _at(path: str, answer: Any) -> list[Any]:  # noqa: ANN401  # JSON
    for name in path.split("."):
        answer = answer.get(name, [])
    found: list[Any] = answer
    return found
