"""Pin the base image of the Dockerfiles by its digest: each build starts from the same bytes.

python -m tools.pin [IMAGE]

IMAGE is a tag, such as public.ecr.aws/lambda/python:3.13; without it, the tag that the Dockerfiles
name. The digest is that of the index of all architectures, as the registry serves it.
"""

import re
import sys
from pathlib import Path
from typing import Final

import requests

ROOT: Final = Path(__file__).parents[1]
BASE: Final = re.compile(r"^(ARG BASE_IMAGE=)(\S+)$", re.MULTILINE)
IMAGE: Final = re.compile(r"([^/]+)/([^:@]+):([^@]+)(?:@sha256:[0-9a-f]{64})?")
# Source: https://distribution.github.io/distribution/spec/api/ and the OCI image spec
ACCEPTED: Final = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)
TIMEOUT_SECONDS: Final = 30


def digest_of(image: str) -> str:
    """Return the digest that the registry serves for a tag.

    Raises:
        ValueError: the image is not HOST/NAME:TAG, or the registry has no digest for it.
        requests.RequestException: the registry does not answer, or refuses.
    """
    named = IMAGE.fullmatch(image)
    if named is None:
        raise ValueError(f"{image} is not an image by its tag, HOST/NAME:TAG")
    host, name, tag = named.groups()
    scheme = "http" if host.startswith(("127.0.0.1", "localhost")) else "https"
    headers = {"Accept": ", ".join(ACCEPTED)}
    url = f"{scheme}://{host}/v2/{name}/manifests/{tag}"
    answer = requests.head(url, headers=headers, timeout=TIMEOUT_SECONDS)
    if answer.status_code == requests.codes.unauthorized:
        headers["Authorization"] = f"Bearer {_token(answer.headers['WWW-Authenticate'])}"
        answer = requests.head(url, headers=headers, timeout=TIMEOUT_SECONDS)
    answer.raise_for_status()
    digest = answer.headers.get("Docker-Content-Digest", "")
    if not re.fullmatch("sha256:[0-9a-f]{64}", digest):
        raise ValueError(f"{host} names no digest of {image}: {digest!r}")
    return digest


def _token(challenge: str) -> str:
    """Return a token for anybody.

    Source: https://distribution.github.io/distribution/spec/auth/token/
    """
    wanted = dict(re.findall(r'(\w+)="([^"]*)"', challenge))
    answer = requests.get(wanted.pop("realm"), params=wanted, timeout=TIMEOUT_SECONDS)
    answer.raise_for_status()
    token: str = answer.json()["token"]
    return token


def pin(folder: Path, image: str | None = None) -> str:
    """Write the base image with its digest into every Dockerfile that has one, and return it."""
    files = {path: path.read_text() for path in sorted(folder.glob("*/Dockerfile"))}
    named = {found[2].partition("@")[0] for text in files.values() for found in BASE.finditer(text)}
    if image is None and len(named) != 1:
        raise ValueError(
            f"the Dockerfiles name {len(named)} base images: {', '.join(sorted(named))}"
        )
    tag = (image or named.pop()).partition("@")[0]
    pinned = f"{tag}@{digest_of(tag)}"
    for path, text in files.items():
        path.write_text(BASE.sub(rf"\g<1>{pinned}", text))
    return pinned


def main() -> int:
    """Pin the base image that the argument or the Dockerfiles name."""
    try:
        print(f"pinned {pin(ROOT / 'images', *sys.argv[1:2])}")  # noqa: T201
    except (ValueError, requests.RequestException) as error:
        sys.exit(f"pin: {error}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
