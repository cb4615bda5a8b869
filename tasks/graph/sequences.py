"""Planning sequences: their frames as nodes of the graph, and what of the config each reads.

Pure, as `tasks.graph.keyframes` is. There may be tens of thousands of frames: what many of them
share is worked out once.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, replace

from tasks.character.character import Character
from tasks.graph.node import Node, Role, Strip
from tasks.graph.project import Project
from tasks.ground.digest import digest_of
from tasks.ground.ids import with_costume
from tasks.models.engines import facts_of
from tasks.requests.request import face_digest
from tasks.sequences.manifest import manifest
from tasks.sequences.tree import Keyframe, Moment, Sequence

_ENDS = (0.0, 1.0)


def strip_of(sequence: Sequence, character: Character) -> Strip:
    """A sequence as the graph has it, in the costume that the character wears."""
    costume = character.costume
    return Strip(
        with_costume(costume, sequence.id),
        with_costume(costume, sequence.path.id),
        with_costume(costume, sequence.owner),
        tuple(sorted(frame.file for frame in sequence.frames)),
        digest_of(manifest(sequence, character.generation.size_px)),
    )


def over_of(project: Project, character: Character) -> str:
    """The path of the picture that says what lies over the face; empty where there is none."""
    return str(project.input_path(character.face.over)) if character.face.over else ""


class SequencePlanner:
    """Makes the nodes of sequences, in the costume that the character wears.

    `keyframes`: digest of what each keyframe reads, by its path. `asked`: digest of what an engine
    is asked for a node.
    """

    def __init__(
        self,
        project: Project,
        character: Character,
        engine: str,
        keyframes: Mapping[str, str],
        asked: Callable[[Node], str],
    ) -> None:
        self._project = project
        self._costume = character.costume
        self._engine = facts_of(engine)
        self._keyframes = keyframes
        self._asked = asked
        self._known: dict[tuple[str, str], str] = {}
        self._base = str(project.input_path(character.base_image))
        self._over = over_of(project, character)
        heads = {name: asdict(pose.head) for name, pose in character.poses.items()}
        region = [face_digest(character.face), heads, character.generation.mask]
        finish = [asdict(character.finish), region]
        self._finish = digest_of(finish) if self._engine.paid else ""

    def nodes(self, sequence: Sequence) -> Iterator[Node]:
        """The frames that a sequence owns: both ends, then the in-betweens, upper levels first."""
        if not sequence.owns:
            return
        ends = (sequence.start, sequence.end)
        for keyframe, t in zip(ends, _ENDS, strict=True):
            file = Moment(int(t), 0).file
            source = self._target(keyframe)
            yield self._node(sequence, file, Role.COPY, (source, ""), t)
        for tween in sequence.tweens:
            yield self._tween(sequence, tween)

    def _tween(self, sequence: Sequence, tween: Moment) -> Node:
        path = sequence.path
        start, end = (self._target(each) for each in (sequence.start, sequence.end))
        if path.tween == "morph":
            # From the keyframes themselves: a morph of morphs would blur at every level.
            return self._node(sequence, tween.file, Role.MORPH, (start, end), tween.t)
        if self._engine.from_base:
            return self._node(sequence, tween.file, Role.RIG, (self._base, self._over), tween.t)
        first, second = (self._path(sequence, each) for each in tween.neighbours)
        role = Role.TURN if sequence.turns_head else Role.TWEEN
        return self._node(sequence, tween.file, role, (first, second), 0.5)

    def _target(self, keyframe: Keyframe) -> str:
        return self._project.target(keyframe.expression, keyframe.pose, self._costume)

    def _place(self, sequence: Sequence, file: str) -> str:
        return with_costume(self._costume, f"{sequence.id}/{file}")

    def _path(self, sequence: Sequence, moment: Moment) -> str:
        return self._project.sequence_path(self._place(sequence, moment.file))

    def _node(
        self, sequence: Sequence, file: str, role: Role, sources: tuple[str, str], at: float
    ) -> Node:
        path, (first, second) = sequence.path, sources
        node = Node(
            expression=sequence.start.expression,
            pose=sequence.start.pose,
            role=role,
            source=first,
            digest="",
            second=second,
            costume=self._costume,
            place=self._place(sequence, file),
            at=at,
            closer_than=path.distance_threshold if role.is_middle else 0.0,
            towards=sequence.end.expression,
            towards_pose=sequence.end.pose,
        )
        read = [node.place, role, first, second, repr(at), repr(node.closer_than), self._finish]
        text = "\n".join([*read, self._read_by(node, sequence)])
        return replace(node, digest=hashlib.sha256(text.encode()).hexdigest())

    def _read_by(self, node: Node, sequence: Sequence) -> str:
        """The digest of what an in-between's request reads of the config."""
        if node.role is Role.RIG:
            ends = (sequence.start, sequence.end)
            paths = map(self._target, ends)
            return " ".join(self._keyframes.get(path, "") for path in paths)
        if not node.role.is_middle:
            return ""
        # All in-betweens of one pose, or of one expression on its way, are asked for alike.
        key = (node.role, node.pose if node.role is Role.TWEEN else node.expression)
        if key not in self._known:
            self._known[key] = self._asked(node)
        return self._known[key]
