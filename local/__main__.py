"""Run the pipeline on this machine: `python -m local demo`, `python -m local process FILE…`."""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
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

from local import program, report
from local.functions import Containers, InProcess
from local.process import (
    CONTACT_SHEET,
    PROCESSED,
    RECORDS,
    Document,
    OutputError,
    check_output,
    find_photos,
    process,
    to_json,
    write,
)
from shared.text import escaped

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Sequence

    from local.functions import Functions
    from local.process import Photo

DEMO_PHOTOS: Final = Path(__file__).parent / "photos"
STAGES: Final = ("in-process", "docker")


class UnavailableError(Exception):
    """This machine lacks something that the command needs; the message names it."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status.

    0: every photo is READY or REJECTED.
    1: processing failed for some photos, a folder cannot be read, or the results cannot be
       written any more: those so far are kept.
    2: wrong usage, or this machine lacks something.
    """
    options = _parser().parse_args(arguments)
    progress = Console(stderr=True)

    def print_to_stderr(text: str) -> None:
        line = f"python -m local: {escaped(text)}"
        progress.print(line, markup=False, highlight=False, soft_wrap=True)

    unreadable: list[OSError] = []
    try:
        check_output(options.output, options.photos)
        photos = find_photos(options.photos, on_error=unreadable.append)
        _make_writable(options.output)
    except (OSError, OutputError, UnavailableError) as error:
        print_to_stderr(str(error))
        return 2
    finally:
        for each in unreadable:
            print_to_stderr(f"cannot read {each.filename}: {each.strerror}")

    try:
        with closing(_run(photos, options, progress)) as documents:
            succeeded = _show(documents, options)
    except (UnavailableError, ClientError) as error:  # ClientError: an image does not start
        print_to_stderr(str(error))
        return 2
    except subprocess.CalledProcessError as error:
        command = " ".join(error.cmd[:2])
        print_to_stderr(f"{command} failed with exit status {error.returncode}")
        return 2
    except BrokenPipeError:
        raise
    except (OSError, OutputError) as error:
        print_to_stderr(str(error))
        return 1
    return 0 if succeeded and not unreadable else 1


def _make_writable(output: Path) -> None:
    """Create the missing folders of `output`, and check that they can be written to.

    Raises:
        UnavailableError: `output` is a file, or this user must not write to it.
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
        type=program.path,
        default=Path("demo"),
        metavar="FOLDER",
        help="write renditions and records to FOLDER (default: demo)",
    )
    shared.add_argument(
        "--stages",
        choices=STAGES,
        default=STAGES[0],
        help="run the three steps in processes of this Python (default), or in container images",
    )
    shared.add_argument(
        "--keep-copyright",
        action="store_true",
        help="state creator and copyright in the renditions, which have no metadata otherwise",
    )
    parser = argparse.ArgumentParser(prog="python -m local", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    demo = commands.add_parser(
        "demo", parents=[shared], help="process photos, print a table, write a contact sheet"
    )
    demo.add_argument(
        "photos",
        nargs="*",
        type=program.path,
        default=[DEMO_PHOTOS],
        metavar="FILE_OR_FOLDER",
        help="photos, or folders of photos (default: the photos of local/photos/)",
    )
    demo.set_defaults(json=False, contact_sheet=True)

    work = commands.add_parser(
        "process", parents=[shared], help="process photos, print a table or JSON"
    )
    work.add_argument(
        "photos",
        nargs="+",
        type=program.path,
        metavar="FILE_OR_FOLDER",
        help="photos, or folders of photos, in any number",
    )
    work.add_argument(
        "--json",
        action="store_true",
        help="print one JSON document a line, as soon as a photo is processed",
    )
    work.set_defaults(contact_sheet=False)
    return parser


def _run(
    photos: Sequence[Photo], options: argparse.Namespace, console: Console
) -> Generator[Document]:
    """Process `photos`, and yield each document when its photo is done; show progress on `console`.

    Raises:
        UnavailableError: there is no docker client, or no label model.
        subprocess.CalledProcessError: docker failed; its message is on stderr.
    """
    if options.stages == "docker" and not shutil.which(os.environ.get("DOCKER", "docker")):
        raise UnavailableError("--stages docker needs a docker client, and there is none")
    # moto and the label model take seconds to import; --help does not need them.
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
        Stack.start(
            functions=functions, labeler=labeler, keep_copyright=options.keep_copyright
        ) as stack,
    ):
        task = progress.add_task("photos", total=len(photos))
        tenth = max(1, len(photos) // 10)
        for done, document in enumerate(process(stack, photos, output=options.output), start=1):
            progress.update(task, completed=done)
            if not console.is_terminal and (done % tenth == 0 or done == len(photos)):
                console.print(f"{done:,} of {len(photos):,} photos", highlight=False)
            yield document


def _print_table(records: Sequence[report.Record]) -> Console:
    console = Console()  # as wide as the terminal, or COLUMNS, or 80
    console.print(report.table(records, width=console.width))
    console.print(report.summary(records), markup=False, highlight=False)
    return console


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
    """Print the documents in the format of `options`; return False if a photo has failed."""
    if options.json:
        succeeded = True
        for document in documents:
            print(to_json(document), flush=True)  # noqa: T201  # the command's output
            succeeded = succeeded and document["status"] in PROCESSED
        return succeeded

    done: list[Document] = []
    try:
        for document in documents:
            done.append(document)  # noqa: PERF402  # what is before an error counts
    except BaseException:
        if done:
            _print_table(report.read(done))
        raise
    records = report.read(done)
    console = _print_table(records)
    if options.contact_sheet:
        page = options.output / CONTACT_SHEET
        sheet = report.contact_sheet(records, folder=options.output)
        write(page, sheet.encode("utf-8", "backslashreplace"))
        for what, path in {
            "Contact sheet": page,
            "Renditions and records": options.output / RECORDS,
        }.items():
            line = f"{what}: {escaped(str(path))}"
            console.print(line, markup=False, highlight=False, soft_wrap=True)
    return all(record.status in PROCESSED for record in records)


if __name__ == "__main__":
    program.run(main)
