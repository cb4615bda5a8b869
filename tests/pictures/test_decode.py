"""The one decoder: what comes from outside is 8-bit RGBA in sRGB, upright, or refused in a line."""

import io
import struct
import warnings
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms

from tasks.pictures import png
from tasks.pictures.decode import PORTRAITS, NoPicture, decode, holds_its_pixels

D65 = (0.3127, 0.329)
SRGB = (*D65, 0.64, 0.33, 0.3, 0.6, 0.15, 0.06)
ADOBE = (*D65, 0.64, 0.33, 0.21, 0.71, 0.15, 0.06)
P3 = (*D65, 0.68, 0.32, 0.265, 0.69, 0.15, 0.06)
GREY, RGB, PALETTE, GREY_ALPHA, RGBA = 0, 2, 3, 4, 6


def noise(channels: int = 3, seed: int = 3) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (12, 16, channels), np.uint8)


def saved(image: Image.Image, kind: str = "PNG", **how) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **how)
    return buffer.getvalue()


def png_of(samples: np.ndarray, depth: int, colour: int, *more: tuple[bytes, bytes]) -> bytes:
    """A PNG of (height, width, channels) samples of that depth, with chunks before its pixels."""
    height, width = samples.shape[:2]
    if depth == 16:
        rows = samples.astype(">u2").reshape(height, -1).view(np.uint8)
    elif depth == 8:
        rows = samples.astype(np.uint8).reshape(height, -1)
    else:
        bits = (samples.reshape(height, -1, 1) >> np.arange(depth - 1, -1, -1)) & 1
        rows = np.packbits(bits.reshape(height, -1).astype(np.uint8), axis=1)
    packed = zlib.compress(np.pad(rows, ((0, 0), (1, 0))).tobytes())
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    parts = [(b"IHDR", header), *more, (b"IDAT", packed), (b"IEND", b"")]
    return png.START + b"".join(png.chunk(kind, data) for kind, data in parts)


def profile(numbers=ADOBE, gamma: float = 2.2, space: bytes = b"RGB ") -> bytes:
    """A small ICC profile (version 2) of primaries and a gamma; grey where `space` says so."""
    wx, wy = numbers[:2]
    xyz = np.array(
        [[x / y, 1, (1 - x - y) / y] for x, y in zip(numbers[::2], numbers[1::2], strict=True)]
    )
    bradford = np.array(
        [[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]]
    )
    d50 = np.array([0.9642, 1, 0.8249])
    white = np.array([wx / wy, 1, (1 - wx - wy) / wy])
    adapt = np.linalg.inv(bradford) @ np.diag((bradford @ d50) / (bradford @ white)) @ bradford
    columns = xyz[1:].T * np.linalg.solve(xyz[1:].T, white)
    columns = adapt @ columns

    def fixed(value: float) -> bytes:
        return struct.pack(">i", round(value * 65536))

    def point(values) -> bytes:
        return b"XYZ \0\0\0\0" + b"".join(map(fixed, values))

    curve = b"curv\0\0\0\0" + struct.pack(">IH", 1, round(gamma * 256)) + b"\0\0"
    tags = {b"wtpt": point(d50), b"desc": b"desc" + bytes(8) + b"\0\0\0\2a\0" + bytes(79)}
    if space == b"GRAY":
        tags[b"kTRC"] = curve
    else:
        tags |= {
            name: point(columns[:, index]) for index, name in enumerate((b"rXYZ", b"gXYZ", b"bXYZ"))
        }
        tags |= dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), curve)
    at, table, body = 128 + 4 + 12 * len(tags), b"", b""
    for name, data in tags.items():
        table += name + struct.pack(">II", at + len(body), len(data))
        body += data + bytes(-len(data) % 4)
    head = struct.pack(">I", at + len(body)) + b"lcms\x02\x10\0\0mntr" + space + b"XYZ " + bytes(12)
    head += b"acsp" + bytes(28) + b"".join(map(fixed, d50)) + bytes(48)
    return head + struct.pack(">I", len(tags)) + table + body


def by_cms(image: Image.Image, icc: bytes) -> np.ndarray:
    """What Pillow's own conversion makes of it."""
    source = ImageCms.ImageCmsProfile(io.BytesIO(icc))
    made = ImageCms.profileToProfile(
        image, source, ImageCms.createProfile("sRGB"), outputMode="RGB"
    )
    return np.asarray(made, np.int16)


def read(data: bytes, formats=PORTRAITS) -> np.ndarray:
    made = decode(data, formats).image
    assert made.mode == "RGBA"
    return np.asarray(made, np.int16)


# Colours


SWAPPED = (*D65, 0.3, 0.6, 0.64, 0.33, 0.15, 0.06)


@pytest.mark.parametrize(
    "numbers", [ADOBE, P3, SWAPPED, (0.3457, 0.3585, 0.73, 0.27, 0.16, 0.84, 0.04, 0.01)]
)
@pytest.mark.parametrize("kind", ["PNG", "WEBP", "TIFF"])
def test_a_profile_is_converted_as_pillow_converts_it(numbers, kind: str):
    icc = profile(numbers)
    image = Image.fromarray(noise())
    how = {"lossless": True} if kind == "WEBP" else {}
    data = saved(image, kind, icc_profile=icc, **how)
    got = read(data)
    assert np.abs(got[..., :3] - by_cms(image, icc)).max() <= 1
    assert np.abs(got[..., :3] - noise().astype(np.int16)).mean() > 2
    assert not holds_its_pixels(data)


def test_alpha_is_no_colour_and_stays_as_it_is():
    pixels = noise(4)
    got = read(saved(Image.fromarray(pixels), icc_profile=profile()))
    assert np.array_equal(got[..., 3], pixels[..., 3])
    assert not np.array_equal(got[..., :3], pixels[..., :3])


@pytest.mark.parametrize("mode", ["L", "LA"])
def test_a_grey_profile_makes_greys(mode: str):
    icc = profile(gamma=1.0, space=b"GRAY")
    image = Image.fromarray(noise(1)[..., 0])
    got = read(saved(image.convert(mode), icc_profile=icc))
    assert np.abs(got[..., :3] - by_cms(image, icc)).max() <= 1
    assert (got[..., 0] == got[..., 2]).all()


def test_cmyk_with_a_profile_of_other_channels_is_read_and_that_is_said():
    image = Image.new("CMYK", (16, 16), (0, 255, 255, 0))
    found = decode(saved(image, "JPEG", icc_profile=profile(), quality=95), PORTRAITS)
    red, green, blue, alpha = found.image.getpixel((8, 8))
    assert (red > 230, green < 25, blue < 25, alpha) == (True, True, True, 255)
    assert len(found.notes) == 1


def test_a_profile_of_srgb_changes_no_pixel():
    icc = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    data = saved(Image.fromarray(noise()), icc_profile=icc)
    assert np.array_equal(read(data)[..., :3], noise())
    assert decode(data).as_stored
    assert holds_its_pixels(data)


@pytest.mark.parametrize("icc", [b"nonsense", profile()[:150], profile()[:100] + b"\xff" * 300])
def test_a_damaged_profile_is_ignored_and_said(icc: bytes):
    found = decode(saved(Image.fromarray(noise()), icc_profile=icc))
    assert np.array_equal(np.asarray(found.image)[..., :3], noise())
    assert [note for note in found.notes if "profile" in note]


def chrm(numbers) -> tuple[bytes, bytes]:
    return b"cHRM", struct.pack(">8I", *(round(value * 100000) for value in numbers))


def gama(value: float) -> tuple[bytes, bytes]:
    return b"gAMA", struct.pack(">I", round(value * 100000))


def iccp(icc: bytes) -> tuple[bytes, bytes]:
    return b"iCCP", b"a\0\0" + zlib.compress(icc)


def test_gamma_and_primaries_are_those_of_a_profile_that_says_the_same():
    data = png_of(noise(), 8, RGB, gama(1 / 2.2), chrm(ADOBE))
    assert np.abs(read(data)[..., :3] - by_cms(Image.fromarray(noise()), profile())).max() <= 2


def test_linear_light_becomes_what_srgb_has_for_it():
    grey = np.array([[[0], [55], [128], [255]]], np.uint8)
    assert read(png_of(grey, 8, GREY, gama(1.0), chrm(SRGB)))[0, :, 0].tolist() == [
        0,
        128,
        188,
        255,
    ]


@pytest.mark.parametrize(
    "more",
    [(gama(0.45455),), (gama(1.0),), (gama(0.45455), chrm(SRGB)), (gama(1.0), (b"sRGB", b"\0"))],
)
def test_what_is_said_of_srgb_changes_nothing(more):
    data = png_of(noise(), 8, RGB, *more)
    assert np.array_equal(read(data)[..., :3], noise())
    assert decode(data).as_stored


CICP_P3, CICP_SRGB = (b"cICP", bytes([12, 13, 0, 1])), (b"cICP", bytes([1, 13, 0, 1]))


@pytest.mark.parametrize(
    ("above", "below"),
    [
        (CICP_SRGB, iccp(profile())),
        (CICP_P3, iccp(profile())),
        (iccp(profile()), (b"sRGB", b"\0")),
        (iccp(profile(P3)), gama(1.0)),
        ((b"sRGB", b"\0"), gama(1.0)),
    ],
)
def test_of_two_that_speak_of_colours_the_higher_rank_counts(above, below):
    one, both = (png_of(noise(), 8, RGB, *more) for more in ((above,), (below, above)))
    assert np.array_equal(read(one), read(both))


def test_display_p3_by_cicp_is_nearly_that_of_a_profile_of_gamma_2_2():
    colours = np.array([[[0, 255, 0], [200, 120, 90], [128, 128, 128]]], np.uint8)
    got = read(png_of(colours, 8, RGB, CICP_P3))[..., :3]
    assert got[0, 2].tolist() == [128, 128, 128]
    assert np.abs(got - by_cms(Image.fromarray(colours), profile(P3))).max() <= 4
    assert np.abs(got - colours).max() > 10


def test_a_cicp_that_is_not_known_gives_way_to_the_next():
    odd = (b"cICP", bytes([1, 200, 0, 1]))
    assert np.array_equal(
        read(png_of(noise(), 8, RGB, odd, chrm(P3))), read(png_of(noise(), 8, RGB, chrm(P3)))
    )


# Depths and transparency


@pytest.mark.parametrize("depth", [1, 2, 4, 8, 16])
def test_grey_of_any_depth_keeps_the_grey_that_is_transparent(depth: int):
    most = 2**depth - 1
    grey = np.array([[[0], [most], [most // 2], [most]]], np.int64)
    got = read(png_of(grey, depth, GREY, (b"tRNS", struct.pack(">H", most))))
    assert got[0, :, 3].tolist() == [255, 0, 0 if depth == 1 and most // 2 == most else 255, 0]
    assert got[0, 1, 0] == 255


@pytest.mark.parametrize("depth", [8, 16])
def test_rgb_of_any_depth_keeps_the_colour_that_is_transparent(depth: int):
    one, other = (10, 20, 30), (10, 20, 31)
    got = read(png_of(np.array([[one, other]]), depth, RGB, (b"tRNS", struct.pack(">3H", *one))))
    assert got[0, :, 3].tolist() == [0, 255]


@pytest.mark.parametrize(("colour", "channels"), [(GREY, 1), (RGB, 3), (GREY_ALPHA, 2), (RGBA, 4)])
def test_16_bits_a_channel_are_scaled(colour: int, channels: int):
    deep = np.random.default_rng(1).integers(0, 65536, (5, 6, channels))
    got = read(png_of(deep, 16, colour))
    wanted = deep[..., :1] if channels < 3 else deep[..., :3]
    assert np.abs(got[..., :3] - wanted / 257).max() <= 1
    if channels in {2, 4}:
        assert np.abs(got[..., 3] - deep[..., -1] / 257).max() <= 1


@pytest.mark.parametrize(
    ("kind", "full"),
    [
        (np.float32, 1),
        (np.float32, 255),
        (np.float32, 1000),
        (np.int32, 65535),
        (np.int32, 2**31 - 1),
        (np.uint16, 65535),
    ],
)
def test_deep_grey_is_scaled_by_its_range(kind, full: int):
    values = np.linspace(0, full, 192).reshape(12, 16).astype(kind)
    got = read(saved(Image.fromarray(values), "TIFF"))
    assert np.abs(got[..., 0] - values / full * 255).max() <= 1


# Which way up


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_what_exif_turns_is_upright(kind: str, orientation: int):
    from PIL import ImageOps

    quarters = np.zeros((16, 32, 3), np.uint8)
    quarters[:8, :16, 0] = quarters[8:, :16, 1] = quarters[:8, 16:, 2] = 255
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = saved(Image.fromarray(quarters), kind, exif=exif)
    with Image.open(io.BytesIO(data)) as stored:
        wanted = np.asarray(ImageOps.exif_transpose(stored).convert("RGB"))
    assert np.array_equal(read(data)[..., :3], wanted)


def test_damaged_exif_is_passed_over_without_a_warning():
    data = saved(Image.fromarray(noise()), exif=b"Exif\0\0MM\0*\0\0\0\x08\0\x05\xff\xff")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.filterwarnings("ignore", module=r"PIL\.")
        assert np.array_equal(read(data)[..., :3], noise())


# What is refused


@pytest.mark.parametrize("kind", ["EPS", "BMP", "PPM", "GIF", "TIFF", "ICO", "TGA", "PDF"])
def test_answers_are_png_jpeg_or_webp_and_nothing_else(kind: str):
    with pytest.raises(NoPicture):
        decode(saved(Image.fromarray(noise()), kind))


@pytest.mark.parametrize("kind", ["EPS", "PPM", "ICO", "TGA", "PDF"])
def test_no_other_reader_is_tried_for_portraits(kind: str):
    with pytest.raises(NoPicture):
        decode(saved(Image.fromarray(noise()), kind), PORTRAITS)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "empty"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "SVG"),
        (b"<?xml version='1.0'?>\n<!-- a --><svg/>", "SVG"),
        (b"\0\0\0\x18ftypheic", "HEIC"),
        (b"junk", "no PNG, JPEG or WebP"),
        (png_of(np.zeros((1, 0, 3)), 8, RGB), "."),
        (png_of(noise(), 8, RGB)[:-12], "end of its PNG"),
        (png_of(noise(), 8, RGB)[:-20] + b"0000" + png_of(noise(), 8, RGB)[-16:], "checksum"),
    ],
)
def test_a_refusal_is_one_line_without_the_library_s_objects(content: bytes, said: str):
    with pytest.raises(NoPicture, match=said) as refused:
        decode(content)
    text = str(refused.value)
    assert "\n" not in text
    assert "<" not in text


def test_more_pixels_than_anybody_draws_are_refused():
    header = struct.pack(">IIBBBBB", 50000, 50000, 8, RGB, 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", b""), (b"IEND", b""))
    with pytest.raises(NoPicture, match="at most 67 megapixels"):
        decode(png.START + b"".join(png.chunk(*part) for part in parts))


ORIGINALS = [
    saved(Image.fromarray(noise()), "JPEG", icc_profile=profile()),
    saved(Image.fromarray(noise(4)), "WEBP", lossless=True),
    saved(Image.fromarray(noise()), "TIFF"),
    saved(Image.fromarray(noise()), "GIF"),
    png_of(noise(), 16, RGB, chrm(P3), (b"tRNS", bytes(6))),
]


@settings(deadline=None, max_examples=150)
@given(
    st.sampled_from(ORIGINALS),
    st.lists(st.tuples(st.integers(0, 2000), st.integers(0, 255)), max_size=8),
)
def test_whatever_is_changed_in_a_file_it_is_read_or_refused(data: bytes, changes):
    changed = bytearray(data)
    for at, value in changes:
        changed[at % len(changed)] = value
    try:
        made = decode(bytes(changed), PORTRAITS).image
    except NoPicture:
        return
    assert made.mode == "RGBA"
