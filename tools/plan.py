"""Plan the whole deployment with Terraform against the embedded AWS, and read the plan.

The plan is for an empty account: values that AWS assigns, such as the ID of an API, are unknown.
"""

import json
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from local.clients import environment
from local.embedded import embedded_aws
from local.functions import InProcess
from local.rekognition import NoLabels
from local.stack import Executions
from tools.provider import outside, serving

ROOT: Final = Path(__file__).parents[1]
IMAGE: Final = {"digest": f"sha256:{'0' * 64}", "architecture": "arm64"}
MODULE: Final = "module.gallery."  # what the root calls: terraform/gallery.gen.tf
IMAGES: Final = {"extract": IMAGE, "thumbnail": IMAGE, "tag": {**IMAGE, "label_model": True}}


class NoTerraformError(Exception):
    """Terraform or the provider is not available on this machine. The message says which."""


@dataclass(frozen=True)
class Resource:
    """One planned instance of a resource."""

    address: str  # in modules/gallery: module.client.aws_iam_role.api
    type: str  # aws_iam_role
    values: Mapping[str, Any]  # unknown attributes are absent

    @property
    def module(self) -> str:
        """The address of its module; empty for modules/gallery itself."""
        return self.address.rpartition(f"{self.type}.")[0].rstrip(".")


@dataclass(frozen=True)
class Plan:
    """The JSON of `terraform show` for a plan."""

    document: Mapping[str, Any]

    @cached_property
    def resources(self) -> tuple[Resource, ...]:
        """All resources that the plan creates, sorted by address."""
        found = _resources(self.document["planned_values"]["root_module"])
        return tuple(sorted(found, key=lambda resource: resource.address))

    def of_type(self, *types: str) -> tuple[Resource, ...]:
        """Return the resources of these types."""
        return tuple(resource for resource in self.resources if resource.type in types)

    def deferred(self, address: str) -> Mapping[str, Any]:
        """Return the known attributes of a data source that is read during the apply."""
        (change,) = (
            change
            for change in self.document["resource_changes"]
            if change["address"] == f"{MODULE}{address}" and change["mode"] == "data"
        )
        after: Mapping[str, Any] = change["change"]["after"]
        return after

    def references(self, resource: Resource, attribute: str) -> list[str]:
        """Return the references in an attribute's expression, as addresses in the same module."""
        module: Mapping[str, Any] = self.document["configuration"]["root_module"]
        for name in f"{MODULE}{resource.module}".split(".")[1::2]:
            module = module["module_calls"][name.partition("[")[0]]["module"]
        local = resource.address.removeprefix(f"{resource.module}.").partition("[")[0]
        (configured,) = (one for one in module["resources"] if one["address"] == local)
        named: list[str] = configured["expressions"].get(attribute, {}).get("references", [])
        return named


def _resources(module: Mapping[str, Any]) -> Iterator[Resource]:
    for one in module.get("resources", []):
        if one["mode"] == "managed":
            address = one["address"].removeprefix(MODULE)
            yield Resource(address, one["type"], one.get("values", {}))  # none: nothing is known
    for child in module.get("child_modules", []):
        yield from _resources(child)


def make_plan(**variables: object) -> Plan:
    """Plan a deployment to an empty account, with `images` and `variables` as settings.

    The state and the settings of a deployment of this machine are not used.

    Raises:
        NoTerraformError: Terraform is not installed, or `init` finds no provider.
        RuntimeError: Terraform fails; the message is Terraform's.
    """
    with (
        tempfile.TemporaryDirectory() as folder,
        embedded_aws(
            functions=InProcess(),
            labeler=NoLabels(),
            wait_scale=0,
            executions_at_once=1,
            watcher=Executions(),
        ) as url,
    ):
        configuration = copy_configuration(Path(folder))
        settings = {"images": IMAGES, **variables}
        (configuration / "plan.auto.tfvars.json").write_text(json.dumps(settings))
        aws = environment(url)
        run = _Terraform(configuration, {**outside(), **aws})
        run("init", "-input=false", "-lockfile=readonly")
        with serving(configuration, Path(folder) / "provider.log", aws) as attached:
            run = _Terraform(configuration, {**run.environment, **attached})
            run("plan", "-input=false", "-out=plan.tfplan")
            return Plan(json.loads(run("show", "-json", "plan.tfplan")))


def copy_configuration(folder: Path) -> Path:
    """Copy the configuration and the files that it reads to `folder`, and return its new path."""
    shutil.copy(ROOT / "statemachine.json.tftpl", folder)
    shutil.copytree(ROOT / "workflow", folder / "workflow")
    ignored = shutil.ignore_patterns(".terraform", "*.tfstate*", "*.tfvars*", "backend.tf", "tests")
    return Path(shutil.copytree(ROOT / "terraform", folder / "terraform", ignore=ignored))


@dataclass(frozen=True)
class _Terraform:
    """Runs Terraform in a folder."""

    folder: Path
    environment: Mapping[str, str]

    def __call__(self, command: str, *arguments: str) -> str:
        """Run one command, and return its output."""
        program = shutil.which("terraform")
        if program is None:
            raise NoTerraformError("terraform is not installed")
        done = subprocess.run(  # noqa: S603  # our own arguments
            [program, f"-chdir={self.folder}", command, "-no-color", *arguments],
            env=self.environment,
            check=False,
            capture_output=True,
            text=True,
        )
        if done.returncode != 0 and command == "init" and "provider" in done.stderr:
            raise NoTerraformError(f"terraform finds no provider: {done.stderr.strip()}")
        if done.returncode != 0:
            raise RuntimeError(f"terraform {command}: {done.stderr.strip()}")
        return done.stdout
