"""Write docs/permissions.md: the policies of all roles and resources.

python -m tools.permissions            writes the page
python -m tools.permissions --check    exits with 1 if the page is stale

The policies come from a plan, so this needs Terraform and the provider.
"""

import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from local.clients import ACCOUNT, REGION
from tools.plan import ROOT, Plan, Resource, make_plan

PAGE: Final = ROOT / "docs" / "permissions.md"
UNKNOWN: Final = "(known once applied)"
KEY: Final = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/KEY"
OTHER_SETTINGS: Final[Mapping[str, object]] = {
    "delete_for_good": False,
    "events": False,
    "kms_key_arn": KEY,
    "labeler": "embedded",
}


@dataclass(frozen=True)
class Statement:
    """One statement of a policy, its lists in order."""

    effect: str
    actions: tuple[str, ...]
    resources: tuple[str, ...]  # empty in trust policies and in policies of repositories
    principals: tuple[tuple[str, str], ...]  # (Service, lambda.amazonaws.com)
    conditions: tuple[tuple[str, str, tuple[str, ...]], ...]  # operator, key, values


@dataclass(frozen=True)
class Role:
    """A role, with its trust policy and its permissions."""

    address: str
    name: str
    trust: tuple[Statement, ...]
    statements: tuple[Statement, ...]


@dataclass(frozen=True)
class ResourcePolicy:
    """The policy of a resource."""

    address: str
    statements: tuple[Statement, ...]


_RESOURCE_POLICIES: Final = (
    "aws_ecr_repository_policy",
    "aws_s3_bucket_policy",
    "aws_sns_topic_policy",
    "aws_sqs_queue_policy",
)
POLICIES: Final = ("aws_iam_role_policy", *_RESOURCE_POLICIES)  # all types in use


def roles(plan: Plan) -> list[Role]:
    """Return all roles of a plan with their policies."""
    policies = plan.of_type("aws_iam_role_policy")
    return [
        Role(
            address=role.address,
            name=role.values["name"],
            trust=tuple(_statements(plan, role, "assume_role_policy")),
            statements=tuple(
                statement
                for policy in policies
                if _is_of(plan, policy, role)
                for statement in _statements(plan, policy, "policy")
            ),
        )
        for role in plan.of_type("aws_iam_role")
    ]


def resource_policies(plan: Plan) -> list[ResourcePolicy]:
    """Return all resource policies of a plan."""
    return [
        ResourcePolicy(policy.address, tuple(_statements(plan, policy, "policy")))
        for policy in plan.of_type(*_RESOURCE_POLICIES)
    ]


def _is_of(plan: Plan, policy: Resource, role: Resource) -> bool:
    """Return whether a policy belongs to a role: by reference, since the role's ID is unknown."""
    return policy.module == role.module and any(
        role.address == ".".join(filter(None, (policy.module, named)))
        for named in plan.references(policy, "role")
    )


def _statements(plan: Plan, resource: Resource, attribute: str) -> Iterator[Statement]:
    """Parse a policy. If parts of it are unknown, read the policy document that it comes from."""
    text = resource.values.get(attribute)
    if text is not None:
        yield from map(parse, json.loads(text)["Statement"])
        return
    (data,) = (name for name in plan.references(resource, attribute) if name.count(".") == 2)  # noqa: PLR2004  # data.TYPE.NAME
    for known in plan.deferred(".".join(filter(None, (resource.module, data))))["statement"]:
        yield Statement(
            effect=known["effect"] or "Allow",
            actions=_texts(known["actions"]),
            resources=_texts(known["resources"]),
            principals=_pairs({one["type"]: one["identifiers"] for one in known["principals"]}),
            conditions=tuple(
                sorted(
                    (one["test"], one["variable"], _texts(one["values"]))
                    for one in known["condition"]
                )
            ),
        )


def parse(statement: Mapping[str, Any]) -> Statement:
    """Parse a statement of an IAM policy."""
    principal = statement.get("Principal", {})
    return Statement(
        effect=statement["Effect"],
        actions=_texts(statement["Action"]),
        resources=_texts(statement.get("Resource")),
        principals=_pairs(principal if isinstance(principal, dict) else {"": principal}),
        conditions=tuple(
            sorted(
                (operator, key, _texts(values))
                for operator, keys in statement.get("Condition", {}).items()
                for key, values in keys.items()
            )
        ),
    )


def _texts(value: str | Sequence[str | None] | None) -> tuple[str, ...]:
    listed = [value] if isinstance(value, str) else value or []
    return tuple(sorted(UNKNOWN if one is None else one for one in listed))


def _pairs(principals: Mapping[str, str | Sequence[str | None]]) -> tuple[tuple[str, str], ...]:
    return tuple((kind, name) for kind in sorted(principals) for name in _texts(principals[kind]))


def page(plan: Plan, other: Plan) -> str:
    """Return docs/permissions.md for a plan with the defaults and one with OTHER_SETTINGS."""
    parts = [
        "# Permissions\n",
        "<!-- Made by `make docs` from the plan of terraform/; do not edit. -->\n",
        "All policies of a deployment named `gallery`, as Terraform plans them with the defaults.",
        "A role may do nothing else.\n",
    ]
    for role in roles(plan):
        trust = "; ".join(_trust(statement) for statement in role.trust)
        parts += [f"## {role.name}\n", f"Assumed by {trust}.\n", *_table(role.statements), ""]
    parts.append("## Resource policies\n")
    for policy in resource_policies(plan):
        parts += [f"### `{policy.address}`\n", *_table(policy.statements), ""]
    settings = ("kms_key_arn", 'labeler = "embedded"', "delete_for_good = false", "events = false")
    heading = ", ".join(f"`{one}`" for one in settings)
    parts += [f"## With {heading}\n", *_difference(plan, other), ""]
    text = "\n".join(parts)
    return text.replace(ACCOUNT, "ACCOUNT").replace(REGION, "REGION")


def _trust(statement: Statement) -> str:
    who = " and ".join(f"`{name}`" for _, name in statement.principals)
    return ", if ".join(filter(None, (who, _conditions(statement))))


def _conditions(statement: Statement) -> str:
    return " and ".join(
        f"`{key}` {operator} {' or '.join(f'`{value}`' for value in values)}"
        for operator, key, values in statement.conditions
    )


def _table(statements: Iterable[Statement]) -> list[str]:
    return ["| | actions | resources | if |", "|---|---|---|---|", *map(_row, statements)]


def _row(statement: Statement) -> str:
    who = ", ".join(f"`{name}`" for _, name in statement.principals)
    actions, resources = (
        "<br>".join(f"`{one}`" for one in listed)
        for listed in (statement.actions, statement.resources)
    )
    verb = " ".join(filter(None, (statement.effect, who)))
    return f"| {verb} | {actions} | {resources} | {_conditions(statement)} |"


def _difference(plan: Plan, other: Plan) -> list[str]:
    rows = ["| role | | actions | resources | if |", "|---|---|---|---|---|"]
    for before, after in zip(roles(plan), roles(other), strict=True):
        for word, these, those in (("more", after, before), ("less", before, after)):
            rows += [
                f"| {before.name} | {word} {_row(statement).removeprefix('| Allow ')}"
                for statement in these.statements
                if statement not in those.statements
            ]
    return rows


def main() -> int:
    """Write or check the page."""
    made = page(make_plan(), make_plan(**OTHER_SETTINGS))
    stale = not PAGE.exists() or PAGE.read_text() != made
    if stale and "--check" in sys.argv[1:]:
        sys.exit(f"stale, run `make docs`: {PAGE.relative_to(ROOT)}")
    if stale:
        Path(PAGE).write_text(made)
        print(f"written: {PAGE.relative_to(ROOT)}")  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())
