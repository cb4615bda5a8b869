"""What is shown at a time: properties that hold for any speech, rate and character."""

import shutil
import subprocess
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.character.character import Expression
from tasks.character.talking import LipSync
from tasks.ground.errors import Mistake
from tasks.timelines.align import aligned
from tasks.timelines.layers import Key, Layers, blinks, merged, with_first
from tasks.timelines.mouth import Shape, corrected, mouth_shapes
from tasks.timelines.phones import phone_of
from tasks.timelines.rate import rate_of
from tasks.timelines.roads import Road, Roads, keyframe, mending
from tasks.timelines.rules import SETS, SHAPES
from tasks.timelines.script import script_of
from tasks.timelines.sound import read_sound
from tasks.timelines.timeline import Timeline, Ways, planned
from tasks.timelines.timing import SECOND_US, Span, Timing, in_order, timing
from tasks.timelines.visemes import Look, Visemes, openings, said, visemes

RULES = LipSync()
_REST = {"eyes": "neutral", "brows": "neutral"}
EXPRESSIONS = {
    "neutral": Expression("neutral", (), {}, {"mouth": "neutral", **_REST}),
    "ah": Expression("ah", (), {"jawOpen": 0.7}, {"mouth": "ah", **_REST}),
    "ee": Expression("ee", (), {"jawOpen": 0.15, "mouthStretchLeft": 0.7,
                                "mouthStretchRight": 0.7}, {"mouth": "ee", **_REST}),
    "uw": Expression("uw", (), {"jawOpen": 0.15, "mouthPucker": 0.8}, {"mouth": "uw", **_REST}),
    "sad": Expression("sad", (), {"mouthFrownLeft": 1.0, "mouthFrownRight": 1.0,
                                  "browInnerUp": 0.8},
                      {"mouth": "frown", "eyes": "neutral", "brows": "raise"}),
    "sad_ah": Expression("sad_ah", (), {"jawOpen": 0.7, "browInnerUp": 0.8},
                         {"mouth": "ah", "eyes": "neutral", "brows": "raise"}),
    "blink": Expression("blink", (), {"eyeBlinkLeft": 1.0, "eyeBlinkRight": 1.0},
                        {"mouth": "neutral", "eyes": "blink_closed", "brows": "neutral"}),
}  # fmt: skip


def road(start: str, end: str, pose: str = "center") -> Road:
    name = f"{start}_to_{end}"
    tweens = tuple((t / 4, f"sequences/{name}__{pose}/{t * 25:03}.png") for t in (1, 2, 3))
    return Road(name, (start, pose), (end, pose), tweens, 400)


ROADS = (
    *(road("neutral", name) for name in ("ah", "ee", "uw", "sad", "blink")),
    road("ah", "ee"),
    road("sad", "sad_ah"),
)
VISEMES = visemes({}, EXPRESSIONS, ROADS)
LABELS = st.sampled_from(
    [
        "P",
        "B",
        "M",
        "F",
        "AA",
        "AE",
        "AH0",
        "IY1",
        "OW1",
        "UW",
        "AY1",
        "L",
        "S",
        "T",
        "K",
        "NG",
        "R",
        "W",
        "p",
        "ə",
        "aj",
        "tʰ",
    ]
)
STEP = st.integers(15_000, 400_000)
RATES = st.sampled_from(["24", "25", "30", "23.976", "29.97", "12", "60", "24000/1001"])


@st.composite
def speech(draw: st.DrawFn) -> Timing:
    """Sounds with pauses of any length between some of them."""
    at, spans = draw(st.integers(0, 600_000)), []
    for label in draw(st.lists(LABELS, min_size=1, max_size=12)):
        length = draw(STEP)
        spans.append(Span(at, at + length, label))
        at += length + draw(st.sampled_from([0, 0, 0, 60_000, 200_000, 700_000]))
    return timing("test", sounds=tuple(spans), duration_us=at + draw(st.integers(0, 500_000)))


def played(heard: Timing, rate: str = "24", roads: tuple[Road, ...] = ROADS) -> Timeline:
    shapes = mouth_shapes(heard, RULES)
    made = Layers(
        shapes,
        with_first([Key(heard.duration_us // 2, "sad")], "neutral"),
        with_first([], "center"),
        blinks(shapes, heard.duration_us, RULES),
    )
    stops = merged(made, VISEMES, RULES).stops
    ways = Ways(Roads(roads), openings(roads, EXPRESSIONS))
    return planned(stops, ways, rate_of(rate), heard.duration_us)


@settings(max_examples=25, deadline=None)
@given(speech(), RATES)
def test_no_gap_no_overlap_and_the_exact_length(heard: Timing, rate: str):
    found = played(heard, rate)
    assert found.count == max(1, -(-heard.duration_us * rate_of(rate) // SECOND_US))
    assert sum(count for _, count in found.runs()) == found.count
    every = [place for place, count in found.runs() for _ in range(count)]
    assert every == [found.at(frame) for frame in range(found.count)]
    assert found.moves[0].start == 0
    for move, after in pairwise(found.moves):
        assert move.start <= move.end < after.start <= after.end
    assert found.duration == Fraction(found.count) / rate_of(rate)


@settings(max_examples=25, deadline=None)
@given(speech(), RATES)
def test_a_transition_only_goes_on_and_ends_on_its_picture(heard: Timing, rate: str):
    found = played(heard, rate)
    for move in found.moves:
        shown = [found.at(frame) for frame in range(move.start, move.end + 1)]
        places = [move.route.places.index(place) for place in shown]
        assert places == sorted(places)
        assert shown[-1] == move.place
    assert found.at(found.count - 1) in {keyframe(("sad", "center")), found.moves[-1].place}


@settings(max_examples=25, deadline=None)
@given(speech(), RATES)
def test_the_mouth_is_shut_when_a_closure_sounds_and_at_rest_at_the_end(heard: Timing, rate: str):
    found = played(heard, rate)
    shut = {keyframe((name, "center")) for name in ("neutral", "sad", "blink")}
    for sound in heard.sounds:
        if phone_of(sound.label) in {"P", "B", "M"} and sound.start_us < heard.duration_us:
            assert found.shown(sound.start_us) in shut, sound
    assert found.at(found.count - 1) in shut


@settings(max_examples=25, deadline=None)
@given(speech())
def test_shapes_fill_the_time_and_none_is_too_short(heard: Timing):
    shapes = mouth_shapes(heard, RULES)
    assert shapes[0].start_us == 0
    assert shapes[-1].end_us >= heard.duration_us
    for shape, after in pairwise(shapes):
        assert shape.end_us == after.start_us
        assert shape.shape != after.shape
    # What is shut, or has its teeth on its lip, takes its time from what is beside it.
    crowded = {i for i, s in enumerate(shapes) if s.sound_us >= 0 or s.shape == "G"}
    # What is said in the last moment, or the first, has no room to grow.
    for index, shape in enumerate(shapes[2:-2], 2):
        beside = {index - 1, index, index + 1} & crowded or shapes[index + 1].shape == "X"
        if shape.shape not in "AGX" and not beside:
            assert shape.duration_us >= RULES.shortest_ms * 1000, shape


def shapes_of(*sounds: tuple[str, int], pause_ms: int = 0) -> list[tuple[str, int, int]]:
    at, spans = 500, []
    for label, length_ms in sounds:
        spans.append(Span(at * 1000, (at + length_ms) * 1000, label))
        at += length_ms + pause_ms
    made = mouth_shapes(timing("t", sounds=tuple(spans), duration_us=(at + 800) * 1000), RULES)
    return [(s.shape, s.start_us // 1000, s.end_us // 1000) for s in made]


def test_a_closure_takes_half_of_what_precedes_within_bounds():
    assert shapes_of(("AA", 160), ("M", 90), ("AA", 200))[2][:2] == ("A", 580)
    assert shapes_of(("AA", 400), ("M", 90), ("AA", 200))[2][:2] == ("A", 780)
    assert shapes_of(("AA", 100), ("M", 90), ("AA", 200))[2][:2] == ("A", 550)


@pytest.mark.parametrize("length_us", [15_000, 30_000, 60_000])
def test_a_lip_on_teeth_leaves_closures_before_it_until_they_sounded(length_us: int):
    spans = tuple(
        Span(at * length_us, (at + 1) * length_us, label) for at, label in enumerate("PPMF")
    )
    shapes = mouth_shapes(timing("t", sounds=spans, duration_us=5 * length_us), RULES)
    shut = [shape for shape in shapes if shape.sound_us >= 0]
    assert shut
    assert all(shape.start_us <= shape.sound_us for shape in shut)
    assert all(shape.until_us < shape.end_us for shape in shut)


@settings(max_examples=25, deadline=None)
@given(speech(), st.lists(st.tuples(st.integers(0, 2_000_000), STEP, st.sampled_from(SHAPES))))
def test_a_shape_by_hand_is_shown_for_its_time_and_the_others_are_as_they_were(
    heard: Timing, own: list[tuple[int, int, str]]
):
    spans = in_order(Span(start, start + length, shape) for start, length, shape in own)
    by_hand = [Shape(span.start_us, span.end_us, span.label) for span in spans]
    shapes = mouth_shapes(heard, RULES)
    made = corrected(shapes, by_hand, heard.duration_us)

    def at(row: tuple[Shape, ...] | list[Shape], time_us: int) -> Shape | None:
        return next((s for s in row if s.start_us <= time_us < s.end_us), None)

    for shape, after in pairwise(made):
        assert shape.start_us < shape.end_us <= after.start_us
        assert shape.until_us < shape.end_us
    for time_us in range(0, heard.duration_us, 20_000):
        wanted = at(by_hand, time_us) or at(shapes, time_us)
        found = at(made, time_us)
        assert (found and found.shape) == (wanted and wanted.shape)
        assert found is None or found.sound_us < 0 or found.start_us <= found.sound_us


def test_pauses_hold_relax_or_rest():
    said_twice = (("AA", 200), ("AA", 200))
    assert [s for s, *_ in shapes_of(*said_twice, pause_ms=100)] == ["X", "D", "X"]
    assert [s for s, *_ in shapes_of(*said_twice, pause_ms=300)] == ["X", "D", "C", "D", "X"]
    assert [s for s, *_ in shapes_of(*said_twice, pause_ms=400)] == ["X", "D", "X", "D", "X"]


def test_diphthongs_move_and_consonants_are_not_neutral():
    assert [s for s, *_ in shapes_of(("AY1", 300))] == ["X", "D", "B", "X"]
    assert [s for s, *_ in shapes_of(("OW1", 300))] == ["X", "E", "F", "X"]
    assert [s for s, *_ in shapes_of(("S", 150), ("IY1", 150), ("T", 100))] == ["X", "B", "X"]
    # A consonant has the shape of the vowel to come already.
    assert shapes_of(("S", 150), ("UW1", 150))[1][:2] == ("F", 500)


def test_spellings_of_sounds_mean_the_same():
    assert phone_of("AA1") == phone_of("ɑː") == phone_of("aa") == "AA"
    assert [phone_of(x) for x in ("tʰ", "dʒ", "t͡ʃ", "aj", "j", "JH", "ɫ̩", "ɝ", "hh")] == (
        ["T", "JH", "CH", "AY", "Y", "JH", "L", "ER", "HH"]
    )
    assert [phone_of(x) for x in ("sil", "", "sp", "spn", "12%")] == ["", "", "", "?", "?"]
    assert all(shape in SHAPES for table in SETS.values() for shape in table.values())


def test_defaults_are_complete_and_the_config_outdoes_them():
    assert set(VISEMES.defaults) == set(SHAPES)
    assert (str(VISEMES.defaults["D"]), str(VISEMES.defaults["A"])) == ("ah", "neutral")
    assert str(VISEMES.defaults["C"]) == "ah@0.5"
    assert "ah for D" in said(VISEMES)
    own = visemes({"M": "uw", "D": "ee", "sad": {"AE": "sad_ah"}}, EXPRESSIONS, ROADS)
    assert own.look("A", "m", "neutral") == Look("uw")
    assert own.look("D", "AA1", "neutral") == Look("ee")
    assert own.look("C", "AE1", "sad") == Look("sad_ah")
    with pytest.raises(Mistake, match=r'no expression "eee"; did you mean "ee"'):
        visemes({"D": "eee"}, EXPRESSIONS, ROADS)


@pytest.mark.parametrize("names", [("neutral",), ("neutral", "ah"), ("calm", "mouth_A", "mouth_D")])
def test_any_character_gets_a_face_for_every_shape(names: tuple[str, ...]):
    found: Visemes = visemes({}, {name: Expression(name) for name in names})
    assert set(found.defaults) == set(SHAPES)
    assert str(found.defaults["D"]) in {names[-1], "neutral"}


def test_a_mood_keeps_its_eyes_while_it_speaks_where_a_face_has_both():
    assert VISEMES.joined(Look("ah"), "sad") == Look("sad_ah")
    assert VISEMES.joined(Look("ee"), "sad") is None
    assert VISEMES.blinking("neutral") == "blink"
    assert VISEMES.blinking("sad") is None


def test_the_shortest_way_is_found_in_both_directions_and_a_cut_is_told():
    net = Roads((*ROADS, Road("nod", ("neutral", "center"), ("neutral", "up"), (), 500)))
    ah, ee, up = (keyframe(s) for s in (("ah", "center"), ("ee", "center"), ("neutral", "up")))
    forwards, back = net.route(ah, ee), net.route(ee, ah)
    assert forwards is not None
    assert back is not None
    assert forwards.places == back.places[::-1]
    assert len(forwards.places) == 5
    turned = net.route(ah, up)
    assert turned is not None
    assert keyframe(("neutral", "center")) in turned.places
    assert net.route(ah, keyframe(("lost", "center"))) is None
    heard = timing("t", sounds=(Span(0, 300_000, "AA"),), duration_us=900_000)
    lost = played(heard, roads=(road("neutral", "ee"),))
    assert lost.cuts[0][1:] == (("ah", "center"), ("neutral", "center"))
    assert mending(cut[1:] for cut in lost.cuts)[0] == (
        '{"id": "ah_to_neutral", "start": "ah", "end": "neutral"}'
    )


def test_blinks_come_in_pauses_at_natural_intervals_and_stay_the_same():
    quiet = blinks((), 60_000_000, RULES)
    assert quiet == blinks((), 60_000_000, RULES)
    assert 8 <= len(quiet) <= 30
    assert quiet != blinks((), 60_000_000, LipSync(seed=1))
    assert blinks((), 60_000_000, LipSync(blinks=False)) == ()


def test_rates_are_exact():
    assert rate_of("23.976") == rate_of("24000/1001") == Fraction(24000, 1001)
    assert rate_of("29.97") == Fraction(30000, 1001)
    assert rate_of("12.5") == Fraction(25, 2)
    for wrong in ("0", "x", "1000", "nan", "1/0"):
        with pytest.raises(Mistake, match="rate"):
            rate_of(wrong)


def test_what_pocketsphinx_loses_by_itself_is_asked_for_again(tmp_path: Path):
    pytest.importorskip("pocketsphinx")
    speaker = shutil.which("espeak-ng")
    if not speaker:
        pytest.skip("needs a voice; on Debian: apt-get install espeak-ng, then run pytest again")
    text = "Hello! My name is Bobby, and I live in a big house by the sea."
    subprocess.run([speaker, "-w", str(tmp_path / "a.wav"), text], check=True)
    found = aligned(read_sound(tmp_path / "a.wav"), script_of(text), {})
    assert [span.label for span in found.words] == text.split()
    assert all(a.end_us <= b.start_us for a, b in pairwise(found.words))


@given(speech(), RATES)
@settings(deadline=None, max_examples=60)
def test_from_mouth_to_mouth_it_neither_shuts_nor_opens_wider_on_the_way(heard: Timing, rate: str):
    found, opened = played(heard, rate), openings(ROADS, EXPRESSIONS)
    for before, move in pairwise(found.moves):
        if before.stop.layer == move.stop.layer == "mouth":
            ends = [opened[before.place], opened[move.place]]
            for frame in range(move.start, min(move.end, found.count)):
                assert min(ends) - 0.051 <= opened[found.at(frame)] <= max(ends) + 0.051


def test_without_a_round_mouth_aw_is_half_open_and_no_pucker():
    assert str(VISEMES.look("E", "AO", "neutral")) == "ah@0.5"
    assert str(VISEMES.look("F", "UW", "neutral")).startswith("uw")
