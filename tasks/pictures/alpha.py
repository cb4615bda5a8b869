"""Alpha in 8 bits: straight where pictures are stored, premultiplied where they are compared."""

from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

_OPAQUE = 255


def premultiply(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Colours times alpha, (height, width, 4); the same array when there is nothing to do.

    Rounded to the nearest: to the bit what Pillow's mode RGBa has.
    """
    alpha = cv2.extractChannel(picture, 3)
    if cv2.minMaxLoc(alpha)[0] == _OPAQUE:
        return picture
    share = cv2.merge([alpha, alpha, alpha, np.full_like(alpha, _OPAQUE)])
    return cast(NDArray[np.uint8], cv2.multiply(picture, share, scale=1 / _OPAQUE))
