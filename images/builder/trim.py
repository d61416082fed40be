"""Trim installed packages to what a function uses: a smaller image, a shorter cold start.

    python trim.py FOLDER SERVICE=OPERATION,...    # such as: python trim.py /var/task s3=GetObject

boto3 ships the models of 400 services. Client creation lists their folders and reads one of them
whole, so all that is not called costs space and time: of 22 MB 0.2 are left.
Runs while an image is built, on the standard library alone, and ships nowhere.
"""

import gzip
import json
import shutil
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any


def trim(packages: Path, services: Mapping[str, set[str]]) -> None:
    """Leave of `packages`, a folder that pip installed to, what clients of `services` need.

    Goes: commands (bin/), boto3's resource models, every other service's models; and of what
    stays, the other operations, the documentation and the compression.

    Args:
        packages: the folder.
        services: the operations that are called, by service.

    Raises:
        FileNotFoundError: botocore knows no such service, or lays its models out differently.
        LookupError: the service has no such operation.
    """
    shutil.rmtree(packages / "bin", ignore_errors=True)  # absent where no package has a command
    shutil.rmtree(packages / "boto3" / "data")  # only boto3.resource() reads it
    models = packages / "botocore" / "data"
    for folder in models.iterdir():
        if folder.is_dir() and folder.name not in services:
            shutil.rmtree(folder)
    for service, operations in services.items():
        _trim_models(models / service, operations)
    _trim_endpoints(models / "endpoints.json", set(services))


def _trim_models(folder: Path, operations: set[str]) -> None:
    """Make plain JSON of each compressed model, without what no client of ours looks at."""
    compressed = list(folder.glob("*/*.json.gz"))
    if not compressed:
        raise FileNotFoundError(f"{folder} holds no models")
    for path in compressed:
        model = json.loads(gzip.decompress(path.read_bytes()))
        path.unlink()
        if path.name == "service-2.json.gz":
            _write_json(path.with_suffix(""), _undocumented(_called(model, operations)))
        elif path.name.startswith("endpoint-rule-set-"):
            _write_json(path.with_suffix(""), _undocumented(model))
    for path in folder.glob("*/*.json"):
        if not path.name.startswith(("endpoint-rule-set-", "service-")):
            path.unlink()  # examples, paginators, waiters


def _called(model: dict[str, Any], operations: set[str]) -> dict[str, Any]:
    """Return a service's model with these operations alone, and the shapes that they need."""
    if unknown := operations - model["operations"].keys():
        raise LookupError(f"{model['metadata']['serviceId']} has no {', '.join(sorted(unknown))}")
    kept = {name: model["operations"][name] for name in sorted(operations)}
    shapes: dict[str, Any] = {}
    found = list(_shapes(kept))
    while found:
        name = found.pop()
        if name not in shapes:
            shapes[name] = model["shapes"][name]
            found += _shapes(shapes[name])
    return {**model, "operations": kept, "shapes": shapes}


def _shapes(node: Any) -> Iterator[str]:  # noqa: ANN401  # JSON has no closed type
    """Yield the names of the shapes that a part of a model refers to."""
    if isinstance(node, dict):
        for key, value in node.items():
            if key == "shape" and isinstance(value, str):
                yield value
            else:
                yield from _shapes(value)
    elif isinstance(node, list):
        for item in node:
            yield from _shapes(item)


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
    trim(
        Path(sys.argv[1]),
        {
            service: set(operations.split(","))
            for service, _, operations in (argument.partition("=") for argument in sys.argv[2:])
        },
    )
