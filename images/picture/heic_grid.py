"""A HEIC at less than its full size, without all of its pixels: from its tiles or its thumbnail.

libheif shrinks nothing while it decodes: 12 megapixels take 60 MB, and most of a second. Phones
make a HEIC of tiles, so that each can be decoded and shrunk before the next, and they put a
thumbnail beside it. Each function returns None for a file that is not exactly as phones write it:
libheif then decodes the whole.
"""

from collections.abc import Callable
from typing import Final

import pyvips

from formats.heif.grid import CodedPicture, HeifGrid
from picture.heic import HeifFile
from shared.errors import UnreadablePhotoError

_CELLS: Final = 8  # a side, into which a tile is averaged for comparison
_SAME: Final = 16  # levels: the thumbnails of three phones differ by 1 to 9, others by over 40
_COMPARED: Final = (1, 3, 5)  # sixths of the way from the first corner to the last
_SHAPE_PX: Final = 2  # that a thumbnail's sides may be off the picture's shape, by rounding


def decode_thumbnail(grid: HeifGrid, whole: HeifFile, min_px: float) -> pyvips.Image | None:
    """Decode the smallest thumbnail whose longer side has at least `min_px`.

    Args:
        grid: the tiles and thumbnails of the file.
        whole: the same file, opened; the caller has accepted its size.
        min_px: of the longer side.

    Returns:
        As `HeifFile.decode`, but not upright: the image states its orientation. None if there is
        no such thumbnail, it does not decode, or it does not show what three tiles show.
    """
    candidates = [
        thumbnail
        for thumbnail in grid.thumbnails
        if max(thumbnail.width_px, thumbnail.height_px) >= min_px and _has_shape_of(grid, thumbnail)
    ]
    if not candidates:
        return None
    smallest = min(candidates, key=lambda thumbnail: thumbnail.width_px)
    try:
        image = _decode_part(smallest, whole)
        return _with_orientation(image, grid) if _shows_tiles(image, grid, whole) else None
    except UnreadablePhotoError:
        return None


def decode_tiles(
    grid: HeifGrid, whole: HeifFile, shrink: int, check: Callable[[], None]
) -> pyvips.Image | None:
    """Decode tile by tile, averaging squares of `shrink` × `shrink` pixels.

    Args:
        grid: the tiles of the file.
        whole: the same file, opened; the caller has accepted its size.
        shrink: a power of two.
        check: called before each tile; an error that it raises ends the work.

    Returns:
        As `decode_thumbnail`; None if the tiles do not decode in this way.
    """
    if any(side_px % shrink for side_px in grid.tile_size):
        return None
    tiles = []
    for tile in grid.tiles:
        check()
        try:
            tiles.append(_decode_part(tile, whole, shrink))
        except UnreadablePhotoError:
            return None
    image = pyvips.Image.arrayjoin(tiles, across=grid.columns)
    width, height = max(1, grid.width_px // shrink), max(1, grid.height_px // shrink)
    return _with_orientation(image.crop(0, 0, width, height), grid)


def _decode_part(part: CodedPicture, whole: HeifFile, shrink: int = 1) -> pyvips.Image:
    """Return a tile or a thumbnail in memory: not turned, its sides divided by `shrink`.

    Raises:
        UnreadablePhotoError: it is not as its header says, or has other colors than the whole.
    """
    file = HeifFile(part.alone())
    if file.meaning != whole.meaning or file.size != (part.width_px, part.height_px):
        raise UnreadablePhotoError("a part of the picture is not like the whole")
    image = file.decode()
    if (image.width, image.height) != file.size:
        raise UnreadablePhotoError("a part of the picture has another size than it states")
    # The pixels of `image` are gone with `file`: only what is made of them is copied.
    return image.shrink(shrink, shrink).copy_memory()


def _shows_tiles(image: pyvips.Image, grid: HeifGrid, whole: HeifFile) -> bool:
    """Return whether `image` shows the same as tiles from one corner to the other.

    Programs that edit a photo may leave its thumbnail as it was.
    """
    tile_width, tile_height = grid.tile_size
    columns, rows = grid.width_px // tile_width, grid.height_px // tile_height  # whole tiles
    if not columns or not rows:
        return False
    cells = _averaged(
        image,
        round(grid.width_px * _CELLS / tile_width),
        round(grid.height_px * _CELLS / tile_height),
    )
    for sixths in _COMPARED:
        column, row = columns * sixths // 6, rows * sixths // 6
        tile = _decode_part(grid.tiles[row * grid.columns + column], whole)
        of_image = cells.crop(column * _CELLS, row * _CELLS, _CELLS, _CELLS)
        of_tile = _averaged(tile, _CELLS, _CELLS)
        if (of_image.cast("float") - of_tile).abs().avg() > _SAME:
            return False
    return True


def _has_shape_of(grid: HeifGrid, thumbnail: CodedPicture) -> bool:
    """Return whether `thumbnail` is no larger than the grid, and in its shape."""
    expected_width_px = thumbnail.height_px * grid.width_px / grid.height_px
    return (
        thumbnail.height_px <= grid.height_px
        and abs(thumbnail.width_px - expected_width_px) <= _SHAPE_PX
    )


def _averaged(image: pyvips.Image, width: int, height: int) -> pyvips.Image:
    return image.thumbnail_image(width, height=height, size="force")


def _with_orientation(image: pyvips.Image, grid: HeifGrid) -> pyvips.Image:
    image = image.copy()
    image.set_type(pyvips.GValue.gint_type, "orientation", grid.orientation)
    return image
