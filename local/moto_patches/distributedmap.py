"""Step Functions: distributed Map over a listing of S3, and tasks that start executions.

AWS: https://docs.aws.amazon.com/step-functions/latest/dg/state-map-distributed.html
"""

import json
from collections.abc import Callable
from typing import Any, Final

from moto.stepfunctions.parser.asl.component.common.query_language import (
    QueryLanguage,
    QueryLanguageMode,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_map.item_reader.eval import (
    resource_eval_s3 as reader,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration.itemprocessor import (
    distributed_item_processor_worker,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_map.result_writer.resource_eval import (  # noqa: E501  # moto's path
    resource_eval_s3 as writer,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service import (
    state_task_service_callback,
    state_task_service_sfn,
)
from moto.stepfunctions.parser.asl.eval.program_state import ProgramError
from moto.stepfunctions.parser.asl.parse.asl_parser import AmazonStateLanguageParser
from moto.stepfunctions.parser.asl.parse.preprocessor import Preprocessor
from moto.stepfunctions.parser.asl.utils.encoding import to_json_str
from moto.stepfunctions.parser.models import stepfunctions_parser_backends

from local.moto_patches.wiring import Moto, replaces, replaces_static, wired

POLL_SECONDS: Final = 0.1  # between polls of an execution that a task waits for; moto's are 0.5

Worker: Final = distributed_item_processor_worker.DistributedItemProcessorWorker
Task: Final = state_task_service_sfn.StateTaskServiceSfn

_parse: Final = AmazonStateLanguageParser.parse


@replaces_static(AmazonStateLanguageParser, name="parse")
def _reworded(definition: str) -> Moto:
    """AWS accepts a whole percentage, and Arguments in a ResultWriter. moto's grammar does not."""
    return _parse(json.dumps(json.loads(definition, object_hook=_reword), ensure_ascii=False))


_visit_writer: Final = Preprocessor.visitResult_writer_decl


@replaces(Preprocessor, name="visitResult_writer_decl")
def _visit(self: Moto, ctx: Moto) -> Moto:
    """AWS evaluates Arguments as JSONata. Here moto reads them as JSONPath: they are constants.

    `_reword` has renamed them to Parameters, as moto's grammar needs.
    """
    scopes = self._query_language_per_scope
    scopes.append(QueryLanguage(QueryLanguageMode.JSONPath))
    try:
        return _visit_writer(self, ctx)
    finally:
        scopes.pop()


def _reword(state: dict[str, Any]) -> dict[str, Any]:
    if "ToleratedFailurePercentage" in state:
        state["ToleratedFailurePercentage"] = float(state["ToleratedFailurePercentage"])
    if "ResultWriter" in state:
        writer = state["ResultWriter"]
        state["ResultWriter"] = {
            {"Arguments": "Parameters"}.get(name, name): value for name, value in writer.items()
        }
    return state


@replaces_static(reader.ResourceEvalS3, name="_handle_list_objects_v2")
def _list(env: Moto, *_: Moto) -> None:
    """AWS reads every page of a listing, or none. moto reads one page, and fails on an empty one.

    AWS: https://docs.aws.amazon.com/step-functions/latest/dg/input-output-itemreader.html
    """
    pages = wired().clients.s3.get_paginator("list_objects_v2").paginate(**env.stack.pop())
    env.stack.append(
        [
            {
                "Etag": one["ETag"],
                "Key": one["Key"],
                "LastModified": int(one["LastModified"].timestamp()),
                "Size": one["Size"],
                "StorageClass": one["StorageClass"],
            }
            for page in pages
            for one in page.get("Contents", [])
        ]
    )


_eval_input: Final = Worker._eval_input  # noqa: SLF001  # the only access
_eval_job: Final = Worker._eval_job  # noqa: SLF001  # the only access


@replaces(Worker, name="_eval_input")
def _remember_input(self: Moto, env_frame: Moto) -> None:
    """AWS writes a child's input beside its result. moto drops it."""
    _eval_input(self, env_frame)
    self.child_input = env_frame.states.get_input()


@replaces(Worker, name="_eval_job")
def _remember_result(self: Moto, env: Moto, job: Moto) -> None:
    """AWS writes the result of each child, failures included. moto drops failures."""
    _eval_job(self, env, job)
    state = env.program_state()
    result: dict[str, Any] = {"Input": to_json_str(self.child_input)}
    if isinstance(state, ProgramError):
        failure = state.error or {}
        result |= {"Status": "FAILED", "Error": failure["error"], "Cause": failure["cause"]}
    else:
        result |= {"Status": "SUCCEEDED", "Output": to_json_str(job.job_output)}
    self._map_run_record.__dict__.setdefault("results", []).append(result)


@replaces_static(writer.ResourceEvalS3, name="_handle_put_object")
def _write(env: Moto, *_: Moto) -> None:
    """AWS writes a manifest, and a file of children for each status. moto's manifest is empty.

    AWS: https://docs.aws.amazon.com/step-functions/latest/dg/input-output-resultwriter.html
    """
    parameters = env.stack.pop()
    env.stack.pop()  # the outputs: the results have them too
    run = env.map_run_record_pool_manager.get_all().pop()
    bucket, folder = parameters["Bucket"], f"{parameters['Prefix']}/{run.map_run_arn[-36:]}"
    s3 = wired().clients.s3
    files: dict[str, list[dict[str, Any]]] = {"FAILED": [], "PENDING": [], "SUCCEEDED": []}
    for status, listed in files.items():
        results = [one for one in run.__dict__.get("results", []) if one["Status"] == status]
        if results:
            key, body = f"{folder}/{status}_0.json", json.dumps(results).encode()
            s3.put_object(Bucket=bucket, Key=key, Body=body)
            listed.append({"Key": key, "Size": len(body)})
    manifest = {"DestinationBucket": bucket, "MapRunArn": run.map_run_arn, "ResultFiles": files}
    key = f"{folder}/manifest.json"
    s3.put_object(Bucket=bucket, Key=key, Body=json.dumps(manifest).encode())
    details = {"Bucket": bucket, "Key": key}
    env.stack.append({"MapRunArn": run.map_run_arn, "ResultWriterDetails": details})


@replaces(Task, name="_eval_service_task")
def _start_execution(
    _self: Moto, *, env: Moto, normalised_parameters: dict[str, Any], **_: Moto
) -> None:
    """AWS accepts and returns PascalCase names. moto passes the caller's names on unchanged.

    AWS: https://docs.aws.amazon.com/step-functions/latest/dg/connect-stepfunctions.html
    """
    started = wired().clients.stepfunctions.start_execution(**_renamed(normalised_parameters))
    env.stack.append({"ExecutionArn": started["executionArn"], "StartDate": started["startDate"]})


_build_sync2_resolver: Final = Task._build_sync2_resolver  # noqa: SLF001  # the only access


@replaces(Task, name="_build_sync2_resolver")
def _resolver(self: Moto, env: Moto, **others: Moto) -> Callable[[], dict[str, Any] | None]:
    """AWS returns PascalCase names when the execution has ended. moto polls over HTTP."""
    arn = env.stack[-1]["ExecutionArn"]
    describe = _build_sync2_resolver(self, env=env, **others)
    backend = stepfunctions_parser_backends[arn.split(":")[4]][arn.split(":")[3]]

    def resolved() -> dict[str, Any] | None:
        if backend.describe_execution(arn).status == "RUNNING":
            return None
        return {name[0].upper() + name[1:]: value for name, value in (describe() or {}).items()}

    return resolved


def _renamed(parameters: dict[str, Any]) -> dict[str, Any]:
    return {name[0].lower() + name[1:]: value for name, value in parameters.items()}


state_task_service_callback._DELAY_SECONDS_SYNC_CONDITION_CHECK = POLL_SECONDS  # noqa: SLF001
