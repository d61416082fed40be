"""What is generated from images/shared/rows.py: the page's types, and tables for the docs."""

import ast
import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import msgspec
from msgspec import inspect

import gallery  # noqa: F401  # puts images/ on the path
from shared.errors import RejectedError
from shared.keys import DIGEST_CHARACTERS, SIZE_DIGITS, UPLOADS_PREFIX
from shared.limits import MAX_BYTES, MAX_LABEL_CHARACTERS, MIN_PREVIEW_PX, WAYS
from shared.rows import AlbumRow, MonthRow, OwnerRow, PhotoRow, TermRow

ROOT = Path(__file__).parents[1]
SHARED = ROOT / "images" / "shared"
SOURCES = (SHARED / "contracts.py", SHARED / "rows.py")
INDEXES = ROOT / "workflow" / "table.json"
ROWS = (PhotoRow, TermRow, AlbumRow, MonthRow, OwnerRow)
CONSTANTS: dict[str, int | str] = {
    "MAX_BYTES": MAX_BYTES,
    "MIN_PREVIEW_PX": MIN_PREVIEW_PX,
    "MIN_MEGAPIXELS": min(way.max_megapixels for way in WAYS.values()),
    "MAX_MEGAPIXELS": max(way.max_megapixels for way in WAYS.values()),
    "MAX_LABEL_CHARACTERS": MAX_LABEL_CHARACTERS,
    "DIGEST_CHARACTERS": DIGEST_CHARACTERS,
    "SIZE_DIGITS": SIZE_DIGITS,
    "UPLOADS_PREFIX": UPLOADS_PREFIX,
}
TYPESCRIPT = """\
// Made by `make docs` from images/shared/ (rows.py, contracts.py, errors.py, limits.py, keys.py)
// and workflow/table.json; do not edit.

/** A flag of a row. */
export type Flag = 0 | 1;
"""


def typescript() -> str:
    """Return web/src/rows.gen.ts: the rows' types, the reasons for a rejection, and the limits."""
    parts = [TYPESCRIPT, *_interfaces(), *_projections()]
    reasons = [json.dumps(error.code) for error in RejectedError.__subclasses__()]
    parts += [
        "/** Why a photo was rejected. */",
        "export type Reason =",
        *(f"  | {reason}" for reason in reasons[:-1]),
        f"  | {reasons[-1]};\n",
        *(f"export const {name} = {json.dumps(value)};" for name, value in CONSTANTS.items()),
    ]
    return "\n".join(parts) + "\n"


def attributes() -> str:
    """Return Markdown tables of the attributes of each kind of row."""
    return "\n\n".join(_table(kind) for kind in ROWS)


def projected(index: str) -> list[str]:
    """Return the attributes of a row of an index, its keys among them."""
    table = json.loads(INDEXES.read_text())
    keys = {table["hash_key"], table["range_key"], table["indexes"][index]["range_key"]}
    return sorted({*keys, *table["indexes"][index]["non_key_attributes"]})


def _interfaces() -> Iterator[str]:
    """Yield an interface for each row, and for each struct within one."""
    for struct in _structs():
        yield f"/** {struct.cls.__doc__.partition('.')[0]}. */"  # type: ignore[union-attr]
        yield f"export interface {struct.cls.__name__} {{"
        for field in struct.fields:
            if comment := _comments(struct.cls)[field.name]:
                yield f"  /** {comment} */"
            optional = "" if field.required else "?"
            yield f"  readonly {field.name}{optional}: {_type(field.type)};"
        yield "}\n"


def _structs() -> list[inspect.StructType]:
    """Return the structs that rows are made of, each after those that it holds."""
    found: dict[type, inspect.StructType] = {}

    def visit(kind: inspect.Type) -> None:
        match kind:
            case inspect.StructType(cls=cls, fields=fields):
                if cls not in found:
                    for field in fields:
                        visit(field.type)
                    found[cls] = kind
            case inspect.UnionType(types=types):
                for one in types:
                    visit(one)
            case inspect.ListType(item_type=item):
                visit(item)
            case inspect.DictType(value_type=value):
                visit(value)

    for row in ROWS:
        visit(inspect.type_info(row))
    return list(found.values())


def _type(kind: inspect.Type) -> str:  # noqa: PLR0911  # one for each kind
    """Return a type in TypeScript. None is left out: an attribute is absent, never null."""
    match kind:
        case inspect.StructType(cls=cls):
            return cls.__name__
        case inspect.UnionType(types=types):
            return " | ".join(_type(one) for one in types if not isinstance(one, inspect.NoneType))
        case inspect.LiteralType(values=values):
            return " | ".join(map(json.dumps, values))
        case inspect.ListType(item_type=item):
            return f"readonly {_type(item)}[]"
        case inspect.DictType(value_type=value):
            return f"Readonly<Record<string, {_type(value)}>>"
        case inspect.BoolType():
            return "Flag"
        case inspect.IntType() | inspect.FloatType():
            return "number"
        case inspect.StrType():
            return "string"
    raise TypeError(kind)


def _projections() -> Iterator[str]:
    """Yield a type for the rows of each index that the page reads."""
    for index, name in (("by_album", "AlbumIndexRow"), ("by_time", "TimeIndexRow")):
        names = "".join(f'\n  | "{field}"' for field in projected(index))
        yield f"/** A photo in the index {index}. */"
        yield f"export type {name} = Pick<PhotoRow,{names}\n>;\n"


def _table(kind: type[msgspec.Struct]) -> str:
    """Return a Markdown table of the attributes of one kind of row."""
    comments = _comments(kind)
    types = {field.name: field for field in inspect.type_info(kind).fields}  # type: ignore[attr-defined]
    lines = [
        f"`{kind.__name__}`: {kind.__doc__}\n",
        "| attribute | type | meaning |",
        "|---|---|---|",
    ]
    for name in sorted(comments, key=lambda name: not types[name].required):
        optional = "" if types[name].required else ", or absent"
        text = comments[name].replace("|", "\\|").replace("<", "&lt;")
        lines.append(f"| `{name}` | {_linked(types[name].type)}{optional} | {text} |")
    return "\n".join(lines)


def _linked(kind: inspect.Type) -> str:  # noqa: PLR0911  # one for each kind
    """Return a type in words, with a link to each payload of docs/contracts.md."""
    match kind:
        case inspect.StructType(cls=cls):
            return f"[{cls.__name__}](contracts.md#{cls.__name__.lower()})"
        case inspect.UnionType(types=types):
            return " or ".join(
                _linked(one) for one in types if not isinstance(one, inspect.NoneType)
            )
        case inspect.LiteralType(values=values):
            return ", ".join(f"`{value}`" for value in values)
        case inspect.ListType(item_type=item):
            return f"list of {_linked(item)}"
        case inspect.DictType(value_type=value):
            return f"map of {_linked(value)}"
        case inspect.BoolType():
            return "1 or 0"
    return _type(kind)


@cache
def _comments(kind: type) -> dict[str, str]:
    """Return the comment of each field of a struct, those of its bases first."""
    comments: dict[str, str] = {}
    for source in SOURCES:
        lines = source.read_text().splitlines()
        classes = {
            node.name: node
            for node in ast.parse("\n".join(lines)).body
            if isinstance(node, ast.ClassDef)
        }
        for cls in reversed(kind.__mro__):
            for field in classes[cls.__name__].body if cls.__name__ in classes else ():
                if isinstance(field, ast.AnnAssign):
                    line = lines[(field.end_lineno or 0) - 1]
                    comments[ast.unparse(field.target)] = line.partition("  # ")[2]
    return comments
