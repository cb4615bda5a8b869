"""The one robust weight of all fits: a sample that does not fit has next to no say."""

from typing import cast

import numpy as np

from tasks.finish.alpha import Floats


def weights(misfit: Floats, spread: float) -> Floats:
    """1 where a sample fits, a quarter where it is off by `spread`, next to nothing far off.

    Iteratively reweighted least squares with these is Geman and McClure's estimator: of what was
    drawn anew, however much, nothing is averaged in.
    """
    far = misfit / spread
    return cast(Floats, 1 / (1 + far * far) ** 2)


def products(some: Floats, others: Floats) -> Floats:
    """(n, m): the sum of the products of each of n rows with each of m others, of one length.

    numpy's own sums, not those of a matrix library, whose order depends on its threads.
    """
    return cast(Floats, np.einsum("in,jn->ij", some, others))


def middle(values: Floats) -> Floats:
    """The median along the last axis, which is kept: numpy's own, without its look for NaN.

    `values` are finite, at least one along that axis.
    """
    half = values.shape[-1] // 2
    parted = np.partition(values, half)
    upper = parted[..., half : half + 1]
    if values.shape[-1] % 2:
        return upper
    # quicker than to have two of them found
    return cast(Floats, (parted[..., :half].max(axis=-1, keepdims=True) + upper) / 2)
