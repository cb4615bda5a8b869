"""The one robust weight of all fits: a sample that does not fit has next to no say."""

from typing import cast

from tasks.finish.alpha import Floats


def weights(misfit: Floats, spread: float) -> Floats:
    """1 where a sample fits, a quarter where it is off by `spread`, next to nothing far off.

    Iteratively reweighted least squares with these is Geman and McClure's estimator: of what was
    drawn anew, however much, nothing is averaged in.
    """
    far = misfit / spread
    return cast(Floats, 1 / (1 + far * far) ** 2)
