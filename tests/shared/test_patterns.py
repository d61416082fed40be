"""Expressions that were compiled in advance match as those that `re` compiles."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from shared import patterns

IMAGES = Path(__file__).parents[2] / "images"
CASES: list[tuple[Any, int, Any]] = [  # pattern, flags, text
    (r"(?P<year>\d{4})-(\d\d)(?=T)", 0, "on 2026-11-29"),
    (r"(?P<year>\d{4})-(\d\d)(?=T)", re.ASCII, "on 2026-11T"),
    (rb"\xff[^\x00\x01\xd0-\xd8\xff]", re.DOTALL, b"\xff\xd8\xff\xe1"),
    (r"straße|[\U0001f600-\U0001f64f]+", re.IGNORECASE, "STRASSE 😀 Straße"),
    (r"  a  b # comment", re.VERBOSE, "ab"),
    (r"^\s*$", re.MULTILINE, "a\n\nb"),
    ("a", 0, "a"),
    (b"a", 0, b"a"),
]
REPORT = """
import re, sys
from pathlib import Path
from shared import patterns
def refuse(*_):
    raise AssertionError("compiled again")
re._compiler._parser.parse, parse = refuse, re._compiler._parser.parse
assert patterns.use(Path(sys.argv[1])) == (sys.argv[2] == "used")
if sys.argv[2] != "used":
    re._compiler._parser.parse = parse
for pattern, flags, text in eval(sys.argv[3]):
    compiled = re.compile(pattern, flags)
    found = compiled.search(text)
    print([compiled.pattern, compiled.flags, compiled.groups, dict(compiled.groupindex),
        found and [found.span(), found.groups(), found.groupdict(), found.lastgroup]])
"""


def report(file: Path, expected: str) -> str:
    """Return what a new process finds with the expressions in `file`."""
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(IMAGES)}
    return subprocess.run(  # noqa: S603  # our own program
        [sys.executable, "-c", REPORT, str(file), expected, repr(plain_cases())],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    ).stdout


def plain_cases() -> list[tuple[Any, int, Any]]:
    return [(pattern, int(flags), text) for pattern, flags, text in CASES]


def compile_cases() -> None:
    re.purge()
    for pattern, flags, _ in CASES:
        re.compile(pattern, flags)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file with the expressions of `CASES`."""
    patterns.record(compile_cases, tmp_path / "patterns.bin")
    return tmp_path / "patterns.bin"


def test_they_are_recorded_by_pattern_type_and_flags(tmp_path: Path) -> None:
    assert patterns.record(compile_cases, tmp_path / "patterns.bin") == len(CASES)


def test_they_match_as_others_and_are_not_parsed_again(file: Path, tmp_path: Path) -> None:
    assert report(file, "used") == report(tmp_path / "absent.bin", "not used")


@pytest.mark.parametrize("content", [b"", b"marshal?", b"i\x01\x00\x00\x00"])
def test_a_file_that_is_damaged_is_not_used(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "patterns.bin").write_bytes(content)

    assert report(tmp_path / "patterns.bin", "not used")


def test_a_file_of_another_python_is_not_used(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patterns, "_PYTHON", "3.14.0 (main)")
    patterns.record(compile_cases, file)

    assert report(file, "not used")


def test_recording_leaves_re_as_it_was(tmp_path: Path) -> None:
    compiler = re._compiler  # type: ignore[attr-defined]  # noqa: SLF001  # what record replaces
    before = compiler.compile, compiler._sre  # noqa: SLF001  # as above

    with pytest.raises(ZeroDivisionError):
        patterns.record(lambda: 1 / 0, tmp_path / "patterns.bin")

    assert (compiler.compile, compiler._sre) == before  # noqa: SLF001  # as above
    assert not (tmp_path / "patterns.bin").exists()


def test_an_expression_that_was_not_recorded_is_compiled_as_usual(file: Path) -> None:
    program = """
import re, sys
from pathlib import Path
from shared import patterns
assert patterns.use(Path(sys.argv[1]))
assert re.fullmatch("other+", "otherrr")
try:
    re.compile("(")
except re.error as error:
    print(error)
"""
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(IMAGES)}
    done = subprocess.run(  # noqa: S603  # our own program
        [sys.executable, "-c", program, str(file)],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )

    assert "unterminated subpattern" in done.stdout
