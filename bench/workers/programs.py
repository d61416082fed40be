"""Whole programs, as a script would run them: `python -m bench.workers.programs COMMANDS`.

The CPU time is that of the program, with its start and with the programs that it waits for.
COMMANDS are JSON, by operation. `{photo}` in a command is the photo's path; without it the photo is
on standard input.
"""

import json
import resource
import subprocess
import sys
import time
from pathlib import Path

PHOTO = "{photo}"


def main() -> None:
    """Answer the lines of standard input; see bench/rounds.py."""
    commands = json.loads(sys.argv[1])
    for line in sys.stdin:
        operation, path, *output = line.rstrip("\n").split("\t")
        answer = run(commands[operation], Path(path), [Path(name) for name in output])
        print(json.dumps(answer), flush=True)  # noqa: T201  # the protocol


def run(command: list[str], photo: Path, outputs: list[Path]) -> dict[str, object]:
    """Run one program, and return its times."""
    words = [str(photo) if word == PHOTO else word for word in command]
    body = b"" if PHOTO in command else photo.read_bytes()
    wall, cpu = time.perf_counter(), children_seconds()
    done = subprocess.run(words, input=body, capture_output=True, check=False)  # noqa: S603  # ours
    wall, cpu = time.perf_counter() - wall, children_seconds() - cpu
    if done.returncode:
        said = done.stderr.decode(errors="replace").replace(f"{Path.cwd()}/", "")
        return {"error": said.strip()[-200:] or "it says nothing"}
    for output in outputs:
        output.write_bytes(done.stdout)
    return {"cpu_ms": cpu * 1e3, "wall_ms": wall * 1e3, "bytes": len(done.stdout)}


def children_seconds() -> float:
    """Return the CPU time of all programs that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    main()
