"""The import rules of pyproject.toml (`make lint` checks them) leave no package out."""

import tomllib
from pathlib import Path

import grimp

ROOT = Path(__file__).parents[2]
RULES = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
PACKAGES = {
    path.parent.name for place in (ROOT, ROOT / "images") for path in place.glob("*/__init__.py")
}


def test_every_package_has_a_layer() -> None:
    [layers] = [each["layers"] for each in RULES["contracts"] if each["type"] == "layers"]

    assert set(RULES["root_packages"]) == PACKAGES
    assert {name for layer in layers for name in layer.split(" | ")} == PACKAGES


def test_the_rule_against_import_cycles_covers_every_package() -> None:
    [cycles] = [each for each in RULES["contracts"] if each["type"] == "acyclic_siblings"]

    assert set(cycles["ancestors"]) == PACKAGES


def test_nothing_imports_tests() -> None:
    graph = grimp.build_graph(*PACKAGES, include_external_packages=True, cache_dir=None)

    tests = {path.stem for path in (ROOT / "tests").rglob("*.py")} | {"tests"}
    assert (graph.modules - PACKAGES) & (tests - PACKAGES) == set()
