"""In an IAM simulator, users reach only their own objects and rows."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tools.npm import NpmError
from tools.permissions import KEY
from tools.tenants import (
    ADA,
    BOB,
    CALLER,
    CUSTOMER_KEY,
    KMS_KEY,
    OTHER_KMS_KEY,
    PAGE,
    STORAGE_CLASS,
    Case,
    Names,
    Policies,
    bucket_arn,
    cases,
    may,
    page,
    planned,
    simulate,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from tools.plan import Plan

NAMES = Names()
CASES = cases(NAMES)


@pytest.fixture(scope="module")
def policies(plan: Plan) -> Policies:
    return planned(plan, NAMES)


@pytest.fixture(scope="module")
def verdicts(policies: Policies) -> list[bool]:
    try:
        return simulate(CASES, policies)
    except NpmError as error:
        pytest.skip(f"nothing is simulated: {error}")


def test_users_reach_only_their_own_objects_and_rows(verdicts: list[bool]) -> None:
    wrong = [
        f"{case.who} {case.what}: {case.action} {case.resource} is {'' if got else 'not '}allowed"
        for case, got in zip(CASES, verdicts, strict=True)
        if got != case.allowed
    ]

    assert wrong == []
    assert len(verdicts) >= 100


def test_no_two_cases_are_the_same() -> None:
    tried = [(case.who, case.action, case.resource, str(case.context)) for case in CASES]

    assert len(set(tried)) == len(tried)


def test_the_page_of_tenants_is_up_to_date(verdicts: list[bool]) -> None:
    assert PAGE.read_text() == page(CASES, verdicts), "run make docs"


def without_null(text: str) -> str:
    return text.replace('"Null": {"dynamodb:LeadingKeys": ["false"]}', "").replace(", }", "}")


HOLES: dict[str, tuple[Callable[[str], str], set[str]]] = {
    "a slash is missing": (
        lambda text: text.replace(f"{CALLER}/*", f"{CALLER}*"),
        {
            "lists versions: a longer name",
            "lists versions: her name without a slash",
            "uploads: a longer name",
            "uploads: her name without a slash",
            "reads a rendition: a longer name",
            "shares: a longer name",
            "lists shares of a longer name",
            "lists shares of names that begin as hers",
        },
    ),
    "a request may name no key": (
        without_null,
        {"queries records: no key", "reads a record: no key"},
    ),
    "one of its keys is enough": (
        lambda text: text.replace("ForAllValues:StringEquals", "ForAnyValue:StringEquals"),
        {"queries records: hers and Bob's", "reads a record: hers and Bob's"},
    ),
    "any prefix may be listed": (
        lambda text: text.replace(f'["uploads/{CALLER}/*"]', '["*"]'),
        {
            "lists versions: Bob's",
            "lists versions: all photos",
            "lists versions: a longer name",
            "lists versions: a shorter name",
            "lists versions: her name without a slash",
        },
    ),
    "any method is allowed": (
        lambda text: text.replace("/v1/GET/", "/v1/*/"),
        {"sends POST", "sends DELETE"},
    ),
    "anything below edits is allowed": (
        lambda text: text.replace("/v1/POST/edits", "/v1/*/edits*"),
        {"sends DELETE for an edit", "reads edits", "requests a path below edits"},
    ),
}


@pytest.mark.parametrize("hole", HOLES)
@pytest.mark.usefixtures("verdicts")  # skips the test if there is no simulator
def test_a_hole_in_the_policy_is_found(policies: Policies, hole: str) -> None:
    weaken, expected = HOLES[hole]
    text = weaken(json.dumps(policies.client))
    assert text != json.dumps(policies.client)

    verdicts = simulate(CASES, replace(policies, client=json.loads(text)))

    found = {
        case.what for case, got in zip(CASES, verdicts, strict=True) if got and not case.allowed
    }
    assert found == expected


def test_a_photo_is_copied_only_from_and_to_its_owner(
    policies: Policies, verdicts: list[bool]
) -> None:
    """CopyObject has no action of its own: S3 checks GetObject and PutObject."""
    photos = {who: bucket_arn("photos", f"uploads/{who}/2016/taco.jpg") for who in (ADA, BOB)}
    renditions = {"derived": bucket_arn("derived", f"{BOB}/0a1b/2c3d/thumb.webp")}
    sources, destinations = {**photos, **renditions}, photos
    reads, writes = (
        dict(zip(named, simulate(checks, policies), strict=True))
        for named, checks in (
            (sources, [may("Ada", "copies", "s3:GetObject", one) for one in sources.values()]),
            (
                destinations,
                [may("Ada", "copies", "s3:PutObject", one) for one in destinations.values()],
            ),
        )
    )

    copied = {(source, to) for source in reads for to in writes if reads[source] and writes[to]}

    assert copied == {(ADA, ADA)}
    assert verdicts


UNREADABLE = [
    case
    for case in CASES
    if case.action == "s3:PutObject"
    and case.resource.startswith(bucket_arn("photos"))
    and {STORAGE_CLASS, CUSTOMER_KEY, KMS_KEY} & {*case.context}
]


def allowed(cases: list[Case], policies: Policies) -> set[str]:
    return {case.who for case, got in zip(cases, simulate(cases, policies), strict=True) if got}


@pytest.mark.usefixtures("verdicts")  # as above
def test_role_and_bucket_each_refuse_an_upload_that_cannot_be_read(policies: Policies) -> None:
    refused = [case for case in UNREADABLE if not case.allowed]
    anything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    free_role = replace(policies, client=[{**policies.trust, "Statement": [anything]}])
    free_bucket = replace(
        policies, buckets={**policies.buckets, "photos": {**policies.trust, "Statement": []}}
    )

    assert {case.who for case in refused} == {"Ada", "Operator"}
    assert allowed(refused, free_role) == set()
    assert allowed(refused, free_bucket) == {"Operator"}


@pytest.mark.usefixtures("verdicts")  # as above
def test_only_the_kms_key_of_the_bucket_may_be_named(other_plan: Plan) -> None:
    photo = bucket_arn("photos", f"uploads/{ADA}/a.jpg")
    ours, theirs = (
        may("Ada", "uploads", "s3:PutObject", photo, {KMS_KEY: key}) for key in (KEY, OTHER_KMS_KEY)
    )

    assert simulate([ours, theirs], planned(other_plan, NAMES)) == [True, False]


@pytest.mark.usefixtures("verdicts")  # as above
def test_without_delete_for_good_users_restore_photos_and_delete_no_version(
    other_plan: Plan,
) -> None:
    photo = bucket_arn("photos", f"uploads/{ADA}/a.jpg")
    delete, read = (
        may("Ada", "restores", action, photo)
        for action in ("s3:DeleteObjectVersion", "s3:GetObjectVersion")
    )

    assert simulate([delete, read], planned(other_plan, NAMES)) == [False, True]
