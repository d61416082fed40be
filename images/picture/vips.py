"""libvips as this project uses it: which loaders may run, and with how many threads.

Whoever calls libvips imports this module first, so that no file is opened without these rules.
"""

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

import pyvips

LOADERS: Final[Mapping[str, Callable[..., pyvips.Image]]] = {
    "JPEG": pyvips.Image.jpegload_source,
    "PNG": pyvips.Image.pngload_source,
    "WEBP": pyvips.Image.webpload_source,
    "GIF": pyvips.Image.gifload_source,
    "TIFF": pyvips.Image.tiffload_source,
    "AVIF": pyvips.Image.heifload_source,
}

# A second check behind `sniff`: no loader but those above, and none that libvips does not fuzz.
pyvips.operation_block_set("VipsForeignLoad", True)  # noqa: FBT003  # not a keyword there
for _family in ("Jpeg", "Png", "Webp", "Nsgif", "Tiff", "Heif"):
    pyvips.operation_block_set(f"VipsForeignLoad{_family}", False)  # noqa: FBT003  # as above
pyvips.block_untrusted_set(True)  # noqa: FBT003  # as above
pyvips.cache_set_max(0)  # no photo is opened twice: the cache would only hold memory
# Lambda gives one core up to 1,769 MB: threads would only cost memory.
pyvips.concurrency_set(1)  # type: ignore[attr-defined]  # missing from its stubs
_log = logging.getLogger("pyvips")
_log.setLevel(logging.ERROR)  # the steps raise the warnings that matter
_MAX_WARNINGS: Final = 100  # kept; a damaged fax has one for each line


@dataclass(slots=True)
class Complaints:
    """What libvips and its libraries said about a photo, and went on."""

    errors: list[str] = field(default_factory=list)  # something was left out
    warnings: list[str] = field(default_factory=list)


@contextmanager
def heard() -> Iterator[Complaints]:
    """Collect complaints. They are complete at the end, or until pixels or fields are asked for."""
    complaints = Complaints()

    def keep(record: logging.LogRecord) -> bool:
        if len(complaints.warnings) < _MAX_WARNINGS:
            complaints.warnings.append(record.getMessage().partition(": ")[2])
        return record.levelno >= logging.ERROR

    pyvips.Error("")  # it takes what was said before
    _log.addFilter(keep)
    _log.setLevel(logging.WARNING)
    try:
        yield complaints
        said = pyvips.Error("").detail
        complaints.errors.extend(line.partition(": ")[2] for line in said.splitlines())
    finally:
        _log.setLevel(logging.ERROR)
        _log.removeFilter(keep)
