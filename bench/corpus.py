"""Make the photos to measure from real ones, once: see README.md.

Frames of 12 megapixels are cropped from the middle of photos that are at least as large: enlarging
would make them easier to decode. If no photo is so large (as in local/photos), a frame is the photo
repeated in mirrored tiles.
"""

import hashlib
import json
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pyvips

from bench import CACHE

WIDTH_PX, HEIGHT_PX = 4032, 3024  # of a frame: the size of most phone photos
MEGAPIXELS: Final = WIDTH_PX * HEIGHT_PX / 1e6
FRAMES: Final = 4
MAX_HEICS: Final = 3
TOLERANCE: Final = 0.05  # of 12 megapixels
QUALITY: Final = 90  # of JPEG and WebP; chroma is subsampled, as in cameras
VERSION: Final = 3  # of this file: raise it when the photos change
PHOTO_SUFFIXES: Final = frozenset({".avif", ".heic", ".heif", ".jpeg", ".jpg", ".png", ".webp"})


@dataclass(frozen=True)
class Corpus:
    """The photos of a run."""

    source: Path  # the folder of real photos
    made: Path  # the folder of those made from them

    def of(self, *kinds: str) -> list[Path]:
        """Return the photos whose names begin with one of `kinds`, such as `12mp` or `png`."""
        return sorted(path for path in self.made.iterdir() if path.name.startswith(kinds))

    def real(self) -> list[Path]:
        """Return all real photos, in a fixed order that mixes sizes and formats."""
        found = [
            path
            for path in self.source.rglob("*")
            if path.is_file() and path.suffix.lower() in PHOTO_SUFFIXES
        ]
        return sorted(found, key=lambda path: hashlib.sha256(path.name.encode()).digest())


def make(source: Path) -> Corpus:
    """Make the photos unless they exist.

    Raises:
        FileNotFoundError: `source` has no photo.
    """
    corpus = Corpus(source, CACHE / "corpus")
    stamp = CACHE / "corpus.json"
    photos = corpus.real()
    if not photos:
        raise FileNotFoundError(f"no photos in {source}")
    wanted = json.dumps([VERSION, *(f"{path} {path.stat().st_size}" for path in photos)])
    if not stamp.exists() or stamp.read_text() != wanted:
        shutil.rmtree(corpus.made, ignore_errors=True)
        corpus.made.mkdir(parents=True)
        _make(photos, corpus.made)
        stamp.write_text(wanted)
    return corpus


def _make(photos: Sequence[Path], folder: Path) -> None:
    frames = [frame for frame, _ in zip(_frames(photos), range(FRAMES), strict=False)]
    frames = (frames * FRAMES)[:FRAMES]
    for number, frame in enumerate(frames[:-1], 1):
        _jpeg(frame, folder / f"12mp-{number}.jpg")
    turned = frames[-1].copy()
    turned.set_type(pyvips.GValue.gint_type, "orientation", 6)
    _jpeg(turned, folder / "12mp-turned.jpg")
    if cameras := [path for path in photos if _is_camera_file(path)]:
        largest = max(cameras, key=lambda path: path.stat().st_size)
        shutil.copy(largest, folder / "12mp-camera.jpg")
    two = pyvips.Image.arrayjoin(frames[:2], across=1).rot90()
    _jpeg(two, folder / "24mp.jpg")
    four = pyvips.Image.arrayjoin([frame.fliphor() for frame in frames], across=2).copy_memory()
    _jpeg(four, folder / "48mp.jpg")
    for number, frame in enumerate(frames[:2], 1):
        _jpeg(frame, folder / f"progressive-{number}.jpg", interlace=True)
    for start, image in ("", frames[0]), ("large-", four):
        image.pngsave(str(folder / f"{start}png.png"))
        image.webpsave(str(folder / f"{start}webp.webp"), Q=QUALITY, effort=2)
        image.heifsave(str(folder / f"{start}avif.avif"), compression="av1", Q=60, effort=0)
    _jpeg(four, folder / "large-progressive.jpg", interlace=True)
    # HEIC encoders are GPL, so real ones are used: those of a phone's 12 megapixels, if any.
    heics = [path for path in photos if path.suffix.lower() in {".heic", ".heif"}]
    phone = [path for path in heics if abs(megapixels(path) / MEGAPIXELS - 1) < TOLERANCE]
    chosen = phone or sorted(heics, key=megapixels)[-1:]
    for number, path in enumerate(sorted(chosen, key=lambda path: path.name)[:MAX_HEICS], 1):
        shutil.copy(path, folder / f"heic-{number}.heic")


def header(photo: Path) -> pyvips.Image | None:
    """Return a photo's size and metadata; None if libvips does not read it."""
    try:
        return pyvips.Image.new_from_file(str(photo))
    except pyvips.Error:
        return None


def has(photo: Path, field: str) -> bool:
    """Return whether a photo has a field that libvips names, such as `exif-ifd0-Make`."""
    image = header(photo)
    return image is not None and bool(image.get_typeof(field) and image.get(field))


def megapixels(photo: Path) -> float:
    """Return the size of a photo; 0 if libvips does not read it."""
    image = header(photo)
    return 0 if image is None else float(image.width * image.height / 1e6)


def is_progressive(photo: Path) -> bool:
    """Return whether a file is a JPEG with several scans."""
    return has(photo, "jpeg-multiscan")


def _frames(photos: Sequence[Path]) -> Iterator[pyvips.Image]:
    """Yield frames of `WIDTH_PX` x `HEIGHT_PX` in memory: large photos first, by bytes."""
    jpegs = [path for path in photos if path.suffix.lower() in {".jpg", ".jpeg"}]

    def rank(path: Path) -> tuple[float, int]:
        return min(megapixels(path), MEGAPIXELS), path.stat().st_size

    for path in sorted(jpegs, key=rank, reverse=True):
        try:
            yield _frame(pyvips.Image.new_from_file(str(path), fail_on="warning"))
        except pyvips.Error:  # the folder has damaged photos on purpose
            continue


def _frame(image: pyvips.Image) -> pyvips.Image:
    image = image.autorot()
    image = image if image.width >= image.height else image.rot90()
    left, top = max(0, image.width - WIDTH_PX) // 2, max(0, image.height - HEIGHT_PX) // 2
    image = image.crop(left, top, min(image.width, WIDTH_PX), min(image.height, HEIGHT_PX))
    image = image.embed(0, 0, WIDTH_PX, HEIGHT_PX, extend="mirror")
    image = image.colourspace("srgb").copy()
    if image.get_typeof("icc-profile-data"):  # most cameras write sRGB without a profile
        image.remove("icc-profile-data")
    return image.copy_memory()


def _is_camera_file(path: Path) -> bool:
    """Return whether a file is a baseline JPEG of 12 megapixels, as cameras write them."""
    image = header(path) if path.suffix == ".jpg" else None
    size = sorted((image.width, image.height)) if image else []
    return size == [HEIGHT_PX, WIDTH_PX] and not is_progressive(path)


def _jpeg(image: pyvips.Image, path: Path, **options: Any) -> None:  # noqa: ANN401  # libvips'
    image.jpegsave(str(path), Q=QUALITY, subsample_mode="on", **options)
