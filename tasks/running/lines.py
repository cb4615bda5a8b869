"""What a run says, a line each: from what happened to text, and nothing else."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from doit.exceptions import BaseFail, TaskFailed, UnmetDependency
from doit.task import Task

from tasks.build.step import Step
from tasks.graph.node import Node
from tasks.ground.advice import doit
from tasks.ground.wording import budget_text, counted, dollars
from tasks.running.record import MOST_NAMED, Alike, RunRecord
from tasks.running.task_facts import facts_of
from tasks.spending.budget import Budget
from tasks.spending.resume_command import ResumeCommand, cents


def frame_label(task: Task, *, one_pose: bool) -> str:
    """What a task is called. Where the run is about one pose, the expression says it all."""
    node = facts_of(task).node
    if node is None:
        return str(task.name)
    return node.subject if one_pose and not node.place else node.name


def generating(count: int, new_takes: int, workers: int, *, one_pose: bool) -> str:
    """How much will be drawn."""
    what = counted(count, "expression" if one_pose else "frame")
    if new_takes:
        what = f"{counted(new_takes, 'new take')} of {what}"
    return f"[i] Generating {what} with {counted(max(1, workers), 'worker')}..."


def made(task: Task, node: Node, step: Step, new_takes: int, label: str) -> str:
    """What was done for a frame; empty where nobody needs to hear of it."""
    target = task.targets[0]
    # As the old script named it where its target follows.
    name = node.name if node.place else node.subject
    if step is Step.RETAKE:
        return (
            f"[✓] {label}: {counted(new_takes, 'new take')};"
            f" to see them: {doit('takes', '-f', node.name)}; to use one:"
            f" {doit('pick', '-f', node.name, '-t', 'NUMBER')}"
        )
    if step is Step.KEEP_BY_HAND:
        return (
            f"[=] Kept {label}: {target} was made or changed by hand;"
            f" to draw it anew: {doit('-a', task.name)}"
        )
    texts = {
        Step.DRAW: f"[✓] {name} -> {target}",
        Step.RESTORE: f"[=] {name} -> {target} (from the take store)",
        Step.MORPH: f"[=] {name} -> {target} (morphed)",
        Step.FIT: f"[=] {node.subject} -> {target} (the base image)",
    }
    return texts.get(step, "")


def reason(task: Task, fail: BaseFail) -> str:
    """One line for what a person can mend; all there is for a bug."""
    if isinstance(fail, UnmetDependency):
        names = ", ".join(name.partition(":")[2] or name for name in fail.message.split())
        how = "drawn" if facts_of(task).node else "made"
        return f"{names}, which it is {how} from, is not there"
    if isinstance(fail, TaskFailed) or not fail.traceback:
        return " ".join(str(fail.message).split())
    return f"this is a bug in the program, in {task.name}\n{fail.get_msg()}"


def kept(record: RunRecord, stale: Iterable[str]) -> Iterator[str]:
    """What stayed as it is; `stale`: approved frames that the config would have otherwise."""
    names = sorted({*stale, *record.stale})
    if names:
        shown = ", ".join(names[:MOST_NAMED]) + (", ..." if len(names) > MOST_NAMED else "")
        yield (
            f"[i] Approved, out of date: {shown}; kept as they are, until that is taken back:"
            f" {doit('approve', '--undo', '-f', names[0])}"
        )
    finals = record.steps[Step.KEEP_FINAL]
    if finals:
        yield (
            f"[i] Kept {counted(finals, 'final')} that only drafts could replace;"
            " what changed is drawn with a key and engine=auto or engine=openai"
        )


def to_look_at(name: str, flags: Sequence[str]) -> str:
    """A frame that a person should look at, and why."""
    return f"[?] Look at {name}: {'; '.join(flags)}"


def flagged(count: int) -> str:
    """How many of them there are."""
    return (
        f"[i] {counted(count, 'frame')} flagged; {doit('check', 'endpoints', 'sequences')} lists"
        f" all, {doit('retake', '-f', 'NAME')} draws another"
    )


def total(record: RunRecord) -> str:
    """The sum of the run."""
    reused = record.reused + record.steps.total() - record.drawn - record.kept
    counts = {
        "Reused": reused,
        "Kept": record.kept,
        "In a batch": record.batch_frames,
        "Not attempted": record.left,
    }
    shown = [f"{name}: {count}" for name, count in counts.items() if count > 0]
    return "[i] Done. " + ", ".join(
        [f"Success: {record.drawn}", f"Failed: {record.failed}", *shown]
    )


def spent(budget: Budget, resume: ResumeCommand) -> Iterator[str]:
    """What the run cost, and how to go on where the budget was too small."""
    if budget.spent_usd:
        yield f"[i] Spent {dollars(budget.spent_usd)}; {budget_text(budget.limit_usd)}"
    if budget.refused and budget.refused_usd:
        calls, about = counted(budget.refused, "call"), dollars(budget.refused_usd)
        again = resume.again(cents(budget.refused_usd))
        yield f"[i] {calls} not paid for, about {about}; to go on: {again}"


def only_words(names: Sequence[str]) -> str:
    """That expressions came out as neutral; empty where none did."""
    if not names:
        return ""
    shown = ", ".join(names[:MOST_NAMED]) + (", ..." if len(names) > MOST_NAMED else "")
    has, it = ("has", "it looks") if len(names) == 1 else ("have", "they look")
    return (
        f"[!] {shown}: {counted(len(names), 'expression')} {has} only words, which this engine does"
        f" not read, so that {it} neutral: give blendshapes, or values of axes, in the config, or"
        " draw with an engine that reads words (engine=openai)"
    )


def likewise(alike: Alike) -> str:
    """How many more failed for one reason."""
    more = ", ..." if alike.unsaid > len(alike.named) else ""
    return f"[!] {alike.unsaid:,} more failed as {alike.first} did: {', '.join(alike.named)}{more}"


def after_failures(forced: Iterable[str]) -> str:
    """How to go on after them."""
    if forced:
        return "[i] For another new take give the same command again; the earlier takes are in use."
    return "[i] The next run tries the failed ones again, and only those."


def approved_before(
    settled: Iterable[tuple[str, Node, Mapping[str, object]]],
) -> Iterator[str]:
    """The approved frames that an earlier run found out of date."""
    for _task, node, recorded in settled:
        if recorded.get("step") == Step.KEEP_APPROVED.value:
            yield node.name
