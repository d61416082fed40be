"""The gallery's API on this machine: GET /executions/{name} and POST /edits.

API Gateway renders mapping templates around calls of Step Functions. So does this module, with the
same templates (terraform/modules/client/templates). As in AWS, the owner of an edit is the identity
that has signed the request. `local/gate.py` has checked the signature before.

AWS: https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-mapping-template-reference.html
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from http import HTTPStatus
from typing import Any, Final, TypeAlias

import airspeed

from local.template import REPOSITORY, render

PATH: Final = "/api/v1"  # of the embedded AWS; no bucket has this name
MAX_CHARACTERS: Final = 65_536  # of a body, as in terraform/modules/client/api.tf

_TEMPLATES: Final = REPOSITORY / "terraform/modules/client/templates"
_EXECUTION: Final = re.compile(r"/executions/([^/]+)")
_JSON: Final = "application/json"

# Of commons-lang's escapeJavaScript, which API Gateway uses.
_ESCAPES: Final = {
    **{character: f"\\{character}" for character in "\\\"'/"},
    "\b": "\\b",
    "\f": "\\f",
    "\n": "\\n",
    "\r": "\\r",
    "\t": "\\t",
}

Call: TypeAlias = Callable[[str, bytes], tuple[int, bytes]]  # an action and its request: its answer


@dataclass(frozen=True)
class Api:
    """A deployed API."""

    edit_arn: str  # of the state machine
    executions: str  # their ARN, without the name
    origins: Iterable[str]  # of the pages that may use it; read at each request

    def template(self, name: str) -> str:
        """Return a mapping template, as Terraform renders it."""
        is_allowed = " || ".join(f"$origin == '{origin}'" for origin in self.origins)
        values = {
            "is_allowed": is_allowed,
            "allow_origin": render(_read("allow_origin"), {"is_allowed": is_allowed}),
            "edit_arn": self.edit_arn,
            "executions": self.executions,
            "max_characters": str(MAX_CHARACTERS),
        }
        return render(_read(name), values)


@dataclass(frozen=True)
class Request:
    """A request of a client, whose signature is checked."""

    method: str
    path: str  # after PATH
    headers: Mapping[str, str]  # by name in lower case
    body: bytes
    identity: str  # of Cognito; empty for other callers
    login: str = ""  # the user of the user pool as whom the identity has signed in


@dataclass
class Answer:
    """The answer to a client."""

    body: str
    status: int
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Method:
    """A method of the API: the action of Step Functions, and the templates around it."""

    action: str
    request: str
    answer: str
    error: str
    error_status: int
    headers: str  # that pages may send


METHODS: Final[Mapping[tuple[str, str], Method]] = {
    ("GET", "/executions/{name}"): Method(
        action="DescribeExecution",
        request="describe_execution",
        answer="described",
        error="not_described",
        error_status=502,
        headers="Authorization,X-Amz-Content-Sha256,X-Amz-Date,X-Amz-Security-Token",
    ),
    ("POST", "/edits"): Method(
        action="StartSyncExecution",
        request="edit",
        answer="edited",
        error="not_edited",
        error_status=503,
        headers="Authorization,Content-Type,X-Amz-Content-Sha256,X-Amz-Date,X-Amz-Security-Token",
    ),
}


DEPLOYED: Final[list[Api]] = []  # at most one; set it before the first request


def respond(api: Api, request: Request, call: Call) -> Answer:
    """Answer a request as API Gateway does."""
    resource = "/executions/{name}" if _EXECUTION.fullmatch(request.path) else request.path
    allowed = {verb: method for (verb, path), method in METHODS.items() if path == resource}
    if request.method == "OPTIONS" and allowed:
        return _preflight(api, request, *allowed.items())
    if request.method not in allowed:
        return _refusal(api, request, HTTPStatus.FORBIDDEN, "Missing Authentication Token")
    method = allowed[request.method]
    if request.method == "POST":
        if request.headers.get("content-type", _JSON).partition(";")[0].strip() != _JSON:
            refused = HTTPStatus.UNSUPPORTED_MEDIA_TYPE
            return _refusal(api, request, refused, "Unsupported Media Type")
        if not _is_object(request.body):
            return _refusal(api, request, HTTPStatus.BAD_REQUEST, "Invalid request body")
    sent = Input.of(request)
    status, body = call(method.action, _render(api, method.request, sent, request).body.encode())
    got = Input(sent.parameters, body.decode())
    if status == HTTPStatus.OK:
        return _render(api, method.answer, got, request)
    return _render(api, method.error, got, request, status=method.error_status)


def _preflight(api: Api, request: Request, *allowed: tuple[str, Method]) -> Answer:
    [(verb, method)] = allowed
    answer = _render(api, "allow_origin", Input.of(request), request, status=204)
    headers = {
        "Access-Control-Allow-Headers": method.headers,
        "Access-Control-Allow-Methods": verb,
        "Access-Control-Max-Age": "3600",
    }
    return Answer("", answer.status, {**answer.headers, **headers})


def _refusal(api: Api, request: Request, status: HTTPStatus, message: str) -> Answer:
    """Return an answer of API Gateway's own, which the gallery's page may read."""
    headers = _render(api, "allow_origin", Input.of(request), request).headers
    return Answer(json.dumps({"message": message}), status, headers)


def _render(
    api: Api, template: str, given: "Input", request: Request, *, status: int = 200
) -> Answer:
    text = api.template(template)
    return render_mapping(
        text, given, identity=request.identity, login=request.login, status=status
    )


def render_mapping(
    template: str, given: "Input", *, identity: str = "", login: str = "", status: int
) -> Answer:
    """Render a mapping template.

    Args:
        template: in Velocity's language.
        given: the request, or the answer of the integration.
        identity: of the caller, by Cognito.
        login: of the identity: <provider>,<provider>:CognitoSignIn:<sub of the user>.
        status: of the answer, if the template does not replace it.
    """
    override: dict[str, Any] = {"header": {}, "status": status}
    caller = {"cognitoIdentityId": identity, "cognitoAuthenticationProvider": login}
    context = {"responseOverride": override, "identity": caller}
    names = {"input": given, "util": Util(), "context": context}
    body: str = airspeed.Template(template).merge(names)
    return Answer(body.strip(), int(override["status"]), override["header"])


class Input:
    """API Gateway's $input: the parameters of the request, and a body."""

    def __init__(self, parameters: Mapping[str, str], body: str) -> None:
        self.parameters = parameters
        self.body = body

    @classmethod
    def of(cls, request: Request) -> "Input":
        """Return what the template of a request reads."""
        found = _EXECUTION.fullmatch(request.path)
        name = {"name": found.group(1)} if found else {}
        body = request.body.decode(errors="replace")
        return cls({**request.headers, **name}, body)

    def params(self, name: str) -> str:
        """Return a parameter: of the path, of the query or a header."""
        return self.parameters.get(name, "")

    def path(self, path: str) -> Any:  # noqa: ANN401  # JSON
        """Return the value at a path, `$` or `$.name`; an empty text if there is none."""
        value = json.loads(self.body)
        return value if path == "$" else value.get(path.removeprefix("$."), "")

    def json(self, path: str) -> str:
        """Return the value at a path as JSON."""
        return json.dumps(self.path(path), ensure_ascii=False)


class Util:
    """API Gateway's $util."""

    def escapeJavaScript(self, text: str) -> str:  # noqa: N802  # AWS's name
        """Escape a text as for a string of JavaScript: ' too, which JSON does not allow."""
        units = text.encode("utf-16-be", "surrogatepass")
        characters = (
            chr(int.from_bytes(units[at : at + 2], "big")) for at in range(0, len(units), 2)
        )
        return "".join(
            _ESCAPES.get(one, one if " " <= one <= "~" else f"\\u{ord(one):04X}")
            for one in characters
        )

    def parseJson(self, text: str) -> Any:  # noqa: ANN401, N802  # JSON; AWS's name
        """Parse JSON."""
        return json.loads(text)


@cache
def _read(name: str) -> str:
    return (_TEMPLATES / f"{name}.vtl.tftpl").read_text(encoding="utf-8")


def _is_object(body: bytes) -> bool:
    try:
        return isinstance(json.loads(body), dict)
    except ValueError:
        return False
