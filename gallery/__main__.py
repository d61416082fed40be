"""Run one command on a gallery: `python -m gallery COMMAND --help` lists its options.

`make COMMAND` does the same, with names from Terraform's outputs. Each command is the module of its
name, which has `add_arguments` and `run`. Exit status: 0 for success; 1 if AWS or the command
refuses, if reconcile finds differences, or if redrive does not understand a message; 2 for a wrong
command line.
"""

import argparse
import sys
from importlib import import_module
from typing import Final

from botocore.exceptions import BotoCoreError, ClientError

from gallery.shell import CommandError, UsageError, print_stderr

COMMANDS: Final = {
    "push": "Push the container images and record their digests for Terraform",
    "publish": "Upload the gallery's page",
    "backfill": "Process photos already in the bucket",
    "reprocess": "Process photos again",
    "reconcile": "Compare bucket, table and renditions; exit with 1 if they disagree",
    "verify": "Check that the deployment works, with photos of its own; exit with 1 if not",
    "find": "Find photos by labels, people, places, words and time",
    "redrive": "Redrive failed executions and undelivered events from the dead-letter queue",
}


def main(arguments: list[str]) -> int:
    """Run the command that `arguments` name, and return its exit status."""
    parser = argparse.ArgumentParser(prog="python -m gallery")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, summary in COMMANDS.items():
        command = commands.add_parser(name, help=summary, description=f"{summary}.")
        if name in arguments[:1]:  # other commands are not imported: push needs requests
            module = import_module(f"gallery.{name}")
            module.add_arguments(command)
            command.set_defaults(run=module.run)
    given = parser.parse_args(arguments)
    try:
        return int(given.run(given))
    except UsageError as error:
        commands.choices[given.command].error(str(error))
    except (BotoCoreError, ClientError, CommandError) as error:
        print_stderr(f"{given.command}: {error}")
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
