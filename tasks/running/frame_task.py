"""How a frame's task may end beside success and failure."""

from doit.exceptions import TaskFailed


class NotAttempted(TaskFailed):  # type: ignore[misc]
    """The run ended before this frame's turn: nothing went wrong with it."""


class BadSource(TaskFailed):  # type: ignore[misc]
    """What a frame is made from cannot be used: as many frames as it has fail, for one reason."""


class InBatch(TaskFailed):  # type: ignore[misc]
    """A batch draws this frame: nothing went wrong with it."""
