"""The outputs of a deployment, from Terraform or from a file."""

import json
from pathlib import Path

import pytest

from gallery.__main__ import main
from gallery.outputs import forget, read_outputs, save, saved_names
from gallery.shell import CommandError, UsageError
from outputs import NAMES, outputs_of

FUNCTIONS = {step: f"the-{step}" for step in ("extract", "tag", "thumbnail")}


def printed(**changed: object) -> str:
    """Return outputs as Terraform prints them; some are changed."""
    values = {**NAMES, "function_names": FUNCTIONS, "new": 1, **changed}
    return json.dumps(
        {
            name: {"sensitive": False, "type": "string", "value": value}
            for name, value in values.items()
        }
    )


@pytest.fixture
def terraform(tmp_path: Path) -> Path:
    """Return a stand-in of Terraform that prints the outputs of the folder it is in."""
    (tmp_path / "printed").write_text(printed())
    program = tmp_path / "terraform"
    program.write_text(
        f'#!/bin/sh\n[ "$*" = "-chdir={tmp_path} output -json -no-color" ] &&'
        f" exec cat {tmp_path}/printed\n"
        "echo no state >&2; exit 1\n"
    )
    program.chmod(0o755)
    return program


def test_a_folder_and_a_file_have_the_same_outputs(terraform: Path) -> None:
    of_folder = read_outputs(terraform.parent, terraform=str(terraform))
    of_file = read_outputs(terraform.parent / "printed")

    assert of_folder == of_file
    assert (of_file.table, of_file.function_names) == ("the-table", FUNCTIONS)


def test_an_error_of_terraform_is_passed_on(terraform: Path) -> None:
    with pytest.raises(CommandError, match="no state"):
        read_outputs(Path("/"), terraform=str(terraform))


def test_a_missing_terraform_is_named(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="no-terraform-here is not installed"):
        read_outputs(tmp_path, terraform="no-terraform-here")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{}", "missing required field.*make apply"),
        ("[]", "not the outputs of a deployed gallery"),
        ("Error", "not the outputs of a deployed gallery"),
        ('{"table": {"value": 3}}', "not the outputs of a deployed gallery"),
        (printed(state_machine_arn="gallery"), r"not the outputs.*state_machine_arn"),
        (printed(function_names={"tag": "the-tag"}), "function_names has no extract, thumbnail"),
        ("\udcff", "not the outputs of a deployed gallery"),
        (None, "No such file"),
    ],
)
def test_anything_but_outputs_is_refused(tmp_path: Path, content: str | None, message: str) -> None:
    file = tmp_path / "outputs.json"
    if content is not None:
        file.write_bytes(content.encode(errors="surrogateescape"))

    with pytest.raises(CommandError, match=message):
        read_outputs(file)


@pytest.fixture
def configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


@pytest.mark.usefixtures("configuration")
def test_a_saved_name_has_the_outputs_of_its_deployment_until_it_is_forgotten() -> None:
    save("home", outputs_of(table="mine"))
    save("work", outputs_of(table="ours"))

    assert saved_names() == ["home", "work"]
    assert read_outputs("home") == outputs_of(table="mine")
    forget("home")
    with pytest.raises(CommandError, match=r"home: no such folder or file.*saved: work"):
        read_outputs("home")
    with pytest.raises(CommandError, match=r"home is not saved \(saved: work\)"):
        forget("home")


def test_a_file_of_that_name_in_this_folder_changes_no_saved_name(
    configuration: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (configuration / "here" / "home").mkdir(parents=True)
    monkeypatch.chdir(configuration / "here")
    save("home", outputs_of())

    assert main(["saved"]) == 0

    assert capsys.readouterr().out == f"home: {outputs_of().state_machine_arn}\n"


def test_only_what_was_saved_is_forgotten(configuration: Path) -> None:
    save("home", outputs_of())
    other = configuration / "other.json"
    other.write_text("mine")

    with pytest.raises(CommandError, match="is not saved"):
        forget("../other")
    assert other.exists()


@pytest.mark.usefixtures("configuration")
@pytest.mark.parametrize("name", ["", "../home", "a b", "-x", "n" * 65])
def test_a_name_that_could_be_a_path_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match="a name has 1 to 64 of"):
        save(name, outputs_of())
    assert saved_names() == []
