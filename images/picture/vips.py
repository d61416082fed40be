"""libvips as this project uses it: which loaders may run, and with how many threads.

Whoever calls libvips imports this module first, so that no file is opened without these rules.
"""

import logging
from collections.abc import Callable, Mapping
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
logging.getLogger("pyvips").setLevel(logging.ERROR)  # the steps raise the warnings that matter
