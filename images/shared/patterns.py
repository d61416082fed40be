"""Regular expressions that were compiled when the image was built, as its bytecode was.

A start compiles 150 of them, most in urllib3, botocore and the standard library, which takes a
tenth of its time. Python has no bytecode for them, but `re` compiles in two steps: the first, in
Python, is slow and makes a list of numbers; the second, `_sre.compile`, takes that list. `record`
keeps the lists in a file. With `use`, `re` takes them from there, and compiles any other expression
as usual. Both steps are private: if they change, `use` does nothing.
"""

import marshal
import re
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any, Final

FILE: Final = Path(__file__).with_name("patterns.bin")

_PYTHON: Final = sys.version  # the numbers are those of one build of Python


def use(file: Path = FILE) -> bool:
    """Take compiled expressions from `file`, and return whether it is there and of this Python."""
    compiler: Any = getattr(re, "_compiler", None)
    try:
        python, known = marshal.loads(file.read_bytes())  # noqa: S302  # the image's own
    except (OSError, ValueError, EOFError, TypeError):
        return False
    if python != _PYTHON or not hasattr(getattr(compiler, "_sre", None), "compile"):
        return False
    compile_, assemble = compiler.compile, compiler._sre.compile  # noqa: SLF001  # see above

    def compile_known(pattern: Any, flags: int = 0) -> Any:  # noqa: ANN401  # private, see above
        key = (type(pattern) is bytes, pattern, int(flags))
        arguments = known.get(key) if isinstance(pattern, str | bytes) else None
        return compile_(pattern, flags) if arguments is None else assemble(*arguments)

    compiler.compile = compile_known
    return True


def record(start: Callable[[], object], file: Path = FILE) -> int:
    """Write what `re` compiles during `start` to `file`, and return how many expressions."""
    compiler: Any = re._compiler  # type: ignore[attr-defined]  # noqa: SLF001  # see above
    compile_, sre = compiler.compile, compiler._sre  # noqa: SLF001  # see above
    known = {}

    class Recorder:
        """`_sre`, but it keeps the arguments of the last call of `compile`."""

        last: tuple[Any, ...] = ()

        def compile(self, *arguments: Any) -> Any:  # noqa: ANN401  # private, see above
            self.last = arguments
            return sre.compile(*arguments)

        def __getattr__(self, name: str) -> Any:  # noqa: ANN401  # as above
            return getattr(sre, name)

    recorder = compiler._sre = Recorder()  # noqa: SLF001  # see above

    def compile_recorded(pattern: Any, flags: int = 0) -> Any:  # noqa: ANN401  # as above
        compiled = compile_(pattern, flags)
        if isinstance(pattern, str | bytes):
            text, all_flags, code, *rest = recorder.last
            arguments = (text, int(all_flags), [int(number) for number in code], *rest)
            known[type(pattern) is bytes, pattern, int(flags)] = arguments
        return compiled

    compiler.compile = compile_recorded
    try:
        start()
    finally:
        compiler.compile, compiler._sre = compile_, sre  # noqa: SLF001  # see above
    file.write_bytes(marshal.dumps((_PYTHON, known)))
    return len(known)


if __name__ == "__main__":
    record(lambda: [import_module(name) for name in sys.argv[1:]])
