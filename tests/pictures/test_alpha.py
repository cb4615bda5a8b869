import numpy as np
from PIL import Image

from tasks.pictures.alpha import opaque, premultiply


def test_premultiplied_colours_are_those_of_pillow_for_every_colour_at_every_alpha():
    colour, alpha = np.meshgrid(np.arange(256, dtype=np.uint8), np.arange(256, dtype=np.uint8))
    picture = np.dstack([colour, colour[:, ::-1], colour, alpha])
    wanted = Image.fromarray(picture).convert("RGBa").tobytes()
    assert premultiply(picture).tobytes() == wanted


def test_a_picture_is_opaque_only_where_no_pixel_in_any_row_is_transparent():
    picture = np.full((3, 4, 4), 255, np.uint8)
    assert opaque(picture)
    assert premultiply(picture) is picture
    for row in range(3):
        one = picture.copy()
        one[row, 2, 3] = 254
        assert not opaque(one)
