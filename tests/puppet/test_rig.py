"""The puppet: what every frame must hold to, whatever the portrait and the weights.

Most tests draw a small made-up face; those on likeness use the example portrait.
"""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from itertools import combinations, pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from tasks.character.character import Character
from tasks.character.face import Eye, Face, Head, Mouth
from tasks.character.read import parse, read_text
from tasks.character.vocabulary import ARKIT_NAMES, AXES, POSES
from tasks.ground.errors import Mistake
from tasks.puppet import SHOWN, Puppet, render, unshown
from tasks.puppet.lips import OPENERS
from tasks.puppet.memo import Memo

Pixels = NDArray[np.uint8]
Weights = Mapping[str, float]

EXAMPLE = Path(__file__).parents[2]
SIZE = (240, 360)
STRAIGHT = Head()

FACE = Face(
    left_eye=Eye((0.57, 0.4), (0.69, 0.395), (0.63, 0.372), (0.63, 0.42), (0.63, 0.396), 0.036),
    right_eye=Eye((0.43, 0.4), (0.31, 0.395), (0.37, 0.372), (0.37, 0.42), (0.37, 0.396), 0.036),
    mouth=Mouth((0.58, 0.53), (0.42, 0.53), (0.5, 0.517), (0.5, 0.552), (0.5, 0.532)),
    chin=(0.5, 0.62),
    neck_pivot=(0.5, 0.66),
)
SKIN, IRIS, LIPS, SHIRT = (236, 198, 170), (40, 110, 190), (190, 90, 90), (60, 120, 120)


@cache
def portrait(size: tuple[int, int] = SIZE) -> Pixels:
    """A plain face with its shoulders, on a transparent ground; drawn four times as large."""
    wide, high = size[0] * 4, size[1] * 4
    canvas = np.zeros((high, wide, 4), np.uint8)

    def spot(x: float, y: float) -> tuple[int, int]:
        return round(x * wide), round(y * high)

    def oval(at: tuple[float, float], radii: tuple[float, float], colour: tuple[int, ...]) -> None:
        cv2.ellipse(canvas, spot(*at), spot(*radii), 0, 0, 360, (*colour, 255), -1, cv2.LINE_AA)

    oval((0.5, 1.0), (0.42, 0.3), SHIRT)
    cv2.rectangle(canvas, spot(0.42, 0.58), spot(0.58, 0.74), (*SKIN, 255), -1)
    oval((0.5, 0.33), (0.3, 0.25), (90, 60, 40))
    oval((0.5, 0.42), (0.25, 0.2), SKIN)
    for x in (0.37, 0.63):
        oval((x, 0.396), (0.064, 0.028), (60, 40, 30))
        oval((x, 0.397), (0.06, 0.024), (250, 250, 246))
        oval((x, 0.396), (0.036, 0.024), IRIS)
        cv2.line(canvas, spot(x - 0.06, 0.34), spot(x + 0.06, 0.34), (70, 45, 30, 255), wide // 50)
    oval((0.5, 0.485), (0.04, 0.006), (150, 90, 80))
    oval((0.5, 0.534), (0.08, 0.018), LIPS)
    cv2.line(canvas, spot(0.42, 0.531), spot(0.58, 0.531), (120, 50, 50, 255), wide // 150)
    small = Image.fromarray(canvas, "RGBA").resize(size, Image.Resampling.BOX)
    pixels = np.array(small)
    pixels.setflags(write=False)
    return pixels


@cache
def example(height: int) -> tuple[Pixels, Face]:
    """The example portrait at a height, and its landmarks."""
    image = Image.open(EXAMPLE / character().base_image).convert("RGBA")
    small = image.resize((round(image.width * height / image.height), height))
    pixels = np.array(small)
    pixels.setflags(write=False)
    return pixels, character().face


@cache
def character() -> Character:
    """The example's config."""
    return parse(read_text(EXAMPLE / "expressions.json"), "expressions.json")


def rigged(pixels: Pixels) -> Puppet:
    """A portrait of the made-up face, made ready."""
    return Puppet(pixels, FACE, (pixels.shape[1], pixels.shape[0]))


@cache
def ready() -> Puppet:
    """The portrait made ready: a test that draws all of its frames so need not look it up anew."""
    return rigged(portrait())


def drawn(weights: Weights, head: Head = STRAIGHT, *, of: Pixels | None = None) -> Pixels:
    return (ready() if of is None else rigged(of)).draw(weights, head)


def difference(one: Pixels, other: Pixels) -> NDArray[np.int32]:
    """The largest difference of any channel, each pixel's colours being worth its alpha."""
    apart = [cv2.absdiff(*pair) for pair in zip(worth(one), worth(other), strict=True)]
    return np.maximum.reduce(apart).astype(np.int32)


def worth(pixels: Pixels) -> list[Pixels]:
    """The three colours times alpha, and alpha."""
    *colours, alpha = cv2.split(pixels)
    share = alpha.astype(np.uint16)
    return [*((colour * share // 255).astype(np.uint8) for colour in colours), alpha]


def both(*names: str, weight: float = 1.0) -> dict[str, float]:
    return {f"{name}{side}": weight for name in names for side in ("Left", "Right")}


# identity and sizes


def test_all_weights_zero_gives_the_portrait_back_to_the_bit() -> None:
    noise = np.random.default_rng(1).integers(0, 256, (360, 240, 4), dtype=np.uint8)
    for weights in ({}, dict.fromkeys(SHOWN, 0.0)):
        assert np.array_equal(drawn(weights, of=noise), noise)


def test_the_portrait_is_not_written_to() -> None:
    pixels = portrait().copy()
    frame = drawn({}, of=pixels)
    frame[:] = 0
    assert np.array_equal(drawn({"jawOpen": 1.0}, of=pixels), drawn({"jawOpen": 1.0}))
    assert np.array_equal(pixels, portrait())


def test_a_portrait_that_its_owner_paints_over_leaves_no_trace() -> None:
    pixels = np.roll(portrait(), 7, axis=1)
    before = drawn({"jawOpen": 1.0}, of=pixels)
    kept = pixels.copy()
    pixels[:] = 0
    assert np.array_equal(drawn({"jawOpen": 1.0}, of=kept), before)


def test_another_size_holds_the_whole_portrait_centred_with_a_clear_margin() -> None:
    frame = render(portrait(), FACE, {"jawOpen": 0.5}, STRAIGHT, (300, 180))
    assert frame.shape == (180, 300, 4)
    assert not frame[:, :90].any()
    assert not frame[:, 210:].any()
    middle = Image.fromarray(drawn({"jawOpen": 0.5}), "RGBA").resize((120, 180))
    solid = np.asarray(middle)[..., 3] == 255
    assert difference(frame[:, 90:210], np.asarray(middle))[solid].mean() < 2


@pytest.mark.parametrize("size", [(86, 128), (2560, 3840)])
def test_tiny_and_large_portraits_move_as_one_of_usual_size_does(size: tuple[int, int]) -> None:
    weights = {"jawOpen": 0.7, **both("eyeBlink")}
    frame = render(portrait(), FACE, weights, Head(roll_deg=5.0), size)
    same = Image.fromarray(drawn(weights, Head(roll_deg=5.0)), "RGBA")
    pair = [np.asarray(image.resize((86, 128))) for image in (Image.fromarray(frame, "RGBA"), same)]
    solid = (pair[0][..., 3] == 255) & (pair[1][..., 3] == 255)
    assert difference(*pair)[solid].mean() < 5


# determinism


def test_frames_are_the_same_from_any_thread_and_in_any_order() -> None:
    jobs: list[tuple[Weights, Head]] = [
        ({"jawOpen": 0.1 * step, **both("eyeBlink", weight=0.09 * step)}, Head(roll_deg=step % 4))
        for step in range(12)
    ]

    def anew(weights: Weights, head: Head) -> Pixels:
        return drawn(weights, head, of=portrait())

    serial = [anew(*job) for job in jobs]
    others = [np.roll(portrait(), shift, axis=0) for shift in (1, 2, 3)]
    with ThreadPoolExecutor(16) as threads:
        for pixels in others:  # push the portrait out of the puppet's memory, amid the work
            threads.submit(drawn, {}, of=pixels)
        threaded = list(threads.map(lambda job: anew(*job), jobs * 3))
    assert all(np.array_equal(one, other) for one, other in zip(serial * 3, threaded, strict=True))


# what the weights do


@pytest.mark.parametrize("name", sorted(SHOWN - {"mouthClose"}))
def test_every_weight_shows_in_the_head_and_nowhere_else(name: str) -> None:
    changed = difference(drawn({name: 1.0}), portrait()) > 0
    rows, columns = np.nonzero(changed)
    strong = difference(drawn({name: 1.0}), portrait()) > 24
    assert strong.sum() > 20
    assert rows.min() > 0.18 * SIZE[1]
    assert rows.max() < 0.72 * SIZE[1]
    assert columns.min() > 0.15 * SIZE[0]
    assert columns.max() < 0.85 * SIZE[0]


def test_what_does_not_move_keeps_its_bits_however_thin_its_colour_is() -> None:
    thin = portrait().copy()
    thin[..., 3] = np.random.default_rng(2).integers(0, 256, thin.shape[:2])
    rows, columns = np.nonzero((drawn(both("eyeBlink"), of=thin) != thin).any(axis=2))
    assert rows.size
    assert columns.max() < 0.72 * SIZE[0]
    assert rows.max() < 0.5 * SIZE[1]
    between = (columns > 0.45 * SIZE[0]) & (columns < 0.55 * SIZE[0])
    assert not between.any()


def test_an_expression_changes_nothing_outside_the_head_at_a_turned_pose_either() -> None:
    head = Head(roll_deg=8.0, pitch_deg=-6.0)
    everything = {"jawOpen": 0.8, **both("mouthSmile", "eyeBlink"), "browInnerUp": 1.0}
    changed = difference(drawn(everything, head), drawn({}, head)) > 0
    assert changed.any()
    assert not changed[round(0.72 * SIZE[1]) :].any()
    assert not changed[:, : round(0.15 * SIZE[0])].any()


@pytest.mark.parametrize(
    "stem", ["eyeBlink", "eyeWide", "mouthSmile", "browDown", "browOuterUp", "cheekSquint"]
)
def test_left_is_the_character_s_own(stem: str) -> None:
    half = SIZE[0] // 2
    left = difference(drawn({f"{stem}Left": 1.0}), portrait()).astype(np.int64)
    right = difference(drawn({f"{stem}Right": 1.0}), portrait()).astype(np.int64)
    assert left[:, half:].sum() > 5 * left[:, :half].sum()
    assert right[:, :half].sum() > 5 * right[:, half:].sum()


def test_closed_lids_hide_the_iris_and_an_open_jaw_shows_a_dark_mouth() -> None:
    def near(pixels: Pixels, colour: tuple[int, ...]) -> int:
        return int((np.abs(pixels[..., :3].astype(int) - colour).max(axis=2) < 30).sum())

    assert near(portrait(), IRIS) > 200
    assert near(drawn(both("eyeBlink")), IRIS) == 0
    mouth = drawn({"jawOpen": 1.0})[195:225, 110:130, :3]
    assert (mouth.max(axis=2) < 110).sum() > 60
    assert (portrait()[195:225, 110:130, :3].max(axis=2) < 110).sum() == 0


def test_wide_eyes_show_more_white() -> None:
    def white(pixels: Pixels) -> int:
        return int((pixels[..., :3].min(axis=2) > 225).sum())

    assert white(drawn(both("eyeWide"))) > 1.3 * white(portrait())


@pytest.mark.parametrize(
    ("weights", "step"),
    [
        ({"eyeLookInLeft": 1.0, "eyeLookOutRight": 1.0}, (-1, 0)),
        ({"eyeLookOutLeft": 1.0, "eyeLookInRight": 1.0}, (1, 0)),
        (both("eyeLookUp"), (0, -1)),
        (both("eyeLookDown"), (0, 1)),
    ],
)
def test_the_iris_goes_where_the_eye_looks(weights: Weights, step: tuple[int, int]) -> None:
    def centre(pixels: Pixels) -> NDArray[np.float64]:
        blue = pixels[..., 2].astype(int) - pixels[..., 0] > 60
        return np.array([axis.mean() for axis in np.nonzero(blue)[::-1]])

    gone = centre(drawn(weights)) - centre(portrait())
    assert gone @ step > 2
    assert abs(gone @ step[::-1]) < 1.5


@pytest.mark.parametrize(
    ("head", "step"),
    [
        (Head(roll_deg=8.0), (1, 0)),
        (Head(roll_deg=-8.0), (-1, 0)),
        (Head(yaw_deg=8.0), (1, 0)),
        (Head(yaw_deg=-8.0), (-1, 0)),
        (Head(pitch_deg=8.0), (0, 1)),
        (Head(pitch_deg=-8.0), (0, -1)),
    ],
)
def test_the_head_turns_the_way_that_its_angles_say(head: Head, step: tuple[int, int]) -> None:
    def eyes(pixels: Pixels) -> NDArray[np.float64]:
        blue = (pixels[..., 2].astype(int) - pixels[..., 0] > 60) & (pixels[..., 3] > 0)
        blue[round(0.6 * SIZE[1]) :] = False
        return np.array([axis.mean() for axis in np.nonzero(blue)[::-1]])

    frame = drawn({}, head)
    assert (eyes(frame) - eyes(portrait())) @ step > 0.01 * SIZE[1]
    below = round(0.74 * SIZE[1])
    assert np.array_equal(frame[below:], portrait()[below:])


# no fold, no hole, no jump


@cache
def ramps() -> Pixels:
    """A portrait whose red says how far right, and green how far down, a pixel was."""
    y, x = np.mgrid[0 : SIZE[1], 0 : SIZE[0]]
    ramp = np.stack([x, y * 2 / 3, 0 * x, 0 * x + 255], axis=2)
    return ramp.astype(np.uint8)


@cache
def painted(mouth: bool, eyes: bool) -> NDArray[np.bool_]:
    """Where eyes or a mouth are painted, of which ramps say nothing."""
    mask = np.zeros(SIZE[::-1], np.uint8)
    if eyes:
        for at in ((89, 142), (151, 142)):
            cv2.ellipse(mask, at, (26, 24), 0, 0, 360, 1, -1)
    if mouth:
        cv2.ellipse(mask, (120, 198), (40, 34), 0, 0, 360, 1, -1)
    return mask.astype(bool)[:-1, :-1]


def folded(puppet: Puppet, weights: Weights, head: Head = STRAIGHT) -> int:
    """How many pixels run backwards: their neighbour came from further back than they did.

    `puppet`: of the ramps.
    """
    right, down, _, alpha = cv2.split(puppet.draw(weights, head))
    right, down = (cv2.GaussianBlur(np.float32(one), (0, 0), 0.8) for one in (right, down))
    back = np.diff(right, axis=1)[:-1] < -0.02
    back |= np.diff(down, axis=0)[:, :-1] < -0.02
    back &= ~painted(
        bool(OPENERS & weights.keys()), any(name.startswith("eye") for name in weights)
    )
    return np.count_nonzero(back) + np.count_nonzero(alpha < 255)


@pytest.fixture
def ramped(monkeypatch: pytest.MonkeyPatch) -> Puppet:
    """The ramps made ready."""
    # they have no figure that could be told from a background: here all of them moves
    monkeypatch.setattr("tasks.puppet.rig.backdrop", lambda *_: None)
    monkeypatch.setattr("tasks.puppet.rig._RIGS", Memo(2))
    return rigged(ramps())


def test_no_pair_of_weights_folds_or_tears_the_face(ramped: Puppet) -> None:
    pairs = combinations(sorted(SHOWN), 2)
    assert [pair for pair in pairs if folded(ramped, dict.fromkeys(pair, 1.0))] == []


def test_weights_that_all_pull_one_way_do_not_fold_the_face(ramped: Puppet) -> None:
    smile = both("mouthSmile", "mouthStretch", "mouthDimple", "mouthPress", "cheekSquint")
    frown = both("browDown", "noseSneer", "mouthFrown")
    assert [folded(ramped, weights) for weights in (smile, frown, smile | frown)] == [0, 0, 0]


@pytest.mark.parametrize("head", [Head(8.0, 8.0, 0.0), Head(-20.0, 20.0), Head(60.0, -90.0)])
def test_a_turned_head_folds_nothing_and_leaves_no_hole(head: Head, ramped: Puppet) -> None:
    assert folded(ramped, {}, head) == 0
    assert ramped.draw(dict.fromkeys(SHOWN, 1.0), head)[..., 3].min() == 255


def test_no_hole_opens_inside_the_head() -> None:
    within = cv2.ellipse(np.zeros(SIZE[::-1], np.uint8), (120, 140), (50, 60), 0, 0, 360, 1, -1)
    for name in sorted(SHOWN):
        assert drawn({name: 1.0}, Head(5.0, 5.0, 5.0))[within > 0][:, 3].min() == 255, name


@pytest.mark.parametrize(
    "weights",
    [
        *(
            {"jawOpen": 1.0},
            both("eyeBlink"),
            both("eyeWide"),
            both("mouthSmile"),
            both("browDown"),
        ),
        {"eyeLookInLeft": 1.0, "eyeLookOutRight": 1.0},
        {"mouthPucker": 1.0, "mouthFunnel": 1.0},
        {"jawOpen": 0.6, **both("mouthSmile", "mouthUpperUp", "eyeSquint"), "browInnerUp": 1.0},
        dict.fromkeys(SHOWN, 1.0),
    ],
)
def test_a_fine_sweep_of_weights_has_no_jump(weights: dict[str, float]) -> None:
    pixels, face = example(384)
    puppet = Puppet(pixels, face, (pixels.shape[1], pixels.shape[0]))
    steps = 48
    frames = [
        puppet.draw({n: w * step / steps for n, w in weights.items()}, STRAIGHT)
        for step in range(steps + 1)
    ]
    moves = [difference(*pair) for pair in pairwise(frames)]
    mean = np.array([move.mean() for move in moves])
    assert mean.max() < 4 * np.median(mean)
    assert max(int(move.max()) for move in moves) < 110
    assert max(np.quantile(move, 0.999) for move in moves) < 60


def test_the_frame_of_almost_nothing_is_almost_the_portrait() -> None:
    pixels, face = example(384)
    puppet = Puppet(pixels, face, (pixels.shape[1], pixels.shape[0]))
    for name in sorted(SHOWN):
        frame = puppet.draw({name: 0.004}, STRAIGHT)
        assert difference(frame, pixels)[pixels[..., 3] == 255].max() <= 16, name


# alpha


def test_no_colour_hidden_under_a_clear_pixel_comes_to_light() -> None:
    pixels = portrait().copy()
    clear = pixels[..., 3] == 0
    pixels[clear] = (255, 0, 255, 0)
    plain, loud = (drawn({"jawOpen": 1.0}, Head(roll_deg=8.0), of=p) for p in (portrait(), pixels))
    shown = plain[..., 3] > 0
    assert difference(plain, loud)[shown].max() <= 1


def test_an_edge_keeps_its_colour_when_it_is_moved() -> None:
    pixels = portrait().copy()
    pixels[..., :3] = SKIN
    frame = drawn({"jawOpen": 0.1}, Head(roll_deg=8.0), of=pixels)
    edge = (frame[..., 3] > 24) & (frame[..., 3] < 250)
    assert edge.sum() > 200
    off = np.abs(frame[edge][:, :3].astype(int) - SKIN)
    assert off.max() <= 12


# the built-in values and poses


@cache
def catalogue() -> dict[str, Pixels]:
    """Every built-in value and pose, on the example, at 200 px height."""
    pixels, face = example(600)
    size = (pixels.shape[1], pixels.shape[0])
    frames = {
        f"{axis}:{name}": render(pixels, face, value.blendshapes, STRAIGHT, size)
        for axis, values in AXES.items()
        for name, value in values.items()
        if name != "neutral"
    }
    frames |= {name: render(pixels, face, {}, pose.head, size) for name, pose in POSES.items()}
    return {name: small(frame) for name, frame in frames.items()}


def small(frame: Pixels) -> Pixels:
    """A frame at 200 px height."""
    return np.asarray(Image.fromarray(frame).resize((133, 200), Image.Resampling.BOX))


def apart(one: Pixels, other: Pixels) -> float:
    """How clearly two frames differ: the mean difference of the 150 pixels that differ most."""
    most = np.sort(difference(one, other)[40:130, 20:113], axis=None)[-150:]
    return float(most.mean())


def test_built_in_values_and_poses_are_told_apart_at_200_px() -> None:
    frames = catalogue()
    table = {pair: apart(*(frames[name] for name in pair)) for pair in combinations(frames, 2)}
    assert {pair: round(much) for pair, much in table.items() if much < 22} == {}


def test_the_expressions_of_the_example_are_told_apart_at_200_px() -> None:
    pixels, face = example(600)
    size = (pixels.shape[1], pixels.shape[0])
    frames = {
        name: small(render(pixels, face, expression.blendshapes, STRAIGHT, size))
        for name, expression in character().expressions.items()
    }
    assert len(frames) == 12
    table = {pair: apart(*(frames[name] for name in pair)) for pair in combinations(frames, 2)}
    assert {pair: round(much) for pair, much in table.items() if much < 22} == {}


# what it cannot show, and what it needs


def test_weights_that_it_cannot_show_are_named() -> None:
    assert unshown({"tongueOut": 0.5, "jawForward": 0.0, "smirk": 1.0, "jawOpen": 1.0}) == (
        "smirk",
        "tongueOut",
    )
    assert set(ARKIT_NAMES) - SHOWN == {"jawForward", "tongueOut"}
    assert set(ARKIT_NAMES) >= SHOWN


def test_weights_beyond_their_range_count_as_its_ends() -> None:
    assert np.array_equal(drawn({"jawOpen": 3.0}), drawn({"jawOpen": 1.0}))
    assert np.array_equal(drawn({"jawOpen": -1.0}), portrait())


@pytest.mark.parametrize("change", [lambda face: Face(), lambda face: Face(mouth=face.mouth)])
def test_a_face_without_eyes_is_refused_with_what_is_needed(change: Callable[[Face], Face]) -> None:
    with pytest.raises(Mistake, match="needs left_eye, right_eye and mouth"):
        render(portrait(), change(FACE), {"jawOpen": 1.0}, STRAIGHT, SIZE)


def test_eyes_and_mouth_alone_are_enough_to_move_a_face() -> None:
    assert FACE.left_eye
    assert FACE.right_eye
    assert FACE.mouth
    bare = Face(
        left_eye=Eye(FACE.left_eye.inner, FACE.left_eye.outer),
        right_eye=Eye(FACE.right_eye.inner, FACE.right_eye.outer),
        mouth=Mouth(FACE.mouth.left, FACE.mouth.right),
    )
    for name in ("jawOpen", "eyeBlinkLeft", "browInnerUp", "mouthSmileLeft"):
        frame = render(portrait(), bare, {name: 1.0}, STRAIGHT, SIZE)
        assert (difference(frame, portrait()) > 24).sum() > 30, name
