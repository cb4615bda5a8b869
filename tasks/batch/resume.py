"""What to do about batches that a process left half submitted, and about what they uploaded."""

from dataclasses import replace

from tasks.batch.state import BatchState, Phase
from tasks.batch.tools import PASSING, BatchTools, age_text, title
from tasks.ground.advice import doit
from tasks.ground.wording import counted
from tasks.requests.batches import RemoteBatch
from tasks.requests.engine import EngineFailure


def give_up(tools: BatchTools, state: BatchState) -> None:
    """Let the requests of a batch go that was never created, and delete what it uploaded.

    Nothing was bought: they are free at once, whatever the endpoint says. Its process may have
    ended before it wrote down what an upload is called: they are found by their names. Raises
    `EngineFailure` where the endpoint cannot be asked now; uploads are deleted the next time.
    """
    over = replace(state, phase=Phase.OVER)
    tools.folder.write(over)
    try:
        mine = tools.patiently(
            lambda: [f.id for f in tools.service.files() if f.name.startswith(state.upload_name)]
        )
    except EngineFailure as failure:
        if failure.fault in PASSING:
            raise
        tools.folder.remove(over)  # an endpoint that lists no files keeps none of ours
        return
    over = replace(over, strays=tuple(mine))
    tools.folder.write(over)
    clean_up(tools, over)


def settle(tools: BatchTools, state: BatchState) -> BatchState:
    """Find out whether a batch that was being created has come to be.

    The state that it is in now: live, over, or as it was where it is too early to tell, or where
    it was submitted from another account. Raises `EngineFailure` where nobody can be asked.
    """
    found = find(tools, state)
    if found is None:
        early = tools.age_s(state) < tools.limits.settle_s
        if early or state.account != tools.service.account:
            tools.say(_unsettled(tools, state, early=early))
            return state
        found = fence(tools, state)
    if found:
        live = replace(state, phase=Phase.LIVE, batch=found.id)
        tools.folder.write(live)
        tools.say(f"[i] Batch {found.id} had been submitted when the process ended: it goes on")
        return live
    over = replace(state, phase=Phase.OVER)
    tools.folder.write(over)
    tools.say(
        f"[i] {title(state)} had not reached the endpoint: its"
        f" {counted(len(state.frames), 'request')} can be drawn again"
    )
    return over


def _unsettled(tools: BatchTools, state: BatchState, *, early: bool) -> str:
    if early:
        left_s = tools.limits.settle_s - tools.age_s(state)
        return (
            f"[i] {title(state)} is not to be seen at the endpoint yet;"
            f" whether it is there is certain in {age_text(left_s)}: run {doit('batch')} again then"
        )
    return (
        f"[!] {title(state)} was submitted with another key or endpoint: {_ask_there(tools, state)}"
    )


def _ask_there(tools: BatchTools, state: BatchState) -> str:
    return (
        f"run {doit('batch')} with that one, or give its"
        f" {counted(len(state.frames), 'request')} up by deleting {tools.folder.path(state)}"
    )


def unknown(tools: BatchTools, state: BatchState) -> bool:
    """Say of a live batch that the endpoint does not know it; whether it is lost for good."""
    if tools.age_s(state) < tools.limits.settle_s:
        tools.say(f"[i] {title(state)} is not to be seen at the endpoint yet")
        return False
    if state.account != tools.service.account:
        tools.say(
            f"[!] {title(state)} is not known here: it was submitted with another key or"
            f" endpoint; {_ask_there(tools, state)}"
        )
        return False
    tools.say(
        f"[!] {title(state)} is not known to the endpoint any more: its"
        f" {counted(len(state.frames), 'request')} can be drawn again"
    )
    return True


def find(tools: BatchTools, state: BatchState) -> RemoteBatch | None:
    """The batch at the provider, by its token, or by its input where tokens are not kept."""

    def look() -> RemoteBatch | None:
        return next((batch for batch in tools.service.batches() if is_of(batch, state)), None)

    return tools.patiently(look)


def is_of(batch: RemoteBatch, state: BatchState) -> bool:
    """Whether a batch at the provider is this one."""
    if batch.token:
        return batch.token == state.token
    return bool(batch.input_file) and batch.input_file == state.input_file


def fence(tools: BatchTools, state: BatchState) -> RemoteBatch | None:
    """Make sure that a batch that is not to be seen never comes to be; it, if it did all the same.

    Without its input a call that is still on its way creates nothing that draws.
    """
    tools.patiently(lambda: tools.service.delete_file(state.input_file))
    return find(tools, state)


def clean_up(tools: BatchTools, state: BatchState) -> None:
    """Delete the uploads of a batch that is over, but for those that others need; forget it."""
    others = [other for other in tools.folder.states() if other.name != state.name]
    needed = {
        file_id for other in others if other.phase is not Phase.OVER for file_id in other.uploads
    }

    def delete(file_id: str) -> None:
        tools.patiently(lambda: tools.service.delete_file(file_id))

    try:
        tools.side_by_side(delete, [file_id for file_id in state.uploads if file_id not in needed])
    except EngineFailure as failure:
        if failure.fault not in PASSING:
            tools.say(
                f"[i] What was uploaded for {state.batch or 'a batch'} cannot be deleted"
                f" ({failure}): it vanishes after seven days"
            )
            tools.folder.remove(state)
            return
        tools.say(
            f"[i] What was uploaded for {state.batch or 'a batch'} is still there ({failure});"
            f" the next {doit('batch')} deletes it"
        )
        return
    tools.folder.remove(state)
