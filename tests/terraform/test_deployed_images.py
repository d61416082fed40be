"""The functions run the images that were pushed to a local registry, by their digests."""

import json
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import engine
from deployment import NO_PHOTO, READY, SETTINGS, Deployment, Dogs
from local.functions import Containers
from local.stack import Stack
from registry import docker_registry
from tools.plan import ROOT, copy_configuration

pytestmark = [pytest.mark.docker, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    images = {step: engine.image(step) for step in engine.FUNCTIONS}
    digests: list[str] = []
    with (
        docker_registry(tmp_path_factory.mktemp("registry")) as host,
        Stack.empty(functions=Containers(registry=host), labeler=Dogs()) as stack,
        Deployment.of(stack, tmp_path_factory.mktemp("deployment")) as deployment,
    ):
        push(deployment, host, images)
        recorded = pushed(deployment)
        digests += [f"{host}/gallery-{step}@{recorded[step]['digest']}" for step in recorded]
        deployment.configure(architecture=recorded["tag"]["architecture"])
        deployment.apply()
        yield deployment
    engine.docker("image", "rm", *digests)


def push(deployment: Deployment, host: str, images: dict[str, str]) -> None:
    """Push images as `make push` does."""
    done = deployment.run(
        *(sys.executable, "-m", "gallery", "push"),
        f"--registry={host}",
        f"--folder={deployment.folder}",
        f"--docker={os.environ.get('DOCKER', 'docker')}",
        *(f"--{step}={image}" for step, image in images.items()),
        PYTHONPATH=str(ROOT),
    )
    assert done.returncode == 0, done.stdout + done.stderr


def pushed(deployment: Deployment) -> dict[str, dict[str, str]]:
    """Return the recorded images by step."""
    ssm = deployment.stack.client("ssm")
    value = ssm.get_parameter(Name="/gallery/images")["Parameter"]["Value"]
    images: dict[str, dict[str, str]] = json.loads(value)
    return images


def test_the_functions_are_the_images_that_were_pushed(deployment: Deployment) -> None:
    running = engine.docker(
        "ps", "--filter=label=gallery-stack", "--no-trunc", "--format={{.Image}}"
    )

    for step, image in pushed(deployment).items():
        assert f"/gallery-{step}@{image['digest']}" in running


def test_the_pushed_images_process_photos(deployment: Deployment) -> None:
    for photo in READY:
        record = deployment.process(f"uploads/ada/{photo.name}", photo.read_bytes())

        assert (record["status"], record["labels_status"]) == ("READY", "READY")
        derived = deployment.derived("ada")
        assert all(derived[one["key"]] == one["bytes"] for one in record["renditions"].values())

    record = deployment.process("uploads/ada/no-photo.jpg", NO_PHOTO.read_bytes())
    assert record["status"] == "REJECTED"


def test_another_clone_plans_nothing_and_an_alarm_address_needs_no_build(
    deployment: Deployment, tmp_path: Path
) -> None:
    clone = Deployment(deployment.stack, copy_configuration(tmp_path), deployment.attached)
    clone.terraform("init", "-lockfile=readonly")
    shutil.copy(deployment.folder / SETTINGS, clone.folder)
    shutil.copy(deployment.folder / "terraform.tfstate", clone.folder)  # as a backend shares it

    assert clone.changes() == ""

    settings = json.loads((clone.folder / SETTINGS).read_text())
    clone.configure(**settings, alarm_email="ada@example.com")
    clone.terraform("plan", "-input=false", "-out=email.tfplan")
    plan = json.loads(clone.terraform("show", "-json", "email.tfplan").stdout)
    changed = {
        one["address"]: one["change"]["actions"]
        for one in plan["resource_changes"]
        if one["change"]["actions"] not in (["no-op"], ["read"])
    }
    subscription = "module.gallery.module.observability.aws_sns_topic_subscription.email[0]"
    assert changed == {subscription: ["create"]}
