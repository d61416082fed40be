"""The Makefile, the lists it installs from, and CI's script say the same."""

import os
import re
import subprocess
from pathlib import Path

import pytest
from uv import find_uv_bin

ROOT = Path(__file__).parents[2]
MAKEFILE = (ROOT / "Makefile").read_text()
TARGETS = re.findall(r"^\.PHONY: (\S+)", MAKEFILE, re.MULTILINE)


def make(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    settings = {name: value for name, value in os.environ.items() if "MAKE" not in name}
    return subprocess.run(  # noqa: S603  # our own targets
        ["make", *arguments],  # noqa: S607  # whichever make there is
        cwd=folder,
        env=settings,  # of this make alone, even where `make test` started the tests
        check=False,
        capture_output=True,
        text=True,
    )


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A fresh clone, as far as the set-up looks at it."""
    for name in ("Makefile", "pyproject.toml", "uv.lock", "tools/bootstrap.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes((ROOT / name).read_bytes())
    return tmp_path


def test_bare_make_lists_every_target_with_what_it_does() -> None:
    listed = dict(line.split(maxsplit=1) for line in make(ROOT).stdout.splitlines())

    assert list(listed) == TARGETS
    assert set(re.findall(r"^([a-z-]+):", MAKEFILE, re.MULTILINE)) == set(TARGETS)


@pytest.mark.parametrize(("target", "work"), [("demo", "-m local demo"), ("test", "bin/pytest")])
def test_target_does_its_own_set_up_in_a_fresh_clone(target: str, work: str, clone: Path) -> None:
    recipe = make(clone, "--dry-run", target).stdout

    steps = ["-m venv .venv", "--require-hashes", "uv sync --locked", work]
    positions = [recipe.index(step) for step in steps]
    assert positions == sorted(positions)


def test_nothing_is_cached_outside_the_clone(clone: Path) -> None:
    (clone / "Makefile").write_text(f"{MAKEFILE}\nsettings:\n\t@env\n")

    lines = make(clone, "settings").stdout.splitlines()

    assert f"UV_CACHE_DIR={clone}/.cache/uv" in lines
    assert f"UV_PROJECT_ENVIRONMENT={clone}/.venv" in lines
    assert "UV_PYTHON_DOWNLOADS=never" in lines
    assert "pip install --no-cache-dir" in MAKEFILE


def test_an_old_python_is_refused_in_words(clone: Path) -> None:
    old = clone / "python3.9"
    old.write_text("#!/bin/sh\nexit 1\n")
    old.chmod(0o755)

    refused = make(clone, "demo", f"PYTHON={old}")

    assert refused.returncode != 0
    assert "Python 3.11 or later is needed" in refused.stderr
    assert not (clone / ".venv").exists()


def test_uv_is_installed_from_what_the_lock_says(tmp_path: Path) -> None:
    fresh = tmp_path / "bootstrap.txt"
    export = [find_uv_bin(), "export", "--quiet", "--frozen", "--no-emit-project", "--no-annotate"]
    options = ["--no-header", "--only-group", "bootstrap", "--output-file", str(fresh)]
    subprocess.run([*export, *options], cwd=ROOT, check=True)  # noqa: S603  # ours alone

    assert (ROOT / "tools/bootstrap.txt").read_text() == fresh.read_text(), "run make lock"


def test_ci_runs_what_the_readme_says() -> None:
    assert "exec make test" in (ROOT / ".ci/run").read_text()
