"""Find the peers, or fetch them into .cache/bench, and list those that are not available.

Python peers are locked in the group `bench` of pyproject.toml, npm peers in package-lock.json. A
program that this machine lacks is unpacked from its Debian package, with its dependencies, into
.cache/bench/debian. Nothing is installed outside of this folder.
"""

import json
import os
import platform
import re
import shutil
import subprocess
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
    "pi-heif-decoder": "pi-heif-decoder",
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
    "FFmpeg": Program(("ffmpeg",), "ffmpeg", ("-version",), r"ffmpeg version (\d[\d.]*)"),
    "exiftool": Program(("exiftool",), "libimage-exiftool-perl", ("-ver",), r"^([\d.]+)"),
}


@dataclass
class Peers:
    """The peers that are available on this machine."""

    versions: dict[str, str] = field(default_factory=dict)
    skipped: dict[str, str] = field(default_factory=dict)  # the reasons, by name
    programs: dict[str, str] = field(default_factory=dict)  # paths


def environment_of(program: str) -> tuple[tuple[str, str], ...]:
    """Return the variables for a program that was unpacked; none for one of the machine.

    With VIPSHOME the machine's vipsthumbnail would not find its own modules, and read no HEIC.
    """
    if not Path(program).is_relative_to(DEBIAN):
        return ()
    folders = [DEBIAN / "usr" / "lib", *DEBIAN.glob("usr/lib/*-linux-gnu*")]
    folders += [each / name for each in folders[1:] for name in ("blas", "lapack")]  # FFmpeg's
    variables = {
        "LD_LIBRARY_PATH": os.pathsep.join(map(str, folders)),
        "MAGICK_CODER_MODULE_PATH": _first(DEBIAN.glob("usr/lib/*/ImageMagick-6*/*/coders")),
        "MAGICK_CONFIGURE_PATH": _first(DEBIAN.glob("etc/ImageMagick-6")),
        "VIPSHOME": str(DEBIAN / "usr" / "lib"),  # for its modules: HEIC is in one of them
        "PERL5LIB": str(DEBIAN / "usr" / "share" / "perl5"),
    }
    return tuple((name, value) for name, value in variables.items() if value)


def gather() -> Peers:
    """Find, fetch and build all available peers."""
    CACHE.mkdir(parents=True, exist_ok=True)
    peers = Peers(versions={"Python": platform.python_version()})
    for name, distribution in DISTRIBUTIONS.items():
        peers.versions[name] = metadata.version(distribution)
    found = {name: _found(program) for name, program in PROGRAMS.items()}
    _unpack(*{PROGRAMS[name].package for name in found if found[name] is None})
    for name, program in PROGRAMS.items():
        if one := found[name] or _found(program):
            peers.programs[name], peers.versions[name] = one
        else:
            peers.skipped[name] = f"no {program.candidates[-1]} (Debian: {program.package})"
    _install_node(peers)
    _build_limit(peers)
    return peers


def _found(program: Program) -> tuple[str, str] | None:
    """Return path and version; None if there is none, or only another program of that name."""
    path = os.pathsep.join((os.environ.get("PATH", os.defpath), str(DEBIAN / "usr" / "bin")))
    for name in program.candidates:
        if where := shutil.which(name, path=path):
            done = _run([where, *program.version], environment=dict(environment_of(where)))
            if match := re.search(program.output, done.stdout + done.stderr):
                return where, match[1]
    return None


def _unpack(*packages: str) -> None:
    """Fetch and unpack Debian packages with their missing dependencies, without root."""
    if not packages or shutil.which("apt-get") is None or shutil.which("dpkg-deb") is None:
        return
    # Not --print-uris, which omits packages in apt's cache.
    listed = _run(["apt-get", "install", "--simulate", "-qq", "--no-install-recommends", *packages])
    names = re.findall(r"^Inst (\S+)", listed.stdout, re.MULTILINE)
    downloads = CACHE / "packages"
    downloads.mkdir(exist_ok=True)
    if names:
        _run(["apt-get", "download", "-qq", *names], folder=downloads)
    for package in downloads.glob("*.deb"):
        _run(["dpkg-deb", "--extract", str(package), str(DEBIAN)])


def _install_node(peers: Peers) -> None:
    """Install the packages of bench/package-lock.json, if there is npm."""
    if shutil.which("npm") is None:
        peers.skipped.update(dict.fromkeys(PACKAGES, "no npm"))
        return
    wanted, stamp = (ROOT / "bench" / "package-lock.json").read_text(), NODE / ".made"
    if not stamp.exists() or stamp.read_text() != wanted:
        NODE.mkdir(exist_ok=True)
        for name in ("package.json", "package-lock.json"):
            shutil.copy(ROOT / "bench" / name, NODE)
        done = _run(["npm", "ci", "--no-audit", "--no-fund"], folder=NODE)
        if done.returncode:
            why = f"npm: {done.stderr.strip().rpartition(chr(10))[2]}"
            peers.skipped.update(dict.fromkeys(PACKAGES, why))
            return
        stamp.write_text(wanted)
    for name in PACKAGES:
        manifest = json.loads((NODE / "node_modules" / name / "package.json").read_text())
        peers.versions[name] = manifest["version"]
    peers.versions["Node"] = _run(["node", "--version"]).stdout.strip().removeprefix("v")


def _build_limit(peers: Peers) -> None:
    """Compile limit.c against libjpeg-turbo, if there is a compiler."""
    name = "libjpeg-turbo"
    compiler = shutil.which("cc")
    if compiler is None:
        peers.skipped[name] = "no C compiler"
        return
    options: list[str] = []
    if not Path("/usr/include/jpeglib.h").exists():
        _unpack("libjpeg62-turbo-dev")
        libraries = list(DEBIAN.glob("usr/lib/*-linux-gnu*"))
        options = [f"{flag}{folder}" for folder in libraries for flag in ("-L", "-Wl,-rpath,")]
        options += [f"-I{folder}" for folder in DEBIAN.glob("usr/include/**/") if folder.is_dir()]
    source = str(ROOT / "bench" / "limit.c")
    if _run([compiler, "-O2", "-o", str(LIMIT), source, *options, "-ljpeg"]).returncode:
        peers.skipped[name] = "no jpeglib.h (Debian: libjpeg62-turbo-dev)"
        return
    headers = [compiler, "-E", "-dM", "-include", "stdio.h", "-include", "jpeglib.h", *options]
    macros = _run([*headers, "-x", "c", os.devnull]).stdout
    version = re.search(r"LIBJPEG_TURBO_VERSION (\S+)", macros)
    peers.versions[name] = version[1] if version else "unknown"


def processor() -> str:
    """Return the model of this machine's cores, without what differs between two of a kind."""
    cpuinfo = Path("/proc/cpuinfo")
    model = re.search(r"model name\s*: (.*)", cpuinfo.read_text()) if cpuinfo.exists() else None
    name = re.sub(r"\(\w+\)|\bCPU\b|\bProcessor\b", "", model[1] if model else platform.machine())
    return " ".join(name.split())


def _run(
    command: Sequence[str], environment: Mapping[str, str] | None = None, folder: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a program, and return its output and errors, whether it fails or not."""
    return subprocess.run(  # noqa: S603  # our own commands
        command,
        cwd=folder,
        env={**os.environ, **(environment or {})},
        check=False,
        capture_output=True,
        text=True,
    )


def _first(paths: Iterable[Path]) -> str:
    return next((str(path) for path in paths), "")
