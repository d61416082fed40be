"""Make the files terraform/*.gen.tf, which declare and pass on what modules/gallery has.

The module's variables.tf and outputs.tf are the source. The root's variables have no validation,
since the module validates them.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[1]
MODULE: Final = ROOT / "terraform" / "modules" / "gallery"
NOTICE: Final = "# Made by `make docs` from modules/gallery/{source}; do not edit.\n"

# What the root itself decides: see terraform/providers.tf.
PASSED: Final[Mapping[str, str]] = {
    "account_id": "data.aws_caller_identity.current.account_id",
    "region": "data.aws_region.current.id",
    "tags": "{} # the provider's default_tags have them",
}
_BLOCK: Final = r'^{kind} "(\w+)" \{{\n.*?^\}}\n'
_VALIDATION: Final = re.compile(
    r"\n(?:  #[^\n]*\n)*  validation \{\n.*?^  \}\n", re.DOTALL | re.MULTILINE
)
_VALUE: Final = re.compile(r"^  value +=.*?^\}\n", re.DOTALL | re.MULTILINE)


def blocks(file: str, kind: str) -> Iterator[tuple[str, str]]:
    """Yield the blocks of one kind in a file of the module: name and text."""
    text = (MODULE / file).read_text()
    for block in re.finditer(_BLOCK.format(kind=kind), text, re.DOTALL | re.MULTILINE):
        yield block[1], block[0]


def variables() -> str:
    """Return terraform/variables.gen.tf."""
    declared = [
        _VALIDATION.sub("", text)
        for name, text in blocks("variables.tf", "variable")
        if name not in PASSED
    ]
    return "\n".join([NOTICE.format(source="variables.tf"), *declared])


def outputs() -> str:
    """Return terraform/outputs.gen.tf."""
    declared = [
        _VALUE.sub(f"  value       = module.gallery.{name}\n}}\n", text)
        for name, text in blocks("outputs.tf", "output")
    ]
    return "\n".join([NOTICE.format(source="outputs.tf"), *declared])


def call() -> str:
    """Return terraform/gallery.gen.tf, the call of the module."""
    names = [name for name, _ in blocks("variables.tf", "variable")]
    width = max(map(len, names))
    values = {name: PASSED.get(name, f"var.{name}") for name in names}
    return "\n".join(
        [
            NOTICE.format(source="variables.tf"),
            'module "gallery" {',
            '  source = "./modules/gallery"\n',
            *(f"  {name:{width}} = {value}" for name, value in values.items()),
            "}\n",
        ]
    )


GENERATED: Final = {
    "terraform/gallery.gen.tf": call,
    "terraform/outputs.gen.tf": outputs,
    "terraform/variables.gen.tf": variables,
}
