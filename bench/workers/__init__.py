"""Workers of bench/rounds.py, one for each library, without common imports."""

import json
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path


def serve(operations: Mapping[str, Callable[[bytes], bytes]]) -> None:
    """Answer the lines of standard input with `operations`, which take a file's bytes.

    The time to read the file is not measured. The last file is kept for the next operation.
    """
    known = body = None
    for line in sys.stdin:
        operation, path, *output = line.rstrip("\n").split("\t")
        try:
            if path != known or body is None:
                known, body = path, Path(path).read_bytes()
            wall, cpu = time.perf_counter(), time.process_time()
            made = operations[operation](body)
            cpu_ms, wall_ms = (time.process_time() - cpu) * 1e3, (time.perf_counter() - wall) * 1e3
            answer: object = {"cpu_ms": cpu_ms, "wall_ms": wall_ms, "bytes": len(made)}
            for name in output:
                Path(name).write_bytes(made)
        except Exception as error:  # noqa: BLE001  # a peer may raise any error; the answer has it
            answer = {"error": f"{type(error).__name__}: {error}"[-200:]}
        print(json.dumps(answer), flush=True)  # noqa: T201  # the protocol
