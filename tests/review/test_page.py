"""The review page in a real browser, opened from disk: by mouse, by keyboard, at every width."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tasks.review.page.document import Shown, ShownFrame, document
from tasks.review.page.write import page, script_json, write
from tests.conftest import Folder, make_folder, small_config
from tests.harness.browser import browser, close_page, open_page, violations

__all__ = ["browser"]
EVIL = "</script><img src=x onerror='document.title=\"broken\"'>&amp; end"


def test_text_that_looks_like_markup_stays_text_in_the_page():
    assert "<" not in script_json({"words": EVIL})
    assert json.loads(script_json({"words": EVIL})) == {"words": EVIL}
    assert "<img" not in page({"title": EVIL})


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Folder:
    """The small character, drawn, with one frame missing and one sequence."""
    folder = make_folder(tmp_path_factory.mktemp("review") / "project", {})
    config = small_config()
    config["generation"]["engine"] = "puppet"
    config["expressions"]["happy_big"]["prompt"] = EVIL
    folder.write_config(config)
    ran = folder.doit("endpoints:*__center", "sequences", "review")
    assert ran.code == 0, ran.text
    return folder


@pytest.fixture
def opened(browser: Any, project: Folder) -> Iterator[Any]:
    """The page from disk, with what its scripts complained of."""
    shown = open_page(browser, index(project))
    yield shown
    assert not shown.errors
    close_page(shown)


def index(project: Folder, at: str = "") -> str:
    """The page's address."""
    return (project.path / "frames/review/index.html").as_uri() + at


def test_the_grid_shows_every_frame_with_its_state_and_filters(opened: Any):
    assert opened.locator("#grid a[data-name]").count() == 6
    assert opened.locator("#count").inner_text().endswith("of 6 undecided")
    opened.select_option("#mark", "missing")
    shown = opened.locator("#grid a[data-name]").evaluate_all("all => all.map(a => a.dataset.name)")
    missing = [name for name in shown if name.endswith("__tilt_left_small")]
    assert shown == missing
    opened.select_option("#mark", "")
    opened.fill("#filter", "sad center")
    assert opened.locator("#grid a[data-name]").count() == 1


def test_decisions_by_keyboard_alone_collect_into_one_command(opened: Any):
    opened.keyboard.press("j")
    opened.keyboard.press("a")
    opened.keyboard.press("Enter")
    assert opened.locator("#frame h2").inner_text() == "neutral__center"
    opened.goto(opened.url.split("#")[0] + "#sad__center")
    opened.keyboard.press("r")
    opened.keyboard.type("the mouth's corners lower")
    opened.keyboard.press("Tab")
    opened.keyboard.press("Enter")
    said = opened.locator("#decisions code").inner_text()
    assert said == (
        "doit approve -f neutral__center && doit reject -f sad__center"
        " '--note=the mouth'\\''s corners lower'"
    )
    opened.reload()
    assert opened.locator("#decisions code").inner_text() == said


@pytest.mark.parametrize(
    ("key", "mode"),
    [("1", "slider"), ("2", "side"), ("3", "onion"), ("4", "flicker"), ("5", "difference")],
)
def test_each_way_to_compare_has_its_key(opened: Any, key: str, mode: str):
    opened.goto(opened.url.split("#")[0] + "#sad__center")
    opened.wait_for_function("document.querySelector('.stage img')?.complete")
    opened.keyboard.press(key)
    opened.locator(f".stage.mode-{mode}").wait_for()
    assert opened.locator(".pane").count() == (2 if mode == "side" else 1)


def test_the_crop_stays_when_going_to_the_next_frame(opened: Any):
    opened.goto(opened.url.split("#")[0] + "#neutral__center")
    shown = "(document.querySelector('#frame h2') || {}).innerText === 'neutral__center'"
    opened.wait_for_function(shown)
    opened.keyboard.press("z")
    opened.wait_for_function("document.querySelector('.pane img').style.width === '64px'")
    opened.keyboard.press("j")
    opened.wait_for_function("document.querySelector('.pane img').style.width === '64px'")
    assert opened.locator("#frame h2").inner_text() != "neutral__center"


def test_markup_in_the_words_is_shown_and_never_run(opened: Any):
    opened.goto(opened.url.split("#")[0] + "#happy_big__center")
    assert EVIL in opened.locator(".prompt").inner_text()
    assert "broken" not in opened.title()


def test_an_in_between_is_chosen_to_be_drawn_anew_the_middle_first(opened: Any):
    opened.goto(opened.url.split("#")[0] + "#sequences")
    boxes = opened.locator(".strip input")
    boxes.nth(1).check()
    boxes.nth(3).click(modifiers=["Shift"])
    said = opened.locator(".redraw code").inner_text()
    assert re.findall(r":(\d+)", said.replace("sequences:", "")) == ["050", "025", "075"]


def test_trying_the_character_goes_by_the_sequence_there_is(opened: Any):
    opened.goto(opened.url.split("#")[0] + "#try")
    opened.click("#try [data-go='expression:sad']")
    assert "cut" in opened.locator("#try .hint").inner_text()
    opened.click("#try [data-go='expression:happy_big']")
    assert "cheer_up" in opened.locator("#try .hint").inner_text()
    opened.keyboard.down("m")
    assert opened.locator("#try button:has-text('mouth')").get_attribute("aria-pressed") == "true"
    opened.keyboard.up("m")


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 375)])
def test_no_view_has_a_violation_of_level_a_or_aa_or_runs_out_of_its_width(
    browser: Any, project: Folder, scheme: str, width: int
):
    context = browser.new_context(color_scheme=scheme, viewport={"width": width, "height": 800})
    shown = context.new_page()
    for at in ("", "#sad__center", "#sequences", "#try"):
        shown.goto("about:blank")
        shown.goto(index(project, at))
        assert violations(shown) == [], at
        assert shown.evaluate("document.documentElement.scrollWidth <= innerWidth"), at
    context.close()


def test_a_thumbnail_is_made_anew_only_where_its_frame_changed(free: Folder):
    assert free.doit("endpoints:*__center", "review").code == 0
    thumbs = free.path / "frames/review/thumbs"
    before = {path.name: path.read_bytes() for path in thumbs.glob("*.webp")}
    places = {path.name: path.stat().st_ino for path in thumbs.glob("*.webp")}
    config = free.config
    config["expressions"]["sad"] = {"mouth": "smile_soft"}
    free.write_config(config)
    assert free.doit("endpoints:*__center", "review").code == 0
    changed = {
        path.name for path in thumbs.glob("*.webp") if path.stat().st_ino != places[path.name]
    }
    assert len(before) == 3
    assert changed == {"sad__center.webp"}


@pytest.mark.parametrize("count", [500, 2000])
def test_many_frames_are_shown_filtered_and_decided_by_keys(
    browser: Any, tmp_path: Path, count: int
):
    poses = tuple(f"pose_{number}" for number in range(5))
    frames = tuple(
        ShownFrame(
            f"e{row}__{pose}", f"endpoints:e{row}__{pose}", f"e{row}", pose, ("draft",), "x.png"
        )
        for row in range(count // 5)
        for pose in poses
    )
    shown = Shown(
        *("many", "many", ("config=a b/c.json",), "2026-01-01", "puppet", poses, (64, 96), frames),
        *((), {}, {}),
    )
    write(tmp_path, document(shown))
    page = open_page(browser, (tmp_path / "index.html").as_uri())
    cells = "document.querySelectorAll('#grid a[data-name]').length"
    page.wait_for_function(f"{cells} === {count}")
    page.keyboard.press("/")
    page.keyboard.type("e7__pose_3")
    page.wait_for_function(f"{cells} === 1")
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    page.keyboard.press("a")
    said = page.locator("#decisions code").inner_text()
    assert said == "doit approve 'config=a b/c.json' -f e7__pose_3"
    assert not page.errors
    close_page(page)


def test_a_script_can_add_a_view_of_its_own(opened: Any):
    opened.evaluate(
        "Review.addView('more', 'More', {show: function (section, rest) {"
        " section.textContent = 'at ' + rest; }})"
    )
    opened.goto(opened.url.split("#")[0] + "#more/there")
    opened.locator("#more").filter(has_text="at there").wait_for()
    assert opened.locator("nav a[aria-current]").inner_text() == "More"
    opened.click("nav a[data-view=grid]")
    opened.locator("#more").wait_for(state="hidden")  # the address changes first


def test_costumes_are_groups_of_the_grid_and_one_of_them_is_chosen(
    browser: Any, tmp_path_factory: pytest.TempPathFactory
):
    folder = make_folder(tmp_path_factory.mktemp("costumes") / "project", {})
    config = small_config() | {"costumes": {"summer": "frames/base/neutral__center.png"}}
    config["generation"]["engine"] = "puppet"
    folder.write_config(config)
    assert folder.doit("pose=all").code == 0
    page = open_page(browser, index(folder))
    names = page.locator(".costume-name").all_inner_texts()
    assert names == ["(own portrait)", "summer"]
    assert page.locator("#grid a[data-name]").count() == 12
    page.select_option("#costume", "summer")
    page.wait_for_function("document.querySelectorAll('#grid a[data-name]').length === 6")
    assert page.locator(".costume-name").all_inner_texts() == ["summer"]
    page.click("[data-name='summer/sad__center']")
    page.locator("#frame h2").filter(has_text="summer/sad__center").wait_for()
    assert "summer/neutral__center" in page.locator("#frame select").first.inner_text()
    page.goto(index(folder, "#try"))
    page.click("#try [data-go='costume:summer']")
    page.click("#try [data-go='expression:sad']")
    page.wait_for_function("document.querySelector('.now').textContent === 'summer/sad__center'")
    assert not page.errors


def test_a_project_without_costumes_has_no_switch_for_them(opened: Any):
    assert opened.locator("#costumes").is_hidden()
    assert opened.locator(".costume-name").count() == 0
