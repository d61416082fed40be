"""The pipeline on this machine: `python -m local demo`, `python -m local process FILE…`."""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Final

from botocore.exceptions import ClientError
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from local import report
from local.functions import Containers, InProcess
from local.process import FINE, RECORDS, Document, find_photos, process, to_json

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Sequence

    from local.functions import Functions
    from local.process import Photo

DEMO_PHOTOS: Final = Path(__file__).parent / "photos"
STAGES: Final = ("in-process", "docker")
TABLE_WIDTH: Final = 168  # where there is no terminal whose width counts


class UnavailableError(Exception):
    """This machine lacks what the command needs; the message says what."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status.

    0: every photo came to READY or REJECTED. 1: some did not, or a folder could not be read.
    2: wrong usage, or something is missing here. 128 + a signal: stopped, as by Ctrl-C.
    """
    options = _parser().parse_args(arguments)
    progress = Console(stderr=True)

    def say(text: str) -> None:
        progress.print(f"python -m local: {text}", markup=False, highlight=False, soft_wrap=True)

    unreadable: list[OSError] = []
    try:
        photos = find_photos(options.photos, output=options.output, on_error=unreadable.append)
        _make_writable(options.output)
    except (OSError, UnavailableError) as error:
        say(str(error))
        return 2
    finally:
        for each in unreadable:
            say(f"cannot read {each.filename}: {each.strerror}")

    try:
        with closing(_run(photos, options, progress)) as documents:
            fine = _show(documents, options)
    except (UnavailableError, ClientError) as error:  # Lambda's, of an image that does not start
        say(str(error))
        return 2
    except subprocess.CalledProcessError as error:
        say(f"{' '.join(error.cmd[:2])} failed with exit status {error.returncode}")
        return 2
    except KeyboardInterrupt as stop:
        progress.print("stopped")
        return 128 + (stop.args[0] if stop.args else signal.SIGINT)
    except BrokenPipeError:  # whoever read our output has read enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    return 0 if fine and not unreadable else 1


def _make_writable(output: Path) -> None:
    """Make the folders of `output` that are not there, and write to them once.

    Raises:
        UnavailableError: `output` is a file, or not ours to write to.
    """
    try:
        (output / RECORDS).mkdir(parents=True, exist_ok=True)
        for folder in (output, output / RECORDS):
            tempfile.TemporaryFile(dir=folder).close()
    except OSError as error:
        raise UnavailableError(f"cannot write to {output}: {error.strerror}") from error


def _parser() -> argparse.ArgumentParser:
    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument(
        "--output",
        type=Path,
        default=Path("demo"),
        metavar="FOLDER",
        help="where renditions and records go (default: demo)",
    )
    shared.add_argument(
        "--stages",
        choices=STAGES,
        default=STAGES[0],
        help="run the three steps in processes of this Python, or in their container images",
    )
    parser = argparse.ArgumentParser(prog="python -m local", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    demo = commands.add_parser(
        "demo", parents=[shared], help="show what is found: a table, and a contact sheet"
    )
    demo.add_argument("photos", nargs="*", type=Path, default=[DEMO_PHOTOS], metavar="PHOTO")
    demo.set_defaults(json=False, contact_sheet=True)

    work = commands.add_parser(
        "process", parents=[shared], help="files and folders of any number, as a table or JSON"
    )
    work.add_argument("photos", nargs="+", type=Path, metavar="FILE_OR_FOLDER")
    work.add_argument("--json", action="store_true", help="one JSON document a line, as they end")
    work.set_defaults(contact_sheet=False)
    return parser


def _run(
    photos: Sequence[Photo], options: argparse.Namespace, console: Console
) -> Generator[Document]:
    """Yield the documents of `photos` as they end, with a progress bar on `console`.

    Raises:
        UnavailableError: there is no docker client, or no label model.
        subprocess.CalledProcessError: docker refuses; its reason is on stderr.
    """
    if options.stages == "docker" and not shutil.which(os.environ.get("DOCKER", "docker")):
        raise UnavailableError("--stages docker needs a docker client, and none is found")
    # moto and the label model take seconds; --help need not wait.
    from local.labels import ModelLabeler  # noqa: PLC0415
    from local.stack import Stack  # noqa: PLC0415
    from models.build import ModelUnavailableError, WrongWeightsError  # noqa: PLC0415

    functions: Functions = Containers() if options.stages == "docker" else InProcess()
    try:
        labeler = ModelLabeler.ready(
            lambda line: console.print(line, markup=False, highlight=False)
        )
    except (ModelUnavailableError, WrongWeightsError) as error:
        raise UnavailableError(str(error)) from error
    with (
        _progress(console) as progress,
        Stack.start(functions=functions, labeler=labeler) as stack,
    ):
        task = progress.add_task("photos", total=len(photos))
        tenth = max(1, len(photos) // 10)
        for done, document in enumerate(process(stack, photos, output=options.output), start=1):
            progress.update(task, completed=done)
            if not console.is_terminal and (done % tenth == 0 or done == len(photos)):
                console.print(f"{done:,} of {len(photos):,} photos", highlight=False)
            yield document


def _progress(console: Console) -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(bar_width=None),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )


def _show(documents: Iterator[Document], options: argparse.Namespace) -> bool:
    """Print the documents as asked; return whether every photo came to a good end."""
    if options.json:
        fine = True
        for document in documents:
            print(to_json(document), flush=True)  # noqa: T201  # what the command is for
            fine = fine and document["status"] in FINE
        return fine

    records = report.read(documents)
    console = Console()
    if not console.is_terminal:
        console.width = TABLE_WIDTH
    console.print(report.table(records))
    console.print(report.summary(records), markup=False, highlight=False)
    if options.contact_sheet:
        page = options.output / "index.html"
        page.write_text(
            report.contact_sheet(records, folder=options.output),
            encoding="utf-8",
            errors="backslashreplace",
        )
        console.print(f"Contact sheet: {page}", markup=False, highlight=False, soft_wrap=True)
        console.print(
            f"Renditions and records: {options.output / RECORDS}",
            markup=False,
            highlight=False,
            soft_wrap=True,
        )
    return all(record.status in FINE for record in records)


def _stop_on_signals() -> None:
    """Let SIGTERM and SIGHUP stop the run as Ctrl-C does, so that no container is left behind."""
    signals = {signal.SIGTERM, signal.SIGHUP}

    def stop(number: int, _frame: object) -> None:
        for each in signals:  # a closed terminal may say so twice: let nothing end the clean-up
            signal.signal(each, signal.SIG_IGN)
        raise KeyboardInterrupt(number)

    for each in signals:
        if signal.getsignal(each) is not signal.SIG_IGN:  # as nohup sets it
            signal.signal(each, stop)


if __name__ == "__main__":
    _stop_on_signals()
    sys.exit(main())
