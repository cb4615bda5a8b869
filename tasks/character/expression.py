"""An expression of the config, resolved: its words, and its blend shapes."""

from collections.abc import Mapping

from tasks.character import vocabulary
from tasks.character.character import NEUTRAL, Expression
from tasks.character.emotions import weights_for
from tasks.character.vocabulary import AxisValue

EXPRESSION_KEYS = ("prompt", "blendshapes")
"""what it has beside its values on axes"""


def resolved(
    name: str,
    prompt: str,
    weights: Mapping[str, float],
    chosen: Mapping[str, str],
    axes: Mapping[str, Mapping[str, AxisValue]],
) -> Expression:
    """The expression; its values come in an order of their own, so that key order is no change."""
    values = [axes[axis][chosen[axis]] for axis in sorted(chosen, key=axis_rank)]
    words = (*(value.words for value in values), prompt.strip())
    blendshapes: dict[str, float] = {}
    for value in values:
        for shape, weight in value.blendshapes.items():
            # Two axes may move one muscle (a squint and a smile both lift the cheek):
            # the stronger wins, so that the order of the axes does not matter.
            blendshapes[shape] = max(weight, blendshapes.get(shape, 0.0))
    blendshapes.update(weights)
    if not chosen and not blendshapes and name != NEUTRAL:
        blendshapes.update(weights_for(name, prompt))
    return Expression(name, tuple(filter(None, words)), blendshapes, dict(chosen))


def axis_rank(axis: str) -> tuple[int, str]:
    """Mouth, eyes and brows first, then the config's own axes by name."""
    usual = list(vocabulary.AXES)
    return (usual.index(axis) if axis in usual else len(usual), axis)
