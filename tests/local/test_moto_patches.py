"""The patches fit the installed moto, and each says which behavior of AWS it restores."""

import tomllib
from importlib.metadata import version
from pathlib import Path

import pytest

from local import moto_patches

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "local" / "moto_patches"
NO_SERVICE = {"__init__", "batch", "core", "syntax", "wiring"}  # these change speed and memory only
MODULES = sorted({path.stem for path in FOLDER.glob("*.py")} - {"__init__", "wiring"})


def test_the_installed_moto_is_the_one_that_the_patches_were_written_for() -> None:
    locked = tomllib.loads((ROOT / "uv.lock").read_text())["package"]
    [pinned] = [package["version"] for package in locked if package["name"] == "moto"]

    assert version("moto") == pinned, (
        f"local/moto_patches/ replaces internals of moto {pinned}, and moto {version('moto')} is "
        "installed: run `make setup`, or check each patch against the new version and pin it"
    )


@pytest.mark.parametrize("module", MODULES)
def test_the_table_of_patches_has_every_module(module: str) -> None:
    rows = [line.split() for line in (moto_patches.__doc__ or "").splitlines()]

    assert module in {row[0] for row in rows if row}


@pytest.mark.parametrize("module", sorted(set(MODULES) - NO_SERVICE))
def test_a_patch_names_the_documentation_of_the_behavior(module: str) -> None:
    assert "AWS: https://docs.aws.amazon.com/" in (FOLDER / f"{module}.py").read_text()
