"""Two linters that support JSONata accept the state machine.

cfn-lint is AWS's own. asl-validator also parses the JSONata expressions, and needs npm.
"""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from local.template import PLACEHOLDERS, Values, render_file
from tools.npm import NpmError, install

ROOT = Path(__file__).parents[2]
ARN = "arn:aws:lambda:eu-west-1:123456789012:function:"
NAMES: Values = {
    **PLACEHOLDERS,
    "functions": {name: ARN + name for name in ("extract", "thumbnail", "tag")},
    "dead_letters_url": "https://sqs.eu-west-1.amazonaws.com/123456789012/dead-letters",
}
DEFINITION = render_file("statemachine.json.tftpl", NAMES)
BROKEN = DEFINITION.replace('"Arguments"', '"Parameters"', 1)  # JSONPath's field


def cfn_lint(definition: str, folder: Path) -> subprocess.CompletedProcess[str]:
    machine = {
        "Type": "AWS::StepFunctions::StateMachine",
        "Properties": {
            "RoleArn": "arn:aws:iam::123456789012:role/workflow",
            "Definition": json.loads(definition),
        },
    }
    template = folder / "template.json"
    template.write_text(json.dumps({"Resources": {"Workflow": machine}}))
    return subprocess.run(  # noqa: S603  # our own arguments
        [Path(sys.executable).with_name("cfn-lint"), template],
        check=False,
        capture_output=True,
        text=True,
    )


def test_cfn_lint_accepts_the_state_machine(tmp_path: Path) -> None:
    linted = cfn_lint(DEFINITION, tmp_path)

    assert linted.returncode == 0, linted.stdout


def test_cfn_lint_accepts_the_state_machine_of_edits(tmp_path: Path) -> None:
    linted = cfn_lint(render_file("workflow/edit.json.tftpl", NAMES), tmp_path)

    assert linted.returncode == 0, linted.stdout


def test_cfn_lint_refuses_a_jsonpath_field(tmp_path: Path) -> None:
    assert "'Parameters' was unexpected" in cfn_lint(BROKEN, tmp_path).stdout


@pytest.fixture(scope="module")
def asl_validator() -> Path:
    try:
        return install("asl-validator") / "node_modules" / ".bin" / "asl-validator"
    except NpmError as error:
        pytest.skip(f"asl-validator cannot be installed: {error}")


@pytest.mark.parametrize(
    ("definition", "exit_status"), [(DEFINITION, 0), (BROKEN, 1)], ids=["ours", "broken"]
)
def test_asl_validator_accepts_the_state_machine_and_refuses_a_broken_one(
    asl_validator: Path, tmp_path: Path, definition: str, exit_status: int
) -> None:
    path = tmp_path / "definition.json"
    path.write_text(definition)

    checked = subprocess.run(  # noqa: S603  # our own arguments
        [str(asl_validator), "--json-path", str(path)], check=False, capture_output=True, text=True
    )

    assert checked.returncode == exit_status, checked.stdout
