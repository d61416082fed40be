"""Write the generated parts of docs/: the contracts, and the state machine as a diagram.

python tools/docs.py            writes them
python tools/docs.py --check    names those that are stale, and exits with 1
"""

import ast
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
CONTRACTS = ROOT / "images" / "shared" / "contracts.py"
STATE_MACHINE = ROOT / "statemachine.json.tftpl"
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


def states() -> str:
    """Return docs/states.md: the state machine as a Mermaid diagram, and what each state is for."""
    machine = json.loads(STATE_MACHINE.read_text())
    parts = [
        "# States\n",
        NOTICE.format(source="statemachine.json.tftpl"),
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
    return "\n".join(parts)


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


GENERATED = {"docs/contracts.md": contracts, "docs/states.md": states}


def main() -> int:
    """Write, or check, every generated page."""
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
