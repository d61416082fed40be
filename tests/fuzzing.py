"""Mutate photos by their structure, and hold what Extract and the decoder spend on each.

    python tests/fuzzing.py [--seconds SECONDS] [--seed SEED] [CONTAINER…]

Prints each file that breaks the rule, and keeps it in .cache/fuzz. The rule: a file of at most 1 MB
takes at most a second of CPU time and 300 MB before it is refused, with a named error, or decoded.
Pictures have at most 4 megapixels here: more cost more, and other limits bound them.
"""

import argparse
import hashlib
import multiprocessing
import random
import resource
import struct
import sys
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cache
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Final, NamedTuple

TESTS = Path(__file__).parent
sys.path[:0] = [str(TESTS), str(TESTS.parent / "images")]

import photofiles as pf  # noqa: E402  # found by the path above
from heicfile import Thumbnail, heic  # noqa: E402

MAX_BYTES: Final = 1_000_000
MAX_CPU_SECONDS: Final = 1.0
MAX_MEMORY_MB: Final = 300
MAX_FUZZED_MEGAPIXELS: Final = 4
DEADLINE_SECONDS: Final = 60
FOUND: Final = TESTS.parent / ".cache" / "fuzz"

_EDGES: Final = (0, 1, 2, 3, 7, 8, 0x7F, 0x80, 0xFE, 0xFF, 0x100, 0x7FFF, 0x8000, 0xFFFE, 0xFFFF)
_WIDE_EDGES: Final = (*_EDGES, 0x10000, 250_000, 0xFFFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)
_CONTAINERS: Final = {b"meta": 4, b"iprp": 0, b"ipco": 0, b"iref": 4, b"dinf": 0}

Parts = list[bytes]


class Spent(NamedTuple):
    """What one file has cost."""

    cpu_seconds: float  # of the costlier step
    memory_mb: float
    outcomes: tuple[str, ...]  # of Extract and of the decoder: ok, or the error; ! if not named

    @property
    def fault(self) -> str:
        """What breaks the rule; empty if nothing does."""
        if self.cpu_seconds > MAX_CPU_SECONDS:
            return f"{self.cpu_seconds:.1f} s of CPU time"
        if self.memory_mb > MAX_MEMORY_MB:
            return f"{self.memory_mb:.0f} MB"
        unnamed = [outcome for outcome in self.outcomes if outcome.startswith("!")]
        return f"unnamed: {unnamed[0]}" if unnamed else ""


class Fuzzer:
    """Spends files in a process that is ended if one hangs."""

    def __init__(self) -> None:
        self._start()

    def spend(self, photo: bytes) -> Spent:
        """Return what `photo` costs.

        Raises:
            TimeoutError: it took longer than `DEADLINE_SECONDS`.
            EOFError: the decoder crashed.
        """
        self._connection.send(photo)
        if not self._connection.poll(DEADLINE_SECONDS):
            raise TimeoutError
        spent: Spent = self._connection.recv()
        return spent

    def fault(self, photo: bytes) -> str:
        """Return how `photo` breaks the rule; empty if it does not."""
        try:
            return self.spend(photo).fault
        except TimeoutError:
            fault = f"hangs: over {DEADLINE_SECONDS} s"
        except EOFError:
            fault = "crash"
        self.stop()
        self._start()
        return fault

    def stop(self) -> None:
        """End the process, whatever it does."""
        self._process.kill()
        self._process.join()

    def _start(self) -> None:
        # Not forked: libvips, which other tests use here, would wait for threads that are gone.
        context = multiprocessing.get_context("spawn")
        self._connection, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs,), daemon=True)
        self._process.start()
        theirs.close()


def _serve(connection: Connection) -> None:
    while True:
        connection.send(spend(connection.recv()))


def spend(photo: bytes) -> Spent:
    """Run Extract and the decoder on `photo`, and return the cost of the costlier one."""
    import logging  # noqa: PLC0415  # in the worker alone

    import shared.limits  # noqa: PLC0415
    from extract.handler import run  # noqa: PLC0415
    from fakes import PHOTOS_BUCKET, MemoryPhotoStream, stored  # noqa: PLC0415
    from shared.contracts import ExtractRequest  # noqa: PLC0415
    from shared.errors import PhotoError  # noqa: PLC0415
    from thumbnail.render import render  # noqa: PLC0415
    from thumbnail.renditions import DEFAULT_RENDITIONS  # noqa: PLC0415

    logging.disable(logging.CRITICAL)
    vars(shared.limits)["WAYS"] = {
        name: way._replace(max_megapixels=MAX_FUZZED_MEGAPIXELS)
        for name, way in shared.limits.WAYS.items()
    }
    store, reference = stored(photo)
    steps: list[Callable[[], object]] = [
        lambda: run(ExtractRequest(photo=reference), store, photos_bucket=PHOTOS_BUCKET),
        lambda: render(MemoryPhotoStream(photo), DEFAULT_RENDITIONS),
    ]
    cpu_seconds, memory_mb, outcomes = 0.0, 0.0, []
    for step in steps:
        before, started = _memory_mb("VmRSS"), time.process_time()
        _forget_peak()
        try:
            step()
        except PhotoError as error:
            outcomes.append(f"{type(error).__name__}: {error}")
        except Exception as error:  # noqa: BLE001  # a finding
            outcomes.append(f"!{type(error).__name__}: {error}")
        else:
            outcomes.append("ok")
        cpu_seconds = max(cpu_seconds, time.process_time() - started)
        memory_mb = max(memory_mb, _memory_mb("VmHWM") - before)
    return Spent(cpu_seconds, memory_mb, tuple(outcomes))


def _memory_mb(name: str) -> float:
    """Return this process's memory now (VmRSS) or at its peak (VmHWM)."""
    with suppress(OSError):  # Linux
        status = Path("/proc/self/status").read_text()
        return int(status.partition(f"{name}:")[2].split()[0]) / 1_024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1_024


def _forget_peak() -> None:
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")


# How a container is taken apart, and put together again: checksums and sizes are right, unless a
# mutation is about them.


def _jpeg_parts(photo: bytes) -> Parts:
    parts, at = [photo[:2]], 2
    while at + 4 <= len(photo) and photo[at] == 0xFF:
        end = at + 2 + int.from_bytes(photo[at + 2 : at + 4])
        if photo[at + 1] == 0xDA:
            following = end
            while following + 1 < len(photo) and not (
                photo[following] == 0xFF and photo[following + 1] not in {0, *range(0xD0, 0xD8)}
            ):
                following += 1
            end = following
        parts.append(photo[at:end])
        at = end
    return [*parts, photo[at:]]


def _png_parts(photo: bytes) -> Parts:
    parts, at = [photo[:8]], 8
    while at < len(photo):
        end = at + 12 + int.from_bytes(photo[at : at + 4])
        parts.append(photo[at + 4 : end - 4])  # kind and body
        at = end
    return parts


def _png_join(parts: Parts) -> bytes:
    return parts[0] + b"".join(pf.chunk(part[:4].ljust(4, b"a"), part[4:]) for part in parts[1:])


def _webp_parts(photo: bytes) -> Parts:
    parts, at = [photo[:12]], 12
    while at < len(photo):
        size = int.from_bytes(photo[at + 4 : at + 8], "little")
        parts.append(photo[at : at + 8 + size + size % 2])
        at += 8 + size + size % 2
    return parts


def _webp_join(parts: Parts) -> bytes:
    body = b"".join(parts)
    return body[:4] + (len(body) - 8).to_bytes(4, "little") + body[8:]


def _gif_parts(photo: bytes) -> Parts:
    at = 13 + (3 << (photo[10] & 7) + 1 if photo[10] & 0x80 else 0)
    parts, start = [photo[:at]], at
    while at < len(photo) and photo[at] in {0x21, 0x2C}:
        at += 2
        if photo[start] == 0x2C:
            flags = photo[start + 9]
            at = start + 11 + (3 << (flags & 7) + 1 if flags & 0x80 else 0)
        while at < len(photo) and photo[at]:
            at += 1 + photo[at]
        at += 1
        parts.append(photo[start:at])
        start = at
    return [*parts, photo[start:]]


def _tiff_parts(photo: bytes) -> Parts:
    """Return all before the directory, its entries, and all behind them."""
    at = int.from_bytes(photo[4:8], "little")
    count = int.from_bytes(photo[at : at + 2], "little")
    entries = [photo[at + 2 + 12 * n : at + 14 + 12 * n] for n in range(count)]
    return [photo[:at], *entries, photo[at + 2 + 12 * count :]]


def _tiff_join(parts: Parts) -> bytes:
    """Put the directory at the end: the values keep their places."""
    first, *entries, last = parts
    rest = first + bytes(2) + last  # not exactly: offsets behind the directory move
    entries = [entry for entry in entries if len(entry) == 12]
    directory = (len(entries) & 0xFFFF).to_bytes(2, "little") + b"".join(entries) + bytes(4)
    return rest[:4] + len(rest).to_bytes(4, "little") + rest[8:] + directory


def _heif_parts(photo: bytes) -> Parts:
    """Return ftyp, mdat, and then the boxes of `meta`, which stands last: it may grow."""
    return list(_boxes(photo))


def _boxes(data: bytes) -> Iterator[bytes]:
    at = 0
    while at + 8 <= len(data):
        size = int.from_bytes(data[at : at + 4]) or len(data) - at
        kind = data[at + 4 : at + 8]
        if kind in _CONTAINERS:
            head = at + 8 + _CONTAINERS[kind]
            yield b"(" + data[at + 4 : head]
            yield from _boxes(data[head : at + size])
            yield b")"
        else:
            yield data[at + 4 : at + size]
        at += max(size, 8)


def _heif_join(parts: Parts) -> bytes:
    stack: list[tuple[bytes, list[bytes]]] = [(b"", [])]
    for part in parts:
        if part[:1] == b"(":
            stack.append((part[1:], []))
        elif part == b")" and len(stack) > 1:
            head, inner = stack.pop()
            stack[-1][1].append(_box(head + b"".join(inner)))
        else:
            stack[-1][1].append(_box(part))
    while len(stack) > 1:
        head, inner = stack.pop()
        stack[-1][1].append(_box(head + b"".join(inner)))
    return b"".join(stack[0][1])


def _box(body: bytes) -> bytes:
    return struct.pack(">I", 4 + len(body)) + body


def _meta_last(photo: bytes) -> bytes:
    """Return a HEIC of `heicfile` with its `meta` box behind the pixels."""
    at = photo.index(b"meta") - 4
    size = int.from_bytes(photo[at : at + 4])
    meta, mdat = bytearray(photo[at : at + size]), photo[at + size :]
    iloc = meta.index(b"iloc") + 4
    for number in range(int.from_bytes(meta[iloc + 6 : iloc + 8])):
        place = iloc + 8 + 14 * number + 6
        moved = int.from_bytes(meta[place : place + 4]) - size
        meta[place : place + 4] = moved.to_bytes(4)
    return photo[:at] + mdat + meta


def _xmp_parts(document: bytes) -> Parts:
    return [b"<" + part for part in document.split(b"<")][1:]


def _datasets(records: bytes) -> Parts:
    return [b"\x1c" + part for part in records.split(b"\x1c")][1:]


class Container(NamedTuple):
    """How to mutate the files of one container."""

    bases: Callable[[], list[bytes]]
    parts: Callable[[bytes], Parts]
    join: Callable[[Parts], bytes] = b"".join
    wrap: Callable[[bytes], bytes] = bytes


_EXIF_TAGS: Final = (
    [pf.text(pf.MAKE, "ACME"), pf.Tag(pf.ORIENTATION, pf.SHORT, [6]), pf.xp(pf.XP_TITLE, "title")],
    [
        pf.text(pf.DATE_TIME_ORIGINAL, "2016:04:09 14:08:13"),
        pf.Tag(pf.F_NUMBER, pf.RATIONAL, [2, 1]),
        pf.Tag(pf.USER_COMMENT, pf.UNDEFINED, b"UNICODE\x00h\x00i\x00"),
    ],
    pf.gps(),
)
_XMP: Final = pf.xmp(
    pf.bag("dc:subject", *map(str, range(30))) + pf.bag("lr:hierarchicalSubject", "a|b"),
    'exif:DateTimeOriginal="2016-04-09T14:08:13" photoshop:DateCreated="2016"',
)


def _exif() -> bytes:
    return pf.tiff_block(*_EXIF_TAGS)


def _iptc() -> bytes:
    return b"".join(pf.dataset(number, b"text") for number in (5, 25, 25, 55, 60, 120))


def _noise(image_format: str, **options: object) -> bytes:
    from PIL import Image  # noqa: PLC0415

    return pf.encode(Image.effect_noise((160, 120), 60).convert("RGB"), image_format, **options)


def _animation(image_format: str) -> bytes:
    frames = [pf.picture(40, 30).rotate(turn) for turn in (0, 90, 180)]
    return pf.encode(frames[0], image_format, save_all=True, append_images=frames[1:])


CONTAINERS: Final = {
    "JPEG": Container(
        lambda: [
            pf.jpeg(exif=_exif(), xmp=_XMP, iptc=_iptc()),
            pf.jpeg(progressive=True, width_px=300, height_px=200),
            _noise("JPEG"),
            _noise("JPEG", progressive=True),
            _noise("JPEG", restart_marker_blocks=1),
        ],
        _jpeg_parts,
    ),
    "PNG": Container(
        lambda: [
            pf.png(
                pf.chunk(b"eXIf", _exif()),
                pf.xmp_chunk(_XMP, compressed=True),
                pf.raw_profile(b"iptc", _iptc()),
                pf.chunk(b"iCCP", b"icc\0\0" + zlib.compress(bytes(3_000))),
                late=[pf.chunk(b"tEXt", b"Comment\0late")],
            ),
            _noise("PNG"),
        ],
        _png_parts,
        _png_join,
    ),
    "WEBP": Container(
        lambda: [
            pf.webp(exif=_exif(), xmp=_XMP),
            _animation("WEBP"),
            _noise("WEBP"),
            _noise("WEBP", lossless=True),
        ],
        _webp_parts,
        _webp_join,
    ),
    "GIF": Container(
        lambda: [
            _noise("GIF"),
            _animation("GIF"),
            pf.gif_without_screen(extensions=b"\x21\xfe\3abc\0"),
        ],
        _gif_parts,
    ),
    "TIFF": Container(
        lambda: [
            pf.tiff_file(*_EXIF_TAGS),
            *(
                _noise("TIFF", compression=compression)
                for compression in ("raw", "tiff_lzw", "tiff_adobe_deflate", "jpeg", "packbits")
            ),
        ],
        _tiff_parts,
        _tiff_join,
    ),
    "HEIC": Container(
        lambda: [
            _meta_last(heic()),
            _meta_last(heic(tiles=2, thumbnail=Thumbnail())),
            _meta_last(heic(pf.clap(32, 32), pf.irot(1), pf.imir(0))),
            pf.heif(exif=_exif(), xmp=_XMP, meta_last=True),
        ],
        _heif_parts,
        _heif_join,
    ),
    "AVIF": Container(
        lambda: [_noise("AVIF", speed=10), _noise("AVIF", speed=10, exif=b"Exif\0\0" + _exif())],
        _heif_parts,
        _heif_join,
    ),
    "EXIF": Container(
        lambda: [_exif()],
        _tiff_parts,
        _tiff_join,
        lambda block: (
            pf.jpeg(exif=block) if len(block) < 65_000 else pf.png(pf.chunk(b"eXIf", block))
        ),
    ),
    "XMP": Container(lambda: [_XMP], _xmp_parts, wrap=lambda xmp: pf.png(pf.xmp_chunk(xmp))),
    "IPTC": Container(
        lambda: [_iptc()],
        _datasets,
        wrap=lambda records: pf.png(pf.raw_profile(b"iptc", records)),
    ),
}


@cache
def bases(container: str) -> list[bytes]:
    """Return the valid files that are mutated."""
    return CONTAINERS[container].bases()


def mutated(container: str, seed: int) -> bytes:
    """Return a mutation of a valid file of `container`, the same for the same seed."""
    pick = random.Random(seed)  # noqa: S311  # no secret
    how = CONTAINERS[container]
    parts = how.parts(pick.choice(bases(container)))
    for _ in range(pick.randint(1, 4)):
        _mutate_parts(parts, pick)
    body = how.join(parts)
    if pick.random() < 0.3:
        body = bytes(_with_edges(bytearray(body), pick, pick.randint(1, 8)))
    if pick.random() < 0.1:
        body = body[: pick.randint(1, len(body))]
    return how.wrap(body)[:MAX_BYTES]


def _mutate_parts(parts: Parts, pick: random.Random) -> None:
    at = pick.randrange(len(parts))
    match pick.randrange(7):
        case 0:  # many times the same
            most = max(1, MAX_BYTES // (len(parts[at]) + 12))
            parts[at:at] = [parts[at]] * min(most, int(10 ** pick.uniform(0, 6)))
        case 1:
            parts.insert(pick.randrange(len(parts)), parts[at])
        case 2 if len(parts) > 2:
            del parts[at]
        case 3:
            other = pick.randrange(len(parts))
            parts[at], parts[other] = parts[other], parts[at]
        case 4:  # longer
            filling = pick.choice([b"\0", b"\xff", b"8BIM", b"\1", b"<a>", parts[at]]) or b"\0"
            times = int(10 ** pick.uniform(0, 5.5)) // len(filling) + 1
            cut = pick.randint(0, len(parts[at]))
            parts[at] = (parts[at][:cut] + filling * times + parts[at][cut:])[:MAX_BYTES]
        case 5:  # empty, but for its head
            parts[at] = parts[at][: pick.choice([4, 8, 12])]
        case _:
            parts[at] = bytes(_with_edges(bytearray(parts[at]), pick, pick.randint(1, 4)))


def _with_edges(body: bytearray, pick: random.Random, times: int) -> bytearray:
    """Return `body` with some numbers in it replaced by small, large and largest ones."""
    for _ in range(times):
        size = pick.choice([1, 2, 2, 4, 4, 4])
        if len(body) < size:
            break
        # Most numbers that matter stand at the beginning.
        most = len(body) - size if pick.random() < 0.5 else min(len(body) - size, 32)
        at = pick.randint(0, most)
        value = pick.choice(_WIDE_EDGES) if pick.random() < 0.7 else pick.getrandbits(32)
        order = "big" if pick.random() < 0.5 else "little"
        body[at : at + size] = (value & (256**size - 1)).to_bytes(size, order)
    return body


def main() -> int:
    """Mutate until time is up; return how many faults were found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=3_600)
    parser.add_argument("--seed", type=int, default=time.time_ns())
    parser.add_argument("containers", nargs="*", default=list(CONTAINERS), metavar="CONTAINER")
    arguments = parser.parse_args()
    end = time.monotonic() + arguments.seconds
    fuzzer, tried, faults = Fuzzer(), 0, 0
    seed = arguments.seed
    while time.monotonic() < end:
        for container in arguments.containers:
            seed += 1
            photo = mutated(container, seed)
            tried += 1
            if fault := fuzzer.fault(photo):
                faults += 1
                FOUND.mkdir(parents=True, exist_ok=True)
                name = f"{container}-{hashlib.sha256(photo).hexdigest()[:12]}"
                (FOUND / name).write_bytes(photo)
                print(f"{name}: seed {seed}, {len(photo):,} bytes: {fault}", flush=True)  # noqa: T201
    fuzzer.stop()
    print(f"{tried:,} files, {faults} faults, seeds {arguments.seed} to {seed}")  # noqa: T201
    return faults


if __name__ == "__main__":
    sys.exit(min(main(), 1))
