"""Ctrl-C lets the calls in flight come home: they are billed whether anybody waits or not."""

import contextlib
import signal
import time
from collections.abc import Generator, Sequence
from types import FrameType
from typing import Any

from doit.runner import Runner

from tasks.ground.say import say_aside
from tasks.ground.wording import counted
from tasks.running.begin import INTERRUPTED
from tasks.spending.in_flight import CallInFlight, CallsInFlight
from tasks.spending.run_calls import RunCalls

_STOPPING = ("SIGINT", "SIGTERM", "SIGHUP")


@contextlib.contextmanager
def gentle_interrupt(runner: Runner, calls: RunCalls) -> Generator[None]:
    """On the first Ctrl-C (or SIGTERM) start nothing more and wait; on the second leave at once."""

    def stop(_number: int, _frame: FrameType | None) -> None:
        if runner._stop_running:  # noqa: SLF001 - doit has no other way to ask a runner to stop
            raise KeyboardInterrupt
        runner._stop_running = True  # noqa: SLF001
        runner.final_result = 1
        stopped_s.append(time.monotonic())
        calls.limiter.close()
        waited_for.extend(calls.in_flight.now())
        say_aside(f"\n{_stopping(waited_for)}")

    waited_for: list[CallInFlight] = []
    stopped_s: list[float] = []
    try:
        before: dict[int, Any] = {number: signal.signal(number, stop) for number in _signals()}
    except ValueError:  # not in the main thread: whoever runs doit there handles signals
        before = {}
    try:
        yield
        if waited_for:
            waited_s = time.monotonic() - stopped_s[0]
            pictures = counted(len(waited_for), "picture")
            say_aside(
                f"[i] Waited {waited_s:.0f} s for {pictures}, so that nothing paid for is lost."
            )
    except KeyboardInterrupt:
        say_aside(f"[!] Left at once. {_lost(calls.in_flight)}")
        raise SystemExit(INTERRUPTED) from None
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _stopping(calls: Sequence[CallInFlight]) -> str:
    """What the first Ctrl-C leads to."""
    if not calls:
        return "[!] Stopping: no new picture is begun."
    longest_s = time.monotonic() - calls[0].began_s
    return (
        f"[!] Stopping: no new picture is begun. Waiting for {counted(len(calls), 'picture')}"
        f" being drawn for up to {longest_s:.0f} s already, since they are paid for;"
        " press Ctrl-C again to leave at once and lose them."
    )


def _lost(in_flight: CallsInFlight) -> str:
    """Write off the calls in flight; what was lost by that."""
    lost = in_flight.now()
    for call in lost:
        call.lose()
    if not lost:
        return "Nothing was being drawn."
    names = ", ".join(call.frame for call in lost)
    return f"These were being drawn, are billed, and lost: {names}"


def _signals() -> list[signal.Signals]:
    """Ctrl-C, kill, and a terminal that is closed, where the system has that."""
    return [signal.Signals[name] for name in _STOPPING if name in signal.Signals.__members__]
