"""Pictures as pixels: whatever an artist may have, and whatever an engine may answer."""

import io
import threading
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from tasks.ground.errors import Mistake
from tasks.pictures import picture
from tasks.pictures.picture import (
    BadAnswer,
    BadPicture,
    PictureCache,
    fit,
    is_blank,
    pixels_digest,
    png_bytes,
    read,
    read_answer,
    unpadded,
)

quick = settings(deadline=None, max_examples=30)
SIZE = (6, 9)


def noise(size: tuple[int, int] = SIZE, channels: int = 4, seed: int = 1) -> Image.Image:
    """A picture no two pixels of which are likely to be the same."""
    random = np.random.default_rng(seed)
    return Image.fromarray(random.integers(0, 256, (size[1], size[0], channels), np.uint8))


def saved(image: Image.Image, kind: str = "PNG", **how) -> bytes:
    """The picture as a file."""
    buffer = io.BytesIO()
    image.save(buffer, kind, **how)
    return buffer.getvalue()


# What an artist may have


def test_an_rgba_png_is_read_as_it_is(tmp_path: Path):
    image = noise()
    image.save(tmp_path / "a.png")
    assert np.array_equal(read(tmp_path / "a.png"), image)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB"])
def test_every_common_mode_becomes_rgba_of_the_same_look(tmp_path: Path, mode: str):
    image = noise().convert(mode)
    image.save(tmp_path / "a.png")
    got = read(tmp_path / "a.png")
    assert (got.mode, got.size) == ("RGBA", SIZE)
    assert np.array_equal(got, image.convert("RGBA"))


def test_a_transparent_colour_of_a_palette_stays_transparent(tmp_path: Path):
    image = Image.new("P", (2, 1))
    image.putpalette([255, 0, 0, 0, 255, 0])
    image.putdata([0, 1])
    image.save(tmp_path / "a.png", transparency=0)
    got = read(tmp_path / "a.png")
    assert got.getpixel((0, 0))[3] == 0
    assert got.getpixel((1, 0)) == (0, 255, 0, 255)


def test_16_bit_grey_is_scaled_and_not_clipped(tmp_path: Path):
    grey = np.array([[0, 257, 128 * 257, 65535]], np.uint16)
    Image.fromarray(grey).save(tmp_path / "a.png")
    got = np.asarray(read(tmp_path / "a.png"))
    assert got[0, :, 0].tolist() == [0, 1, 128, 255]
    assert got[0, :, 3].tolist() == [255] * 4


def test_cmyk_is_read_as_the_colours_it_prints(tmp_path: Path):
    Image.new("CMYK", (16, 16), (0, 255, 255, 0)).save(tmp_path / "a.jpg", quality=95)
    red, green, blue, alpha = read(tmp_path / "a.jpg").getpixel((8, 8))
    assert red > 230
    assert green < 25
    assert blue < 25
    assert alpha == 255


@pytest.mark.parametrize(
    ("kind", "name"), [("JPEG", "a.jpg"), ("PNG", "a.png"), ("WEBP", "a.webp")]
)
def test_a_photograph_is_turned_upright(tmp_path: Path, kind: str, name: str):
    image = Image.new("RGB", (32, 16), "white")
    image.paste("black", (0, 0, 16, 16))
    exif = Image.Exif()
    exif[0x0112] = 6  # to be shown turned by 90 degrees, clockwise
    image.save(tmp_path / name, kind, exif=exif)
    got = read(tmp_path / name)
    assert got.size == (16, 32)
    assert got.getpixel((8, 4))[0] < 40
    assert got.getpixel((8, 28))[0] > 215


def test_a_picture_that_is_not_there_is_named(tmp_path: Path):
    with pytest.raises(Mistake, match=r"me\.png is not there$"):
        read(tmp_path / "me.png")


@pytest.mark.parametrize("content", [b"", b"GIF", b"not a picture at all", saved(noise())[:60]])
def test_what_is_no_whole_picture_is_a_mistake_that_says_what_to_do(tmp_path: Path, content: bytes):
    path = tmp_path / "me.png"
    path.write_bytes(content)
    with pytest.raises(Mistake, match=r"me\.png cannot be read .* save it as PNG, JPEG or WebP"):
        read(path)


def test_a_folder_is_no_picture(tmp_path: Path):
    with pytest.raises(Mistake, match="cannot be read as a picture"):
        read(tmp_path)


# Digests


@quick
@given(st.integers(0, 2**32 - 1))
def test_pixels_have_one_digest_however_they_are_stored(seed: int):
    image = noise(seed=seed)
    for data in (saved(image), saved(image, compress_level=0), saved(image, "WEBP", lossless=True)):
        with Image.open(io.BytesIO(data)) as stored:
            assert pixels_digest(stored) == pixels_digest(image)


@quick
@given(st.integers(0, 53), st.integers(0, 3), st.integers(1, 255))
def test_one_pixel_that_looks_different_changes_the_digest(at: int, channel: int, by: int):
    pixels = np.array(noise(seed=7))
    pixels[..., 3] = 255
    before = pixels_digest(Image.fromarray(pixels))
    row, column = divmod(at, SIZE[0])
    pixels[row, column, channel] = (int(pixels[row, column, channel]) + by) % 256
    assert pixels_digest(Image.fromarray(pixels)) != before


def test_the_colour_of_what_cannot_be_seen_does_not_count():
    red, blue = (Image.new("RGBA", SIZE, colour) for colour in ((255, 0, 0, 0), (0, 0, 255, 0)))
    assert pixels_digest(red) == pixels_digest(blue)


def test_an_opaque_picture_has_the_digest_of_its_rgba_form():
    rgb = noise(channels=3)
    assert pixels_digest(rgb) == pixels_digest(rgb.convert("RGBA"))


def test_the_same_pixels_in_another_shape_are_another_picture():
    one = Image.new("RGBA", (2, 8), "red")
    assert pixels_digest(one) != pixels_digest(Image.new("RGBA", (8, 2), "red"))


# Fitting


def test_a_picture_that_fits_is_the_very_same():
    image = noise()
    assert fit(image, SIZE) is image


@quick
@given(st.tuples(*[st.integers(1, 90)] * 2), st.tuples(*[st.integers(1, 90)] * 2))
def test_fitting_gives_the_asked_size_and_loses_nothing_of_the_picture(size, wanted):
    image = Image.new("RGBA", size, (10, 200, 30, 255))
    got = fit(image, wanted)
    assert got.size == wanted
    left, top, right, bottom = got.getbbox()
    assert right - left == wanted[0] or bottom - top == wanted[1]
    assert abs(left - (wanted[0] - right)) <= 1
    assert abs(top - (wanted[1] - bottom)) <= 1
    scale = min(wanted[0] / size[0], wanted[1] / size[1])
    assert abs((right - left) - max(1, size[0] * scale)) <= 1
    assert abs((bottom - top) - max(1, size[1] * scale)) <= 1


def test_fitting_lets_no_colour_of_transparent_pixels_bleed_into_the_edge():
    image = Image.new("RGBA", (40, 40), (255, 0, 0, 0))
    image.paste((0, 0, 255, 255), (10, 10, 30, 30))
    pixels = np.asarray(fit(image, (13, 13)))
    assert pixels[pixels[..., 3] > 8][:, 0].max() < 8


# Writing


def test_a_written_png_is_the_same_bytes_each_time_and_the_same_pixels():
    image = noise((50, 40))
    assert png_bytes(image) == png_bytes(image.copy())
    with Image.open(io.BytesIO(png_bytes(image))) as back:
        assert np.array_equal(back, image)


# Answers


def test_a_sound_answer_is_its_pixels():
    image = noise()
    assert np.array_equal(read_answer(saved(image), SIZE).pixels, image)


@pytest.mark.parametrize("kind", ["JPEG", "WEBP"])
def test_an_answer_may_be_of_another_format(kind: str):
    answer = saved(noise((64, 96), 3), kind)
    got = read_answer(answer, (64, 96))
    assert got.pixels.shape == (96, 64, 4)
    assert got.data == answer


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_an_answer_that_was_cut_off_is_refused(kind: str):
    answer = saved(noise((64, 96), 3), kind)
    for part in (0, 20, len(answer) // 2, len(answer) - 60):
        with pytest.raises(BadAnswer, match=r"^the answer is no whole picture"):
            read_answer(answer[:part], (64, 96))


def test_an_answer_whose_pixels_are_damaged_is_refused():
    answer = bytearray(saved(noise((64, 96))))
    at = answer.index(b"IDAT") + 40
    answer[at : at + 30] = bytes(30)
    with pytest.raises(BadAnswer, match=r"^the answer is no whole picture"):
        read_answer(bytes(answer), (64, 96))


@pytest.mark.parametrize(
    "answer", [b"<html>busy</html>", b'{"error": 1}', b"", b"\x89PNG\r\n\x1a\n"]
)
def test_an_answer_that_is_no_picture_is_refused(answer: bytes):
    with pytest.raises(BadAnswer, match=r"^the answer is no whole picture"):
        read_answer(answer, SIZE)


def test_an_answer_of_another_size_is_refused_with_both_sizes():
    with pytest.raises(BadAnswer, match=r"^the answer is 9x6 pixels, not 6x9$"):
        read_answer(saved(noise((9, 6))), SIZE)


@pytest.mark.parametrize("colour", [(0, 0, 0, 0), (255, 255, 255, 255), (9, 8, 7, 6)])
def test_a_blank_answer_is_refused(colour):
    with pytest.raises(BadAnswer, match=r"^the answer is blank"):
        read_answer(saved(Image.new("RGBA", SIZE, colour)), SIZE)


def test_noise_that_is_wholly_transparent_is_blank():
    image = noise()
    image.putalpha(0)
    assert is_blank(np.asarray(image))


@pytest.mark.parametrize("channel", range(4))
def test_one_pixel_of_difference_is_a_picture(channel: int):
    image = Image.new("RGBA", SIZE, (9, 8, 7, 200))
    pixel = [9, 8, 7, 200]
    pixel[channel] += 1
    image.putpixel((3, 3), tuple(pixel))
    assert not is_blank(np.asarray(image))


# The cache


def test_a_picture_is_read_once_while_its_file_does_not_change(tmp_path: Path, monkeypatch):
    path = tmp_path / "me.png"
    noise().save(path)
    reads = []
    decode = picture._decode
    monkeypatch.setattr(
        picture,
        "_decode",
        lambda data, path, kinds: reads.append(path) or decode(data, path, kinds),
    )
    cache = PictureCache()
    threads = [threading.Thread(target=cache.get, args=(path, None)) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert reads == [path]
    noise((7, 7), seed=2).save(path)
    assert cache.get(path, None).image.size == (7, 7)
    assert len(reads) == 2


def test_a_picture_that_fits_is_read_once_for_its_own_size_and_for_that_of_frames(
    tmp_path: Path, monkeypatch
):
    path, larger = tmp_path / "me.png", tmp_path / "larger.png"
    noise().save(path)
    noise((24, 24)).save(larger)
    reads = []
    decode = picture._decode
    monkeypatch.setattr(
        picture,
        "_decode",
        lambda data, path, kinds: reads.append(path.name) or decode(data, path, kinds),
    )
    for first, second in ((SIZE, None), (None, SIZE)):
        cache = PictureCache()
        assert cache.get(path, first) is cache.get(path, second)
        assert cache.own_size(path) == SIZE
        assert cache.get(larger, SIZE).image.size == SIZE
        assert cache.own_size(larger) == (24, 24)
        assert cache.get(larger, None).image.size == (24, 24)
        assert reads == ["me.png", "larger.png", "larger.png"]
        reads.clear()


def test_only_the_last_few_pictures_are_kept(tmp_path: Path):
    cache = PictureCache(2)
    paths = [tmp_path / f"{number}.png" for number in range(3)]
    for path in paths:
        noise().save(path)
    first, second, _ = (cache.get(path, None) for path in paths)
    assert cache.get(paths[1], None) is second
    assert cache.get(paths[0], None) is not first


def test_a_png_that_needs_no_change_is_shown_by_its_own_bytes(tmp_path: Path):
    path = tmp_path / "me.png"
    noise().save(path, compress_level=9)
    assert PictureCache().get(path, SIZE).png() == path.read_bytes()


def test_what_is_shown_is_what_the_digest_is_of_when_the_file_changes_meanwhile(tmp_path: Path):
    path = tmp_path / "me.png"
    noise().save(path)
    first = path.read_bytes()
    cached = PictureCache().get(path, SIZE)
    noise(seed=5).save(path)
    assert cached.png() == first


def test_a_picture_that_vanished_is_a_mistake(tmp_path: Path):
    with pytest.raises(Mistake, match="is not there"):
        PictureCache().get(tmp_path / "gone.png", None)


@pytest.mark.parametrize("mode", ["RGB", "P", "L"])
def test_any_other_picture_is_shown_as_an_rgba_png(tmp_path: Path, mode: str):
    path = tmp_path / "me.png"
    noise().convert(mode).save(path)
    cached = PictureCache().get(path, None)
    with Image.open(io.BytesIO(cached.png())) as shown:
        assert (shown.format, shown.mode) == ("PNG", "RGBA")
        assert pixels_digest(shown) == cached.digest == pixels_digest(read(path))


def test_a_fitted_picture_has_the_digest_of_what_is_shown(tmp_path: Path):
    path = tmp_path / "me.png"
    noise((12, 12)).save(path)
    cached = PictureCache().get(path, SIZE)
    assert cached.image.size == SIZE
    with Image.open(io.BytesIO(cached.png())) as shown:
        assert pixels_digest(shown) == cached.digest
    assert PictureCache().get(path, None).digest != cached.digest


@quick
@given(
    st.tuples(st.integers(20, 90), st.integers(20, 90)),
    st.tuples(st.integers(100, 200), st.integers(100, 200)),
)
def test_what_was_padded_to_a_size_is_brought_back(size: tuple[int, int], asked: tuple[int, int]):
    smooth = noise((4, 4), seed=5).resize(size, Image.Resampling.BICUBIC)
    smooth.putalpha(255)
    back = unpadded(fit(smooth, asked), asked, size)
    assert back.size == size
    apart = np.abs(np.asarray(back, np.int16) - np.asarray(smooth, np.int16))
    assert apart.mean() < 3


@pytest.mark.parametrize(
    ("name", "start", "command"),
    [
        ("a b.svg", b"<svg/>", "rsvg-convert -h 1536 '{0}' -o '{1}/a b.png'"),
        ("face.png", b"<?xml?><svg/>", "rsvg-convert -h 1536 {0} -o {1}/face_rendered.png"),
        ("face.heic", b"\0\0\0\x18ftypheic", "heif-convert {0} {1}/face.png"),
        ("face.jpg", b"\0\0\0\x18ftypavif", "heif-convert {0} {1}/face.png"),
        ("face.pdf", b"%PDF-1.7", "pdftocairo -png -singlefile {0} {1}/face"),
    ],
)
def test_what_has_to_be_rendered_is_refused_with_the_command(
    tmp_path: Path, name: str, start: bytes, command: str
):
    path = tmp_path / name
    path.write_bytes(start)
    with pytest.raises(BadPicture) as refused:
        read(path)
    assert f"({command.format(path, tmp_path)})" in str(refused.value)
