"""What is worth keeping between frames: a small store, shared by all threads."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Generic, TypeVar

Value = TypeVar("Value")


class Memo(Generic[Value]):
    """The last few values by key, each computed once however many threads ask for it.

    Only pure functions of the key belong here: a value that was forgotten is computed again,
    and must come out the same.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._lock = Lock()
        self._slots: OrderedDict[Hashable, _Slot[Value]] = OrderedDict()

    def get(self, key: Hashable, compute: Callable[[], Value]) -> Value:
        """The value of `key`; threads that ask while it is computed wait for it."""
        with self._lock:
            slot = self._slots.setdefault(key, _Slot())
            self._slots.move_to_end(key)
            while len(self._slots) > self._limit:
                self._slots.popitem(last=False)
        return slot.get(compute)


class _Slot(Generic[Value]):
    def __init__(self) -> None:
        self._lock = Lock()
        self._found: list[Value] = []

    def get(self, compute: Callable[[], Value]) -> Value:
        with self._lock:
            if not self._found:
                self._found.append(compute())
            return self._found[0]
