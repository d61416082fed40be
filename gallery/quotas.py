"""The account's quotas for functions and labels, and how many photos a second they allow.

Commands that process many photos pace themselves to them, so that they throttle neither themselves
nor uploads. AWS tells the quotas to a caller with the permissions lambda:GetAccountSettings,
servicequotas:ListServiceQuotas and servicequotas:ListAWSDefaultServiceQuotas.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from gallery.costs import billed_seconds, memory_mb, steps
from gallery.shell import LABELERS, at_least, print_stderr, whole_number

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    import boto3


@dataclass(frozen=True)
class Quotas:
    """The quotas of an account in a region."""

    invocations_at_once: int  # of all functions
    labels_per_second: float  # calls of DetectLabels


# https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
# https://docs.aws.amazon.com/general/latest/gr/rekognition.html: the regions with the lowest
DEFAULT_QUOTAS: Final = Quotas(invocations_at_once=1000, labels_per_second=5)

# AWS says that new accounts have fewer invocations, but not how many. 10 are often reported.
NEW_ACCOUNT: Final = Quotas(invocations_at_once=10, labels_per_second=5)


def photos_per_second(quotas: Quotas, *, labeler: str) -> dict[str, float]:
    """Return how many photos a second each quota allows; the lowest rate applies."""
    memory = memory_mb()
    billed = sum(billed_seconds(step, memory[step.partition(",")[0]]) for step in steps(labeler))
    allowed = {
        f"Lambda: {quotas.invocations_at_once:,} invocations at once": quotas.invocations_at_once
        / billed
    }
    if labeler == "rekognition":
        name = f"Rekognition: {quotas.labels_per_second:g} DetectLabels a second"
        allowed[name] = quotas.labels_per_second
    return allowed


def add_quota_arguments(command: argparse.ArgumentParser) -> None:
    """Add the arguments that say who labels photos, and replace what AWS says of the quotas."""
    command.add_argument("--labeler", choices=LABELERS, default="rekognition")
    command.add_argument(
        "--invocations",
        type=whole_number(1),
        metavar="N",
        help="functions that may run at a time (default: the account's quota)",
    )
    command.add_argument(
        "--labels-per-second",
        type=at_least(0.1),
        metavar="N",
        help="calls of DetectLabels (default: the account's quota)",
    )


def quotas_of(given: argparse.Namespace, session: boto3.Session) -> Quotas:
    """Return the quotas that the arguments or AWS tell, else those of a new account."""
    quotas = NEW_ACCOUNT
    if given.invocations is None:
        try:
            quotas = replace(
                quotas, invocations_at_once=invocations_at_once(_client(session, "lambda"))
            )
        except (BotoCoreError, ClientError) as error:
            print_stderr(f"assuming {quotas.invocations_at_once} invocations at once: {error}")
    else:
        quotas = replace(quotas, invocations_at_once=given.invocations)
    if given.labels_per_second is not None:
        quotas = replace(quotas, labels_per_second=given.labels_per_second)
    elif given.labeler == "rekognition":
        try:
            known = labels_per_second(_client(session, "service-quotas"))
            problem = "Service Quotas does not list DetectLabels"
        except (BotoCoreError, ClientError) as error:
            known, problem = None, str(error)
        if known is None:
            print_stderr(f"assuming {quotas.labels_per_second:g} DetectLabels a second: {problem}")
        else:
            quotas = replace(quotas, labels_per_second=known)
    return quotas


def invocations_at_once(lambda_: Any) -> int:  # noqa: ANN401  # boto3's
    """Return how many functions without reserved concurrency may run at a time in the account.

    AWS: https://docs.aws.amazon.com/lambda/latest/api/API_AccountLimit.html

    Raises:
        BotoCoreError, ClientError: AWS does not tell.
    """
    limit = lambda_.get_account_settings()["AccountLimit"]
    return int(limit["UnreservedConcurrentExecutions"])


def labels_per_second(service_quotas: Any) -> float | None:  # noqa: ANN401  # boto3's
    """Return how many calls of DetectLabels a second the account allows; None if not listed.

    AWS: https://docs.aws.amazon.com/servicequotas/2019-06-24/apireference/API_ListServiceQuotas.html

    Raises:
        BotoCoreError, ClientError: AWS does not tell.
    """
    return next(_labels_per_second(service_quotas), None)


def _client(session: boto3.Session, service: str) -> Any:  # noqa: ANN401  # without stubs
    new_client: Any = session.client  # overloaded for each literal name
    return new_client(service)


def _labels_per_second(service_quotas: Any) -> Iterator[float]:  # noqa: ANN401  # boto3's
    """Yield the account's own quota, if it has one, and AWS's default."""
    for operation in ("list_service_quotas", "list_aws_default_service_quotas"):
        for page in service_quotas.get_paginator(operation).paginate(ServiceCode="rekognition"):
            for quota in page["Quotas"]:
                # "Transactions per second per account for the … operation DetectLabels"
                if quota["QuotaName"].endswith(" DetectLabels"):
                    yield quota["Value"]
