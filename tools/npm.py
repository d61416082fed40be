"""Install a program of tools/ from npm, as its lock file says, into .cache/."""

import fcntl
import shutil
import subprocess
from pathlib import Path
from typing import Final

TOOLS: Final = Path(__file__).parent
CACHE: Final = TOOLS.parent / ".cache"


class NpmError(Exception):
    """npm is not installed, or does not install the program; the message says which."""


def install(name: str) -> Path:
    """Install the packages of tools/`name`, once for each lock file, and copy its programs.

    Returns:
        The folder of the installation, with node_modules and the .mjs files of tools/`name`.

    Raises:
        NpmError: see the class.
    """
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        raise NpmError("npm is not installed")
    source, home = TOOLS / name, CACHE / name
    home.mkdir(parents=True, exist_ok=True)
    with (home / "install.lock").open("w") as lock:  # tests install in several processes
        fcntl.flock(lock, fcntl.LOCK_EX)
        for program in source.glob("*.mjs"):
            shutil.copy(program, home)
        installed = home / "package-lock.json"
        if (
            not installed.exists()
            or installed.read_bytes() != (source / installed.name).read_bytes()
        ):
            shutil.copy(source / "package.json", home)
            shutil.copy(source / installed.name, installed)
            done = subprocess.run(  # noqa: S603  # no shell
                [npm, "ci", "--no-audit", "--no-fund"],
                check=False,
                cwd=home,
                capture_output=True,
                text=True,
            )
            if done.returncode != 0:
                installed.unlink()
                raise NpmError(f"npm ci does not work here: {done.stderr.strip()}")
    return home
