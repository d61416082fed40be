"""The base image is pinned by the digest that the registry serves."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from registry import docker_registry
from tools.pin import pin

INDEX = "application/vnd.oci.image.index.v1+json"


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with docker_registry(tmp_path_factory.mktemp("registry")) as address:
        yield address


@pytest.fixture
def served(host: str) -> str:
    """Push an index without images as python:3.13, and return its digest."""
    index = json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": []})
    url = f"http://{host}/v2/lambda/python/manifests/3.13"
    requests.put(url, index, headers={"Content-Type": INDEX}, timeout=10).raise_for_status()
    return f"sha256:{hashlib.sha256(index.encode()).hexdigest()}"


def dockerfiles(folder: Path, base: str) -> list[Path]:
    files = [folder / step / "Dockerfile" for step in ("extract", "tag")]
    for file in files:
        file.parent.mkdir()
        file.write_text(f"# base\nARG BASE_IMAGE={base}\nFROM ${{BASE_IMAGE}}\n")
    return files


@pytest.mark.parametrize("before", ["", f"@sha256:{'0' * 64}"], ids=["a tag", "pinned before"])
def test_every_dockerfile_names_the_digest_of_the_tag(
    before: str, host: str, served: str, tmp_path: Path
) -> None:
    tag = f"{host}/lambda/python:3.13"
    files = dockerfiles(tmp_path, f"{tag}{before}")

    pinned = pin(tmp_path)

    assert pinned == f"{tag}@{served}"
    for file in files:
        text = f"# base\nARG BASE_IMAGE={pinned}\nFROM ${{BASE_IMAGE}}\n"
        assert file.read_text() == text


def test_a_tag_that_the_registry_does_not_have_changes_nothing(host: str, tmp_path: Path) -> None:
    files = dockerfiles(tmp_path, f"{host}/lambda/python:9.9")
    before = [file.read_text() for file in files]

    with pytest.raises(requests.HTTPError, match="404"):
        pin(tmp_path)

    assert [file.read_text() for file in files] == before
