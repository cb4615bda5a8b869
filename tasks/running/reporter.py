"""doit's reporter for this project: hears what becomes of each task, counts it, has it said."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from doit.exceptions import BaseFail, UnmetDependency
from doit.task import Task

from tasks.build.step import Step
from tasks.graph.node import Node
from tasks.ground.advice import doit
from tasks.ground.wording import budget_text
from tasks.running import lines
from tasks.running.frame_task import BadSource, InBatch, NotAttempted, Unpaid
from tasks.running.record import MOST_NAMED, RunRecord
from tasks.running.run_plan import RunPlan, RunScope
from tasks.running.session import Session
from tasks.running.task_facts import facts_of
from tasks.running.terminal import Terminal

if TYPE_CHECKING:
    from tasks.build.forecast import Forecast


@dataclass(frozen=True, slots=True)
class Reported:
    """A run, as its reporter is told of it: `options["run"]`."""

    session: Session
    plan: RunPlan
    scope: RunScope
    record: RunRecord
    """which the reporter fills in"""
    forecast: "Forecast | None"
    """None where nothing is out of date"""
    look: Callable[[Sequence[Node]], Mapping[str, Sequence[str]]]
    """keeps the figures of frames; the flags of those that a person should look at, by name"""


class Reporter:
    """Called from the main thread and from all workers."""

    desc = "one line a frame, with a progress bar in a terminal"

    def __init__(self, outstream: Any, options: dict[str, Any]) -> None:
        run: Reported = options["run"]
        self._session, self._plan, self._scope = run.session, run.plan, run.scope
        self._record, self._forecast, self._look = run.record, run.forecast, run.look
        self._flags: Mapping[str, Sequence[str]] = {}
        self._flags_problem = ""
        self._terminal = Terminal(outstream)
        self._line = self._terminal.line
        pending, settled = (run.scope.frames(pending=which) for which in (True, False))
        self._record.frames = len(pending)
        self._record.reused = self._record.settled = len(settled)
        self._approved_before = list(lines.approved_before(settled))
        nodes = [node for _, node, _ in (*pending, *settled)]
        self._one_pose = len({node.pose for node in nodes}) <= 1 and not any(
            node.place for node in nodes
        )

    def initialize(self, _tasks: dict[str, Task], _selected: list[str]) -> None:
        """Say which engine draws, and how much."""
        record, plan, forecast = self._record, self._plan, self._forecast
        if not record.frames and not record.reused:
            return
        choice = self._session.graph.engine
        self._line(f"[i] Engine: {choice.name} ({choice.why})")
        to_draw = len(forecast.draws()) if forecast else 0
        if forecast and forecast.calls():
            self._line(f"[i] Plan: {forecast.summary()}; {budget_text(forecast.budget_usd)}")
        if to_draw and not plan.postpone:
            workers, one_pose = self._scope.workers, self._one_pose
            self._line(lines.generating(to_draw, plan.new_takes, workers, one_pose=one_pose))
        self._session.calls.limiter.tell = self._line
        self._terminal.show_bar(record.frames)

    def get_status(self, task: Task) -> None:
        """Nothing to say before it is known what happens."""

    def execute_task(self, task: Task) -> None:
        """A task begins; called from a worker."""

    def add_success(self, task: Task) -> None:
        """A task is done."""
        node, record = facts_of(task).node, self._record
        if node is None:
            return
        step = Step(task.values["step"])
        record.steps[step] += 1
        record.notes.update({f"[i] {note}": None for note in task.values["notes"]})
        if step is Step.KEEP_APPROVED:
            record.stale.append(node.name)
        line = lines.made(task, node, step, self._plan.new_takes, self._label(task))
        if line:
            self._line(line)
        if step in {Step.DRAW, Step.RESTORE}:
            self._note_finished(node, task.values["flags"])
        elif step is Step.ADOPT and not node.place:
            record.adopted.append(node)
        self._terminal.advance(failed=record.failed)

    def _note_finished(self, node: Node, flags: list[str]) -> None:
        if not node.place:
            self._record.finished.append(node)
        elif flags:
            self._record.flagged += 1
            self._record.notes[lines.to_look_at(node.name, flags)] = None

    def add_failure(self, task: Task, fail: BaseFail) -> None:
        """A task failed, or what it needs did."""
        if isinstance(fail, NotAttempted) or task.has_subtask or not task.actions:
            return  # of a group, its members have said why
        record, is_frame = self._record, facts_of(task).node is not None
        if isinstance(fail, InBatch) or self._waits_for_batch(fail):
            record.in_batch.add(task.name)
            record.batch_frames += is_frame
            if isinstance(fail, InBatch) and fail.message:
                self._line(f"[i] Not drawn: {self._label(task)}: {fail.message}")
        else:
            why = lines.reason(task, fail)
            self._session.failures[task.name] = why
            if not isinstance(fail, BadSource):
                self._say_failed(self._label(task), fail, why)
            elif why not in record.errors_said:
                record.errors_said.add(why)
                self._line(f"[!] {why}")
            record.failed += is_frame
        if is_frame:
            self._terminal.advance(failed=record.failed)

    def _say_failed(self, label: str, fail: BaseFail, why: str) -> None:
        """A line for one that failed; of thousands that fail for one reason the first few have one.

        What the budget has no room for differs in nothing but its name.
        """
        if isinstance(fail, Unpaid):
            reason, at_once = "not paid for", 1
        else:
            reason = "needs" if isinstance(fail, UnmetDependency) else why
            at_once = MOST_NAMED
        if self._record.is_news(reason, label, at_once):
            self._line(f"[!] Failed {label}: {why}")

    def _waits_for_batch(self, fail: BaseFail) -> bool:
        """Whether a frame failed only because what it is drawn from is in a batch."""
        if not isinstance(fail, UnmetDependency):
            return False
        in_batch = self._record.in_batch
        return bool(in_batch) and set(fail.message.split()) <= in_batch

    def skip_uptodate(self, task: Task) -> None:
        """A task that waited for another turned out to be up to date."""
        if facts_of(task).node:
            self._record.reused += 1
            self._terminal.advance(failed=self._record.failed)

    def skip_ignore(self, task: Task) -> None:
        """A task that `doit ignore` switched off."""
        self._line(f"[i] Ignored {self._label(task)} ({doit('forget', task.name)} ends that)")
        if facts_of(task).node:
            self._record.frames -= 1
            self._terminal.advance(failed=self._record.failed)

    def cleanup_error(self, exception: BaseFail) -> None:
        """A teardown failed."""
        self._line(f"[!] {exception.get_msg()}")

    def runtime_error(self, msg: str) -> None:
        """doit itself gave up."""
        self._record.errors.append(msg)

    def teardown_task(self, task: Task) -> None:
        """Nothing here has a teardown."""

    def complete_run(self) -> None:
        """The sum of the run, and where to look."""
        record, said = self._record, self._line
        self._terminal.close_bar()
        for line in [*record.notes, *lines.kept(record, self._approved_before)]:
            said(line)
        for text in record.errors:
            said(f"[!] {text}")
        for alike in record.unsaid():
            said(lines.likewise(alike))
        self._say_flags()
        if record.frames or record.reused:
            said(lines.total(record))
            self._say_spent()
            if record.failed:
                said(lines.after_failures(self._scope.forced))
        self._say_shown()

    def look_over(self) -> None:
        """Keep the figures of the run's frames, before doit records that these are done.

        In the other order, a run that was killed in between would leave frames without figures. Of
        those that were there already, an earlier run may have been killed before this.
        """
        frames = [*self._record.finished, *self._record.adopted]
        if not self._session.graph.engine.facts.paid or not frames:
            return
        try:
            self._flags = self._look(frames)
        except OSError as error:
            path = self._session.project.checks
            self._flags_problem = f"[!] {path} cannot be written: {error.strerror}"

    def _say_flags(self) -> None:
        """What a person should look at among the frames that were finished now."""
        record = self._record
        if self._flags_problem:
            self._line(self._flags_problem)
        for name in (node.name for node in record.finished if node.name in self._flags):
            record.flagged += 1
            self._line(lines.to_look_at(name, self._flags[name]))
        if record.flagged:
            self._line(lines.flagged(record.flagged))

    def _say_spent(self) -> None:
        purchase = self._session.builder.purchase if self._record.frames else None
        if purchase:
            policy = purchase.caller.policy
            for line in lines.spent(policy.budget, policy.shared.resume):
                self._line(line)

    def _say_shown(self) -> None:
        """The pictures to look at, each by its name."""
        tasks = (*self._scope.pending, *self._scope.settled)
        shown = [
            (name, task)
            for task in tasks
            if (name := facts_of(task).shows) and Path(task.targets[0]).is_file()
        ]
        # The page last: it shows all the others do, and more.
        for name, task in sorted(shown, key=lambda pair: pair[0] == "Review"):
            self._line(f"[i] {name}: {task.targets[0]}")
            for note in task.values.get("notes", ()):
                self._line(f"[i] {note}")

    def _label(self, task: Task) -> str:
        return lines.frame_label(task, one_pose=self._one_pose)
