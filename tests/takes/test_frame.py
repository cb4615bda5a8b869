"""Frames: pictures that say where they came from."""

import io
import struct
import zlib
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms, PngImagePlugin

from tasks.ground.errors import Mistake
from tasks.pictures.picture import pixels_digest, read_answer
from tasks.takes import frame
from tasks.takes.frame import (
    BASE,
    Existing,
    Frames,
    Provenance,
    State,
    compose,
    glance_at,
    look_at,
    name_of,
    write,
)

SIZE = (20, 30)
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
IPTC = "http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
quick = settings(deadline=None, max_examples=40)


def noise(channels: int = 4, seed: int = 3) -> Image.Image:
    """A picture with no two pixels alike."""
    random = np.random.default_rng(seed)
    return Image.fromarray(random.integers(0, 256, (SIZE[1], SIZE[0], channels), np.uint8))


def saved(image: Image.Image, kind: str = "PNG", **how) -> bytes:
    """The picture as a file."""
    buffer = io.BytesIO()
    image.save(buffer, kind, **how)
    return buffer.getvalue()


def origin(image: Image.Image, **other: str) -> Provenance:
    """Where a frame with the pixels of `image` came from."""
    known = {
        "request_key": "3f" * 32,
        "take": "0123456789ab",
        "engine": "openai",
        "pixels": pixels_digest(image),
        "model": "gpt-image-2.5-sunburst",
        "prompt": "Zoë smiles.\nNothing else changes.",
    }
    return Provenance(**{**known, **other})


def chunks(png: bytes) -> list[tuple[bytes, bytes]]:
    """The kinds and contents of a PNG's chunks; their check sums must be right."""
    at, found = 8, []
    while at < len(png):
        (length,) = struct.unpack(">I", png[at : at + 4])
        kind, data = png[at + 4 : at + 8], png[at + 8 : at + 8 + length]
        (check,) = struct.unpack(">I", png[at + 8 + length : at + 12 + length])
        assert check == zlib.crc32(kind + data)
        found.append((kind, data))
        at += length + 12
    return found


def frame_from(picture: bytes, **other: str) -> bytes:
    """The frame that is made from a take."""
    image = Image.fromarray(read_answer(picture, SIZE).pixels)
    return compose(picture, image, origin(image, **other))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A frame as it is built."""
    path = tmp_path / "frames" / "sad__center.png"
    write(path, frame_from(saved(noise())))
    return path


def test_a_frame_that_was_written_is_ours_with_all_that_is_known_of_it(path: Path):
    image = noise()
    assert look_at(path) == Existing(State.OURS, origin(image), pixels_digest(image))


def test_a_glance_tells_the_same_provenance_without_the_pixels(path: Path):
    assert glance_at(path) == Existing(State.OURS, origin(noise()))


def test_a_glance_decodes_no_pixel(path: Path, monkeypatch: pytest.MonkeyPatch):
    def decoded(*_arguments):
        raise AssertionError("the pixels were decoded")

    monkeypatch.setattr(PngImagePlugin.PngImageFile, "load", decoded)
    assert glance_at(path).provenance == origin(noise())


@quick
@given(st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=60))
def test_any_prompt_comes_back_from_the_metadata_as_it_was(tmp_path_factory, prompt: str):
    path = tmp_path_factory.mktemp("frames") / "a.png"
    write(path, frame_from(saved(noise()), prompt=prompt))
    assert look_at(path).provenance.prompt == prompt
    assert glance_at(path).provenance.prompt == prompt


def test_other_programs_read_the_texts_by_names_that_people_understand(path: Path):
    with Image.open(path) as image:
        assert image.text["Request key"] == "3f" * 32
        assert image.text["Take"] == "0123456789ab"
        assert image.text["Engine"] == "openai"
        assert image.text["Model"] == "gpt-image-2.5-sunburst"
        assert image.text["Prompt"] == "Zoë smiles.\nNothing else changes."


@pytest.mark.parametrize(
    ("engine", "kind"),
    [("openai", "trainedAlgorithmicMedia"), ("puppet", "algorithmicallyEnhanced")],
)
def test_the_digital_source_type_is_that_of_the_iptc_where_xmp_has_it(engine: str, kind: str):
    with Image.open(io.BytesIO(frame_from(saved(noise()), engine=engine))) as image:
        packet = ElementTree.fromstring(image.info["xmp"])  # noqa: S314 - our own
    described = packet.find(f"{{{RDF}}}RDF/{{{RDF}}}Description")
    address = f"http://cv.iptc.org/newscodes/digitalsourcetype/{kind}"
    assert described.get(f"{{{IPTC}}}DigitalSourceType") == address


def test_an_artist_s_own_portrait_is_not_called_generated():
    frame = frame_from(saved(noise()), engine=BASE, take="")
    assert b"digitalsourcetype" not in frame
    with Image.open(io.BytesIO(frame)) as image:
        assert image.text["Engine"] == "base"
        assert "Take" not in image.text


def test_what_is_drawn_for_free_is_a_draft_and_what_is_paid_for_is_not():
    image = noise()
    assert origin(image, engine="puppet").is_draft
    assert origin(image, engine=BASE).is_draft
    assert not origin(image, engine="openai").is_draft


# From a take to a frame


@pytest.mark.parametrize("channels", [3, 4])
def test_the_pixels_of_a_png_take_are_taken_over_byte_for_byte(channels: int):
    take = saved(noise(channels), compress_level=9)
    packed = [
        [data for kind, data in chunks(png) if kind == b"IDAT"] for png in (take, frame_from(take))
    ]
    assert packed[0] == packed[1] != []


def test_texts_times_and_signatures_of_a_take_are_left_out():
    info = PngImagePlugin.PngInfo()
    info.add_text("Author", "somebody else")
    info.add_itxt("Request key", "forged")
    info.add(b"tIME", bytes(7))
    info.add(b"caBX", b"a signature of other bytes")
    info.add(b"eXIf", b"MM\0*\0\0\0\x08\0\0\0\0\0\0")
    frame = frame_from(saved(noise(), pnginfo=info))
    kinds = [kind for kind, _ in chunks(frame)]
    assert set(kinds) == {b"IHDR", b"sRGB", b"iTXt", b"IDAT", b"IEND"}
    assert b"somebody else" not in frame
    assert b"forged" not in frame


@pytest.mark.parametrize("said", [b"gAMA", b"sRGB", b"iCCP", b"eXIf", b""])
def test_every_frame_is_marked_srgb_and_says_nothing_else_of_its_colours(said: bytes):
    info = PngImagePlugin.PngInfo()
    how = {}
    if said == b"iCCP":
        profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
        how["icc_profile"] = profile.tobytes()
    elif said:
        content = {b"gAMA": struct.pack(">I", 45455), b"sRGB": b"\0"}
        info.add(said, content.get(said, b"MM\0*\0\0\0\x08\0\0\0\0\0\0"))
    frame = frame_from(saved(noise(3), pnginfo=info, **how))
    kinds = [kind for kind, _ in chunks(frame)]
    assert kinds[1] == b"sRGB"
    assert set(kinds) == {b"IHDR", b"sRGB", b"iTXt", b"IDAT", b"IEND"}
    with Image.open(io.BytesIO(frame)) as stored:
        assert np.array_equal(np.asarray(stored.convert("RGB")), noise(3))


def test_the_texts_stand_right_behind_the_header():
    kinds = [kind for kind, _ in chunks(frame_from(saved(noise())))]
    assert kinds[0] == b"IHDR"
    assert kinds[-1] == b"IEND"
    assert set(kinds[2 : kinds.index(b"IDAT")]) == {b"iTXt"}


@pytest.mark.parametrize(
    ("mode", "kind", "how"),
    [
        ("RGB", "JPEG", {"quality": 90}),
        ("RGBA", "WEBP", {"lossless": True}),
        ("P", "PNG", {}),
        ("L", "PNG", {}),
        ("LA", "PNG", {}),
        ("1", "PNG", {}),
    ],
)
def test_a_take_of_another_form_becomes_an_rgba_png_of_the_same_look(tmp_path, mode, kind, how):
    take = saved(noise().convert(mode), kind, **how)
    path = tmp_path / "a.png"
    write(path, frame_from(take))
    with Image.open(path) as frame:
        assert (frame.format, frame.mode) == ("PNG", "RGBA")
        assert np.array_equal(frame, read_answer(take, SIZE).pixels)
    assert look_at(path).state is State.OURS


def test_a_moving_take_becomes_its_first_picture(tmp_path: Path):
    take = saved(noise(), save_all=True, append_images=[noise(seed=4)])
    path = tmp_path / "a.png"
    write(path, frame_from(take))
    assert look_at(path).state is State.OURS
    with Image.open(path) as frame:
        assert getattr(frame, "n_frames", 1) == 1
        assert np.array_equal(frame, noise())


@pytest.mark.parametrize("behind", [b"\n", b"\0" * 7, b"\0\0\0\x05junk and more"])
def test_bytes_behind_the_end_of_a_take_are_left_out(tmp_path: Path, behind: bytes):
    frame = frame_from(saved(noise()) + behind)
    assert frame == frame_from(saved(noise()))
    assert chunks(frame)[-1] == (b"IEND", b"")


def test_a_transparent_colour_of_a_take_stays_transparent(tmp_path: Path):
    image = noise(3)
    take = saved(image, transparency=image.getpixel((0, 0)))
    path = tmp_path / "a.png"
    write(path, frame_from(take))
    assert look_at(path).state is State.OURS
    with Image.open(path) as frame:
        assert frame.convert("RGBA").getpixel((0, 0))[3] == 0


# What lies at a frame's path


def test_nothing_there_is_missing(tmp_path: Path):
    assert look_at(tmp_path / "a.png") == Existing(State.MISSING)
    assert glance_at(tmp_path / "a.png") == Existing(State.MISSING)


@pytest.mark.parametrize("channel", range(3))
def test_a_frame_with_one_pixel_changed_is_work_by_hand(path: Path, channel: int):
    with Image.open(path) as image:
        image.load()
        info = PngImagePlugin.PngInfo()
        for name, text in image.text.items():
            info.add_itxt(name, text)
    pixel = list(image.getpixel((5, 5)))
    image.putpixel(
        (5, 5), (*((v + 1 + (i == channel)) % 256 for i, v in enumerate(pixel[:3])), 255)
    )
    image.save(path, pnginfo=info)
    existing = look_at(path)
    assert existing.state is State.BY_HAND
    assert existing.provenance.take == "0123456789ab"


def test_a_frame_that_was_packed_anew_without_a_change_is_still_ours(path: Path):
    with Image.open(path) as image:
        image.load()
        info = PngImagePlugin.PngInfo()
        for name, text in image.text.items():
            info.add_itxt(name, text)
    image.save(path, pnginfo=info, compress_level=9)
    assert look_at(path).state is State.OURS


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_a_picture_that_nobody_here_drew_is_work_by_hand(path: Path, kind: str):
    path.write_bytes(saved(noise(3), kind))
    existing = look_at(path)
    assert (existing.state, existing.provenance) == (State.BY_HAND, None)
    assert glance_at(path).state is State.BY_HAND


def test_a_frame_whose_texts_were_stripped_is_work_by_hand(path: Path):
    with Image.open(path) as image:
        image.load()
    image.save(path)
    assert look_at(path).state is State.BY_HAND


@pytest.mark.parametrize("length", [0, 4, 30, -40, -1000])
def test_a_damaged_frame_is_unreadable(path: Path, length: int):
    path.write_bytes(path.read_bytes()[:length])
    assert look_at(path).state is State.UNREADABLE


def test_a_folder_in_place_of_a_frame_is_unreadable(tmp_path: Path):
    assert look_at(tmp_path).state is State.UNREADABLE
    assert glance_at(tmp_path).state is State.UNREADABLE


# A frame as an input


def named(path: Path) -> str:
    """What names the frame at `path`."""
    return name_of(Frames().source(path))


def test_a_frame_of_ours_is_named_by_its_take_however_it_is_finished(path: Path):
    assert named(path) == "take:0123456789ab"
    other = noise(seed=9)
    write(path, compose(saved(other), other, origin(other)))
    assert named(path) == "take:0123456789ab"


def test_work_by_hand_is_named_by_its_pixels(path: Path):
    image = noise(seed=9)
    path.write_bytes(saved(image))
    assert named(path) == pixels_digest(image)


def test_a_portrait_taken_as_a_frame_is_named_by_its_pixels(path: Path):
    write(path, frame_from(saved(noise()), engine=BASE, take=""))
    assert named(path) == pixels_digest(noise())


def test_an_input_that_is_missing_or_damaged_is_a_mistake_that_names_it(path: Path):
    path.write_bytes(b"")
    with pytest.raises(Mistake, match=r"sad__center\.png is unreadable"):
        named(path)
    path.unlink()
    with pytest.raises(Mistake, match=r"sad__center\.png is missing"):
        named(path)


def test_a_frame_is_decoded_once_while_its_file_does_not_change(path: Path, monkeypatch):
    looked: list[Path] = []
    monkeypatch.setattr(frame, "look_at", lambda path: looked.append(path) or look_at(path))
    frames = Frames()
    assert frames.at(path) == frames.at(path) == frames.source(path) == look_at(path)
    assert looked == [path]
    other = noise(seed=9)
    path.write_bytes(saved(other))
    assert frames.at(path) == look_at(path)
    assert frames.at(path).pixels == pixels_digest(other)
    path.unlink()
    assert frames.at(path).state is State.MISSING
