"""Fields over a grid of pixels: sampling, inverting, smoothing.

A field of displacements is (height, width, 2), float32, x and y in pixels of its own grid.
"""

from typing import Any, cast

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]
"""float32; a checker cannot follow that a Python float leaves it so"""

_STEPS = 10
_STEP = 0.6


def grid(shape: tuple[int, ...]) -> Floats:
    """Where each pixel of a picture of this shape (height, width, ...) lies."""
    x, y = np.meshgrid(np.arange(shape[1]), np.arange(shape[0]))
    return np.dstack([x, y]).astype(np.float32)


def sample(picture: Floats, at: Floats, how: int = cv2.INTER_LINEAR) -> Floats:
    """`picture` at the points `at`; beyond its edge, what is on its edge."""
    none: Any = None
    return cast(Floats, cv2.remap(picture, at, none, how, borderMode=cv2.BORDER_REPLICATE))


def origin(moved: Floats) -> Floats:
    """The points that `moved` carries to each pixel: `at + moved(at)` is the pixel.

    By a damped fixed point, which settles where no slope of `moved` is much above 1 or below -1.
    """
    pixels = grid(moved.shape)
    at = pixels
    for _ in range(_STEPS):
        at = cast(Floats, cv2.addWeighted(at, 1 - _STEP, pixels - sample(moved, at), _STEP, 0))
    return at


def area(to: Floats) -> Floats:
    """How much of the other picture each pixel stands for under the map `to`; 0: nothing of it."""
    across, down = np.gradient(to, axis=1), np.gradient(to, axis=0)
    found = across[..., 0] * down[..., 1] - across[..., 1] * down[..., 0]
    return cast(Floats, np.maximum(found, 0))


def resized(field: Floats, size_px: tuple[int, int]) -> Floats:
    """A field or a mask, each number as it is, on a grid of another size (width, height)."""
    return cast(Floats, cv2.resize(field, size_px, interpolation=cv2.INTER_LINEAR))


def blurred(field: Floats, sigma_px: float) -> Floats:
    """`field` under a Gaussian."""
    return cast(Floats, cv2.GaussianBlur(field, (0, 0), sigma_px))


def spread(field: Floats, trust: Floats, sigmas_px: tuple[float, ...] = (1.5, 4, 12, 32)) -> Floats:
    """`field` where it is trusted (0..1); elsewhere the mean of the nearest that is."""
    weight = np.maximum(trust, 1e-4)[..., None]
    weighted = np.dstack([field * weight, weight]).astype(np.float32)
    size_px = (field.shape[1], field.shape[0])
    out = np.zeros_like(field)
    for sigma_px in reversed(sigmas_px):
        # A wide mean needs no fine grid.
        times = max(1, int(sigma_px // 3))
        small = (max(1, size_px[0] // times), max(1, size_px[1] // times))
        coarse = cast(Floats, cv2.resize(weighted, small, interpolation=cv2.INTER_AREA))
        mean = resized(blurred(coarse, sigma_px / times), size_px)
        known = mean[..., 2:]
        share = np.clip(known * 4, 0, 1)
        out = mean[..., :2] / np.maximum(known, 1e-6) * share + out * (1 - share)
    return out


def tamed(field: Floats, steepest: float = 0.4) -> Floats:
    """`field`, smoothed where it is so steep that a map made of it could fold over."""
    across, down = np.gradient(field, axis=1), np.gradient(field, axis=0)
    steep = (np.maximum(np.abs(across), np.abs(down)) > steepest).view(np.uint8)
    wide = cv2.dilate(np.maximum(steep[..., 0], steep[..., 1]), np.ones((9, 9), np.uint8))
    share = blurred(wide.astype(np.float32), 4)[..., None]
    return field * (1 - share) + blurred(field, 8) * share
