"""What is made of a plan, read back by readers that are not ours."""

import json
import wave
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import opentimelineio as otio
import pytest
from openfacefx.importers import import_cues
from PIL import Image

from tasks.exports import timeline
from tasks.ground.errors import Mistake
from tasks.timelines.document import VERSION, read_plan, written
from tasks.timelines.readers import read

RATE = (24_000, 1001)
COUNT = 30
SHOWN = [["a", 10], ["b", 1], ["c", 14], ["b", 5]]
COLOURS = {"a": (200, 30, 30), "b": (30, 200, 30), "c": (30, 30, 200)}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A plan of three pictures and a click at half a second, as a plan's task leaves it."""
    pictures = list(COLOURS)
    duration_us = COUNT * 1_001_000_000 // 24_000
    plan: dict[str, Any] = {
        "version": VERSION,
        "id": "hi",
        "rate": list(RATE),
        "frames": COUNT,
        "duration_us": duration_us,
        "audio": "sound.wav",
        "pictures": [f"endpoints/{name}__center.png" for name in pictures],
        "shown": [[pictures.index(name), count] for name, count in SHOWN],
        "layers": {"mouth": [[0, 400_000, "X", ""], [400_000, 800_000, "D", "AA"],
                             [800_000, 1_000_000, "B", "S"], [1_000_000, duration_us, "X", ""]],
                   "mood": [[0, "neutral"]], "pose": [[0, "center"]], "blink": []},
        "words": [[400_000, 1_000_000, "ahs"]],
        "phones": [[400_000, 800_000, "AA"], [800_000, 1_000_000, "S"]],
        "cues": [], "peaks": {"a_second": 50, "values": []}, "moves": [], "cuts": [], "mend": [],
        "lacking": [], "visemes": "", "notes": [],
    }  # fmt: skip
    for name, colour in COLOURS.items():
        image = Image.new("RGBA", (64, 48), (*colour, 255))
        image.paste((0, 0, 0, 0), (0, 0, 16, 16))
        image.save(tmp_path / f"{name}.png")
    (tmp_path / "plan.json").write_bytes(written(plan))
    samples = np.zeros(int(1.2 * 22_050), "<i2")
    samples[11_025 : 11_025 + 220] = 20_000
    with wave.open(str(tmp_path / "sound.wav"), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(22_050)
        file.writeframes(samples.tobytes())
    return tmp_path


def make(folder: Path, product: str) -> Path:
    target = folder / timeline.PRODUCTS[product].replace("*", "hi")

    def places(place: str) -> str:
        return str(folder / place.removeprefix("endpoints/").replace("__center", ""))

    timeline.make(product, target, places, "#ffffff")
    return target


@pytest.mark.parametrize("product", ["mp4", "webm"])
def test_pyav_finds_every_frame_at_its_time_and_the_sound_in_sync(folder: Path, product: str):
    with av.open(str(make(folder, product))) as film:
        stream = film.streams.video[0]
        stream.codec_context.thread_count = 1
        assert stream.average_rate == Fraction(*RATE)
        times, colours = [], []
        for frame in film.decode(video=0):
            times.append(float(frame.pts * frame.time_base))
            colours.append(frame.to_ndarray(format="rgb24")[30, 40])
    wanted = [COLOURS[name] for name, count in SHOWN for _ in range(count)]
    assert len(times) == COUNT
    # A WebM counts in milliseconds.
    assert np.allclose(times, [n * RATE[1] / RATE[0] for n in range(COUNT)], atol=0.0006)
    assert np.abs(np.array(colours, int) - np.array(wanted, int)).max() < 12
    with av.open(str(folder / f"hi.{product}")) as film:
        heard = [
            (float(frame.pts * frame.time_base), frame.to_ndarray().ravel(), frame.sample_rate)
            for frame in film.decode(audio=0)
        ]
    click = next(
        at + np.argmax(np.abs(part) > 0.2) / rate
        for at, part, rate in heard
        if np.abs(part).max() > 0.2
    )
    assert abs(click - 0.5) < 0.02
    at, part, rate = heard[-1]
    assert abs(at + len(part) / rate - 1.2) < RATE[1] / RATE[0]


def test_a_webm_keeps_alpha(folder: Path):
    with av.open(str(make(folder, "webm"))) as film:
        packets = [packet for packet in film.demux(video=0) if packet.size]
        decoder = av.CodecContext.create("libvpx-vp9", "r")
        frames = [frame for packet in packets[:3] for frame in decoder.decode(packet)]
    alpha = frames[0].to_ndarray(format="rgba")[..., 3]
    assert alpha[4, 4] < 20
    assert alpha[40, 40] > 235


def test_the_image_sequence_is_links_and_only_what_changed_is_made_anew(folder: Path):
    manifest = make(folder, "frames")
    frames = sorted(manifest.parent.glob("*.png"))
    assert len(frames) == COUNT
    assert frames[10].samefile(folder / "b.png")
    assert timeline.all_linked(str(manifest))
    untouched = frames[0].lstat().st_ino
    plan = json.loads((folder / "plan.json").read_bytes())
    plan["shown"], plan["frames"] = [[0, 10], [2, 5]], 15
    (folder / "plan.json").write_bytes(written(plan))
    make(folder, "frames")
    assert len(list(manifest.parent.glob("*.png"))) == 15
    assert frames[10].samefile(folder / "c.png")
    assert frames[0].lstat().st_ino == untouched
    frames[3].unlink()
    assert not timeline.all_linked(str(manifest))


def test_a_picture_that_lies_where_one_of_the_sequence_goes_is_set_aside(
    folder: Path, capsys: pytest.CaptureFixture[str]
):
    manifest = make(folder, "frames")
    fifth, beyond = (manifest.parent / f"frame_{number:06d}.png" for number in (5, 99))
    fifth.unlink()
    fifth.write_bytes(b"somebody's own")
    beyond.write_bytes(b"another")
    # A picture that was drawn anew since: the link to the earlier one is still ours.
    (folder / "c.png").unlink()
    Image.new("RGBA", (64, 48), (9, 9, 9, 255)).save(folder / "c.png")
    make(folder, "frames")
    kept = {path.read_bytes() for path in (manifest.parent / "set_aside").iterdir()}
    assert kept == {b"somebody's own", b"another"}
    assert f"Moved what lay at {fifth}" in capsys.readouterr().out
    assert fifth.samefile(folder / "a.png")


def test_an_animation_lasts_as_long_as_the_plan(folder: Path):
    with Image.open(make(folder, "webp")) as film:
        total = 0
        for number in range(film.n_frames):
            film.seek(number)
            film.load()
            total += film.info["duration"]
    assert total == round(1000 * COUNT * RATE[1] / RATE[0])


def test_opentimelineio_reads_pictures_sound_and_markers(folder: Path):
    found = otio.adapters.read_from_file(str(make(folder, "otio")))
    face, voice = found.video_tracks()[0], found.audio_tracks()[0]
    clip = face[0]
    media = clip.media_reference
    assert isinstance(media, otio.schema.ImageSequenceReference)
    assert media.number_of_images_in_sequence() == COUNT
    assert media.target_url_for_image_number(0) == f"frames/{timeline.frame_name(1)}"
    assert list(found.metadata["doit_expressions"]["rate"]) == list(RATE)
    assert [marker.name for marker in clip.markers] == ["ahs", "AA", "S"]
    start = clip.markers[1].marked_range.start_time
    assert start.to_seconds() == pytest.approx(0.4)
    assert voice[0].media_reference.target_url == "sound.wav"
    assert clip.duration() == voice[0].duration() == otio.opentime.RationalTime(COUNT, 24000 / 1001)


@pytest.mark.parametrize("product", ["tsv", "dat"])
def test_openfacefx_reads_the_cues(folder: Path, product: str):
    path = make(folder, product)
    cues = import_cues(str(path), **({"fps": 24000 / 1001} if product == "dat" else {}))
    text = json.dumps(cues, default=str)
    assert len(text) > 10
    own = read(path.read_bytes(), path.name, dat_fps=24_000 / 1001)
    assert [span.label for span in own.sounds][:4] == ["X", "D", "B", "X"]
    assert abs(own.sounds[1].start_us - 400_000) < 45_000


def test_what_is_wrong_is_one_line(folder: Path, monkeypatch: pytest.MonkeyPatch):
    (folder / "b.png").unlink()
    with pytest.raises(Mistake, match=r"b\.png is not there; draw it: doit endpoints:b__center"):
        make(folder, "frames")
    monkeypatch.setitem(__import__("sys").modules, "av", None)
    with pytest.raises(Mistake, match="install it: uv sync --extra video"):
        make(folder, "mp4")


def test_a_plan_of_another_version_is_none(folder: Path):
    with pytest.raises(ValueError, match="another version"):
        read_plan(b'{"version": 99}')
