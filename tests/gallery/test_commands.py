"""`python -m gallery`: each command has its help, and imports only what it needs."""

import json
import subprocess
import sys
from argparse import ArgumentTypeError
from pathlib import Path

import msgspec
import pytest

from gallery import costs, shell
from gallery.__main__ import COMMANDS, MODULES, main
from gallery.editing import EditError, Editor
from gallery.shell import print_stderr, print_stdout, session_for, whole_number
from outputs import as_outputs_file, outputs_of
from shared.keys import Layout
from shared.settings import KEY_LAYOUT

ROOT = Path(__file__).parents[2]
ARN = "arn:aws-cn:states:cn-north-1:123456789012:stateMachine:gallery"
HEAVY = {"bench", "extract", "local", "moto", "pyvips", "requests", "tag", "thumbnail", "tools"}


def modules_of(command: str) -> set[str]:
    """Return the modules that the help of a command imports."""
    program = (
        "import runpy, sys\n"
        f"sys.argv = ['gallery', '{command}', '--help']\n"
        "try: runpy.run_module('gallery', run_name='__main__')\n"
        "except SystemExit: print(*sys.modules)"
    )
    done = subprocess.run(  # noqa: S603  # our own program
        [sys.executable, "-c", program], cwd=ROOT, check=True, capture_output=True, text=True
    )
    return set(done.stdout.splitlines()[-1].split())


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_imports_no_step_and_only_push_imports_requests(command: str) -> None:
    modules = modules_of(command)

    assert f"gallery.{MODULES.get(command, command)}" in modules
    assert modules & HEAVY == ({"requests"} if command == "push" else set())


@pytest.mark.parametrize("command", COMMANDS)
def test_the_help_of_a_command_begins_with_what_it_does(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main([command, "--help"])

    printed = " ".join(capsys.readouterr().out.split())
    assert ended.value.code == 0
    assert printed.startswith(f"usage: python -m gallery {command} ")
    assert f"{COMMANDS[command]}." in printed


def test_the_help_lists_all_commands(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")

    with pytest.raises(SystemExit):
        main(["--help"])

    printed = " ".join(capsys.readouterr().out.split())
    assert all(f"{name} {summary}" in printed for name, summary in COMMANDS.items())


@pytest.mark.parametrize("arguments", [[], ["remake"], ["edit"]], ids=str)
def test_a_wrong_command_line_is_exit_status_2(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)

    assert ended.value.code == 2
    assert capsys.readouterr().out == ""


def test_results_go_to_stdout_and_errors_to_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    print_stdout("result")
    print_stderr("error")

    assert capsys.readouterr() == ("result\n", "error\n")


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("uploads/ada/Köln 🌮 %41.jpg", "uploads/ada/Köln 🌮 %41.jpg"),
        ("\x1b[2J\x07\x7f\x9b", r"\x1b[2J\x07\x7f\x9b"),
        ("a\nb\r\tc\u2028d\x85", r"a\nb\r\tc\u2028d\x85"),
        ("\u202egpj.exe\u2066\ufeff", r"\u202egpj.exe\u2066\ufeff"),
        ("\udcff\U000e0001", r"\udcff\U000e0001"),
        ("\u00a0\u3000", r"\xa0\u3000"),
    ],
    ids=["printable", "terminal", "lines", "bidi", "not Unicode", "spaces"],
)
def test_characters_that_control_a_terminal_are_printed_escaped(
    text: str, printed: str, capsys: pytest.CaptureFixture[str]
) -> None:
    print_stdout(text)
    print_stderr(text.replace("\n", "\\n"))

    assert capsys.readouterr() == (f"{printed}\n", f"{printed}\n")


def test_an_error_may_have_several_lines(capsys: pytest.CaptureFixture[str]) -> None:
    print_stderr("one\n\x1b[2Jtwo")

    assert capsys.readouterr().err == "one\n\\x1b[2Jtwo\n"


def test_the_session_is_in_the_region_of_the_arn() -> None:
    assert session_for(ARN).region_name == "cn-north-1"


@pytest.mark.parametrize(
    ("least", "most", "text", "value"),
    [(1, None, "1", 1), (1, None, "9999", 9999), (1, 10, "10", 10), (0, 10, "0", 0)],
)
def test_a_whole_number_within_its_limits(
    least: int, most: int | None, text: str, value: int
) -> None:
    assert whole_number(least, most)(text) == value


@pytest.mark.parametrize(
    ("least", "most", "text", "message"),
    [
        (1, None, "0", "must be 1 or more, got 0"),
        (1, 10, "0", "must be 1 to 10, got 0"),
        (1, 10, "11", "must be 1 to 10, got 11"),
    ],
)
def test_a_whole_number_beyond_its_limits_is_refused(
    least: int, most: int | None, text: str, message: str
) -> None:
    with pytest.raises(ArgumentTypeError, match=message):
        whole_number(least, most)(text)


def test_bash_completes_commands_and_options(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", "bash"]) == 0
    program = capsys.readouterr().out

    def completed(*words: str) -> set[str]:
        script = f"{program}\nCOMP_WORDS=(gallery {' '.join(words)})\nCOMP_CWORD={len(words)}\n"
        done = subprocess.run(  # noqa: S603  # our own program
            ["bash", "-c", f"{script}_shtab_gallery\nprintf '%s\\n' \"${{COMPREPLY[@]}}\""],  # noqa: S607
            check=True,
            capture_output=True,
            text=True,
        )
        return set(done.stdout.split())

    assert completed("''") >= COMMANDS.keys()
    assert completed("re") == {"reprocess", "redrive", "reconcile", "remove-owner"}
    assert "--hide-label" in completed("edit", "--h")


def test_a_reader_that_ends_early_ends_the_command_in_silence() -> None:
    program = (  # stdout is a pipe that nobody reads
        "import os, sys; from gallery.__main__ import main\n"
        "reader, writer = os.pipe(); os.close(reader); os.dup2(writer, 1)\n"
        "sys.exit(main(['costs']))"
    )
    done = subprocess.run(  # noqa: S603  # our own program
        [sys.executable, "-c", program], cwd=ROOT, check=False, capture_output=True, text=True
    )

    assert (done.returncode, done.stderr) == (1, "")


def test_an_interrupted_command_says_so_and_exits_with_130(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(costs, "idle_month", _interrupted)

    assert main(["costs"]) == 130
    assert capsys.readouterr().err == "costs: interrupted\n"


def _interrupted() -> None:
    raise KeyboardInterrupt


def test_progress_outside_of_a_terminal_is_a_line_now_and_then(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shell, "LINE_SECONDS", 0.0)

    with shell.progress("photos to copy", 2_000) as add:
        add(1)
        add(1_499)

    assert capsys.readouterr().err == (
        "photos to copy: 1 of 2,000\nphotos to copy: 1,500 of 2,000\n"
    )


@pytest.mark.parametrize(
    "command",
    [["give", "ada", "bob"], ["import", "--owner=ada", "."], ["remove-owner", "ada"], ["verify"]],
    ids=lambda command: str(command[0]),
)
def test_a_command_that_changes_photos_refuses_an_adopted_bucket(
    command: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    adopted = msgspec.structs.replace(outputs_of(photos_bucket="old"), key_layout=Layout())
    file = as_outputs_file(adopted, tmp_path / "outputs.json")

    assert main([*command, f"--deployment={file}"]) == 1

    assert "and the gallery only reads old, which is adopted" in capsys.readouterr().err


def test_an_edit_knows_the_keys_of_an_adopted_bucket(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(KEY_LAYOUT, "")  # restored afterwards
    adopted = msgspec.structs.replace(outputs_of(), key_layout=Layout("photos/", "ada"))
    file = as_outputs_file(adopted, tmp_path / "outputs.json")
    edit = ["edit", "photos/2016/a.jpg", "--title=x\n\u0301", "--dry-run"]

    assert main([*edit, f"--deployment={file}"]) == 0

    assert json.loads(capsys.readouterr().out) == {"path": "2016/a.jpg", "title": "x\n\u0301"}


def test_an_edit_that_the_state_machine_fails_is_an_error_of_the_command(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise EditError("States.Timeout: ")

    monkeypatch.setattr(Editor, "request", fail)
    file = as_outputs_file(outputs_of(), tmp_path / "outputs.json")

    assert main(["edit", "uploads/ada/a.jpg", "--title=x", f"--deployment={file}"]) == 1

    assert capsys.readouterr().err == "edit: States.Timeout: \n"
