"""Delete the parts of installed packages that a function does not use.

    python trim.py FOLDER SERVICE=OPERATION,...    # for example: trim.py /var/task s3=GetObject

boto3 has the models of 400 services. Creating a client lists their folders and reads one model
completely, so unused models cost space and cold start time: 0.2 of 22 MB remain.
Needs only the standard library, since it runs while an image is built.
"""

import gzip
import json
import shutil
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any


def trim(packages: Path, services: Mapping[str, set[str]]) -> None:
    """Keep only the parts of `packages` that clients of `services` need.

    Deletes commands (bin/), boto3's resource models and the models of other services. The kept
    models lose other operations and their documentation, and are uncompressed.

    Args:
        packages: a folder that pip installed packages to.
        services: the operations that are called, by service.

    Raises:
        FileNotFoundError: botocore does not know the service, or has another folder layout.
        LookupError: the service does not have the operation.
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
    """Write each compressed model as plain JSON, without the parts that clients do not read."""
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
    """Return a service's model with only `operations` and the shapes that they need."""
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
    """Yield the names of the shapes that a part of a model uses."""
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
    """Return JSON with empty `documentation` texts; botocore requires some of these keys.

    A member with that name is an object and is kept.
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
    """Keep only the endpoints of `services`, in all partitions of AWS."""
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
