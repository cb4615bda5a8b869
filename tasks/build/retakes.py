"""New takes of a frame, side by side, while the one in use stays in use."""

import threading
from collections.abc import Callable

from tasks.build.builder import Builder
from tasks.build.step import Built, Step
from tasks.build.verdict import Situation, awaiting
from tasks.graph.node import Node, Role
from tasks.ground.errors import Mistake
from tasks.ground.wording import counted
from tasks.spending.rate_limiter import RateLimiter, Stopped
from tasks.takes.store import StoreFailure


def retake(builder: Builder, node: Node, count: int, limiter: RateLimiter) -> Built:
    """Put `count` new takes into the store; the frame is left as it is, or made if it is missing.

    Raises `Mistake` where one does not come; those that came are in the store.
    """
    if node.role == Role.FIT:  # the artist's own portrait has no takes
        return builder.build(node, new_take=False)
    known = builder.look(node)
    if known.awaits:
        raise Mistake(awaiting(known.awaits))
    builder.hold(known)
    failures = _side_by_side(count, lambda: _one(builder, known, limiter))
    _raise_what_ends_the_run(failures, count)
    # Up to date in any case: a frame that was not there is made of the newest of them.
    built = builder.build(node, new_take=False) if len(failures) < count else None
    if failures or built is None:
        came = counted(count - len(failures), "new take")
        raise Mistake(f"{came} of {count} came; {_said(failures)}")
    return Built(Step.RETAKE, built.notes, read=built.read)


def _one(builder: Builder, known: Situation, limiter: RateLimiter) -> None:
    with limiter.slot() as leave:
        try:
            builder.take_anew(known, leave)
        except StoreFailure:
            limiter.close()  # what cannot be kept must not be bought
            raise


def _side_by_side(count: int, work: Callable[[], None]) -> list[Exception]:
    """Do it so many times at once; what failed of that.

    In threads that do not keep the program from ending: whoever leaves at once does not wait.
    """
    failures: list[Exception] = []

    def attempt() -> None:
        try:
            work()
        except Exception as failure:
            failures.append(failure)

    threads = [threading.Thread(target=attempt, daemon=True) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return failures


def _raise_what_ends_the_run(failures: list[Exception], count: int) -> None:
    """Raise what is more than a take that did not come."""
    for failure in failures:
        if not isinstance(failure, Mistake) or isinstance(failure, StoreFailure):
            raise failure
    if len(failures) == count and all(isinstance(failure, Stopped) for failure in failures):
        raise failures[0]


def _said(failures: list[Exception]) -> str:
    """Why takes failed, each reason once."""
    return "; ".join(dict.fromkeys(str(failure) for failure in failures))
