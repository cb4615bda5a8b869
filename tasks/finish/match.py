"""The colours and the exposure of a take, brought to those of its reference.

Measured outside the face on small, aligned pictures, where grain and noise are averaged away:
each channel of the reference as a mixture of the take's channels and an offset, by least squares
in which what does not fit (a redrawn fold, a leaked background) loses its say.
"""

from dataclasses import dataclass
from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from tasks.finish.alpha import OPAQUE, Floats, bands, within_alpha
from tasks.finish.motion import Motion, scaled
from tasks.finish.pyramid import Pyramid
from tasks.finish.reference import Reference
from tasks.finish.robust import middle, products, weights

Mixture = NDArray[np.float64]
"""(3, 4): how much of each channel of the take, and of 1, is in each of the answer; 0..1 colours"""

_SIDE_PX = 256
"""the shorter side of the pictures that are compared"""
_FEWEST = 200
_ROUNDS = 8
_PULL = 4e-4
"""towards leaving colours alone, as the variance of colours that balances it: what the
surroundings of the face do not show is not guessed"""
_GAIN, _LEAK, _OFFSET = (0.5, 2.0), 0.25, 0.3
_UNSEEN = 0.6 / OPAQUE
"""a change below this, in every colour, is none"""
_BETTER = 0.98
_SAME: Mixture = np.eye(3, 4)


@dataclass(frozen=True, slots=True)
class Matched:
    """How colours are to be mixed, or why they are left alone."""

    mixture: Mixture | None
    """None where nothing is to be done"""
    problem: str = ""


def match(take: Pyramid, reference: Reference, motion: Motion) -> Matched:
    """The mixture that gives `take` the colours of `reference`, by what is outside its region."""
    seen, wanted = _samples(take, reference, motion)
    if seen.shape[1] < _FEWEST:
        return Matched(None, "too little outside the face to match the colours by")
    mixture, misfit = _fitted(seen, wanted)
    before = float(middle(np.abs(wanted - seen).max(axis=0))[0])
    change = float(np.abs(_mixed(seen, mixture) - seen).max())
    if change < _UNSEEN or misfit > before * _BETTER:
        return Matched(None)
    if _beyond(mixture):
        return Matched(None, "the colours differ too much from the reference's to be matched")
    return Matched(np.round(mixture, 6))


def recoloured(floats: Floats, mixture: Mixture) -> Floats:
    """Premultiplied floats, which are written over, with their colours mixed so; alpha stays, and
    colours stay within it."""
    whole = np.zeros((4, 4), np.float32)
    whole[:3, :3] = mixture[:, :3]
    # premultiplied: the offset weighs as much as the pixel is opaque
    whole[:3, 3] = mixture[:, 3]
    whole[3, 3] = 1
    for rows in bands(floats):
        floats[rows] = cv2.transform(floats[rows], whole)
        within_alpha(floats[rows])
    return floats


def _samples(take: Pyramid, reference: Reference, motion: Motion) -> tuple[Floats, Floats]:
    """Colours of both, 0..1, (3, n), where both are opaque, not cut off, and not in the face."""
    times = min(1.0, _SIDE_PX / min(take.picture.shape[:2]))
    wanted = reference.pyramid.flat(times)
    size = (wanted.shape[1], wanted.shape[0])
    seen = cv2.warpAffine(
        take.flat(times).astype(np.float32),
        scaled(motion.matrix, times)[:2],
        size,
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
    )
    usable = (wanted[..., 3] == OPAQUE) & (seen[..., 3] > OPAQUE - 0.5)
    for colour in range(3):
        usable &= (seen[..., colour] < 250) & (seen[..., colour] > 3)
    face = reference.region_at(size)
    if face is not None:
        usable &= face == 0
    kept = cv2.erode(usable.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    return _channels(seen[kept] / OPAQUE), _channels(wanted[kept] / float(OPAQUE))


def _channels(colours: Floats) -> Floats:
    """(n, 4) as (3, n): each channel by itself, which is quicker to sum."""
    return np.ascontiguousarray(colours[:, :3].T.astype(np.float64))


def _fitted(seen: Floats, wanted: Floats) -> tuple[Mixture, float]:
    """The mixture, and the misfit that is usual with it."""
    mixture, usual = _SAME.copy(), 0.0
    # begin with what most colours have in common, so that a part that is drawn anew has no say
    mixture[:, 3] = middle(wanted - seen)[:, 0]
    misfit = np.abs(wanted - _mixed(seen, mixture)).max(axis=0)
    weight = _weights(misfit, float(middle(misfit)[0]))
    for _ in range(_ROUNDS):
        mixture = _weighted(seen, wanted, weight)
        misfit = np.abs(wanted - _mixed(seen, mixture)).max(axis=0)
        usual = float(middle(misfit)[0])
        weight = _weights(misfit, usual)
    return mixture, usual


def _weights(misfit: Floats, usual: float) -> Floats:
    """How much each sample counts."""
    return weights(misfit, max(3 * usual, 2 / OPAQUE))


def _weighted(seen: Floats, wanted: Floats, weight: Floats) -> Mixture:
    """One weighted fit of what has to be added to the colours as they are."""
    total = float(np.sum(weight))
    middle = products(seen, weight[None])[:, 0] / total
    centred = seen - middle[:, None]
    heavy = centred * weight
    left = products(heavy, centred) / total + np.eye(3) * _PULL
    lacking = wanted - seen
    offset = products(lacking, weight[None])[:, 0] / total
    change = np.linalg.solve(left, products(heavy, lacking) / total).T
    mixture = np.empty((3, 4))
    mixture[:, :3] = np.eye(3) + change
    mixture[:, 3] = offset - np.array([np.sum(row * middle) for row in change])
    return mixture


def _mixed(seen: Floats, mixture: Mixture) -> Floats:
    return cast(
        Floats,
        np.stack(
            [seen[0] * row[0] + seen[1] * row[1] + seen[2] * row[2] + row[3] for row in mixture]
        ),
    )


def _beyond(mixture: Mixture) -> bool:
    """Whether this is more than a model's whim: then the take shows something else."""
    gains = np.diag(mixture[:, :3])
    leaks = mixture[:, :3] - np.diag(gains)
    return bool(
        gains.min() < _GAIN[0]
        or gains.max() > _GAIN[1]
        or np.abs(leaks).max() > _LEAK
        or np.abs(_mixed(np.full((3, 1), 0.5), mixture) - 0.5).max() > _OFFSET
    )
