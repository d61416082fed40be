"""Run a command as a program: how it ends, and what it must not print.

Its output and its own messages are all that a user sees. There is no traceback after Ctrl-C or
after `| head`, and no line of a library's log.
"""

import argparse
import logging
import os
import signal
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Final, NoReturn

_STOPPING: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def run(main: Callable[[], int]) -> NoReturn:
    """Run `main`, and exit with its status; with 128 + the signal if one has stopped it.

    Each of the signals stops it as Ctrl-C does, so that no container is left behind. Further ones
    are ignored meanwhile: a closed terminal may send SIGHUP twice. One that the caller ignores
    stays ignored: SIGHUP under `nohup`, SIGINT in the background of a shell script.
    """
    logging.getLogger().addHandler(logging.NullHandler())
    if not sys.warnoptions:
        warnings.simplefilter("ignore")
    _set(_stop)
    status: str | int | None
    try:
        status = main()
    except SystemExit as end:  # of argparse
        status = end.code
    except KeyboardInterrupt as stop:
        print("stopped", file=sys.stderr)  # noqa: T201
        status = 128 + (stop.args[0] if stop.args else signal.SIGINT)
    except BrokenPipeError:  # the reader of our output has closed it, as `head` does
        status = 1
    _set(signal.SIG_DFL)
    try:
        sys.stdout.flush()
    except OSError:  # the reader has gone, or the disk is full
        status = status or 1
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(status)


def path(text: str) -> Path:
    """Return a path of the command line.

    Raises:
        argparse.ArgumentTypeError: it is empty, which would mean the current folder.
    """
    if not text:
        raise argparse.ArgumentTypeError("an empty name is no file or folder")
    return Path(text).expanduser()  # make passes ~ on as it is


def _set(handler: Callable[..., object] | signal.Handlers) -> None:
    for number in _STOPPING:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, handler)


def _stop(number: int, _frame: object) -> NoReturn:
    _set(signal.SIG_IGN)
    raise KeyboardInterrupt(number)
