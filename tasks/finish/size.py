"""A take brought to the exact output size."""

import numpy as np
from PIL import Image

from tasks.finish.alpha import Pixels
from tasks.pictures.picture import fit


def sized(picture: Pixels, size_px: tuple[int, int]) -> Pixels:
    """The picture at a size (width, height): whole, centred, Lanczos, premultiplied.

    Where the proportions differ, the margin is transparent. What has the size comes back as it is.
    """
    if picture.shape[1::-1] == size_px:
        return picture
    return np.array(fit(Image.fromarray(np.ascontiguousarray(picture)), size_px))
