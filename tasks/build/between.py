"""In-betweens that are made here, free, from the pixels of the two pictures around them."""

import threading
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tasks.graph.node import Node
from tasks.ground.errors import Mistake
from tasks.ground.files import stamp
from tasks.pictures import distance as distances
from tasks.pictures.picture import Pixels, read

if TYPE_CHECKING:
    from tasks.morph import Morpher

_Seen = tuple[str, tuple[int, int] | None]
_MEASURING = threading.Lock()


def morphed(node: Node) -> Pixels:
    """The picture between the two that an in-between is made from. Raises `Mistake`."""
    first, second = (_seen(path) for path in node.sources)
    with _MEASURING:  # of a pair, many in-betweens are asked for at once
        morpher = _morpher(first, second)
    return morpher.at(node.at)


def distance(first: str, second: str) -> float:
    """How far apart two pictures are (`tasks.pictures.distance`, 0..255). Raises `Mistake`."""
    return _distance(_seen(first), _seen(second))


def _seen(path: str) -> _Seen:
    return path, stamp(path)


@lru_cache(maxsize=2)
def _morpher(first: _Seen, second: _Seen) -> "Morpher":
    from tasks.morph import Morpher

    one, other = (np.asarray(read(Path(path))) for path, _ in (first, second))
    if one.shape != other.shape:
        raise Mistake(f"{first[0]} and {second[0]} are not of one size")
    return Morpher(one, other)


@lru_cache(maxsize=4096)
def _distance(first: _Seen, second: _Seen) -> float:
    one, other = (np.asarray(read(Path(path))) for path, _ in (first, second))
    return distances.distance(one, other)
