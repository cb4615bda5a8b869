"""What to do about what lies at a frame's path, from what it should be."""

from tasks.build.outcome import Step
from tasks.takes.frame import Existing, State
from tasks.takes.picks import Wanted


def decide(
    existing: Existing, wanted: Wanted, *, paid: bool, new_take: bool, finish: str = ""
) -> Step:
    """What to do for a frame that is to be made of the take `wanted`, finished by `finish`.

    Never draws what is there or was paid for, unless a new take is asked for; never puts a draft
    over a final, nor anything over an artist's work.
    """
    origin = existing.provenance if existing.state is State.OURS else None
    stored, key = wanted.record, wanted.key
    if origin and not origin.is_draft and not paid and (new_take or origin.request_key != key):
        return Step.KEEP_FINAL
    if new_take:
        return Step.DRAW
    if existing.state is State.BY_HAND:
        return Step.KEEP_BY_HAND
    # Where the take is elsewhere, its frame cannot be finished anew, and is good as it is.
    same = stored is None or (
        origin is not None and stored.id == origin.take and origin.finish == finish
    )
    if origin and origin.request_key == key and same:
        return Step.ADOPT
    return Step.RESTORE if stored else Step.DRAW
