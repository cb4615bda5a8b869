"""The player of timelines in the page from disk: heard, seen and scrubbed, without a server."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.conftest import Folder
from tests.harness.browser import browser, close_page, open_page, violations
from tests.harness.talking import describe, talking_folder

__all__ = ["browser"]
EVIL = "</script><img src=x onerror='document.title=\"broken\"'>"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Folder:
    """Two timelines that are drawn, one with sound, and one that has no plan."""
    folder = talking_folder(tmp_path_factory.mktemp("player") / "a b")
    keys = [{"time_ms": 1200, "target_expr": "sad"}]
    describe(folder, "hi", audio="hi.wav", timing="hi.TextGrid", keyframes=keys)
    cues = [(0.0, 1.0, EVIL)]
    words = {"words": [{"word": label, "start": a, "end": b} for a, b, label in cues]}
    (folder.path / "timelines" / "evil.words.json").write_text(json.dumps(words))
    describe(folder, "evil", timing="evil.words.json", rate="12")
    describe(folder, "later", timing="nothing.txt")
    ran = folder.doit("timelines:hi:frames", "timelines:evil:plan", "review")
    assert ran.code == 0, ran.text
    return folder


def index(project: Folder, at: str) -> str:
    """The page's address."""
    return (project.path / "frames/review/index.html").as_uri() + f"#timelines/{at}"


@pytest.fixture
def opened(browser: Any, project: Folder) -> Iterator[Any]:
    """The page from disk, at the timeline with sound."""
    shown = open_page(browser, index(project, "hi"))
    shown.locator(".words .item").first.wait_for()
    yield shown
    assert not shown.errors
    close_page(shown)


def plan_of(project: Folder, name: str = "hi") -> list[str]:
    """The name of the picture of every frame, as the plan has it."""
    plan = json.loads((project.path / f"frames/timelines/{name}/plan.json").read_bytes())
    names = [place.partition("/")[2][:-4].replace("/", ":") for place in plan["pictures"]]
    return [names[index] for index, count in plan["shown"] for _ in range(count)]


def picture(page: Any) -> str:
    """The picture that is shown, by its name; and that it is what the canvas was painted with."""
    name = str(page.locator(".timeline-now a").inner_text())
    source = str(page.locator("#timelines canvas").first.get_attribute("data-source"))
    room, _, rest = name.partition(":")
    assert source.split("?", maxsplit=1)[0].endswith(
        f"{room}/{rest}.png" if rest else f"{name}.png"
    )
    return name


def frame(page: Any) -> int:
    """The frame that is shown, from 0."""
    return int(page.locator("#timeline-scrub").input_value())


def test_every_frame_shows_the_picture_of_the_plan(opened: Any, project: Folder):
    wanted = plan_of(project)
    assert len(set(wanted)) > 4
    opened.locator("main").focus()
    for number, name in enumerate(wanted):
        assert (frame(opened), picture(opened)) == (number, name)
        opened.keyboard.press("ArrowRight")
    assert frame(opened) == len(wanted) - 1


def test_it_plays_to_the_end_by_its_sound_and_shows_what_is_due(opened: Any, project: Folder):
    opened.evaluate(
        "window.seen = []; new MutationObserver(() => seen.push("
        "[document.getElementById('timeline-scrub').value, "
        " document.querySelector('.timeline-now a').innerText]))"
        ".observe(document.querySelector('.timeline-now'), {subtree: true, childList: true})"
    )
    opened.keyboard.press(" ")
    opened.locator("#timeline-play", has_text="Pause").wait_for()
    opened.locator("#timeline-play", has_text="Play").wait_for()
    wanted = plan_of(project)
    seen = opened.evaluate("seen")
    assert frame(opened) == len(wanted) - 1
    assert {name for _, name in seen} > {"ah__center", "sad__center"}
    assert all(wanted[int(number)] == name for number, name in seen)


def test_words_are_hopped_over_by_key_and_by_mouse_and_said(opened: Any):
    opened.locator("main").focus()
    opened.keyboard.press("Control+ArrowRight")
    assert opened.locator(".timeline-now").inner_text().split("\n")[3] == "ah"
    opened.keyboard.press("Control+ArrowRight")
    assert "0.70 s" in opened.locator(".timeline-now").inner_text()
    opened.keyboard.press("Control+ArrowLeft")
    assert "0.20 s" in opened.locator(".timeline-now").inner_text()
    opened.locator(".words .item", has_text="papa").click()
    assert "0.70 s" in opened.locator(".timeline-now").inner_text()
    opened.keyboard.press("w")
    opened.locator("#timeline-play", has_text="Play").wait_for()
    opened.wait_for_function("document.querySelector('.timeline-now').innerText.includes('1.00 s')")


def test_dragging_on_the_waveform_scrubs_and_on_words_hops(opened: Any):
    wave = opened.locator("canvas.wave").bounding_box()
    opened.mouse.move(wave["x"] + 5, wave["y"] + 20)
    opened.mouse.down()
    opened.mouse.move(wave["x"] + wave["width"] * 0.5, wave["y"] + 20, steps=5)
    opened.mouse.up()
    assert frame(opened) == 18
    word = opened.locator(".words .item", has_text="papa").bounding_box()
    opened.mouse.move(word["x"] - 40, word["y"] + 8)
    opened.mouse.down()
    opened.mouse.move(word["x"] + word["width"] - 4, word["y"] + 8, steps=3)
    opened.mouse.up()
    assert "0.70 s" in opened.locator(".timeline-now").inner_text()


def test_an_in_between_is_named_with_the_command_that_draws_it_anew(opened: Any, project: Folder):
    number = next(n for n, name in enumerate(plan_of(project)) if ":" in name)
    opened.goto(index(project, f"hi@{(number + 0.5) / 24}"))
    opened.reload()
    said = opened.locator("#timelines .redraw code").inner_text()
    assert said == f"doit -a sequences:{plan_of(project)[number]}"


def test_only_the_timeline_that_is_opened_is_loaded(opened: Any):
    loaded = (
        "Array.from(document.scripts, s => s.getAttribute('src')).filter(s => /lines\\//.test(s))"
    )
    assert [source.split("?")[0] for source in opened.evaluate(loaded)] == ["timelines/hi.js"]
    opened.keyboard.press("k")
    opened.locator(".words .item", has_text=EVIL).wait_for()
    assert len(opened.evaluate(loaded)) == 2
    assert "broken" not in opened.title()
    # It has no sound, and plays all the same; its pictures are named that are not drawn.
    opened.keyboard.press(" ")
    opened.wait_for_function("Number(document.getElementById('timeline-scrub').value) > 2")


def test_a_timeline_without_a_plan_says_what_makes_it(opened: Any, project: Folder):
    opened.goto(index(project, "later"))
    opened.locator("#timelines .failed", has_text="doit timelines:later makes it").wait_for()
    opened.goto(index(project, "hi"))
    opened.locator(".words .item").first.wait_for()


def test_plans_of_timelines_that_are_gone_go_from_the_page(project: Folder):
    other = describe(project, "other", timing="hi.TextGrid")
    assert project.doit("timelines:other:plan", "review").code == 0
    assert (project.path / "frames/review/timelines/other.js").is_file()
    other.unlink()
    assert project.doit("review").code == 0
    assert not (project.path / "frames/review/timelines/other.js").exists()
    assert (project.path / "frames/review/timelines/hi.js").is_file()


def test_a_damaged_plan_is_no_damage_to_the_page(project: Folder):
    path = project.path / "frames/timelines/evil/plan.json"
    before = path.read_bytes()
    for damaged in (b"{", b"[]", b'{"version": 1}', b'{"version": 1, "audio": 3}', before[:400]):
        path.write_bytes(damaged)
        ran = project.doit("review")
        assert ran.code == 0, ran.text
        assert not (project.path / "frames/review/timelines/evil.js").exists()
    path.write_bytes(before)
    assert project.doit("review").code == 0


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 375), ("light", 800)])
def test_no_violation_and_no_scrolling_sideways(
    browser: Any, project: Folder, scheme: str, width: int
):
    size = {"width": width, "height": 800}
    page = open_page(browser, index(project, "hi@0.3"), color_scheme=scheme, viewport=size)
    page.locator(".words .item").first.wait_for()
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    close_page(page)


def test_an_hour_of_speech_keeps_the_page_light(browser: Any, project: Folder):
    word_us, count = 250_000, 4 * 3600
    spans = [[n * word_us, (n + 1) * word_us, f"w{n}"] for n in range(count)]
    plan = {
        "rate": [24, 1], "frames": 24 * 3600, "duration_us": count * word_us, "sound": "",
        "pictures": ["endpoints/neutral__center.png"], "shown": [[0, 24 * 3600]],
        "layers": {"mouth": [[a, b, "D", t] for a, b, t in spans], "mood": [[0, "neutral"]],
                   "pose": [[0, "center"]], "blink": []},
        "words": spans, "phones": spans, "cues": [], "cuts": [], "mend": [], "notes": [],
        "peaks": {"a_second": 50, "values": [n % 100 for n in range(50 * 3600)]},
    }  # fmt: skip
    script = project.path / "frames/review/timelines/hi.js"
    before = script.read_bytes()
    script.write_text(f'Review.timelineLoaded("hi", {json.dumps(plan)});')
    page = open_page(browser, index(project, "hi@1800"))
    page.locator(".words .item", has_text="w7200").wait_for()
    items = page.locator(".item").count()
    assert 20 < items < 300
    for _ in range(12):
        page.keyboard.press("-")
    page.locator(".words .item").first.wait_for()
    assert page.locator(".item").count() < 2500
    script.write_bytes(before)
    assert not page.errors
    close_page(page)
