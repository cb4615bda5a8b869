"""The region of the face."""

import numpy as np
import pytest

from tasks.finish import region
from tests.harness import known_takes


@pytest.mark.parametrize("margin", [0.2, 1.0, 6.0])
@pytest.mark.parametrize("size", [(256, 384), (384, 256), (64, 64)])
def test_it_is_smoothed_where_it_is_as_if_it_were_smoothed_everywhere(
    monkeypatch: pytest.MonkeyPatch, size: tuple[int, int], margin: float
) -> None:
    face = known_takes.character().face
    found = region.from_landmarks(face, size, margin)
    monkeypatch.setattr(region, "box", lambda _mask: (slice(0, size[1]), slice(0, size[0])))
    assert found.any()
    assert np.array_equal(found, region.from_landmarks(face, size, margin))
