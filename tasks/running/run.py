"""`doit run`, with what a build that costs money needs beyond doit's own.

- `-a` asks for a new take of what is named, and of nothing else; doit's own runs all below it too.
- Only what is out of date goes through the dispatcher, so that a no-op run stays quick.
- What a failure must not stop (the contact sheet) runs all the same.
"""

import contextlib
import gc
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from doit.action import PythonAction
from doit.cmd_run import Run as DoitRun
from doit.control import TaskControl
from doit.exceptions import InvalidCommand
from doit.runner import MThreadRunner, Runner
from doit.task import Stream, Task

from tasks.graph.node import Node
from tasks.graph.project import Project
from tasks.ground.errors import Mistake
from tasks.ground.files import open_plain, sweep_parts
from tasks.ground.memory import share_arena
from tasks.ground.say import say
from tasks.ground.wording import counted
from tasks.running import lines
from tasks.running.begin import INTERRUPTED
from tasks.running.free_task import say_set_aside
from tasks.running.interrupts import gentle_interrupt
from tasks.running.needs import check_needs
from tasks.running.options import OwnDefaults
from tasks.running.record import RunRecord
from tasks.running.reporter import Reported
from tasks.running.run_plan import RunPlan, RunScope
from tasks.running.selection import frames_of, members, select
from tasks.running.session import Session
from tasks.running.stale import Pending
from tasks.running.task_facts import facts_of
from tasks.spending.resume_command import ResumeCommand

if TYPE_CHECKING:
    from tasks.build.forecast import Forecast

MAX_WORKERS = 64
_READ_WHOLE_BYTES = 2**20
"""of `checks.json`: a larger one is read whole when frames are finished"""
NEW_TAKE = "new_take"
"""the option of a frame's task that asks for a new take"""
NEW_TAKES = "new_takes"
"""the option that asks for so many, and leaves the one in use where it is"""


class _OwnEnd(Runner):
    """Lets a task that comes last run although what it depends on failed; ends the run in order."""

    def finish(self) -> int:
        """Record what was done, once all that belongs to it is."""
        look_over = getattr(self.reporter, "look_over", None)  # only ours has it
        if look_over:
            look_over()
        return int(super().finish())

    def select_task(self, node: Any, tasks_dict: Mapping[str, Task]) -> bool:
        if facts_of(node.task).comes_last:
            node.ignored_deps = list[Any]()  # what is switched off is shown as it is
            node.bad_deps = list[Any]()
        return bool(super().select_task(node, tasks_dict))


class _SerialRunner(_OwnEnd, Runner):
    pass


class _ThreadRunner(_OwnEnd, MThreadRunner):
    pass


class Run(OwnDefaults, DoitRun):
    """Stands in for doit's own `run`: `[tool.doit.plugins.command]` in pyproject.toml."""

    name = "run"
    plan = RunPlan()
    """how this command's run differs; a command that is a run of its own kind sets its own"""

    @property
    def session(self) -> Session:
        """What this command shares with its tasks."""
        session: Session = self.loader.session
        return session

    def execute(self, params: Any, args: list[str]) -> int:
        """Load and run."""
        # Loading makes nothing but objects that live on: looking for garbage among those of ten
        # thousand tasks takes a third of the time of a run.
        gc.disable()
        try:
            return int(super().execute(params, args))
        except KeyboardInterrupt:
            raise SystemExit(INTERRUPTED) from None
        finally:
            gc.enable()

    def _execute(  # noqa: PLR0913, PLR0917 - doit passes its options by these names
        self,
        outfile: Any,
        verbosity: int | None = None,
        always: bool = False,
        continue_: bool = False,
        reporter: Any = "console",
        num_process: int = 0,
        par_type: str = "thread",
        single: bool = False,
        auto_delayed_regex: bool = False,
        force_verbosity: bool = False,
        failure_verbosity: int = 0,
        pdb: bool = False,
    ) -> int:
        _check_workers(num_process, par_type)
        PythonAction.pm_pdb = pdb
        self.control = TaskControl(self.task_list, auto_delayed_regex=auto_delayed_regex)
        self._select(single=single)
        scope = self._scope(num_process, self._forced(always=always))
        self.session.calls.limiter.open(max(1, num_process))
        self.session.calls.resume = self._resume(always=always)
        record = RunRecord()
        try:
            self._take_in(scope, record)
            forecast = self._forecast(scope)
            record.notes.update(dict.fromkeys(self._unreadable(scope)))
        except Mistake as error:
            raise InvalidCommand(str(error)) from error
        run = Reported(self.session, self.plan, scope, record, forecast, self._flags)
        stream = Stream(verbosity, force_verbosity)
        with _output(outfile) as outstream:
            self.outstream = outstream
            reporter_obj = self._reporter(reporter, outstream, failure_verbosity, run)
            arguments = [self.dep_manager, reporter_obj, continue_, False, stream]
            code = self._run_all(arguments, num_process)
            strict = self.session.options.get("strict", False)
            code = code or int(bool(strict) and record.flagged > 0)
            return self.plan.then(code, record)

    def _run_all(self, arguments: list[Any], workers: int) -> int:
        """Have doit run what is out of date; the exit code."""
        if workers and self.control.selected_tasks:
            share_arena()
        # Twice as many threads as slots: while one waits for its picture, another finishes.
        runner = _ThreadRunner(*arguments, 2 * workers) if workers else _SerialRunner(*arguments)
        gc.freeze()
        gc.enable()
        with gentle_interrupt(runner, self.session.calls):
            code = int(runner.run_all(self.control.task_dispatcher()))
        return self.session.calls.limiter.exit_code or code

    def _resume(self, *, always: bool) -> ResumeCommand:
        """What was typed, for the command that goes on."""
        plan, given = self.plan, self.session.project.variables.given
        words = (*plan.words, *(["-a"] if always else []))
        if plan.frame_pattern:
            return ResumeCommand(words, given, (plan.frame_pattern,), frame_option=True)
        names = () if self.sel_default_tasks else tuple(self.sel_tasks)
        return ResumeCommand(words, given, names)

    def _take_in(self, scope: RunScope, record: RunRecord) -> None:
        """Take in what earlier runs and batches have drawn since; before anything is drawn.

        Raises `Mistake`.
        """
        if scope.pending:
            check_needs(scope.workers)
        self._mend_checks()
        if scope.pending:
            _ = self.session.project.choices  # of a damaged file nobody knows what it says
            _tidy(self.session.project)
            self._look_at_batches(record)
        if self.plan.postpone and self.session.builder.purchase:
            self.session.builder.purchase.postpone = self.plan.postpone

    def _mend_checks(self) -> None:
        """Make `checks.json` anew where it is not what was written."""
        project = self.session.project
        if not project.checks.exists() or _looks_whole(project.checks):
            return
        from tasks.review.checks_file import read_rows

        if read_rows(project) is None:
            from tasks.review.checks import update_file

            nodes = project.graph.nodes
            update_file(project, nodes, (), self.session.character.checks, say_set_aside)

    def _look_at_batches(self, record: RunRecord) -> None:
        if not (self.session.project.store / "batches").is_dir():
            return
        from tasks.batch.open import open_batches

        builder = self.session.builder
        if builder.purchase:
            policy = builder.purchase.caller.policy
            batches = open_batches(builder.store, builder.generation, policy, say)
            fetched = batches.fetch()
            record.fetch_problem, record.turned_down = fetched.problem, fetched.turned_down
            record.batch_failures = fetched.failed
            policy.learn()

    def _forecast(self, scope: RunScope) -> "Forecast | None":
        """What will be done, and for how much; None where nothing is out of date."""
        pending = scope.frames(pending=True)
        if not pending:
            return None
        from tasks.build.forecast import RunOptions, forecast_of

        builder, plan = self.session.builder, self.plan
        purchase = builder.purchase
        options = RunOptions(
            scope.workers,
            scope.forced,
            plan.new_takes,
            purchase.in_batch() if purchase else {},
            as_batch=plan.postpone is not None,
        )
        estimator = purchase.caller.policy.estimator if purchase else None
        return forecast_of(builder, estimator, pending, scope.frames(pending=False), options)

    def _unreadable(self, scope: RunScope) -> Iterator[str]:
        """That frames which are drawn come out neutral, since their engine reads no words."""
        drawn = {node.expression for _, node, _ in scope.frames(pending=True)}
        if drawn and self.session.graph.engine.facts.from_base:
            names = [name for name in self.session.character.only_words if name in drawn]
            yield from filter(None, [lines.only_words(names)])

    def _flags(self, frames: Sequence[Node]) -> Mapping[str, Sequence[str]]:
        """Keep the figures of keyframes; what is flagged, by name. Raises OSError."""
        from tasks.review.checks import update_file

        project, thresholds = self.session.project, self.session.character.checks
        found = update_file(project, project.graph.nodes, frames, thresholds, say_set_aside)
        checked = ((node.name, found.get(node.name)) for node in frames)
        return {
            name: [flag.line for flag in one.flags] for name, one in checked if one and one.flags
        }

    def _forced(self, *, always: bool) -> frozenset[str]:
        """Have tasks run whatever their state; the names of those."""
        selected = self.control.selected_tasks
        if self.plan.new_takes:
            return force(self.control, selected, NEW_TAKES, self.plan.new_takes)
        return force(self.control, selected, NEW_TAKE, True) if always else frozenset()

    def _select(self, *, single: bool) -> None:
        """Find the tasks that are meant."""
        select(self.control, self.sel_tasks)
        for name in members(self.control, self.control.selected_tasks) if single else ():
            self.control.tasks[name].task_dep = []

    def _scope(self, workers: int, forced: frozenset[str]) -> RunScope:
        """Check what is out of date, and leave only that for the dispatcher."""
        _put_last(self.control, self.control.selected_tasks)
        pending = Pending(self.control.tasks, self.dep_manager)
        selected = pending.names(self.control.selected_tasks)
        pending.trim(selected)
        self.control.selected_tasks = selected
        settled, all_pending = tuple(pending.settled()), tuple(pending.all_pending())
        recorded = self.dep_manager.get_values
        return RunScope(workers, all_pending, settled, forced, recorded)

    def _reporter(
        self, reporter: Any, outstream: Any, failure_verbosity: int, run: Reported
    ) -> Any:
        chosen = self.reporters[reporter] if isinstance(reporter, str) else reporter
        if not isinstance(chosen, type):
            return chosen
        return chosen(outstream, {"failure_verbosity": failure_verbosity, "run": run})


def _tidy(project: Project) -> None:
    """Sweep what killed runs left half-written; take in what a full disk kept out of the store."""
    from tasks.takes.store import TakeStore

    costumes = ["", *(outfit.name for outfit in project.graph.costumes)]
    keyframes = map(project.frames_of, costumes)
    sequences = (each for name in costumes for each in project.sequences_of(name).glob("*/"))
    sweep_parts([project.built, *keyframes, *sequences, *project.store.glob("*/")])
    count = TakeStore(project.store).take_in_rescued()
    if count:
        say(f"[i] {counted(count, 'rescued take')} taken into {project.store}")


def _looks_whole(path: Path) -> bool:
    """Whether a JSON file may be left alone without reading it: a large one, with both its ends."""
    size = path.stat().st_size
    if size <= _READ_WHOLE_BYTES:
        return False
    with open_plain(path) as file:
        begin = file.read(1)
        file.seek(size - 2)
        return (begin, file.read().strip()) == (b"{", b"}")


def _check_workers(workers: int, par_type: str) -> None:
    if not 0 <= workers <= MAX_WORKERS:
        raise InvalidCommand(f"-n {workers}: from 0 to {MAX_WORKERS} workers are allowed")
    if workers and par_type != "thread":
        raise InvalidCommand(
            f"-P {par_type}: frames are drawn in threads, which share one client and one set of"
            " portraits; leave -P out"
        )


def force(
    control: TaskControl, selected: Iterable[str], option: str, value: bool | int
) -> frozenset[str]:
    """Have the selected tasks run whatever their state, frames with this option set."""
    named = list(selected)
    names = frozenset([*members(control, named), *frames_of(control, named)])
    for name in names:
        task = control.tasks[name]
        task.uptodate.append((False, [], {}))
        if any(param["name"] == option for param in task.params):
            task.cfg_values = {option: value}
            if task.options is not None:  # doit parsed its options when it was selected
                task.options[option] = value
    for name in names:
        # What a new take is made from is used as it is, where it is there at all.
        task = control.tasks[name]
        task.task_dep = [dep for dep in task.task_dep if dep in names or _lacks(control.tasks[dep])]
    return names


def _lacks(task: Task) -> bool:
    """Whether something that the task makes is not there."""
    return not task.targets or not all(Path(target).exists() for target in task.targets)


def _put_last(control: TaskControl, selected: Iterable[str]) -> None:
    """Have the contact sheet and exports wait for all else of this run, not only for what they are
    made of: frames, and the manifests of sequences."""
    names = dict.fromkeys(members(control, selected))
    last = [name for name in names if facts_of(control.tasks[name]).comes_last]
    for name in last:
        task = control.tasks[name]
        waits = {*task.task_dep, *last}
        task.task_dep.extend(other for other in names if other not in waits)


@contextlib.contextmanager
def _output(outfile: Any) -> Generator[Any]:
    """Where the reporter writes: a stream as it is, or a file by its name."""
    if not isinstance(outfile, str):
        yield outfile
        return
    try:
        stream = Path(outfile).open("w", encoding="utf-8")  # noqa: SIM115 - closed below
    except OSError as error:
        raise InvalidCommand(f"-o {outfile}: {error.strerror}") from error
    with stream:
        yield stream
