"""`doit run`, with what a build that costs money needs beyond doit's own.

- `-a` asks for a new take of what is named, and of nothing else; doit's own runs all below it too.
- Only what is out of date goes through the dispatcher, so that a no-op run stays quick.
- What a failure must not stop (the contact sheet) runs all the same.
- Ctrl-C lets the calls in flight come home: they are billed whether anybody waits or not.
"""

import contextlib
import gc
import signal
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

from doit.action import PythonAction
from doit.cmd_run import Run as DoitRun
from doit.control import TaskControl
from doit.exceptions import InvalidCommand
from doit.runner import MThreadRunner, Runner
from doit.task import Stream, Task

from tasks.graph.project import Project
from tasks.ground.errors import Mistake
from tasks.ground.files import sweep_parts
from tasks.ground.wording import counted, printable
from tasks.running.options import OwnDefaults
from tasks.running.selection import frames_of, members, select
from tasks.running.session import current_project
from tasks.running.stale import Pending
from tasks.spending.in_flight import FLIGHTS, Flight
from tasks.spending.rate_limiter import GATE
from tasks.spending.resume_command import GOING_ON

MAX_WORKERS = 64
_STOPPING = ("SIGINT", "SIGTERM", "SIGHUP")
INTERRUPTED = 130
"""the exit code after Ctrl-C"""
NEW_TAKE = "new_take"
"""the option of a frame's task that asks for a new take"""
NEW_TAKES = "new_takes"
"""the option that asks for so many, and leaves the one in use where it is"""


@dataclass(frozen=True, slots=True)
class RunFacts:
    """What a run is going to do, for its reporter."""

    workers: int
    pending: tuple[Task, ...]
    settled: tuple[Task, ...]
    forced: frozenset[str]
    """names of the tasks that run because of `-a`"""
    new_takes: int = 0
    """how many new takes each frame gets while its own stays in use"""
    as_batch: bool = False
    """what is to be drawn goes into a batch"""
    recorded: Callable[[str], Mapping[str, Any]] = lambda _name: {}
    """what the last success of a task left in doit's database"""


class _DespiteFailures:
    """Lets a task that says so run although what it depends on failed; it is told which did."""

    def select_task(self, node: Any, tasks_dict: Mapping[str, Task]) -> bool:
        task = node.task
        if (task.meta or {}).get("despite_failures"):
            node.ignored_deps = []  # what is switched off is shown as it is
            if node.bad_deps:
                task.meta["failed"] = {
                    bad.task.name: (bad.task.meta or {}).get("why", "") for bad in node.bad_deps
                }
                node.bad_deps = []
        return bool(super().select_task(node, tasks_dict))  # type: ignore[misc]


class _SerialRunner(_DespiteFailures, Runner):  # type: ignore[misc]
    pass


class _ThreadRunner(_DespiteFailures, MThreadRunner):  # type: ignore[misc]
    pass


class Run(OwnDefaults, DoitRun):  # type: ignore[misc]
    """Stands in for doit's own `run`: `[tool.doit.plugins.command]` in pyproject.toml."""

    name = "run"
    new_takes = 0
    as_batch = False
    fetch_problem = ""
    """why batches could not be looked at, as was said"""

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
        forced = self._forced(self.control, self.control.selected_tasks, always=always)
        _put_last(self.control, self.control.selected_tasks)
        facts = self._look(num_process, forced)
        GATE.open(max(1, num_process))
        names = () if self.sel_default_tasks else tuple(self.sel_tasks)
        self._note_command(["doit", *(["-a"] if always else [])], names)
        self._before(facts)
        stream = Stream(verbosity, force_verbosity)
        with _output(outfile) as outstream:
            self.outstream = outstream
            reporter_obj = self._reporter(reporter, outstream, failure_verbosity, facts)
            arguments = [self.dep_manager, reporter_obj, continue_, False, stream]
            # Twice as many threads as places: while one waits for its picture, another finishes.
            runner = (
                _ThreadRunner(*arguments, 2 * num_process)
                if num_process
                else _SerialRunner(*arguments)
            )
            gc.freeze()
            gc.enable()
            with _gentle_interrupt(runner):
                code = int(runner.run_all(self.control.task_dispatcher()))
            code = GATE.exit_code or code
            strict = current_project().variables.of_command.get("strict", False)
            code = code or int(strict and getattr(reporter_obj, "flagged", 0) > 0)
            return self._after(code, getattr(reporter_obj, "failed", 0))

    def _note_command(self, words: Sequence[str], names: Sequence[str]) -> None:
        """Remember what was typed, for the command that goes on."""
        GOING_ON.begin(words, current_project().variables.given, names)

    def _before(self, facts: RunFacts) -> None:
        """Take in what batches have drawn since, where there is any; before anything is drawn."""
        if facts.pending:
            _tidy(current_project())
        if not facts.pending or not (current_project().store / "batches").is_dir():
            return
        from tasks.batch.open import open_batches
        from tasks.build.builder import builder_of

        builder = builder_of(current_project())
        if builder.purchase is None:
            return
        terms = builder.purchase.caller.terms
        try:
            batches = open_batches(builder.store, builder.generation, terms, _tell_out)
            self.fetch_problem = batches.fetch().problem
        except Mistake as error:
            raise InvalidCommand(str(error)) from error
        terms.learn()

    def _after(self, code: int, failed: int) -> int:
        """What is left to do when all tasks are done; the exit code. `failed`: frames."""
        del failed
        return code

    def _forced(
        self, control: TaskControl, selected: Iterable[str], *, always: bool
    ) -> frozenset[str]:
        """Have tasks run whatever their state; the names of those."""
        return force(control, selected, NEW_TAKE, True) if always else frozenset()

    def _select(self, *, single: bool) -> None:
        """Find the tasks that are meant."""
        select(self.control, self.sel_tasks)
        for name in members(self.control, self.control.selected_tasks) if single else ():
            self.control.tasks[name].task_dep = []

    def _look(self, workers: int, forced: frozenset[str]) -> RunFacts:
        """Check what is out of date, and leave only that for the dispatcher."""
        pending = Pending(self.control.tasks, self.dep_manager)
        selected = pending.names(self.control.selected_tasks)
        pending.trim(selected)
        self.control.selected_tasks = selected
        return RunFacts(
            workers,
            tuple(pending.all_pending()),
            tuple(pending.settled()),
            forced,
            new_takes=self.new_takes,
            as_batch=self.as_batch,
            recorded=self.dep_manager.get_values,
        )

    def _reporter(
        self, reporter: Any, outstream: Any, failure_verbosity: int, facts: RunFacts
    ) -> Any:
        chosen = self.reporters[reporter] if isinstance(reporter, str) else reporter
        if not isinstance(chosen, type):
            return chosen
        return chosen(outstream, {"failure_verbosity": failure_verbosity, "facts": facts})


def _tidy(project: Project) -> None:
    """Sweep what killed runs left half-written; take in what a full disk kept out of the store."""
    from tasks.takes.store import TakeStore

    sequences = project.sequences.glob("*/")
    sweep_parts([project.built, project.frames, *sequences, *project.store.glob("*/")])
    try:
        count = TakeStore(project.store).take_in_rescued()
    except Mistake as error:
        raise InvalidCommand(str(error)) from error
    if count:
        _tell_out(f"[i] {counted(count, 'rescued take')} taken into {project.store}")


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
    last = [name for name in names if (control.tasks[name].meta or {}).get("after_frames")]
    for name in last:
        task = control.tasks[name]
        waits = {*task.task_dep, *last}
        task.task_dep.extend(other for other in names if other not in waits)


@contextlib.contextmanager
def _output(outfile: Any) -> Iterator[Any]:
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


@contextlib.contextmanager
def _gentle_interrupt(runner: Runner) -> Iterator[None]:
    """On the first Ctrl-C (or SIGTERM) start nothing more and wait; on the second leave at once."""

    def stop(_number: int, _frame: FrameType | None) -> None:
        if runner._stop_running:  # noqa: SLF001 - doit has no other way to ask a runner to stop
            raise KeyboardInterrupt
        runner._stop_running = True  # noqa: SLF001
        runner.final_result = 1
        stopped_s.append(time.monotonic())
        GATE.close()
        waited_for.extend(FLIGHTS.now())
        _tell(f"\n{_stopping(waited_for)}")

    waited_for: list[Flight] = []
    stopped_s: list[float] = []
    try:
        before = {number: signal.signal(number, stop) for number in _signals()}
    except ValueError:  # not in the main thread: whoever runs doit there handles signals
        before = {}
    try:
        yield
        if waited_for:
            waited_s = time.monotonic() - stopped_s[0]
            pictures = counted(len(waited_for), "picture")
            _tell(f"[i] Waited {waited_s:.0f} s for {pictures}, so that nothing paid for is lost.")
    except KeyboardInterrupt:
        _tell(f"[!] Left at once. {_lost()}")
        raise SystemExit(INTERRUPTED) from None
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _stopping(flights: Sequence[Flight]) -> str:
    """What the first Ctrl-C leads to."""
    if not flights:
        return "[!] Stopping: no new picture is begun."
    longest_s = time.monotonic() - flights[0].began_s
    return (
        f"[!] Stopping: no new picture is begun. Waiting for {counted(len(flights), 'picture')}"
        f" being drawn for up to {longest_s:.0f} s already, since they are paid for;"
        " press Ctrl-C again to leave at once and lose them."
    )


def _lost() -> str:
    """Write off the calls under way; what was lost by that."""
    lost = FLIGHTS.now()
    for flight in lost:
        flight.lose()
    if not lost:
        return "Nothing was being drawn."
    names = ", ".join(flight.frame for flight in lost)
    return f"These were being drawn, are billed, and lost: {names}"


def _tell_out(line: str) -> None:
    """A line among those of the reporter."""
    with contextlib.suppress(OSError, ValueError):
        sys.stdout.write(printable(line, sys.stdout.encoding) + "\n")
        sys.stdout.flush()


def _tell(text: str) -> None:
    with contextlib.suppress(OSError, ValueError):  # the terminal may be gone
        sys.stderr.write(f"{text}\n")


def _signals() -> list[signal.Signals]:
    """Ctrl-C, kill, and a terminal that is closed, where the system has that."""
    return [signal.Signals[name] for name in _STOPPING if name in signal.Signals.__members__]
