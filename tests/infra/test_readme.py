"""The commands and figures in the README work as written."""

import json
import os
import re
import subprocess
import uuid
from pathlib import Path

import pytest

import engine
from gallery import costs
from ports import free_port

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()


def block_after(words: str) -> str:
    """Return the first code block after `words`."""
    [block, *_] = re.findall(r"```\n(.*?)```", README.partition(words)[2], re.DOTALL)
    return str(block)


@pytest.mark.docker
def test_one_image_answers_under_the_emulator() -> None:
    name = f"extract-{uuid.uuid4().hex}"
    script = block_after("## Run one image in Lambda's runtime emulator")
    for shown, here in {
        "9000": str(free_port()),
        "--name extract": f"--name {name}",
        "docker exec extract": f"docker exec {name}",
        "docker stop extract": f"docker stop {name}",
        "gallery-extract": engine.image("extract"),
    }.items():
        assert shown in script
        script = script.replace(shown, here)
    client = os.environ.get("DOCKER", "docker")

    done = subprocess.run(  # noqa: S603  # the README's own commands
        ["bash", "-c", f'set -e; docker() {{ command {client} "$@"; }}\n{script}'],  # noqa: S607
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
        timeout=120,
    )

    assert done.returncode == 0, done.stderr
    [answer] = re.findall(r"\{.*\}", done.stdout)
    assert json.loads(answer)["metadata"]["camera"]["make"] == "Canon"


def test_deploy_commands_are_make_targets_that_exist() -> None:
    region, *commands = block_after("## Deploy").splitlines()
    assert region.startswith("export AWS_REGION=")
    for command in commands:
        settings = {name: value for name, value in os.environ.items() if "MAKE" not in name}
        planned = subprocess.run(  # noqa: S603  # the README's own commands
            [*command.split(), "--dry-run"],
            cwd=ROOT,
            env=settings,
            check=False,
            capture_output=True,
            text=True,
        )

        assert planned.returncode == 0, planned.stderr


def test_costs_match_the_cost_model() -> None:
    rekognition, embedded, idle = (
        sum(item.usd for item in items)
        for items in (
            costs.thousand_photos(labeler="rekognition"),
            costs.thousand_photos(labeler="embedded"),
            costs.idle_month(),
        )
    )
    section = " ".join(README.partition("## Deploy")[2].partition("##")[0].split())

    about = r"about USD ([\d.]+) with Rek.* USD ([\d.]+) with .* photos costs about USD ([\d.]+)\. "
    [figures] = re.findall(about, section)
    assert [float(each) for each in figures] == [
        pytest.approx(usd, rel=0.02) for usd in (rekognition, embedded, idle)
    ]
