"""`doit watch`: drafts that follow every save."""

import json
import time
from collections.abc import Callable

from tests.conftest import Folder, portrait
from tests.harness.images_server import ImagesServer
from tests.harness.served import serving

_WAIT_S = 40


def until(true: Callable[[], object]) -> None:
    """Wait for it."""
    end_s = time.monotonic() + _WAIT_S
    while not true():
        assert time.monotonic() < end_s, "it did not come"
        time.sleep(0.05)


def drawn_as_asked(folder: Folder) -> bool:
    """Whether every frame of the default pose is as the config has it."""
    ran = folder.doit("plan", "--json", "engine=puppet", "endpoints:*__center")
    planned = json.loads(ran.out)
    return planned["draw"] == 0 and planned["restore"] == 0


def test_fifty_quick_saves_with_mistakes_among_them_end_in_the_last(free: Folder):
    config = free.config
    with serving(free, "watch") as served:
        until(lambda: free.frame("sad__center").is_file())
        for number in range(50):
            mouth = "smile_soft" if number % 2 else "frown"
            config["expressions"]["sad"] = {"mouth": mouth, "prompt": f"save {number}"}
            free.write_config(config)
            if number % 10 == 5:
                (free.path / "expressions.json").write_text('{"character": ')
            time.sleep(0.02)
        until(lambda: drawn_as_asked(free))
        # The plan may have read the last save before the watcher looked.
        until(lambda: served.data()["problem"] == "")
        (free.path / "expressions.json").write_text('{"character": ')
        until(lambda: "expressions.json" in served.data()["problem"])
        assert served.data()["frames"]
        free.write_config(config)
        until(lambda: served.data()["problem"] == "")


def test_a_new_portrait_is_followed_and_a_final_stays(paid: Folder, server: ImagesServer):
    assert paid.doit("endpoints:sad__center").code == 0
    final, calls = paid.frame("sad__center").read_bytes(), len(server.calls)
    with serving(paid, "watch"):
        until(lambda: paid.frame("happy_big__center").is_file())
        before = paid.frame("happy_big__center").read_bytes()
        image = portrait()
        image.putpixel((10, 60), (0, 200, 0, 255))
        image.save(paid.path / "frames/base/neutral__center.png")
        until(lambda: paid.frame("happy_big__center").read_bytes() != before)
    assert paid.frame("sad__center").read_bytes() == final
    assert len(server.calls) == calls


def test_a_named_engine_draws_what_a_save_changed_within_one_budget(
    paid: Folder, server: ImagesServer
):
    assert paid.doit("endpoints:*__center").code == 0
    calls = len(server.calls)
    config = paid.config
    with serving(paid, "watch", "engine=openai", "budget=0.25") as served:
        served.data()
        config["expressions"]["sad"]["prompt"] = "once"
        paid.write_config(config)
        until(lambda: len(server.calls) == calls + 1)
        until(lambda: "final" in served.marks("sad__center"))
        time.sleep(1)
        config["expressions"]["sad"]["prompt"] = "twice"
        paid.write_config(config)
        until(lambda: "not paid for" in json.dumps(served.data()))
    assert len(server.calls) == calls + 1
