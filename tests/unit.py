"""`pytest --unit`: the tests that need nothing but this machine's Python.

Every test file belongs to them unless it is listed in `ELSEWHERE`. A listed file is not even
imported. A file that is not listed, and yet uses the embedded AWS, a browser, a Docker engine,
Terraform, npm or the network, fails with a message that names this list.
"""

import shutil
import sys
from pathlib import Path
from typing import Final

import pytest

TESTS: Final = Path(__file__).parent
ELSEWHERE: Final = (
    "bench/test_report.py",  # some sections of the bench import the embedded AWS
    "bench/test_limits.py",
    "bench/test_sections.py",
    "gallery",
    "infra/test_arm64.py",
    "infra/test_client_programs.py",
    "infra/test_pin.py",
    "local",
    "second_opinion",
    "shared/test_storage.py",
    "tag/test_records.py",
    "terraform",
    "web",
    "workflow/test_adopted.py",
    "workflow/test_backfill.py",
    "workflow/test_bursts.py",
    "workflow/test_cancellations.py",
    "workflow/test_convergence.py",
    "workflow/test_crashes.py",
    "workflow/test_definition.py",
    "workflow/test_edit_expressions.py",  # compares sizes with those of test_publish.py
    "workflow/test_events.py",
    "workflow/test_execution.py",
    "workflow/test_inactive.py",
    "workflow/test_lifecycle.py",
    "workflow/test_publish.py",
    "workflow/test_recovery.py",
    "workflow/test_reprocess.py",
    "workflow/test_rows.py",
    "workflow/test_time_outs.py",
    "workflow/test_upload_times.py",
    "workflow/test_validators.py",
    "workflow/test_watch.py",
)
PACKAGES: Final = {"moto", "playwright"}
PROGRAMS: Final = {
    "chromium",
    "chromium-headless-shell",
    "docker",
    "google-chrome",
    "java",
    "moto_server",
    "node",
    "npm",
    "terraform",
}
INSTALLED: Final = {shutil.which(program) for program in PROGRAMS} - {
    None
}  # and no stand-in of them
LOOPBACK: Final = {"127.0.0.1", "::1", "localhost"}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--unit", action="store_true", help="run what needs nothing but Python")


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("unit"):
        sys.addaudithook(refuse)  # for the rest of this process


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Return True for what is listed, None to leave the decision to others."""
    if not config.getoption("unit"):
        return None
    return any(collection_path == TESTS / name for name in ELSEWHERE) or None


def refuse(event: str, arguments: tuple[object, ...]) -> None:
    """Raise where a test uses what a unit test does not.

    Source: https://docs.python.org/3/library/audit_events.html
    """
    used = None
    if event == "import" and arguments[0] in PACKAGES:
        used = arguments[0]
    elif event == "subprocess.Popen" and arguments[0] in PROGRAMS | INSTALLED:
        used = Path(str(arguments[0])).name
    elif event == "socket.connect" and isinstance(arguments[1], tuple):  # a path is no network
        host = arguments[1][0]
        used = None if host in LOOPBACK else host
    if used is not None:
        raise AssertionError(f"a unit test uses {used}: list its file in tests/unit.py")
