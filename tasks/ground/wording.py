"""Numbers and texts as people read them at a terminal."""

import datetime

from tasks.ground.outside import showable

OWN_OUTFIT = "(own portrait)"
"""what the outfit of the config's own portrait is called beside costumes"""


def counted(count: int, noun: str) -> str:
    """`1 frame`, `2 frames`."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def dollars(amount_usd: float) -> str:
    """An amount in US dollars; fractions of a cent where there is less than one."""
    amount_usd = amount_usd or 0.0  # -0 is 0
    return f"${amount_usd:.2f}" if amount_usd >= 0.01 or not amount_usd else f"${amount_usd:.4f}"


def budget_text(budget_usd: float | None) -> str:
    """What a run may spend."""
    return "no budget is set" if budget_usd is None else f"the budget is {dollars(budget_usd)}"


def duration(seconds: float) -> str:
    """A time: `45 s`, `3 min`, `2 h 10 min`."""
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"


def moment(seconds: float) -> str:
    """The time of day after so many seconds, with its date where that is not today."""
    now = datetime.datetime.now().astimezone()
    then = now + datetime.timedelta(seconds=min(seconds, 1e9))
    day = "" if then.date() == now.date() else f"{then:%Y-%m-%d} "
    return f"{day}{then:%H:%M:%S} ({duration(seconds)})"


def printable(text: str, encoding: str | None) -> str:
    """`text` as a terminal or a pipe of that encoding can take it; commands to it are taken out."""
    text = showable(text)
    try:
        text.encode(encoding or "utf-8")
    except UnicodeEncodeError:
        plain = text.replace("✓", "ok").encode(encoding or "ascii", "backslashreplace")
        return plain.decode(encoding or "ascii")
    return text
