"""`doit timelines:<id>` as a person types it: from a voice to what is played."""

import json
import sys
import wave
from pathlib import Path

import pytest

from tests.conftest import Folder

TIMING = "0.00\tX\n0.20\tD\n0.50\tA\n0.70\tD\n1.00\tX\n1.20\tX\n"


@pytest.fixture
def talking(free: Folder) -> Folder:
    """A character that can open its mouth, and a timeline of somebody else's cues."""
    config = free.config
    config["poses"] = ["center"]
    config["expressions"]["ah"] = {"mouth": "ah", "eyes": "neutral", "brows": "neutral"}
    config["base_paths"] = [{"id": "open", "start": "neutral", "end": "ah"}]
    free.write_config(config)
    folder = free.path / "timelines"
    folder.mkdir()
    (folder / "hi.txt").write_text(TIMING)
    write(free, timing="hi.txt", make=["frames", "tsv"])
    return free


def write(folder: Folder, **spec: object) -> None:
    (folder.path / "timelines" / "hi.json").write_text(json.dumps(spec))


def plan_of(folder: Folder) -> dict:
    return json.loads((folder.path / "frames/timelines/hi/plan.json").read_bytes())


def test_a_timeline_draws_what_it_needs_and_no_more(talking: Folder):
    ran = talking.doit("timelines:hi")
    assert ran.code == 0, ran.text
    plan = plan_of(talking)
    assert plan["frames"] == 29
    assert "ah for D" in plan["visemes"]
    drawn = {path.relative_to(talking.path / "frames").as_posix()
             for path in (talking.path / "frames").glob("*/*.png")
             if path.parent.name == "endpoints"}  # fmt: skip
    assert drawn == {"endpoints/neutral__center.png", "endpoints/ah__center.png"}
    frames = talking.path / "frames/timelines/hi/frames"
    assert len(list(frames.glob("*.png"))) == 29
    assert (frames / "frame_000013.png").samefile(talking.frame("neutral__center"))
    assert (frames / "frame_000008.png").samefile(talking.frame("ah__center"))
    again = talking.doit("timelines:hi")
    assert again.code == 0
    assert "Success: 0" in again.text, again.text


def test_a_changed_cue_makes_the_plan_and_the_links_anew_and_draws_nothing(talking: Folder):
    assert talking.doit("timelines:hi").code == 0
    before = talking.frame_bytes()
    (talking.path / "timelines" / "hi.txt").write_text(TIMING.replace("0.70", "0.80"))
    ran = talking.doit("timelines:hi")
    assert ran.code == 0, ran.text
    assert talking.frame_bytes() == before
    frames = talking.path / "frames/timelines/hi/frames"
    assert (frames / "frame_000017.png").samefile(talking.frame("neutral__center"))


def test_keyframes_of_the_old_tools_load_unchanged(talking: Folder):
    key = {"target_pose": "center", "transition_duration_ms": 100}
    write(
        talking,
        id="old",
        keyframes=[
            {"time_ms": 0, "target_expr": "neutral", "phoneme": None, **key},
            {"time_ms": 500, "target_expr": "ah", "phoneme": "AH", **key},
            {"time_ms": 800.5, "target_expr": "neutral", "phoneme": None, **key},
        ],
        total_duration_ms=1000,
    )
    ran = talking.doit("timelines:hi:plan")
    assert ran.code == 0, ran.text
    plan = plan_of(talking)
    shown = [plan["pictures"][index] for index, count in plan["shown"] for _ in range(count)]
    assert len(shown) == 24
    assert shown[12] == "endpoints/ah__center.png"
    assert shown[11] == "sequences/open__center/050.png"
    assert shown[-1] == shown[0] == "endpoints/neutral__center.png"


def test_mouth_shapes_and_blinks_by_hand_are_shown_and_a_hidden_blink_is_told(talking: Folder):
    config = talking.config
    rest = {"mouth": "neutral", "brows": "neutral"}
    config["expressions"]["blink"] = {**rest, "eyes": "blink_closed"}
    talking.write_config(config)
    write(
        talking,
        timing="hi.txt",
        mouth=[{"time_ms": 750, "duration_ms": 250, "shape": "X"}],
        blinks=[{"time_ms": 250, "duration_ms": 150}, {"time_ms": 800}],
    )
    ran = talking.doit("timelines:hi:plan")
    assert ran.code == 0, ran.text
    plan = plan_of(talking)
    shown = [plan["pictures"][index] for index, count in plan["shown"] for _ in range(count)]
    assert shown[22] == "endpoints/blink__center.png"
    assert plan["layers"]["blink"] == [[250000, 400000], [800000, 940000]]
    assert [750000, 1000000, "X", ""] in plan["layers"]["mouth"]
    assert "the blink at 0.25 s is not shown: the mouth speaks" in ran.text
    assert "0.80 s" not in ran.text
    write(talking, total_duration_ms=500, blinks=[])
    assert talking.doit("timelines:hi:plan").code == 0
    assert plan_of(talking)["layers"]["blink"] == []


def test_a_mood_of_the_timeline_itself_goes_before_one_of_its_cues(talking: Folder):
    (talking.path / "timelines" / "a.srt").write_text(
        "1\n00:00:00,500 --> 00:00:01,000\n[happy_big] Hi.\n"
    )
    write(talking, timing="hi.txt", cues="a.srt")
    assert talking.doit("timelines:hi:plan").code == 0
    assert plan_of(talking)["layers"]["mood"][1] == [500000, "happy_big"]
    write(
        talking,
        timing="hi.txt",
        cues="a.srt",
        keyframes=[{"time_ms": 500, "target_expr": "sad"}],
    )
    assert talking.doit("timelines:hi:plan").code == 0
    assert plan_of(talking)["layers"]["mood"][1] == [500000, "sad"]


def test_plan_names_the_frames_that_are_not_drawn(talking: Folder):
    ran = talking.doit("plan", "--json", "timelines:hi")
    assert ran.code == 0, ran.text
    document = json.loads(ran.out)
    names = {frame["frame"] for frame in document["frames"]}
    assert {"ah__center", "open__center:050"} <= names
    assert "sad__center" not in names
    assert not (talking.path / "frames" / "timelines").exists()


def test_a_command_speaks_and_a_missing_one_is_one_line(talking: Folder):
    speaker = talking.path / "speak.py"
    speaker.write_text(
        "import sys, wave\n"
        "text = open(sys.argv[1]).read()\n"
        "with wave.open(sys.argv[2], 'wb') as out:\n"
        "    out.setparams((1, 2, 8000, 0, 'NONE', ''))\n"
        "    out.writeframes(b'\\0\\0' * 1000 * len(text.split()))\n"
    )
    voice = f'"{sys.executable}" "{speaker}" {{text}} {{audio}}'
    write(talking, speak="[sad] one two; three", voice=voice, aligner="none")
    ran = talking.doit("timelines:hi:plan")
    assert ran.code == 0, ran.text
    with wave.open(str(talking.path / "frames/timelines/hi/sound.wav")) as file:
        assert file.getnframes() == 3000
    write(talking, speak="one", voice="no-such-voice {text} {audio}", aligner="none")
    ran = talking.doit("timelines:hi:plan")
    assert ran.code != 0
    assert "there is no command no-such-voice" in ran.text
    assert "Traceback" not in ran.text


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ({"timing": "hi.txt", "expresion": "sad"}, 'unknown key "expresion"; did you mean'),
        ({"timing": "none.txt"}, "none.txt"),
        ({"timing": "hi.txt", "rate": "fast"}, "no number of pictures a second"),
        ({"timing": "hi.txt", "expression": "sadd"}, 'no expression "sadd"; did you mean "sad"'),
        ({}, "there is nothing to show"),
    ],
)
def test_a_mistake_in_a_timeline_is_one_line(talking: Folder, spec: dict, message: str):
    write(talking, **spec)
    ran = talking.doit("timelines:hi:plan")
    assert ran.code != 0
    assert message in ran.text
    assert "Traceback" not in ran.text


def test_a_damaged_timeline_stops_no_other_task(talking: Folder):
    (talking.path / "timelines" / "bad.json").write_text("{")
    assert talking.doit("timelines:hi").code == 0
    ran = talking.doit("timelines:bad")
    assert ran.code != 0
    assert "bad.json: line 1" in ran.text


def test_timelines_may_stand_in_the_config(talking: Folder):
    config = talking.config
    config["timelines"] = {"inside": {"timing": "timelines/hi.txt", "rate": "12", "make": ["dat"]}}
    config["lip_sync"] = {"blinks": False}
    talking.write_config(config)
    ran = talking.doit("timelines:inside")
    assert ran.code == 0, ran.text
    made = talking.path / "frames/timelines/inside/inside.dat"
    assert made.read_text().startswith("MohoSwitch1\n1 X\n")


def test_listing_tasks_loads_nothing_heavy(talking: Folder):
    code = (
        "import sys; import dodo; from tasks.running.session import open_session;"
        "list(dodo.task_timelines(open_session()));"
        "print([m for m in ('numpy','PIL','av','pydantic','praatio') if m in sys.modules])"
    )
    talking.doit("list")
    ran = __import__("subprocess").run(
        [sys.executable, "-c", code], cwd=talking.path, capture_output=True, text=True, check=False
    )
    assert ran.stdout.strip() == "[]", ran.stderr
    assert Path(talking.path / ".doit.graph.json").exists()
