import numpy as np
import pytest

from tasks.finish.robust import middle


@pytest.mark.parametrize("count", [1, 2, 7, 8, 600])
@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_the_middle_is_the_median_to_the_bit(count, kind):
    values = np.random.default_rng(count).normal(size=(5, count)).astype(kind)
    assert np.array_equal(middle(values), np.median(values, axis=-1, keepdims=True))
