"""Push the container images that `make build` made, and record what Terraform is to run.

    python -m gallery.push [--registry HOST:PORT] [--folder terraform] [--tag IMAGE] …

1. Terraform creates the repositories (module.registry), or finds that they are there.
2. Each image goes to its repository under a tag made of the image's own id, unless that tag is
   there: a tag means one image for good, and the repositories let none be moved.
3. images.auto.tfvars.json beside the configuration names what the registry serves by digest, for
   `terraform apply`. The record that it replaces is kept as images.previous.json, to go back to.

The registry is ECR's, which is logged in to with the AWS credentials that Terraform uses; with
--registry it is any other that asks for no login, under the same repository names.
"""

import argparse
import base64
import hashlib
import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

import boto3
import requests
from botocore.exceptions import BotoCoreError, ClientError

FUNCTIONS: Final = ("extract", "thumbnail", "tag")
RECORD: Final = "images.auto.tfvars.json"
PREVIOUS: Final = "images.previous.json"
LAMBDA_ARCHITECTURES: Final = {"amd64": "x86_64", "arm64": "arm64"}  # by the engine's names
TAG_DIGITS: Final = 16  # of the image's id, in hex
TIMEOUT_SECONDS: Final = 30

# Source: https://distribution.github.io/distribution/spec/manifest-v2-2/ and the OCI image spec
MANIFESTS: Final = (
    "application/vnd.docker.distribution.manifest.v2+json",
    "application/vnd.oci.image.manifest.v1+json",
)
INDEXES: Final = (
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.oci.image.index.v1+json",
)
ECR_HOST: Final = re.compile(r"[0-9]{12}\.dkr[.-]ecr(?:-fips)?\.([a-z0-9-]+)\..+")

say = partial(print, flush=True)  # in order with what docker and terraform print


class PushError(Exception):
    """The images cannot be pushed; the message says what to do."""


@dataclass(frozen=True)
class Image:
    """An image of this machine's engine."""

    name: str
    id: str  # sha256:…, of its configuration or, in containerd's store, of its manifest
    architecture: str  # as Lambda names it
    label_model: bool
    megabytes: float

    @property
    def tag(self) -> str:
        """The tag that it is pushed under."""
        return self.id.removeprefix("sha256:")[:TAG_DIGITS]


def read_image(name: str, inspected: Mapping[str, Any]) -> Image:
    """Return what `docker image inspect` says of image `name`.

    Raises:
        PushError: Lambda has no machines of its architecture.
    """
    architecture = inspected["Architecture"]
    if architecture not in LAMBDA_ARCHITECTURES:
        wanted = " or ".join(LAMBDA_ARCHITECTURES)
        raise PushError(f"{name} is built for {architecture}, expected {wanted}")
    return Image(
        name=name,
        id=inspected["Id"],
        architecture=LAMBDA_ARCHITECTURES[architecture],
        label_model="LABELER=embedded" in (inspected["Config"]["Env"] or ()),
        megabytes=inspected["Size"] / 1e6,
    )


@dataclass(frozen=True)
class Registry:
    """A registry, by its HTTP API (https://distribution.github.io/distribution/spec/api/)."""

    host: str
    login: tuple[str, str] | None = None  # name and password

    def digest(self, repository: str, tag: str) -> str | None:
        """Return the digest of what a tag names, or None where there is no such tag.

        Raises:
            PushError: the registry does not say, or the tag names several images at once.
        """
        # As for docker, only the loopback speaks without TLS.
        scheme = "http" if re.match(r"127\.|localhost\b|\[::1\]", self.host) else "https"
        url = f"{scheme}://{self.host}/v2/{repository}/manifests/{tag}"
        accepted = {"Accept": ", ".join((*MANIFESTS, *INDEXES))}
        try:
            answer = requests.get(url, headers=accepted, auth=self.login, timeout=TIMEOUT_SECONDS)
            if answer.status_code == requests.codes.not_found:
                return None
            answer.raise_for_status()
        except requests.RequestException as error:
            raise PushError(f"the registry does not say what it has: {error}") from error
        kind = answer.headers.get("Content-Type", "").partition(";")[0]
        if kind not in MANIFESTS:
            raise PushError(
                f"{self.host}/{repository}:{tag} is {kind}, of which Lambda runs none: it takes one"
                " image, not an index. Build without attestations, as `make build` does"
                " (BUILDX_NO_DEFAULT_ATTESTATIONS=1)"
            )
        return f"sha256:{hashlib.sha256(answer.content).hexdigest()}"


@dataclass(frozen=True)
class Docker:
    """The container engine, by its client."""

    client: str = "docker"

    def image(self, name: str) -> Image:
        """Return the image of that name.

        Raises:
            PushError: there is none, or Lambda has no machines for it.
        """
        found = self._run("image", "inspect", name, capture=True)
        if found.returncode:
            raise PushError(f"{name} is not built yet: run `make build`")
        return read_image(name, json.loads(found.stdout)[0])

    def check(self) -> None:
        """Raise PushError unless the engine answers."""
        asked = self._run("version", capture=True)
        if asked.returncode:
            raise PushError(f"the container engine does not answer: {asked.stderr.strip()}")

    def log_in(self, registry: Registry) -> None:
        """Log in to a registry; the password is not seen among this machine's processes.

        Raises:
            PushError: it refuses.
        """
        if registry.login is None:
            return
        user, password = registry.login
        options = ("--username", user, "--password-stdin", registry.host)
        if self._run("login", *options, capture=True, stdin=password).returncode:
            raise PushError(f"{registry.host} refuses the login as {user}")

    def push(self, image: Image, target: str) -> None:
        """Push an image under the name `target`, with the client's own progress.

        Raises:
            PushError: it did not arrive.
        """
        for arguments in (("tag", image.id, target), ("push", target)):
            if self._run(*arguments).returncode:
                raise PushError(f"`{self.client} {' '.join(arguments)}` failed, see above")
        self._run("image", "rm", target, capture=True)  # the name; the image has its own

    def _run(
        self, *arguments: str, capture: bool = False, stdin: str | None = None
    ) -> subprocess.CompletedProcess[str]:
        return _run(self.client, *arguments, capture=capture, stdin=stdin)


@dataclass(frozen=True)
class Terraform:
    """The configuration in a folder, and the state that belongs to it."""

    folder: Path
    client: str = "terraform"

    def repositories(self) -> dict[str, str]:
        """Create what module.registry lacks, and return the repositories' URLs by function.

        Raises:
            PushError: Terraform fails, or would delete a repository.
        """
        self._do("init", "-input=false")
        target = ("-target=module.registry", "-compact-warnings", "-input=false")
        with tempfile.TemporaryDirectory() as scratch:
            plan = f"{scratch}/registry.tfplan"
            # 0: nothing to do, 1: an error, 2: there are changes
            if self._do("plan", *target, "-detailed-exitcode", f"-out={plan}", allowed=(0, 2)):
                self._refuse_deletions(plan)
                self._do("apply", "-compact-warnings", plan)
        urls: dict[str, str] = json.loads(self._read("output", "-json", "repository_urls"))
        return urls

    def _refuse_deletions(self, plan: str) -> None:
        changes = json.loads(self._read("show", "-json", plan)).get("resource_changes", [])
        gone = [change["address"] for change in changes if "delete" in change["change"]["actions"]]
        if gone:
            raise PushError(
                f"Terraform would delete {', '.join(gone)}, and pushing deletes nothing:"
                " see `make plan`"
            )

    def _do(self, *arguments: str, allowed: tuple[int, ...] = (0,)) -> int:
        done = _run(self.client, f"-chdir={self.folder}", *arguments)
        if done.returncode not in allowed:
            raise PushError(f"`terraform {arguments[0]}` failed, see above")
        return done.returncode

    def _read(self, *arguments: str) -> str:
        done = _run(self.client, f"-chdir={self.folder}", *arguments, capture=True)
        if done.returncode:
            raise PushError(f"`terraform {arguments[0]}` failed: {done.stderr.strip()}")
        return done.stdout


def _run(
    client: str, *arguments: str, capture: bool = False, stdin: str | None = None
) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(  # noqa: S603  # the client that the user names
            [client, *arguments], check=False, capture_output=capture, text=True, input=stdin
        )
    except OSError as error:
        raise PushError(f"{client} is needed, and does not start: {error.strerror}") from error


def aws_account() -> str:
    """Return the number of the AWS account that is logged in to.

    Raises:
        PushError: none is.
    """
    try:
        session = boto3.Session()
        # Any region knows the account. Terraform asks for the region, if there is none.
        sts = session.client("sts", region_name=session.region_name or "us-east-1")
        account: str = sts.get_caller_identity()["Account"]
    except (BotoCoreError, ClientError) as error:
        raise PushError(f"not logged in to AWS: {error}") from error
    return account


def ecr(host: str) -> Registry:
    """Return ECR at that host, with a login for twelve hours.

    Raises:
        PushError: the host is none of ECR's, or gives no login.
    """
    named = ECR_HOST.fullmatch(host)
    if named is None:
        raise PushError(
            f"{host} is no registry of ECR: name the one to push to, REGISTRY=HOST:PORT"
        )
    try:
        client = boto3.Session().client("ecr", region_name=named[1])
        token = client.get_authorization_token()["authorizationData"][0]["authorizationToken"]
    except (BotoCoreError, ClientError) as error:
        raise PushError(f"no login to {host}: {error}") from error
    user, _, password = base64.b64decode(token).decode().partition(":")
    return Registry(host, (user, password))


def push(image: Image, registry: Registry, repository: str, docker: Docker) -> str:
    """Push an image unless the registry has it, and return the digest that the registry serves.

    Raises:
        PushError: it cannot be pushed, or is none that Lambda runs.
    """
    digest = registry.digest(repository, image.tag)
    if digest:
        say(f"{repository}:{image.tag} is there already")
        return digest
    say(f"{repository}:{image.tag} is pushed, {image.megabytes:,.0f} MB unpacked")
    docker.push(image, f"{registry.host}/{repository}:{image.tag}")
    digest = registry.digest(repository, image.tag)
    if digest is None:
        raise PushError(f"{registry.host} does not have {repository}:{image.tag} after the push")
    return digest


def record(folder: Path, images: Mapping[str, Image], digests: Mapping[str, str]) -> bool:
    """Write what Terraform is to run, and return whether that is news."""
    entries: dict[str, dict[str, object]] = {
        function: {"digest": digests[function], "architecture": image.architecture}
        for function, image in images.items()
    }
    entries["tag"]["label_model"] = images["tag"].label_model
    text = json.dumps({"images": entries}, indent=2) + "\n"
    path = folder / RECORD
    if path.exists():
        if path.read_text() == text:
            return False
        path.replace(folder / PREVIOUS)
    path.write_text(text)
    return True


def run(docker: Docker, terraform: Terraform, names: Mapping[str, str], host: str | None) -> None:
    """Do all of it.

    Args:
        docker: the engine that has the images.
        terraform: the configuration that has the repositories.
        names: of the images, by function.
        host: the registry; None for ECR.

    Raises:
        PushError: something is missing or fails.
    """
    docker.check()
    images = {function: docker.image(name) for function, name in names.items()}
    say(f"AWS account {aws_account()}")
    urls = terraform.repositories()
    registry = Registry(host) if host else ecr(urls["tag"].partition("/")[0])
    docker.log_in(registry)
    digests = {
        function: push(image, registry, urls[function].partition("/")[2], docker)
        for function, image in images.items()
    }
    news = record(terraform.folder, images, digests)
    say(f"{terraform.folder / RECORD}: {'written' if news else 'as it was'}")


def main() -> None:
    """Read the command line, push, and exit with 1 and a sentence where that fails."""
    parser = argparse.ArgumentParser(prog="gallery.push", description=__doc__.split("\n")[0])
    parser.add_argument("--registry", metavar="HOST:PORT", help="instead of ECR")
    parser.add_argument("--folder", type=Path, default=Path("terraform"), help="of Terraform")
    parser.add_argument("--docker", default="docker", metavar="CLIENT")
    parser.add_argument("--terraform", default="terraform", metavar="CLIENT")
    for function in FUNCTIONS:
        parser.add_argument(f"--{function}", default=f"gallery-{function}:latest", metavar="IMAGE")
    given = parser.parse_args()
    names = {function: getattr(given, function) for function in FUNCTIONS}
    try:
        run(Docker(given.docker), Terraform(given.folder, given.terraform), names, given.registry)
    except PushError as error:
        sys.exit(f"push: {error}")


if __name__ == "__main__":
    main()
