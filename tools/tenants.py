"""Write docs/tenants.md: the requests that a signed-in user may send, by an IAM simulator.

python -m tools.tenants            writes the page
python -m tools.tenants --check    exits with 1 if the page is stale

The policies come from Terraform's plan. IDs that AWS assigns (of the API, the identity pool and the
distribution) are replaced by names. The simulator is @cloud-copilot/iam-simulate from npm: it knows
all actions with their resources and conditions.
"""

import json
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from local.clients import ACCOUNT, REGION
from tools.npm import NpmError, install
from tools.permissions import UNKNOWN, Statement, resource_policies, roles
from tools.plan import ROOT, Plan, make_plan

PAGE: Final = ROOT / "docs" / "tenants.md"

ALLOWED: Final = "Allowed"

ADA: Final = f"{REGION}:aaaaaaaa-0000-4000-8000-000000000001"
BOB: Final = f"{REGION}:bbbbbbbb-0000-4000-8000-000000000002"
CALLER: Final = "${cognito-identity.amazonaws.com:sub}"  # a policy variable of IAM
STORAGE_CLASS: Final = "s3:x-amz-storage-class"
CUSTOMER_KEY: Final = "s3:x-amz-server-side-encryption-customer-algorithm"
KMS_KEY: Final = "s3:x-amz-server-side-encryption-aws-kms-key-id"
OTHER_KMS_KEY: Final = f"arn:aws:kms:{REGION}:210987654321:key/OTHER"
STATES: Final = f"arn:aws:states:{REGION}:{ACCOUNT}"
TABLE: Final = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/gallery"
BUCKETS: Final[Mapping[str, str]] = {  # the addresses of their modules
    "derived": "module.derived",
    "logs": "module.logs",
    "photos": "module.photos[0]",  # none, if a bucket is adopted
    "shares": "module.shares[0].module.bucket",
    "site": "module.site[0].module.bucket",
}
SHARE_DAYS: Final = (1, 7, 30, 90)
READABLE_INDEXES: Final = ("by_album", "by_content", "by_time")

Context = Mapping[str, str | list[str]]
Policy = dict[str, Any]


@dataclass(frozen=True)
class Names:
    """Replacements for IDs that AWS assigns."""

    api: str = "API"
    distribution: str = f"arn:aws:cloudfront::{ACCOUNT}:distribution/DISTRIBUTION"
    identity_pool: str = f"{REGION}:POOL"
    shares_distribution: str = f"arn:aws:cloudfront::{ACCOUNT}:distribution/SHARES"

    @property
    def api_arn(self) -> str:
        """The ARN of the API in IAM policies."""
        return f"arn:aws:execute-api:{REGION}:{ACCOUNT}:{self.api}"


@dataclass(frozen=True)
class Policies:
    """The policies that decide about a client's requests."""

    client: list[Policy]  # of the role
    trust: Policy  # of the role
    buckets: Mapping[str, Policy]  # by BUCKETS


@dataclass(frozen=True)
class Case:
    """A request, and the decision that is expected."""

    who: str
    what: str
    action: str
    resource: str  # its ARN
    context: Context
    allowed: bool


def may(who: str, what: str, action: str, resource: str, context: Context | None = None) -> Case:
    """Return a request that IAM must allow."""
    return Case(who, what, action, resource, context or {}, allowed=True)


def may_not(
    who: str, what: str, action: str, resource: str, context: Context | None = None
) -> Case:
    """Return a request that IAM must deny."""
    return Case(who, what, action, resource, context or {}, allowed=False)


def planned(plan: Plan, names: Names) -> Policies:
    """Return the policies of a plan, with `names` in place of unknown values."""
    [client] = (role for role in roles(plan) if role.name == f"gallery-client-{REGION}")
    of_buckets = {policy.address: policy.statements for policy in resource_policies(plan)}
    distributions = {
        "shares": [names.shares_distribution],
        "site": [names.distribution, names.shares_distribution],
    }
    return Policies(
        client=[_policy(client.statements, names)],
        trust=_policy(client.trust, names),
        buckets={
            kind: _policy(
                of_buckets[f"{address}.aws_s3_bucket_policy.this"],
                names,
                distributions.get(kind, []),
            )
            for kind, address in BUCKETS.items()
            if kind != "photos" or f"{address}.aws_s3_bucket_policy.this" in of_buckets
        },
    )


def _policy(
    statements: Iterable[Statement], names: Names, distributions: Sequence[str] = ()
) -> Policy:
    """Convert statements to a policy in IAM's JSON.

    Args:
        statements: of the policy.
        names: replacements for unknown values.
        distributions: the values of aws:SourceArn, of which each is unknown.
    """
    known = {
        "aws:SourceArn": distributions,
        "cognito-identity.amazonaws.com:aud": [names.identity_pool],
    }
    methods = iter(("GET/executions/*", "POST/edits"))  # in the order of the statements
    written = []
    for statement in statements:
        conditions: dict[str, dict[str, list[str]]] = {}
        for operator, key, values in statement.conditions:
            unknown = iter(known.get(key, []))
            conditions.setdefault(operator, {})[key] = [
                next(unknown) if value == UNKNOWN else value for value in values
            ]
        one: Policy = {"Effect": statement.effect, "Action": list(statement.actions)}
        if statement.principals:
            everybody = any(name == "*" for _, name in statement.principals)
            one["Principal"] = "*" if everybody else dict(statement.principals)
        if statement.resources:
            one["Resource"] = [
                f"{names.api_arn}/v1/{next(methods)}" if name == UNKNOWN else name
                for name in statement.resources
            ]
        written.append({**one, **({"Condition": conditions} if conditions else {})})
    return {"Version": "2012-10-17", "Statement": written}


def bucket_arn(kind: str, key: str = "") -> str:
    """Return the ARN of a bucket or, with a key, of an object in it."""
    return f"arn:aws:s3:::gallery-{kind}-{ACCOUNT}-{REGION}" + (f"/{key}" if key else "")


def _own() -> Iterable[Case]:
    photo = bucket_arn("photos", f"uploads/{ADA}/2016/taco.jpg")
    for what, action in {
        "uploads a photo, also in parts": "s3:PutObject",
        "lists uploaded parts": "s3:ListMultipartUploadParts",
        "aborts a multipart upload": "s3:AbortMultipartUpload",
        "downloads an original": "s3:GetObject",
        "deletes a photo": "s3:DeleteObject",
        "restores a photo, or deletes it for good": "s3:DeleteObjectVersion",
    }.items():
        yield may("Ada", what, action, photo)
    versions: Context = {"s3:prefix": f"uploads/{ADA}/2016/taco.jpg"}
    listed = bucket_arn("photos")
    yield may("Ada", "lists the versions of a photo", "s3:ListBucketVersions", listed, versions)
    standard: Context = {STORAGE_CLASS: "STANDARD"}
    yield may("Ada", "uploads a photo in the class STANDARD", "s3:PutObject", photo, standard)
    strange = bucket_arn("photos", f"uploads/{ADA}/é + %2F/../b.jpg")
    yield may("Ada", "uploads with special characters in the name", "s3:PutObject", strange)
    thumb = bucket_arn("derived", f"{ADA}/0a1b/2c3d/thumb.webp")
    yield may("Ada", "reads a rendition", "s3:GetObject", thumb)
    mine: Context = {"dynamodb:LeadingKeys": [ADA]}
    yield may("Ada", "reads a record", "dynamodb:GetItem", TABLE, mine)
    for resource in (TABLE, *(f"{TABLE}/index/{index}" for index in READABLE_INDEXES)):
        yield may("Ada", "queries her records", "dynamodb:Query", resource, mine)


def _unreadable() -> Iterable[Case]:
    """Yield uploads that no function could read, and settings of an upload that no user may set."""
    photo = bucket_arn("photos", f"uploads/{ADA}/2016/taco.jpg")
    contexts: dict[str, list[Context]] = {
        "uploads a photo in another storage class": [
            {STORAGE_CLASS: name}
            for name in (
                *("DEEP_ARCHIVE", "GLACIER", "GLACIER_IR", "INTELLIGENT_TIERING"),
                *("ONEZONE_IA", "REDUCED_REDUNDANCY", "STANDARD_IA"),
            )
        ],
        "uploads a photo encrypted with a customer key": [{CUSTOMER_KEY: "AES256"}],
        "uploads a photo encrypted with another KMS key": [{KMS_KEY: OTHER_KMS_KEY}],
    }
    for what, tried in contexts.items():
        for context in tried:
            yield may_not("Ada", what, "s3:PutObject", photo, context)
        yield may_not("Operator", what, "s3:PutObject", photo, tried[0])
    yield may("Operator", "uploads a photo", "s3:PutObject", photo)
    for action in (
        "s3:BypassGovernanceRetention",
        "s3:PutObjectLegalHold",
        "s3:PutObjectRetention",
        "s3:PutObjectVersionTagging",
    ):
        yield may_not("Ada", "uses the action on her photo", action, photo)


def _of_others() -> Iterable[Case]:
    theirs = bucket_arn("photos", f"uploads/{BOB}/2016/taco.jpg")
    for action in (
        "s3:PutObject",
        "s3:GetObject",
        "s3:DeleteObject",
        "s3:DeleteObjectVersion",
        "s3:GetObjectVersion",
        "s3:ListMultipartUploadParts",
        "s3:AbortMultipartUpload",
    ):
        yield may_not("Ada", "uses the action on Bob's photo", action, theirs)
    prefixes: dict[str, Context] = {
        "Bob's": {"s3:prefix": f"uploads/{BOB}/2016/taco.jpg"},
        "all prefixes": {},
        "all photos": {"s3:prefix": "uploads/"},
        "a longer name": {"s3:prefix": f"uploads/{ADA}x/a.jpg"},
        "her name without a slash": {"s3:prefix": f"uploads/{ADA}"},
        "a shorter name": {"s3:prefix": f"uploads/{ADA[:-1]}/a.jpg"},
    }
    for what, context in prefixes.items():
        action = "s3:ListBucketVersions"
        yield may_not("Ada", f"lists versions: {what}", action, bucket_arn("photos"), context)
    near_misses = {
        "a longer name": f"uploads/{ADA}x/a.jpg",
        "her name without a slash": f"uploads/{ADA}",
        "a shorter name": f"uploads/{ADA[:-1]}/a.jpg",
        "her name in capitals": f"uploads/{ADA.upper()}/a.jpg",
        "her name in a subfolder": f"uploads/{BOB}/{ADA}/a.jpg",
        "another prefix": f"Uploads/{ADA}/a.jpg",
        "no prefix": f"{ADA}/a.jpg",
        "an empty folder before her name": f"uploads//{ADA}/a.jpg",
        "no owner": "uploads/a.jpg",
    }
    for what, key in near_misses.items():
        yield may_not("Ada", f"uploads: {what}", "s3:PutObject", bucket_arn("photos", key))
    for what, key in {
        "Bob's": f"{BOB}/0a1b/2c3d/thumb.webp",
        "a longer name": f"{ADA}x/0a1b/2c3d/thumb.webp",
        "a shorter name": f"{ADA[:-1]}/thumb.webp",
    }.items():
        yield may_not(
            "Ada", f"reads a rendition: {what}", "s3:GetObject", bucket_arn("derived", key)
        )
    keys: dict[str, Context] = {
        "Bob's": {"dynamodb:LeadingKeys": [BOB]},
        "hers and Bob's": {"dynamodb:LeadingKeys": [ADA, BOB]},
        "no key": {},
        "a longer name": {"dynamodb:LeadingKeys": [f"{ADA}x"]},
        "rows without an owner": {"dynamodb:LeadingKeys": ["/"]},
    }
    for what, context in keys.items():
        yield may_not("Ada", f"queries records: {what}", "dynamodb:Query", TABLE, context)
        yield may_not("Ada", f"reads a record: {what}", "dynamodb:GetItem", TABLE, context)
        for index in READABLE_INDEXES:
            resource = f"{TABLE}/index/{index}"
            yield may_not("Ada", f"queries records: {what}", "dynamodb:Query", resource, context)


def _share(owner: str, days: int = 7) -> str:
    return bucket_arn("shares", f"shares/{days}/{owner}/9QyX3bZ0Yk2m7Tn4Jc1e5w/share.json")


def _shares() -> Iterable[Case]:
    """Yield requests for what users share with people without an account."""
    shares = bucket_arn("shares")
    actions = ("s3:DeleteObject", "s3:GetObject", "s3:PutObject")
    for days in SHARE_DAYS:
        for action in actions:
            yield may("Ada", "uses the action on her share", action, _share(ADA, days))
            yield may_not("Ada", "uses the action on Bob's share", action, _share(BOB, days))
        hers: Context = {"s3:prefix": f"shares/{days}/{ADA}/"}
        theirs: Context = {"s3:prefix": f"shares/{days}/{BOB}/"}
        yield may("Ada", "lists her shares", "s3:ListBucket", shares, hers)
        yield may_not("Ada", "lists Bob's shares", "s3:ListBucket", shares, theirs)
    for what, prefix in {
        "all shares": "",
        "all shares of a period": "shares/7/",
        "shares of a longer name": f"shares/7/{ADA}x/",
        "shares of names that begin as hers": f"shares/7/{ADA}",
    }.items():
        yield may_not("Ada", f"lists {what}", "s3:ListBucket", shares, {"s3:prefix": prefix})
    yield may_not("Ada", "lists without a prefix", "s3:ListBucket", shares)
    for what, key in {
        "a period without a lifecycle rule": f"shares/365/{ADA}/x/share.json",
        "no period": f"shares/{ADA}/x/share.json",
        "a longer name": f"shares/7/{ADA}x/x/share.json",
        "her name in a subfolder": f"shares/7/{BOB}/{ADA}/share.json",
        "a file of the page": "share.html",
    }.items():
        yield may_not("Ada", f"shares: {what}", "s3:PutObject", bucket_arn("shares", key))
    for refused in (
        {STORAGE_CLASS: "DEEP_ARCHIVE"},
        {CUSTOMER_KEY: "AES256"},
        {KMS_KEY: OTHER_KMS_KEY},
    ):
        context: Context = dict(refused)
        yield may_not("Ada", "shares with another setting", "s3:PutObject", _share(ADA), context)
    for action in ("s3:GetObjectVersion", "s3:PutObjectAcl", "s3:PutObjectTagging"):
        yield may_not("Ada", "uses the action on her share", action, _share(ADA))
    for action in ("s3:PutBucketPolicy", "s3:PutLifecycleConfiguration"):
        yield may_not("Ada", "uses the action on the bucket of shares", action, shares)


def _shares_by_others(names: Names) -> Iterable[Case]:
    ours: Context = {"aws:SourceArn": names.shares_distribution}
    gallery: Context = {"aws:SourceArn": names.distribution}
    share, read = _share(ADA), "s3:GetObject"
    yield may("CloudFront", "reads a share for the distribution of shares", read, share, ours)
    yield may_not("CloudFront", "reads a share for the gallery's", read, share, gallery)
    yield may_not(
        "CloudFront", "reads another file of the bucket", read, bucket_arn("shares", "x"), ours
    )
    lists = "lists for the distribution of shares"
    yield may_not("CloudFront", lists, "s3:ListBucket", bucket_arn("shares"), ours)
    for kind, key in {"photos": f"uploads/{ADA}/a.jpg", "derived": f"{ADA}/0a1b/a.webp"}.items():
        resource = bucket_arn(kind, key)
        yield may_not("CloudFront", "reads for the distribution of shares", read, resource, ours)
    page = bucket_arn("site", "share.html")
    yield may("CloudFront", "reads the page for the distribution of shares", read, page, ours)
    for action in (read, "s3:PutObject", "s3:DeleteObject"):
        yield may_not("Nobody", "uses the action without a signature", action, share)
    plain: Context = {"aws:SecureTransport": "false"}
    yield may_not("Ada", "shares without TLS", "s3:PutObject", share, plain)


def _beyond() -> Iterable[Case]:
    """Yield actions on a user's own objects that no user may do."""
    photo = bucket_arn("photos", f"uploads/{ADA}/2016/taco.jpg")
    for action in (
        "s3:GetObjectVersion",
        "s3:PutObjectAcl",
        "s3:PutObjectTagging",
        "s3:RestoreObject",
    ):
        yield may_not("Ada", "uses the action on her photo", action, photo)
    thumb = bucket_arn("derived", f"{ADA}/0a1b/2c3d/thumb.webp")
    for action in ("s3:DeleteObject", "s3:PutObject"):
        yield may_not("Ada", "uses the action on her rendition", action, thumb)
    for kind in ("photos", "derived"):
        hers: Context = {"s3:prefix": f"uploads/{ADA}/" if kind == "photos" else f"{ADA}/"}
        yield may_not("Ada", "lists her own prefix", "s3:ListBucket", bucket_arn(kind), hers)
    for action in (
        "s3:DeleteBucket",
        "s3:GetBucketPolicy",
        "s3:ListBucketMultipartUploads",
        "s3:PutBucketNotification",
        "s3:PutBucketPolicy",
    ):
        yield may_not("Ada", "uses the action on the bucket", action, bucket_arn("photos"))
    yield may_not("Ada", "reads the access log", "s3:GetObject", bucket_arn("logs", "photos/log"))
    for action in ("s3:GetObject", "s3:PutObject"):
        page = bucket_arn("site", "index.html")
        yield may_not("Ada", "uses the action on the page", action, page)


def _beyond_storage() -> Iterable[Case]:
    """Yield actions on the table, and on the services behind it, that no user may do."""
    mine: Context = {"dynamodb:LeadingKeys": [ADA]}
    for action in (
        "dynamodb:BatchGetItem",
        "dynamodb:BatchWriteItem",
        "dynamodb:DeleteItem",
        "dynamodb:PartiQLSelect",
        "dynamodb:PutItem",
        "dynamodb:UpdateItem",
    ):
        yield may_not("Ada", "uses the action on her record", action, TABLE, mine)
    processing = f"{TABLE}/index/processing"
    yield may_not("Ada", "queries her records", "dynamodb:Query", processing, mine)
    yield may_not("Ada", "queries another table", "dynamodb:Query", f"{TABLE}2", mine)
    for action in ("dynamodb:DeleteTable", "dynamodb:DescribeTable", "dynamodb:Scan"):
        yield may_not("Ada", "uses the action on the table", action, TABLE)
    execution = f"{STATES}:execution:gallery:NAME"
    for action in (
        "states:DescribeExecution",
        "states:GetExecutionHistory",
        "states:StopExecution",
    ):
        yield may_not("Ada", "calls Step Functions directly", action, execution)
    for action in ("states:ListExecutions", "states:StartExecution"):
        machine = f"{STATES}:stateMachine:gallery"
        yield may_not("Ada", "calls Step Functions directly", action, machine)
    for action in ("states:StartExecution", "states:StartSyncExecution"):
        machine = f"{STATES}:stateMachine:gallery-edit"
        yield may_not("Ada", "edits without the API, as any owner", action, machine)
    place = f"{REGION}:{ACCOUNT}"
    for action, resource in {
        "cognito-idp:ListUsers": f"arn:aws:cognito-idp:{place}:userpool/{REGION}_USERS",
        "iam:PassRole": f"arn:aws:iam::{ACCOUNT}:role/gallery-workflow-{REGION}",
        "lambda:InvokeFunction": f"arn:aws:lambda:{place}:function:gallery-extract",
        "sqs:ReceiveMessage": f"arn:aws:sqs:{place}:gallery-dead-letters",
        "sts:AssumeRole": f"arn:aws:iam::{ACCOUNT}:role/gallery-workflow-{REGION}",
    }.items():
        yield may_not("Ada", "uses a resource of the backend", action, resource)


def _by_the_api(names: Names) -> Iterable[Case]:
    stage = f"{names.api_arn}/v1"
    invoke, execution = "execute-api:Invoke", f"{stage}/GET/executions/NAME"
    yield may("Ada", "reads the status of any execution", invoke, execution)
    yield may("Ada", "edits a photo of hers", invoke, f"{stage}/POST/edits")
    for what, resource in {
        "sends POST": f"{stage}/POST/executions/NAME",
        "sends DELETE": f"{stage}/DELETE/executions/NAME",
        "sends DELETE for an edit": f"{stage}/DELETE/edits",
        "reads edits": f"{stage}/GET/edits",
        "requests a path below edits": f"{stage}/POST/edits/BOB",
        "requests another path": f"{stage}/GET/photos",
        "requests another stage": f"{names.api_arn}/test/GET/executions/NAME",
        "requests another API": f"{names.api_arn}x/v1/GET/executions/NAME",
    }.items():
        yield may_not("Ada", what, invoke, resource)


def _others(names: Names) -> Iterable[Case]:
    """Yield requests that a bucket policy or the trust policy of the role decides."""
    own = bucket_arn("photos", f"uploads/{ADA}/2016/taco.jpg")
    plain: Context = {"aws:SecureTransport": "false"}
    for action in ("s3:GetObject", "s3:PutObject"):
        yield may_not("Ada", "uses the action without TLS", action, own, plain)
    files = {
        "photos": f"uploads/{ADA}/2016/taco.jpg",
        "derived": f"{ADA}/0a1b/2c3d/thumb.webp",
        "site": "index.html",
    }
    ours: Context = {"aws:SourceArn": names.distribution}
    for kind, key in files.items():
        resource = bucket_arn(kind, key)
        yield may_not("Nobody", "reads without a signature", "s3:GetObject", resource)
        verdict = may if kind == "site" else may_not
        yield verdict(
            "CloudFront", "reads for the gallery's distribution", "s3:GetObject", resource, ours
        )
    page = bucket_arn("site", "index.html")
    theirs: Context = {"aws:SourceArn": f"{names.distribution}X"}
    yield may_not("CloudFront", "reads for another distribution", "s3:GetObject", page, theirs)
    yield may_not("CloudFront", "reads for no named distribution", "s3:GetObject", page)
    insecure: Context = {**ours, **plain}
    yield may_not("CloudFront", "reads without TLS", "s3:GetObject", page, insecure)
    yield may_not("CloudFront", "writes for the gallery's distribution", "s3:PutObject", page, ours)
    yield may_not(
        "CloudFront",
        "lists for the gallery's distribution",
        "s3:ListBucket",
        bucket_arn("site"),
        ours,
    )
    role = f"arn:aws:iam::{ACCOUNT}:role/gallery-client-{REGION}"
    aud, amr = (f"cognito-identity.amazonaws.com:{key}" for key in ("aud", "amr"))
    for what, verdict, pool, kind in (
        ("assumes the role: signed in", may, names.identity_pool, "authenticated"),
        ("assumes the role: a guest", may_not, names.identity_pool, "unauthenticated"),
        ("assumes the role: from elsewhere", may_not, f"{names.identity_pool}X", "authenticated"),
    ):
        context: Context = {aud: pool, amr: [kind]}
        yield verdict("Cognito", what, "sts:AssumeRoleWithWebIdentity", role, context)


def cases(names: Names) -> list[Case]:
    """Return all requests to simulate."""
    groups = (
        _own(),
        _by_the_api(names),
        _unreadable(),
        _of_others(),
        _shares(),
        _shares_by_others(names),
        _beyond(),
        _beyond_storage(),
        _others(names),
    )
    return [case for group in groups for case in group]


_PRINCIPALS: Final[Mapping[str, object]] = {
    "Ada": (
        f"arn:aws:sts::{ACCOUNT}:assumed-role/gallery-client-{REGION}/CognitoIdentityCredentials"
    ),
    "CloudFront": "cloudfront.amazonaws.com",
    "Cognito": "cognito-identity.amazonaws.com",
    "Nobody": {"type": "Anonymous"},
    "Operator": f"arn:aws:sts::{ACCOUNT}:assumed-role/operator/session",
}


_ADMINISTRATOR: Final[Policy] = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}],
}


def simulation(case: Case, policies: Policies) -> dict[str, object]:
    """Return the simulator's input for a case."""
    service = case.resource.split(":")[2]
    context: dict[str, str | list[str]] = {"aws:SecureTransport": "true"} if service == "s3" else {}
    resource_policy = None
    if service == "s3":
        kind = case.resource.split(":")[5].split("-")[1]
        resource_policy = policies.buckets.get(kind)
    elif case.who == "Cognito":
        resource_policy = policies.trust
    # IAM replaces the policy variable by the identity; the simulator does not.
    client = json.loads(json.dumps(policies.client).replace(CALLER, ADA))
    identities = {"Ada": client, "Operator": [_ADMINISTRATOR]}
    return {
        "request": {
            "principal": _PRINCIPALS[case.who],
            "action": case.action,
            "resource": {"resource": case.resource, "accountId": ACCOUNT},
            "contextVariables": {**context, **case.context},
        },
        "identityPolicies": [
            {"name": str(number), "policy": policy}
            for number, policy in enumerate(identities.get(case.who, []))
        ],
        "resourcePolicy": resource_policy,
        "serviceControlPolicies": [],
        "resourceControlPolicies": [],
    }


def simulate(tried: Sequence[Case], policies: Policies) -> list[bool]:
    """Return for each case whether AWS would allow the request.

    Raises:
        NpmError: npm is not installed, or cannot install the simulator.
        RuntimeError: the simulator refuses a case or a policy; the message is the simulator's.
    """
    program = install("iam-simulator") / "simulate.mjs"
    done = subprocess.run(  # noqa: S603  # our own program
        ["node", program],  # noqa: S607  # whichever node there is
        input=json.dumps([simulation(case, policies) for case in tried]),
        check=False,
        capture_output=True,
        text=True,
    )
    if done.returncode != 0:
        raise RuntimeError(done.stderr.strip())
    return [verdict == ALLOWED for verdict in json.loads(done.stdout)]


def page(tried: Sequence[Case], verdicts: Sequence[bool]) -> str:
    """Return docs/tenants.md."""
    allowed = sum(verdicts)
    rows = [
        f"| {case.who} | {case.what} | `{case.action}` | `{_short(case.resource)}`"
        f" | {_context(case)} | {'**allowed**' if verdict else 'denied'} |"
        for case, verdict in zip(tried, verdicts, strict=True)
    ]
    parts = [
        "# Tenants\n",
        "<!-- Made by `make docs` from the plan of terraform/; do not edit. -->\n",
        "The requests that a signed-in user can send, by an IAM simulator,",
        "[`@cloud-copilot/iam-simulate`](https://github.com/cloud-copilot/iam-simulate), with the",
        f"policies that Terraform plans: {len(verdicts)} requests, of which {allowed} are allowed.",
        "`ADA` is the identity of the caller, `BOB` another identity. `Operator` is a role that",
        "may do everything that no bucket policy denies. The policies are in",
        "[permissions](permissions.md).\n",
        "IAM does not decide whose photo is edited: API Gateway names the caller as the owner.",
        "[test_api.py](../tests/local/test_api.py) tries forged owners, photos of others and",
        "attributes that may not be edited.\n",
        "| who | does what | action | resource | condition keys | decision |",
        "|---|---|---|---|---|---|",
        *rows,
        "",
    ]
    return "\n".join(parts)


def _short(text: str) -> str:
    for long, short in {
        ADA.upper(): "ADA in capitals",
        ADA: "ADA",
        BOB: "BOB",
        ADA[:-1]: "AD",
    }.items():
        text = text.replace(long, short)
    return text.replace(ACCOUNT, "ACCOUNT").replace(REGION, "REGION")


def _context(case: Case) -> str:
    given = {
        key: [values] if isinstance(values, str) else values for key, values in case.context.items()
    }
    return " and ".join(
        f"`{key}` {' and '.join(f'`{_short(value)}`' for value in values)}"
        for key, values in given.items()
    )


def main() -> int:
    """Write or check the page."""
    names = Names()
    tried = cases(names)
    try:
        verdicts = simulate(tried, planned(make_plan(), names))
    except NpmError as error:
        sys.exit(f"{PAGE.relative_to(ROOT)} is left as it was: {error}")
    made = page(tried, verdicts)
    stale = not PAGE.exists() or PAGE.read_text() != made
    if stale and "--check" in sys.argv[1:]:
        sys.exit(f"stale, run `make docs`: {PAGE.relative_to(ROOT)}")
    if stale:
        Path(PAGE).write_text(made)
        print(f"written: {PAGE.relative_to(ROOT)}")  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())
