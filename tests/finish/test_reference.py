"""What takes are held against."""

import threading
import time

import numpy as np

from tasks.finish.reference import Reference


def test_what_several_frames_need_is_worked_out_once_while_the_others_wait() -> None:
    reference = Reference(np.zeros((4, 4, 4), np.uint8), None)
    made, found = list[str](), list[str]()

    def make() -> str:
        made.append("made")
        time.sleep(0.05)
        return reference.once("inner", lambda: "inner")

    def ask() -> None:
        found.append(reference.once("outer", make))

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert made == ["made"]
    assert found == ["inner"] * 4
