"""Trim installed packages to what a function uses: a smaller image, a shorter cold start.

    python trim.py FOLDER SERVICE...    # such as: python trim.py /var/task s3 rekognition

boto3 ships the models of 400 services. Client creation lists their folders and reads one, so the
others cost space and time: of 22 MB 0.5 are left, and a first S3 client takes 0.7 of the CPU time.
Runs while an image is built, on the standard library alone, and ships nowhere.
"""

import gzip
import json
import shutil
import sys
from pathlib import Path
from typing import Any


def trim(packages: Path, services: set[str]) -> None:
    """Leave of `packages`, a folder that pip installed to, what clients of `services` need.

    Goes: commands (bin/), boto3's resource models, every other service's models; and of what
    stays, the documentation and the compression.

    Raises:
        FileNotFoundError: botocore knows no such service, or lays its models out differently.
    """
    shutil.rmtree(packages / "bin", ignore_errors=True)  # absent where no package has a command
    shutil.rmtree(packages / "boto3" / "data")  # only boto3.resource() reads it
    models = packages / "botocore" / "data"
    for folder in models.iterdir():
        if folder.is_dir() and folder.name not in services:
            shutil.rmtree(folder)
    for service in sorted(services):
        _trim_models(models / service)
    _trim_endpoints(models / "endpoints.json", services)


def _trim_models(folder: Path) -> None:
    """Make plain JSON of each compressed model, without its documentation."""
    compressed = list(folder.glob("*/*.json.gz"))
    if not compressed:
        raise FileNotFoundError(f"{folder} holds no models")
    for path in compressed:
        model = json.loads(gzip.decompress(path.read_bytes()))
        _write_json(path.with_suffix(""), _undocumented(model))
        path.unlink()
    for path in folder.glob("*/examples-1.json"):
        path.unlink()


def _undocumented(node: Any) -> Any:  # noqa: ANN401  # JSON has no closed type
    """Return JSON with its `documentation` texts empty: botocore asks some by key.

    A shape's member of that name is an object, and stays.
    """
    if isinstance(node, dict):
        return {
            key: "" if key == "documentation" and isinstance(value, str) else _undocumented(value)
            for key, value in node.items()
        }
    if isinstance(node, list):
        return [_undocumented(item) for item in node]
    return node


def _trim_endpoints(path: Path, services: set[str]) -> None:
    """Keep the endpoints of `services`, in every partition of AWS."""
    endpoints = json.loads(path.read_text())
    for partition in endpoints["partitions"]:
        known = partition["services"]
        partition["services"] = {name: known[name] for name in known if name in services}
    _write_json(path, endpoints)


def _write_json(path: Path, content: object) -> None:
    path.write_text(json.dumps(content, separators=(",", ":")))


if __name__ == "__main__":
    trim(Path(sys.argv[1]), set(sys.argv[2:]))
