"""libvips as in its documentation, with one call: `thumbnail_buffer`."""

import pyvips

from bench.workers import serve

SIDE_PX = 256
pyvips.cache_set_max(0)


def _thumbnail(photo: bytes) -> pyvips.Image:
    return pyvips.Image.thumbnail_buffer(photo, SIDE_PX, height=SIDE_PX, size=pyvips.Size.DOWN)


def _eighth(photo: bytes) -> bytes:
    """Only decode at an eighth of the size: libvips' time for the work of the limit."""
    source = pyvips.Source.new_from_memory(photo)
    pyvips.Image.jpegload_source(source, access="sequential", shrink=8).copy_memory()
    return b""


if __name__ == "__main__":
    serve(
        {
            "eighth": _eighth,
            "buffer": lambda photo: bytes(
                _thumbnail(photo).jpegsave_buffer(Q=80, keep=pyvips.ForeignKeep.NONE)
            ),
            "buffer-png": lambda photo: bytes(_thumbnail(photo).pngsave_buffer(compression=1)),
        }
    )
