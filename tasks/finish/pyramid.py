"""A picture at the smaller sizes that finishing and measuring look at, each made once."""

from functools import cached_property

from tasks.finish.alpha import Floats, Pixels, shrunk_flat, toned
from tasks.pictures.alpha import opaque, premultiply


class Pyramid:
    """A picture, premultiplied and shrunk when a size is first asked for.

    Threads may share one: at the worst two of them make the same size.
    """

    def __init__(self, picture: Pixels) -> None:
        self.picture = picture
        self._flats: dict[float, Pixels] = {}
        self._tones: dict[float, Floats] = {}

    @cached_property
    def is_opaque(self) -> bool:
        """Whether nothing of it is transparent, not even in part."""
        return opaque(self.picture)

    def flat(self, times: float) -> Pixels:
        """Premultiplied in 8 bits, at `times` its size (at most 1) by averaging."""
        if times not in self._flats:
            self._flats[times] = shrunk_flat(self._whole, times)
        return self._flats[times]

    def tones(self, times: float) -> Floats:
        """One tone a pixel, float32, 0..255, laid on grey. Not to be written on."""
        if times not in self._tones:
            self._tones[times] = toned(self.flat(times))
        return self._tones[times]

    @cached_property
    def _whole(self) -> Pixels:
        return premultiply(self.picture)
