"""Find the peers, or fetch them into .cache/bench, and list those that are not available.

Python peers are locked in the group `bench` of pyproject.toml, npm peers in package-lock.json. A
program that this machine lacks is unpacked from its Debian package, with its dependencies, into
.cache/bench/debian. Nothing is installed outside of this folder.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from typing import Final

from bench import CACHE, ROOT

DEBIAN: Final = CACHE / "debian"
NODE: Final = CACHE / "node"
LIMIT: Final = CACHE / "limit"

# Python peers, by distribution.
DISTRIBUTIONS: Final = {
    "pyvips": "pyvips-binary",
    "Pillow": "pillow",
    "OpenCV": "opencv-python-headless",
    "exifread": "exifread",
    "boto3": "boto3",
}
PACKAGES: Final = ("sharp", "exifr")  # npm peers


@dataclass(frozen=True)
class Program:
    """A program of a Debian package."""

    candidates: tuple[str, ...]  # names of the program, the most specific first
    package: str
    version: tuple[str, ...]  # arguments that print it
    output: str  # a pattern of the right program's output, with the version as a group


PROGRAMS: Final = {
    "ImageMagick": Program(
        ("convert-im6.q16", "convert"), "imagemagick-6.q16", ("-version",), r"ImageMagick (\d\S+)"
    ),
    "ImageMagick identify": Program(
        ("identify-im6.q16", "identify"), "imagemagick-6.q16", ("-version",), r"ImageMagick (\d\S+)"
    ),
    "GraphicsMagick": Program(("gm",), "graphicsmagick", ("version",), r"GraphicsMagick (\S+)"),
    "vipsthumbnail": Program(("vipsthumbnail",), "libvips-tools", ("--vips-version",), r"(8\.\S+)"),
    "exiftool": Program(("exiftool",), "libimage-exiftool-perl", ("-ver",), r"^([\d.]+)"),
    "valgrind": Program(("valgrind",), "valgrind", ("--version",), r"valgrind-(\S+)"),
}


@dataclass
class Peers:
    """The peers that are available on this machine."""

    versions: dict[str, str] = field(default_factory=dict)
    skipped: dict[str, str] = field(default_factory=dict)  # the reasons, by name
    programs: dict[str, str] = field(default_factory=dict)  # paths

    @property
    def environment(self) -> tuple[tuple[str, str], ...]:
        """The environment variables for programs that were unpacked."""
        if not DEBIAN.exists():
            return ()
        folders = [DEBIAN / "usr" / "lib", *DEBIAN.glob("usr/lib/*-linux-gnu*")]
        variables = {
            "LD_LIBRARY_PATH": os.pathsep.join(map(str, folders)),
            "MAGICK_CODER_MODULE_PATH": _first(DEBIAN.glob("usr/lib/*/ImageMagick-6*/*/coders")),
            "MAGICK_CONFIGURE_PATH": _first(DEBIAN.glob("etc/ImageMagick-6")),
            "PERL5LIB": str(DEBIAN / "usr" / "share" / "perl5"),
        }
        return tuple((name, value) for name, value in variables.items() if value)


def gather() -> Peers:
    """Find, fetch and build all available peers."""
    CACHE.mkdir(parents=True, exist_ok=True)
    peers = Peers(versions={"Python": ".".join(map(str, sys.version_info[:3]))})
    for name, distribution in DISTRIBUTIONS.items():
        peers.versions[name] = metadata.version(distribution)
    _find_programs(peers)
    _install_node(peers)
    _build_limit(peers)
    return peers


def _find_programs(peers: Peers) -> None:
    missing = [one.package for one in PROGRAMS.values() if _found(one, {}) is None]
    if missing and not DEBIAN.exists():
        _unpack(missing)
    for name, program in PROGRAMS.items():
        found = _found(program, dict(peers.environment))
        if found is None:
            peers.skipped[name] = f"no {program.candidates[-1]} (Debian: {program.package})"
        else:
            peers.programs[name], peers.versions[name] = found


def _found(program: Program, environment: Mapping[str, str]) -> tuple[str, str] | None:
    """Return path and version; None if there is none, or only another program of that name."""
    path = os.pathsep.join((os.environ.get("PATH", os.defpath), str(DEBIAN / "usr" / "bin")))
    for name in program.candidates:
        if where := shutil.which(name, path=path):
            printed = _run([where, *program.version], environment)
            if match := re.search(program.output, printed):
                return where, match[1]
    return None


def _unpack(packages: Sequence[str]) -> None:
    """Fetch and unpack Debian packages with their missing dependencies, without root."""
    if shutil.which("apt-get") is None or shutil.which("dpkg-deb") is None:
        return
    # Not --print-uris, which omits packages in apt's cache.
    listed = _run(["apt-get", "install", "--simulate", "-qq", "--no-install-recommends", *packages])
    names = re.findall(r"^Inst (\S+)", listed, re.MULTILINE)
    if not names:
        return
    downloads = CACHE / "packages"
    downloads.mkdir(exist_ok=True)
    _run(["apt-get", "download", "-qq", *names], folder=downloads)
    for package in downloads.glob("*.deb"):
        _run(["dpkg-deb", "--extract", str(package), str(DEBIAN)])


def _install_node(peers: Peers) -> None:
    """Install the packages of bench/package-lock.json, if there is npm."""
    reason = ""
    if shutil.which("npm") is None:
        reason = "no npm"
    else:
        NODE.mkdir(exist_ok=True)
        for name in ("package.json", "package-lock.json"):
            shutil.copy(ROOT / "bench" / name, NODE)
        stamp = NODE / ".made"
        if not stamp.exists() or stamp.read_text() != (NODE / "package-lock.json").read_text():
            done = subprocess.run(
                ["npm", "ci", "--no-audit", "--no-fund"],  # noqa: S607  # the npm of this machine
                cwd=NODE,
                check=False,
                capture_output=True,
                text=True,
            )
            if done.returncode:
                reason = f"npm: {done.stderr.strip().splitlines()[-1]}"
            else:
                stamp.write_text((NODE / "package-lock.json").read_text())
    for name in PACKAGES:
        if reason:
            peers.skipped[name] = reason
        else:
            manifest = (NODE / "node_modules" / name / "package.json").read_text()
            peers.versions[name] = re.findall(r'"version": "(.*)"', manifest)[0]
    if not reason:
        peers.versions["Node"] = _run(["node", "--version"]).strip().removeprefix("v")


def _build_limit(peers: Peers) -> None:
    """Compile limit.c against libjpeg-turbo, if there is a compiler."""
    name = "libjpeg-turbo"
    compiler = shutil.which("cc")
    if compiler is None:
        peers.skipped[name] = "no C compiler"
        return
    command = [compiler, "-O2", "-o", str(LIMIT), str(ROOT / "bench" / "limit.c"), "-ljpeg"]
    if not Path("/usr/include/jpeglib.h").exists():
        _unpack(["libjpeg62-turbo-dev"])
        libraries = [f"-L{folder}" for folder in DEBIAN.glob("usr/lib/*-linux-gnu*")]
        command += [f"-I{folder}" for folder in DEBIAN.glob("usr/include/**/") if folder.is_dir()]
        command += libraries
    done = subprocess.run(command, check=False, capture_output=True, text=True)  # noqa: S603  # ours
    if done.returncode:
        peers.skipped[name] = "no jpeglib.h (Debian: libjpeg62-turbo-dev)"
        return
    preprocessed = subprocess.run(  # noqa: S603  # as above
        [compiler, "-E", "-dM", "-include", "stdio.h", "-include", "jpeglib.h", "-"],
        input="",
        check=False,
        capture_output=True,
        text=True,
    )
    version = re.search(r"LIBJPEG_TURBO_VERSION (\S+)", preprocessed.stdout)
    peers.versions[name] = version[1] if version else "unknown"


def _run(
    command: Sequence[str], environment: Mapping[str, str] | None = None, folder: Path | None = None
) -> str:
    """Run a program, and return its output and errors, whether it fails or not."""
    done = subprocess.run(  # noqa: S603  # our own commands
        command,
        cwd=folder,
        env={**os.environ, **(environment or {})},
        check=False,
        capture_output=True,
        text=True,
    )
    return done.stdout + done.stderr


def _first(paths: Iterable[Path]) -> str:
    return next((str(path) for path in paths), "")
