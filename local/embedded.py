"""The embedded AWS: moto's server in this process, with our own Lambda and Rekognition.

A process can run one at a time, because moto's services exist once in a process.
"""

import base64
import json
import logging
import re
import resource
import threading
import uuid
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from http import HTTPStatus
from math import inf
from typing import TYPE_CHECKING, Any, Final, TypeAlias
from urllib.parse import unquote

from botocore.config import Config
from moto.awslambda.exceptions import UnknownFunctionException
from moto.core.base_backend import BackendDict
from moto.moto_server.werkzeug_app import (
    DomainDispatcherApplication,
    MotoRequestHandler,
    create_backend_app,
)
from werkzeug.datastructures import EnvironHeaders, Headers
from werkzeug.serving import make_server
from werkzeug.test import EnvironBuilder, run_wsgi_app

from local import api, moto_patches
from local.clients import ACCOUNT, CREDENTIALS, REGION, Clients
from local.clock import Clock
from local.gate import Gate, Key, Keys, RefusedError, is_preflight
from local.quotas import UNLIMITED, Quotas, ThrottledError, Usage
from local.rekognition import Rekognition, RekognitionError

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

    from local.functions import Functions
    from local.moto_patches.wiring import Watcher
    from local.rekognition import Labeler

logger = logging.getLogger(__name__)

LOOPBACK: Final = "127.0.0.1"
MANY_FILES: Final = 10_240  # macOS allows no more
MAX_LOG_BYTES: Final = 4_096  # of a function's log, in the answer of Invoke

# What AWS tells of an account without quotas of its own.
DEFAULT_INVOCATIONS: Final = 1000
DEFAULT_LABELS_PER_SECOND: Final = 5

_DEFAULT_QUOTAS: Final = "ServiceQuotasV20190624.ListAWSDefaultServiceQuotas"
_ACCOUNT_SETTINGS_PATH: Final = "/2016-08-19/account-settings"
_FUNCTION_PATH: Final = re.compile(r"/2015-03-31/functions/([^/]+)/invocations/?")

_SCOPE_OF_STATES: Final = (  # moto reads the service of a request from it
    f"Credential={CREDENTIALS['AWS_ACCESS_KEY_ID']}/20260101/{REGION}/states/aws4_request,"
    " SignedHeaders=host, Signature=0"
)

Answer: TypeAlias = tuple[HTTPStatus, dict[str, str], bytes]


@contextmanager
def embedded_aws(  # noqa: PLR0913  # all by name
    *,
    functions: "Functions",
    labeler: "Labeler",
    wait_scale: float,
    executions_at_once: int,
    watcher: "Watcher",
    host: str = LOOPBACK,
    quotas: Quotas = UNLIMITED,
    clock: Clock | None = None,
) -> "Iterator[str]":
    """Serve AWS's APIs at a free port of `host`, and yield its URL.

    Args:
        functions: runs the deployed functions, and answers Lambda's Invoke.
        labeler: answers Rekognition's DetectLabels.
        wait_scale: multiplies Step Functions' waits.
        executions_at_once: further executions wait; their timeouts have not begun.
        watcher: is called at the start and at the end of each execution.
        host: the only address to listen on.
        quotas: of the account; requests that exceed them are throttled.
        clock: replaces the real time, `wait_scale` and `executions_at_once`.
    """
    _allow_many_files()
    clock = clock or Clock(executions_at_once=executions_at_once, wait_scale=wait_scale)
    usage = Usage(quotas, clock)
    keys = Keys()
    gate = Gate(keys, moto_patches.cors.ORIGINS)
    front = _Front(gate, functions, Rekognition(labeler), usage)
    server = make_server(host, 0, front, threaded=True, request_handler=_QuietHandler)
    server.daemon_threads = False  # type: ignore[attr-defined]  # socketserver.ThreadingMixIn's
    gate.port = server.server_port
    url = f"http://{host}:{server.server_port}"
    wiring = moto_patches.Wiring(
        clock=clock,
        usage=usage,
        watcher=watcher,
        deploy=functions.deploy,
        clients=Clients(url, _WITHOUT_RETRIES),
        keys=keys,
    )
    with server, moto_patches.connected(wiring):
        BackendDict.reset()  # other code in this process may have used moto
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), name="embedded AWS")
        thread.start()
        try:
            yield url
        finally:
            server.shutdown()
            thread.join()
            server.server_close()  # after the last answer
            moto_patches.cors.ORIGINS.clear()
            api.DEPLOYED.clear()
            moto_patches.stepfunctions.join_threads()
            BackendDict.reset()


def _allow_many_files() -> None:
    """Raise this process's limit of open files: moto keeps one open for each large object."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    many = MANY_FILES if hard == resource.RLIM_INFINITY else min(hard, MANY_FILES)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, many), hard))


# Step Functions retries and limits the time of a task itself.
_WITHOUT_RETRIES: Final = Config(
    retries={"total_max_attempts": 1}, read_timeout=900, max_pool_connections=64
)


class _QuietHandler(MotoRequestHandler):  # type: ignore[misc]  # moto's classes are untyped
    """moto's handler, without a line on stderr for each request."""

    timeout = 10  # seconds for a client to send the rest of a request; an answer may take longer

    def log(self, type: str, message: str, *args: object) -> None:  # noqa: A002  # werkzeug's name
        """Log nothing."""


class _Front:
    """The WSGI application: answers the requests that moto_patches lists; moto answers the rest."""

    def __init__(
        self, gate: Gate, functions: "Functions", rekognition: Rekognition, usage: Usage
    ) -> None:
        self.gate = gate
        self.functions = functions
        self.rekognition = rekognition
        self.usage = usage
        self.moto = DomainDispatcherApplication(create_backend_app)

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> "Iterable[bytes]":
        """Answer one request, if it passes the gate."""
        try:
            caller = self.gate.check(environ)
        except RefusedError as error:
            return _send(_refused(error, environ.get("HTTP_ORIGIN")), start_response)
        answer = self._answer(environ, caller)
        if answer is None:
            try:
                answered: Iterable[bytes] = self.moto(environ, start_response)
            except Exception as error:  # moto may raise anything
                # Without an answer, the connection would break, and SDKs would retry for minutes.
                method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
                logger.exception("%s %s %s", method, path, environ.get("HTTP_X_AMZ_TARGET", ""))
                problem = f"{type(error).__name__}: {error}"
                answer = _refusal(HTTPStatus.BAD_REQUEST, "EmbeddedAwsError", problem)
            else:
                return answered
        return _send(answer, start_response)

    def _answer(self, environ: "WSGIEnvironment", caller: Key | None) -> Answer | None:
        """Answer a request, or return None: moto answers it."""
        target = environ.get("HTTP_X_AMZ_TARGET", "")
        function = _FUNCTION_PATH.fullmatch(environ["PATH_INFO"])
        answer = None
        if api.DEPLOYED and environ["PATH_INFO"].startswith(f"{api.PATH}/"):
            answer = self._api(environ, caller)
        elif is_preflight(environ):
            headers = Headers(EnvironHeaders(environ))
            answer = moto_patches.cors.preflight(environ["PATH_INFO"], headers)
        elif function is not None:
            with_log = environ.get("HTTP_X_AMZ_LOG_TYPE") == "Tail"
            answer = self._invoke(function.group(1), _body(environ), with_log=with_log)
        elif environ["PATH_INFO"].rstrip("/") == _ACCOUNT_SETTINGS_PATH:
            answer = self._account_settings()
        elif target in ("ServiceQuotasV20190624.ListServiceQuotas", _DEFAULT_QUOTAS):
            answer = self._service_quotas(json.loads(_body(environ)), target)
        elif target == "RekognitionService.DetectLabels":
            answer = self._detect_labels(json.loads(_body(environ)))
        elif target == "AWSStepFunctions.ValidateStateMachineDefinition":
            answer = _validate(json.loads(_body(environ)))
        return answer

    def _api(self, environ: "WSGIEnvironment", caller: Key | None) -> Answer:
        """Answer a request to the gallery's API."""
        headers = {name.lower(): value for name, value in EnvironHeaders(environ).items()}
        path = environ["PATH_INFO"].removeprefix(api.PATH)
        method = environ["REQUEST_METHOD"]
        identity, login = ("", "") if caller is None else (caller.identity, caller.login)
        request = api.Request(method, path, headers, _body(environ), identity, login)
        answer = api.respond(api.DEPLOYED[0], request, self._step_functions)
        return HTTPStatus(answer.status), answer.headers, answer.body.encode()

    def _step_functions(self, action: str, request: bytes) -> tuple[int, bytes]:
        """Call Step Functions with the permissions of this run."""
        headers = {
            "Authorization": f"AWS4-HMAC-SHA256 {_SCOPE_OF_STATES}",
            "X-Amz-Target": f"AWSStepFunctions.{action}",
        }
        content_type = "application/x-amz-json-1.0"
        builder = EnvironBuilder("/", method="POST", data=request, content_type=content_type)
        builder.headers.extend(headers)
        body, status, _ = run_wsgi_app(self.moto, builder.get_environ())
        return int(status.partition(" ")[0]), b"".join(body)

    def _invoke(self, name: str, payload: bytes, *, with_log: bool) -> Answer:
        """Answer Lambda's Invoke (RequestResponse); `name` is a name or an ARN.

        AWS: https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
        """
        try:
            refusal = moto_patches.awslambda.refusal(ACCOUNT, REGION, unquote(name))
            function = moto_patches.awslambda.find(ACCOUNT, REGION, unquote(name))
        except UnknownFunctionException as error:
            return _refusal(HTTPStatus.NOT_FOUND, "ResourceNotFoundException", error.message)
        if refusal is not None:
            return _refusal(*refusal)
        event = payload or b"{}"
        if (problem := moto_patches.awslambda.problem_of(event)) is not None:
            problem = f"Could not parse request body into json: {problem}"
            return _refusal(HTTPStatus.BAD_REQUEST, "InvalidRequestContentException", problem)
        try:
            with self.usage.invocation():
                answer = self.functions.invoke(function, event)
        except PermissionError as error:
            return _refusal(HTTPStatus.FORBIDDEN, "AccessDeniedException", str(error))
        except ThrottledError:
            more = {"Reason": "ConcurrentInvocationLimitExceeded", "Type": "User"}
            code, message = "TooManyRequestsException", "Rate Exceeded."
            return _refusal(HTTPStatus.TOO_MANY_REQUESTS, code, message, **more)
        headers = {"X-Amz-Executed-Version": "$LATEST"}
        if answer.failed:
            headers["X-Amz-Function-Error"] = "Unhandled"
        if with_log:
            headers["X-Amz-Log-Result"] = base64.b64encode(answer.log[-MAX_LOG_BYTES:]).decode()
        return HTTPStatus.OK, headers, answer.payload

    def _account_settings(self) -> Answer:
        """Answer Lambda's GetAccountSettings.

        AWS: https://docs.aws.amazon.com/lambda/latest/api/API_GetAccountSettings.html
        """
        quota = self.usage.quotas.invocations_at_once
        invocations = DEFAULT_INVOCATIONS if quota == inf else quota
        limit = {
            "ConcurrentExecutions": invocations,
            "UnreservedConcurrentExecutions": invocations,  # no function reserves any
        }
        return HTTPStatus.OK, {}, json.dumps({"AccountLimit": limit}).encode()

    def _service_quotas(self, request: Mapping[str, Any], target: str) -> Answer:
        """Answer Service Quotas' lists. Only a quota that was set is listed as the account's own.

        AWS: https://docs.aws.amazon.com/servicequotas/2019-06-24/apireference/API_ListServiceQuotas.html
        """
        quota = self.usage.quotas.labels_per_second
        own = quota != inf and target != _DEFAULT_QUOTAS
        listed = []
        if request["ServiceCode"] == "rekognition" and (own or target == _DEFAULT_QUOTAS):
            name = "Transactions per second per account for the Amazon Rekognition Image operation"
            value = quota if own else DEFAULT_LABELS_PER_SECOND
            listed = [{"QuotaName": f"{name} DetectLabels", "Value": value}]
        return HTTPStatus.OK, {}, json.dumps({"Quotas": listed}).encode()

    def _detect_labels(self, request: Mapping[str, Any]) -> Answer:
        try:
            self.usage.detect_labels()
            return HTTPStatus.OK, {}, json.dumps(self.rekognition.detect_labels(request)).encode()
        except RekognitionError as error:
            return _refusal(HTTPStatus.BAD_REQUEST, error.code, str(error))
        except ThrottledError:
            # https://docs.aws.amazon.com/rekognition/latest/APIReference/API_DetectLabels.html
            code, message = "ProvisionedThroughputExceededException", "Provisioned rate exceeded"
            return _refusal(HTTPStatus.BAD_REQUEST, code, message)


def _send(answer: Answer, start_response: "StartResponse") -> list[bytes]:
    status, headers, body = answer
    headers = {
        "Content-Type": "application/json",
        "Content-Length": str(len(body)),
        "x-amzn-RequestId": str(uuid.uuid4()),
        **headers,
    }
    start_response(f"{status.value} {status.phrase}", list(headers.items()))
    return [body]


def _refused(error: RefusedError, origin: str | None) -> Answer:
    """Return the answer to a request that the gate refuses; the gallery's page may read it."""
    readable = (
        {"Access-Control-Allow-Origin": origin} if origin in moto_patches.cors.ORIGINS else {}
    )
    if not error.is_s3:
        status, headers, body = _refusal(error.status, error.code, str(error))
        return status, {**headers, **readable, "Connection": "close"}, body
    xml = f"<Error><Code>{error.code}</Code><Message>{error}</Message></Error>"
    headers = {"Content-Type": "application/xml", **readable, "Connection": "close"}
    return error.status, headers, xml.encode()


def _refusal(status: HTTPStatus, code: str, message: str, **more: str) -> Answer:
    body = json.dumps({"__type": code, "message": message, **more}).encode()
    return status, {"X-Amzn-ErrorType": code}, body


def _body(environ: "WSGIEnvironment") -> bytes:
    body: bytes = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    return body


def _validate(request: Mapping[str, Any]) -> Answer:
    """Answer ValidateStateMachineDefinition by the parser of CreateStateMachine."""
    problem = moto_patches.stepfunctions.problem_of(request["definition"])
    diagnostic = {"severity": "ERROR", "code": "INVALID_DEFINITION", "message": problem}
    result = {
        "result": "FAIL" if problem else "OK",
        "diagnostics": [diagnostic] if problem else [],
        "truncated": False,
    }
    return HTTPStatus.OK, {}, json.dumps(result).encode()
