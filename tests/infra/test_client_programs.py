"""The programs of docs/clients/ use a gallery as docs/clients.md says."""

import json
import os
import shutil
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from boto3.dynamodb.types import TypeDeserializer

from local.functions import InProcess
from local.site import EXAMPLES, USERNAME, Site, gallery

ROOT = Path(__file__).parents[2]
PROGRAMS = ROOT / "docs" / "clients"
PHOTO = EXAMPLES / "rocket.jpg"
ALBUM = "2024/Lisbon (spring)"

Ask = Callable[..., Any]


class Rockets:
    """A labeler that finds a rocket in every photo."""

    version = "rockets 1"

    def label(self, _photo: bytes) -> list[dict[str, Any]]:
        """Return the rocket."""
        more: dict[str, Any] = {"Categories": [], "Aliases": [], "Instances": []}
        return [{"Name": "Rocket", "Confidence": 99, "Parents": [{"Name": "Vehicle"}], **more}]


@pytest.fixture(scope="module")  # a process can run one embedded AWS at a time
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Serve config.json beside an embedded AWS; the programs need nothing else of the page."""
    dist = tmp_path_factory.mktemp("dist")
    (dist / "index.html").touch()
    with gallery(functions=InProcess(), labeler=Rockets(), dist=dist) as running:
        yield running


@pytest.fixture(params=["gallery_client.py", "gallery_client.mjs"])
def ask(request: pytest.FixtureRequest, site: Site, tmp_path: Path) -> Ask:
    """Return a function that runs a program, and returns what it prints, in plain values."""
    name: str = request.param
    command = [sys.executable, str(PROGRAMS / name)]
    if name.endswith(".mjs"):
        request.getfixturevalue("npm")  # has installed the page's packages; aws4fetch is one
        (tmp_path / "node_modules").symlink_to(ROOT / "web" / "node_modules")
        command = ["node", str(shutil.copy(PROGRAMS / name, tmp_path))]

    def run(*arguments: str, password: str = site.account.password) -> Any:  # noqa: ANN401  # JSON
        done = subprocess.run(  # noqa: S603  # our own programs
            [*command, site.url, USERNAME, *arguments],
            check=False,
            capture_output=True,
            text=True,
            timeout=120,
            env={"PATH": os.environ["PATH"], "GALLERY_PASSWORD": password},
        )
        if done.returncode != 0:
            raise RuntimeError(done.stderr)
        return plain(json.loads(done.stdout))

    return run


def plain(printed: Any) -> Any:  # noqa: ANN401  # JSON
    """Return rows without the types of DynamoDB, which the program in JavaScript keeps."""
    if isinstance(printed, list):
        return [plain(one) for one in printed]
    if isinstance(printed, dict) and isinstance(printed.get("pk"), dict):
        return {name: TypeDeserializer().deserialize(value) for name, value in printed.items()}
    return printed


def test_a_program_uploads_follows_reads_lists_and_searches(ask: Ask, site: Site) -> None:
    path = f"{ALBUM}/it's ü & +1 ({uuid.uuid4()}).jpg"

    uploaded = ask("upload", str(PHOTO), path)

    assert uploaded["status"] == "READY"
    assert uploaded["key"] == f"uploads/{site.account.owner}/{path}"
    assert ask("record", path) == uploaded
    assert ask("execution", path) == "SUCCEEDED"
    assert f"photo#{path}" in [row["sk"] for row in ask("album", ALBUM)]
    assert path in ask("search", "Rocket", "vehicle")


def test_a_program_needs_the_password(ask: Ask) -> None:
    with pytest.raises(RuntimeError, match="NotAuthorizedException"):
        ask("record", "a.jpg", password="another one")
