"""Importing a handler uses no network and reads no setting."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

IMAGES = Path(__file__).parents[2] / "images"

PROBE = """
import gc, importlib, json, os, sys

asked = []
look_up = os._Environ.__getitem__

def watch(environment, name):
    asked.append(name)
    return look_up(environment, name)

def refuse(event, _):
    if event.startswith("socket."):
        raise AssertionError(event)

os._Environ.__getitem__ = watch
sys.addaudithook(refuse)
importlib.import_module(sys.argv[1])
collects = gc.isenabled() and gc.get_freeze_count() > 0
print(json.dumps([asked, sorted(sys.modules), collects]))
"""


class Imported(NamedTuple):
    """The effects of importing a handler."""

    variables: set[str]  # environment variables that were read
    modules: set[str]
    collects: bool  # the garbage collector runs, without the imported objects


def imported(handler: str) -> Imported:
    """Import `handler` in a new process, which fails if it uses a socket."""
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(IMAGES)}
    probe = subprocess.run(  # noqa: S603  # our own code
        [sys.executable, "-W", "error", "-c", PROBE, handler],
        env=environment,
        check=False,
        capture_output=True,
        text=True,
    )
    assert probe.returncode == 0, probe.stderr
    variables, modules, collects = json.loads(probe.stdout)
    return Imported(set(variables), set(modules), collects)


@pytest.mark.parametrize("handler", ["extract.handler", "thumbnail.handler", "tag.handler"])
def test_importing_a_handler_uses_no_network_and_reads_no_setting(handler: str) -> None:
    inherited = {"LC_CTYPE", "PATH", "PYTHONPATH"}  # Thumbnail passes them on to its worker
    assert imported(handler).variables <= {"HOME"} | inherited  # botocore expands a "~"


def test_importing_tag_does_not_load_libvips() -> None:
    assert "pyvips" not in imported("tag.handler").modules


@pytest.mark.parametrize("handler", ["extract.handler", "thumbnail.handler", "tag.handler"])
def test_importing_a_handler_does_not_load_the_types_of_rows(handler: str) -> None:
    assert "shared.rows" not in imported(handler).modules


@pytest.mark.parametrize("handler", ["extract.handler", "thumbnail.handler", "tag.handler"])
def test_the_garbage_collector_runs_after_the_import_of_a_handler(handler: str) -> None:
    assert imported(handler).collects
