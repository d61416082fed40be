"""Fixtures for all tests: photos, npm, the built page, a browser."""

from __future__ import annotations

import fcntl
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser

pytest_plugins = ["labelmodel", "second_opinion.twice", "slowness", "unit"]

TESTS = Path(__file__).parent
WEB = TESTS.parent / "web"
PHOTOS = Path(__file__).parents[2] / "shared" / "photos"
PATIENCE_MS = 60_000  # this machine may be busy with other tests
# Terraform waits for minutes in them, for buckets and distributions to settle: without CPU time.
WAITING = (
    "terraform/test_deployment.py",
    "terraform/test_deployed_images.py",
    "second_opinion/test_ministack.py",
)
SLOWEST_FIRST = (
    *("terraform", "second_opinion", "web", "workflow", "gallery", "local", "bench", "infra"),
    *("tests", "picture"),
)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Begin with the files that wait, then with the folders of slow files.

    Otherwise one process is at work alone at the end. The tests marked arm64 are deselected, unless
    the option `-m` names the mark: they are slow. A browser's test that fails runs once more, and
    the summary names it as RERUN: https://playwright.dev/docs/test-retries
    With the option `--slow` it does not: it is to show races.
    """
    items.sort(key=lambda item: _place(item.path))
    for item in items:
        if item.path.parent.name == "web" and not config.option.slow:
            item.add_marker(pytest.mark.flaky(reruns=1))
    if "arm64" in config.option.markexpr:
        return
    slow = [item for item in items if item.get_closest_marker("arm64")]
    if slow:
        config.hook.pytest_deselected(items=slow)
        items[:] = [item for item in items if item not in slow]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Show why tests ran once more."""
    for report in terminalreporter.stats.get("rerun", []):
        terminalreporter.write_sep("_", f"RERUN {report.nodeid}")
        terminalreporter.write_line(report.longreprtext)


def _place(file: Path) -> tuple[bool, int]:
    """Return where a test file comes in a run: smaller is earlier."""
    if (name := file.relative_to(TESTS).as_posix()) in WAITING:
        return False, WAITING.index(name)
    folder = file.parent.name
    return True, (*SLOWEST_FIRST, folder).index(folder)


@pytest.fixture(scope="session")
def photos_folder() -> Path:
    """Return the folder of real photos with their truth.json; it is not in the repository."""
    if not (PHOTOS / "truth.json").is_file():
        pytest.skip(f"the real photos are missing: {PHOTOS}")
    return PHOTOS


@pytest.fixture(scope="session")
def npm() -> str:
    """Install the page's packages from package-lock.json, and return the path of npm."""
    found = shutil.which("npm")
    if found is None:
        pytest.skip("npm is not installed")
    installed = WEB / "node_modules" / ".package-lock.json"
    lock = WEB / "package-lock.json"
    if not installed.exists() or installed.stat().st_mtime < lock.stat().st_mtime:
        done = subprocess.run(  # noqa: S603  # no shell
            [found, "ci", "--no-audit", "--no-fund"],
            check=False,  # the network may be down
            cwd=WEB,
            capture_output=True,
            text=True,
        )
        if done.returncode != 0:
            pytest.skip(f"npm ci failed: {done.stderr[-300:]}")
    return found


@pytest.fixture(scope="session")
def dist(npm: str, tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """Build the page from web/ once for all of pytest-xdist's workers, and return its folder."""
    base = tmp_path_factory.getbasetemp()
    folder = (base if worker_id == "master" else base.parent) / "dist"
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "index.html").exists():
            options = ["--outDir", str(folder), "--emptyOutDir"]
            subprocess.run([npm, "run", "build", "--", *options], cwd=WEB, check=True)  # noqa: S603  # no shell
    return folder


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Start Chromium or Chrome, whichever is installed.

    Debian's headless shell has the same engine without a window: a page opens and signs in with a
    third of the CPU time.
    """
    found = map(shutil.which, ("chromium-headless-shell", "chromium", "google-chrome"))
    chromium = next(filter(None, found), None)
    if chromium is None:
        pytest.skip("Chromium is not installed")
    from playwright.sync_api import expect, sync_playwright  # noqa: PLC0415  # only with a browser

    expect.set_options(timeout=PATIENCE_MS)

    with sync_playwright() as playwright:
        names = "--host-resolver-rules=MAP *.example 127.0.0.1"  # pages of other sites
        browser = playwright.chromium.launch(executable_path=chromium, args=[names])
        browser.on("context", lambda context: context.set_default_timeout(PATIENCE_MS))
        yield browser
        browser.close()
