"""The configuration is formatted and valid, and Terraform's own tests of it pass."""

import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tools.plan import copy_configuration
from tools.provider import outside, serving

ROOT = Path(__file__).parents[2]
TERRAFORM = ROOT / "terraform"
LOCK_FILE = TERRAFORM / ".terraform.lock.hcl"
TESTED = sorted(
    str(folder.parent.relative_to(ROOT)) for folder in TERRAFORM.glob("modules/*/tests")
)


def terraform(folder: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run Terraform in `folder`, without the AWS_ and TF_ variables of the environment."""
    program = shutil.which("terraform")
    if program is None:
        pytest.skip("terraform is not installed")
    return subprocess.run(  # noqa: S603  # our own arguments
        [program, f"-chdir={folder}", *arguments],
        # Otherwise each run asks for a newer version.
        env={**outside(), "CHECKPOINT_DISABLE": "1", **variables},
        check=False,
        capture_output=True,
        text=True,
    )


def ready(name: str, temporary: Path, **variables: str) -> Path:
    """Copy the configuration out of the repository, and return its folder `name`, initialized.

    With the `variables` of a running provider, Terraform installs none: that takes a second.
    """
    copy_configuration(temporary)
    folder = temporary / name
    if (ROOT / name / "tests").exists():
        shutil.copytree(ROOT / name / "tests", folder / "tests")
    shutil.copy(LOCK_FILE, folder)
    options = ("-no-color", "-input=false", "-lockfile=readonly")
    done = terraform(folder, "init", *options, **variables)
    if "Failed to query available provider packages" in done.stderr:
        pytest.skip("terraform finds no AWS provider")
    assert done.returncode == 0, done.stderr
    return folder


def test_every_file_is_formatted() -> None:
    done = terraform(TERRAFORM, "fmt", "-check", "-recursive", "-diff", "-no-color")

    assert done.returncode == 0, done.stdout + done.stderr


def test_the_configuration_is_valid_without_a_warning(tmp_path: Path) -> None:
    done = terraform(ready("terraform", tmp_path), "validate", "-no-color")

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.strip() == "Success! The configuration is valid."


def test_every_module_has_unit_tests_and_contract_tests() -> None:
    for module in TERRAFORM.glob("modules/*/"):
        assert {file.name for file in module.glob("tests/*.hcl")} >= {
            "contract.tftest.hcl",
            "unit.tftest.hcl",
        }, module


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, str]]:
    """Start the provider for all tests of all modules."""
    folder = tmp_path_factory.mktemp("provider")
    with serving(ready("terraform", folder), folder / "provider.log") as variables:
        yield variables


@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", TESTED)
def test_terraforms_own_tests_pass(name: str, tmp_path: Path, provider: Mapping[str, str]) -> None:
    done = terraform(ready(name, tmp_path, **provider), "test", "-no-color", **provider)

    assert done.returncode == 0, done.stdout + done.stderr
    assert "Success! " in done.stdout
    assert "Success! 0 passed" not in done.stdout
