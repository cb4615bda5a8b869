"""Finding out what a verdict needs: each file looked at once for a frame."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from tasks.build import between as tweening
from tasks.build.finisher import Finisher
from tasks.build.inputs import Inputs
from tasks.build.verdict import Aim, Input, Situation, is_morphed
from tasks.character.character import NEUTRAL
from tasks.graph.node import Node, Role
from tasks.ground.errors import Mistake
from tasks.ground.ids import with_costume
from tasks.takes.choices import Entry
from tasks.takes.decisions import decision_of
from tasks.takes.frame import Existing, State
from tasks.takes.picks import pick_of
from tasks.takes.store import TakeStore


class Situations:
    """Looks at the frames of one project. Called from several threads at once."""

    def __init__(
        self,
        inputs: Inputs,
        finisher: Finisher,
        store: TakeStore,
        in_batch: Callable[[], Mapping[str, str]],
        *,
        paid: bool,
    ) -> None:
        self.inputs = inputs
        self.finisher = finisher
        self._store = store
        self._in_batch = in_batch
        self._paid = paid

    def of(self, node: Node, existing: Existing, aim: Aim) -> Situation:
        """What is known of a frame whose inputs are there. Raises `Mistake` where one is not."""
        try:
            inputs = self.inputs.look(node)
        except Mistake as mistake:
            if node.role != Role.COPY:
                raise
            missing = f"{node.source}, with which the sequence begins or ends, is not there"
            raise Mistake(missing) from mistake
        apart = node.role.is_middle and node.closer_than
        distance = tweening.distance(*node.sources) if apart else None
        return self.known(node, existing, inputs, aim, distance)

    def known(
        self,
        node: Node,
        existing: Existing,
        inputs: tuple[Input, ...],
        aim: Aim,
        distance: float | None,
    ) -> Situation:
        """What is known of a frame that has, or will have, these inputs. Raises `Mistake`."""
        choices = self.inputs.choices
        entry = choices.entries.get(node.name, Entry())
        known = Situation(
            *(node, existing, inputs, self._paid, aim),
            distance=distance,
            decision=decision_of(entry),
            damaged=choices.damaged.get(node.name, ""),
        )
        if node.role in {Role.COPY, Role.FIT} or is_morphed(node, distance):
            return known
        awaits = self._awaits(known, choices.entries) if self._paid else ""
        known = replace(known, awaits=awaits, request=self.inputs.requests.of(node, known.names))
        if not (self._paid and known.key):
            return known
        finish = self.finisher.digest(node)
        known = replace(known, pick=pick_of(entry), finish=finish, store=self._store.folder)
        return self.with_records(known)

    def _awaits(self, known: Situation, entries: Mapping[str, Entry]) -> str:
        """The neutral that has to be approved before anything is drawn from it for money.

        What the artist made needs no approval: it has no take.
        """
        if not self.inputs.approves_neutral:
            return ""
        drawn = (
            with_costume(known.node.costume, Path(path).stem)
            for path, given in zip(known.node.sources, known.inputs, strict=True)
            if self.inputs.is_built(Path(path)) and given.name[:5] in {"", "take:"}
        )
        neutral = with_costume(known.node.costume, f"{NEUTRAL}__")
        neutrals = (name for name in drawn if name.startswith(neutral))
        waits = (n for n in neutrals if not decision_of(entries.get(n, Entry())).approved)
        return next(waits, "")

    def with_records(self, known: Situation) -> Situation:
        """The same with what the store and the batches say of its request now."""
        keys = {known.key, known.pick.request if known.pick else known.key}
        known = replace(known, records={key: self._store.records(key) for key in keys})
        return self.with_bars(known) if may_be_drawn(known) else known

    def with_bars(self, known: Situation) -> Situation:
        """The same with what forbids to draw it: a batch that does, words that were refused."""
        refused = self._store.refusals.said(known.key) if known.aim is Aim.CURRENT else None
        in_batch = self._in_batch().get(known.key, "")
        return replace(known, refused=refused or "", in_batch=in_batch)


def may_be_drawn(known: Situation) -> bool:
    """Whether anything can come of asking what forbids to draw a frame."""
    if known.aim is not Aim.CURRENT:
        return True
    return known.existing.state is not State.BY_HAND and not known.records[known.key]
