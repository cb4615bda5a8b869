"""Timelines on the served page: heard, edited and saved."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Folder
from tests.harness.browser import browser, close_page, open_page, violations
from tests.harness.served import Served, serving
from tests.harness.talking import SECONDS, describe, talking_folder

__all__ = ["browser"]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Folder:
    """A timeline with sound, drawn, and one that names what is not there."""
    folder = talking_folder(tmp_path_factory.mktemp("editor") / "project")
    describe(folder, "hi", audio="hi.wav", timing="hi.TextGrid")
    describe(folder, "lost", timing="nothing.txt")
    ran = folder.doit("timelines:hi:frames", "endpoints:sad__center")
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
    close_page(shown)


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
    close_page(page)


@pytest.fixture
def fresh(project: Folder) -> Iterator[Path]:
    """The timeline as it was described, before and after."""
    path = describe(project, "hi", audio="hi.wav", timing="hi.TextGrid")
    yield path
    describe(project, "hi", audio="hi.wav", timing="hi.TextGrid")


@pytest.fixture
def editor(browser: Any, served: Served, fresh: Path) -> Iterator[Any]:
    """The served page, at the timeline as it was described."""
    shown = open_page(browser, f"{served.address}#timelines/hi")
    shown.on("dialog", lambda dialog: dialog.accept())
    shown.locator(".editing .hint", has_text="As in").first.wait_for()
    yield shown
    assert not shown.errors
    close_page(shown)


def edited(page: Any) -> dict[str, Any]:
    """The timeline as it is edited."""
    return dict(page.evaluate("Review.edit.document()"))


def seek(page: Any, seconds: float) -> None:
    """Point at a time on the waveform."""
    box = page.locator("canvas.wave").bounding_box()
    page.mouse.click(box["x"] + box["width"] * seconds / SECONDS, box["y"] + 10)


def drag(page: Any, item: Any, by_px: float, at: float = 0.5) -> None:
    """Drag an item, taken at that part of its width."""
    box = item.bounding_box()
    x, y = box["x"] + box["width"] * at, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + by_px, y, steps=5)
    page.mouse.up()


def picture(page: Any) -> Any:
    """What is shown, to be waited for."""
    return page.locator(".timeline-now a")


def test_each_layer_is_added_to_moved_stretched_deleted_undone_and_saved(editor: Any, fresh: Path):
    before = fresh.read_text()
    seek(editor, 1.2)
    editor.click("[aria-label='Add a mood here']")
    editor.select_option(".panel select", "sad")
    picture(editor).filter(has_text="sad__center").wait_for()
    second_px = editor.locator(".track.mood").bounding_box()["width"] / SECONDS
    mood = editor.locator(".mood .grab", has_text="sad")
    drag(editor, mood, 0.125 * second_px, 0.2)
    drag(editor, mood.locator(".lead"), -0.1 * second_px, 0.1)
    assert edited(editor)["keyframes"] == [
        {"time_ms": 1292, "target_expr": "sad", "transition_duration_ms": 400}
    ]
    seek(editor, 0.02)
    editor.click("[aria-label='Add a mouth shape here']")
    shape = editor.locator(".mouth .grab")
    drag(editor, shape.locator(".edge"), 0.25 * second_px)
    assert edited(editor)["mouth"] == [{"time_ms": 0, "duration_ms": 375, "shape": "D"}]
    picture(editor).filter(has_text="ah__center").wait_for()
    seek(editor, 1.05)
    editor.click("[aria-label='Add a blink here']")
    assert edited(editor)["blinks"] == [{"time_ms": 1042, "duration_ms": 140}]
    picture(editor).filter(has_text="blink__center").wait_for()
    assert fresh.read_text() == before
    editor.click("#edit-save")
    editor.locator("#said", has_text="Saved in timelines/hi.json").wait_for()
    document = edited(editor)
    text = fresh.read_text()
    assert json.loads(text) == document
    assert text.startswith(before.rstrip("}\n"))
    assert '\n    { "time_ms": 1042, "duration_ms": 140 }\n' in text
    # What is taken back is taken back after saving, too, and each step is one.
    for _ in range(7):
        editor.keyboard.press("Control+z")
    assert edited(editor) == json.loads(before)
    assert editor.locator("#edit-undo").is_disabled()
    for _ in range(7):
        editor.keyboard.press("Control+y")
    assert edited(editor) == document
    editor.locator(".blink .grab").focus()
    editor.keyboard.press("Delete")
    assert edited(editor)["blinks"] == []


def test_keys_alone_move_and_stretch_and_go_along_a_layer(editor: Any):
    seek(editor, 1.2)
    editor.locator("[aria-label='Add a mood here']").press("Enter")
    editor.keyboard.type("sad")
    editor.locator(".mood .grab", has_text="sad").focus()
    for key in ("ArrowRight", "ArrowRight", "ArrowLeft", "Shift+ArrowLeft"):
        editor.keyboard.press(key)
    assert edited(editor)["keyframes"] == [
        {"time_ms": 1208, "target_expr": "sad", "transition_duration_ms": 342}
    ]
    editor.keyboard.press("ArrowUp")
    assert editor.evaluate("document.activeElement.innerText") == "neutral"
    editor.keyboard.press("ArrowDown")
    editor.keyboard.press("Enter")
    assert editor.evaluate("document.activeElement.name") == "value"


def test_a_keyframe_with_mood_and_pose_is_parted_by_what_moves_one(
    editor: Any, served: Served, project: Folder
):
    both = {"time_ms": 500, "target_expr": "sad", "target_pose": "center", "phoneme": None}
    path = describe(project, "hi", keyframes=[both], total_duration_ms=1500)
    editor.locator(".pose .grab").nth(1).wait_for()
    editor.locator(".mood .grab", has_text="sad").focus()
    editor.keyboard.press("ArrowRight")
    editor.keyboard.press("Control+s")
    editor.locator("#said", has_text="Saved").wait_for()
    assert json.loads(path.read_text())["keyframes"] == [
        {"time_ms": 542, "target_expr": "sad", "phoneme": None},
        {"time_ms": 500, "target_pose": "center"},
    ]


def test_keyframes_of_the_old_tools_for_a_sound_are_on_the_mouths_track(
    editor: Any, project: Folder
):
    keys = [
        {"time_ms": 400, "target_expr": "ah", "phoneme": "AH", "transition_duration_ms": 100},
        {"time_ms": 800, "target_expr": "neutral", "phoneme": None},
    ]
    describe(project, "hi", keyframes=keys, total_duration_ms=1500)
    editor.locator(".mouth .grab", has_text="ah").focus()
    # 400 ms is no frame: the one that is nearest shows it.
    picture(editor).filter(has_text="ah__center").wait_for()
    assert editor.locator(".mood .grab").all_inner_texts() == ["neutral", "neutral"]


def test_what_changed_on_disk_is_shown_and_never_written_over(
    editor: Any, project: Folder, fresh: Path
):
    # Without changes of its own the page follows the file.
    keys = [{"time_ms": 1200, "target_expr": "sad"}]
    describe(project, "hi", audio="hi.wav", timing="hi.TextGrid", keyframes=keys)
    editor.locator(".mood .grab", has_text="sad").wait_for()
    editor.locator(".mood .grab", has_text="sad").focus()
    editor.keyboard.press("ArrowLeft")
    mine = edited(editor)
    describe(project, "hi", audio="hi.wav", timing="hi.TextGrid", pose="center")
    theirs = fresh.read_bytes()
    editor.locator(".editing .hint", has_text="changed since by somebody else").wait_for()
    editor.click("#edit-save")
    editor.locator("#edit-problem", has_text="hi.json was changed since").wait_for()
    assert fresh.read_bytes() == theirs
    editor.click("#edit-again")
    assert edited(editor) == json.loads(theirs)
    editor.keyboard.press("Control+z")
    assert edited(editor) == mine
    editor.click("#edit-save")
    editor.locator("#said", has_text="Saved").wait_for()
    assert json.loads(fresh.read_text()) == mine


def test_a_mistake_is_told_with_its_place_and_taken_back(editor: Any, fresh: Path):
    before = fresh.read_bytes()
    editor.evaluate(
        "Review.edit.change(d => { d.keyframes = [{time_ms: 5, target_expr: 'sadd'}]; })"
    )
    editor.locator("#edit-problem", has_text='no expression "sadd"; did you mean "sad"').wait_for()
    editor.click("#edit-save")
    editor.locator("#said.wrong", has_text="sadd").wait_for()
    editor.evaluate("Review.edit.change(d => { d.keyframes = [{time_ms: '5'}]; })")
    editor.locator("#edit-problem", has_text="$.keyframes[0].time_ms").wait_for()
    for _ in range(2):
        editor.keyboard.press("Control+z")
    editor.locator("#edit-problem").wait_for(state="hidden")
    assert fresh.read_bytes() == before


def test_a_picture_that_an_edit_needs_is_drawn_and_an_in_between_anew(editor: Any, project: Folder):
    seek(editor, 1.2)
    editor.click("[aria-label='Add a mood here']")
    editor.select_option(".panel select", "sad")
    lacking = editor.locator(".said", has_text="pictures of it are not drawn yet")
    lacking.wait_for()
    editor.click("#draw-absent")
    editor.locator("#run .counted").filter(has_text="is done").wait_for()
    lacking.wait_for(state="detached")
    editor.locator("main").focus()
    while ":" not in picture(editor).inner_text():
        editor.keyboard.press("ArrowLeft")
    name = picture(editor).inner_text()
    drawn = project.path / f"frames/sequences/{name.replace(':', '/')}.png"
    before = drawn.stat().st_mtime_ns
    editor.click("#draw-anew")
    editor.locator("#run strong", has_text=f"{name} anew").wait_for()
    editor.locator("#run .counted").filter(has_text="is done").wait_for()
    assert drawn.stat().st_mtime_ns > before
    assert edited(editor)["keyframes"][0]["target_expr"] == "sad"


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16", "latin-1"])
def test_a_file_keeps_its_encoding_its_ends_of_lines_and_its_layout(
    served: Served, project: Folder, codec: str
):
    keys = '\t"keyframes" : [\r\n\t\t{"time_ms":1,  "note":"é"}\r\n\t]}'
    text = '{\r\n\t"timing" : "hi.TextGrid",\r\n' + keys
    path = project.path / "timelines" / "coded.json"
    path.write_bytes(text.encode(codec))
    found = json.loads(served.ask("timeline?of=coded")[1])
    assert found["problem"] == ""
    found["document"]["keyframes"].append({"time_ms": 2, "target_expr": "sad"})
    sent = {"name": "coded", "document": found["document"], "version": found["version"]}
    status, data = served.ask("timeline/save", sent)
    assert status == 200, data
    wanted = text.replace('"é"}', '"é"},\r\n\t\t{"time_ms":2,  "target_expr":"sad"}')
    assert path.read_bytes() == wanted.encode(codec)
    assert served.ask("timeline/save", sent)[0] == 409
    path.unlink()


def test_a_timeline_in_the_config_is_saved_there_and_nothing_else_changes(
    served: Served, project: Folder
):
    path = project.path / "expressions.json"
    before = path.read_text()
    own = '{ "timing": "timelines/hi.TextGrid", "blinks": [{ "time_ms": 5 }] }'
    inside = f'  "timelines": {{\n    "inside": {own}\n  }},\n'
    path.write_text(before.replace('  "axes"', f'{inside}  "axes"', 1))
    served.ask("decide", {"what": "approve", "frames": ["neutral__center"]})
    found = json.loads(served.ask("timeline?of=inside")[1])
    assert found["plan"], found
    document = {**found["document"], "mouth": [{"time_ms": 0, "duration_ms": 100, "shape": "D"}]}
    sent = {"name": "inside", "document": document, "version": found["version"]}
    status, data = served.ask("timeline/save", sent)
    assert status == 200, data
    row = '{ "time_ms": 0, "duration_ms": 100, "shape": "D" }'
    wanted = inside.replace(
        own,
        '{\n      "timing": "timelines/hi.TextGrid",\n      "blinks": [{ "time_ms": 5 }],\n'
        '      "mouth": [\n'
        f"        {row}\n      ]\n    }}",
    )
    assert path.read_text() == before.replace('  "axes"', f'{wanted}  "axes"', 1)
    path.write_text(before)
    served.ask("undo", {})


@pytest.mark.parametrize(
    ("path", "sent", "said"),
    [
        ("timeline/plan", [], "a timeline is wanted"),
        ("timeline/plan", {"name": "hi", "document": []}, "a timeline is wanted"),
        ("timeline/plan", {"name": "ih", "document": {}}, "there is no timeline"),
        ("timeline/plan", {"name": {"a": 1}, "document": {}}, "there is no timeline"),
        ("timeline/plan", {"name": "hi", "document": {}}, "there is nothing to show"),
        ("timeline/plan", {"name": "hi", "document": {"blinks": [{"time_ms": 0,
         "duration_ms": 9}]}}, "blinks[0].duration_ms: 9"),
        ("timeline/plan", {"name": "hi", "document": {"mouth": [{"time_ms": -1, "duration_ms": 9,
         "shape": "A"}]}}, "mouth[0].time_ms: -1 is no time"),
        ("timeline/plan", {"name": "hi", "document": {"mouth": [{"time_ms": 1, "duration_ms": 9,
         "shape": "Q"}]}}, "$.mouth[0].shape"),
        ("timeline/save", {"name": "hi", "document": {"keyframes": []}}, "was changed since"),
        ("run", {"timeline": "../hi"}, "there is no timeline"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_told_in_one_line(
    served: Served, path: str, sent: object, said: str
):
    status, data = served.ask(path, sent)
    error = json.loads(data)["error"]
    assert (status, said in error, "\n" in error) == (409, True, False), error


@pytest.fixture
def full(project: Folder, fresh: Path) -> None:
    """Something on every layer."""
    made = {
        "keyframes": [{"time_ms": 1200, "target_expr": "sad"}],
        "blinks": [{"time_ms": 1050}],
        "mouth": [{"time_ms": 100, "duration_ms": 200, "shape": "D"}],
    }
    describe(project, "hi", audio="hi.wav", timing="hi.TextGrid", **made)


@pytest.mark.usefixtures("full")
@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 375), ("dark", 800)])
def test_the_editor_has_no_violation_and_stays_in_its_width(
    browser: Any, served: Served, scheme: str, width: int
):
    size = {"width": width, "height": 800}
    page = open_page(browser, f"{served.address}#timelines/hi", color_scheme=scheme, viewport=size)
    page.locator(".mood .grab").first.wait_for()
    for layer in ("mood", "mouth", "blink"):
        page.locator(f".{layer} .grab:not(.fixed)").focus()
        page.locator("#edit-delete").wait_for()
        assert violations(page) == [], layer
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), layer
    close_page(page)
