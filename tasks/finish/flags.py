"""What to tell a person about a frame, from its figures."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from tasks.character.settings import Thresholds
from tasks.finish.features import Features
from tasks.finish.measure import Figures, near_pairs

Kind = Literal[
    "blank",
    "size",
    "cropped",
    "drift",
    "outside",
    "alpha",
    "halo",
    "weak",
    "alike",
    "eye",
    "teeth",
    "torn",
    "stray",
]

_WIDE_PX = 1024
"""the width that lengths in the thresholds are for"""
_FOUND = 0.35
"""with fewer of the points around the face found again, they are not those of the reference"""


@dataclass(frozen=True, slots=True)
class Flag:
    """One thing that a person should look at."""

    kind: Kind
    line: str


def flags(figures: Figures, thresholds: Thresholds) -> tuple[Flag, ...]:
    """What is wrong with a frame, the worst first; nothing where all is well.

    Of a blank picture nothing else is said: all its other figures follow from that.
    """
    if figures.contrast < thresholds.blank_contrast:
        spread = f"its tones spread by {figures.contrast:.1f} of 127"
        return (Flag("blank", f"the take is blank, or nearly so ({spread})"),)
    return (*_of_take(figures, thresholds), *_of_frame(figures, thresholds))


def _of_take(figures: Figures, thresholds: Thresholds) -> Iterator[Flag]:
    if figures.size_px != figures.wanted_px:
        came, wanted = ("x".join(map(str, px)) for px in (figures.size_px, figures.wanted_px))
        yield Flag("size", f"the take came as {came} pixels, not {wanted}")
    if figures.cropped > thresholds.cropped:
        yield Flag("cropped", f"{figures.cropped:.0%} of the figure or its edges are cut off")
    if figures.drift_px is None or figures.tracked < _FOUND:
        # without corners in the reference there is nothing to go by, and nothing to say
        if figures.tracked < _FOUND:
            yield Flag("drift", "what is around the face could not be found again in the take")
    elif figures.drift_px > thresholds.drift_px * figures.wanted_px[0] / _WIDE_PX:
        yield Flag(
            "drift",
            f"what is around the face lies up to {figures.drift_px:.1f} px from the reference",
        )


def _of_frame(figures: Figures, thresholds: Thresholds) -> Iterator[Flag]:
    unlike = figures.outside_ssim < thresholds.outside_ssim
    if unlike or figures.outside_max > thresholds.outside_max:
        yield Flag(
            "outside",
            "it differs from the reference outside the face "
            f"(likeness {figures.outside_ssim:.2f}, by up to {figures.outside_max:.0f} of 255)",
        )
    if figures.alpha_lost > thresholds.alpha_lost:
        yield Flag("alpha", f"{figures.alpha_lost:.0%} of what should be transparent is covered")
    if figures.halo > thresholds.halo:
        yield Flag("halo", f"the figure's rim stands out by {figures.halo:.0f} of 255")
    if figures.strength is not None and figures.strength < thresholds.strength:
        yield Flag(
            "weak",
            f"the face hardly differs from neutral (by {figures.strength:.1f} of 255 at most)",
        )


def of_features(found: Features, thresholds: Thresholds) -> tuple[Flag, ...]:
    """What a glance at the face shows."""
    return tuple(_of_features(found, thresholds))


def _of_features(found: Features, thresholds: Thresholds) -> Iterator[Flag]:
    if (colours := found.eye_colours or 0) > thresholds.eye_colours:
        yield Flag(
            "eye",
            f"an eye that should be shut shows its white or its iris ({colours:.0%} of the open"
            " one)",
        )
    elif (height := found.eye_height or 0) > thresholds.eye_height:
        yield Flag(
            "eye",
            f"an eye that should be shut is open by {height:.0%} of its height",
        )
    if (found.teeth_rows or 0) > 0:
        yield Flag("teeth", "the mouth has a row of teeth more than the portrait shows")
    if (torn := found.outline_torn or 0) > thresholds.outline_torn:
        yield Flag("torn", f"{torn:.0%} of the outline of cheeks and jaw is broken")
    if (stray := found.stray or 0) > thresholds.stray:
        yield Flag("stray", f"{stray:.0%} of what lies far from the head has changed")


def alike(signatures: Mapping[str, str], thresholds: Thresholds) -> dict[str, Flag]:
    """Which expressions of one pose look the same: a flag for each that has such a twin.

    `signatures` are the frames' (`Figures.signature`), by the expression's name; the flag names
    the nearest twin.
    """
    nearest: dict[str, tuple[float, str]] = {}
    names = sorted(signatures)
    pairs = near_pairs([signatures[name] for name in names], thresholds.nearness)
    for one, other, far in pairs:
        for name, twin in ((names[one], names[other]), (names[other], names[one])):
            nearest[name] = min(nearest.get(name, (far, twin)), (far, twin))
    return {
        name: Flag("alike", f"it looks like {twin} (their faces differ by {far:.1f} of 255)")
        for name, (far, twin) in sorted(nearest.items())
    }


def rank(figures: Figures, thresholds: Thresholds) -> tuple[int, float]:
    """For choosing among takes of one frame: the least is the best.

    First the number of flags, a blank one counting most; then how far the figures, also those
    that finishing has mended, have come on their way to being flagged.
    """
    found = flags(figures, thresholds)
    count = 100 if any(flag.kind == "blank" for flag in found) else len(found)
    unlike = 1.0 if figures.take_ssim is None else 1 - figures.take_ssim
    drift_px = thresholds.drift_px * figures.wanted_px[0] / _WIDE_PX
    parts = (
        1.0 if figures.drift_px is None else figures.drift_px / max(drift_px, 1e-6),
        unlike / max(1 - thresholds.outside_ssim, 1e-6),
        figures.take_alpha_lost,
        figures.halo / max(thresholds.halo, 1e-6),
        figures.cropped / max(thresholds.cropped, 1e-6),
        max(0.0, 1 - (figures.strength or thresholds.strength) / max(thresholds.strength, 1e-6)),
    )
    return count, round(sum(parts), 6)
