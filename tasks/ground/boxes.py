"""Boxes of whole pixels in boxes of whole pixels."""

Size = tuple[int, int]
"""width and height"""


def inner_size(own_px: Size, size_px: Size, *, largest: float = float("inf")) -> Size:
    """How large a picture of `own_px` is in one of `size_px`, whole; no side is less than 1.

    `largest`: of how many times its own size it may become at the most.
    """
    scale = min(size_px[0] / own_px[0], size_px[1] / own_px[1], largest)
    return max(1, round(own_px[0] * scale)), max(1, round(own_px[1] * scale))


def inner_box(own_px: Size, size_px: Size) -> tuple[int, int, int, int]:
    """Where it lies there, in the middle: left, top, width and height."""
    width, height = inner_size(own_px, size_px)
    return (size_px[0] - width) // 2, (size_px[1] - height) // 2, width, height
