"""`doit plan`: what a run would do with each selected frame, why, and for how much."""

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from doit.control import TaskControl

from tasks.build.step import Step
from tasks.commands.command import JSON_OPTION, FrameCommand, selected_frames
from tasks.exports.timeline import task_of_place
from tasks.graph.node import Node
from tasks.graph.project import Project
from tasks.ground.wording import OWN_OUTFIT, budget_text, dollars
from tasks.running.selection import members
from tasks.running.stale import Pending
from tasks.running.task_facts import facts_of

if TYPE_CHECKING:
    from tasks.build.forecast import Forecast, Planned
    from tasks.build.moods import ForetoldMoods

Frame = tuple[str, Node, Mapping[str, Any]]
"""a frame's task, the frame, and what its last success left in doit's database"""
_WORDS = {
    None: "up to date",
    Step.ADOPT: "up to date",
    Step.RESTORE: "restore",
    Step.FIT: "restore",
    Step.COPY: "make",
    Step.MORPH: "make",
    Step.KEEP_BY_HAND: "keep",
    Step.KEEP_APPROVED: "keep",
    Step.KEEP_FINAL: "keep",
    Step.WAIT: "wait",
    Step.FAIL: "fail",
    Step.DRAW: "draw",
}
_FINAL_KEPT = "only a draft could take the place of this paid picture"


class Plan(FrameCommand):
    """Prints what would be done; does nothing."""

    name = "plan"
    doc_purpose = "say what would be drawn, why, and what it costs"
    doc_usage = "[TASK/TARGET...]"
    doc_description = (
        "Draws nothing, calls nobody. Without a selection: the frames that `doit` alone would"
        " draw. Frames that are up to date are only counted."
    )
    cmd_options = (
        JSON_OPTION,
        {
            "name": "num_process",
            "short": "n",
            "long": "process",
            "type": int,
            "default": 0,
            "help": "number of workers, for the time [default: 4, as of a run]",
        },
        {
            "name": "always",
            "short": "a",
            "long": "always-execute",
            "type": bool,
            "default": False,
            "help": "as if a new take of everything selected was asked for",
        },
        {
            "name": "distances",
            "long": "distances",
            "type": bool,
            "default": False,
            "help": (
                "say how far apart the two pictures of every in-between are, also where no"
                " distance_threshold asks for that"
            ),
        },
    )

    def _execute(self, json: bool, num_process: int, always: bool, distances: bool) -> int:
        from tasks.batch.open import in_batch
        from tasks.build.builder import looking_builder_of, open_estimator
        from tasks.build.forecast import RunOptions, forecast_of

        project = self.session.project
        control = self._control()
        lacking, moods = _with_timelines(project, control)
        frames = selected_frames(control)
        forced = frozenset(frames) if always else frozenset[str]()
        pending, settled = self._looked_at(control, frames, forced)
        forecast = forecast_of(
            looking_builder_of(project),
            open_estimator(project) if project.graph.engine.facts.paid else None,
            pending,
            settled,
            RunOptions(num_process, forced, in_batch=in_batch(project), distances=distances),
        )
        if self._wants_json(json):
            self._say_json(_document(project, forecast) | {"moods": [one.plain() for one in moods]})
        else:
            self._say_plan(forecast)
            for line in [*(one.line for one in moods), *lacking]:
                self._say(line)
        return 0

    def _looked_at(
        self, control: TaskControl, frames: Iterable[str], forced: frozenset[str]
    ) -> tuple[list[Frame], list[Frame]]:
        """The frames that are out of date, dependencies first, and the selected ones that are not.

        What selected frames are drawn from is drawn before them: where it is out of date, it
        belongs to the plan.
        """
        looked = Pending(control.tasks, self.dep_manager)
        selected = set(frames)
        for name in frames:
            looked.is_pending(name)
        old = [task.name for task in looked.all_pending()]
        old += [task.name for task in looked.settled() if task.name in forced]
        fresh = [task.name for task in looked.settled() if task.name in selected - forced]
        return self._frames(control, old), self._frames(control, fresh)

    def _frames(self, control: TaskControl, names: list[str]) -> list[Frame]:
        nodes = ((name, facts_of(control.tasks[name]).node) for name in names)
        return [(name, node, self.dep_manager.get_values(name)) for name, node in nodes if node]

    def _say_plan(self, forecast: "Forecast") -> None:
        choice = self.session.graph.engine
        self._say(f"[i] Engine: {choice.name} ({choice.why})")
        for planned in forecast.frames:
            if _WORDS[planned.step] != "up to date":
                self._say(_line(planned))
        budget = f"; {budget_text(forecast.budget_usd)}" if forecast.calls() else ""
        for line in _by_costume(forecast) if self.session.graph.costumes else ():
            self._say(line)
        self._say(f"[i] Plan: {forecast.summary()}{budget}")


def _by_costume(forecast: "Forecast") -> Iterator[str]:
    """What is drawn of each costume, and what it costs."""
    drawn = Counter(planned.node.costume for planned in forecast.draws())
    calls = forecast.calls()
    for costume, count in drawn.items():
        of_it = [call for call in calls if call.node.costume == costume]
        costs = [call.estimate.cost_usd for call in of_it if call.estimate]
        sums = [cost * call.times for cost, call in zip(costs, of_it, strict=True) if cost]
        price = f" for about {dollars(math.fsum(sums))}" if sums and None not in costs else ""
        yield f"[i] {costume or OWN_OUTFIT}: {count} to draw{price}"


def _with_timelines(
    project: Project, control: TaskControl
) -> tuple[list[str], list["ForetoldMoods"]]:
    """Select, in place of each timeline, the frames that it shows; what no expression shows yet,
    and what would be paid for moods.

    Raises `Mistake` where the plan of a timeline cannot be made.
    """
    timelines = {
        name: facts_of(control.tasks[name]).timeline
        for name in members(control, control.selected_tasks)
    }
    names = dict.fromkeys(filter(None, timelines.values()))
    if not names:
        return [], []
    from tasks.build.moods import foretold
    from tasks.graph.timelines import inputs_of, perform
    from tasks.timelines.document import document

    described = dict(project.graph.timelines)
    frames: dict[str, None] = {}
    lacking: dict[str, None] = {}
    moods: list[ForetoldMoods] = []
    for name in names:
        given = inputs_of(project, name, described.get(name, ""))
        moods += foretold(project, given)
        played = document(perform(project, given))
        frames |= {task_of_place(place): None for place in played["pictures"]}
        lacking |= {f"[i] timelines:{name}: {note}": None for note in played["notes"]}
    others = [name for name, timeline in timelines.items() if not timeline]
    control.selected_tasks = [*others, *(name for name in frames if name in control.tasks)]
    return list(lacking), moods


def _line(planned: "Planned") -> str:
    why = _FINAL_KEPT if planned.step is Step.KEEP_FINAL else ", ".join(planned.why)
    cost = planned.estimate.cost_usd if planned.estimate else None
    price = "" if cost is None else dollars(cost)
    return f"{_WORDS[planned.step]:<8} {price:>7} {planned.node.name}: {why}{_apart(planned)}"


def _apart(planned: "Planned") -> str:
    """How far apart the pictures of an in-between are, which a threshold is compared with."""
    if planned.distance is None:
        return ""
    closer_than = planned.node.closer_than
    morph = f"; morph below {closer_than:g}" if closer_than else ""
    return f" (its pictures are {planned.distance:.1f} apart{morph})"


def _document(project: Project, forecast: "Forecast") -> dict[str, Any]:
    """The plan for programs."""
    choice = project.graph.engine
    return {
        "engine": choice.name,
        "frames": [_frame(project, planned) for planned in forecast.frames],
        "up_to_date": forecast.count(None, Step.ADOPT),
        "restore": forecast.count(Step.RESTORE, Step.FIT),
        "make": forecast.count(Step.COPY, Step.MORPH),
        "keep": forecast.count(Step.KEEP_BY_HAND, Step.KEEP_FINAL),
        "wait": forecast.count(Step.WAIT),
        "fail": forecast.count(Step.FAIL),
        "draw": len(forecast.draws()),
        "calls": len(forecast.calls()),
        "cost_usd": forecast.cost_usd,
        "time_s": round(forecast.duration_s, 1),
        "estimated": forecast.basis() if forecast.calls() else "",
        "workers": forecast.workers,
        "images_per_minute": forecast.images_per_minute,
        "budget_usd": forecast.budget_usd,
        "auto_retake": forecast.auto_retake,
    }


def _frame(project: Project, planned: "Planned") -> dict[str, Any]:
    estimate = planned.estimate
    return {
        "frame": planned.node.name,
        "costume": planned.node.costume,
        "target": project.path_of(planned.node),
        "action": _WORDS[planned.step],
        "why": list(planned.why),
        "layer": planned.layer,
        "distance": planned.distance,
        "cost_usd": estimate.cost_usd if estimate else None,
        "measured_calls": estimate.measured if estimate else None,
    }
