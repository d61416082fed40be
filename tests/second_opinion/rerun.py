"""Run tests again under a plugin that asks for a second opinion."""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

TESTS: Final = Path(__file__).parents[1]

# Their executions enter every state, and send every request of the workflow and of the commands.
GALLERY: Final = ("gallery/test_editing.py", "gallery/test_queries.py")
WORKFLOW: Final = (
    "workflow/test_execution.py",
    "workflow/test_lifecycle.py",
    "workflow/test_publish.py",
    "workflow/test_recovery.py",
    "workflow/test_reprocess.py",
    "workflow/test_rows.py",
)


def run_again(plugin: str, files: Sequence[str], **variables: str) -> None:
    """Run test files with a plugin of this folder, and assert that all pass."""
    options = ["-p", f"second_opinion.{plugin}", "-p", "no:cacheprovider", "--numprocesses=0", "-q"]
    done = subprocess.run(  # noqa: S603  # our own arguments
        [sys.executable, "-m", "pytest", *options, *(TESTS / file for file in files)],
        cwd=TESTS.parent,
        env={**os.environ, **variables},
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout[-20_000:]
