"""Rates: pictures a second as exact fractions."""

from fractions import Fraction

from tasks.ground.errors import Mistake

_FILM = {"23.976": 24_000, "23.98": 24_000, "29.97": 30_000, "59.94": 60_000, "47.952": 48_000}
_FILM |= {"119.88": 120_000}


def rate_of(text: str) -> Fraction:
    """`24`, `29.97` (which is 30000/1001), `24000/1001`. Raises `Mistake`."""
    plain = text.strip()
    trimmed = plain.rstrip("0").rstrip(".") if "." in plain else plain
    if trimmed in _FILM:
        return Fraction(_FILM[trimmed], 1001)
    try:
        rate = Fraction(plain)
    except (ValueError, ZeroDivisionError):
        rate = Fraction(0)
    if not 1 <= rate <= 240 or rate.denominator > 100_000:
        raise Mistake(
            f'rate: "{text}" is no number of pictures a second from 1 to 240, such as 24,'
            " 23.976 or 30000/1001"
        )
    return rate
