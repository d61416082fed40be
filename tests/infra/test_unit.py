"""`make unit` runs the tests that need only Python, and fails a test that needs more."""

import subprocess
import sys
from pathlib import Path

import pytest

from unit import ELSEWHERE, TESTS


@pytest.mark.parametrize("name", ELSEWHERE)
def test_every_listed_file_exists(name: str) -> None:
    assert (TESTS / name).exists()


USES = {
    "moto": "import moto",
    "docker": "import subprocess; subprocess.run(['docker', 'info'])",
    "192.0.2.1": "import socket; socket.create_connection(('192.0.2.1', 80), 1)",
}


def test_a_unit_test_that_needs_more_fails_with_the_reason(tmp_path: Path) -> None:
    tests = [f"def test_{number}():\n    {code}\n" for number, code in enumerate(USES.values())]
    (tmp_path / "test_them.py").write_text("\n".join(tests))

    options = ["-p", "unit", "--unit", "-p", "no:cacheprovider", "--rootdir", str(tmp_path)]
    done = subprocess.run(  # noqa: S603  # our own arguments
        [sys.executable, "-m", "pytest", *options, tmp_path],
        cwd=TESTS,
        check=False,
        capture_output=True,
        text=True,
    )

    assert f"{len(USES)} failed in" in done.stdout
    for used in USES:
        assert f"a unit test uses {used}: list its file in tests/unit.py" in done.stdout
