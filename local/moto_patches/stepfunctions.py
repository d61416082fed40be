"""Step Functions: JSONata, variables, errors, limits, and speed."""

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
from moto.stepfunctions.parser.asl.component.common.path import result_path
from moto.stepfunctions.parser.asl.component.common.retry import retrier_decl
from moto.stepfunctions.parser.asl.component.common.string.string_expression import StringJSONata
from moto.stepfunctions.parser.asl.component.eval_component import EvalComponent
from moto.stepfunctions.parser.asl.component.state import state
from moto.stepfunctions.parser.asl.component.state.exec.state_parallel import branches_decl
from moto.stepfunctions.parser.asl.component.state.exec.state_parallel.branch_worker import (
    BranchWorker,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service import (
    state_task_service,
    state_task_service_aws_sdk,
)
from moto.stepfunctions.parser.asl.component.state.wait.wait_function.wait_function import (
    WaitFunction,
)
from moto.stepfunctions.parser.asl.eval.event.event_detail import EventDetails
from moto.stepfunctions.parser.asl.parse import preprocessor
from moto.stepfunctions.parser.asl.parse.asl_parser import AmazonStateLanguageParser
from moto.stepfunctions.parser.asl.utils import boto_client, json_path
from moto.stepfunctions.parser.asl.utils.encoding import to_json_str
from moto.stepfunctions.parser.backend.execution_worker import ExecutionWorker
from moto.stepfunctions.parser.models import StepFunctionsParserBackend
from moto.stepfunctions.parser.utils import TMP_THREADS
from moto.stepfunctions.responses import StepFunctionResponse

from local import jsonata
from local.moto_patches import eventbridge
from local.moto_patches.wiring import Json, Moto, replaces, replaces_static, wired

MAX_DATA_BYTES: Final = 262_144  # of a state's input or output, as UTF-8
EXPRESS: Final = "EXPRESS"  # the type of a state machine
NEVER_CAUGHT: Final = ("States.DataLimitExceeded", "States.Runtime")  # States.ALL does not

_ASSIGNED: Final = "assigned in this state"  # a key of the interpreter's scratch memory

default_user_config["stepfunctions"] = {"execute_state_machine": True}

# moto logs each failed state at three levels. A failed state is no fault of moto.
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
    """AWS refuses an input over 256 KiB or without JSON, and starts a name, or a made-up one, once.

    moto accepts any length, has no code for a text without JSON, needs a name, and can start a name
    twice from two threads.
    AWS: https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html
    AWS: https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
    """
    if len(execution_input.encode(errors="replace")) > MAX_DATA_BYTES:
        raise InvalidExecutionInput(f"the input has over {MAX_DATA_BYTES} bytes")
    try:
        json.loads(execution_input)
    except ValueError as error:
        raise InvalidExecutionInput(f"the input is not JSON: {error}") from error
    with _start_lock:
        name = name or str(uuid.uuid4())
        return _start_execution(self, state_machine_arn, name, execution_input, trace_header)


@replaces(StepFunctionResponse, name="start_sync_execution")
def _start_and_wait(self: Moto) -> Moto:
    """AWS runs an Express execution, and answers when it has ended. moto lacks this operation.

    AWS refuses a state machine of type STANDARD.
    AWS: https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartSyncExecution.html
    """
    backend, arn = self.stepfunction_backend, self._get_param("stateMachineArn")
    if backend.describe_state_machine(arn).type != EXPRESS:
        raise AWSError(f"{arn} is not of type {EXPRESS}", "StateMachineTypeNotSupported", 400)
    execution = backend.start_execution(
        arn, self._get_param("name"), self._get_param("input", if_none="{}")
    )
    execution.exec_worker.thread.join()
    status = "FAILED" if execution.status == "ABORTED" else execution.status
    answer = {
        "executionArn": execution.exec_arn,
        "stateMachineArn": arn,
        "name": execution.name,
        "startDate": execution.start_date,
        "stopDate": execution.stop_date,
        "status": status,
        "input": execution.execution_input,
        "inputDetails": {"included": True},
        "error": execution.error,
        "cause": execution.cause,
    }
    if status == "SUCCEEDED":
        answer |= {"output": to_json_str(execution.output), "outputDetails": {"included": True}}
    return ActionResult({name: value for name, value in answer.items() if value is not None})


@replaces(ExecutionWorker, name="start")
def _run(self: Moto) -> None:
    """AWS sends an execution's status changes to EventBridge. moto does not.

    This also limits how many executions run at the same time, and calls the watcher. Neither
    concerns an Express execution: whoever started it waits for it, often within another execution.
    """
    wiring = wired()
    execution = self._execution_communication.execution
    if execution.state_machine.type == EXPRESS:
        self.thread = threading.Thread(target=self._execution_logic, daemon=True)
        self.thread.start()
        return
    turn = wiring.clock.line_up()

    def run() -> None:
        try:
            with turn:
                if wiring.watcher.may_run():
                    _send_status(execution)
                    self._execution_logic()
                    _send_status(execution)
        finally:
            # moto keeps every thread that it ever started
            TMP_THREADS[:] = [thread for thread in TMP_THREADS if thread.is_alive()]
            wiring.watcher.ended(execution)

    wiring.watcher.started(execution)
    thread = threading.Thread(target=run, name=execution.name, daemon=True)
    TMP_THREADS.append(thread)
    thread.start()


def _send_status(execution: Moto) -> None:
    """Send the status of a standard execution to EventBridge: without its error and cause.

    AWS: https://docs.aws.amazon.com/step-functions/latest/dg/eventbridge-integration.html
    """
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
    """Wait until the threads of ended executions are gone, for two seconds at most.

    A thread that still runs when the interpreter ends may abort the process.
    """
    deadline = time.monotonic() + 2
    for thread in [thread for thread in TMP_THREADS if thread.is_alive()]:
        thread.join(max(0.0, deadline - time.monotonic()))
    TMP_THREADS.clear()


@replaces(StepFunctionResponse, name="list_state_machine_versions")
def _list_versions(self: Moto) -> Moto:
    """AWS lists the published versions of a state machine. moto does not know this operation.

    AWS: https://docs.aws.amazon.com/step-functions/latest/apireference/API_ListStateMachineVersions.html
    """
    arn = self._get_param("stateMachineArn")
    versions = self.stepfunction_backend.describe_state_machine(arn).versions.values()
    listed = [
        {"stateMachineVersionArn": version.arn, "creationDate": version.creation_date}
        for version in reversed(versions)
    ]
    return ActionResult({"stateMachineVersions": listed})


def problem_of(definition: str) -> str | None:
    """Return why CreateStateMachine would refuse a definition; None if it would accept it."""
    try:
        AmazonStateLanguageParser.parse(definition)
    except Exception as error:  # noqa: BLE001  # the parser may raise anything
        return str(error) or type(error).__name__
    return None


@replaces_static(StepFunctionsParserBackend, name="_validate_definition")
def _validate_definition(definition: str) -> None:
    """AWS answers InvalidDefinition. moto's answer has no code.

    AWS: https://docs.aws.amazon.com/step-functions/latest/apireference/API_CreateStateMachine.html
    """
    if problem := problem_of(definition):
        raise AWSError(problem, "InvalidDefinition", 400)


_inner_string: Final = preprocessor.Preprocessor._inner_string_of  # noqa: SLF001


@replaces_static(preprocessor.Preprocessor, name="_inner_string_of")
@replaces(preprocessor, name="from_string_literal")
def _string(parser_rule_context: Moto) -> Json:
    """AWS reads a definition as JSON. moto leaves escapes unchanged, or reads them as Python's."""
    text = parser_rule_context.getText()
    if text.startswith('"'):
        return json.loads(text, strict=False)
    return _inner_string(parser_rule_context)


@replaces(preprocessor.Preprocessor, name="__init__")
def _reader(self: Moto) -> None:
    """AWS reads each definition on its own. moto's readers share the current query language.

    Two readers at the same time confused their languages, and every reader after a bad definition
    refused good ones.
    """
    self._query_language_per_scope = []


# A definition is parsed once: that takes antlr two seconds. Executions only read the tree and keep
# their state in an Environment, except for an id that moto makes at its first use.
AmazonStateLanguageParser.parse = functools.cache(AmazonStateLanguageParser.parse)
EvalComponent.heap_key = property(lambda self: str(id(self)))

# A path is parsed once. moto makes a parser for the path of a result after each state.
json_path.parse = functools.cache(json_path.parse)
result_path.parse = functools.cache(result_path.parse)


# JSONata


_string_jsonata_init: Final = StringJSONata.__init__


@replaces(StringJSONata, name="__init__")
def _check_jsonata(self: Moto, expression: str) -> None:
    """AWS refuses a definition with an expression that does not parse. moto accepts it."""
    _string_jsonata_init(self, expression)
    jsonata.check(expression)


@replaces(StringJSONata, name="_eval_body")
def _evaluate_jsonata(self: Moto, env: Moto) -> None:
    """AWS evaluates JSONata with bound values. moto has no evaluator, and pastes values as text.

    AWS: https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html
    moto: https://github.com/getmoto/moto/issues/10105
    """
    states = json.loads(to_json_str(env.states._states_data))  # noqa: SLF001  # the only access
    for name in ("result", "errorOutput"):  # absent, and not null, if there is none
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
    """AWS sets a state's variables when the state is left, so that Output sees the old values.

    moto sets them at once.
    AWS: https://docs.aws.amazon.com/step-functions/latest/dg/workflow-variables.html
    """
    for binding in self.declaration_bindings:
        binding.eval(env=env)
        env.heap.setdefault(_ASSIGNED, {}).update(env.stack.pop())


_exit_details: Final = state.CommonStateField._get_state_exited_event_details  # noqa: SLF001


@replaces(state.CommonStateField, name="_get_state_exited_event_details")
def _exit(self: Moto, env: Moto) -> Moto:
    """AWS sets the variables when the state is left; see `_assign`."""
    for name, value in env.heap.pop(_ASSIGNED, {}).items():
        env.variable_store.set(name, value)
    return _exit_details(self, env)


# Errors


@replaces(ErrorEqualsDecl, name="_eval_body")
def _error_equals(self: Moto, env: Moto) -> None:
    """AWS matches no wildcard with data limits and runtime errors, nor TaskFailed with a timeout.

    moto matches them.
    AWS: https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
    """
    name = getattr(env.stack.pop(), "error_name", None)
    listed = {error.error_name for error in self.error_names}
    wildcard = "States.ALL" in listed or (
        "States.TaskFailed" in listed and name != "States.Timeout"
    )
    env.stack.append(name in listed or (wildcard and name not in NEVER_CAUGHT))


@replaces(branches_decl, name="CustomErrorName")
def _branch_error(error_name: str | None) -> Moto:
    """AWS passes any error of a branch on. moto fails on error names that begin with States."""
    if error_name is not None and error_name.startswith("States."):
        return StatesErrorName.from_name(error_name)
    return CustomErrorName(error_name)


_run_branch: Final = BranchWorker._thread_routine  # noqa: SLF001
_start_branch: Final = BranchWorker.start
_wait_for_branches: Final = branches_decl.BranchWorkerPool.wait


@replaces(BranchWorker, name="start")
def _line_up_branch(self: Moto) -> None:
    """AWS runs branches at the same time. With a virtual clock, they take turns."""
    turn, run = wired().clock.line_up_branch(), self._thread_routine

    def run_in_turn() -> None:
        with turn:
            run()

    self._thread_routine = run_in_turn
    _start_branch(self)


@replaces(branches_decl.BranchWorkerPool, name="wait")
def _wait(self: Moto) -> None:
    """Let the branches have their turns; see `_line_up_branch`."""
    with wired().clock.waiting_for_branches():
        _wait_for_branches(self)


@replaces(BranchWorker, name="_thread_routine")
def _branch(self: Moto) -> None:
    """AWS ends the branches of a stopped execution. moto raises in one that has not begun yet.

    AWS: https://docs.aws.amazon.com/step-functions/latest/apireference/API_StopExecution.html
    """
    try:
        _run_branch(self)
    except RuntimeError:
        if self.env.is_running():
            raise


# AWS names an error after the service in the SDK for Java 2: S3.NoSuchKeyException. moto knows two.
# AWS: https://docs.aws.amazon.com/step-functions/latest/dg/supported-services-awssdk.html
state_task_service_aws_sdk._SERVICE_ERROR_NAMES.update(  # noqa: SLF001
    {"lambda": "Lambda", "rekognition": "Rekognition", "s3": "S3", "sqs": "Sqs"}
)


# Limits, time, clients


@replaces(quotas, state, state_task_service, name="is_within_size_quota")
def _is_within_size_quota(value: Json) -> bool:
    """AWS counts the bytes of compact JSON in UTF-8. moto counts spaces, and 6 bytes for an é.

    AWS: https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
    """
    text = json.dumps(value, default=str, ensure_ascii=False, separators=(",", ":"))
    return len(text.encode(errors="replace")) <= MAX_DATA_BYTES


def _wait_before_retry(seconds: float) -> None:
    wired().clock.sleep(seconds)


@replaces(WaitFunction, name="_wait_interval")
def _wait_state(_self: Moto, env: Moto, wait_seconds: int) -> None:
    """AWS waits, and so does moto, but it cannot be told to wait less."""
    wired().clock.wait(wait_seconds, env.program_state_event)


def _client(service_name: str, **_: Moto) -> Moto:
    return wired().clients.client(service_name)


# AWS waits between retries. moto does too, but cannot be told to wait less. moto also makes a new
# client for each call, and of its own port.
retrier_decl.time = SimpleNamespace(sleep=_wait_before_retry)
boto_client.boto3 = SimpleNamespace(client=_client)
