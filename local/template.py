"""Render Terraform's templates, as far as ours use them: `${name}` and `${object.name}`.

Definitions of state machines take `${jsonata.NAME}` from workflow/expressions/NAME.jsonata and
`${retry.NAME}` from workflow/retry.json; expressions take `${rejections}` from
workflow/rejections.json, and `${parts.NAME}` from workflow/parts/NAME.jsonata, which they share;
both take `${times.NAME}` from workflow/times.json, and `${key_layout.NAME}`.
terraform/modules/gallery/definitions.tf renders all of them in the same way.
"""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final, TypeAlias

REPOSITORY: Final = Path(__file__).parent.parent
WORKFLOW: Final = REPOSITORY / "workflow"
EXPRESSIONS: Final = WORKFLOW / "expressions"
PARTS: Final = WORKFLOW / "parts"

Values: TypeAlias = Mapping[str, "str | Values"]

# For whoever reads a definition that is not deployed: each name stands for itself; events are on.
PLACEHOLDERS: Final[Values] = {
    "functions": {name: name for name in ("extract", "thumbnail", "tag")},
    **{
        name: name
        for name in (
            *("dead_letters_url", "derived_bucket", "event_source", "namespace", "photos_bucket"),
            *("results_bucket", "state_machine_arn", "table"),
        )
    },
    "events": "true",
}

# The layout of the gallery's own bucket, as in images/shared/keys.py; no owner means any.
UPLOADS: Final[Values] = {"prefix": "uploads/", "owner": ""}

_COMMENT: Final = re.compile(r"/\*.*?\*/", re.DOTALL)

# Terraform: `$${` and `%%{` are a literal `${` and `%{`; any other `%{` begins a directive.
_MARK: Final = re.compile(r"\$\$\{|%%\{|%\{|\$\{([^}]*)\}")


class TemplateError(ValueError):
    """Terraform would refuse the template, or render it differently."""


def render(template: str, values: Values) -> str:
    """Replace each `${a.b}` by `values["a"]["b"]`, exactly as `templatefile` would.

    Raises:
        TemplateError: the name is unknown, the braces contain more than a name, or there is a
            directive.
    """

    def replacement(mark: re.Match[str]) -> str:
        text = mark.group()
        if text in ("$${", "%%{"):
            return text[1:]
        if mark.group(1) is None:
            raise TemplateError("%{ begins a directive: write {% {, with a space in between")
        return _lookup(mark.group(1).strip(), values)

    return _MARK.sub(replacement, template)


def render_file(name: str, values: Values) -> str:
    """Render a template of the repository, which may also ask for `jsonata` and `retry`."""
    named: Values = {
        "key_layout": UPLOADS,
        **values,
        "jsonata": _Expressions(values),
        "retry": _by_name("retry"),
        "times": _by_name("times"),
    }
    return render((REPOSITORY / name).read_text(encoding="utf-8"), named)


def render_expression(name: str, values: Values) -> str:
    """Return an expression of workflow/expressions on one line, without its comments."""
    named: Values = {
        "key_layout": UPLOADS,
        **values,
        "rejections": (WORKFLOW / "rejections.json").read_text(),
        "times": _by_name("times"),
    }
    text = (EXPRESSIONS / f"{name}.jsonata").read_text(encoding="utf-8")
    text = render(text, {**named, "parts": _Parts(named)})
    return " ".join(_COMMENT.sub("", text).split())


class _Rendered(Mapping[str, "str | Values"]):
    """The JSONata files of a folder by name; each is rendered when a template asks for it."""

    folder: Path

    def __init__(self, values: Values) -> None:
        self._values = values

    def __getitem__(self, name: str) -> str:
        if not (self.folder / f"{name}.jsonata").is_file():
            raise KeyError(name)
        return self._render(name)

    def __iter__(self) -> Iterator[str]:
        return (path.stem for path in sorted(self.folder.glob("*.jsonata")))

    def __len__(self) -> int:
        return len(list(iter(self)))

    def _render(self, name: str) -> str:
        raise NotImplementedError


class _Expressions(_Rendered):
    """The expressions, as a JSON string holds them."""

    folder = EXPRESSIONS

    def _render(self, name: str) -> str:
        return json.dumps(render_expression(name, self._values), ensure_ascii=False)[1:-1]


class _Parts(_Rendered):
    """What several expressions have in common."""

    folder = PARTS

    def _render(self, name: str) -> str:
        return render((PARTS / f"{name}.jsonata").read_text(encoding="utf-8"), self._values)


def _by_name(file: str) -> dict[str, str]:
    """Return the members of a file of workflow/ by name, as JSON."""
    members = json.loads((WORKFLOW / f"{file}.json").read_text(encoding="utf-8"))
    return {name: json.dumps(member) for name, member in members.items()}


def _lookup(name: str, values: Values) -> str:
    value: str | Values = values
    for part in name.split("."):
        if not isinstance(value, Mapping) or part not in value:
            raise TemplateError(f"${{{name}}}: there is no such name")
        value = value[part]
    if not isinstance(value, str):
        raise TemplateError(f"${{{name}}} is an object, not text")
    return value
