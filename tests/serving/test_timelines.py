"""Timelines on the served page: heard, edited and saved."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.conftest import Folder
from tests.harness.browser import browser, open_page
from tests.harness.served import Served, serving
from tests.harness.talking import describe, talking_folder

__all__ = ["browser"]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Folder:
    """A timeline with sound, drawn, and one that names what is not there."""
    folder = talking_folder(tmp_path_factory.mktemp("editor") / "project")
    describe(folder, "hi", audio="hi.wav", timing="hi.TextGrid")
    describe(folder, "lost", timing="nothing.txt")
    ran = folder.doit("timelines:hi:frames")
    assert ran.code == 0, ran.text
    return folder


@pytest.fixture(scope="module")
def served(project: Folder) -> Iterator[Served]:
    """It, served."""
    with serving(project) as running:
        yield running


@pytest.fixture
def opened(browser: Any, served: Served) -> Iterator[Any]:
    """The served page, at the timeline."""
    shown = open_page(browser, f"{served.address}#timelines/hi")
    shown.locator(".words .item").first.wait_for()
    yield shown
    assert not shown.errors
    shown.context.close()


def test_the_served_page_plays_by_the_sound(opened: Any):
    opened.locator("main").focus()
    opened.keyboard.press("Control+ArrowRight")
    opened.keyboard.press(" ")
    opened.locator("#timeline-play", has_text="Pause").wait_for()
    opened.locator("#timeline-play", has_text="Play").wait_for()
    assert "frame 36 of 36" in opened.locator(".timeline-now").inner_text()


def test_only_the_sound_of_a_timeline_is_given_out(served: Served):
    status, data = served.ask("sound?of=hi")
    assert (status, data[:4]) == (200, b"RIFF")
    for name in ("", "lost", "../hi", "nothing"):
        status, data = served.ask(f"sound?of={name}")
        assert status == 409
        assert "\n" not in json.loads(data)["error"]


def test_what_is_in_the_way_of_a_timeline_is_said(browser: Any, served: Served):
    page = open_page(browser, f"{served.address}#timelines/lost")
    page.locator("#timelines .failed", has_text="nothing.txt").wait_for()
    page.context.close()
