"""What the review page shows of a project: every frame with its state, takes, words and checks."""

import contextlib
import datetime
import os
from collections import defaultdict
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from tasks.batch.open import in_batch
from tasks.build.builder import Builder, looking_builder_of, open_estimator, paid_builder_of
from tasks.build.frame_takes import FrameTake, cost_of, current_key, takes_of
from tasks.build.shown_timelines import look_at_timelines
from tasks.build.step import Step
from tasks.build.verdict import verdict
from tasks.character.character import NEUTRAL, Character
from tasks.character.face_unit import in_frame
from tasks.graph.keyframes import paid_node, request_for
from tasks.graph.node import Graph, Node, Role
from tasks.graph.project import Project
from tasks.ground.boxes import inner_box
from tasks.ground.digest import digest_of
from tasks.ground.errors import Mistake
from tasks.ground.ids import costume_of, with_costume
from tasks.pictures.picture import size_of
from tasks.review import looks
from tasks.review.checks import figures_of, flagged, plain
from tasks.review.page.document import (
    MARKS,
    Shown,
    ShownFrame,
    ShownSequence,
    ShownTake,
    ShownTimeline,
)
from tasks.review.page.thumbnails import Box, Small, face_box
from tasks.review.page.write import address
from tasks.sequences.manifest import Manifest
from tasks.sequences.manifest import read as read_manifest
from tasks.spending.estimate import Estimator
from tasks.takes.decisions import Decision, read_decisions
from tasks.takes.frame import BASE, Existing, State, glance_at, look_at
from tasks.takes.store import Stored

PAGE = "review"
"""the page's folder, beside that of the keyframes"""
_MOUTH = ("jaw", "mouth", "tongue")


def page_folder(project: Project) -> Path:
    """Where the page of a project is."""
    return project.built / PAGE


@dataclass(frozen=True, slots=True)
class Seen:
    """The page's content, and the small pictures that it names."""

    shown: Shown
    thumbnails: tuple[Small, ...]
    plans: Mapping[str, Any]
    """what it plays of each timeline that has a plan"""


def look_at_project(project: Project, failed: Mapping[str, str]) -> Seen:
    """All that the page shows. `failed`: why frames could not be drawn, by name.

    Reads the metadata of every frame, and the store's small files; decodes only frames that the
    page has no thumbnail of yet. Raises `Mistake` where the config has one.
    """
    look = _Look(project, project.character, project.graph, dict(failed))
    frames = tuple(look.frame(node) for node in look.nodes)
    timelines, plans = look_at_timelines(project, look.folder)
    return Seen(look.shown(frames, timelines), tuple(look.thumbnails), plans)


@dataclass
class _Look:
    """One look at a project."""

    project: Project
    character: Character
    graph: Graph
    failed: Mapping[str, str]
    thumbnails: list[Small] = field(default_factory=list)

    def __post_init__(self) -> None:
        project, self.folder = self.project, page_folder(self.project)
        self.nodes = (*self.graph.nodes, *self.graph.tweens)
        self._builder: Builder = paid_builder_of(project)
        self._looking: Builder = looking_builder_of(project)
        self._decisions = read_decisions(project.folder)
        self._estimator: Estimator = open_estimator(project)
        self._stored = self._by_name_and_key()
        self._waiting = in_batch(project)
        outfits = self.graph.outfits
        self._portraits = {outfit.name: Path(outfit.base_image) for outfit in outfits}
        self._boxes = {outfit.name: self._face_box(outfit.name) for outfit in outfits}
        with ThreadPoolExecutor(os.cpu_count() or 2) as pool:
            found = pool.map(self._look_at, self.nodes)
            self._existing = dict(zip(self.nodes, found, strict=True))
        measured = {
            node: figures
            for node, there in self._existing.items()
            if (figures := figures_of(there))
        }
        self._checked = flagged(measured, self.character.checks)
        self._looked_at = looks.flags_of(project, self.nodes)

    def _by_name_and_key(self) -> Mapping[str, list[Stored]]:
        """The store's requests by their keys, and by the names of the frames they were for."""
        found: dict[str, list[Stored]] = defaultdict(list)
        for stored in self._builder.store.requests():
            for name in dict.fromkeys([stored.key, *(record.frame for record in stored.takes)]):
                found[name].append(stored)
        return found

    def _face_box(self, costume: str) -> Box | None:
        width, height = self.character.generation.size_px
        try:
            inner = inner_box(size_of(self._portraits[costume]), (width, height))
        except Mistake:  # the frames' own tasks say so
            return None
        face = self.character.wearing(costume).face
        return face_box(in_frame(face, inner, (width, height)), width / height)

    def _look_at(self, node: Node) -> Existing:
        """By metadata where its thumbnail is as old as the frame; else by its pixels."""
        path = Path(self.project.path_of(node))
        with contextlib.suppress(OSError):
            if path.stat().st_mtime_ns == self._thumbnail(node, "").stat().st_mtime_ns:
                known = glance_at(path)
                by_hand = known.state is State.OURS and self._was_by_hand(node)
                return replace(known, state=State.BY_HAND) if by_hand else known
        existing = look_at(path)
        if existing.state is not State.MISSING:
            self._note_by_hand(node, by_hand=existing.state is State.BY_HAND)
        return existing

    def _hand_mark(self, node: Node) -> Path:
        return self._thumbnail(node, "").with_suffix(".hand")

    def _was_by_hand(self, node: Node) -> bool:
        return self._hand_mark(node).exists()

    def _note_by_hand(self, node: Node, *, by_hand: bool) -> None:
        mark = self._hand_mark(node)
        if by_hand:
            mark.parent.mkdir(parents=True, exist_ok=True)
            mark.touch()
        else:
            mark.unlink(missing_ok=True)

    def _thumbnail(self, node: Node, kind: str) -> Path:
        # No id holds an `@`: what is of a costume is called as nothing else is.
        name = node.name.replace(":", "__").replace("/", "@")
        return self.folder / "thumbs" / f"{name}{kind}.webp"

    def frame(self, node: Node) -> ShownFrame:
        """One frame, as the page shows it."""
        existing = self._existing[node]
        there = existing.state not in {State.MISSING, State.UNREADABLE}
        paid = paid_node(self.project, self.character, node)
        takes = self._takes(paid)
        origin = existing.provenance
        checked = self._checked.get(node.name)
        message, marks = self._state(node, paid, existing)
        found = looks.also(checked.flags if checked else (), self._looked_at.get(node.name, ()))
        flags = tuple((flag.kind, flag.line) for flag in found)
        decision = self._decisions.get(node.name, Decision())
        note = decision.rejected.get(origin.take or origin.pixels) if origin else None
        decided = self._approval(node, decision) | ({"rejected"} if note is not None else set())
        marks = {*marks, *decided, *(["flagged"] if flags else [])}
        path, box = Path(self.project.path_of(node)), self._boxes[node.costume]
        return ShownFrame(
            node.name,
            node.task,
            node.expression,
            node.pose,
            tuple(mark for mark in MARKS if mark in marks),
            costume=node.costume,
            file=self._address(path) if there else "",
            thumb=self._small(node, path, "", None) if there else "",
            face=self._small(node, path, ".face", box) if there and box else "",
            neutral=self._neutral(node),
            words=self._words(node, paid, existing),
            engine=origin.engine if origin else "",
            model=origin.model if origin else "",
            request=origin.request_key if origin else "",
            message=message,
            note=note or "",
            flags=flags,
            figures=plain(checked.figures) if checked and checked.figures else {},
            takes=tuple(self._shown_take(take, decision) for take in takes),
            cost_usd=_sum([cost_of(take, self._estimator) for take in takes]),
        )

    def _state(self, node: Node, paid: Node, existing: Existing) -> tuple[str, set[str]]:
        """What there is to say of a frame, and its marks."""
        if node.name in self.failed:
            return self.failed[node.name], {"failed"}
        if existing.state is State.UNREADABLE:
            return "the file is damaged; delete it, and it is made again", {"failed"}
        if existing.state is State.MISSING:
            return self._absent(paid)
        if existing.state is State.BY_HAND:
            return "", {"hand"}
        origin = existing.provenance
        if origin and origin.engine == BASE and not node.place:
            return "", {"portrait"}
        return "", {"draft" if origin and origin.is_draft else "final"}

    def _absent(self, paid: Node) -> tuple[str, set[str]]:
        """Of a frame that is not there: whether it waits, was refused, or was never drawn."""
        if not self._waiting and not self._builder.store.refusals.any():
            return "", {"missing"}  # its key, for which its neutral is decoded, tells nothing
        key = self._key(paid)
        if key in self._waiting:
            return self._waiting[key], {"batch"}
        refused = self._builder.store.refusals.said(key) if key else None
        return (refused, {"failed"}) if refused else ("", {"missing"})

    def _key(self, paid: Node) -> str:
        return "" if paid.role is Role.FIT else current_key(self._builder, paid)

    def _takes(self, paid: Node) -> list[FrameTake]:
        if not self._stored or (paid.place and paid.role not in {Role.TWEEN, Role.TURN}):
            return []
        near = [*self._stored.get(paid.name, ()), *self._stored.get(self._key(paid), ())]
        return takes_of(self._builder, paid, {each.key: each for each in near}.values())

    def _approval(self, node: Node, decision: Decision) -> set[str]:
        """Whether a frame is approved, and would have come out otherwise since."""
        if not decision.approved:
            return set()
        with contextlib.suppress(Mistake):
            if verdict(self._looking.look(node)).step is Step.KEEP_APPROVED:
                return {"stale"}
        return {"approved"}

    def _shown_take(self, take: FrameTake, decision: Decision) -> ShownTake:
        return ShownTake(
            take.number,
            take.record.id,
            self._address(self.project.store / take.file),
            take.record.drawn_at,
            str(take.content.get("engine", "")),
            str(take.content.get("model", "")),
            cost_of(take, self._estimator),
            take.in_use,
            take.current,
            decision.rejected.get(take.record.id, ""),
            take.record.id in decision.rejected,
        )

    def _words(self, node: Node, paid: Node, existing: Existing) -> str:
        """The words that were sent; where none were, those that would be."""
        if existing.provenance and existing.provenance.prompt:
            return existing.provenance.prompt
        if paid.role is Role.FIT or (node.place and node.role not in {Role.TWEEN, Role.TURN}):
            return ""
        with contextlib.suppress(Mistake):
            return request_for(self.character, "openai", paid).prompt
        return ""

    def _neutral(self, node: Node) -> str:
        """What a frame is compared with first: the neutral of its pose."""
        if node.place:
            return with_costume(node.costume, f"{node.expression}__{node.pose}")
        if node.expression != NEUTRAL:
            return with_costume(node.costume, f"{NEUTRAL}__{node.pose}")
        return "" if node.role is Role.FIT else self._address(self._portraits[node.costume])

    def _small(self, node: Node, path: Path, kind: str, box: Box | None) -> str:
        small = Small(path, self._thumbnail(node, kind), box)
        self.thumbnails.append(small)
        return self._address(small.thumbnail, path)

    def _address(self, path: Path, version_of: Path | None = None) -> str:
        """A picture's address from the page; with its time, so that no browser shows an old one."""
        return address(path, self.folder, version_of)

    def shown(self, frames: tuple[ShownFrame, ...], timelines: tuple[ShownTimeline, ...]) -> Shown:
        """The page's content."""
        character, project, graph = self.character, self.project, self.graph
        expressions = dict.fromkeys(node.expression for node in self.graph.nodes)
        weights = {name: character.expression(name).blendshapes for name in expressions}
        return Shown(
            **_head(project),
            engine=f"{self.graph.engine.name} ({self.graph.engine.why})",
            poses=self.graph.poses,
            size_px=character.generation.size_px,
            frames=frames,
            sequences=tuple(self._sequences()),
            costumes=tuple(outfit.name for outfit in graph.outfits) if graph.costumes else (),
            timelines=timelines,
            jaw={name: _opening(each) for name, each in weights.items()},
            rest={
                name: ",".join(
                    f"{shape}={weight:g}"
                    for shape, weight in sorted(each.items())
                    if not shape.startswith(_MOUTH) and weight
                )
                for name, each in weights.items()
            },
        )

    def _sequences(self) -> Iterator[ShownSequence]:
        for strip in self.graph.sequences:
            with contextlib.suppress(Mistake):  # it has no manifest until all of it is there
                yield self._sequence(
                    strip.name, read_manifest(Path(self.project.sequence_path(strip.name)))
                )

    def _sequence(self, name: str, manifest: Manifest) -> ShownSequence:
        costume, _ = costume_of(name)
        return ShownSequence(
            name,
            with_costume(costume, f"{manifest.expr_start}__{manifest.pose_start}"),
            with_costume(costume, f"{manifest.expr_end}__{manifest.pose_end}"),
            manifest.duration_ms,
            manifest.ease,
            tuple(
                {
                    "name": with_costume(costume, f"{frame.path.parent.name}:{frame.path.stem}"),
                    "t": frame.t,
                    "ms": frame.shown_ms,
                }
                for frame in manifest.frames
            ),
        )


def nothing_of(project: Project, problem: str) -> Shown:
    """What a page shows of a project whose config has never been sound."""
    return Shown(
        **_head(project),
        engine="",
        poses=(),
        size_px=(0, 0),
        frames=(),
        sequences=(),
        jaw={},
        rest={},
        problem=problem,
    )


def _head(project: Project) -> dict[str, Any]:
    """What a page says of every project."""
    return {
        "title": project.folder.resolve().name,
        "project": digest_of(str(project.config.resolve()))[:12],
        "command": tuple(f"{name}={value}" for name, value in project.variables.given),
        "made_at": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
    }


def _opening(weights: Mapping[str, float]) -> float:
    """How far a mouth is open, for whoever moves it by a voice's loudness."""
    narrow = max(weights.get("mouthPucker", 0.0), weights.get("mouthFunnel", 0.0))
    return round(min(1.0, max(weights.get("jawOpen", 0.0), 0.3 * narrow)), 3)


def _sum(costs: list[float | None]) -> float | None:
    """The sum of the costs that are known; None where none is."""
    known = [cost for cost in costs if cost is not None]
    return sum(known) if known else None
