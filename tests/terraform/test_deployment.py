"""The deployment of `terraform apply` works, with the handlers in local processes.

One apply takes over a minute (the provider waits for buckets and queues to settle), so all tests
share one deployment, and the last test destroys it.
"""

import json
import re
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from botocore.exceptions import ClientError

import photofiles
from deployment import IMAGES, NO_PHOTO, PHOTOS, READY, Deployment, Dogs
from gallery.publish import publish
from gallery.verify.checks import CHECK_NAMES
from internet import Internet
from local.functions import Answer, Function, InProcess
from local.moto_patches import cognitosignin  # noqa: F401  # importing it applies the patch
from local.stack import Stack
from tools.npm import NpmError
from tools.plan import ROOT
from tools.tenants import BUCKETS, Names, Policies, bucket_arn, cases, simulate

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.timeout(900)

PART_BYTES = 5 * 1024 * 1024  # the page uploads a larger file in parts

ORIGINS = ["https://photos.example.com", "http://localhost:5173"]


# Lines of verify. moto has no data plane of API Gateway.
NOT_IN_MOTO = {"API signed", "API unsigned", "API preflight", "aborted backfill"}


class Holding(InProcess):
    """The handlers; with one photo, Extract waits until the test lets it continue."""

    def __init__(self) -> None:
        super().__init__()
        self.name = "held.jpg"
        self.is_waiting = threading.Event()
        self.may_continue = threading.Event()

    def invoke(self, function: Function, payload: bytes) -> Answer:
        if function.step == "extract" and self.name.encode() in payload:
            self.is_waiting.set()
            self.may_continue.wait(60)
        return super().invoke(function, payload)


@pytest.fixture(scope="module")
def functions() -> Holding:
    return Holding()


@pytest.fixture(scope="module")
def deployment(
    functions: Holding, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Deployment]:
    folder = tmp_path_factory.mktemp("deployment")
    with (
        Stack.empty(functions=functions, labeler=Dogs(), wait_scale=0) as stack,
        Deployment.of(stack, folder, images=IMAGES, cors_origins=ORIGINS) as deployment,
    ):
        deployment.apply()
        yield deployment


@pytest.mark.parametrize("photo", READY, ids=lambda photo: photo.name)
def test_a_photo_becomes_ready(deployment: Deployment, photo: Path) -> None:
    record = deployment.process(f"uploads/ada/2016/é + {photo.name}", photo.read_bytes())

    assert record["status"] == "READY"
    assert record["labels_status"] == "READY"
    assert set(record["renditions"]) == {"thumb", "large"}
    derived = deployment.derived("ada")
    for rendition in record["renditions"].values():
        assert derived[rendition["key"]] == rendition["bytes"] > 0
    assert deployment.label_rows("ada") == {"dog", "animal"}


def test_a_row_has_the_metadata_of_its_photo(deployment: Deployment) -> None:
    photo = photofiles.jpeg(
        exif=photofiles.tiff_block([photofiles.text(photofiles.MAKE, "Taco")]),
        width_px=1200,
        height_px=900,
    )

    record = deployment.process("uploads/bea/made.jpg", photo)

    assert (record["status"], record["camera"]["make"]) == ("READY", "Taco")
    assert (record["width_px"], record["height_px"]) == (1200, 900)
    thumb = record["renditions"]["thumb"]
    assert (thumb["width_px"], thumb["height_px"]) == (400, 300)


def test_a_file_that_is_not_a_photo_is_rejected(deployment: Deployment) -> None:
    photo = NO_PHOTO.read_bytes()

    record = deployment.process("uploads/cid/not-a-photo.jpg", photo)

    assert (record["status"], record["reason"]) == ("REJECTED", "UNSUPPORTED_TYPE")
    assert deployment.derived("cid") == {}


@pytest.mark.parametrize(
    "settings",
    [
        {"StorageClass": "DEEP_ARCHIVE"},
        {"SSEKMSKeyId": "theirs", "ServerSideEncryption": "aws:kms"},
    ],
    ids=["archived", "with another KMS key"],
)
@pytest.mark.parametrize("action", ["put_object", "create_multipart_upload"])
def test_an_upload_that_no_function_could_read_is_refused(
    deployment: Deployment, action: str, settings: dict[str, str]
) -> None:
    place = {"Bucket": deployment.stack.photos_bucket, "Key": "uploads/cid/unreadable.jpg"}

    with pytest.raises(ClientError, match="403"):
        getattr(deployment.stack.s3, action)(**place, **settings)


def test_a_deleted_photo_leaves_only_its_tombstone(deployment: Deployment) -> None:
    key, stack = "uploads/dan/deleted.jpg", deployment.stack
    deployment.process(key, READY[0].read_bytes())
    assert deployment.derived("dan")

    marker = stack.s3.delete_object(Bucket=stack.photos_bucket, Key=key)["VersionId"]
    stack.wait_for(key, marker)

    assert deployment.record(key)["status"] == "DELETED"
    assert deployment.derived("dan") == {}
    assert deployment.label_rows("dan") == set()


def test_a_user_signs_in_and_uploads_within_the_security_policy_of_the_page(
    deployment: Deployment, dist: Path, browser: "Browser", tmp_path: Path
) -> None:
    stack, outputs = deployment.stack, deployment.outputs()
    deployment.run(
        sys.executable,
        "-m",
        "gallery",
        "publish",
        f"--deployment={deployment.folder}",
        f"--dist={dist}",
    )
    temporary, chosen = "Once-and-n0-more", "What-I-ch00se-myself"
    stack.client("cognito-idp").admin_create_user(
        UserPoolId=outputs["user_pool_id"],
        Username="gus@example.com",
        TemporaryPassword=temporary,
        UserAttributes=[{"Name": "email", "Value": "gus@example.com"}],
    )
    internet = Internet(stack, f"{outputs['site_url']}/")
    page_errors: list[str] = []

    def record(message: str) -> None:
        page_errors.append(message)

    with browser.new_context(locale="en-GB") as context:
        internet.attach(context)
        page = context.new_page()
        page.on("pageerror", lambda error: record(str(error)))
        page.on("console", lambda line: record(line.text) if line.type == "error" else None)
        page.goto(internet.url)
        page.get_by_label("User name or email").fill("gus@example.com")
        page.get_by_label("Password").fill(temporary)
        page.get_by_role("button", name="Sign in").click()
        page.get_by_label("Choose a new password").fill(chosen)
        page.get_by_role("button", name="Sign in").click()
        page.get_by_role("button", name="Add photos").click()
        in_parts = tmp_path / "in parts.jpg"  # bytes after the end of a JPEG are ignored
        in_parts.write_bytes(READY[0].read_bytes() + bytes(PART_BYTES))
        files = page.get_by_label("Files", exact=True)
        files.set_input_files([PHOTOS / "rocket.jpg", in_parts])
        page.get_by_text("2 of 2 photos ready").wait_for()
        page.get_by_role("main").locator(".thumb.loaded").nth(1).wait_for()
        assert page_errors == []
        stranger = "https://elsewhere.example/"
        assert page.evaluate("url => fetch(url).catch(() => 'refused')", stranger) == "refused"

    assert "elsewhere.example" not in internet.hosts  # the policy blocks the request in the browser
    assert {host.partition(".")[0] for host in internet.hosts} >= {
        "cognito-identity",
        "cognito-idp",
        "dynamodb",
        stack.derived_bucket,
        stack.photos_bucket,
    }


def test_the_distribution_of_shares_serves_their_page_and_their_files(
    deployment: Deployment, dist: Path
) -> None:
    stack, outputs = deployment.stack, deployment.outputs()
    publish(stack.s3, outputs["site_bucket"], dist, now=datetime.now(UTC))
    key = "shares/7/ada/9QyX3bZ0Yk2m7Tn4Jc1e5w/share.json"
    bucket = outputs["shares_bucket"]
    stack.s3.put_object(Bucket=bucket, Key=key, Body=b"<script>", ContentType="text/html")
    shares = Internet(stack, outputs["shares_url"])

    page, file, missing = (shares.page(path) for path in ("/", f"/{key}", f"/{key}x"))

    assert page["body"] == (dist / "share.html").read_bytes()
    assert "script-src 'self';" in page["headers"]["Content-Security-Policy"]
    assert file["body"] == b"<script>"
    configured = json.loads((ROOT / "workflow/shares.json").read_text())["headers"]
    assert {name: file["headers"][name] for name in configured} == configured
    assert missing["status"] == 404
    assert b"script" not in Internet(stack, outputs["site_url"]).page(f"/{key}")["body"]


def test_the_applied_policies_keep_tenants_apart_as_the_planned_ones(
    deployment: Deployment,
) -> None:
    outputs, client = deployment.outputs(), deployment.stack.client
    distributions = {
        f"https://{one['DomainName']}": one["ARN"]
        for one in client("cloudfront").list_distributions()["DistributionList"]["Items"]
    }
    names = Names(
        api=outputs["executions_url"].removeprefix("https://").partition(".")[0],
        distribution=distributions[outputs["site_url"]],
        identity_pool=outputs["identity_pool_id"],
        shares_distribution=distributions[outputs["shares_url"]],
    )
    iam, role = client("iam"), "gallery-client-us-east-1"
    policies = Policies(
        client=[
            iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
            for name in iam.list_role_policies(RoleName=role)["PolicyNames"]
        ],
        trust=iam.get_role(RoleName=role)["Role"]["AssumeRolePolicyDocument"],
        buckets={
            kind: json.loads(client("s3").get_bucket_policy(Bucket=arn.split(":")[-1])["Policy"])
            for kind in BUCKETS
            for arn in [bucket_arn(kind)]
        },
    )
    tried = cases(names)

    try:
        verdicts = simulate(tried, policies)
    except NpmError as error:
        pytest.skip(f"nothing is simulated: {error}")

    assert [case for case, got in zip(tried, verdicts, strict=True) if got != case.allowed] == []


def test_verify_finds_every_line_as_expected(deployment: Deployment) -> None:
    command = [sys.executable, "-m", "gallery", "verify", f"--deployment={deployment.folder}"]

    done = deployment.run(*command, "--json", "--settle-seconds=0")

    lines = {line["name"]: line for line in json.loads(done.stdout)["lines"]}
    by_outcome: dict[str, set[str]] = {}
    for name, line in lines.items():
        by_outcome.setdefault(line["outcome"], set()).add(name)
    assert lines.keys() == {*CHECK_NAMES, "cleanup"}
    assert by_outcome.get("differs", set()) == set(), done.stdout
    assert by_outcome["not tried"] == NOT_IN_MOTO, done.stdout


def test_a_path_without_a_file_returns_the_page_404(deployment: Deployment, dist: Path) -> None:
    bucket = deployment.outputs()["site_bucket"]
    publish(deployment.stack.s3, bucket, dist, now=datetime.now(UTC))

    outputs = deployment.outputs()
    answer = Internet(deployment.stack, outputs["site_url"]).page("/no/such/file")

    assert answer["status"] == 404
    assert b"nothing here" in answer["body"]
    assert "default-src 'none'" in answer["headers"]["Content-Security-Policy"]


def test_the_pages_settings_have_no_tags_since_an_object_can_have_only_ten(
    deployment: Deployment,
) -> None:
    bucket = deployment.outputs()["site_bucket"]

    tags = deployment.stack.s3.get_object_tagging(Bucket=bucket, Key="config.json")["TagSet"]

    assert tags == []


def test_a_stopped_execution_leaves_a_dead_letter_message(
    deployment: Deployment, functions: Holding
) -> None:
    stack = deployment.stack
    stack.wait_until_idle()
    assert deployment.dead_letters() == []
    key = f"uploads/eve/{functions.name}"
    version_id = stack.upload(key, READY[0].read_bytes())
    assert functions.is_waiting.wait(60)

    [running] = stack.stepfunctions.list_executions(
        stateMachineArn=stack.state_machine_arn, statusFilter="RUNNING"
    )["executions"]
    stack.stepfunctions.stop_execution(executionArn=running["executionArn"])
    functions.may_continue.set()

    assert stack.wait_for(key, version_id).status == "ABORTED"
    [message] = deployment.dead_letters()
    assert message["execution_arn"] == running["executionArn"]
    assert message["failure"] == {"name": "ABORTED"}


def test_a_second_plan_changes_nothing(deployment: Deployment) -> None:
    assert deployment.changes() == ""


def test_a_state_from_before_the_module_is_moved(deployment: Deployment) -> None:
    """Release 0.1.0 had everything at the top, and nothing was optional."""
    state = deployment.folder / "terraform.tfstate"
    now = state.read_text()
    before = json.loads(now)
    # Data is read again by each plan, and both folders have the same.
    before["resources"] = [one for one in before["resources"] if one["mode"] == "managed"]
    for one in before["resources"]:
        one["module"] = re.sub(r"(client|photos|site)\[0\]", r"\1", one["module"])
        one["module"] = one["module"].removeprefix("module.gallery").removeprefix(".")
        for instance in one["instances"]:
            instance.pop("dependencies", None)
            if one["module"] == "module.observability" and instance.get("index_key") == 0:
                del instance["index_key"]
    state.write_text(json.dumps(before))

    try:
        deployment.terraform("plan", "-input=false", "-refresh=false", "-out=moved.tfplan")
        plan = json.loads(deployment.terraform("show", "-json", "moved.tfplan").stdout)
    finally:
        state.write_text(now)

    changed = [
        change["address"]
        for change in plan["resource_changes"]
        if change["change"]["actions"] != ["no-op"]
    ]
    moved = [one for one in plan["resource_changes"] if "previous_address" in one]
    assert changed == []
    assert len(moved) > 100


def test_destroy_keeps_photos_until_keep_photos_is_false(deployment: Deployment) -> None:
    deployment.process("uploads/fay/kept.jpg", READY[0].read_bytes())
    before = deployment.remaining()
    assert all(before.values()), before

    refused = deployment.make("destroy")

    assert refused.returncode != 0
    assert "make destroy KEEP_PHOTOS=false" in refused.stderr
    assert deployment.remaining() == before

    refused = deployment.terraform("destroy", "-auto-approve", "-input=false", status=(1,))

    assert "keep_photos is true" in refused.stdout + refused.stderr
    assert deployment.remaining() == before
    assert "Resources: 0 added, 0 changed, 0 destroyed." in deployment.apply()

    destroyed = deployment.make("destroy", "KEEP_PHOTOS=false")

    assert destroyed.returncode == 0, destroyed.stderr
    assert not any(deployment.remaining().values()), deployment.remaining()
