"""Step Functions: JSONata, errors, limits, and speed."""

import functools
import json
import logging
import threading
import time
import uuid
from datetime import datetime
from types import SimpleNamespace
from typing import Final

from moto.core.config import default_user_config
from moto.core.responses import ActionResult
from moto.stepfunctions.exceptions import AWSError, InvalidExecutionInput
from moto.stepfunctions.parser import quotas
from moto.stepfunctions.parser.api import (
    EvaluationFailedEventDetails,
    HistoryEventType,
)
from moto.stepfunctions.parser.asl.component.common.assign.assign_decl import AssignDecl
from moto.stepfunctions.parser.asl.component.common.error_name.custom_error_name import (
    CustomErrorName,
)
from moto.stepfunctions.parser.asl.component.common.error_name.error_equals_decl import (
    ErrorEqualsDecl,
)
from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import (
    FailureEvent,
    FailureEventException,
)
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name import (
    StatesErrorName,
)
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name_type import (
    StatesErrorNameType,
)
from moto.stepfunctions.parser.asl.component.common.retry import retrier_decl
from moto.stepfunctions.parser.asl.component.common.string.string_expression import StringJSONata
from moto.stepfunctions.parser.asl.component.eval_component import EvalComponent
from moto.stepfunctions.parser.asl.component.state import state
from moto.stepfunctions.parser.asl.component.state.exec.state_parallel import branches_decl
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service import (
    state_task_service,
    state_task_service_aws_sdk,
)
from moto.stepfunctions.parser.asl.eval.event.event_detail import EventDetails
from moto.stepfunctions.parser.asl.parse import preprocessor
from moto.stepfunctions.parser.asl.parse.asl_parser import AmazonStateLanguageParser
from moto.stepfunctions.parser.asl.utils import boto_client
from moto.stepfunctions.parser.asl.utils.encoding import to_json_str
from moto.stepfunctions.parser.backend.execution_worker import ExecutionWorker
from moto.stepfunctions.parser.models import StepFunctionsParserBackend
from moto.stepfunctions.parser.utils import TMP_THREADS
from moto.stepfunctions.responses import StepFunctionResponse

from local import jsonata
from local.moto_patches import eventbridge
from local.moto_patches.wiring import Json, Moto, replaces, replaces_static, wired

MAX_DATA_BYTES: Final = 262_144  # of a state's input or output, as UTF-8
NEVER_CAUGHT: Final = ("States.DataLimitExceeded", "States.Runtime")  # by States.ALL

_ASSIGNED: Final = "assigned in this state"  # a key of the interpreter's scratch memory

default_user_config["stepfunctions"] = {"execute_state_machine": True}

# A state that fails, which is no fault of this machine, would be logged at each of three levels.
logging.getLogger("moto.stepfunctions").setLevel(logging.CRITICAL)


# Starting and ending


_start_execution: Final = StepFunctionsParserBackend.start_execution
_start_lock: Final = threading.Lock()


@replaces(StepFunctionsParserBackend, name="start_execution")
def _start(
    self: Moto,
    state_machine_arn: str,
    name: str | None = None,
    execution_input: str = "{}",
    trace_header: str | None = None,
) -> Moto:
    """AWS names the nameless, refuses an input over 256 KiB, and starts a name once."""
    if len(execution_input.encode(errors="replace")) > MAX_DATA_BYTES:
        raise InvalidExecutionInput(f"the input has over {MAX_DATA_BYTES} bytes")
    with _start_lock:
        name = name or str(uuid.uuid4())
        return _start_execution(self, state_machine_arn, name, execution_input, trace_header)


@replaces(ExecutionWorker, name="start")
def _run(self: Moto) -> None:
    """AWS tells EventBridge of an execution. Here, as many run at once as there is room for."""
    wiring = wired()
    execution = self._execution_communication.execution

    def run() -> None:
        try:
            with wiring.slots:
                if wiring.watcher.may_run():
                    _tell(execution)
                    self._execution_logic()
                    _tell(execution)
        finally:
            # moto keeps every thread it ever began
            TMP_THREADS[:] = [thread for thread in TMP_THREADS if thread.is_alive()]
            wiring.watcher.ended(execution)

    wiring.watcher.started(execution)
    thread = threading.Thread(target=run, name=execution.name, daemon=True)
    TMP_THREADS.append(thread)
    thread.start()


def _tell(execution: Moto) -> None:
    """Tell EventBridge the status of an execution, unless it is an express one: no error, no cause.

    Source: https://docs.aws.amazon.com/step-functions/latest/dg/eventbridge-integration.html
    """
    if execution.state_machine.type == "EXPRESS":
        return
    output = to_json_str(execution.output) if execution.status == "SUCCEEDED" else None
    detail = {
        "executionArn": execution.exec_arn,
        "stateMachineArn": execution.state_machine.arn,
        "name": execution.name,
        "status": execution.status,
        "startDate": _epoch_ms(execution.start_date),
        "stopDate": _epoch_ms(execution.stop_date),
        "input": execution.execution_input,
        "output": output,
        "inputDetails": {"included": True},
        "outputDetails": None if output is None else {"included": True},
    }
    eventbridge.send(
        execution.account_id,
        execution.region_name,
        "aws.states",
        "Step Functions Execution Status Change",
        execution.exec_arn,
        detail,
    )


def _epoch_ms(moment: datetime | None) -> int | None:
    return None if moment is None else int(moment.timestamp() * 1000)


def join_threads() -> None:
    """Wait until the threads of ended executions are gone, or for two seconds.

    One that still runs when the interpreter ends may abort the process.
    """
    deadline = time.monotonic() + 2
    for thread in [thread for thread in TMP_THREADS if thread.is_alive()]:
        thread.join(max(0.0, deadline - time.monotonic()))
    TMP_THREADS.clear()


@replaces(StepFunctionResponse, name="list_state_machine_versions")
def _list_versions(self: Moto) -> Moto:
    """AWS lists the versions that were published. moto keeps them to itself."""
    arn = self._get_param("stateMachineArn")
    versions = self.stepfunction_backend.describe_state_machine(arn).versions.values()
    listed = [
        {"stateMachineVersionArn": version.arn, "creationDate": version.creation_date}
        for version in reversed(versions)
    ]
    return ActionResult({"stateMachineVersions": listed})


def problem_of(definition: str) -> str | None:
    """Return what CreateStateMachine would say against a definition."""
    try:
        AmazonStateLanguageParser.parse(definition)
    except Exception as error:  # noqa: BLE001  # whatever the parser finds wrong
        return str(error) or type(error).__name__
    return None


@replaces_static(StepFunctionsParserBackend, name="_validate_definition")
def _validate_definition(definition: str) -> None:
    """AWS answers InvalidDefinition. moto's answer has no code."""
    if problem := problem_of(definition):
        raise AWSError(problem, "InvalidDefinition", 400)


_inner_string: Final = preprocessor.Preprocessor._inner_string_of  # noqa: SLF001


@replaces_static(preprocessor.Preprocessor, name="_inner_string_of")
@replaces(preprocessor, name="from_string_literal")
def _string(parser_rule_context: Moto) -> Json:
    """AWS reads a definition as JSON. moto leaves escapes as they are, or reads Python's."""
    text = parser_rule_context.getText()
    if text.startswith('"'):
        return json.loads(text, strict=False)
    return _inner_string(parser_rule_context)


@replaces(preprocessor.Preprocessor, name="__init__")
def _reader(self: Moto) -> None:
    """AWS reads each definition for itself. moto's readers share the query language they are in.

    So two at a time took one's for the other's, and after a bad definition no good one passed.
    """
    self._query_language_per_scope = []


# The definition is parsed once (two seconds of antlr), and its tree is only read while it runs:
# what an execution remembers is in its Environment. The one exception is an id made at first use.
AmazonStateLanguageParser.parse = functools.cache(AmazonStateLanguageParser.parse)
EvalComponent.heap_key = property(lambda self: str(id(self)))


# JSONata


_string_jsonata_init: Final = StringJSONata.__init__


@replaces(StringJSONata, name="__init__")
def _check_jsonata(self: Moto, expression: str) -> None:
    """AWS refuses a definition with an expression that does not parse."""
    _string_jsonata_init(self, expression)
    jsonata.check(expression)


@replaces(StringJSONata, name="_eval_body")
def _evaluate_jsonata(self: Moto, env: Moto) -> None:
    """AWS evaluates JSONata, with bound values. moto has an empty shell, and pastes text."""
    states = json.loads(to_json_str(env.states._states_data))  # noqa: SLF001  # no other way in
    for name in ("result", "errorOutput"):  # there is no such thing where there is none
        if states.get(name) is None:
            states.pop(name, None)
    store = env.variable_store
    variables = {**store._outer_scope, **store._inner_scope, "states": states}  # noqa: SLF001
    try:
        env.stack.append(jsonata.evaluate(self.expression, variables))
    except jsonata.QueryEvaluationError as error:
        failure = FailureEventException(
            FailureEvent(
                env=env,
                error_name=StatesErrorName(StatesErrorNameType.StatesQueryEvaluationError),
                event_type=HistoryEventType.EvaluationFailed,
                event_details=EventDetails(
                    evaluationFailedEventDetails=EvaluationFailedEventDetails(
                        error="States.QueryEvaluationError", cause=str(error)
                    )
                ),
            )
        )
        env.event_manager.add_event(
            context=env.event_history_context,
            event_type=HistoryEventType.EvaluationFailed,
            event_details=EventDetails(
                evaluationFailedEventDetails=failure.get_evaluation_failed_event_details()
            ),
        )
        raise failure from error


@replaces(AssignDecl, name="_eval_body")
def _assign(self: Moto, env: Moto) -> None:
    """AWS lets a state's Assign be seen by the next state, not by its own Output."""
    for binding in self.declaration_bindings:
        binding.eval(env=env)
        env.heap.setdefault(_ASSIGNED, {}).update(env.stack.pop())


_exit_details: Final = state.CommonStateField._get_state_exited_event_details  # noqa: SLF001


@replaces(state.CommonStateField, name="_get_state_exited_event_details")
def _exit(self: Moto, env: Moto) -> Moto:
    """AWS sets the variables as the state is left; see `_assign`."""
    for name, value in env.heap.pop(_ASSIGNED, {}).items():
        env.variable_store.set(name, value)
    return _exit_details(self, env)


# Errors


@replaces(ErrorEqualsDecl, name="_eval_body")
def _error_equals(self: Moto, env: Moto) -> None:
    """AWS lets no wildcard match a data limit or a runtime error, nor TaskFailed a timeout."""
    name = getattr(env.stack.pop(), "error_name", None)
    listed = {error.error_name for error in self.error_names}
    wildcard = "States.ALL" in listed or (
        "States.TaskFailed" in listed and name != "States.Timeout"
    )
    env.stack.append(name in listed or (wildcard and name not in NEVER_CAUGHT))


@replaces(branches_decl, name="CustomErrorName")
def _branch_error(error_name: str | None) -> Moto:
    """AWS passes any error of a branch on. moto breaks on those that begin with States."""
    if error_name is not None and error_name.startswith("States."):
        return StatesErrorName.from_name(error_name)
    return CustomErrorName(error_name)


# AWS names an error after the SDK for Java 2's service: S3.NoSuchKeyException.
state_task_service_aws_sdk._SERVICE_ERROR_NAMES.update(  # noqa: SLF001
    {"lambda": "Lambda", "rekognition": "Rekognition", "s3": "S3", "sqs": "Sqs"}
)


# Limits, time, clients


@replaces(quotas, state, state_task_service, name="is_within_size_quota")
def _is_within_size_quota(value: Json) -> bool:
    """AWS counts the UTF-8 of compact JSON. moto counts spaces, and six for each é."""
    text = json.dumps(value, default=str, ensure_ascii=False, separators=(",", ":"))
    return len(text.encode(errors="replace")) <= MAX_DATA_BYTES


def _wait_before_retry(seconds: float) -> None:
    time.sleep(seconds * wired().retry_scale)


def _client(service_name: str, **_: Moto) -> Moto:
    return wired().client(service_name)


# moto waits in full, and makes a client for each call, for a port of its own.
retrier_decl.time = SimpleNamespace(sleep=_wait_before_retry)
boto_client.boto3 = SimpleNamespace(client=_client)
