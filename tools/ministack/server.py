"""Run MiniStack, with its faults worked around that would hide ours.

    .cache/ministack/bin/python tools/ministack/server.py

MiniStack (PyPI, MIT) implements AWS independently of moto. It runs in its own environment, and
imports nothing of ours. Each replacement below names the fault and what AWS documents.

Reads, beside MiniStack's own variables (GATEWAY_PORT, MINISTACK_ACCOUNT_ID, SFN_WAIT_SCALE …):
    FUNCTIONS_URL   answers invocations: POST {"function": configuration, "payload": event}
    JSONATA         the path of tools/jsonata/evaluate.mjs, installed

Known faults that are not worked around: retriers ignore MaxDelaySeconds and JitterStrategy, and
payloads have no limit of 256 KiB (tests/workflow tests both on the embedded AWS). The actions and
dimensions of alarms, tracing and the access-log settings are lost, so a second plan is not empty.
"""

import contextvars
import copy
import datetime as dt
import json
import os
import subprocess
import threading
import urllib.request
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from typing import Any, Final

import botocore.session
from botocore import xform_name
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from ministack.app import main
from ministack.services import eventbridge, lambda_svc, s3, stepfunctions

PORT: Final = os.environ["GATEWAY_PORT"]
EMPTY_ETAG: Final = "d41d8cd98f00b204e9800998ecf8427e"  # MD5 of no bytes
FUNCTIONS_URL: Final = os.environ["FUNCTIONS_URL"]

Json = Any
Original = Any  # MiniStack's functions are untyped


def replaces(module: Original, name: str) -> Callable[[Original], Original]:
    """Return a decorator that puts a function in the place of `module`'s function `name`.

    The function gets the one that it replaces as its first argument.
    """

    def decorate(function: Original) -> Original:
        original = getattr(module, name)  # fails if MiniStack no longer has it

        def replacement(*arguments: Json, **options: Json) -> Json:
            return function(original, *arguments, **options)

        setattr(module, name, replacement)
        return replacement

    return decorate


# Lambda


@replaces(lambda_svc, "_proxy_url_for")
def _every_function_is_ours(_original: Original, _configuration: Json) -> str:
    """MiniStack runs images with Docker. Here the handlers run where the tests run."""
    return FUNCTIONS_URL


@replaces(lambda_svc, "_execute_function_proxy")
def _invoke(
    _original: Original, function: Json, event: Json, url: str, _request_id: str
) -> dict[str, Json]:
    """MiniStack cannot be told that a function failed, and sends nothing of its configuration.

    AWS: Invoke says so in the header X-Amz-Function-Error.
    https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html#API_Invoke_ResponseSyntax
    """
    question = {"function": function.get("config") or function, "payload": event}
    request = urllib.request.Request(  # noqa: S310  # http, to the tests
        url, json.dumps(question).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=900) as answer:  # noqa: S310  # as above
        failed = "X-Amz-Function-Error" in answer.headers
        return {"body": json.loads(answer.read()), **({"error": True} if failed else {})}


# Step Functions: JSONata


class _Reference:
    """The reference implementation of JSONata, in a process of Node."""

    def __init__(self) -> None:
        self._node = subprocess.Popen(  # noqa: S603  # our own program
            ["node", os.environ["JSONATA"]],  # noqa: S607  # whichever node there is
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            encoding="utf-8",
        )
        self._lock = threading.Lock()

    def __call__(self, expression: str, variables: Mapping[str, Json]) -> Json:
        """Return the value of `expression`."""
        stdin, stdout = self._node.stdin, self._node.stdout
        assert stdin is not None  # noqa: S101  # Popen's types
        assert stdout is not None  # noqa: S101
        with self._lock:
            stdin.write(json.dumps({"expression": expression, "variables": variables}) + "\n")
            stdin.flush()
            answer = json.loads(stdout.readline())
        if "error" in answer:
            cause = f"{expression}: {answer['error']}"
            raise stepfunctions._ExecutionError("States.QueryEvaluationError", cause)  # noqa: SLF001
        return answer["value"]


_reference: Final = _Reference()


@replaces(stepfunctions, "_evaluate_jsonata")
def _evaluate(
    _original: Original,
    expression: str,
    raw_input: Json,
    ctx: Json = None,
    result: Json = None,
    error_output: Json = None,
) -> Json:
    """Evaluate with the version of JSONata that AWS names, 2.0.6.

    MiniStack uses jsonata-python, as the embedded AWS does; the second opinion is another one. It
    parses an expression each time, and gives up after a second, which a busy machine may need.
    AWS: https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html
    """
    ctx = ctx or {}
    context = {name: value for name, value in ctx.items() if name not in _NOT_IN_CONTEXT}
    states = {"input": raw_input, "context": context}
    if result is not None:
        states["result"] = result
    if error_output is not None:
        states["errorOutput"] = error_output
    return _reference(expression, {**ctx.get("variables", {}), "states": states})


_NOT_IN_CONTEXT: Final = ("variables", "QueryLanguage")  # MiniStack keeps them in the same dict


# Step Functions: states


@replaces(stepfunctions, "_apply_state_assign")
def _assign_at_once(
    _original: Original,
    state: Json,
    raw_input: Json,
    ctx: Json,
    result: Json = None,
    error_output: Json = None,
) -> None:
    """MiniStack assigns one variable after the other, so that the second sees the first.

    AWS: "all variable references … use the values as they were on state entry".
    https://docs.aws.amazon.com/step-functions/latest/dg/workflow-variables.html
    """
    assigned = {
        name: stepfunctions._apply_jsonata_template(  # noqa: SLF001
            template, raw_input, ctx, result=result, error_output=error_output
        )
        for name, template in state.get("Assign", {}).items()
    }
    ctx.setdefault("variables", {}).update(assigned)


@replaces(stepfunctions, "_apply_output_path")
def _output_of_succeed(original: Original, state: Json, data: Json, ctx: Json = None) -> Json:
    """MiniStack ignores the Output of Succeed.

    AWS: https://docs.aws.amazon.com/step-functions/latest/dg/state-succeed.html
    """
    if state.get("Type") == "Succeed" and "Output" in state:
        return stepfunctions._apply_jsonata_output(state, data, ctx, default=data)  # noqa: SLF001
    return original(state, data, ctx)


@replaces(stepfunctions, "_run_parallel_branches")
def _parallel(
    _original: Original, state: Json, raw_input: Json, execution: Json, ctx: Json
) -> tuple[Json, Json]:
    """MiniStack ignores the Output and the Assign of Parallel, and branches share variables.

    AWS: https://docs.aws.amazon.com/step-functions/latest/dg/state-parallel.html, and for the scope
    https://docs.aws.amazon.com/step-functions/latest/dg/workflow-variables.html
    """

    def run(branch: Json) -> Json:
        own = copy.deepcopy(ctx)
        return stepfunctions._run_sub_machine(  # noqa: SLF001
            branch["States"], branch["StartAt"], raw_input, execution, own
        )

    branches = state["Branches"]
    with ThreadPoolExecutor(len(branches)) as pool:
        # the account and the region of a request are in its context
        started = [pool.submit(contextvars.copy_context().run, run, one) for one in branches]
        results = [one.result() for one in started]
    output = stepfunctions._apply_jsonata_output(  # noqa: SLF001
        state, raw_input, ctx, result=results, default=results
    )
    _assign_at_once(state, raw_input, ctx, result=results)
    return output, state.get("Next")


# Step Functions: S3


@replaces(stepfunctions, "_invoke_aws_sdk_integration")
def _call_s3(original: Original, resource: str, request: Json) -> Json:
    """MiniStack's SDK integration has neither ListObjectVersions nor DeleteObjects, its S3 has.

    AWS: https://docs.aws.amazon.com/step-functions/latest/dg/supported-services-awssdk.html
    """
    _, _, action = resource.partition(":aws-sdk:s3:")
    if not action:
        return original(resource, request)
    try:
        answer = getattr(_S3, xform_name(action[0].upper() + action[1:]))(**request)
    except ClientError as error:
        code = error.response["Error"]["Code"]
        name = f"S3.{code}Exception" if code.startswith("NoSuch") else "S3.S3Exception"
        raise stepfunctions._ExecutionError(name, str(error)) from error  # noqa: SLF001
    except BotoCoreError as error:
        raise stepfunctions._ExecutionError("S3.SdkClientException", str(error)) from error  # noqa: SLF001
    del answer["ResponseMetadata"]
    return _plain(answer)


def _plain(value: Json) -> Json:
    """Return JSON, with times as Step Functions writes them."""
    match value:
        case dict():
            return {name: _plain(one) for name, one in value.items()}
        case list():
            return [_plain(one) for one in value]
        case dt.datetime():
            return value.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return value


_S3: Final = botocore.session.get_session().create_client(
    "s3",
    region_name="us-east-1",
    endpoint_url=f"http://127.0.0.1:{PORT}",
    aws_access_key_id="embedded",
    aws_secret_access_key="embedded",  # noqa: S106  # there is no secret
    config=Config(s3={"addressing_style": "path"}, retries={"total_max_attempts": 1}),
)


# S3


@replaces(s3, "_get_object")
def _range_of_a_version(
    original: Original, bucket: str, key: str, headers: Json, query: Json
) -> tuple[int, dict[str, str], bytes]:
    """MiniStack ignores Range where a version is named, and a 416 does not say the object's size.

    AWS: https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
    """
    wanted = headers.get("range")
    whole = {name: value for name, value in headers.items() if name != "range"}
    status, answered, body = original(bucket, key, whole, query)
    if wanted is None or status != HTTPStatus.OK:
        return status, answered, body
    span = s3._parse_range(wanted, len(body))  # noqa: SLF001
    if span is None:
        problem = f"""<Error><Code>InvalidRange</Code><Message>not satisfiable</Message>
            <ActualObjectSize>{len(body)}</ActualObjectSize></Error>"""
        return (
            HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE,
            {"Content-Type": "application/xml", "Content-Range": f"bytes */{len(body)}"},
            problem.encode(),
        )
    first, last = span
    part = {
        "Content-Length": str(last - first + 1),
        "Content-Range": f"bytes {first}-{last}/{len(body)}",
    }
    return HTTPStatus.PARTIAL_CONTENT, {**answered, **part}, body[first : last + 1]


# S3's events


@replaces(s3, "_fire_s3_event")
def _keep_version(original: Original, *arguments: Json, **options: Json) -> Json:
    """Keep the version of the object for the event that `original` sends from this thread."""
    _event.version_id = options.get("version_id")
    return original(*arguments, **options)


@replaces(eventbridge, "_dispatch_event")
def _complete_event(original: Original, event: Json, *arguments: Json, **options: Json) -> Json:
    """MiniStack sends no version-id, and for what is deleted a size and an empty ETag.

    S3 sends the ETag of no bytes for a delete marker, and none for a version that is deleted.
    AWS: https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html
    """
    if event.get("Source") == "aws.s3":
        detail = json.loads(event["Detail"])
        if version_id := getattr(_event, "version_id", None):
            detail["object"]["version-id"] = version_id
        if event["DetailType"] == "Object Deleted":
            del detail["object"]["size"], detail["object"]["etag"]
            if detail["deletion-type"] == "Delete Marker Created":
                detail["object"]["etag"] = EMPTY_ETAG
        event = {**event, "Detail": json.dumps(detail)}
    return original(event, *arguments, **options)


_event: Final = threading.local()


if __name__ == "__main__":
    main()
