"""Flags of several frames: which of them may look alike."""

import numpy as np

from tasks.character.settings import Thresholds
from tasks.finish.measure import Figures
from tasks.graph.node import Node, Role
from tasks.review.checks import flagged
from tests.finish.test_flags import figures
from tests.harness import known_takes


def node(expression: str, costume: str = "") -> Node:
    return Node(
        expression=expression,
        pose="center",
        role=Role.EXTREME,
        source="",
        digest="",
        costume=costume,
    )


def alike(*nodes: Node) -> set[str]:
    """Which of these are said to look alike, where all do."""
    case = next(iter(known_takes.good_cases(1, seed=4)))
    measured: dict[Node, Figures] = dict.fromkeys(nodes, figures(case))
    assert np.all([each.signature for each in measured.values()])
    found = flagged(measured, Thresholds())
    return {name for name, one in found.items() if "alike" in {flag.kind for flag in one.flags}}


def test_expressions_look_alike_at_one_pose_and_in_one_costume():
    assert alike(node("sad"), node("glad")) == {"sad__center", "glad__center"}
    assert alike(node("sad"), node("glad", "summer")) == set()
    assert alike(node("sad", "summer"), node("glad", "summer")) == {
        *("summer/sad__center", "summer/glad__center")
    }
