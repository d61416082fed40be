"""State in a bucket with terraform/backend.tf.example, as `make init STATE_BUCKET=…` uses it."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from local.clients import client, environment
from local.embedded import embedded_aws
from local.functions import InProcess
from local.rekognition import NoLabels
from local.stack import Executions

ROOT = Path(__file__).parents[2]


def test_init_moves_the_state_to_the_bucket_and_later_commands_find_it(tmp_path: Path) -> None:
    if shutil.which("terraform") is None:
        pytest.skip("Terraform is not installed")
    example = (ROOT / "terraform" / "backend.tf.example").read_text()
    here = "use_path_style = true"  # the embedded AWS has no host names for buckets
    (tmp_path / "backend.tf").write_text(example.replace("encrypt ", f"{here}\n    encrypt "))
    (tmp_path / "main.tf").write_text('resource "terraform_data" "thing" { input = 1 }')

    with embedded_aws(
        functions=InProcess(),
        labeler=NoLabels(),
        wait_scale=0,
        executions_at_once=1,
        watcher=Executions(),
    ) as url:
        s3 = client("s3", url)
        s3.create_bucket(Bucket="our-states")
        for command in (
            "init -migrate-state -backend-config=bucket=our-states",
            "apply -auto-approve",
            "init -input=false",
            "plan -detailed-exitcode",
        ):
            done = subprocess.run(  # noqa: S603  # our own commands
                ["terraform", *command.split()],  # noqa: S607  # the user's
                cwd=tmp_path,
                env={**os.environ, **environment(url)},
                check=False,
                capture_output=True,
                text=True,
            )
            assert done.returncode == 0, done.stderr
        keys = [one["Key"] for one in s3.list_objects_v2(Bucket="our-states")["Contents"]]
        state = json.load(s3.get_object(Bucket="our-states", Key=keys[0])["Body"])

    assert keys == ["gallery.tfstate"]
    assert [one["name"] for one in state["resources"]] == ["thing"]
    assert "use_lockfile = true" in example
