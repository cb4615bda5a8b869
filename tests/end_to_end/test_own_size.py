"""`size: "portrait"`: frames have the portrait's own size and framing, whoever draws them."""

import io

import numpy as np
import pytest
from PIL import Image

from tasks.models.facts import nearest_size, size_problem
from tests.conftest import Folder, portrait

WIDE = (120, 90)


@pytest.fixture
def wide(free: Folder) -> Folder:
    """A project whose portrait is wider than it is high."""
    Image.alpha_composite(Image.new("RGBA", WIDE, "teal"), portrait(WIDE)).save(
        free.path / "frames/base/wide.png"
    )
    config = free.config
    config["base_image"] = "frames/base/wide.png"
    config.setdefault("generation", {})["size"] = "portrait"
    free.write_config(config)
    return free


def pixels(folder: Folder, name: str) -> np.ndarray:
    with Image.open(folder.frame(name)) as frame:
        return np.asarray(frame.convert("RGBA"))


def own(folder: Folder) -> np.ndarray:
    with Image.open(folder.path / "frames/base/wide.png") as image:
        return np.asarray(image)


def test_the_puppet_draws_at_the_portrait_s_own_size_which_no_model_takes(wide: Folder):
    ran = wide.doit()
    assert ran.code == 0, ran.text
    assert "margins" not in ran.text
    assert np.array_equal(pixels(wide, "neutral__center"), own(wide))
    drawn = pixels(wide, "sad__center")
    assert drawn.shape == own(wide).shape
    assert np.array_equal(drawn[0], own(wide)[0])
    assert not np.array_equal(drawn, own(wide))


def test_a_portrait_of_another_size_gives_frames_of_that_size(wide: Folder):
    assert wide.doit().code == 0
    portrait((90, 90)).save(wide.path / "frames/base/wide.png")
    assert wide.doit().code == 0
    assert pixels(wide, "sad__center").shape == (90, 90, 4)


def test_a_portrait_with_margins_says_once_what_its_own_size_would_give(wide: Folder):
    ran = wide.doit("size=64x96")
    assert ran.code == 0, ran.text
    said = [line for line in ran.out.splitlines() if "margins" in line]
    assert len(said) == 1
    assert "120x90" in said[0]
    assert "size=portrait" in said[0]


def test_a_size_that_models_refuse_is_the_puppet_s_to_draw(free: Folder):
    assert free.doit("size=50x70").code == 0
    assert pixels(free, "sad__center").shape == (70, 50, 4)


@pytest.mark.parametrize("model", ["gpt-image-1.5", "gpt-image-2"])
@pytest.mark.parametrize(
    "size", [(512, 512), (120, 80), (100, 900), (4000, 5000), (1000, 1500), (9, 2000)]
)
def test_an_engine_with_limits_is_asked_for_the_nearest_size(model: str, size: tuple[int, int]):
    asked = nearest_size(model, size)
    assert size_problem(model, asked) is None
    if 1 / 3 < size[0] / size[1] < 3 and model == "gpt-image-2":
        assert abs(asked[0] / asked[1] / (size[0] / size[1]) - 1) < 0.05


def test_a_model_is_sent_the_portrait_padded_and_its_take_is_brought_back(paid, server):
    Image.alpha_composite(Image.new("RGBA", WIDE, "teal"), portrait(WIDE)).save(
        paid.path / "frames/base/wide.png"
    )
    config = paid.config
    config["base_image"] = "frames/base/wide.png"
    config["generation"] |= {"size": "portrait", "model": "gpt-image-1.5", "mask": True}
    paid.write_config(config)
    ran = paid.doit("budget=none")
    assert ran.code == 0, ran.text
    call = server.calls[0]
    assert call.fields["size"] == "1536x1024"
    with Image.open(io.BytesIO(call.pictures[0])) as shown:
        assert shown.size == (1536, 1024)
    with Image.open(io.BytesIO(call.mask)) as mask:
        assert mask.size == (1536, 1024)
        assert mask.getpixel((0, 0))[3] == 255
    drawn = pixels(paid, "sad__center")
    assert drawn.shape == own(paid).shape
    changed = (drawn != own(paid)).any(axis=2)
    apart = np.abs(drawn.astype(int) - own(paid))
    assert apart[30:60, 40:80].mean() < 8
    assert not changed[:8].any()
    assert not changed[-8:].any()
    calls = len(server.calls)
    assert paid.doit("budget=none").code == 0
    assert len(server.calls) == calls
