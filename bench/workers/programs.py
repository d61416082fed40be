"""Whole programs, as a script would run them.

The CPU time is that of the program, with its start. The first argument has the commands as JSON, by
operation; `{photo}` in a command is the photo's path, and without it the photo is on standard
input. This worker imports little, since a program's peak memory includes that of its parent.
"""

import json
import os
import subprocess
import sys
import threading
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
    body = b"" if PHOTO in command else photo.read_bytes()
    wall = time.perf_counter()
    program = subprocess.Popen(  # noqa: S603  # our own commands
        [str(photo) if word == PHOTO else word for word in command],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    feeder = threading.Thread(target=_feed, args=(program, body))
    feeder.start()
    made = program.stdout.read() if program.stdout else b""
    said = program.stderr.read() if program.stderr else b""
    feeder.join()
    _, status, used = os.wait4(program.pid, 0)  # wait() would not return this child's times alone
    program.returncode = os.waitstatus_to_exitcode(status)
    if program.returncode:
        return {"error": said.decode(errors="replace").strip()[-200:]}
    for output in outputs:
        output.write_bytes(made)
    return {
        "cpu_ms": (used.ru_utime + used.ru_stime) * 1e3,
        "wall_ms": (time.perf_counter() - wall) * 1e3,
        "bytes": len(made),
    }


def _feed(program: "subprocess.Popen[bytes]", body: bytes) -> None:
    try:
        if program.stdin:
            program.stdin.write(body)
            program.stdin.close()
    except BrokenPipeError:  # the program does not need the rest
        pass


if __name__ == "__main__":
    main()
