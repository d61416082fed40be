"""Checks of what is deployed: functions, quotas, status API, plan, alarms, dead letters."""

from __future__ import annotations

import json
import subprocess
from http import HTTPStatus
from math import inf
from typing import TYPE_CHECKING, Any, Final

from gallery.quotas import Quotas, invocations_at_once, labels_per_second, photos_per_second
from gallery.verify import http, leftovers
from gallery.verify.run import DifferentError, NotTriedError, Run, is_aws

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from gallery.table import Row

LEAST_PHOTOS_A_MINUTE: Final = 60.0  # with less, 100 photos of one visitor take minutes
NAMED: Final = 10  # changes of a plan
PLAN_SECONDS: Final = 900
CHANGES: Final = 2  # exit status of `plan -detailed-exitcode` if the plan has changes
ELSEWHERE: Final = "https://elsewhere.example"
STATUS_FIELDS: Final = {"status", "startDate", "stopDate"}


def functions(run: Run) -> str:
    """Compare the state of each function."""
    states = {
        step: run.client("lambda").get_function(FunctionName=name)["Configuration"]
        for step, name in run.outputs.function_names.items()
    }
    problems = [
        f"{step}: {one.get('State')}, last update {one.get('LastUpdateStatus')}"
        f" {one.get('StateReason') or one.get('LastUpdateStatusReason') or ''}".rstrip()
        for step, one in states.items()
        if (one.get("State"), one.get("LastUpdateStatus")) != ("Active", "Successful")
    ]
    if problems:
        raise DifferentError("; ".join(problems))
    return f"{', '.join(sorted(states))}: Active"


def quotas(run: Run) -> str:
    """Compute from the account's quotas how many photos a minute it can process."""
    tag = run.client("lambda").get_function(FunctionName=run.outputs.function_names["tag"])
    variables = tag["Configuration"].get("Environment", {}).get("Variables", {})
    labeler = variables.get("LABELER", "rekognition")
    at_once = invocations_at_once(run.client("lambda"))
    labels = labels_per_second(run.client("service-quotas")) if labeler == "rekognition" else None
    allowed = photos_per_second(Quotas(at_once, labels or inf), labeler=labeler)
    unknown = labeler == "rekognition" and labels is None
    limit = "quota of DetectLabels unknown" if unknown else min(allowed, key=allowed.__getitem__)
    photos = 60 * min(allowed.values())
    came = f"{limit}: about {photos:,.0f} photos a minute"
    if photos < LEAST_PHOTOS_A_MINUTE:
        raise DifferentError(came)
    return came


def _deployed(output: str | None, setting: str) -> str:
    """Return an output that the deployment has only with a setting.

    Raises:
        NotTriedError: the setting is off.
    """
    if output is None:
        raise NotTriedError(f"{setting} is off")
    return output


def _execution_url(run: Run, row: Row) -> str:
    """Return the URL of the state of the execution of a photo.

    Raises:
        NotTriedError: the deployment has no API; or an emulator stands for AWS, and the URL is of
            AWS itself.
    """
    url = _deployed(run.outputs.executions_url, "client")
    if run.emulator is not None and is_aws(url):
        raise NotTriedError(f"{run.emulator} runs no API, and executions_url is of AWS itself")
    return f"{url}/{row['execution_arn'].rpartition(':')[2]}"


def _finished(run: Run) -> Row:
    """Return the row of a photo with an execution that has ended."""
    [row] = run.await_photos(["orientation"])["orientation"]
    return row


def api_signed(run: Run) -> str:
    """Get the state of an execution, and of one that does not exist, with a signature."""
    url = _execution_url(run, _finished(run))
    sign_for = (run.session, "execute-api")
    answer = http.send("GET", url, sign_for=sign_for)
    if answer.status != HTTPStatus.OK:
        raise DifferentError(
            f"status {answer.status}: {answer.body[:200].decode(errors='replace')}"
        )
    state = json.loads(answer.body)
    unknown = http.send("GET", f"{url[:-8]}00000000", sign_for=sign_for)
    problems = []
    if state.get("status") != "SUCCEEDED" or state.keys() != STATUS_FIELDS:
        problems.append(f"the state is {state}")
    if unknown.status != HTTPStatus.NOT_FOUND:
        problems.append(f"for an unknown execution, the status is {unknown.status}")
    if problems:
        raise DifferentError("; ".join(problems))
    return "SUCCEEDED and times, nothing else; 404 for an unknown execution"


def api_unsigned(run: Run) -> str:
    """Get the state of an execution without a signature."""
    answer = http.send("GET", _execution_url(run, _finished(run)))
    if answer.status != HTTPStatus.FORBIDDEN:
        raise DifferentError(f"status {answer.status}")
    return "403"


def api_preflight(run: Run) -> str:
    """Ask as a browser does before a signed request, from the page and from another one."""
    site_url = _deployed(run.outputs.site_url, "site")
    url = _execution_url(run, _finished(run))
    page = _preflight(url, site_url)
    other = _preflight(url, ELSEWHERE)
    allowed = page.headers.get("Access-Control-Allow-Origin")
    problems = list(_preflight_problems(page))
    if allowed != site_url:
        problems.append(f"the page may not read it: Access-Control-Allow-Origin is {allowed!r}")
    if "Access-Control-Allow-Origin" in other.headers:
        problems.append("another page may read it")
    if problems:
        raise DifferentError("; ".join(problems))
    return f"allowed for {site_url}, not for another page"


def _preflight(url: str, origin: str) -> http.Response:
    headers = {
        "Origin": origin,
        "Access-Control-Request-Method": "GET",
        "Access-Control-Request-Headers": "authorization,x-amz-date,x-amz-security-token",
    }
    return http.send("OPTIONS", url, headers)


def _preflight_problems(answer: http.Response) -> Iterator[str]:
    if answer.status not in {HTTPStatus.OK, HTTPStatus.NO_CONTENT}:
        yield f"status {answer.status}"
    headers = answer.headers.get("Access-Control-Allow-Headers") or ""
    allowed = {name.strip().lower() for name in headers.split(",")}
    missing = {"authorization", "x-amz-date", "x-amz-security-token"} - allowed
    if missing:
        yield f"headers are not allowed: {', '.join(sorted(missing))}"


def plan(run: Run) -> str:
    """Plan: Terraform compares its configuration with what is deployed now."""
    if not run.deployment.is_dir():
        raise NotTriedError(f"{run.deployment} is no folder of a configuration")
    done = subprocess.run(  # noqa: S603  # our own arguments
        [
            run.terraform,
            f"-chdir={run.deployment}",
            "plan",
            "-detailed-exitcode",
            "-input=false",
            "-json",
            "-lock=false",  # nothing is applied
        ],
        check=False,
        capture_output=True,
        text=True,
        timeout=PLAN_SECONDS,
    )
    messages = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    if done.returncode not in {0, CHANGES}:
        errors = [one["@message"] for one in messages if one["@level"] == "error"]
        raise DifferentError(f"no plan: {'; '.join(errors) or done.stderr.strip()}")
    if done.returncode == CHANGES:
        changes = [
            f"{one['change']['action']} {one['change']['resource']['addr']}"
            for one in messages
            if one.get("type") == "planned_change"
        ]
        more = f" and {len(changes) - NAMED:,} more" if len(changes) > NAMED else ""
        raise DifferentError(f"planned: {', '.join(changes[:NAMED]) or 'outputs'}{more}")
    return "no changes"


def alarms(run: Run) -> str:
    """List the alarms of the deployment that are in ALARM."""
    topic_arn = _deployed(run.outputs.alarm_topic_arn, "alarms")
    pages = run.client("cloudwatch").get_paginator("describe_alarms")
    found = _listed(pages.paginate(ActionPrefix=topic_arn), "MetricAlarms")
    ringing = [str(alarm["AlarmName"]) for alarm in found if alarm["StateValue"] == "ALARM"]
    if ringing:
        raise DifferentError(f"in ALARM: {', '.join(ringing)}")
    if not found:
        raise DifferentError("there are no alarms")
    return f"alarms: {len(found)}, none in ALARM"


def alarm_email(run: Run) -> str:
    """See whether the recipient of the alarms has confirmed the address."""
    topic_arn = _deployed(run.outputs.alarm_topic_arn, "alarms")
    pages = run.client("sns").get_paginator("list_subscriptions_by_topic")
    found = _listed(pages.paginate(TopicArn=topic_arn), "Subscriptions")
    waiting = [one["Endpoint"] for one in found if one["SubscriptionArn"] == "PendingConfirmation"]
    if waiting:
        raise DifferentError(f"not confirmed: {', '.join(waiting)}")
    return ", ".join(one["Endpoint"] for one in found) or "alarm_email is not set: no email is sent"


def _listed(pages: Iterable[Mapping[str, Any]], name: str) -> list[Any]:
    """Return what a list of AWS has on all of its pages."""
    return [one for page in pages for one in page[name]]


def dead_letters(run: Run) -> str:
    """Count the dead-letter messages of this run's photos."""
    count = leftovers.dead_letters(run, delete=False)
    if count:
        raise DifferentError(f"messages: {count}")
    return "none"
