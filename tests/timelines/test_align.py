"""Alignment of texts that are said again and again, and of those that do not fit the recording."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tasks.ground.errors import Mistake
from tasks.timelines.align import aligned
from tasks.timelines.script import script_of
from tasks.timelines.sound import Sound, read_sound
from tasks.timelines.timing import SECOND_US

pytest.importorskip("pocketsphinx")
pytestmark = pytest.mark.skipif(not shutil.which("espeak-ng"), reason="espeak-ng speaks")
BOBBY = "My name is Bobby, and I live in a big house by the sea."
APPLE = "Please put the apple on the table."


def spoken(tmp_path: Path, text: str) -> Sound:
    path = tmp_path / "said.wav"
    subprocess.run(["espeak-ng", "-v", "en-us", "-w", str(path), text], check=True)
    return read_sound(path)


def test_the_same_sentence_again_and_again_has_its_words_in_every_round(tmp_path: Path):
    text = " ".join([BOBBY] * 6)
    sound = spoken(tmp_path, text)
    found = aligned(sound, script_of(text), {})
    words = found.words
    assert [word.label for word in words] == text.split()
    assert found.notes == ()
    each = sound.duration_us / 6
    starts = [word.start_us for word in words if word.label == "My"]
    assert all(abs(start - at * each) < SECOND_US // 2 for at, start in enumerate(starts))


def test_a_silence_without_any_noise_leads_nobody_astray(tmp_path: Path):
    text = "Hello! My name is Sylvie, and this is the question: will you make a game with me?"
    path = tmp_path / "said.wav"
    subprocess.run(["espeak-ng", "-w", str(path), text], check=True)
    found = aligned(read_sound(path), script_of(text), {})
    assert len(found.words) == len(text.split())


def test_speech_that_the_text_does_not_have_is_said(tmp_path: Path):
    sound = spoken(tmp_path, f"{BOBBY} {APPLE} {BOBBY}")
    found = aligned(sound, script_of(f"{BOBBY} {BOBBY}"), {})
    [note] = found.notes
    assert "something is heard that the text does not have" in note
    assert aligned(spoken(tmp_path, BOBBY), script_of(BOBBY), {}).notes == ()


@pytest.mark.parametrize(
    ("said", "text", "message"),
    [
        (BOBBY, " ".join([BOBBY] * 8), "too long for the recording: 112 words in"),
        (BOBBY, f"{BOBBY} {APPLE}", "the text does not fit the recording"),
        (BOBBY, APPLE, "the text does not fit the recording"),
    ],
)
def test_a_text_that_does_not_fit_is_one_line(tmp_path: Path, said: str, text: str, message: str):
    with pytest.raises(Mistake) as caught:
        aligned(spoken(tmp_path, said), script_of(text), {})
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
