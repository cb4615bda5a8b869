"""The graph's cache: what is kept comes back the same, and nothing else is believed."""

import json
from dataclasses import fields, replace
from typing import get_type_hints

from tasks.graph.cache import _decoded, _encoded
from tasks.graph.node import Graph, Node, Outfit, Role, Strip
from tasks.requests.engine import Choice

KEYFRAME = Node(expression="sad", pose="up", role=Role.TILT, source="base.png", digest="d1")
TWEEN = Node(
    expression="sad",
    pose="up",
    role=Role.TWEEN,
    source="000.png",
    digest="d2",
    second="100.png",
    costume="summer",
    place="summer/sad_to_happy__up/050.png",
    at=0.5,
    closer_than=3.5,
    towards="happy",
    towards_pose="down",
)
GRAPH = Graph(
    engine=Choice("openai", "as asked for"),
    poses=("up", "down"),
    drawn_poses=("up",),
    nodes=(KEYFRAME,),
    tweens=(TWEEN,),
    sequences=(Strip("a", "b", "c", ("000.png", "050.png"), "d"),),
    base_image="base.png",
    face_digest="f",
    face_mask="m",
    checks_digest="c",
    exports=(("atlas", "e"),),
    talking_digest="t",
    moods_digest="m",
    timelines=(("hello", "{}"),),
    costumes=(Outfit("summer", "summer.png", "f2", "m2"),),
)


def kept(graph: Graph) -> Graph:
    """The graph after a way to the disk and back."""
    return _decoded(json.loads(json.dumps(_encoded(graph))))


def test_a_graph_comes_back_as_it_was_kept():
    assert kept(GRAPH) == GRAPH
    assert all(isinstance(node.role, Role) for node in (*kept(GRAPH).nodes, *kept(GRAPH).tweens))


def test_the_example_differs_from_every_default_so_that_no_field_is_forgotten():
    blank = replace(KEYFRAME, digest="d2")
    hints = get_type_hints(Node)
    assert {f.name for f in fields(Node)} == set(hints)
    same = {f.name for f in fields(Node) if getattr(TWEEN, f.name) == getattr(blank, f.name)}
    assert same == {"expression", "pose", "digest"}
    assert all(getattr(GRAPH, field.name) for field in fields(Graph))


def test_roles_say_what_is_done_for_them():
    assert {role for role in Role if role.is_free} == {Role.FIT, Role.COPY, Role.MORPH}
    assert {role for role in Role if role.is_middle} == {Role.TWEEN, Role.TURN}
    assert {role for role in Role if role.only_face_changes} == {Role.EXTREME, Role.TWEEN}
