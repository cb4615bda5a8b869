"""Text from outside: what may not reach a terminal does not, whatever its size."""

import re

import pytest

from tasks.ground.outside import clean, showable, without_markup
from tasks.ground.wording import printable

HARMFUL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u202a-\u202e\u2066-\u2069]")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31mred\x1b[0m", "red"),
        ("a\x1b]0;title\x07b", "ab"),
        ("a\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "alink"),
        ("\x9b2Jgone", "gone"),
        ("abc\u202egnp.exe\u202c", "abcgnp.exe"),
        ("two\r\nlines\x00", "two lines"),
        ("\x1b]0;never ended", "0;never ended"),
        ("half \ud800 pair", "half ? pair"),
        ("日本語 é", "日本語 é"),
    ],
)
def test_text_from_outside_becomes_one_harmless_line(text: str, shown: str) -> None:
    assert clean(text) == shown
    assert not HARMFUL.search(showable(text))
    assert not HARMFUL.search(printable(text, "utf-8"))


def test_our_own_line_ends_stay() -> None:
    assert showable("one\n\ttwo\x1b[1m") == "one\n\ttwo"


@pytest.mark.parametrize("piece", ["<", "\x1b]", "\x1b[", "<title", "\x9d", "<a ", "x"])
def test_a_message_of_megabytes_is_a_line_in_linear_time(piece: str) -> None:
    text = piece * 1_000_000  # a quadratic pattern would take hours
    assert len(clean(without_markup(text))) <= 300
    showable(text)


def test_the_words_of_a_page_are_kept() -> None:
    page = "<html><TITLE lang=en>502 Bad Gateway</TITLE><p>no <b>server</b></p>"
    assert clean(without_markup(page)) == "502 Bad Gateway no server"
