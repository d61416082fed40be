"""Push: each image is pushed once, its digest is recorded, and errors say what to do."""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import uuid
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, cast

import boto3
import pytest
import requests
from moto.ecr.models import ecr_backends

import engine
from embeddedaws import ROLE, Answering
from gallery.push import (
    FILES,
    KEPT_IMAGES,
    MANIFESTS,
    Docker,
    Image,
    PushError,
    Record,
    Registry,
    Terraform,
    aws_account,
    clean_up,
    delete_files,
    ecr,
    push_all,
    read_image,
    require_region,
)
from local.clients import ACCOUNT, REGION, environment
from local.embedded import embedded_aws
from local.rekognition import NoLabels
from local.stack import Executions
from registry import docker_registry
from tools.provider import serving

ROOT = Path(__file__).parents[2]
INSPECTED = {
    "Id": f"sha256:{'0123456789abcdef' * 4}",
    "Architecture": "arm64",
    "Config": {"Env": ["PATH=/bin", "LABELER=embedded"]},
    "Size": 264_000_000,
}
FUNCTIONS = ("extract", "thumbnail", "tag")
HOST = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com"
LIST = "application/vnd.docker.distribution.manifest.list.v2+json"


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with docker_registry(tmp_path_factory.mktemp("registry")) as running:
        yield running


@pytest.fixture
def repository() -> str:
    return f"gallery-{uuid.uuid4().hex[:8]}"


def put_blob(host: str, repository: str, body: bytes) -> dict[str, object]:
    """Upload a blob, and return how a manifest refers to it."""
    digest = f"sha256:{hashlib.sha256(body).hexdigest()}"
    begun = requests.post(f"http://{host}/v2/{repository}/blobs/uploads/", timeout=10)
    done = requests.put(begun.headers["Location"], body, params={"digest": digest}, timeout=10)
    assert done.status_code == requests.codes.created, done.text
    return {"mediaType": "application/octet-stream", "size": len(body), "digest": digest}


def put_manifest(host: str, repository: str, tag: str, kind: str, **parts: object) -> bytes:
    body = json.dumps({"schemaVersion": 2, "mediaType": kind, **parts}).encode()
    url = f"http://{host}/v2/{repository}/manifests/{tag}"
    answer = requests.put(url, body, headers={"Content-Type": kind}, timeout=10)
    assert answer.status_code == requests.codes.created, answer.text
    return body


class TestReadImage:
    """The description that the engine has of an image."""

    def test_reads_what_terraform_needs(self) -> None:
        image = read_image("gallery-tag:latest", INSPECTED)

        assert (image.architecture, image.label_model) == ("arm64", True)
        assert image.tag == "0123456789abcdef"

    def test_amd64_is_x86_64_to_lambda(self) -> None:
        assert read_image("i", {**INSPECTED, "Architecture": "amd64"}).architecture == "x86_64"

    @pytest.mark.parametrize("variables", [None, [], ["LABELER=rekognition"]])
    def test_an_image_without_the_label_model(self, variables: list[str] | None) -> None:
        assert not read_image("i", {**INSPECTED, "Config": {"Env": variables}}).label_model

    def test_refuses_an_architecture_that_lambda_does_not_run(self) -> None:
        with pytest.raises(PushError, match="built for riscv64, expected amd64 or arm64"):
            read_image("gallery-tag:latest", {**INSPECTED, "Architecture": "riscv64"})


class TestRegistry:
    """The digests that a registry serves."""

    @pytest.mark.parametrize("kind", MANIFESTS)
    def test_the_digest_is_that_of_the_manifest(
        self, kind: str, host: str, repository: str
    ) -> None:
        config = put_blob(host, repository, b"{}")
        body = put_manifest(host, repository, "1", kind, config=config, layers=[])

        digest = Registry(host).digest(repository, "1")

        assert digest == f"sha256:{hashlib.sha256(body).hexdigest()}"

    def test_a_missing_tag_has_no_digest(self, host: str, repository: str) -> None:
        assert Registry(host).digest(repository, "1") is None

    def test_an_index_is_refused(self, host: str, repository: str) -> None:
        put_manifest(host, repository, "1", LIST, manifests=[])

        with pytest.raises(PushError, match=r"not an index.*BUILDX_NO_DEFAULT_ATTESTATIONS=1"):
            Registry(host).digest(repository, "1")

    def test_a_registry_that_does_not_answer_is_an_error(self) -> None:
        with pytest.raises(PushError, match="registry does not answer"):
            Registry("127.0.0.1:1").digest("gallery-tag", "1")


@pytest.fixture(scope="module")
def aws_url() -> Iterator[str]:
    """An embedded AWS without a deployment."""
    with embedded_aws(
        functions=Answering(),
        labeler=NoLabels(),
        wait_scale=0,
        executions_at_once=1,
        watcher=Executions(),
    ) as url:
        yield url


@pytest.fixture
def logged_in(aws_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Set the environment so that SDKs and Terraform reach the embedded AWS."""
    for name, value in environment(aws_url).items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def ssm_record(logged_in: None, tmp_path: Path) -> Record:  # noqa: ARG001  # sets the environment
    """A record of its own, before the first push: as modules/registry creates it."""
    client = boto3.Session(region_name=REGION).client("ssm")
    client.put_parameter(Name=f"/{tmp_path.name}/images", Type="String", Value="{}")
    return Record(f"/{tmp_path.name}/images", client)


class TestRecord:
    """The parameter in SSM, which Terraform reads."""

    IMAGES = {  # noqa: RUF012  # never changed
        function: Image(function, "sha256:00", "arm64", function == "tag", 1.0)
        for function in FUNCTIONS
    }

    def digests(self, digit: str) -> dict[str, str]:
        return dict.fromkeys(FUNCTIONS, f"sha256:{digit * 64}")

    def value(self, record: Record) -> Any:  # noqa: ANN401  # JSON
        found = record.client.get_parameter(Name=record.parameter)["Parameter"]
        return json.loads(found["Value"]), found["Version"]

    def test_is_a_value_of_the_variable_images(self, ssm_record: Record) -> None:
        assert ssm_record.digests() == set()

        ssm_record.write(self.IMAGES, self.digests("a"))

        entry = {"digest": f"sha256:{'a' * 64}", "architecture": "arm64"}
        value, _ = self.value(ssm_record)
        assert value == {
            "extract": entry,
            "thumbnail": entry,
            "tag": {**entry, "label_model": True},
        }

    def test_is_unchanged_if_nothing_new_was_pushed(self, ssm_record: Record) -> None:
        assert ssm_record.write(self.IMAGES, self.digests("a"))
        written = self.value(ssm_record)

        assert not ssm_record.write(self.IMAGES, self.digests("a"))
        assert self.value(ssm_record) == written

    def test_the_images_of_the_last_two_pushes_are_named(self, ssm_record: Record) -> None:
        for digit in "abb":
            ssm_record.write(self.IMAGES, self.digests(digit))
        assert ssm_record.digests() == {f"sha256:{digit * 64}" for digit in "ab"}

        ssm_record.write(self.IMAGES, self.digests("c"))
        assert ssm_record.digests() == {f"sha256:{digit * 64}" for digit in "bc"}

    def test_the_files_of_earlier_releases_would_override_it_and_are_deleted(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        for name in FILES:
            (tmp_path / name).touch()

        delete_files(tmp_path)

        assert list(tmp_path.iterdir()) == []
        assert f"deleted {tmp_path / FILES[0]}" in capsys.readouterr().out


def stub(path: Path, script: str) -> str:
    """Write a program, and return its path."""
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return str(path)


class TestLogins:
    """Logins to AWS and to ECR."""

    @pytest.mark.usefixtures("logged_in")
    def test_the_account_is_that_of_the_credentials(self) -> None:
        assert aws_account() == "123456789012"

    def test_without_credentials_it_says_so(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for name in [name for name in os.environ if name.startswith("AWS_")]:
            monkeypatch.delenv(name)
        monkeypatch.setenv("AWS_CONFIG_FILE", os.devnull)
        monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)
        monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")

        with pytest.raises(PushError, match="not logged in to AWS: Unable to locate credentials"):
            aws_account()

    @pytest.mark.usefixtures("logged_in")
    @pytest.mark.parametrize(
        "host",
        [
            "123456789012.dkr.ecr.eu-west-1.amazonaws.com",
            "123456789012.dkr.ecr-fips.us-gov-west-1.amazonaws.com",
            "123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn",
        ],
    )
    def test_docker_gets_the_password_only_through_stdin(self, host: str, tmp_path: Path) -> None:
        client = stub(tmp_path / "docker", f'echo "$@" > {tmp_path}/said; cat > {tmp_path}/secret')
        registry = ecr(host)

        Docker(client).log_in(registry)

        assert registry.login is not None
        assert registry.login[0] == "AWS"
        assert (tmp_path / "secret").read_text() == registry.login[1]
        assert (tmp_path / "said").read_text() == f"login --username AWS --password-stdin {host}\n"

    def test_a_registry_other_than_ecr_has_to_be_named(self) -> None:
        with pytest.raises(PushError, match=r"localhost:4566 is not an ECR registry.*REGISTRY="):
            ecr("localhost:4566")


class TestRegion:
    """A region is required before Terraform is asked for anything else."""

    NONE = '"null"'
    IRELAND = r'"\"eu-west-1\""'

    @pytest.fixture(autouse=True)
    def without_region(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for name in [name for name in os.environ if name.startswith("AWS_")]:
            monkeypatch.delenv(name)
        monkeypatch.setenv("AWS_CONFIG_FILE", os.devnull)

    def terraform(self, folder: Path, printed: str) -> Terraform:
        """Return a Terraform whose console prints that."""
        return Terraform(folder, stub(folder / "terraform", f"printf '%s' '{printed}'"))

    def test_without_one_the_error_says_what_to_set(self, tmp_path: Path) -> None:
        with pytest.raises(PushError, match=r"no AWS region.*`export AWS_REGION=eu-west-1`"):
            require_region(self.terraform(tmp_path, self.NONE))

    @pytest.mark.parametrize("variable", ["AWS_REGION", "AWS_DEFAULT_REGION"])
    def test_it_can_be_in_the_environment(
        self, variable: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv(variable, "eu-west-1")

        require_region(self.terraform(tmp_path, self.NONE))

    def test_it_can_be_in_the_profile(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "config").write_text("[default]\nregion = eu-west-1\n")
        monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))

        require_region(self.terraform(tmp_path, self.NONE))

    def test_it_can_be_a_setting_of_terraform(self, tmp_path: Path) -> None:
        require_region(self.terraform(tmp_path, self.IRELAND))


class TestOldImages:
    """Images that a push deletes, in the embedded ECR."""

    ANY_IMAGES = TestRecord.IMAGES

    @pytest.fixture(autouse=True)
    def use_session(self, logged_in: None) -> None:  # noqa: ARG002  # first the environment
        self.session = boto3.Session()  # one for all pushes: each reads the API models again
        make = cast("Any", self.session).client
        cast("Any", self.session).client = cache(make)  # four a push, each the same

    @pytest.fixture
    def registered(self, repository: str) -> list[str]:
        """Create the repository; return the digests of its images, oldest first."""
        self.session.client("ecr").create_repository(repositoryName=repository)
        return []

    def push(self, repository: str, registered: list[str], record: Record) -> str:
        """Push one more image as `make push` does, and return its digest."""
        number = len(registered)
        layer = {"digest": f"sha256:{hashlib.sha256(str(number).encode()).hexdigest()}"}
        manifest = {"schemaVersion": 2, "mediaType": MANIFESTS[0], "layers": [layer]}
        digest: str = self.session.client("ecr").put_image(
            repositoryName=repository, imageTag=str(number), imageManifest=json.dumps(manifest)
        )["image"]["imageId"]["imageDigest"]
        registered.append(digest)
        # moto dates an image to the second; these are a day apart.
        [*_, stored] = ecr_backends[ACCOUNT][REGION].repositories[repository].images
        stored.image_pushed_at = number * 24 * 60 * 60
        record.write(self.ANY_IMAGES, dict.fromkeys(FUNCTIONS, digest))
        clean_up(self.session, HOST, [repository], record)
        return digest

    def run_image(self, repository: str, version: str) -> None:
        """Create the function of the repository, or let it run another image."""
        aws_lambda, iam = self.session.client("lambda"), self.session.client("iam")
        uri = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/{repository}{version}"
        if not iam.list_roles()["Roles"]:
            iam.create_role(RoleName=ROLE.rpartition("/")[2], AssumeRolePolicyDocument="{}")
        try:
            aws_lambda.update_function_code(FunctionName=repository, ImageUri=uri)
        except aws_lambda.exceptions.ResourceNotFoundException:
            aws_lambda.create_function(
                FunctionName=repository, PackageType="Image", Code={"ImageUri": uri}, Role=ROLE
            )

    def kept(self, repository: str) -> set[str]:
        """Return the digests that the repository has."""
        listed = self.session.client("ecr").describe_images(repositoryName=repository)
        return {image["imageDigest"] for image in listed["imageDetails"]}

    def test_thirty_pushes_keep_what_runs_and_what_a_roll_back_deploys(
        self, repository: str, registered: list[str], ssm_record: Record
    ) -> None:
        deployed = self.push(repository, registered, ssm_record)
        self.run_image(repository, f"@{deployed}")

        for _ in range(30):
            self.push(repository, registered, ssm_record)

        assert self.kept(repository) == {deployed, *registered[-KEPT_IMAGES:]}
        assert ssm_record.digests() == set(registered[-2:])

    def test_after_a_roll_back_the_old_image_runs_and_stays(
        self, repository: str, registered: list[str], ssm_record: Record
    ) -> None:
        first = self.push(repository, registered, ssm_record)
        self.run_image(repository, f"@{self.push(repository, registered, ssm_record)}")
        ssm_record.write(self.ANY_IMAGES, dict.fromkeys(FUNCTIONS, first))
        self.run_image(repository, f"@{first}")

        for _ in range(30):
            self.push(repository, registered, ssm_record)

        assert first in self.kept(repository)
        assert registered[1] not in self.kept(repository)

    def test_recorded_images_stay_although_nothing_runs_yet(
        self, repository: str, registered: list[str], ssm_record: Record
    ) -> None:
        first = self.push(repository, registered, ssm_record)
        for _ in range(30):
            ssm_record.write(self.ANY_IMAGES, dict.fromkeys(FUNCTIONS, first))
            self.push(repository, registered, ssm_record)

        assert self.kept(repository) == {first, *registered[-KEPT_IMAGES:]}

    def test_all_images_stay_if_lambda_does_not_name_a_digest(
        self,
        repository: str,
        registered: list[str],
        ssm_record: Record,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        self.run_image(repository, ":latest")

        for _ in range(30):
            self.push(repository, registered, ssm_record)

        assert self.kept(repository) == set(registered)
        assert (
            f"{repository}: old images stay, because {repository} runs" in capsys.readouterr().out
        )

    def push_all(self, repository: str, registered: list[str], record: Record) -> None:
        """Push two images more than are kept, to a repository that is not cleaned up."""
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr("gallery.push.KEPT_IMAGES", 100)
            for _ in range(KEPT_IMAGES + 2):
                self.push(repository, registered, record)

    def test_all_images_stay_if_a_record_is_broken(
        self,
        repository: str,
        registered: list[str],
        ssm_record: Record,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        self.push_all(repository, registered, ssm_record)

        for content in ("{", "[]", '{"tag": null}', '{"tag": {"digest": 1}}'):
            ssm_record.client.put_parameter(
                Name=ssm_record.parameter, Value=content, Overwrite=True
            )
            clean_up(self.session, HOST, [repository], ssm_record)
            said = capsys.readouterr().out
            why = f"{ssm_record.parameter} does not name the images"
            assert f"{repository}: old images stay, because {why}" in said

        assert self.kept(repository) == set(registered)

    def test_images_of_the_same_names_in_another_account_stay(
        self,
        repository: str,
        registered: list[str],
        ssm_record: Record,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        self.push_all(repository, registered, ssm_record)

        clean_up(self.session, HOST.replace(ACCOUNT, "210987654321"), [repository], ssm_record)

        assert self.kept(repository) == set(registered)
        assert "is of another account" in capsys.readouterr().out

    def test_a_repository_that_ecr_refuses_does_not_fail_the_push(
        self, ssm_record: Record, capsys: pytest.CaptureFixture[str]
    ) -> None:
        clean_up(self.session, HOST, ["missing"], ssm_record)

        assert "missing: old images stay, because An error" in capsys.readouterr().out


class TestClients:
    """Faults of Docker and Terraform."""

    def test_a_client_that_is_missing_is_named(self, tmp_path: Path) -> None:
        with pytest.raises(PushError, match=r"nowhere/docker does not start.*No such file"):
            Docker("nowhere/docker").check()
        with pytest.raises(PushError, match="nowhere/terraform does not start"):
            Terraform(tmp_path, "nowhere/terraform").repositories()

    def test_a_dead_engine_and_an_image_that_is_not_built_are_told_apart(
        self, tmp_path: Path
    ) -> None:
        client = stub(tmp_path / "docker", "echo Cannot connect to the daemon >&2; exit 1")

        with pytest.raises(PushError, match="engine does not answer: Cannot connect"):
            Docker(client).check()
        with pytest.raises(
            PushError, match="gallery-tag:latest is not built yet: run `make build`"
        ):
            Docker(client).image("gallery-tag:latest")

    def test_an_error_is_one_line_and_exit_status_1(self, tmp_path: Path) -> None:
        inspected = json.dumps([INSPECTED])
        docker = stub(tmp_path / "docker", f"echo '{inspected}'")
        command = [sys.executable, "-m", "gallery", "push", "--docker", docker, "--terraform"]

        done = subprocess.run(  # noqa: S603  # our own program
            [*command, stub(tmp_path / "terraform", "exit 1")],
            cwd=ROOT,
            env={**os.environ, "AWS_ACCESS_KEY_ID": "any", "AWS_PROFILE": "missing"},
            check=False,
            capture_output=True,
            text=True,
        )

        assert done.returncode == 1
        assert done.stderr == (
            "push: not logged in to AWS: The config profile (missing) could not be found\n"
        )


@pytest.fixture(scope="module")
def configuration(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A configuration with the real registry in module.gallery, and one resource beside it."""
    if shutil.which("terraform") is None:
        pytest.skip("Terraform is not installed")
    folder = tmp_path_factory.mktemp("configuration")
    (folder / "main.tf").write_text(
        """
variable "name" { default = "gallery" }
variable "region" { default = null }
provider "aws" {
  skip_requesting_account_id = true
}
module "gallery" {
  source = "./gallery"
  name   = var.name
}
moved {
  from = module.registry
  to   = module.gallery.module.registry
}
moved {
  from = terraform_data.rest
  to   = module.gallery.terraform_data.rest
}
output "images" { value = module.gallery.images }
output "images_parameter" { value = module.gallery.images_parameter }
output "repository_urls" { value = module.gallery.repository_urls }
"""
    )
    (folder / "gallery").mkdir()
    (folder / "gallery" / "main.tf").write_text(
        f"""
variable "name" {{}}
module "registry" {{
  source           = "{ROOT}/terraform/modules/registry"
  images_parameter = "/${{var.name}}/images"
  deployment   = {{
    account_id = "123456789012"
    dns_suffix = "amazonaws.com"
    partition  = "aws"
    region     = "us-east-1"
  }}
  repositories = {{ for key in ["extract", "thumbnail", "tag"] : key => {{
    name         = "${{var.name}}-${{key}}"
    function_arn = "arn:aws:lambda:us-east-1:123456789012:function:${{var.name}}-${{key}}"
  }} }}
}}
resource "terraform_data" "rest" {{
  input = module.registry.repository_urls
}}
output "images" {{ value = module.registry.images }}
output "images_parameter" {{ value = module.registry.images_parameter }}
output "repository_urls" {{ value = module.registry.repository_urls }}
"""
    )
    started = subprocess.run(  # noqa: S603  # our own configuration
        ["terraform", f"-chdir={folder}", "init", "-input=false"],  # noqa: S607  # the user's
        check=False,
        capture_output=True,
        text=True,
    )
    if started.returncode:
        pytest.skip(f"Terraform has no AWS provider here: {started.stderr.strip()[:300]}")
    return folder


def without_module(state: str) -> str:
    """Return a state with the addresses of release 0.1.0, which had no module.gallery."""
    return re.sub(r'"module": "module.gallery",|module\.gallery\.', "", state)


@pytest.fixture(scope="module")
def provider(
    configuration: Path, aws_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Mapping[str, str]]:
    log = tmp_path_factory.mktemp("provider") / "provider.log"
    with serving(configuration, log, environment(aws_url)) as variables:
        yield variables


@pytest.fixture
def attached(provider: Mapping[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Let Terraform use one process of the provider; otherwise it starts some for each command."""
    for name, value in provider.items():
        monkeypatch.setenv(name, value)


@pytest.mark.usefixtures("logged_in")
class TestRepositories:
    """The real Terraform and the real module, against the embedded AWS.

    In the first test, Terraform starts the provider itself, as a user's does.
    """

    def test_only_the_repositories_are_created_and_only_once(
        self, configuration: Path, capfd: pytest.CaptureFixture[str]
    ) -> None:
        terraform = Terraform(configuration)

        first = terraform.repositories()
        made = capfd.readouterr().out
        second = terraform.repositories()
        found = capfd.readouterr().out

        assert first == second
        assert first["tag"] == "123456789012.dkr.ecr.us-east-1.amazonaws.com/gallery-tag"
        assert sorted(first) == sorted(FUNCTIONS)
        assert "Apply complete!" in made
        assert "terraform_data.rest" not in made
        assert "Apply complete!" not in found

    @pytest.mark.usefixtures("attached")
    def test_the_region_is_the_value_of_the_variable(
        self, configuration: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        assert Terraform(configuration).region() is None

        monkeypatch.setenv("TF_VAR_region", "eu-west-1")
        assert Terraform(configuration).region() == "eu-west-1"

    @pytest.mark.usefixtures("attached")
    def test_no_repository_is_deleted(
        self, configuration: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        terraform = Terraform(configuration)
        terraform.repositories()
        monkeypatch.setenv("TF_VAR_name", "other")

        with pytest.raises(PushError, match=r"would delete .*aws_ecr_repository\.this\[\"tag\"\]"):
            terraform.repositories()

    @pytest.mark.usefixtures("attached")
    def test_a_state_from_before_the_module_is_moved_first(
        self, configuration: Path, capfd: pytest.CaptureFixture[str]
    ) -> None:
        terraform = Terraform(configuration)
        before = terraform.repositories()
        subprocess.run(  # noqa: S603  # our own configuration
            ["terraform", f"-chdir={configuration}", "apply", "-auto-approve", "-input=false"],  # noqa: S607  # the user's
            check=True,
        )
        state = configuration / "terraform.tfstate"
        state.write_text(without_module(state.read_text()))
        capfd.readouterr()

        assert terraform.repositories() == before
        assert (
            "Apply complete! Resources: 0 added, 0 changed, 0 destroyed." in capfd.readouterr().out
        )
        assert without_module(state.read_text()) != state.read_text()


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Tiny images by function: extract and thumbnail for arm64, tag with the label model's flag."""
    engine.require()
    names = {function: f"push-{uuid.uuid4().hex[:8]}-{function}" for function in FUNCTIONS}
    for function, name in names.items():
        folder = tmp_path_factory.mktemp(function)
        flag = "ENV LABELER=embedded" if function == "tag" else ""
        (folder / "Dockerfile").write_text(f"FROM scratch\nCOPY Dockerfile /{name}\n{flag}\n")
        engine.docker("build", "--platform=linux/arm64", f"--tag={name}", str(folder))
    yield names
    engine.docker("image", "rm", "--force", *names.values())


@pytest.mark.docker
@pytest.mark.xdist_group("docker")
@pytest.mark.usefixtures("logged_in")
class TestPush:
    """Docker, a registry, Terraform and the embedded AWS together."""

    def push(self, configuration: Path, images: Mapping[str, str], host: str) -> Any:  # noqa: ANN401
        docker = Docker(os.environ.get("DOCKER", "docker"))
        push_all(docker, Terraform(configuration), images, host)
        name = Terraform(configuration).images_parameter()
        found = boto3.client("ssm", region_name=REGION).get_parameter(Name=name)
        return json.loads(found["Parameter"]["Value"])

    def test_pushes_once_and_records_the_digests_that_the_registry_serves(
        self,
        configuration: Path,
        images: dict[str, str],
        host: str,
        capfd: pytest.CaptureFixture[str],
    ) -> None:
        recorded = self.push(configuration, images, host)
        served = {
            function: requests.head(
                f"http://{host}/v2/gallery-{function}/manifests/{recorded[function]['digest']}",
                headers={"Accept": ", ".join(MANIFESTS)},
                timeout=10,
            ).headers["Docker-Content-Digest"]
            for function in FUNCTIONS
        }
        capfd.readouterr()
        again = self.push(configuration, images, host)
        said = capfd.readouterr().out

        assert {function: entry["digest"] for function, entry in recorded.items()} == served
        assert len(set(served.values())) == len(FUNCTIONS)
        assert f"{host}/" not in engine.docker("image", "ls", "--format={{.Repository}}")
        assert {entry["architecture"] for entry in recorded.values()} == {"arm64"}
        assert recorded["tag"]["label_model"] is True
        assert again == recorded
        assert said.count("is there already") == len(FUNCTIONS)
        assert "/gallery/images: unchanged" in said

    def test_a_missing_image_is_an_error_before_anything_is_done(
        self, tmp_path: Path, images: dict[str, str], host: str
    ) -> None:
        with pytest.raises(PushError, match="missing-image is not built yet"):
            self.push(tmp_path, {**images, "tag": "missing-image"}, host)

        assert list(tmp_path.iterdir()) == []
