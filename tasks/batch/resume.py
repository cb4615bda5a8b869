"""What to do about batches that a process left half submitted, and about what they uploaded."""

from dataclasses import replace

from tasks.batch.desk import PASSING, Desk, age_text, title
from tasks.batch.state import BatchState, Phase
from tasks.ground.advice import doit
from tasks.ground.wording import counted
from tasks.requests.batches import RemoteBatch
from tasks.requests.engine import EngineFailure


def give_up(desk: Desk, state: BatchState) -> None:
    """Let the requests of a batch go that was never created, and delete what it uploaded.

    Nothing was bought: they are free at once, whatever the endpoint says. Its process may have
    ended before it wrote down what an upload is called: they are found by their names. Raises
    `EngineFailure` where the endpoint cannot be asked now; uploads are deleted the next time.
    """
    over = replace(state, phase=Phase.OVER)
    desk.folder.write(over)
    try:
        mine = desk.patiently(
            lambda: [f.id for f in desk.service.files() if f.name.startswith(state.upload_name)]
        )
    except EngineFailure as failure:
        if failure.fault in PASSING:
            raise
        desk.folder.remove(over)  # an endpoint that lists no files keeps none of ours
        return
    over = replace(over, strays=tuple(mine))
    desk.folder.write(over)
    clean_up(desk, over)


def settle(desk: Desk, state: BatchState) -> BatchState:
    """Find out whether a batch that was being created has come to be.

    The state that it is in now: live, over, or as it was where it is too early to tell, or where
    it was submitted from another account. Raises `EngineFailure` where nobody can be asked.
    """
    found = find(desk, state)
    if found is None:
        early = desk.age_s(state) < desk.limits.settle_s
        if early or state.account != desk.service.account:
            desk.say(_unsettled(desk, state, early=early))
            return state
        found = fence(desk, state)
    if found:
        live = replace(state, phase=Phase.LIVE, batch=found.id)
        desk.folder.write(live)
        desk.say(f"[i] Batch {found.id} had been submitted when the process ended: it goes on")
        return live
    over = replace(state, phase=Phase.OVER)
    desk.folder.write(over)
    desk.say(
        f"[i] {title(state)} had not reached the endpoint: its"
        f" {counted(len(state.frames), 'request')} can be drawn again"
    )
    return over


def _unsettled(desk: Desk, state: BatchState, *, early: bool) -> str:
    if early:
        left_s = desk.limits.settle_s - desk.age_s(state)
        return (
            f"[i] {title(state)} is not to be seen at the endpoint yet;"
            f" whether it is there is certain in {age_text(left_s)}: run {doit('batch')} again then"
        )
    return (
        f"[!] {title(state)} was submitted with another key or endpoint: {_ask_there(desk, state)}"
    )


def _ask_there(desk: Desk, state: BatchState) -> str:
    return (
        f"run {doit('batch')} with that one, or give its"
        f" {counted(len(state.frames), 'request')} up by deleting {desk.folder.path(state)}"
    )


def unknown(desk: Desk, state: BatchState) -> bool:
    """Say of a live batch that the endpoint does not know it; whether it is lost for good."""
    if desk.age_s(state) < desk.limits.settle_s:
        desk.say(f"[i] {title(state)} is not to be seen at the endpoint yet")
        return False
    if state.account != desk.service.account:
        desk.say(
            f"[!] {title(state)} is not known here: it was submitted with another key or"
            f" endpoint; {_ask_there(desk, state)}"
        )
        return False
    desk.say(
        f"[!] {title(state)} is not known to the endpoint any more: its"
        f" {counted(len(state.frames), 'request')} can be drawn again"
    )
    return True


def find(desk: Desk, state: BatchState) -> RemoteBatch | None:
    """The batch at the provider, by its token, or by its input where tokens are not kept."""

    def look() -> RemoteBatch | None:
        return next((batch for batch in desk.service.batches() if is_of(batch, state)), None)

    return desk.patiently(look)


def is_of(batch: RemoteBatch, state: BatchState) -> bool:
    """Whether a batch at the provider is this one."""
    if batch.token:
        return batch.token == state.token
    return bool(batch.input_file) and batch.input_file == state.input_file


def fence(desk: Desk, state: BatchState) -> RemoteBatch | None:
    """Make sure that a batch that is not to be seen never comes to be; it, if it did all the same.

    Without its input a call that is still on its way creates nothing that draws.
    """
    desk.patiently(lambda: desk.service.delete_file(state.input_file))
    return find(desk, state)


def clean_up(desk: Desk, state: BatchState) -> None:
    """Delete the uploads of a batch that is over, but for those that others need; forget it."""
    others = [other for other in desk.folder.states() if other.name != state.name]
    needed = {
        file_id for other in others if other.phase is not Phase.OVER for file_id in other.uploads
    }

    def delete(file_id: str) -> None:
        desk.patiently(lambda: desk.service.delete_file(file_id))

    try:
        desk.side_by_side(delete, [file_id for file_id in state.uploads if file_id not in needed])
    except EngineFailure as failure:
        if failure.fault not in PASSING:
            desk.say(
                f"[i] What was uploaded for {state.batch or 'a batch'} cannot be deleted"
                f" ({failure}): it vanishes after seven days"
            )
            desk.folder.remove(state)
            return
        desk.say(
            f"[i] What was uploaded for {state.batch or 'a batch'} is still there ({failure});"
            f" the next {doit('batch')} deletes it"
        )
        return
    desk.folder.remove(state)
