"""Films: what was written is read again, frame by frame."""

import io
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from tasks.exports import film as preview
from tasks.exports.film import FORMATS, Shot, there_and_back, write
from tasks.ground.errors import Mistake
from tasks.pictures import picture

Pixels = NDArray[np.uint8]

SIZE = (64, 48)
TIMES_MS = (40, 80, 120, 300, 500)
STREAMED = (".mp4", ".webm")
NEAR = {".webp": 6, ".apng": 0, ".png": 0, ".mp4": 4, ".webm": 4}
"""how far a colour may be off, of 255"""


def colour(number: int) -> tuple[int, int, int]:
    return (40 * number + 20, 200, 90)


def drawn(number: int, size: tuple[int, int] = SIZE) -> Image.Image:
    """Nothing above, half of a colour in the middle, all of it below; each number has its own."""
    pixels = np.zeros((size[1], size[0], 4), np.uint8)
    pixels[..., :3] = colour(number)
    pixels[16:32, :, 3] = 128
    pixels[32:, :, 3] = 255
    return Image.fromarray(pixels)


@pytest.fixture
def shots(tmp_path: Path) -> list[Shot]:
    found = []
    for number, duration_ms in enumerate(TIMES_MS):
        path = tmp_path / f"{number}.png"
        drawn(number).save(path)
        found.append(Shot(path, duration_ms))
    return found


def played(path: Path) -> list[tuple[Pixels, int]]:
    """Each picture of a film as RGBA, and its time in milliseconds."""
    return _streamed(path) if path.suffix in STREAMED else _animated(path)


def _animated(path: Path) -> list[tuple[Pixels, int]]:
    found = []
    with Image.open(path) as image:
        for number in range(getattr(image, "n_frames", 1)):
            image.seek(number)
            image.load()
            found.append((np.array(image.convert("RGBA")), round(image.info["duration"])))
    return found


def _streamed(path: Path) -> list[tuple[Pixels, int]]:
    av = pytest.importorskip("av")
    with av.open(str(path)) as film:
        stream = film.streams.video[0]
        # Of the two decoders for VP9, only this one knows alpha.
        alpha = path.suffix == ".webm"
        decoder = av.CodecContext.create("libvpx-vp9", "r") if alpha else stream.codec_context
        return [
            (frame.to_ndarray(format="rgba"), round(1000 * frame.duration * frame.time_base))
            for packet in film.demux(stream)
            for frame in decoder.decode(packet)
        ]


@pytest.fixture(params=FORMATS)
def form(request: pytest.FixtureRequest) -> str:
    """Every format; those that need PyAV only where it is installed."""
    if request.param in STREAMED:
        pytest.importorskip("av")
    return str(request.param)


def test_every_picture_is_shown_for_its_own_time(form: str, shots: list[Shot], tmp_path: Path):
    write(tmp_path / f"film{form}", shots)
    assert [time_ms for _, time_ms in played(tmp_path / f"film{form}")] == list(TIMES_MS)


def test_colours_stay_near(form: str, shots: list[Shot], tmp_path: Path):
    write(tmp_path / f"film{form}", shots)
    for number, (pixels, _) in enumerate(played(tmp_path / f"film{form}")):
        apart = np.abs(pixels[36:44, 8:-8, :3].astype(int) - colour(number))
        assert apart.max() <= NEAR[form]


@pytest.mark.parametrize("form", [form for form in FORMATS if form != ".mp4"], indirect=True)
def test_alpha_is_kept(form: str, shots: list[Shot], tmp_path: Path):
    write(tmp_path / f"film{form}", shots)
    for pixels, _ in played(tmp_path / f"film{form}"):
        for rows, alpha in ((slice(2, 14), 0), (slice(18, 30), 128), (slice(36, 46), 255)):
            assert np.abs(pixels[rows, 4:-4, 3].astype(int) - alpha).max() <= 2


def test_apng_gives_up_nothing(shots: list[Shot], tmp_path: Path):
    write(tmp_path / "film.apng", shots)
    for number, (pixels, _) in enumerate(played(tmp_path / "film.apng")):
        assert np.array_equal(pixels, np.array(drawn(number)))


def test_apng_is_a_png_that_shows_its_first_picture_anywhere(shots: list[Shot], tmp_path: Path):
    write(tmp_path / "film.png", shots)
    assert picture.pixels_digest(picture.read(tmp_path / "film.png")) == picture.pixels_digest(
        drawn(0)
    )


def test_apng_keeps_pictures_that_are_equal_or_differ_in_one_place(tmp_path: Path):
    first = drawn(1)
    dotted = first.copy()
    dotted.putpixel((50, 40), (1, 2, 3, 4))
    drawings = [first, first, dotted, first]
    shots = []
    for number, image in enumerate(drawings):
        image.save(tmp_path / f"{number}.png")
        shots.append(Shot(tmp_path / f"{number}.png", 100))
    write(tmp_path / "film.apng", shots)
    for (pixels, time_ms), image in zip(played(tmp_path / "film.apng"), drawings, strict=True):
        assert np.array_equal(pixels, np.array(image))
        assert time_ms == 100


def test_webp_and_apng_go_round_for_ever(shots: list[Shot], tmp_path: Path):
    for form in (".webp", ".apng"):
        write(tmp_path / f"film{form}", shots)
        with Image.open(tmp_path / f"film{form}") as film:
            assert film.info["loop"] == 0


def test_mp4_is_opaque_on_the_background_and_of_even_size(tmp_path: Path):
    av = pytest.importorskip("av")
    drawn(2, (63, 47)).save(tmp_path / "odd.png")
    write(tmp_path / "film.mp4", [Shot(tmp_path / "odd.png", 100)] * 2, background=(30, 60, 200))
    (pixels, _), *_ = played(tmp_path / "film.mp4")
    assert pixels.shape == (48, 64, 4)
    assert np.abs(pixels[2:12, 4:-4, :3].astype(int) - (30, 60, 200)).max() <= 4
    half = np.mean([colour(2), (30, 60, 200)], axis=0)
    assert np.abs(pixels[20:28, 4:-4, :3] - half).max() <= 5
    with av.open(str(tmp_path / "film.mp4")) as film:
        assert film.streams.video[0].codec_context.pix_fmt == "yuv420p"


def test_webm_of_odd_size_keeps_its_size(tmp_path: Path):
    pytest.importorskip("av")
    drawn(2, (63, 47)).save(tmp_path / "odd.png")
    write(tmp_path / "film.webm", [Shot(tmp_path / "odd.png", 100)] * 2)
    assert [pixels.shape for pixels, _ in played(tmp_path / "film.webm")] == [(47, 63, 4)] * 2


def test_one_picture_is_a_film_too(form: str, shots: list[Shot], tmp_path: Path):
    write(tmp_path / f"film{form}", shots[:1])
    with_times = form in STREAMED
    found = (
        played(tmp_path / f"film{form}") if with_times else [Image.open(tmp_path / f"film{form}")]
    )
    assert len(found) == 1


def test_the_same_pictures_give_the_same_bytes(form: str, shots: list[Shot], tmp_path: Path):
    for name in ("one", "two"):
        write(tmp_path / f"{name}{form}", shots)
    assert (tmp_path / f"one{form}").read_bytes() == (tmp_path / f"two{form}").read_bytes()


def test_pictures_are_read_one_by_one(
    form: str, shots: list[Shot], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    import weakref

    seen: list[weakref.ref[Image.Image]] = []
    most = 0
    read = picture.read

    def counted(path: Path) -> Image.Image:
        nonlocal most
        image = read(path)
        seen.append(weakref.ref(image))
        most = max(most, sum(each() is not None for each in seen))
        return image

    monkeypatch.setattr(picture, "read", counted)
    write(tmp_path / f"film{form}", there_and_back(shots) * 3)
    assert most <= 3


def test_there_and_back_meets_each_end_once_a_round():
    shots = [Shot(Path(name), 10) for name in "abcd"]
    assert "".join(str(shot.path) for shot in there_and_back(shots)) == "abcdcb"
    assert there_and_back(shots[:2]) == tuple(shots[:2])
    assert there_and_back(shots[:1]) == tuple(shots[:1])
    assert there_and_back([]) == ()


def _other_size(shots: list[Shot]) -> list[Shot]:
    drawn(1, (32, 32)).save(shots[2].path)
    return shots


def _torn(shots: list[Shot]) -> list[Shot]:
    shots[3].path.write_bytes(b"no picture")
    return shots


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (_other_size, r"2\.png is 32x32 pixels; the film's first picture is 64x48"),
        (_torn, r"3\.png cannot be read"),
        (lambda shots: [], "no pictures"),
        (lambda shots: [Shot(shots[0].path, 0)], "1 to 65535 ms, not 0"),
    ],
)
def test_a_film_that_cannot_be_made_leaves_the_old_one_alone(
    form: str,
    spoil: Callable[[list[Shot]], list[Shot]],
    message: str,
    shots: list[Shot],
    tmp_path: Path,
):
    folder = tmp_path / "films"
    folder.mkdir()
    (folder / f"film{form}").write_bytes(b"the old film")
    with pytest.raises(Mistake, match=message):
        write(folder / f"film{form}", spoil(shots))
    assert [path.read_bytes() for path in folder.iterdir()] == [b"the old film"]


def test_an_unknown_format_is_answered_with_those_there_are(shots: list[Shot], tmp_path: Path):
    with pytest.raises(Mistake, match=r"one of \.webp, \.apng"):
        write(tmp_path / "film.gif", shots)


@pytest.mark.parametrize("form", STREAMED)
def test_without_pyav_it_is_said_how_to_install_it(
    form: str, shots: list[Shot], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(Mistake, match=preview.INSTALL):
        write(tmp_path / f"film{form}", shots)
    write(tmp_path / "film.webp", shots)


def test_films_of_the_formats_are_what_they_say(form: str, shots: list[Shot], tmp_path: Path):
    write(tmp_path / f"film{form}", shots)
    starts = {".webp": b"RIFF", ".mp4": b"ftyp", ".webm": b"\x1a\x45\xdf\xa3"}
    start = io.BytesIO((tmp_path / f"film{form}").read_bytes()).read(12)
    assert starts.get(form, b"\x89PNG") in start
