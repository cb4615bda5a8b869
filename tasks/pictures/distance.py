"""How far two pictures are apart, as one number that a threshold can be set on.

Small enough to look at a whole face at once: 64x64, where the grain of the paper averages out and
a mouth that opens does not.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from tasks.ground.errors import Mistake

SIDE_PX = 64
"""both pictures are looked at in this width and height, whatever their shape"""


def distance(first: NDArray[np.uint8], second: NDArray[np.uint8]) -> float:
    """Root of the mean square difference of premultiplied RGBA at 64x64, from 0 to 255.

    Both are (height, width, 4), RGBA with straight alpha, of any size each. Pictures that look
    the same are 0 apart, and what is wholly transparent has no colour. Opaque black and opaque
    white are 220.84 apart (255 in three channels of four); only opaque white and nothing at all
    are 255 apart. From any picture over another to a third is no shorter than straight there.

    Raises Mistake for a picture that is not (height, width, 4).
    """
    apart = _small(first) - _small(second)
    found = np.sqrt(np.mean(np.square(apart, dtype=np.float64)))
    return min(float(found), 255.0)  # a mean of floats can be a millionth more


def _small(picture: NDArray[np.uint8]) -> NDArray[np.float32]:
    if picture.ndim != 3 or picture.shape[2] != 4 or not picture.size:
        raise Mistake(f"a picture of shape {picture.shape} is not RGBA: (height, width, 4)")
    flat = picture.astype(np.float32)
    # Before it is made smaller, or the colour of what cannot be seen would count.
    flat[..., :3] *= flat[..., 3:] / 255
    small = cv2.resize(flat, (SIDE_PX, SIDE_PX), interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.float32)
