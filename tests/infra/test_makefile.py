"""The Makefile, the lists that it installs from, and the CI script agree."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from uv import find_uv_bin

ROOT = Path(__file__).parents[2]
MAKEFILE = (ROOT / "Makefile").read_text()
TARGETS = re.findall(r"^\.PHONY: (\S+)", MAKEFILE, re.MULTILINE)


def make(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    settings = {name: value for name, value in os.environ.items() if "MAKE" not in name}
    return subprocess.run(  # noqa: S603  # our own targets
        ["make", *arguments],  # noqa: S607  # the make of this machine
        cwd=folder,
        env=settings,  # without the variables of the `make test` that runs this test
        check=False,
        capture_output=True,
        text=True,
    )


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """Return a folder with the files of a fresh clone that the setup reads."""
    files = ("Makefile", "pyproject.toml", "uv.lock", "tools/bootstrap.txt")
    page = ("web/package.json", "web/package-lock.json")
    environments = [
        f"tools/{tool}/{name}"
        for tool in ("checkov", "ministack")
        for name in ("pyproject.toml", "uv.lock")
    ]
    for name in (*files, *page, *environments):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes((ROOT / name).read_bytes())
    return tmp_path


def test_make_without_a_target_lists_every_target() -> None:
    listed = dict(line.split(maxsplit=1) for line in make(ROOT).stdout.splitlines())

    assert list(listed) == TARGETS
    assert set(re.findall(r"^([a-z0-9-]+):", MAKEFILE, re.MULTILINE)) == set(TARGETS)


@pytest.mark.parametrize(("target", "work"), [("demo", "-m local demo"), ("test", "bin/pytest")])
def test_a_target_sets_up_a_fresh_clone_first(target: str, work: str, clone: Path) -> None:
    recipe = make(clone, "--dry-run", target).stdout

    steps = ["-m venv .venv", "--require-hashes", "uv sync --locked", work]
    positions = [recipe.index(step) for step in steps]
    assert positions == sorted(positions)


def test_nothing_is_cached_outside_the_clone(clone: Path) -> None:
    (clone / "Makefile").write_text(f"{MAKEFILE}\nsettings:\n\t@env\n")

    lines = make(clone, "settings").stdout.splitlines()

    assert f"UV_CACHE_DIR={clone}/.cache/uv" in lines
    assert f"UV_PROJECT_ENVIRONMENT={clone}/.venv" in lines
    assert "UV_PYTHON_DOWNLOADS=never" in lines
    assert "pip install --no-cache-dir" in MAKEFILE


def test_every_module_is_compiled_once(clone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    (clone / "Makefile").write_text(f"{MAKEFILE}\nsettings:\n\t@env\n")

    names = [line.partition("=")[0] for line in make(clone, "settings").stdout.splitlines()]

    assert "PATH" in names
    assert "PYTHONDONTWRITEBYTECODE" not in names


def test_an_old_python_is_refused_with_the_version_to_install(clone: Path) -> None:
    old = clone / "python3.9"
    old.write_text("#!/bin/sh\nexit 1\n")
    old.chmod(0o755)

    refused = make(clone, "demo", f"PYTHON={old}")

    assert refused.returncode != 0
    assert "Python 3.11 or later is needed" in refused.stderr
    assert not (clone / ".venv").exists()


def test_uv_is_installed_as_the_lock_file_pins_it(tmp_path: Path) -> None:
    fresh = tmp_path / "bootstrap.txt"
    export = [find_uv_bin(), "export", "--quiet", "--frozen", "--no-emit-project", "--no-annotate"]
    options = ["--no-header", "--only-group", "bootstrap", "--output-file", str(fresh)]
    subprocess.run([*export, *options], cwd=ROOT, check=True)  # noqa: S603  # ours alone

    assert (ROOT / "tools/bootstrap.txt").read_text() == fresh.read_text(), "run make lock"


@pytest.fixture
def deployer(clone: Path) -> Path:
    """Return a clone after setup, with stand-ins for docker, npm, terraform and python.

    They append their calls to the file `calls`. terraform's state has a bucket and a function, and
    its variable keep_photos has the value in the file `keep`.
    """
    (clone / "terraform").mkdir()
    (clone / "web" / "node_modules").mkdir()
    (clone / "web" / "node_modules" / ".package-lock.json").touch()
    shutil.copy(ROOT / "terraform" / "backend.tf.example", clone / "terraform")
    stubs = {
        "docker": 'sleep 0.1; echo "docker $1 $3" >> calls',
        "npm": 'echo "npm $*" >> calls',
        "python": 'echo "python $*" >> calls',
        "terraform": """echo "terraform $*" >> calls
            case "$2 $3" in
                "state list") printf 'module.gallery.module.%s\\n' 'photos[0].aws_s3_bucket.this' \\
                    'photos[0].aws_s3_bucket_policy.this' tag.aws_lambda_function.this ;;
                console*) cat keep ;;
                output*) echo "the-$4" ;;
            esac""",
    }
    (clone / ".venv/bin").mkdir(parents=True)
    for name, script in stubs.items():
        program = clone / ".venv/bin" / name
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)
    for stamp in (".bootstrap", ".local"):
        (clone / ".venv" / stamp).touch()
    (clone / "keep").write_text("true\n")
    return clone


def deploy(folder: Path, *arguments: str) -> tuple[subprocess.CompletedProcess[str], list[str]]:
    """Run make with the stand-ins; return its result and their calls."""
    clients = {name.upper(): folder / ".venv/bin" / name for name in ("docker", "npm", "terraform")}
    settings = (f"{name}={path.resolve()}" for name, path in clients.items())
    done = make(folder, *settings, *arguments)
    calls = folder / "calls"
    lines = calls.read_text().splitlines() if calls.exists() else []
    return done, [line.replace("terraform -chdir=terraform", "terraform") for line in lines]


PHOTOS = "module.gallery.module.photos[0].aws_s3_bucket.this"
NAMES = [
    "my photos",
    "it's",
    'a "b"',
    "$HOME",
    "$(HOME)",
    "a$$b",
    "-x",
    "*",
    "a;touch b",
    "",
    r"a\b",
]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("place", ["argument", "environment"])
def test_any_name_of_a_folder_is_one_argument(
    name: str, place: str, deployer: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = deployer / ".venv/bin/python"
    program.write_text('#!/bin/sh\nprintf "[%s]" "$@" > arguments\n')
    settings = {"PHOTOS": name, "OUTPUT": name}
    if place == "environment":
        for setting, value in settings.items():
            monkeypatch.setenv(setting, value)
        settings = {}

    done = make(deployer, "demo", *(f"{key}={value}" for key, value in settings.items()))

    assert done.returncode == 0, done.stderr
    arguments = (deployer / "arguments").read_text()
    assert arguments == f"[-m][local][demo][--stages=in-process][--output={name}][--][{name}]"


def test_deploy_steps_run_in_order_even_with_many_jobs(deployer: Path) -> None:
    _, calls = deploy(deployer, "--jobs=8", "build", "push", "apply")

    steps = [" ".join(line.split()[:2]) for line in calls]
    assert steps[:6] == [*["docker build"] * 3, "python -m", "terraform init", "terraform apply"]


def test_images_are_built_without_attestations_which_lambda_does_not_run(clone: Path) -> None:
    (clone / "Makefile").write_text(f"{MAKEFILE}\nsettings:\n\t@env\n")

    lines = make(clone, "settings").stdout.splitlines()

    assert "BUILDX_NO_DEFAULT_ATTESTATIONS=1" in lines


def test_pushing_to_another_registry_is_one_setting(deployer: Path) -> None:
    _, calls = deploy(deployer, "push", "REGISTRY=127.0.0.1:5000")

    assert calls[-1].endswith("--registry 127.0.0.1:5000")


@pytest.mark.parametrize("target", ["plan", "apply"])
def test_terraform_is_initialized_first(target: str, deployer: Path) -> None:
    _, calls = deploy(deployer, target)

    assert calls[:2] == ["terraform init -input=false", f"terraform {target}"]


@pytest.mark.parametrize("target", ["apply", "publish"])
def test_the_page_is_built_and_published_to_the_bucket_in_terraforms_outputs(
    target: str, deployer: Path
) -> None:
    done, calls = deploy(deployer, target)

    program = (deployer / ".venv/bin/terraform").resolve()
    assert calls[-1] == f"python -m gallery publish --terraform {program}"
    assert (deployer / "web" / "calls").read_text() == "npm run build\n"
    assert done.returncode == 0, done.stderr


def test_without_npm_apply_skips_the_page_and_names_the_command(deployer: Path) -> None:
    done, calls = deploy(deployer, "apply", "NPM=no-npm-here")

    assert done.returncode == 0
    assert calls == ["terraform init -input=false", "terraform apply"]
    assert "make publish" in done.stderr


def test_state_in_a_bucket_is_one_setting(deployer: Path) -> None:
    _, calls = deploy(deployer, "init", "STATE_BUCKET=our-states")

    assert calls == ["terraform init -migrate-state -backend-config=bucket=our-states"]
    example = (ROOT / "terraform" / "backend.tf.example").read_text()
    assert (deployer / "terraform" / "backend.tf").read_text() == example


def test_destroy_refuses_while_photos_are_kept_and_names_the_command(deployer: Path) -> None:
    refused, calls = deploy(deployer, "destroy")

    assert refused.returncode != 0
    assert "make destroy KEEP_PHOTOS=false" in refused.stderr
    assert [line for line in calls if "destroy" in line or "apply" in line] == []


@pytest.mark.parametrize(
    ("setting", "keep"), [("KEEP_PHOTOS=false", "true"), ("KEEP_PHOTOS=", "false")]
)
def test_destroy_lifts_the_protection_of_buckets_first(
    setting: str, keep: str, deployer: Path
) -> None:
    (deployer / "keep").write_text(f"{keep}\n")

    done, calls = deploy(deployer, "destroy", setting)

    assert done.returncode == 0, done.stderr
    assert [line for line in calls if "keep_photos" in line] == [
        f"terraform apply -target={PHOTOS} -var keep_photos=false",
        "terraform destroy -var keep_photos=false",
    ]


def test_destroy_knows_the_buckets_and_the_table_by_their_addresses() -> None:
    storage = (ROOT / "terraform" / "modules" / "gallery" / "storage.tf").read_text()

    assert set(re.findall(r'^module "(\w+)"', storage, re.MULTILINE)) == {
        "derived",
        "logs",
        "photos",
        "table",
    }
    for module, kind in (("bucket", "aws_s3_bucket"), ("table", "aws_dynamodb_table")):
        source = (ROOT / "terraform" / "modules" / module / "main.tf").read_text()
        assert f'resource "{kind}" "this"' in source


@pytest.mark.parametrize(
    "command", ["backfill", "reconcile", "redrive", "reprocess", "verify"], ids=str
)
def test_a_command_reads_the_outputs_of_terraform_itself(command: str, deployer: Path) -> None:
    _, calls = deploy(deployer, command, f"{command.upper()}=--dry-run --json")

    program = (deployer / ".venv/bin/terraform").resolve()
    assert calls == [
        "terraform init -input=false",
        f"python -m gallery {command} --terraform {program} --dry-run --json",
    ]


def test_find_passes_its_options_as_a_shell_reads_them(deployer: Path) -> None:
    _, calls = deploy(deployer, "find", "FIND=--place 'New York' --json")

    program = (deployer / ".venv/bin/terraform").resolve()
    assert calls[-1] == f"python -m gallery find --terraform {program} --place New York --json"


def test_ci_runs_make_test() -> None:
    assert "exec make test" in (ROOT / ".ci/run").read_text()
    assert "run: make test" in (ROOT / ".github/workflows/ci.yml").read_text()


def test_ci_and_the_dev_container_have_the_same_terraform_and_node() -> None:
    features = json.loads((ROOT / ".devcontainer/devcontainer.json").read_text())["features"]
    versions = {
        name.split("/")[-1].split(":")[0]: one.get("version") for name, one in features.items()
    }
    workflow = (ROOT / ".github/workflows/ci.yml").read_text()

    assert f"terraform_version: {versions['terraform']}\n" in workflow
    assert f"node-version: {versions['node']}\n" in workflow
