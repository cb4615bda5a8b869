"""The strongest edges of a reference outside the face: what a take is aligned by.

Worked out once for each size of a reference, however many takes are held against it.
"""

from dataclasses import dataclass
from typing import cast

import cv2
import numpy as np

from tasks.finish.alpha import OPAQUE, Floats, Mask, Pixels, toned

FEWEST = 150
"""pixels; with fewer there is too little to go by"""
_SAMPLES, _WIDER = 10_000, 10
"""how many pixels count, and of how many times as many of the strongest they are every so many-th:
the strongest alone would all be of the silhouette, and one halo could spoil them all"""
_STRONG = 0.75
"""levels a pixel; a weaker slope is grain"""


@dataclass(frozen=True, slots=True)
class Edges:
    """The reference at one size: its strongest pixels and how they change with each motion."""

    x: Floats
    y: Floats
    tone: Floats
    slope: tuple[Floats, Floats]
    middle: tuple[float, float]
    reach: float
    """the length that turns and scales are counted in, in pixels"""


def edges_of(flat: Pixels, face: Mask | None, times: float, *, same_alpha: bool) -> Edges | None:
    """The strongest pixels outside the face; None where there are hardly any.

    `flat` is the reference premultiplied at `times` its size, `face` its region at that size;
    `same_alpha`: reference and take are both opaque, or neither is.
    """
    tone = softened(toned(flat))
    # the tones of both are blurred alike, so this is the derivative of what is compared
    gx, gy = (cast(Floats, cv2.Scharr(tone, cv2.CV_32F, x, 1 - x, scale=1 / 32)) for x in (1, 0))
    strength = cv2.magnitude(gx, gy)
    strength[_unusable(flat, face, times, same_alpha) > 0] = 0
    flat_strength = strength.ravel()
    usable = np.flatnonzero(flat_strength > _STRONG)
    if usable.size < FEWEST:
        return None
    most = _SAMPLES * _WIDER
    if usable.size > most:
        by = np.argpartition(-flat_strength[usable], most)[:most]
        usable = np.sort(usable[by])
    usable = usable[:: max(1, usable.size // _SAMPLES)]
    rows, columns = np.divmod(usable, tone.shape[1])
    height, width = tone.shape
    return Edges(
        x=columns.astype(np.float32),
        y=rows.astype(np.float32),
        tone=tone.ravel()[usable],
        slope=(gx.ravel()[usable], gy.ravel()[usable]),
        middle=((width - 1) / 2, (height - 1) / 2),
        reach=max(width, height) / 2,
    )


def softened(tone: Floats) -> Floats:
    """Tones blurred a little, so that the grain of neither picture counts as an edge."""
    return cast(Floats, cv2.GaussianBlur(tone, (0, 0), 0.7))


def _unusable(flat: Pixels, face: Mask | None, times: float, same_alpha: bool) -> Mask:
    """255 in the face and at the picture's edge; and, where only one of both pictures has
    transparency, wherever the background may show."""
    out = np.zeros(flat.shape[:2], np.uint8)
    if face is not None:
        out[face > 0] = 255
    if not same_alpha:
        out[flat[..., 3] < OPAQUE] = 255
        out = cast(Mask, cv2.dilate(out, np.ones((5, 5), np.uint8)))
    rim = max(2, round(3 * times))
    out[:rim] = out[-rim:] = 255
    out[:, :rim] = out[:, -rim:] = 255
    return out
