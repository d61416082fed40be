"""Terraform's templates, as far as this project uses them: `${name}` and `${object.name}`."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final, TypeAlias

REPOSITORY: Final = Path(__file__).parent.parent

Values: TypeAlias = Mapping[str, "str | Values"]

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
    """Render a template of the repository; see `render`."""
    return render((REPOSITORY / name).read_text(encoding="utf-8"), values)


def _lookup(name: str, values: Values) -> str:
    value: str | Values = values
    for part in name.split("."):
        if not isinstance(value, Mapping) or part not in value:
            raise TemplateError(f"${{{name}}}: there is no such name")
        value = value[part]
    if not isinstance(value, str):
        raise TemplateError(f"${{{name}}} is an object, not text")
    return value
