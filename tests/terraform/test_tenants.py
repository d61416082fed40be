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
    "any method is allowed": (
        lambda text: text.replace("/v1/GET/", "/v1/*/"),
        {"sends POST", "sends DELETE"},
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
