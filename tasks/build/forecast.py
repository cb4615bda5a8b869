"""What a run will do, frame by frame, and what it will cost, before it does anything."""

import contextlib
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, partial
from pathlib import Path
from typing import Any

from tasks.build import between as tweening
from tasks.build import changes as reasons
from tasks.build.builder import Builder
from tasks.build.finisher import FINISHING
from tasks.build.inputs import Coming
from tasks.build.step import Step
from tasks.build.verdict import BY_HAND, STALE, Aim, Input, Situation, Verdict, verdict, without
from tasks.graph.node import Node
from tasks.ground.errors import Mistake
from tasks.ground.files import has_stamp
from tasks.ground.wording import counted, dollars, duration
from tasks.models.prices import BATCH_FACTOR
from tasks.pictures.picture import CachedPicture, fit, read_answer
from tasks.spending.estimate import Estimate, Estimator
from tasks.takes import frame
from tasks.takes.frame import State

_ABSENT = {
    Step.FAIL: "what it is drawn from cannot be drawn",
    Step.WAIT: "a batch draws what it is drawn from",
}


@dataclass(frozen=True, slots=True)
class Planned:
    """What becomes of one frame."""

    node: Node
    step: Step | None
    """None: it is up to date"""
    why: tuple[str, ...] = ()
    key: str = ""
    """key of the request, where its input is known already"""
    estimate: Estimate | None = None
    """for a frame that is to be drawn for money"""
    layer: int = 0
    """how many calls have to come one after the other before it can be drawn"""
    times: int = 1
    """how many takes of it are drawn"""
    distance: float | None = None
    """of an in-between that the engine, or a threshold, makes: how far apart its two pictures are,
    0..255; None for any other, and where one of them is still to come"""


class Forecaster:
    """Looks at frames in the order of their dependencies."""

    def __init__(
        self, builder: Builder, estimator: Estimator | None, options: "RunOptions"
    ) -> None:
        self._builder = builder
        self._estimator = estimator
        self._options = options
        self._coming: dict[str, Coming] = {}
        """the frames that change in this run, by path"""
        self._situations = builder.looking_ahead(self._coming, options.in_batch)
        self._layers: dict[str, int] = {}
        """in which layer of calls frames come that change, by path; from 1 on"""
        self._absent: dict[str, Step] = {}
        """frames that will not be there in this run, by path, and why: `WAIT` or `FAIL`"""

    def settled(self, node: Node, recorded: Mapping[str, Any]) -> Planned:
        """A frame that doit found up to date."""
        if recorded.get("step") == Step.KEEP_APPROVED.value:
            return Planned(node, Step.KEEP_APPROVED, (STALE,))
        by_hand = recorded.get("step") == Step.KEEP_BY_HAND.value
        return Planned(node, Step.KEEP_BY_HAND if by_hand else None, (BY_HAND,) if by_hand else ())

    def pending(self, task: str, node: Node, recorded: Mapping[str, Any]) -> Planned:
        """A frame that doit found out of date; `recorded` is what its last success left."""
        path = str(self._builder.target(node))
        absent = {self._absent[source] for source in node.sources if source in self._absent}
        if absent:
            step = Step.FAIL if Step.FAIL in absent else Step.WAIT
            planned = Planned(node, step, (_ABSENT[step],), layer=self._layer(node))
        else:
            try:
                planned = self._planned(self._known(task, node, recorded), recorded)
            except (Mistake, OSError) as error:
                planned = Planned(node, Step.FAIL, (str(error),))
        if planned.step is Step.DRAW:
            self._layers[path] = planned.layer + 1
        elif path in self._coming:
            self._layers[path] = self._layer(node)
        if planned.step in {Step.FAIL, Step.WAIT}:
            self._absent[path] = planned.step
        return planned

    def _known(self, task: str, node: Node, recorded: Mapping[str, Any]) -> Situation:
        """What is known of a frame, its inputs taken for what they will be."""
        path = self._builder.target(node)
        untouched = has_stamp(path, recorded.get("stamp"))
        existing = frame.glance_at(path) if untouched else self._builder.frames.at(path)
        aim = Aim.CURRENT
        if task in self._options.forced:
            aim = Aim.NEW_TAKES if self._options.new_takes else Aim.NEW_TAKE
        try:
            inputs = self._situations.inputs.look(node)
        except (Mistake, OSError):
            inputs = tuple(self._input(source) for source in node.sources)
        distance = self._distance(node, inputs)
        return self._situations.known(node, existing, inputs, aim, distance)

    def _input(self, path: str) -> Input:
        """A picture that frames are made from; one without a name where only a call tells."""
        with contextlib.suppress(Mistake, OSError):
            return self._situations.inputs.input(path)
        return Input("")

    def _planned(self, known: Situation, recorded: Mapping[str, Any]) -> Planned:
        node, (known, found) = known.node, self._sound(known)
        self._foresee(known, found)
        again = known.aim is not Aim.CURRENT
        priced = self._estimator if found.step is Step.DRAW else None
        drawn = known.request is not None
        return Planned(
            node,
            found.step,
            (found.why,) if found.why and drawn else self._why(known, recorded),
            key=known.key if drawn and not again else "",
            estimate=priced.estimate(known.request) if priced and known.request else None,
            layer=self._layer(node) if drawn else 0,
            times=self._options.new_takes if again and self._options.new_takes else 1,
            distance=known.distance,
        )

    def _sound(self, known: Situation) -> tuple[Situation, Verdict]:
        """The verdict, with damaged takes left out of what is known."""
        store, found = self._builder.store, verdict(known)
        while found.step is Step.RESTORE and found.take:
            if store.is_sound(found.key, found.take):
                break
            known = self._situations.with_bars(without(known, found.take))
            found = verdict(known)
        return known, found

    def _foresee(self, known: Situation, found: Verdict) -> None:
        """Note what a frame will be, for those that are made from it."""
        node = known.node
        path = str(self._builder.target(node))
        if found.step is Step.FIT:
            fitted = partial(self._situations.inputs.portrait, node)
            self._coming[path] = Coming(known.inputs[0], fitted)
        elif found.step is Step.COPY:
            source = node.source
            before = self._coming.get(source)
            picture = partial(self._situations.inputs.fitted, Path(source))
            self._coming[path] = Coming(known.inputs[0], picture, before.file if before else source)
        elif found.step is Step.RESTORE and found.take:
            coming = Input(f"take:{found.take.id}", finish=known.finish)
            self._coming[path] = Coming(coming, cache(partial(self._finished, node, found)))
        elif found.step in {Step.DRAW, Step.WAIT, Step.FAIL, Step.MORPH}:
            self._coming[path] = Coming(Input(""))

    def _finished(self, node: Node, found: Verdict) -> CachedPicture:
        """A frame that will be made of a take in the store, made now: others are held to it."""
        assert found.take is not None  # noqa: S101 - what is restored has one
        picture = self._builder.store.picture(found.key, found.take)
        with FINISHING:
            made = self._situations.finisher.finish(node, read_answer(picture, None))
        return CachedPicture(fit(made.image, self._builder.size_px), None)

    def _layer(self, node: Node) -> int:
        return max((self._layers.get(path, 0) for path in node.sources), default=0)

    def _distance(self, node: Node, inputs: tuple[Input, ...]) -> float | None:
        """How far apart a drawn in-between's pictures are, where both are there."""
        if not node.role.is_middle or not all(each.name for each in inputs):
            return None
        if not (node.closer_than or self._options.distances):
            return None  # both pictures would be decoded for nothing
        coming = (self._coming.get(path, Coming(Input(""), file=path)) for path in node.sources)
        first, second = (each.file for each in coming)
        return tweening.distance(first, second) if first and second else None

    def _why(self, known: Situation, recorded: Mapping[str, Any]) -> tuple[str, ...]:
        if known.existing.state is State.MISSING:
            return (reasons.MISSING,)
        if known.aim is not Aim.CURRENT:
            return (reasons.FORCED,)
        if not all(known.names):
            return (reasons.SOURCE_CHANGES,)
        before = recorded.get("read")
        if not isinstance(before, dict):
            return (reasons.UNRECORDED,)
        from_frame = self._builder.inputs.is_built(Path(known.node.source))
        changed = reasons.changed(before, self._builder.parts(known), from_frame=from_frame)
        if not changed:
            untouched = has_stamp(self._builder.target(known.node), recorded.get("stamp"))
            return (reasons.REWORDED if untouched else reasons.REPLACED,)
        return tuple(changed)


@dataclass(frozen=True, slots=True)
class Forecast:
    """What a run will do, all told."""

    frames: tuple[Planned, ...]
    workers: int
    images_per_minute: float | None
    budget_usd: float | None
    as_batch: bool = False
    auto_retake: int = 0
    """how many more takes a flagged frame may get by itself"""

    def count(self, *steps: Step | None) -> int:
        """How many frames have one of these steps."""
        return sum(planned.step in steps for planned in self.frames)

    def draws(self) -> list[Planned]:
        """The frames that the engine is asked for."""
        return [planned for planned in self.frames if planned.step is Step.DRAW]

    def calls(self) -> list[Planned]:
        """Those of them that are paid for: of frames with one request, the first."""
        paid = [planned for planned in self.draws() if planned.estimate]
        known = {planned.key: planned for planned in reversed(paid) if planned.key}
        return [p for p in paid if not p.key or known[p.key] is p]

    @property
    def cost_usd(self) -> float | None:
        """What the calls cost; None where the price of one is not known."""
        costs = [
            None if call.estimate.cost_usd is None else call.times * call.estimate.cost_usd
            for call in self.calls()
            if call.estimate
        ]
        if None in costs:
            return None
        factor = BATCH_FACTOR if self.as_batch else 1.0
        return factor * math.fsum(cost for cost in costs if cost is not None)

    @property
    def duration_s(self) -> float:
        """How long the calls take, by the workers and the rate limit, layer by layer."""
        calls = self.calls()
        layers: dict[int, list[Planned]] = {}
        for call in calls:
            layers.setdefault(call.layer, []).append(call)
        return sum(self._layer_s(layer) for layer in layers.values())

    def _layer_s(self, calls: Sequence[Planned]) -> float:
        if not calls:
            return 0.0
        count = sum(call.times for call in calls)
        latency_s = max(call.estimate.latency_s for call in calls if call.estimate)
        by_workers = math.ceil(count / max(1, self.workers)) * latency_s
        if not self.images_per_minute:
            return by_workers
        return max(by_workers, (count - 1) * 60 / self.images_per_minute + latency_s)

    def summary(self) -> str:
        """One line: what will be done, for how much, in which time."""
        parts = [
            (self.count(None, Step.ADOPT), "up to date"),
            (self.count(Step.COPY, Step.MORPH), "made here"),
            (self.count(Step.FIT), "from the base image"),
            (self.count(Step.RESTORE), "from the take store"),
            (self.count(Step.KEEP_BY_HAND, Step.KEEP_APPROVED, Step.KEEP_FINAL), "kept"),
            (self.count(Step.WAIT), "in a batch"),
            (self.count(Step.FAIL), "that cannot be drawn"),
        ]
        said = [f"{count} {what}" for count, what in parts if count]
        return ", ".join([*said, self._draw_text()])

    def _draw_text(self) -> str:
        draws, calls = self.draws(), self.calls()
        if not draws:
            return "nothing to draw"
        if not calls:
            return f"{len(draws)} to draw, free of charge"
        count = sum(call.times for call in calls)
        same = f" by {counted(count, 'call')}" if count != len(draws) else ""
        known = "; what that costs is not known" if self.cost_usd is None else ""
        cost = "" if self.cost_usd is None else f" for about {dollars(self.cost_usd)}"
        if self.cost_usd and self.auto_retake and not self.as_batch:
            cost += f" (up to {dollars(self.cost_usd * (1 + self.auto_retake))} with auto_retake)"
        time = f" in about {duration(self.duration_s)}"
        if self.as_batch:
            time = " in a batch, at half price, within a day"
        return f"{len(draws)} to draw{same}{cost}{time}{known} ({self.basis()})"

    def basis(self) -> str:
        """Where the estimate comes from."""
        estimates = [call.estimate for call in self.calls() if call.estimate]
        if any(estimate.cost_usd is None for estimate in estimates):
            return "say it in generation.prices"
        if all(estimate.exact for estimate in estimates):
            return "a price by the picture"
        measured = max((estimate.measured for estimate in estimates), default=0)
        if all(estimate.measured for estimate in estimates):
            return f"as measured in {counted(measured, 'earlier call')}"
        return "by OpenAI's published table, since none was measured yet"


@dataclass(frozen=True, slots=True)
class RunOptions:
    """How a run is asked for."""

    workers: int
    forced: frozenset[str] = frozenset()
    """names of the tasks that get new takes"""
    new_takes: int = 0
    """how many of each, where the take in use stays"""
    in_batch: Mapping[str, str] = field(default_factory=dict)
    """the requests that a live batch draws, by key, and what to say of each"""
    as_batch: bool = False
    """what is to be drawn goes into a batch"""
    distances: bool = False
    """tell how far apart the pictures of every in-between are, not only where a threshold asks"""


def forecast_of(
    builder: Builder,
    estimator: Estimator | None,
    pending: Iterable[tuple[str, Node, Mapping[str, Any]]],
    settled: Iterable[tuple[str, Node, Mapping[str, Any]]],
    options: RunOptions,
) -> Forecast:
    """The forecast of a run: of each frame its task, itself and its record, dependencies first.

    `estimator`: for an engine that costs money.
    """
    forecaster = Forecaster(builder, estimator, options)
    frames = [forecaster.settled(node, recorded) for _, node, recorded in settled]
    for task, node, recorded in pending:
        frames.append(forecaster.pending(task, node, recorded))
    generation = builder.generation
    return Forecast(
        tuple(frames),
        options.workers,
        generation.images_per_minute,
        generation.budget_usd,
        options.as_batch,
        generation.auto_retake,
    )
