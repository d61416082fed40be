"""Write the generated parts of docs/, web/src/rows.gen.ts and terraform/*.gen.tf.

python -m tools.docs            writes them
python -m tools.docs --check    names those that are stale, and exits with 1
"""

import argparse
import ast
import json
import re
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import hcl2
import msgspec
from hcl2.utils import SerializationOptions

from gallery import backfill, costs, manifests
from gallery.__main__ import COMMANDS, parser_of
from local import report
from local.template import PLACEHOLDERS, render_file
from places.lookup import place_of
from shared.events import PhotoEvent
from tools import path_page, rows, terraform_root

ROOT = Path(__file__).parents[1]
CONTRACTS = ROOT / "images" / "shared" / "contracts.py"
EVENTS = ROOT / "images" / "shared" / "events.py"
STATE_MACHINE = "statemachine.json.tftpl"
EDITING = "workflow/edit.json.tftpl"
ARCHITECTURE = ROOT / "docs" / "architecture.md"
PLACES = ROOT / "docs" / "places.md"
POINTS = ROOT / "tests" / "places" / "points.tsv"
CLIENTS_PAGE = ROOT / "docs" / "clients.md"
EVENTS_PAGE = ROOT / "docs" / "events.md"
OPERATIONS = ROOT / "docs" / "operations.md"
COMMANDS_BEGIN = """\
`.venv/bin/gallery COMMAND`, from any folder, and `python -m gallery COMMAND`, in this one, are the
same; for some commands so is `make COMMAND`. Results go to stdout, progress and errors to stderr.
With `--json` each line is a JSON object. With `--dry-run` nothing is changed, and nothing paid but
what is read. Exit status: 0 for success, 1 for a difference or an error, 2 for a wrong command
line, 130 after Ctrl-C.

Names of resources come from Terraform's outputs. `--deployment` names the folder of the
configuration, a file with the JSON of `terraform output -json`, or a saved name:

```
gallery saved --save home --deployment terraform/
gallery find --deployment home --label dog --before 2019
export GALLERY_DEPLOYMENT=home
```

To complete commands and options in bash or zsh (here in a folder of `$fpath`):

```
gallery completion bash > ~/.local/share/bash-completion/completions/gallery
gallery completion zsh > ~/.zfunc/_gallery
```
"""
NOTICE = "<!-- Made by `make docs` from {source}; do not edit. -->\n"


def contracts() -> str:
    """Return docs/contracts.md: each payload, its fields, their types and meaning."""
    source = CONTRACTS.read_text()
    lines = source.splitlines()
    parts = [
        "# Contracts\n",
        NOTICE.format(source="images/shared/contracts.py"),
        "The JSON that passes between the states. A field with a default may be absent; no",
        "other field is allowed. Types in *italics* are payloads of this page.\n",
    ]
    parts += [
        f"- `{ast.unparse(node.targets[0])}` is {_plain(ast.unparse(node.value))}"
        for node in ast.parse(source).body
        if isinstance(node, ast.Assign) and "TypeVar" not in ast.unparse(node)
    ] + [""]
    structs = [node for node in ast.parse(source).body if isinstance(node, ast.ClassDef)]
    names = {struct.name for struct in structs}
    for struct in structs[1:]:  # the first is their base
        parts.append(f"## {struct.name}\n\n{ast.get_docstring(struct)}\n")
        parts.append("| field | type | default | |\n|---|---|---|---|")
        parts += list(_rows(struct, lines, names))
        parts.append("")
    return "\n".join(parts)


def _rows(struct: ast.ClassDef, lines: list[str], names: set[str]) -> Iterator[str]:
    for field in struct.body:
        if isinstance(field, ast.AnnAssign):
            kind = ast.unparse(field.annotation).replace("|", "or")
            kind = _plain(kind)
            kind = re.sub(r"\b\w+\b", lambda n: f"*{n[0]}*" if n[0] in names else n[0], kind)
            default = f"`{ast.unparse(field.value)}`" if field.value else ""
            _, _, comment = lines[field.end_lineno - 1].partition("  # ")  # type: ignore[operator]
            yield f"| `{ast.unparse(field.target)}` | {kind} | {default} | {comment} |"


def _plain(kind: str) -> str:
    """Return a type without the words that only Python needs."""
    return re.sub(r"Annotated\[(\w+), msgspec.Meta\((.*?)\)\]", r"\1, \2", kind)


def events() -> str:
    """Return docs/events.md with the fields of images/shared/events.py."""
    lines, struct = _photo_event()
    made = ["| field | type | default | |\n|---|---|---|---|", *_rows(struct, lines, set())]
    return _filled(EVENTS_PAGE.read_text(), "fields", "images/shared/events.py", "\n".join(made))


def events_schema() -> str:
    """Return docs/events.schema.json: the JSON Schema of an event's detail, for consumers.

    It allows fields that it does not name: a later release may add some.
    """
    schema = msgspec.json.schema(PhotoEvent)["$defs"]["PhotoEvent"]
    lines, struct = _photo_event()
    for field in struct.body:
        if isinstance(field, ast.AnnAssign):
            _, _, comment = lines[field.end_lineno - 1].partition("  # ")  # type: ignore[operator]
            name = ast.unparse(field.target)
            kind = schema["properties"][name]
            kind = kind["anyOf"][0] if "anyOf" in kind else kind  # absent beats null
            schema["properties"][name] = {**kind, "description": comment}
    del schema["additionalProperties"]
    dialect = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    return json.dumps({**dialect, **schema}, ensure_ascii=False, indent=2) + "\n"


def _photo_event() -> tuple[list[str], ast.ClassDef]:
    """Return the lines of images/shared/events.py, and the struct in them."""
    source = EVENTS.read_text()
    [struct] = [node for node in ast.parse(source).body if isinstance(node, ast.ClassDef)]
    return source.splitlines(), struct


def clients() -> str:
    """Return docs/clients.md with the programs in docs/clients/."""
    page = CLIENTS_PAGE.read_text()
    for name, file in {"python": "gallery_client.py", "javascript": "gallery_client.mjs"}.items():
        source = f"docs/clients/{file}"
        page = _filled(page, name, source, f"```{name}\n{(ROOT / source).read_text()}```")
    return page


def states() -> str:
    """Return docs/states.md: state machines as Mermaid diagrams, and what each state is for."""
    parts = [
        "# States\n",
        NOTICE.format(source=f"{STATE_MACHINE} and {EDITING}"),
        "## Processing a photo\n",
        *_diagram(STATE_MACHINE),
        "## Editing a photo\n",
        *_diagram(EDITING),
    ]
    return "\n".join(parts)


def _diagram(template: str) -> list[str]:
    """Return the diagram of a state machine, and the table of its states."""
    machine = json.loads(render_file(template, PLACEHOLDERS))
    return [
        "```mermaid",
        "stateDiagram-v2",
        f"    [*] --> {machine['StartAt']}",
        *_arrows(machine, "    "),
        "```\n",
        "| state | type | next, or on error | |",
        "|---|---|---|---|",
        *_table(machine),
        "",
    ]


def _arrows(machine: dict[str, Any], indent: str) -> Iterator[str]:
    for name, state in machine["States"].items():
        if state["Type"] in {"Succeed", "Fail"} or state.get("End"):
            yield f"{indent}{name} --> [*]"
        for target in dict.fromkeys(_targets(state)):
            yield f"{indent}{name} --> {target}"
        if "Branches" in state:
            yield f"{indent}state {name} {{"
            for number, branch in enumerate(state["Branches"]):
                if number:
                    yield f"{indent}    --"
                yield f"{indent}    [*] --> {branch['StartAt']}"
                yield from _arrows(branch, indent + "    ")
            yield f"{indent}}}"


def _targets(state: dict[str, Any]) -> Iterator[str]:
    yield from (choice["Next"] for choice in state.get("Choices", []))
    if "Default" in state:
        yield state["Default"]
    if "Next" in state:
        yield state["Next"]
    yield from (rule["Next"] for rule in state.get("Catch", []))


def _table(machine: dict[str, Any]) -> Iterator[str]:
    for name, state in machine["States"].items():
        targets = ", ".join(dict.fromkeys(_targets(state)))
        yield f"| {name} | {state['Type']} | {targets} | {state.get('Comment', '')} |"
        for branch in state.get("Branches", []):
            yield from _table(branch)


def settings() -> str:
    """Return docs/settings.md: the variables and outputs of terraform/."""
    variables = (ROOT / "terraform" / "providers.tf").read_text() + terraform_root.variables()
    parts = [
        "# Settings\n",
        NOTICE.format(source="terraform/"),
        "What a deployment can be told, in `terraform/terraform.tfvars` (which git ignores), by",
        "`-var`, or in the environment as `TF_VAR_<name>`; and what it tells, by",
        "`terraform -chdir=terraform output`. How to deploy is in [operations](operations.md).\n",
        *_inputs_and_outputs(variables, terraform_root.outputs()),
    ]
    return "\n".join(parts)


def _inputs_and_outputs(variables: str, outputs: str) -> list[str]:
    return [
        "## Variables\n",
        "| variable | type | default | |\n|---|---|---|---|",
        *(
            f"| `{name}` | `{_expression(one['type'])}` | {_default(one)} |"
            f" {_cell(one['description'])} |"
            for name, one in sorted(_blocks(variables, "variable"))
        ),
        "",
        "## Outputs\n",
        "| output | |\n|---|---|",
        *(
            f"| `{name}` | {_cell(one['description'])} |"
            for name, one in _blocks(outputs, "output")
        ),
        "",
    ]


def readme(module: str) -> str:
    """Return the README of a module in terraform/modules; terraform.tf begins with its summary."""
    folder = ROOT / "terraform" / "modules" / module
    texts = [path.read_text() for path in sorted(folder.glob("*.tf"))]
    resources = sorted(set(re.findall(r'^resource "(\w+)"', "\n".join(texts), re.MULTILINE)))
    parts = [
        f"# {module}\n",
        NOTICE.format(source="the module's files"),
        f"{(folder / 'terraform.tf').read_text().partition(chr(10))[0].removeprefix('# ')}\n",
        "Resources, beside those of the modules that it calls: "
        + ", ".join(f"`{kind}`" for kind in resources)
        + ".\n",
        *_inputs_and_outputs(
            (folder / "variables.tf").read_text(), (folder / "outputs.tf").read_text()
        ),
    ]
    return "\n".join(parts)


def _blocks(configuration: str, kind: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the blocks of one kind in a configuration, by name."""
    options = SerializationOptions(
        with_comments=False, explicit_blocks=False, strip_string_quotes=True
    )
    for block in hcl2.loads(configuration, serialization_options=options)[kind]:
        yield from block.items()


def _expression(text: str) -> str:
    return text.removeprefix("${").removesuffix("}") if text.startswith("${") else text


def _default(variable: dict[str, Any]) -> str:
    return f"`{_hcl(variable['default'])}`" if "default" in variable else "none: it is asked for"


def _hcl(value: object) -> str:
    if isinstance(value, dict):
        inside = ", ".join(f"{name} = {_hcl(one)}" for name, one in value.items())
        return f"{{ {inside} }}" if inside else "{}"
    return json.dumps(value)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;")


def commands() -> str:
    """Return docs/commands.md: each command of gallery/, and its options."""
    [subparsers] = (
        action
        for action in parser_of(COMMANDS)._actions  # noqa: SLF001  # argparse has no other way
        if isinstance(action, argparse._SubParsersAction)  # noqa: SLF001
    )
    parts = [
        "# Commands\n",
        NOTICE.format(source="gallery/__main__.py and the module of each command"),
        COMMANDS_BEGIN,
        "| command | |",
        "|---|---|",
        *(f"| [{name}](#{name}) | {summary} |" for name, summary in COMMANDS.items()),
        "",
    ]
    shared = {"--deployment", "--terraform"}
    for name, summary in COMMANDS.items():
        parts += [f"## {name}\n", f"{summary}.\n"]
        options = [
            action
            for action in subparsers.choices[name]._actions  # noqa: SLF001
            if action.dest != "help" and not shared & set(action.option_strings)
        ]
        if options:
            parts += ["| | |", "|---|---|", *map(_option, options), ""]
    return "\n".join(parts)


def _option(action: argparse.Action) -> str:
    """Return the row of an argument."""
    name = ", ".join(action.option_strings)
    if action.metavar is None and action.choices is not None:
        value = "{" + ",".join(map(str, action.choices)) + "}"
    elif action.nargs == 0:  # a switch
        value = ""
    else:
        value = str(action.metavar or action.dest.upper())
    more = " …" if action.nargs in {"*", "+"} else ""
    text = (action.help or "") % {"default": action.default, "prog": "gallery"}
    return f"| `{name}{' ' if name and value else ''}{value}`{more} | {_cell(text)} |"


def operations() -> str:
    """Return docs/operations.md with the figures of gallery/costs.py and gallery/backfill.py."""
    page = OPERATIONS.read_text()
    page = _filled(page, "costs", "gallery/costs.py", costs.tables())
    return _filled(page, "backfill", "gallery/backfill.py", backfill.table())


def architecture() -> str:
    """Return docs/architecture.md with the attributes of images/shared/rows.py."""
    return _filled(ARCHITECTURE.read_text(), "rows", "images/shared/rows.py", rows.attributes())


def _filled(page: str, name: str, source: str, made: str) -> str:
    """Return `page` with `made` between the comments that name its source and its end."""
    begin = f"<!-- Made by `make docs` from {source}; do not edit. -->"
    end = f"<!-- {name} end -->"
    before, _, rest = page.partition(begin)
    _, _, after = rest.partition(end)
    return f"{before}{begin}\n\n{made}\n\n{end}{after}"


def places() -> str:
    """Return docs/places.md with the place of each point of tests/places/points.tsv."""
    table = ["| point | position | place | also named |", "|---|---|---|---|"]
    for line in POINTS.read_text().splitlines():
        if not line.startswith("#"):
            name, latitude, longitude, *_ = line.split("\t")
            place = place_of(float(latitude), float(longitude))
            words = "none" if place is None else report.place_in_words(place).split(" (or ")[0]
            others = ", ".join((place and place.other_countries) or [])
            table.append(f"| {name} | {latitude}, {longitude} | {words} | {others} |")
    return _filled(PLACES.read_text(), "points", "tests/places/points.tsv", "\n".join(table))


def critical_path() -> str:
    """Return docs/critical-path.md with the counts of both releases."""
    page = path_page.PAGE.read_text()
    return _filled(page, "path", "docs/critical-path.json", path_page.tables())


GENERATED: dict[str, Callable[[], str]] = {
    "docs/architecture.md": architecture,
    "docs/clients.md": clients,
    "docs/commands.md": commands,
    "docs/contracts.md": contracts,
    "docs/critical-path.md": critical_path,
    "docs/critical-path.svg": path_page.picture,
    "docs/events.md": events,
    "docs/events.schema.json": events_schema,
    "docs/manifest.schema.json": manifests.schema,
    "docs/operations.md": operations,
    "docs/places.md": places,
    "docs/settings.md": settings,
    "docs/states.md": states,
    "web/src/rows.gen.ts": rows.typescript,
    **terraform_root.GENERATED,
    **{
        f"terraform/modules/{path.parent.name}/README.md": partial(readme, path.parent.name)
        for path in sorted((ROOT / "terraform" / "modules").glob("*/variables.tf"))
    },
}


def main() -> int:
    """Write, or check, every generated file."""
    check = "--check" in sys.argv[1:]
    stale = []
    for name, make in GENERATED.items():
        page = ROOT / name
        if not page.exists() or page.read_text() != make():
            stale.append(name)
            if not check:
                page.write_text(make())
    if stale:
        print(("stale, run `make docs`: " if check else "written: ") + ", ".join(stale))  # noqa: T201
    return int(check and bool(stale))


if __name__ == "__main__":
    sys.exit(main())
