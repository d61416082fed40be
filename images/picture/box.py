"""How large a picture is wanted."""

from typing import Literal, NamedTuple


class Box(NamedTuple):
    """A size to fit into (`inside`), or to fill, so that one side may be longer (`cover`)."""

    width_px: int
    height_px: int
    fit: Literal["inside", "cover"] = "inside"

    def scaled(self, width_px: int, height_px: int) -> tuple[int, int]:
        """Return width and height of a picture of that size, scaled to this box.

        It is never enlarged, and has no side below 1. What `cover` cuts off is still in it.
        """
        choose = min if self.fit == "inside" else max
        scale = min(1.0, choose(self.width_px / width_px, self.height_px / height_px))
        return max(1, round(width_px * scale)), max(1, round(height_px * scale))
