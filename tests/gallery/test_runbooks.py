"""The runbooks, and the roll-back: their commands do on the embedded AWS what the pages say."""

from __future__ import annotations

import ast
import json
import logging
import os
import re
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from awslambdaric.lambda_runtime_log_utils import JsonFormatter  # type: ignore[import-untyped]

from local.clients import environment
from local.template import REPOSITORY
from outputs import as_outputs_file, outputs_of
from workflow.conftest import deployed  # noqa: F401  # a fixture
from workflow.scripted import extract, tag
from workflow.world import World

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PAGE = (REPOSITORY / "docs" / "runbooks.md").read_text(encoding="utf-8")
OPERATIONS = (REPOSITORY / "docs" / "operations.md").read_text(encoding="utf-8")
IMAGES = "/gallery/images"
FLAGS = re.DOTALL | re.MULTILINE
TRIED = {
    name: "".join(f"{line.removeprefix('   ')}\n" for line in block.splitlines())
    for name, block in re.findall(
        r"<!-- tried: ([\w-]+) -->\s*```\n(.*?)^ *```$", PAGE + OPERATIONS, FLAGS
    )
}
QUERIES = re.findall(r"```logs\n(.*?)```", PAGE, re.DOTALL)
HANDLERS = sorted((REPOSITORY / "images").glob("*/handler.py"))

# https://docs.aws.amazon.com/lambda/latest/dg/telemetry-schema-reference.html, and Logs Insights:
# https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_AnalyzeLogData-discoverable-fields.html
BY_AWS = {
    *("@timestamp", "@log", "type"),
    *(f"record.metrics.{name}" for name in ("durationMs", "maxMemoryUsedMB", "memorySizeMB")),
}


class Shell:
    """Runs blocks of the page as bash does, with the embedded AWS and stand-ins for Terraform."""

    def __init__(self, folder: Path, endpoint_url: str, outputs: dict[str, str]) -> None:
        self.folder = folder
        self.endpoint_url = endpoint_url
        commands = folder / "bin"
        commands.mkdir()
        python = commands / "python"
        python.write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')  # a link has no packages
        python.chmod(0o755)
        make = commands / "make"
        make.write_text('#!/bin/sh\necho make "$@"\n')
        make.chmod(0o755)
        if outputs:
            terraform = commands / "terraform"
            terraform.write_text(
                f"#!{sys.executable}\nimport sys\nprint({outputs!r}[sys.argv[-1]])\n"
            )
            terraform.chmod(0o755)

    def run(self, *names: str, cwd: Path = REPOSITORY, then: str = "", **variables: str) -> str:
        """Run blocks one after the other, with `then` as their end; return what they print."""
        script = "\n".join(TRIED[name] for name in names).rstrip()
        return self.bash(f"{script}{then}\n", cwd=cwd, **variables)

    def bash(self, script: str, *, cwd: Path = REPOSITORY, **variables: str) -> str:
        """Run a script, assert that it succeeds, and return what it prints."""
        done = subprocess.run(  # noqa: S603  # our own page
            ["bash", "-euo", "pipefail", "-c", script],  # noqa: S607
            cwd=cwd,
            env={
                **os.environ,
                **environment(self.endpoint_url),
                "AWS_PAGER": "",
                "PATH": f"{self.folder / 'bin'}:{os.environ['PATH']}",
                "PYTHONPATH": f"{REPOSITORY}:{REPOSITORY / 'images'}",
                **variables,
            },
            check=False,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, f"{done.stdout}{done.stderr}"
        return f"{done.stdout}{done.stderr}"


@pytest.fixture(scope="module")
def world(deployed: Any) -> World:  # noqa: ANN401, F811  # the fixture
    stack, functions = deployed
    made = World(stack, functions)
    functions.steps = {"extract": extract, "thumbnail": made.hashed_thumbnail, "tag": tag}
    return made


@pytest.fixture(scope="module")
def pool(world: World) -> str:
    """Return the id of a user pool with one user."""
    cognito = world.stack.client("cognito-idp")
    made: str = cognito.create_user_pool(PoolName="gallery")["UserPool"]["Id"]
    cognito.admin_create_user(UserPoolId=made, Username="ada@example.com")
    return made


@pytest.fixture(scope="module")
def shell(world: World, pool: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
    if shutil.which("aws") is None:
        pytest.skip("the AWS CLI is not installed")
    folder = tmp_path_factory.mktemp("shell")
    names = {
        "photos_bucket": world.stack.photos_bucket,
        "user_pool_id": pool,
        "images_parameter": IMAGES,
    }
    outputs = outputs_of(
        world.stack,
        user_pool_id=pool,
        identity_pool_id=None,  # as with client = false
        shares_bucket=None,  # shares are off
    )
    shell = Shell(folder, world.stack.endpoint_url, names)
    file = as_outputs_file(outputs, folder / "outputs.json")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GALLERY_DEPLOYMENT", str(file))
        yield shell


def statuses(world: World, owner: str) -> dict[str, str]:
    rows = world.rows(owner)
    return {sk: row["status"] for sk, row in rows.items() if sk.startswith("photo#")}


def test_a_roll_back_names_the_images_of_the_push_before(world: World, shell: Shell) -> None:
    ssm = world.stack.client("ssm")
    for push in range(52):  # SSM lists 50 at a time
        ssm.put_parameter(Name=IMAGES, Type="String", Value=f'{{"push": {push}}}', Overwrite=True)

    assert "make apply" in shell.run("roll-back")

    assert ssm.get_parameter(Name=IMAGES)["Parameter"]["Value"] == '{"push": 50}'


def test_photos_come_back_go_to_another_owner_and_are_removed(world: World, shell: Shell) -> None:
    paths = ["2024/a.jpg", "2024/ü 'b' \"c\" $d \\.jpg"]
    for path in paths:
        world.stack.upload(f"uploads/alice/{path}", path.encode())
    world.stack.wait_until_idle()
    for path in paths:
        world.delete(f"uploads/alice/{path}")
    world.stack.wait_until_idle()
    assert set(statuses(world, "alice").values()) == {"DELETED"}

    shell.run("undelete", OWNER="alice", SINCE="2999-01-01")
    world.stack.wait_until_idle()
    assert set(statuses(world, "alice").values()) == {"DELETED"}
    shell.run("undelete", OWNER="alice", SINCE="2020-01-01")
    world.stack.wait_until_idle()
    assert statuses(world, "alice") == {f"photo#{path}": "READY" for path in paths}

    listed = shell.run("owners")
    assert re.search(r"^alice: 2 photos, 1 albums, user unknown$", listed, re.MULTILINE)
    figures = shell.bash(
        "python -m gallery owners --bytes --json 2>/dev/null\n"
        "python -m gallery give alice bob --dry-run --json 2>/dev/null\n"
    ).splitlines()
    size = sum(len(path.encode()) for path in paths)
    [owner, plan] = [json.loads(line) for line in figures if line.startswith("{")]
    assert (owner["owner"], owner["photos"], owner["bytes"]) == ("alice", 2, size)
    assert (plan["photos"], plan["bytes"], plan["labeled"]) == (2, size, 0)
    assert plan["usd"] > 0
    given = shell.run("give", OLD="alice", NEW="bob")
    world.stack.wait_until_idle()
    assert "all photos are given" in given
    assert statuses(world, "bob") == {f"photo#{path}": "READY" for path in paths}
    assert set(statuses(world, "alice").values()) == {"DELETED"}

    removed = shell.run("remove", then=' --settle-seconds 0 --confirm "$OWNER"', OWNER="alice")
    world.stack.wait_until_idle()
    assert "deleted" in removed
    assert world.rows("alice") == {}
    assert not [key for key, _ in world.versions() if key.startswith("uploads/alice/")]
    assert statuses(world, "bob") == {f"photo#{path}": "READY" for path in paths}


def test_another_id_removes_nothing(world: World, shell: Shell) -> None:
    world.stack.upload("uploads/eve/a.jpg", b"a")
    world.stack.wait_until_idle()
    refused = shell.run("remove", then=" --confirm eva || true", OWNER="eve")

    assert "the two IDs differ" in refused
    assert statuses(world, "eve") == {"photo#a.jpg": "READY"}


def test_the_question_of_a_removal_is_no_part_of_its_json(world: World, shell: Shell) -> None:
    world.stack.upload("uploads/eve/b.jpg", b"b")
    world.stack.wait_until_idle()

    printed = shell.bash("(! python -m gallery remove-owner eve --json <<< eva 2>/dev/null)")

    assert json.loads(printed)["rows"] > 0
    assert statuses(world, "eve")["photo#b.jpg"] == "READY"


def test_the_sessions_of_a_user_end_and_all_older_credentials_are_refused(
    world: World, pool: str, shell: Shell
) -> None:
    iam = world.stack.client("iam")
    iam.create_role(RoleName="gallery-client-us-east-1", AssumeRolePolicyDocument="{}")

    shell.run("sign-out", "revoke", EMAIL="ada@example.com", NAME="gallery")

    user = world.stack.client("cognito-idp").admin_get_user(
        UserPoolId=pool, Username="ada@example.com"
    )
    assert user["Enabled"] is False
    policy = iam.get_role_policy(
        RoleName="gallery-client-us-east-1", PolicyName="revoke-older-sessions"
    )["PolicyDocument"]
    assert policy["Statement"]["Effect"] == "Deny"
    assert [*policy["Statement"]["Condition"]["DateLessThan"]] == ["aws:TokenIssueTime"]


ROOT = """
variable "name" { default = "gallery" }
variable "table_name" {
  type    = string
  default = null
}
locals { table_name = coalesce(var.table_name, var.name) }
module "table" {
  source              = "./modules/table"
  deployment = {
    account_id = "123456789012"
    dns_suffix = "amazonaws.com"
    partition  = "aws"
    region     = "us-east-1"
  }
  name                = local.table_name
  deletion_protection = true
  hash_key            = local.schema.hash_key
  range_key           = local.schema.range_key
  indexes             = local.schema.indexes
}
locals { schema = jsondecode(file("${path.module}/table.json")) }
output "table" { value = module.table.name }
"""


def test_a_restored_table_takes_the_place_of_the_old_one(world: World, tmp_path: Path) -> None:
    if shutil.which("terraform") is None or shutil.which("aws") is None:
        pytest.skip("Terraform or the AWS CLI is not installed")
    dynamodb = world.stack.dynamodb
    root = tmp_path / "terraform"
    root.mkdir()
    [module] = REPOSITORY.glob("terraform/**/modules/table")
    shutil.copytree(module, root / "modules" / "table")
    shutil.copy(REPOSITORY / "workflow" / "table.json", root)
    shutil.copy(REPOSITORY / "terraform" / ".terraform.lock.hcl", root)
    shutil.copy(REPOSITORY / "terraform" / "terraform.tf", root)
    (root / "main.tf").write_text(ROOT.replace('"gallery"', '"rows"'))
    (root / "providers.tf").write_text('provider "aws" {\n  skip_requesting_account_id = true\n}\n')
    shell = Shell(tmp_path, world.stack.endpoint_url, {})
    shell.bash(
        "terraform -chdir=terraform init -lockfile=readonly\n"
        "terraform -chdir=terraform apply -auto-approve\n",
        cwd=tmp_path,
    )
    row = {"pk": {"S": "ada"}, "sk": {"S": "photo#a.jpg"}}
    dynamodb.put_item(TableName="rows", Item=row)

    shell.run(
        "restore",
        "switch",
        cwd=tmp_path,
        WHEN="2026-11-28T20:00:00Z",
        TF_CLI_ARGS_apply="-auto-approve",
    )

    new = "rows-restored"
    state = json.loads((root / "terraform.tfstate").read_text())
    assert state["outputs"]["table"]["value"] == new
    assert [one["instances"][0]["attributes"]["name"] for one in state["resources"]] == [new]
    assert dynamodb.scan(TableName=new)["Items"] == [row]
    assert dynamodb.scan(TableName="rows")["Items"] == [row]  # the old table is kept
    described = dynamodb.describe_table(TableName=new)["Table"]
    assert {one["IndexName"] for one in described["GlobalSecondaryIndexes"]} == {
        *json.loads((REPOSITORY / "workflow" / "table.json").read_text())["indexes"]
    }
    assert described["DeletionProtectionEnabled"] is True
    recovery = dynamodb.describe_continuous_backups(TableName=new)["ContinuousBackupsDescription"]
    assert recovery["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"] == "ENABLED"


def written_fields() -> dict[str, set[str]]:
    """Return the fields of each line that the handlers write, by its message."""
    lines: dict[str, set[str]] = {}
    for handler in HANDLERS:
        for call in ast.walk(ast.parse(handler.read_text(encoding="utf-8"))):
            if not isinstance(call, ast.Call) or ast.unparse(call.func) != "log.info":
                continue
            [extra] = [one.value for one in call.keywords if one.arg == "extra"]
            assert isinstance(extra, ast.Dict)
            keys = [ast.literal_eval(key) for key in extra.keys if key is not None]
            message = ast.literal_eval(call.args[0])
            record = logging.makeLogRecord({"msg": message, "levelno": logging.INFO})
            record.__dict__ |= dict.fromkeys(keys, 1)
            lines[message] = {*json.loads(JsonFormatter().format(record))}
    return lines


def test_queries_of_the_logs_name_fields_that_are_written() -> None:
    lines = written_fields()
    fault_info = (ValueError, ValueError("a fault"), None)
    record = logging.makeLogRecord({"msg": "x", "levelno": logging.ERROR, "exc_info": fault_info})
    fault = {*json.loads(JsonFormatter().format(record)), "requestId"}
    known = BY_AWS.union(fault, *lines.values())
    words = {"fields", "filter", "sort", "desc", "limit", "stats", "count", "pct", "max", "by"}
    words |= {"as", "bin", "in", "or", "ispresent"}

    assert len(QUERIES) == 5
    for query in QUERIES:
        text = re.sub(r'"[^"]*"|\bas \w+|\b\d+m?h?\b', " ", query)
        used = {*re.findall(r"@?[A-Za-z_][\w.]*", text)} - words
        assert used <= known, used - known
        for message in re.findall(r'message = "([^"]+)"', query):
            assert used - {"message"} <= lines[message]
    assert {"extract", "thumbnail", "tag"} == {path.parent.name for path in HANDLERS}


def test_each_block_of_the_page_is_tried_or_is_known_not_to_be() -> None:
    fences = re.findall(r"(<!-- tried: [\w-]+ -->\s*)?^ *```(\w*)$\n\s*([^\n]*)", PAGE, FLAGS)
    opened = [(mark, first) for mark, kind, first in fences[::2] if kind != "logs"]

    assert [first for mark, first in opened if not mark] == ["make redrive"]
    assert len([mark for mark, _ in opened if mark]) == len(TRIED) - 1  # one is of operations.md
