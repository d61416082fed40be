"""Lambda: functions from container images, run by `local.functions`.

AWS: https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html
AWS: https://docs.aws.amazon.com/lambda/latest/api/API_UpdateFunctionConfiguration.html
AWS: https://docs.aws.amazon.com/lambda/latest/api/API_UpdateFunctionCode.html
AWS: https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
AWS: https://docs.aws.amazon.com/lambda/latest/dg/functions-states.html
"""

import itertools
import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final, NamedTuple

from moto.awslambda.exceptions import InvalidParameterValueException
from moto.awslambda.models import LambdaBackend, LambdaFunction, lambda_backends
from moto.stepfunctions.parser.asl.component.state.exec.state_task import lambda_eval_utils
from moto.utilities.docker_utilities import DockerModel

from local.functions import Function
from local.moto_patches.wiring import Json, Moto, replaces, wired

_create_function: Final = LambdaBackend.create_function
_update_function: Final = {
    name: getattr(LambdaBackend, name)
    for name in ("update_function_code", "update_function_configuration")
}
_init: Final = LambdaFunction.__init__
_update_code: Final = LambdaFunction.update_function_code
_update_configuration: Final = LambdaFunction.update_configuration
_get_configuration: Final = LambdaFunction.get_configuration


class Refusal(NamedTuple):
    """Why Lambda does not invoke a function."""

    status: HTTPStatus
    code: str
    message: str


# The first invocation gets the first of these; the order of the others is not documented.
_REFUSALS: Final = (
    Refusal(
        HTTPStatus.CONFLICT,
        "CodeArtifactUserPendingException",
        "Lambda is initializing your function. It will be ready to invoke shortly.",
    ),
    Refusal(
        HTTPStatus.CONFLICT,
        "ResourceConflictException",
        "The operation cannot be performed at this time."
        " The function is currently in the following state: Pending",
    ),
    Refusal(HTTPStatus.BAD_GATEWAY, "ResourceNotReadyException", "The function is inactive."),
)


@dataclass
class _Rest:
    """The state of a function that nobody has invoked for weeks."""

    seconds: float  # from the first invocation until the function is Active again
    active_at: float | None = None  # by the clock of executions; None before the first invocation
    refusals: Iterator[Refusal] = field(default_factory=lambda: itertools.cycle(_REFUSALS))


def rest(account: str, region: str, name_or_arn: str, *, seconds: float) -> None:
    """Make a function Inactive; `seconds` after its first invocation it is Active again.

    The seconds are scaled as Step Functions' waits are.
    """
    lambda_backends[account][region].get_function(name_or_arn).rest = _Rest(seconds)


def refusal(account: str, region: str, name_or_arn: str) -> Refusal | None:
    """AWS refuses to invoke a function that is Inactive, and restores it. moto always invokes.

    Raises:
        moto.awslambda.exceptions.UnknownFunctionException: there is no such function.
    """
    resting: _Rest | None = lambda_backends[account][region].get_function(name_or_arn).rest
    if resting is None:
        return None
    clock = wired().clock
    now = clock.now()
    if resting.active_at is None:
        resting.active_at = now + clock.scaled(resting.seconds)
    elif now >= resting.active_at:
        lambda_backends[account][region].get_function(name_or_arn).rest = None
        return None
    return next(resting.refusals)


def find(account: str, region: str, name_or_arn: str) -> Function:
    """Return a function with its current settings.

    Raises:
        moto.awslambda.exceptions.UnknownFunctionException: there is no such function.
    """
    return _function(lambda_backends[account][region].get_function(name_or_arn))


def problem_of(text: bytes) -> str | None:
    """Return why `text` is no JSON for AWS; None if it is. Python's parser also accepts NaN."""

    def refuse(constant: str) -> None:
        raise ValueError(f"{constant} is no JSON")

    try:
        json.loads(text, parse_constant=refuse)
    except ValueError as error:  # bytes that are not UTF-8 too
        return str(error)
    return None


def _function(made: Moto) -> Function:
    return Function(
        name=made.function_name,
        image_uri=made.code.get("ImageUri", ""),
        environment=tuple(sorted(made.environment_vars.items())),
        timeout_seconds=made.timeout,
        memory_mb=made.memory_size,
        arn=made.function_arn,
        log_format=made.logging.get("LogFormat", "Text"),
        log_level=made.logging.get("ApplicationLogLevel", "INFO"),
    )


@replaces(LambdaBackend, name="create_function")
def _create(self: Moto, spec: dict[str, Json]) -> Moto:
    """AWS refuses an image that does not start. moto never starts one."""
    made = _create_function(self, spec)
    try:
        _deploy(made)
    except InvalidParameterValueException:
        self.delete_function(made.function_name)
        raise
    return made


@replaces(LambdaBackend, name="update_function_code")
def _update_backend_code(self: Moto, function_name: str, *args: Moto, **options: Moto) -> Json:
    """AWS runs the new code from the next event on. moto changes its record only; see `_create`."""
    return _update(self, "update_function_code", function_name, *args, **options)


@replaces(LambdaBackend, name="update_function_configuration")
def _update_backend_configuration(
    self: Moto, function_name: str, *args: Moto, **options: Moto
) -> Json:
    """AWS runs functions with their new settings. moto changes its record only; see `_create`."""
    return _update(self, "update_function_configuration", function_name, *args, **options)


def _update(backend: Moto, operation: str, name: str, *args: Moto, **options: Moto) -> Json:
    made = backend.get_function(name)
    before = {**vars(made), "code": dict(made.code)}  # moto changes it in place
    answer = _update_function[operation](backend, name, *args, **options)
    try:
        _deploy(made)
    except InvalidParameterValueException:
        vars(made).update(before)
        raise
    return answer


def _deploy(made: Moto) -> None:
    function = _function(made)
    try:
        wired().deploy(function)
    except (OSError, subprocess.CalledProcessError) as error:
        raise InvalidParameterValueException(f"{function.image_uri}: {error}") from error


def _no_docker(_self: Moto) -> Moto:
    """AWS runs what it is told to. moto does so in Docker: for event sources, and for Batch.

    Here only `local.functions` runs something.
    """
    raise NotImplementedError("the embedded AWS starts no container by itself")


DockerModel.docker_client = property(_no_docker)


@replaces(lambda_eval_utils, name="_from_payload")
def _result(payload: Moto) -> Json:
    """AWS's JSON has no NaN, which Python's has. What is no JSON remains a text, as in moto.

    awslambdaric encodes NaN as such, and Lambda's Invoke passes it on. AWS does not document how
    Step Functions fails: the text, at least, has no fields.
    """
    text: bytes = payload.read()
    return text.decode(errors="replace") if problem_of(text) else json.loads(text)


@replaces(LambdaFunction, name="__init__")
def _make(self: Moto, account_id: str, spec: dict[str, Json], *args: Moto, **options: Moto) -> None:
    """AWS keeps a function's LoggingConfig. moto drops it."""
    self.logging = spec.get("LoggingConfig", {})
    self.rest = None
    _init(self, account_id, spec, *args, **options)


@replaces(LambdaFunction, name="get_configuration")
def _configuration(self: Moto, on_create: bool = False) -> dict[str, Json]:  # noqa: FBT001, FBT002  # moto's
    """AWS returns LoggingConfig, and ImageConfigResponse only if the image's command is overridden.

    moto returns no LoggingConfig, always an ImageConfigResponse, and the state Active.
    """
    configuration = _get_configuration(self, on_create)
    if not any(self.image_config.response().values()):
        configuration.pop("ImageConfigResponse", None)
    logging = {"LogFormat": "Text", "LogGroup": self.logs_group_name, **self.logging}
    resting: _Rest | None = self.rest
    if resting is not None:
        inactive = resting.active_at is None
        configuration["State"] = "Inactive" if inactive else "Pending"
        configuration["StateReasonCode"] = "Idle" if inactive else "Restoring"
    return {**configuration, "LoggingConfig": logging}


@replaces(LambdaFunction, name="update_configuration")
def _set_configuration(self: Moto, config_updates: dict[str, Json]) -> dict[str, Json]:
    """AWS changes each setting of the request. moto ignores four of them."""
    self.ephemeral_storage = config_updates.get(
        "EphemeralStorage", {"Size": self.ephemeral_storage}
    )["Size"]
    self.kms_key_arn = config_updates.get("KMSKeyArn", self.kms_key_arn)
    self.logging = config_updates.get("LoggingConfig", self.logging)
    self.tracing_config = config_updates.get("TracingConfig", self.tracing_config)
    _update_configuration(self, config_updates)
    kept: dict[str, Json] = self.get_configuration()
    return kept


@replaces(LambdaFunction, name="update_function_code")
def _set_code(self: Moto, updated_spec: dict[str, Json]) -> dict[str, Json]:
    """AWS changes the architecture with the code. moto ignores it."""
    self.architectures = updated_spec.get("Architectures", self.architectures)
    kept: dict[str, Json] = _update_code(self, updated_spec)
    return kept
