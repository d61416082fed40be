"""Lambda: functions from container images, run by `local.functions`.

AWS: https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html
AWS: https://docs.aws.amazon.com/lambda/latest/api/API_UpdateFunctionConfiguration.html
AWS: https://docs.aws.amazon.com/lambda/latest/api/API_UpdateFunctionCode.html
"""

import json
import subprocess
from typing import Final

from moto.awslambda.exceptions import InvalidParameterValueException
from moto.awslambda.models import LambdaBackend, LambdaFunction, lambda_backends
from moto.stepfunctions.parser.asl.component.state.exec.state_task import lambda_eval_utils

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
    answer = _update_function["update_function_code"](self, function_name, *args, **options)
    _deploy(self.get_function(function_name))
    return answer


@replaces(LambdaBackend, name="update_function_configuration")
def _update_backend_configuration(
    self: Moto, function_name: str, *args: Moto, **options: Moto
) -> Json:
    """AWS runs functions with their new settings. moto changes its record only; see `_create`."""
    answer = _update_function["update_function_configuration"](
        self, function_name, *args, **options
    )
    _deploy(self.get_function(function_name))
    return answer


def _deploy(made: Moto) -> None:
    function = _function(made)
    try:
        wired().deploy(function)
    except (OSError, subprocess.CalledProcessError) as error:
        raise InvalidParameterValueException(f"{function.image_uri}: {error}") from error


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
    _init(self, account_id, spec, *args, **options)


@replaces(LambdaFunction, name="get_configuration")
def _configuration(self: Moto, on_create: bool = False) -> dict[str, Json]:  # noqa: FBT001, FBT002  # moto's
    """AWS returns LoggingConfig, and ImageConfigResponse only if the image's command is overridden.

    moto returns no LoggingConfig, and always an ImageConfigResponse.
    """
    configuration = _get_configuration(self, on_create)
    if not any(self.image_config.response().values()):
        configuration.pop("ImageConfigResponse", None)
    logging = {"LogFormat": "Text", "LogGroup": self.logs_group_name, **self.logging}
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
