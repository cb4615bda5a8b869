"""How a frame's task may end beside success and failure."""

from doit.exceptions import TaskFailed


class NotAttempted(TaskFailed):  # type: ignore[misc]
    """The run ended before this frame's turn: nothing went wrong with it."""


class BadSource(TaskFailed):  # type: ignore[misc]
    """What a frame is made from cannot be used: as many frames as it has fail, for one reason."""


class Unpaid(TaskFailed):  # type: ignore[misc]
    """The budget has no room for this frame; for as many as are left, for one reason."""


class InBatch(TaskFailed):  # type: ignore[misc]
    """A batch draws this frame: nothing went wrong with it."""
