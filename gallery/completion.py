"""Completion: what makes a shell complete commands and options of `gallery`.

    gallery completion bash > ~/.local/share/bash-completion/completions/gallery
    gallery completion zsh > ~/.zfunc/_gallery

It is made by shtab: https://docs.iterative.ai/shtab/
"""

import argparse

import shtab

from gallery.shell import print_text


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    command.add_argument("shell", choices=shtab.SUPPORTED_SHELLS)


def run(given: argparse.Namespace) -> int:
    """Print the shell's program."""
    # Imported here: the parser imports this module.
    from gallery.__main__ import COMMANDS, parser_of  # noqa: PLC0415

    print_text(shtab.complete(parser_of(COMMANDS), shell=given.shell))
    return 0
