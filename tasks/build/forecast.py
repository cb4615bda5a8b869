"""What a run will do, frame by frame, and what it will cost, before it does anything."""

import contextlib
import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tasks.build import between as tweening
from tasks.build import changes as reasons
from tasks.build.builder import Builder
from tasks.build.free import fit_key
from tasks.build.outcome import Step
from tasks.build.verdict import decide
from tasks.graph.node import Node, Role
from tasks.ground.errors import Mistake
from tasks.ground.files import stamp
from tasks.ground.wording import counted, dollars, duration
from tasks.models.prices import BATCH_FACTOR
from tasks.requests.request import Request
from tasks.spending.estimate import Estimate, Estimator
from tasks.takes import frame
from tasks.takes.frame import Existing, State
from tasks.takes.picks import Wanted

_WHY = {
    Step.KEEP_BY_HAND: ("made or changed by hand",),
    Step.FAIL: ("its words were refused before: change them, or draw it with -a",),
    Step.WAIT: ("a batch draws it",),
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

    def __init__(self, builder: Builder, estimator: Estimator | None, wish: "Wish") -> None:
        self._builder = builder
        self._estimator = estimator
        self._new_takes = wish.new_takes
        self._forced = wish.forced
        self._in_batch = wish.in_batch
        self._distances = wish.distances
        self._sources: dict[str, str] = {}
        """what will name the frames that change in this run, by path; empty: not known yet"""
        self._layers: dict[str, int] = {}
        """in which layer of calls frames come that change, by path; from 1 on"""

    def settled(self, node: Node, recorded: Mapping[str, Any]) -> Planned:
        """A frame that doit found up to date."""
        by_hand = recorded.get("step") == Step.KEEP_BY_HAND.value
        why = ("made or changed by hand",) if by_hand else ()
        return Planned(node, Step.KEEP_BY_HAND if by_hand else None, why)

    def pending(self, task: str, node: Node, recorded: Mapping[str, Any]) -> Planned:
        """A frame that doit found out of date; `recorded` is what its last success left."""
        new_take = task in self._forced
        path = self._builder.target(node)
        now = stamp(path)
        untouched = now is not None and list(now) == recorded.get("stamp")
        existing = frame.glance_at(path) if untouched else frame.look_at(path)
        planned = self._planned(node, existing, recorded, new_take=new_take)
        if planned.step is Step.DRAW:
            self._layers[str(path)] = planned.layer + 1
        elif str(path) in self._sources:
            self._layers[str(path)] = self._layer(node)
        return planned

    def _planned(
        self, node: Node, existing: Existing, recorded: Mapping[str, Any], *, new_take: bool
    ) -> Planned:
        digests = tuple(self._digest(path) for path in node.sources)
        why = self._why(node, existing, recorded, digests, forced=new_take)
        distance = self._distance(node, digests)
        free = self._free(node, existing, digests, distance, new_take=new_take)
        if free:
            if free in {Step.COPY, Step.MORPH}:
                self._sources[self._path(node)] = digests[0] if free is Step.COPY else ""
            return Planned(node, free, why, distance=distance)
        if node.role is Role.FIT:
            return self._fitted(node, existing, why, digests[0], new_take=new_take)
        request = self._builder.inputs.request_from(node, digests)
        step, take = self._step(node, existing, request, new_take=new_take)
        if step is Step.RESTORE and take:
            self._sources[self._path(node)] = f"take:{take}"
        elif step in {Step.DRAW, Step.WAIT, Step.FAIL}:
            self._sources[self._path(node)] = ""
        priced = self._estimator if step is Step.DRAW else None
        return Planned(
            node,
            step,
            _WHY.get(step, why),
            key=request.key if all(digests) and not new_take else "",
            estimate=priced.estimate(request) if priced else None,
            layer=self._layer(node),
            times=self._new_takes if new_take and self._new_takes else 1,
            distance=distance,
        )

    def _path(self, node: Node) -> str:
        return str(self._builder.target(node))

    def _layer(self, node: Node) -> int:
        return max((self._layers.get(path, 0) for path in node.sources), default=0)

    def _free(
        self,
        node: Node,
        existing: Existing,
        digests: tuple[str, ...],
        distance: float | None,
        *,
        new_take: bool,
    ) -> Step | None:
        """What is done for a frame of a sequence that needs no engine; None for any other."""
        if node.role is Role.COPY:
            key, made = "", Step.COPY
        elif node.role is Role.MORPH or (distance is not None and distance < node.closer_than):
            key = tweening.morph_key(digests, node.at) if all(digests) else ""
            made = Step.MORPH
        else:
            return None
        if existing.state is State.BY_HAND:
            return made if new_take else Step.KEEP_BY_HAND
        if node.role is Role.COPY:
            # By metadata alone, pixels are not known; but a draft's name is what it was written as.
            origin = existing.provenance
            name = frame.name_of(existing) or (origin.pixels if origin else "")
            return Step.ADOPT if name and name == digests[0] else made
        step = decide(existing, Wanted(key, None), paid=self._builder.paid, new_take=False)
        return made if step is Step.DRAW else step

    def _distance(self, node: Node, digests: tuple[str, ...]) -> float | None:
        """How far apart a drawn in-between's pictures are, where both are there."""
        changing = any(path in self._sources for path in node.sources)
        if not node.role.is_middle or changing or not all(digests):
            return None
        if not (node.closer_than or self._distances):
            return None  # both pictures would be decoded for nothing
        return tweening.distance(node)

    def _step(
        self, node: Node, existing: Existing, request: Request, *, new_take: bool
    ) -> tuple[Step, str]:
        """What is done, and the take that it is done with where there is one already."""
        if not all(picture.digest for picture in request.pictures):
            by_hand = existing.state is State.BY_HAND and not new_take
            return (Step.KEEP_BY_HAND if by_hand else Step.DRAW), ""
        builder, wanted = self._builder, self._builder.wanted(node, request.key)
        step = decide(
            existing,
            wanted,
            paid=builder.paid,
            new_take=new_take,
            finish=self._finish_digest(node),
        )
        if step is Step.DRAW and not new_take and request.key in self._in_batch:
            step = Step.WAIT
        elif step is Step.DRAW and not new_take and builder.store.refusal(request.key):
            step = Step.FAIL
        return step, wanted.record.id if wanted.record else ""

    def _finish_digest(self, node: Node) -> str:
        """How the frame would be finished; where its reference changes, not as it is now."""
        return "" if node.source in self._sources else self._builder.finish_digest(node)

    def _fitted(
        self,
        node: Node,
        existing: Existing,
        why: tuple[str, ...],
        digest: str,
        *,
        new_take: bool,
    ) -> Planned:
        """A frame that is the artist's own portrait."""
        step = decide(existing, Wanted(fit_key(digest), None), paid=True, new_take=new_take)
        if step is Step.DRAW:
            self._sources[self._path(node)] = digest
            return Planned(node, Step.FIT, why)
        return Planned(node, step, why)

    def _digest(self, path: str) -> str:
        """What will name a picture that frames are made from; empty where only a call tells."""
        if path in self._sources:
            return self._sources[path]
        if not Path(path).is_file():
            return ""
        with contextlib.suppress(Mistake, OSError):
            return self._builder.inputs.digest(Path(path))
        return ""

    def _why(
        self,
        node: Node,
        existing: Existing,
        recorded: Mapping[str, Any],
        digests: tuple[str, ...],
        *,
        forced: bool,
    ) -> tuple[str, ...]:
        if existing.state is State.MISSING:
            return (reasons.MISSING,)
        if forced:
            return (reasons.FORCED,)
        if not all(digests):
            return (reasons.SOURCE_CHANGES,)
        before = recorded.get("read")
        if not isinstance(before, dict):
            return (reasons.UNRECORDED,)
        from_frame = self._builder.inputs.is_built(Path(node.source))
        now = self._builder.parts(node, digests)
        return tuple(reasons.changed(before, now, from_frame=from_frame))


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
            (self.count(Step.KEEP_BY_HAND, Step.KEEP_FINAL), "kept"),
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
class Wish:
    """How a run is asked for."""

    workers: int
    forced: frozenset[str] = frozenset()
    """names of the tasks that get new takes"""
    new_takes: int = 0
    """how many of each, where the take in use stays"""
    in_batch: Collection[str] = ()
    """keys of the requests that a live batch draws"""
    as_batch: bool = False
    """what is to be drawn goes into a batch"""
    distances: bool = False
    """tell how far apart the pictures of every in-between are, not only where a threshold asks"""


def forecast_of(
    builder: Builder,
    estimator: Estimator | None,
    pending: Iterable[tuple[str, Node, Mapping[str, Any]]],
    settled: Iterable[tuple[str, Node, Mapping[str, Any]]],
    wish: Wish,
) -> Forecast:
    """The forecast of a run: of each frame its task, itself and its record, dependencies first.

    `estimator`: for an engine that costs money.
    """
    forecaster = Forecaster(builder, estimator, wish)
    frames = [forecaster.settled(node, recorded) for _, node, recorded in settled]
    for task, node, recorded in pending:
        try:
            frames.append(forecaster.pending(task, node, recorded))
        except (Mistake, OSError) as error:
            frames.append(Planned(node, Step.FAIL, (str(error),)))
    generation = builder.generation
    return Forecast(
        tuple(frames),
        wish.workers,
        generation.images_per_minute,
        generation.budget_usd,
        wish.as_batch,
        generation.auto_retake,
    )
