"""Landmarks by clicking: dragged, moved by keys, found, saved, put back."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.conftest import FACE, Folder, make_folder, small_config
from tests.harness.browser import browser, close_page, open_page, violations
from tests.harness.served import Served, serving

__all__ = ["browser"]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Folder:
    """The small character."""
    folder = make_folder(tmp_path_factory.mktemp("face") / "project", {})
    (folder.path / "expressions.json").write_text(json.dumps(small_config(), indent=2))
    return folder


@pytest.fixture(scope="module")
def served(project: Folder) -> Iterator[Served]:
    """Its landmarks, served."""
    with serving(project, "face", "serve=yes") as running:
        yield running


@pytest.fixture
def opened(browser: Any, served: Served) -> Iterator[Any]:
    """The page of the landmarks, with its first drafts."""
    shown = open_page(browser, f"{served.address}face")
    shown.locator("#drafts img").nth(2).wait_for()
    yield shown
    assert not shown.errors
    close_page(shown)


def draft(page: Any, name: str) -> str:
    """A draft's address."""
    return str(page.locator(f"[alt='Draft: {name}']").get_attribute("src"))


def after(page: Any, name: str, before: str) -> None:
    """Wait for another draft."""
    page.wait_for_function(
        "([n, b]) => document.querySelector(`[alt='Draft: ${n}']`).src !== b", arg=[name, before]
    )


def test_a_point_is_dragged_and_the_draft_follows_and_is_saved_and_put_back(
    opened: Any, project: Folder
):
    path = project.path / "expressions.json"
    text, before = path.read_text(), draft(opened, "open mouth")
    box = opened.locator("circle[data-name='mouth.left']").bounding_box()
    opened.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    opened.mouse.down()
    opened.mouse.move(box["x"] + 40, box["y"] + 10, steps=4)
    opened.mouse.up()
    after(opened, "open mouth", before)
    opened.click("#save")
    opened.locator("#said", has_text="Saved in").wait_for()
    saved = project.config["face"]
    assert saved["mouth"]["left"][0] > FACE["mouth"]["left"][0]
    assert saved["left_eye"] == FACE["left_eye"]
    assert {**project.config, "face": 0} == {**json.loads(text), "face": 0}
    opened.click("#undo")
    opened.locator("#said", has_text="as it was before").wait_for()
    assert path.read_text() == text


def test_by_keyboard_alone(opened: Any):
    before = draft(opened, "blink")
    opened.locator("#points button[data-name='left_eye.outer']").focus()
    opened.keyboard.press("Tab")
    opened.keyboard.press("Shift+Tab")
    opened.keyboard.press("Shift+ArrowDown")
    opened.keyboard.press("ArrowRight")
    after(opened, "blink", before)
    shown = opened.locator("#chosen").inner_text()
    assert shown == "left_eye.outer: the corner or end beside the temple"
    assert "0.7556" in opened.locator("#text").text_content()


def test_what_no_face_can_be_is_said(opened: Any):
    opened.locator("#points button[data-name='mouth.left']").focus()
    for _ in range(4):
        opened.keyboard.press("Shift+ArrowLeft")
    opened.locator("#problem", has_text="left and right are the character's own").wait_for()


@pytest.mark.parametrize(
    "sent", [{}, {"points": []}, {"points": {"nose": [0, 0]}}, {"points": {"mouth.left": "x"}}]
)
def test_what_is_no_landmark_is_refused_in_one_line(served: Served, sent: object):
    for path in ("face/draft", "face/save"):
        status, data = served.ask(path, sent)
        assert status == 409
        assert "\n" not in json.loads(data)["error"]


def test_a_config_without_landmarks_begins_with_a_typical_face(browser: Any, free: Folder):
    config = free.config
    del config["face"]
    free.write_config(config)
    with serving(free) as running:
        page = open_page(browser, f"{running.address}face")
        page.locator("#said", has_text="no landmarks yet").wait_for()
        page.locator("#drafts img").nth(2).wait_for()
        page.click("#save")
        page.locator("#said", has_text="Saved in").wait_for()
        close_page(page)
    assert set(free.config["face"]) == {"left_eye", "right_eye", "mouth"}
    assert free.doit("endpoints:sad__center").code == 0


@pytest.mark.parametrize(("scheme", "width"), [("light", 375), ("dark", 1280)])
def test_no_violation_and_no_scrolling_sideways(
    browser: Any, served: Served, scheme: str, width: int
):
    size = {"width": width, "height": 800}
    page = open_page(browser, f"{served.address}face", color_scheme=scheme, viewport=size)
    page.locator("#drafts img").nth(2).wait_for()
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    close_page(page)
