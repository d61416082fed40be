"""A HEIC at less than its full size, without all of its pixels: by tiles, or by its thumbnail.

libheif shrinks nothing while it decodes: 12 megapixels take 60 MB, and most of a second. Phones
make a HEIC of tiles, so that each can be decoded and shrunk before the next, and they put a
thumbnail beside it. Whatever is not exactly as phones write it is left to libheif.
"""

from collections.abc import Callable
from typing import Final

import pyvips

from formats.heif.grid import CodedPicture, HeifGrid, read_grid
from picture.heic import HeifFile
from shared.errors import UnreadablePhotoError

_CELLS: Final = 8  # a side, into which a tile is averaged for comparison
_SAME: Final = 16  # levels: the thumbnails of three phones differ by 1 to 9, others by over 40
_COMPARED: Final = (1, 3, 5)  # sixths of the way from the first corner to the last
_SHAPE_PX: Final = 2  # that a thumbnail's sides may be off the picture's shape, by rounding


class SmallHeic:
    """The grid of tiles in a HEIC, and the thumbnail of it.

    Args:
        photo: the file.
        whole: the same file, opened; its size has been found acceptable.
    """

    def __init__(self, photo: bytes, whole: HeifFile) -> None:
        self._grid = read_grid(photo)
        self._meaning = whole.meaning

    def thumbnail(self, least_px: float) -> pyvips.Image | None:
        """Decode the smallest thumbnail whose longer side has `least_px`.

        Returns:
            As `HeifFile.decode`, but not upright: the image states its orientation. None if there
            is none, it does not decode, or it is not what three tiles of the picture show.
        """
        grid = self._grid
        if grid is None:
            return None
        candidates = [
            small
            for small in grid.thumbnails
            if max(small.width_px, small.height_px) >= least_px and _is_small_copy(small, grid)
        ]
        if not candidates:
            return None
        try:
            image = self._decode(min(candidates, key=lambda small: small.width_px))
            return _turned(image, grid) if self._shows_the_same(image, grid) else None
        except UnreadablePhotoError:
            return None

    def shrunk(self, shrink: int, check: Callable[[], None]) -> pyvips.Image | None:
        """Decode tile by tile, averaging squares of `shrink` pixels a side.

        Args:
            shrink: a power of two.
            check: called before each tile; what it raises ends the work.

        Returns:
            As `thumbnail`; None if the picture is no grid, or does not decode in this way.
        """
        grid = self._grid
        if grid is None or any(side_px % shrink for side_px in grid.tile_size):
            return None
        tiles = []
        for tile in grid.tiles:
            check()
            try:
                tiles.append(self._decode(tile).shrink(shrink, shrink).copy_memory())
            except UnreadablePhotoError:
                return None
        image = pyvips.Image.arrayjoin(tiles, across=grid.columns)
        width, height = max(1, grid.width_px // shrink), max(1, grid.height_px // shrink)
        return _turned(image.crop(0, 0, width, height), grid)

    def _decode(self, picture: CodedPicture) -> pyvips.Image:
        """Return the picture in memory, as it is coded.

        Raises:
            UnreadablePhotoError: it is not what it says, or has other colors than the whole.
        """
        file = HeifFile(picture.alone())
        if file.meaning != self._meaning or file.size != (picture.width_px, picture.height_px):
            raise UnreadablePhotoError("a part of the picture is not like the whole")
        image = file.decode()
        if (image.width, image.height) != file.size:
            raise UnreadablePhotoError("a part of the picture has another size than it says")
        return image.copy_memory()  # since `file` goes

    def _shows_the_same(self, image: pyvips.Image, grid: HeifGrid) -> bool:
        """Tell whether tiles from one corner to the other show what `image` does.

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
            tile = _averaged(self._decode(grid.tiles[row * grid.columns + column]), _CELLS, _CELLS)
            seen = cells.crop(column * _CELLS, row * _CELLS, _CELLS, _CELLS)
            if (seen.cast("float") - tile).abs().avg() > _SAME:
                return False
        return True


def _is_small_copy(small: CodedPicture, grid: HeifGrid) -> bool:
    """Tell whether `small` is no larger than the grid, and in its shape."""
    return (
        small.height_px <= grid.height_px
        and abs(small.width_px - small.height_px * grid.width_px / grid.height_px) <= _SHAPE_PX
    )


def _averaged(image: pyvips.Image, width: int, height: int) -> pyvips.Image:
    return image.thumbnail_image(width, height=height, size="force")


def _turned(image: pyvips.Image, grid: HeifGrid) -> pyvips.Image:
    """Return `image` with the orientation of the grid."""
    image = image.copy()
    image.set_type(pyvips.GValue.gint_type, "orientation", grid.orientation)
    return image
