"""The served page in a browser: what its buttons do, by mouse and by keyboard alone."""

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Folder, make_folder
from tests.harness.browser import browser, close_page, open_page, violations
from tests.harness.images_server import ImagesServer, Reply
from tests.harness.served import Served, serving

__all__ = ["browser"]


@pytest.fixture(scope="module")
def images() -> Iterator[ImagesServer]:
    """An endpoint for all tests of this module."""
    with ImagesServer() as running:
        yield running


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory, images: ImagesServer) -> Folder:
    """The small character, drawn by the endpoint."""
    folder = make_folder(tmp_path_factory.mktemp("pages") / "project", images.environment())
    assert folder.doit("endpoints:*__center").code == 0
    return folder


@pytest.fixture(scope="module")
def served(project: Folder) -> Iterator[Served]:
    """It, served."""
    with serving(project) as running:
        yield running


@pytest.fixture
def opened(browser: Any, served: Served) -> Iterator[Any]:
    """The served page."""
    shown = open_page(browser, served.address)
    yield shown
    assert not shown.errors
    close_page(shown)


def entry(project: Folder, name: str) -> Any:
    """What takes.json has of a frame."""
    path = project.path / "takes.json"
    return json.loads(path.read_text()).get(name) if path.exists() else None


def at(page: Any, name: str) -> None:
    """Go to a frame, and wait for it."""
    page.goto(page.url.split("#")[0] + f"#{name}")
    page.wait_for_function(f"(document.querySelector('#frame h2') || {{}}).innerText === '{name}'")


def said(page: Any, text: str) -> None:
    """Wait until the page says something."""
    page.locator("#said").filter(has_text=text).wait_for()


def test_approving_by_mouse_writes_takes_json_and_is_taken_back(opened: Any, project: Folder):
    at(opened, "sad__center")
    opened.click("button.approve")
    said(opened, "1 frame approved")
    assert entry(project, "sad__center") == {"approved": True}
    opened.locator("#frame .badge.approved").wait_for()
    assert opened.locator("#decisions").is_hidden()
    opened.click("#undo")
    said(opened, "Taken back: sad__center: approved")
    assert entry(project, "sad__center") is None
    opened.locator("#frame .badge.approved").wait_for(state="detached")


def test_the_artists_portrait_is_no_draft(served: Served):
    marks = [served.marks(name)[-1] for name in ("neutral__center", "sad__center")]
    assert marks == ["portrait", "final"]


def test_deciding_by_keyboard_alone(opened: Any, project: Folder):
    opened.locator("#grid a[data-name]").first.wait_for()
    opened.keyboard.press("/")
    opened.keyboard.type("sad center")
    opened.keyboard.press("Escape")
    opened.keyboard.press("j")
    opened.keyboard.press("a")
    said(opened, "1 frame approved")
    opened.keyboard.press("u")
    said(opened, "Taken back")
    opened.keyboard.press("j")
    opened.keyboard.press("r")
    opened.keyboard.type("the brows=higher & <b>")
    opened.keyboard.press("Tab")
    opened.keyboard.press("Enter")
    said(opened, "rejected")
    assert list(entry(project, "sad__center")["rejected"].values()) == ["the brows=higher & <b>"]
    opened.keyboard.press("u")
    said(opened, "Taken back: sad__center: rejected")
    assert entry(project, "sad__center") is None


def test_new_takes_are_drawn_followed_and_picked_and_the_pick_is_taken_back(
    opened: Any, project: Folder, images: ImagesServer
):
    before = project.frame("sad__center").read_bytes()
    calls = len(images.calls)
    at(opened, "sad__center")
    takes = opened.locator(".take-list li").count()
    opened.keyboard.press("n")
    opened.keyboard.type("2")
    opened.keyboard.press("Enter")
    opened.locator("#run .counted").filter(has_text="is done").wait_for()
    assert len(images.calls) == calls + 2
    assert project.frame("sad__center").read_bytes() == before
    last = takes + 2
    opened.click(f"[aria-label='Use take {last}']")
    said(opened, f"take {last} of {last}")
    assert project.frame("sad__center").read_bytes() != before
    opened.locator(".take-list li.in-use", has_text=f"Take {last}").wait_for()
    opened.click("#undo")
    said(opened, "Taken back")
    assert project.frame("sad__center").read_bytes() == before
    opened.locator(f"[aria-label='Use take {last}']").wait_for()


def test_two_pages_see_a_run_and_the_frames_as_they_come(
    browser: Any, served: Served, project: Folder, images: ImagesServer
):
    pages = [open_page(browser, served.address) for _ in range(2)]
    images.reply = lambda call: Reply(delay_s=0.2 * call.number % 1)
    at(pages[0], "sad__tilt_left_small")
    pages[0].click("text=Draw it")
    pages[0].locator("#note", has_text="By openai, about $").wait_for()
    pages[0].keyboard.press("Enter")
    for page in pages:
        page.locator("#run .counted").filter(has_text="is done").wait_for()
    # The second page does something else meanwhile, and both have the same in the end.
    at(pages[1], "happy_big__center")
    pages[1].keyboard.press("a")
    said(pages[1], "1 frame approved")
    pages[0].locator("#frame .stage img").first.wait_for()
    pages[0].click("text=All frames")
    pages[0].locator("[id='cell-happy_big__center'] .badge.approved").wait_for()
    assert project.frame("sad__tilt_left_small").is_file()
    for page in pages:
        assert not page.errors
        close_page(page)
    served.ask("undo", {})
    images.reply = lambda _call: Reply()


def test_a_failure_is_shown_with_its_reason(opened: Any, project: Folder, images: ImagesServer):
    images.reply = lambda _call: Reply(status=400, body=b'{"error": {"message": "no <b>such</b>"}}')
    # What was drawn of it by another test is gone, and what is asked for is new.
    shutil.rmtree(project.path / ".takes", ignore_errors=True)
    project.frame("neutral__tilt_left_small").unlink(missing_ok=True)
    at(opened, "neutral__tilt_left_small")
    opened.click("text=Draw it")
    opened.click("#do-draw")
    opened.locator("#run .counted").filter(has_text="1 failed").wait_for()
    opened.locator("#frame .said.failed", has_text="refuses the request (400: no such").wait_for()
    images.reply = lambda _call: Reply()


def test_a_stopped_run_begins_no_new_picture_and_keeps_what_was_paid_for(
    opened: Any, project: Folder, images: ImagesServer
):
    images.reply = lambda _call: Reply(delay_s=1.5)
    calls = len(images.calls)
    at(opened, "sad__center")
    takes = opened.locator(".take-list li").count()
    opened.click("text=Draw it anew")
    opened.locator("#do-draw").wait_for()
    assert len(images.calls) == calls
    opened.click("#do-draw")
    opened.locator("#stop").wait_for()
    while len(images.calls) == calls:
        opened.wait_for_timeout(50)
    opened.click("#stop")
    opened.locator("#run .counted").filter(has_text=re.compile("ended|done")).wait_for()
    assert len(images.calls) == calls + 1
    opened.locator(".take-list li", has_text=f"Take {takes + 1}").wait_for()
    images.reply = lambda _call: Reply()


def test_a_frame_that_is_painted_on_beside_the_page_appears_as_kept_by_hand(
    opened: Any, project: Folder
):
    from PIL import Image

    at(opened, "neutral__center")
    path = project.frame("neutral__center")
    before = path.read_bytes()
    Image.new("RGB", (64, 96), (200, 40, 40)).save(path)
    opened.locator("#frame .badge.hand").wait_for()
    path.write_bytes(before)
    opened.locator("#frame .badge.hand").wait_for(state="detached")


@pytest.mark.parametrize(("scheme", "width"), [("light", 375), ("dark", 1280)])
def test_the_served_page_has_no_violation_and_stays_in_its_width(
    browser: Any, served: Served, scheme: str, width: int
):
    size = {"width": width, "height": 800}
    page = open_page(browser, served.address, color_scheme=scheme, viewport=size)
    served.ask("run", {"frames": ["sad__center"]})
    page.locator("#run .counted").filter(has_text="is done").wait_for()
    for name in ("", "sad__center"):
        page.goto(page.url.split("#")[0] + f"#{name}")
        page.keyboard.press("Escape")
        assert violations(page) == [], name
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), name
    close_page(page)


def test_the_page_on_disk_has_what_was_decided(project: Folder, served: Served):
    served.ask("decide", {"what": "approve", "frames": ["sad__center"]})
    page = Path(project.path / "frames/review/index.html").read_text()
    assert '"approved"' in page
    assert '"served"' not in page
    served.ask("undo", {})
