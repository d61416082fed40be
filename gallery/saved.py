"""Saved: names for deployments, so that `--deployment home` works from any folder.

A saved name has the outputs of Terraform as they were then, in the user's configuration folder. It
has no secrets. Save it again after outputs have changed.
"""

import argparse

from gallery.deployment import add_deployment_arguments
from gallery.outputs import forget, read_outputs, read_saved, save, saved_names
from gallery.shell import print_stdout


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    what = command.add_mutually_exclusive_group()
    what.add_argument("--save", metavar="NAME", help="save the deployment under this name")
    what.add_argument("--forget", metavar="NAME", help="forget this name")
    add_deployment_arguments(command)


def run(given: argparse.Namespace) -> int:
    """Save, forget, or print a line for each name."""
    if given.save is not None:
        path = save(given.save, read_outputs(given.deployment, terraform=given.terraform))
        print_stdout(f"saved: {path}")
    elif given.forget is not None:
        forget(given.forget)
        print_stdout(f"forgotten: {given.forget}")
    else:
        for name in saved_names():
            print_stdout(f"{name}: {read_saved(name).state_machine_arn}")
    return 0
