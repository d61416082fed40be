"""Push the container images that `make build` built, and record their digests for Terraform.

1. Terraform creates the repositories (module.registry) unless they exist.
2. Each image goes to its repository under a tag from the image's id, unless the repository has
   that tag. The repositories do not let a tag move to another image.
3. A parameter in SSM (module.registry) names the digests that the registry serves, for the next
   `terraform apply`, whoever runs it. SSM keeps its earlier values, for a roll-back.
4. Old images are deleted from ECR. The newest 20 stay, and those that a function runs or that a
   record names, whatever their age: a function fails if its image is gone
   (https://docs.aws.amazon.com/lambda/latest/dg/images-create.html).

The registry is ECR, which is logged in to with the AWS credentials that Terraform uses. With
--registry it is any registry without a login, with the same repository names.
"""

import argparse
import base64
import hashlib
import json
import os
import re
import subprocess
import tempfile
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import boto3
import requests
from botocore.exceptions import BotoCoreError, ClientError

from gallery.shell import CommandError, print_stdout

FUNCTIONS: Final = ("extract", "thumbnail", "tag")
FILES: Final = ("images.auto.tfvars.json", "images.previous.json")  # the record up to 0.1.0
KEPT_RECORDS: Final = 2  # their images stay: the newest record, and the one before it
LAMBDA_ARCHITECTURES: Final = {"amd64": "x86_64", "arm64": "arm64"}  # by Docker's names
TAG_DIGITS: Final = 16  # of the image's id, in hex
KEPT_IMAGES: Final = 20  # the newest of each repository
MOST_DELETED: Final = 100  # images in one request; the next push deletes the rest
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


class PushError(CommandError):
    """The images cannot be pushed."""


@dataclass(frozen=True)
class Image:
    """An image in this machine's container engine."""

    name: str
    id: str  # sha256:…, of its configuration; in containerd's image store, of its manifest
    architecture: str  # as Lambda names it
    label_model: bool
    megabytes: float

    @property
    def tag(self) -> str:
        """The tag to push it under."""
        return self.id.removeprefix("sha256:")[:TAG_DIGITS]


def read_image(name: str, inspected: Mapping[str, Any]) -> Image:
    """Return the image `name` from what `docker image inspect` prints about it.

    Raises:
        PushError: Lambda does not run its architecture.
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
        """Return the digest of a tag's image; None if the repository has no such tag.

        Raises:
            PushError: the registry does not answer, or the tag names an index of several images.
        """
        # As in docker, only the loopback interface is used without TLS.
        scheme = "http" if re.match(r"127\.|localhost\b|\[::1\]", self.host) else "https"
        url = f"{scheme}://{self.host}/v2/{repository}/manifests/{tag}"
        accepted = {"Accept": ", ".join((*MANIFESTS, *INDEXES))}
        try:
            answer = requests.get(url, headers=accepted, auth=self.login, timeout=TIMEOUT_SECONDS)
            if answer.status_code == requests.codes.not_found:
                return None
            answer.raise_for_status()
        except requests.RequestException as error:
            raise PushError(f"the registry does not answer: {error}") from error
        kind = answer.headers.get("Content-Type", "").partition(";")[0]
        if kind not in MANIFESTS:
            raise PushError(
                f"{self.host}/{repository}:{tag} is {kind}, but Lambda runs a single image, not an"
                " index. Build without attestations, as `make build` does"
                " (BUILDX_NO_DEFAULT_ATTESTATIONS=1)"
            )
        return f"sha256:{hashlib.sha256(answer.content).hexdigest()}"


@dataclass(frozen=True)
class Docker:
    """The container engine, through its command-line client."""

    client: str = "docker"

    def image(self, name: str) -> Image:
        """Return the image of that name.

        Raises:
            PushError: there is none, or Lambda does not run its architecture.
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
        """Log in to a registry; the password is not in the arguments, which `ps` would show.

        Raises:
            PushError: the registry refuses.
        """
        if registry.login is None:
            return
        user, password = registry.login
        options = ("--username", user, "--password-stdin", registry.host)
        if self._run("login", *options, capture=True, stdin=password).returncode:
            raise PushError(f"{registry.host} refuses the login as {user}")

    def push(self, image: Image, target: str) -> None:
        """Push an image under the name `target`; the client prints its progress.

        Raises:
            PushError: the client fails.
        """
        for arguments in (("tag", image.id, target), ("push", target)):
            if self._run(*arguments).returncode:
                raise PushError(f"`{self.client} {' '.join(arguments)}` failed, see above")
        self._run("image", "rm", target, capture=True)  # only this name: the image has another

    def _run(
        self, *arguments: str, capture: bool = False, stdin: str | None = None
    ) -> subprocess.CompletedProcess[str]:
        return _run(self.client, *arguments, capture=capture, stdin=stdin)


@dataclass(frozen=True)
class Terraform:
    """The configuration in a folder, with its state."""

    folder: Path
    client: str = "terraform"

    def repositories(self) -> dict[str, str]:
        """Create the repositories that do not exist, and return the URLs of all, by function.

        Raises:
            PushError: Terraform fails, or would delete a repository.
        """
        self._do("init", "-input=false")
        self._move()
        target = ("-target=module.gallery.module.registry", "-compact-warnings", "-input=false")
        with tempfile.TemporaryDirectory() as scratch:
            plan = f"{scratch}/registry.tfplan"
            # 0: no changes, 1: an error, 2: changes
            if self._do("plan", *target, "-detailed-exitcode", f"-out={plan}", allowed=(0, 2)):
                self._refuse_deletions(plan)
                self._do("apply", "-compact-warnings", plan)
        urls: dict[str, str] = json.loads(self._read("output", "-json", "repository_urls"))
        return urls

    def images_parameter(self) -> str:
        """Return the name of the parameter for the pushed images, after `repositories`.

        Raises:
            PushError: Terraform fails.
        """
        return self._read("output", "-raw", "images_parameter")

    def region(self) -> str | None:
        """Return the value of the variable region, as `init` and settings determine it.

        Raises:
            PushError: Terraform fails.
        """
        self._do("init", "-input=false")
        value = json.loads(self._read("console", stdin="jsonencode(var.region)"))
        return json.loads(value)  # type: ignore[no-any-return]  # the variable is a string

    def _move(self) -> None:
        """Move the state of release 0.1.0 into the module, as terraform/moved.tf says.

        Terraform plans nothing with a target while other resources have yet to be moved. A plan
        that only refreshes moves them, and changes nothing in AWS.
        """
        listed = _run(self.client, f"-chdir={self.folder}", "state", "list", capture=True).stdout
        if any(line.startswith("module.registry.") for line in listed.splitlines()):
            print_stdout("moving the deployment's state into module.gallery")
            self._do("apply", "-refresh-only", "-auto-approve", "-input=false", "-compact-warnings")

    def _refuse_deletions(self, plan: str) -> None:
        changes = json.loads(self._read("show", "-json", plan)).get("resource_changes", [])
        gone = [
            change["address"]
            for change in changes
            if change["type"] == "aws_ecr_repository" and "delete" in change["change"]["actions"]
        ]
        if gone:
            raise PushError(
                f"Terraform would delete {', '.join(gone)}, but a push must not delete images:"
                " see `make plan`"
            )

    def _do(self, *arguments: str, allowed: tuple[int, ...] = (0,)) -> int:
        done = _run(self.client, f"-chdir={self.folder}", *arguments)
        if done.returncode not in allowed:
            raise PushError(f"`terraform {arguments[0]}` failed, see above")
        return done.returncode

    def _read(self, *arguments: str, stdin: str | None = None) -> str:
        done = _run(self.client, f"-chdir={self.folder}", *arguments, capture=True, stdin=stdin)
        if done.returncode:
            raise PushError(f"`terraform {arguments[0]}` failed: {done.stderr.strip()}")
        return done.stdout


def _run(
    client: str, *arguments: str, capture: bool = False, stdin: str | None = None
) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(  # noqa: S603  # a client that the user names
            [client, *arguments], check=False, capture_output=capture, text=True, input=stdin
        )
    except OSError as error:
        raise PushError(f"{client} does not start: {error.strerror}") from error


def aws_account(session: boto3.Session | None = None) -> str:
    """Return the number of the AWS account that the credentials belong to.

    Without a session, a new one is made: from the environment and the files of AWS.

    Raises:
        PushError: there are no valid credentials.
    """
    try:
        session = session or boto3.Session()
        # Any region knows the account.
        sts = session.client("sts", region_name=session.region_name or "us-east-1")
        account: str = sts.get_caller_identity()["Account"]
    except (BotoCoreError, ClientError) as error:
        raise PushError(f"not logged in to AWS: {error}") from error
    return account


def require_region(terraform: Terraform) -> None:
    """Check that Terraform finds a region, in the environment, in the profile or in its variable.

    Raises:
        PushError: there is none. Terraform's own error does not say what to set.
    """
    if not (os.environ.get("AWS_REGION") or boto3.Session().region_name or terraform.region()):
        raise PushError(
            "no AWS region is set. Set it in the environment, for example"
            f" `export AWS_REGION=eu-west-1`, or set region in {terraform.folder}/terraform.tfvars"
        )


def ecr(host: str) -> Registry:
    """Return ECR at that host, with a login that is valid for twelve hours.

    Raises:
        PushError: the host is not ECR, or ECR refuses a login.
    """
    try:
        client = boto3.Session().client("ecr", region_name=_ecr_region(host))
        token = client.get_authorization_token()["authorizationData"][0]["authorizationToken"]
    except (BotoCoreError, ClientError) as error:
        raise PushError(f"no login to {host}: {error}") from error
    user, _, password = base64.b64decode(token).decode().partition(":")
    return Registry(host, (user, password))


def _ecr_region(host: str) -> str:
    named = ECR_HOST.fullmatch(host)
    if named is None:
        raise PushError(
            f"{host} is not an ECR registry: name the registry to push to, REGISTRY=HOST:PORT"
        )
    return named[1]


def push(image: Image, registry: Registry, repository: str, docker: Docker) -> str:
    """Push an image unless the registry has it, and return the digest that the registry serves.

    Raises:
        PushError: the push fails, or Lambda does not run what was pushed.
    """
    digest = registry.digest(repository, image.tag)
    if digest:
        print_stdout(f"{repository}:{image.tag} is there already")
        return digest
    print_stdout(f"pushing {repository}:{image.tag}, {image.megabytes:,.0f} MB unpacked")
    docker.push(image, f"{registry.host}/{repository}:{image.tag}")
    digest = registry.digest(repository, image.tag)
    if digest is None:
        raise PushError(f"{registry.host} does not have {repository}:{image.tag} after the push")
    return digest


@dataclass(frozen=True)
class Record:
    """The parameter in SSM that names the pushed images: modules/registry owns and reads it."""

    parameter: str
    client: Any  # for SSM

    def write(self, images: Mapping[str, Image], digests: Mapping[str, str]) -> bool:
        """Name the images that Terraform is to deploy, and return whether they have changed.

        Raises:
            ClientError: SSM refuses.
        """
        entries: dict[str, dict[str, object]] = {
            function: {"digest": digests[function], "architecture": image.architecture}
            for function, image in images.items()
        }
        entries["tag"]["label_model"] = images["tag"].label_model
        text = json.dumps(entries)
        if [text] == self._values()[-1:]:
            return False
        self.client.put_parameter(Name=self.parameter, Type="String", Value=text, Overwrite=True)
        return True

    def digests(self) -> set[str]:
        """Return the digests in the newest record and in the one before it.

        Raises:
            ClientError: SSM refuses.
            PushError: one of them is not as `write` writes it.
        """
        found: set[str] = set()
        for text in self._values()[-KEPT_RECORDS:]:
            try:
                images = json.loads(text)
                if images != {}:  # before the first push
                    found |= {str(images[function]["digest"]) for function in FUNCTIONS}
            except (LookupError, TypeError, ValueError) as error:
                raise PushError(f"{self.parameter} does not name the images: {error!r}") from error
        return found

    def _values(self) -> list[str]:
        """Return all values that SSM keeps, the newest last; none if there is no parameter."""
        pages = self.client.get_paginator("get_parameter_history").paginate(Name=self.parameter)
        try:
            found = [value for page in pages for value in page["Parameters"]]
        except self.client.exceptions.ParameterNotFound:
            return []
        return [value["Value"] for value in sorted(found, key=lambda value: int(value["Version"]))]


def delete_files(folder: Path) -> None:
    """Delete the files that named the images up to release 0.1.0, and would override the record."""
    for path in filter(Path.exists, (folder / name for name in FILES)):
        path.unlink()
        print_stdout(f"deleted {path}: the digests are in SSM now")


def running(functions: Any, name: str) -> set[str]:  # noqa: ANN401  # a client for Lambda
    """Return the digest of the image that a function runs; none if there is no such function.

    Raises:
        ClientError: Lambda refuses to tell.
        PushError: the function was deployed by a tag.
    """
    try:
        code = functions.get_function(FunctionName=name)["Code"]
    except functions.exceptions.ResourceNotFoundException:
        return set()
    uri: str = code.get("ImageUri", "no image")  # a ZIP file has none
    _, at, digest = uri.partition("@")
    if not at:
        raise PushError(f"{name} runs {uri}, expected an image by its digest")
    return {digest}


def delete_old_images(images: Any, repository: str, *, kept: Collection[str]) -> int:  # noqa: ANN401  # a client for ECR
    """Delete the images of a repository except the newest 20 and those in `kept`.

    Returns:
        How many were deleted.

    Raises:
        ClientError: ECR refuses.
    """
    pages = images.get_paginator("describe_images").paginate(repositoryName=repository)
    found = [image for page in pages for image in page["imageDetails"]]
    found.sort(key=lambda image: image["imagePushedAt"], reverse=True)
    old = [image["imageDigest"] for image in found[KEPT_IMAGES:]]
    ids = [{"imageDigest": digest} for digest in old if digest not in kept][:MOST_DELETED]
    if not ids:
        return 0
    answer = images.batch_delete_image(repositoryName=repository, imageIds=ids)
    return len(ids) - len(answer["failures"])


def clean_up(
    session: boto3.Session, host: str, repositories: Iterable[str], record: Record
) -> None:
    """Delete old images that nothing needs, or print why all of them stay.

    Each function has the name of its repository (terraform/modules/gallery/registry.tf). Terraform
    may work in another account than the credentials: repositories and functions of the same names
    in this one are not those of the push.
    """
    if host.partition(".")[0] != aws_account(session):
        print_stdout(f"old images stay, because {host} is of another account")
        return
    images, functions = session.client("ecr"), session.client("lambda")
    for repository in repositories:
        try:
            kept = record.digests() | running(functions, repository)
            deleted = delete_old_images(images, repository, kept=kept)
        except (BotoCoreError, ClientError, PushError) as error:
            print_stdout(f"{repository}: old images stay, because {error}")
        else:
            if deleted:
                print_stdout(f"{repository}: {deleted} old images deleted")


def push_all(
    docker: Docker, terraform: Terraform, names: Mapping[str, str], host: str | None
) -> None:
    """Create the repositories, push the images, record their digests, and delete old images.

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
    print_stdout(f"AWS account {aws_account()}")
    require_region(terraform)
    urls = terraform.repositories()
    registry = Registry(host) if host else ecr(urls["tag"].partition("/")[0])
    docker.log_in(registry)
    repositories = {function: urls[function].partition("/")[2] for function in images}
    digests = {
        function: push(image, registry, repositories[function], docker)
        for function, image in images.items()
    }
    session = boto3.Session(region_name=_ecr_region(urls["tag"].partition("/")[0]))
    record = Record(terraform.images_parameter(), session.client("ssm"))
    try:
        changed = record.write(images, digests)
    except (BotoCoreError, ClientError) as error:
        raise PushError(f"{record.parameter} was not written: {error}") from error
    print_stdout(f"{record.parameter}: {'written' if changed else 'unchanged'}")
    delete_files(terraform.folder)
    if not host:
        clean_up(session, registry.host, repositories.values(), record)


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    command.add_argument("--registry", metavar="HOST:PORT", help="registry to use instead of ECR")
    command.add_argument(
        "--folder",
        type=Path,
        default=Path("terraform"),
        help="Terraform's configuration (default: %(default)s)",
    )
    command.add_argument("--docker", default="docker", metavar="CLIENT")
    command.add_argument("--terraform", default="terraform", metavar="CLIENT")
    for function in FUNCTIONS:
        command.add_argument(f"--{function}", default=f"gallery-{function}:latest", metavar="IMAGE")


def run(given: argparse.Namespace) -> int:
    """Push the images that the arguments name."""
    names = {function: getattr(given, function) for function in FUNCTIONS}
    terraform = Terraform(given.folder, given.terraform)
    push_all(Docker(given.docker), terraform, names, given.registry)
    return 0
