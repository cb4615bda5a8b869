"""One decision: whatever lies on disk, in the store and in the config, the plan is what is done."""

import contextlib
import json
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tasks.build.builder import Builder
from tasks.build.forecast import RunOptions, forecast_of
from tasks.build.purchase import Postponed, Purchase
from tasks.build.step import Step
from tasks.graph.keyframes import plan
from tasks.graph.node import Node
from tasks.ground.errors import Mistake
from tasks.requests.engine import Choice
from tasks.takes.decisions import approve
from tasks.takes.picks import Pick, change_picks
from tests.build.test_builder import CONFIG, Studio, noise

NAMES = ["neutral__center", "neutral__up", "sad__center", "sad__up", "surprised__up"]
_FINISH = [{}, {"match": True}, {"key": "auto"}]


class World(Studio):
    """A project in which anything may have happened to any file."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.config = json.loads(json.dumps(CONFIG))
        # Of two frames with one request, the plan counts one call, and which is drawn is chance.
        del self.config["expressions"]["glum"]
        self.config["base_paths"] = [
            {"id": "gloom", "start": "neutral", "end": "sad", "max_depth": 2, "poses": ["up"]}
        ]
        self.batch: dict[str, str] = {}
        self.seed = 0
        self.change()

    def change(self) -> None:
        """Put the config in place."""
        (self.folder / "expressions.json").write_text(json.dumps(self.config))
        self.project = replace(self.project)  # as a new command reads it

    def nodes(self) -> list[Node]:
        """All frames, what they are made from first."""
        graph = plan(self.project)
        left, ordered = [*graph.nodes, *graph.tweens], list[Node]()
        while left:
            waiting = {self.project.path_of(node) for node in left}
            free = [node for node in left if not waiting & set(node.sources)]
            ordered += free
            left = [node for node in left if node not in free]
        return ordered

    def purchase(self) -> Purchase:
        bought = super().purchase()
        bought.in_batch = lambda: self.batch
        return bought

    def planned(self, engine: str, forced: str) -> dict[str, Step | None]:
        """What `doit plan` says."""
        builder = Builder(self.project, Choice(engine, "for a test"), engine=None)
        frames = [(node.name, node, {}) for node in self.nodes()]
        options = RunOptions(1, frozenset({forced} if forced else ()), in_batch=self.batch)
        return {
            each.node.name: each.step
            for each in forecast_of(builder, None, frames, [], options).frames
        }

    def done(self, engine: str, forced: str) -> dict[str, Step]:
        """What a run does: frame by frame, and no frame without those that it is made from."""
        builder, steps, absent = self.builder(engine), dict[str, Step](), dict[str, Step]()
        for node in self.nodes():
            missing = {absent[path] for path in node.sources if path in absent}
            step = Step.FAIL if Step.FAIL in missing else Step.WAIT
            if not missing:
                step = self._step(builder, node, new_take=node.name == forced)
            steps[node.name] = step
            if step in {Step.FAIL, Step.WAIT}:
                absent[self.project.path_of(node)] = step
        return steps

    @staticmethod
    def _step(builder: Builder, node: Node, *, new_take: bool) -> Step:
        try:
            return builder.build(node, new_take=new_take).step
        except Postponed:
            return Step.WAIT
        except Mistake:
            return Step.FAIL

    def mishap(self, kind: str, number: int) -> None:
        """One thing that people, disks and other programs do."""
        self.seed += 1
        frames = sorted(self.project.frames.parent.rglob("*__*.png"))
        frames += sorted((self.folder / "frames" / "sequences").rglob("*.png"))
        takes = sorted(self.project.store.glob("??/*.png"))
        lists = sorted(self.project.store.glob("??/*.json"))
        if kind in {"delete", "paint", "damage"} and frames:
            path = frames[number % len(frames)]
            self._spoil(kind, path)
        elif kind == "lose takes":
            shutil.rmtree(self.project.store, ignore_errors=True)
        elif kind == "damage take" and takes:
            self._spoil("damage", takes[number % len(takes)])
        elif kind in {"pick", "batch", "refuse"} and takes:
            self._mark(kind, takes[number % len(takes)].name, NAMES[number % len(NAMES)])
        elif kind == "lose lists" and lists:
            self._spoil("delete", lists[number % len(lists)])
        else:
            self._edit(kind, number)
        self.change()

    def _edit(self, kind: str, number: int) -> None:
        if kind == "words":
            self.config["expressions"]["sad"]["prompt"] = f"near to tears {number % 3}"
        elif kind == "finish":
            self.config["finish"] = {**CONFIG["finish"], **_FINISH[number % len(_FINISH)]}
        elif kind == "portrait":
            noise(2000 + number % 2).save(self.folder / "base.png")
        elif kind == "approve":
            approve(self.folder, [NAMES[number % len(NAMES)]], approved=number % 3 > 0)
        elif kind == "approve neutrals":
            self.config["generation"]["approve_neutral"] = number % 4 > 0

    def _spoil(self, kind: str, path: Path) -> None:
        if kind == "delete":
            path.unlink()
        elif kind == "paint":
            noise(1000 + self.seed).save(path)
        else:
            path.write_bytes(path.read_bytes()[:60])

    def _mark(self, kind: str, file: str, frame: str) -> None:
        key, take, _ = file.split(".", 2)
        if kind == "batch":
            self.batch[key] = "it is in a batch"
        elif kind == "refuse":
            self.store.refusals.remember(key, "no tears")
        else:
            asked = [node for node in self.nodes() if node.name == frame]
            stands_for = key
            with contextlib.suppress(Mistake, IndexError):
                stands_for = self.builder().look(asked[0]).key or key
            change_picks(self.folder, {frame: Pick(take, key, stands_for)})


@contextlib.contextmanager
def world() -> Iterator[World]:
    with tempfile.TemporaryDirectory() as folder:
        yield World(Path(folder) / "fox")


KINDS = [
    *("delete", "paint", "damage", "lose takes", "damage take", "pick", "batch", "refuse"),
    *("lose lists", "words", "finish", "portrait", "run", "run drafts", "new take"),
    *("approve", "approve neutrals"),
]
mishaps = st.lists(st.tuples(st.sampled_from(KINDS), st.integers(0, 60)), max_size=7)


@settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(mishaps, st.sampled_from(["openai", "openai", "puppet"]), st.sampled_from(["", *NAMES]))
def test_the_plan_names_the_step_that_the_run_then_takes(
    happened: list[tuple[str, int]], engine: str, forced: str
):
    with world() as there:
        there.done("openai", "")
        for kind, number in happened:
            if kind.startswith("run"):
                there.done("puppet" if kind == "run drafts" else "openai", "")
            elif kind == "new take":
                there.done("openai", NAMES[number % len(NAMES)])
            else:
                there.mishap(kind, number)
        planned = there.planned(engine, forced)
        assert planned == {**planned, **there.done(engine, forced)}
