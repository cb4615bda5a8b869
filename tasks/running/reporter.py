"""What a run says: one line a frame, a progress bar in a terminal, the sum at the end."""

import contextlib
import os
import sys
import threading
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from doit.exceptions import BaseFail, TaskFailed, UnmetDependency
from doit.task import Task

from tasks.build.step import Step
from tasks.graph.node import Node
from tasks.ground.advice import doit
from tasks.ground.wording import budget_text, counted, dollars, printable
from tasks.running.frame_task import InBatch, NotAttempted
from tasks.running.run import RunFacts
from tasks.running.session import current_graph, current_project
from tasks.spending.rate_limiter import GATE
from tasks.spending.resume_command import GOING_ON, cents

if TYPE_CHECKING:
    from tasks.build.forecast import Forecast
    from tasks.running.bar import Bar

_NO_FACTS = RunFacts(0, (), (), frozenset())


class Reporter:
    """doit's reporter for this project. Called from the main thread and from all workers."""

    desc = "one line a frame, with a progress bar in a terminal"

    def __init__(self, outstream: Any, options: dict[str, Any]) -> None:
        self._out = outstream
        self._facts: RunFacts = options.get("facts", _NO_FACTS)
        self._frames = [task for task in self._facts.pending if _node(task)]
        settled = [task for task in self._facts.settled if _node(task)]
        self._settled = self._reused = len(settled)
        # Where the run is about one pose, the expression's name says it all.
        nodes = [_node_of(task) for task in (*self._frames, *settled)]
        self._one_pose = len({node.pose for node in nodes}) <= 1 and not any(
            node.place for node in nodes
        )
        self._steps: Counter[Step] = Counter()
        self._failed = 0
        self._notes: dict[str, None] = {}
        self._stale: list[str] = []
        """approved frames that would have been made anew"""
        self._errors: list[str] = []
        self._finished: list[Node] = []
        """frames that were made of takes in this run"""
        self.flagged = 0
        """how many of them a person should look at"""
        self._batch_frames = 0
        self._in_batch: set[str] = set()
        """tasks of frames that a batch draws, and of those that are made from them"""
        self._bar: Bar | None = None
        self._lock = threading.Lock()

    @property
    def failed(self) -> int:
        """How many frames failed."""
        return self._failed

    def initialize(self, _tasks: dict[str, Task], _selected: list[str]) -> None:
        """Say which engine draws, and how much."""
        if not self._frames and not self._reused:
            return
        choice = current_graph().engine
        self._line(f"[i] Engine: {choice.name} ({choice.why})")
        forecast = self._forecast()
        to_draw = len(forecast.draws()) if forecast else 0
        if forecast and forecast.calls():
            self._line(f"[i] Plan: {forecast.summary()}; {budget_text(forecast.budget_usd)}")
        if to_draw and not self._facts.as_batch:
            what = counted(to_draw, "expression" if self._one_pose else "frame")
            if self._facts.new_takes:
                what = f"{counted(self._facts.new_takes, 'new take')} of {what}"
            workers = counted(max(1, self._facts.workers), "worker")
            self._line(f"[i] Generating {what} with {workers}...")
        GATE.tell = self._line
        if self._frames and self._out and self._out.isatty():
            from tasks.running.bar import Bar

            self._bar = Bar(self._out, len(self._frames))

    def get_status(self, task: Task) -> None:
        """Nothing to say before it is known what happens."""

    def execute_task(self, task: Task) -> None:
        """A task begins; called from a worker."""

    def add_success(self, task: Task) -> None:
        """A task is done."""
        node = _node(task)
        if node:
            self._steps[Step(task.values["step"])] += 1
            self._say_done(node, task)
            if Step(task.values["step"]) in {Step.DRAW, Step.RESTORE}:
                self._note_finished(node, task.values["flags"])
            self._advance()

    def add_failure(self, task: Task, fail: BaseFail) -> None:
        """A task failed, or what it needs did."""
        if isinstance(fail, NotAttempted) or task.has_subtask or not task.actions:
            return  # of a group, its members have said why
        if isinstance(fail, InBatch) or self._waits_for_batch(fail):
            self._in_batch.add(task.name)
            self._batch_frames += _node(task) is not None
            if isinstance(fail, InBatch) and fail.message:
                self._line(f"[i] Not drawn: {self._label(task)}: {fail.message}")
            self._advance()
            return
        why = self._reason(task, fail)
        task.meta = {**(task.meta or {}), "why": why}  # for what shows failures: sheet, review
        self._line(f"[!] Failed {self._label(task)}: {why}")
        if _node(task):
            self._failed += 1
            self._advance()

    def _waits_for_batch(self, fail: BaseFail) -> bool:
        """Whether a frame failed only because what it is drawn from is in a batch."""
        if not isinstance(fail, UnmetDependency):
            return False
        return bool(self._in_batch) and set(fail.message.split()) <= self._in_batch

    def skip_uptodate(self, task: Task) -> None:
        """A task that waited for another turned out to be up to date."""
        if _node(task):
            self._reused += 1
            self._advance()

    def skip_ignore(self, task: Task) -> None:
        """A task that `doit ignore` switched off."""
        self._line(f"[i] Ignored {self._label(task)} ({doit('forget', task.name)} ends that)")
        if _node(task):
            self._frames.remove(task)
            self._advance()

    def cleanup_error(self, exception: BaseFail) -> None:
        """A teardown failed."""
        self._line(f"[!] {exception.get_msg()}")

    def runtime_error(self, msg: str) -> None:
        """doit itself gave up."""
        self._errors.append(msg)

    def teardown_task(self, task: Task) -> None:
        """Nothing here has a teardown."""

    def complete_run(self) -> None:
        """The sum of the run, and where to look."""
        if self._bar:
            with contextlib.suppress(OSError):
                self._bar.close()
            self._bar = None
        for line in [*self._notes, *self._kept_lines(), *(f"[!] {text}" for text in self._errors)]:
            self._line(line)
        for line in self._flag_lines():
            self._line(line)
        if self._frames or self._reused:
            self._line(f"[i] Done. {self._sum()}")
            for line in self._spent_lines():
                self._line(line)
            if self._failed:
                self._line(f"[i] {self._advice()}")
        for line in self._shown():
            self._line(line)

    def _advice(self) -> str:
        """How to go on after failures."""
        if self._facts.forced:
            return "For another new take give the same command again; the earlier takes are in use."
        return "The next run tries the failed ones again, and only those."

    def _forecast(self) -> "Forecast | None":
        """What will be done, and for how much; None where nothing is out of date."""
        if not self._frames:
            return None
        from tasks.build.builder import builder_of
        from tasks.build.forecast import Wish, forecast_of

        facts, builder = self._facts, builder_of(current_project())
        return forecast_of(
            builder,
            builder.purchase.caller.terms.estimator if builder.purchase else None,
            self._recorded(self._frames),
            self._recorded(facts.settled),
            Wish(
                facts.workers,
                facts.forced,
                facts.new_takes,
                builder.purchase.in_batch() if builder.purchase else {},
                facts.as_batch,
            ),
        )

    def _recorded(self, tasks: Iterable[Task]) -> list[tuple[str, Node, Mapping[str, Any]]]:
        """The frames among tasks, each with what its last success left."""
        nodes = ((task.name, _node(task)) for task in tasks)
        return [(name, node, self._facts.recorded(name)) for name, node in nodes if node]

    def _say_done(self, node: Node, task: Task) -> None:
        target, step = task.targets[0], Step(task.values["step"])
        for note in task.values["notes"]:
            self._notes.setdefault(f"[i] {note}")
        if step is Step.KEEP_APPROVED:
            self._stale.append(node.name)
        elif step is Step.DRAW:
            self._line(f"[✓] {self._short_name(node)} -> {target}")
        elif step is Step.RETAKE:
            self._line(
                f"[✓] {self._label(task)}: {counted(self._facts.new_takes, 'new take')};"
                f" to see them: {doit('takes', '-f', node.name)}; to use one:"
                f" {doit('pick', '-f', node.name, '-t', 'NUMBER')}"
            )
        elif step is Step.RESTORE:
            self._line(f"[=] {self._short_name(node)} -> {target} (from the take store)")
        elif step is Step.MORPH:
            self._line(f"[=] {self._short_name(node)} -> {target} (morphed)")
        elif step is Step.FIT:
            self._line(f"[=] {node.expression} -> {target} (the base image)")
        elif step is Step.KEEP_BY_HAND:
            self._line(
                f"[=] Kept {self._label(task)}: {target} was made or changed by hand;"
                f" to draw it anew: {doit('-a', task.name)}"
            )

    def _kept_lines(self) -> Iterator[str]:
        yield from self._stale_lines()
        finals = self._steps[Step.KEEP_FINAL]
        if finals:
            yield (
                f"[i] Kept {counted(finals, 'final')} that only drafts could replace;"
                " what changed is drawn with a key and engine=auto or engine=openai"
            )

    def _stale_lines(self) -> Iterator[str]:
        """The approved frames that the config would have otherwise, also those of earlier runs."""
        settled = [
            node.name
            for _, node, recorded in self._recorded(self._facts.settled)
            if recorded.get("step") == Step.KEEP_APPROVED.value
        ]
        names = sorted({*settled, *self._stale})
        if names:
            shown = ", ".join(names[:5]) + (", ..." if len(names) > 5 else "")
            yield (
                f"[i] Approved, out of date: {shown}; kept as they are, until that is taken back:"
                f" {doit('approve', '--undo', '-f', names[0])}"
            )

    def _sum(self) -> str:
        kept = sum(
            self._steps[step] for step in (Step.KEEP_BY_HAND, Step.KEEP_APPROVED, Step.KEEP_FINAL)
        )
        done = self._steps.total()
        drawn = self._steps[Step.DRAW] + self._steps[Step.RETAKE]
        reused = self._reused + done - drawn - kept
        # Frames that turned out up to date while the run went on are reused, not left.
        batch = self._batch_frames
        left = len(self._frames) - done - self._failed - batch - (self._reused - self._settled)
        counts = {"Reused": reused, "Kept": kept, "In a batch": batch, "Not attempted": left}
        shown = [f"{name}: {count}" for name, count in counts.items() if count > 0]
        return ", ".join([f"Success: {drawn}", f"Failed: {self._failed}", *shown])

    def _note_finished(self, node: Node, flags: list[str]) -> None:
        if not node.place:
            self._finished.append(node)
        elif flags:
            self.flagged += 1
            self._notes.setdefault(f"[?] Look at {node.name}: {'; '.join(flags)}")

    def _flag_lines(self) -> Iterator[str]:
        """What a person should look at among the frames that were finished now."""
        if not current_graph().engine.facts.paid or not self._finished:
            return
        from tasks.build.builder import builder_of
        from tasks.review.checks import update_file

        project, nodes = current_project(), current_graph().nodes
        try:
            thresholds = builder_of(project).thresholds
            looked_at = update_file(project, nodes, self._finished, thresholds)
        except OSError as error:
            yield f"[!] {project.checks} cannot be written: {error.strerror}"
            return
        for node in self._finished:
            checked = looked_at.get(node.name)
            if checked and checked.flags:
                self.flagged += 1
                why = "; ".join(flag.line for flag in checked.flags)
                yield f"[?] Look at {node.name}: {why}"
        if self.flagged:
            frames = counted(self.flagged, "frame")
            yield (
                f"[i] {frames} flagged; {doit('check', 'endpoints', 'sequences')} lists all,"
                f" {doit('retake', '-f', 'NAME')} draws another"
            )

    def _spent_lines(self) -> Iterator[str]:
        """What the run cost, and how to go on where the budget was too small."""
        if not self._frames:
            return
        from tasks.build.builder import builder_of

        purchase = builder_of(current_project()).purchase
        budget = purchase.caller.terms.budget if purchase else None
        if budget is None:
            return
        if budget.spent_usd:
            yield f"[i] Spent {dollars(budget.spent_usd)}; {budget_text(budget.limit_usd)}"
        if budget.refused and budget.refused_usd:
            calls, about = counted(budget.refused, "call"), dollars(budget.refused_usd)
            command = GOING_ON.again(cents(budget.refused_usd))
            yield f"[i] {calls} not paid for, about {about}; to go on: {command}"

    def _shown(self) -> Iterator[str]:
        """The pictures to look at, each by its name."""
        shown = [
            (name, task)
            for task in (*self._facts.pending, *self._facts.settled)
            if (name := (task.meta or {}).get("shows")) and Path(task.targets[0]).is_file()
        ]
        # The page last: it shows all the others do, and more.
        for name, task in sorted(shown, key=lambda pair: pair[0] == "Review"):
            yield f"[i] {name}: {task.targets[0]}"
            yield from (f"[i] {note}" for note in task.values.get("notes", ()))

    def _reason(self, task: Task, fail: BaseFail) -> str:
        """One line for what a person can mend; all there is for a bug."""
        if isinstance(fail, UnmetDependency):
            names = ", ".join(name.partition(":")[2] or name for name in fail.message.split())
            made = "drawn" if _node(task) else "made"
            return f"{names}, which it is {made} from, is not there"
        if isinstance(fail, TaskFailed) or not fail.traceback:
            return " ".join(str(fail.message).split())
        return f"this is a bug in the program, in {task.name}\n{fail.get_msg()}"

    def _label(self, task: Task) -> str:
        node = _node(task)
        if node is None:
            return str(task.name)
        return node.expression if self._one_pose and not node.place else node.name

    @staticmethod
    def _short_name(node: Node) -> str:
        """As the old script named it where its target follows."""
        return node.name if node.place else node.expression

    def _advance(self) -> None:
        if self._bar:
            with contextlib.suppress(OSError):
                self._bar.advance(failed=self._failed)

    def _line(self, text: str) -> None:
        """One line. Nobody left to read it (`| head`, a closed terminal) is no reason to stop."""
        with self._lock:
            try:
                if self._bar:
                    self._bar.print(text)
                elif self._out:
                    encoding = getattr(self._out, "encoding", None)
                    self._out.write(printable(text, encoding) + "\n")
                    self._out.flush()
            except (OSError, ValueError):
                self._mute()

    def _mute(self) -> None:
        """Say nothing more; calls in flight are awaited all the same."""
        self._bar = None
        if self._out is sys.stdout:
            # Python flushes it once more at the end, and would complain of the closed pipe.
            sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115, PTH123
        self._out = None


def _node(task: Task) -> Node | None:
    """The frame that a task draws; None for any other task."""
    node = (task.meta or {}).get("node")
    return node if isinstance(node, Node) else None


def _node_of(task: Task) -> Node:
    node = _node(task)
    assert node is not None  # noqa: S101 - only ever asked of frames' tasks
    return node
