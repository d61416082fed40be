"""Step Functions: behavior of AWS that moto does not have."""

import json
import threading
import time
from collections.abc import Callable
from contextlib import nullcontext
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError
from moto.stepfunctions.parser.asl.component.state.exec.state_parallel.branch_worker import (
    BranchWorker,
)
from moto.stepfunctions.parser.asl.parse import asl_parser

from embeddedaws import ROLE, TABLE, Aws
from local.functions import Answer

DONE = {"Done": {"Type": "Succeed"}}
KEY = {"pk": {"S": "a"}, "sk": {"S": "b"}}


def sdk(api: str, **arguments: object) -> dict[str, object]:
    """Return a Task that calls an API of AWS."""
    return {
        "Type": "Task",
        "Resource": f"arn:aws:states:::aws-sdk:{api}",
        "Arguments": arguments,
        "End": True,
    }


def invoke(**more: object) -> dict[str, object]:
    """Return a Task that invokes a function."""
    return {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke",
        "Arguments": {"FunctionName": "extract", "Payload": "{% $states.input %}"},
        "Output": "{% $states.result.Payload %}",
        "End": True,
        **more,
    }


def error(name: str) -> Callable[[object], Answer]:
    """Return a function that fails with an error of that name."""
    report = json.dumps({"errorType": name, "errorMessage": "because"}).encode()
    return lambda _event: Answer(report, failed=True)


def caught(*names: str, output: str = "{% $states.errorOutput.Error %}") -> list[dict[str, object]]:
    """Return a Catch whose state outputs the name of the error."""
    return [{"ErrorEquals": list(names), "Output": output, "Next": "Done"}]


def parallel(branch: dict[str, Any], **more: object) -> dict[str, Any]:
    """Return a Parallel state with one branch of one state."""
    branches = [{"StartAt": "Branch", "States": {"Branch": branch}}]
    return {"Type": "Parallel", "Branches": branches, "Next": "Done", **more}


# Variables and expressions


def test_the_next_state_sees_an_assigned_variable_and_the_own_output_does_not(aws: Aws) -> None:
    ended = aws.run(
        {
            "First": {"Type": "Pass", "Assign": {"x": 1}, "Next": "Second"},
            "Second": {
                "Type": "Pass",
                "Assign": {"x": 2, "y": "{% $x %}"},
                "Output": "{% $x %}",
                "Next": "Third",
            },
            "Third": {"Type": "Pass", "Output": "{% [$states.input, $x, $y] %}", "End": True},
        }
    )

    assert ended.output == [1, 2, 1]


def test_a_choice_and_a_catch_assign_too(aws: Aws) -> None:
    aws.functions.answers["extract"] = error("PhotoGoneError")
    catch = [{**caught("States.ALL")[0], "Assign": {"why": "{% $states.errorOutput.Error %}"}}]
    choice = {"Condition": "{% $why = 'PhotoGoneError' %}", "Assign": {"x": 1}, "Next": "End"}
    ended = aws.run(
        {
            "First": invoke(Catch=catch),
            "Done": {"Type": "Choice", "Choices": [choice], "Default": "Never"},
            "Never": {"Type": "Fail"},
            "End": {"Type": "Pass", "Output": "{% [$why, $x] %}", "End": True},
        }
    )

    assert ended.output == ["PhotoGoneError", 1]


def test_a_branch_reads_outer_variables_and_its_own_input(aws: Aws) -> None:
    branch = {"Type": "Pass", "Output": "{% [$x, $states.input] %}", "End": True}
    first = {"Type": "Pass", "Assign": {"x": 'a "b"\\\n'}, "Output": 5, "Next": "Both"}

    ended = aws.run({"First": first, "Both": parallel(branch), **DONE})

    assert ended.output == [['a "b"\\\n', 5]]


@pytest.mark.parametrize("text", ['"', "\\", "\n", "{% $x %}", "é\u2028🌮", "", "$states", "'"])
def test_no_text_breaks_an_expression(aws: Aws, text: str) -> None:
    ended = aws.run(
        {
            "First": {"Type": "Pass", "Assign": {"v": "{% $states.input.v %}"}, "Next": "Second"},
            "Second": {"Type": "Pass", "Output": "{% [$v, $states.input] %}", "End": True},
        },
        {"v": text},
    )

    assert ended.output == [text, {"v": text}]


@pytest.mark.parametrize("text", ['"', "\\", "\n\t", "/", "🌮\u2028é", "\\u0041 \\x41", "'"])
def test_a_definition_is_read_as_json(aws: Aws, text: str) -> None:
    state = {
        "Type": "Pass",
        "Assign": {"v": text},
        "Output": [text, "{% " + json.dumps(text) + " %}"],
        "Next": "Second",
    }

    output = "{% {'variable': $v, 'input': $states.input} %}"

    ended = aws.run({"First": state, "Second": {"Type": "Succeed", "Output": output}})

    assert ended.output == {"variable": text, "input": [text, text]}


@pytest.mark.parametrize("expression", ["{% $states.input.no %}", "{% $f %}", "{% 1 / 0 %}"])
def test_an_expression_without_a_value_fails_the_execution(aws: Aws, expression: str) -> None:
    ended = aws.run({"First": {"Type": "Pass", "Output": expression, "End": True}})

    assert (ended.status, ended.error) == ("FAILED", "States.QueryEvaluationError")
    assert expression.strip("{%} ") in (ended.cause or "")


@pytest.mark.parametrize("error", ["States.QueryEvaluationError", "States.ALL"])
@pytest.mark.parametrize("expression", ["{% $states.input.no %}", "{% $error('said') %}"])
def test_an_expression_without_a_value_can_be_caught(aws: Aws, expression: str, error: str) -> None:
    task = sdk("dynamodb:getItem", TableName=expression, Key=KEY)

    ended = aws.run({"First": {**task, "Catch": caught(error)}, **DONE})

    assert ended.output == "States.QueryEvaluationError"


def test_a_catch_passes_the_input_and_the_message_of_an_error_on(aws: Aws) -> None:
    task = sdk("dynamodb:getItem", TableName="{% $error('said ' & $states.input) %}", Key=KEY)
    [rule] = caught("States.ALL")
    rule |= {
        "Output": "{% $states.input %}",
        "Assign": {"cause": "{% $states.errorOutput.Cause %}"},
        "Next": "Second",
    }
    second = {"Type": "Succeed", "Output": "{% [$states.input, $cause] %}"}

    ended = aws.run({"First": {**task, "Catch": [rule]}, "Second": second, **DONE}, "this")

    assert ended.output[0] == "this"
    assert ended.output[1].endswith("said this")


def test_error_output_is_absent_without_an_error(aws: Aws) -> None:
    output = "{% [$exists($states.result), $exists($states.errorOutput)] %}"

    ended = aws.run({"First": {"Type": "Succeed", "Output": output}})

    assert ended.output == [False, False]


@pytest.mark.parametrize(
    "definition",
    [
        {"First": {"Type": "Pass", "Output": "{% 1 + %}", "End": True}},
        {"First": {"Type": "Unknown"}},
    ],
    ids=["expression", "state"],
)
def test_a_definition_that_does_not_parse_is_refused(
    aws: Aws, definition: dict[str, object]
) -> None:
    with pytest.raises(ClientError, match="InvalidDefinition"):
        aws.state_machine(definition)
    validation = aws.client("stepfunctions").validate_state_machine_definition(
        definition=json.dumps(
            {"QueryLanguage": "JSONata", "StartAt": "First", "States": definition}
        )
    )
    assert validation["result"] == "FAIL"


def test_a_definition_that_parses_is_valid(aws: Aws) -> None:
    validation = aws.client("stepfunctions").validate_state_machine_definition(
        definition=json.dumps({"StartAt": "Done", "States": DONE})
    )

    assert (validation["result"], validation["diagnostics"]) == ("OK", [])


def test_an_escaped_character_equals_the_character(aws: Aws) -> None:
    definition = {"First": {"Type": "Pass", "Output": "{% $length('🌮') %}", "End": True}}

    assert aws.run(definition).output == 1


def test_a_bad_definition_does_not_affect_the_next_one(aws: Aws) -> None:
    def problems(**definition: object) -> list[object]:
        answer = aws.client("stepfunctions").validate_state_machine_definition(
            definition=json.dumps({"StartAt": "First", **definition})
        )
        found: list[object] = answer["diagnostics"]
        return found

    states = {"First": {"Type": "Pass", "Parameters": {"x.$": "$.x"}, "End": True}}
    assert problems(QueryLanguage="JSONata", States=states) != []

    assert problems(States=states) == []


def test_a_definition_is_parsed_once(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    arn = aws.state_machine(DONE)
    monkeypatch.delattr(asl_parser, "ASLParser")

    aws.client("stepfunctions").start_execution(stateMachineArn=arn)

    ended = aws.executions.find(lambda one: one.arn.split(":")[-2] in arn, timeout_seconds=10)
    assert ended.status == "SUCCEEDED"


def test_executions_of_one_definition_are_independent(aws: Aws) -> None:
    failures: dict[str, int] = {}

    def fail_twice(event: dict[str, str]) -> Answer:
        failures[event["n"]] = failures.get(event["n"], 0) + 1
        if failures[event["n"]] < 3:
            return error("StorageUnavailableError")(event)
        return Answer(json.dumps(event["n"]).encode())

    aws.functions.answers["extract"] = fail_twice
    retry = [{"ErrorEquals": ["StorageUnavailableError"], "MaxAttempts": 2}]
    arn = aws.state_machine({"First": invoke(Retry=retry)})
    for number in range(20):
        aws.client("stepfunctions").start_execution(
            stateMachineArn=arn, input=json.dumps({"n": str(number)})
        )

    aws.executions.wait(timeout_seconds=20)

    listed = aws.client("stepfunctions").list_executions(stateMachineArn=arn)["executions"]
    assert [execution["status"] for execution in listed] == ["SUCCEEDED"] * 20
    assert set(failures.values()) == {3}


# Errors


@pytest.mark.parametrize("name", ["PhotoGoneError", "Sandbox.Timedout", "Runtime.ExitError"])
def test_a_function_error_has_the_name_that_the_runtime_reports(aws: Aws, name: str) -> None:
    aws.functions.answers["extract"] = error(name)

    ended = aws.run({"First": invoke(Catch=caught(name)), **DONE})

    assert ended.output == name


def test_a_cause_is_the_report_of_the_function(aws: Aws) -> None:
    aws.functions.answers["extract"] = error("PhotoGoneError")

    ended = aws.run({"First": invoke()})

    assert (ended.status, ended.error) == ("FAILED", "PhotoGoneError")
    assert json.loads(ended.cause or "")["errorMessage"] == "because"


@pytest.mark.parametrize("payload", [b'{"a": NaN}', b'{"a": -Infinity}', b"no JSON", b"\xff"])
def test_a_result_that_is_no_json_has_no_fields(aws: Aws, payload: bytes) -> None:
    aws.functions.answers["extract"] = lambda _: Answer(payload)

    ended = aws.run({"First": invoke(Output="{% $exists($states.result.Payload.a) %}")})

    assert (ended.status, ended.output) == ("SUCCEEDED", False)


def test_a_missing_function_is_an_error_of_lambda(aws: Aws) -> None:
    task = invoke(Arguments={"FunctionName": "nothing"})

    ended = aws.run({"First": {**task, "Catch": caught("States.ALL")}, **DONE})

    assert ended.output == "Lambda.ResourceNotFoundException"


def test_retries_do_not_wait_and_obey_max_attempts(aws: Aws) -> None:
    calls: list[object] = []
    aws.functions.answers["extract"] = lambda event: (
        calls.append(event) or error("LabelsUnavailableError")(event)  # type: ignore[func-returns-value]  # both, in a line
    )
    retry = [{"ErrorEquals": ["LabelsUnavailableError"], "IntervalSeconds": 60, "MaxAttempts": 4}]

    ended = aws.run({"First": invoke(Retry=retry)})  # waits for less than the 15 minutes of AWS

    assert ended.error == "LabelsUnavailableError"
    assert len(calls) == 5


@pytest.mark.parametrize(
    ("task", "name"),
    [
        (
            sdk(
                "dynamodb:updateItem",
                TableName=TABLE,
                Key=KEY,
                UpdateExpression="SET x = :x",
                ConditionExpression="attribute_exists(never)",
                ExpressionAttributeValues={":x": {"N": "1"}},
            ),
            "DynamoDb.ConditionalCheckFailedException",
        ),
        (
            sdk(
                "dynamodb:transactWriteItems",
                TransactItems=[
                    {
                        "Put": {
                            "TableName": TABLE,
                            "Item": KEY,
                            "ConditionExpression": "attribute_exists(never)",
                        }
                    }
                ],
            ),
            "DynamoDb.TransactionCanceledException",
        ),
        (
            sdk("dynamodb:getItem", TableName="nothing", Key=KEY),
            "DynamoDb.ResourceNotFoundException",
        ),
        (
            sdk("dynamodb:putItem", TableName=TABLE, Item={**KEY, "sk": {"S": "x" * 1025}}),
            "DynamoDb.DynamoDbException",
        ),
        (sdk("s3:getObject", Bucket="nothing", Key="a"), "S3.NoSuchBucketException"),
        (sdk("dynamodb:getItem", TableName=TABLE, Key={"pk": {"N": 5}}), "States.Runtime"),
    ],
    ids=["condition", "transaction", "no table", "long key", "no bucket", "number for text"],
)
def test_an_api_error_has_the_name_of_aws(aws: Aws, task: dict[str, object], name: str) -> None:
    assert aws.run({"First": task}).error == name


@pytest.mark.parametrize(
    ("name", "wildcard", "is_caught"),
    [
        ("PhotoGoneError", "States.ALL", True),
        ("PhotoGoneError", "States.TaskFailed", True),
        ("States.Timeout", "States.ALL", True),
        ("States.Timeout", "States.TaskFailed", False),
        ("States.Runtime", "States.ALL", False),
        ("States.DataLimitExceeded", "States.ALL", False),
    ],
)
def test_what_wildcards_catch(aws: Aws, name: str, wildcard: str, *, is_caught: bool) -> None:
    aws.functions.answers["extract"] = {
        "PhotoGoneError": error("PhotoGoneError"),
        "States.Timeout": lambda _event: time.sleep(1.3) or Answer(b"{}"),  # type: ignore[func-returns-value]  # outlasts the least timeout there is
        "States.Runtime": error("unused"),
        "States.DataLimitExceeded": lambda _event: Answer(json.dumps("x" * 262_144).encode()),
    }[name]
    runtime = sdk("dynamodb:getItem", TableName=TABLE, Key=5)
    limit_seconds = 1 if name == "States.Timeout" else 60
    task = runtime if name == "States.Runtime" else invoke(TimeoutSeconds=limit_seconds)

    ended = aws.run({"First": {**task, "Catch": caught(wildcard)}, **DONE})

    assert (ended.output == name) == is_caught
    assert ended.error == (None if is_caught else name)


def test_the_cause_of_a_cancelled_transaction_lists_a_reason_for_each_item(aws: Aws) -> None:
    # As AWS's documentation and CloudTrail's events show it.
    key = {"pk": {"S": "none"}, "sk": {"S": "none"}}
    items = [
        {"Put": {"TableName": TABLE, "Item": {**key, "sk": {"S": "other"}}}},
        {
            "Delete": {
                "TableName": TABLE,
                "Key": key,
                "ConditionExpression": "attribute_exists(pk)",
            }
        },
    ]

    ended = aws.run({"First": sdk("dynamodb:transactWriteItems", TransactItems=items)})

    assert ended.error == "DynamoDb.TransactionCanceledException"
    assert "cancellation reasons for specific reasons [None, ConditionalCheckFailed]" in (
        ended.cause or ""
    )


def test_a_state_that_fails_with_a_reserved_name_fails_otherwise(aws: Aws) -> None:
    # AWS: error names cannot begin with States. What AWS does instead is not documented.
    ended = aws.run({"First": {"Type": "Fail", "Error": "{% 'States.' & 'Timeout' %}"}})

    assert ended.error == "States.Runtime"


def test_a_wait_is_scaled_as_the_waits_between_retries_are(aws: Aws) -> None:
    wait = {"Type": "Wait", "Seconds": "{% 10 * 60 %}", "Next": "Done"}

    assert aws.run({"First": wait, **DONE}).status == "SUCCEEDED"


@pytest.mark.parametrize("is_running", [False, True])
def test_a_branch_that_begins_after_a_stop_ends_without_a_word(*, is_running: bool) -> None:
    def begin(_: object) -> None:
        raise RuntimeError("Could not set NextState value")  # moto's, of a stopped program

    stopped = SimpleNamespace(is_running=lambda: is_running)
    worker = BranchWorker(SimpleNamespace(), SimpleNamespace(eval=begin), stopped)
    worker._worker_thread = threading.current_thread()  # noqa: SLF001  # as its start would

    with pytest.raises(RuntimeError) if is_running else nullcontext():
        worker._thread_routine()  # noqa: SLF001


@pytest.mark.parametrize(
    "branch",
    [
        {"Type": "Fail", "Error": "PhotoGoneError"},
        {"Type": "Pass", "Output": "{% $states.input.no %}", "End": True},
    ],
    ids=["own", "of States"],
)
def test_a_branch_passes_its_error_on(aws: Aws, branch: dict[str, object]) -> None:
    name = branch.get("Error", "States.QueryEvaluationError")

    ended = aws.run({"First": parallel(branch, Catch=caught("States.ALL")), **DONE})

    assert ended.output == name


# Limits


@pytest.mark.parametrize(
    ("character", "length", "error_name"),
    [("é", 131_071, None), ("x", 262_143, "States.DataLimitExceeded")],
    ids=["at the limit", "one over"],
)
def test_a_state_passes_on_256_kib_of_utf8(
    aws: Aws, character: str, length: int, error_name: str | None
) -> None:
    half = length // 2
    first = {  # a definition with these texts takes seconds to parse
        "Type": "Pass",
        "Assign": {
            name: f"{{% $pad('', {characters}, '{character}') %}}"
            for name, characters in {"a": half, "b": length - half}.items()
        },
        "Output": "",
        "Next": "Second",
    }
    second = {"Type": "Pass", "Output": "{% $a & $b %}", "End": True}

    assert aws.run({"First": first, "Second": second}).error == error_name


def test_a_function_may_return_no_more_than_256_kib(aws: Aws) -> None:
    aws.functions.answers["extract"] = lambda _event: Answer(json.dumps("x" * 262_144).encode())

    assert aws.run({"First": invoke()}).error == "States.DataLimitExceeded"


def test_an_input_over_256_kib_starts_nothing(aws: Aws) -> None:
    arn = aws.state_machine(DONE)

    with pytest.raises(ClientError, match="InvalidExecutionInput"):
        aws.client("stepfunctions").start_execution(
            stateMachineArn=arn, input=json.dumps("x" * 262_144)
        )


# Reports of executions


def test_an_ended_execution_has_its_states_in_order(aws: Aws) -> None:
    branch = {"Type": "Pass", "End": True}

    ended = aws.run({"First": parallel(branch), **DONE}, {"a": "é" * 100})

    assert [visit.state for visit in ended.visits] == ["First", "Branch", "Done"]
    assert all(0 <= visit.duration_ms <= ended.duration_ms + 1 for visit in ended.visits)


def test_a_state_in_which_an_execution_fails_lasts_until_its_end(aws: Aws) -> None:
    def fail(event: object) -> Answer:
        time.sleep(0.2)
        return error("PhotoGoneError")(event)

    aws.functions.answers["extract"] = fail

    [visit] = aws.run({"First": invoke()}).visits

    assert visit.duration_ms >= 200


def test_an_ended_execution_has_its_largest_payload_in_the_bytes_of_aws(aws: Aws) -> None:
    aws.functions.answers["extract"] = lambda _event: Answer(b"null")

    ended = aws.run({"First": invoke()}, {"a": "é" * 1000})

    assert ended.payload_bytes == len('{"FunctionName":"extract","Payload":{"a":""}}') + 2000


def test_one_name_starts_one_execution(aws: Aws) -> None:
    start = aws.client("stepfunctions").start_execution
    arn = aws.state_machine(DONE)
    start(stateMachineArn=arn, name="once", input="{}")
    aws.executions.wait(timeout_seconds=10)

    with pytest.raises(ClientError, match="ExecutionAlreadyExists"):
        start(stateMachineArn=arn, name="once", input="{}")


def test_executions_without_a_name_are_separate(aws: Aws) -> None:
    start = aws.client("stepfunctions").start_execution
    arn = aws.state_machine(DONE)

    assert start(stateMachineArn=arn)["executionArn"] != start(stateMachineArn=arn)["executionArn"]


# Synchronous executions


def express(aws: Aws, states: dict[str, Any]) -> str:
    """Create an Express state machine that begins at the first of `states`; return its ARN."""
    definition = {"QueryLanguage": "JSONata", "StartAt": next(iter(states)), "States": states}
    arn: str = aws.stepfunctions.create_state_machine(
        name=f"express-{len(json.dumps(states))}",
        definition=json.dumps(definition),
        roleArn=ROLE,
        type="EXPRESS",
    )["stateMachineArn"]
    return arn


def test_a_synchronous_execution_answers_with_its_output(aws: Aws) -> None:
    arn = express(aws, {"Only": {"Type": "Succeed", "Output": {"é": "{% $states.input.x %}"}}})

    answer = aws.stepfunctions.start_sync_execution(stateMachineArn=arn, input='{"x": 1}')

    assert (answer["status"], json.loads(answer["output"])) == ("SUCCEEDED", {"é": 1})
    assert answer["stateMachineArn"] == arn
    assert answer["startDate"] <= answer["stopDate"]


def test_a_synchronous_execution_that_fails_says_why(aws: Aws) -> None:
    arn = express(aws, {"Only": {"Type": "Fail", "Error": "Mine", "Cause": "because"}})

    answer = aws.stepfunctions.start_sync_execution(stateMachineArn=arn)

    assert (answer["status"], answer["error"], answer["cause"]) == ("FAILED", "Mine", "because")
    assert "output" not in answer


def test_a_standard_state_machine_cannot_be_started_synchronously(aws: Aws) -> None:
    arn = aws.state_machine(DONE)

    with pytest.raises(ClientError, match="StateMachineTypeNotSupported"):
        aws.stepfunctions.start_sync_execution(stateMachineArn=arn)
    with pytest.raises(ClientError, match="StateMachineDoesNotExist"):
        aws.stepfunctions.start_sync_execution(stateMachineArn=f"{arn}-unknown")


def test_a_synchronous_execution_is_no_execution_that_others_wait_for(aws: Aws) -> None:
    arn = express(aws, {"Only": {"Type": "Pass", "End": True}})

    aws.stepfunctions.start_sync_execution(stateMachineArn=arn, input="{}")

    assert aws.executions.wait(timeout_seconds=0)
