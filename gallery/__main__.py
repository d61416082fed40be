"""Run one command on a gallery: `python -m gallery COMMAND --help` lists its options.

`gallery COMMAND` in the environment, and `make COMMAND`, do the same. Each command is the module of
its name, or of `MODULES`, which has `add_arguments` and `run`. Exit status: 0 for success; 1 if AWS
or the command refuses, if reconcile finds differences, or if redrive does not understand a message;
2 for a wrong command line; 130 after Ctrl-C.
"""

import argparse
import os
import sys
from collections.abc import Collection
from importlib import import_module
from typing import Final

from botocore.exceptions import BotoCoreError, ClientError

from gallery.shell import CommandError, UsageError, print_stderr

COMMANDS: Final = {
    "push": "Push the container images and record their digests for Terraform",
    "publish": "Upload the gallery's page",
    "verify": "Check that the deployment works, with photos of its own; exit with 1 if not",
    "find": "Find photos by labels, people, places, words and time",
    "show": "Print all that is known of photos",
    "albums": "List the albums",
    "copies": "List photos with the same bytes",
    "edit": "Edit what a photo's file says, or hide a label",
    "import": "Send the photos of a folder, a bucket, a Google Takeout or an export",
    "export": "Export photos with XMP sidecars, a manifest and checksums, into a folder",
    "adopt": "Switch on the events of an adopted bucket",
    "backfill": "Process photos already in the bucket",
    "reprocess": "Process photos again",
    "redrive": "Redrive failed executions and undelivered events from the dead-letter queue",
    "reconcile": "Compare bucket, table and renditions; exit with 1 if they disagree",
    "owners": "List the owners of photos, and the users that they are",
    "give": "Hand photos over from one owner to another",
    "remove-owner": "Delete an owner, and everything that is theirs, for good",
    "costs": "Estimate what a gallery costs",
    "saved": "List deployments that have a saved name, save one, or forget one",
    "completion": "Print what completes commands and options in a shell",
}
MODULES: Final = {  # that have another name: `import` is a word of Python
    "export": "exporting",
    "give": "giving",
    "import": "importing",
    "remove-owner": "removing",
}


def parser_of(commands: Collection[str], *, prog: str = "gallery") -> argparse.ArgumentParser:
    """Return the parser. Of `commands` it knows the arguments, and imports their modules."""
    parser = argparse.ArgumentParser(prog=prog)
    subparsers = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, summary in COMMANDS.items():
        command = subparsers.add_parser(name, help=summary, description=f"{summary}.")
        command.set_defaults(error=command.error)
        if name in commands:
            module = import_module(f"gallery.{MODULES.get(name, name)}")
            module.add_arguments(command)
            command.set_defaults(run=module.run)
    return parser


def main(arguments: list[str], *, prog: str = "python -m gallery") -> int:
    """Run the command that `arguments` name, and return its exit status."""
    # Other commands are not imported: push needs requests.
    given = parser_of(arguments[:1], prog=prog).parse_args(arguments)
    try:
        return int(given.run(given))
    except UsageError as error:
        given.error(str(error))
    except BrokenPipeError:  # of `gallery find … | head`
        # https://docs.python.org/3/library/signal.html#note-on-sigpipe
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except KeyboardInterrupt:
        print_stderr(f"{given.command}: interrupted")
        return 130
    except (BotoCoreError, ClientError, CommandError) as error:
        print_stderr(f"{given.command}: {error}")
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
