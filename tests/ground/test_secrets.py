"""Secrets of the environment, in every form in which a server sends them back."""

import base64
import json
import time
from urllib.parse import quote

import pytest

from tasks.ground.outside import clean, showable
from tasks.ground.secrets import blotted, blotted_bytes

KEY = "sk-proj-Ab0/cd+EfGh1234567890"
PASSWORD = "pa55 w0rd!"  # noqa: S105 - made up


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", f"{KEY}\n")
    monkeypatch.setenv("OPENAI_BASE_URL", f"http://me:{quote(PASSWORD)}@127.0.0.1/v1")
    monkeypatch.setenv(
        "OPENAI_CUSTOM_HEADERS", "X-Team: red-team-42\nAuthorization: Bearer tok.en.123"
    )


BASIC = base64.b64encode(f"me:{PASSWORD}".encode()).decode()
FORMS = {
    "plain": f"bad key {KEY}!",
    "in JSON": json.dumps({"said": KEY}),
    "a slash escaped": KEY.replace("/", "\\/"),
    "every character escaped": "".join(f"\\u{ord(one):04x}" for one in KEY),
    "percent": quote(KEY, safe=""),
    "entities": "".join(f"&#{ord(one)};" for one in KEY),
    "a line end within": f"{KEY[:9]}\n{KEY[9:]}",
    "markup within": f"{KEY[:7]}<wbr>{KEY[7:14]}<b class='x'>{KEY[14:]}",
    "spaces within": " ".join(KEY),
    "half of it": f"sk: {KEY[:15]}...",
    "its end": f"...{KEY[-13:]}",
    "a password": f"401 for me:{PASSWORD}",
    "a password as it stands in the address": quote(PASSWORD),
    "Basic": f"Authorization: Basic {BASIC}",
    "a custom header": "you sent red-team-42 and tok.en.123",
}


@pytest.mark.parametrize("form", FORMS)
def test_no_form_of_a_secret_is_shown_or_kept(form: str):
    text = FORMS[form]
    for made in (blotted(text), clean(text), showable(text), blotted_bytes(text.encode()).decode()):
        assert "[key]" in made
        for secret in (
            KEY,
            KEY[:13],
            KEY[-13:],
            PASSWORD,
            quote(PASSWORD),
            BASIC,
            "red-team-42",
            "tok.en.123",
        ):
            assert secret not in made
            assert secret not in "".join(made.split())


def test_what_is_no_secret_stays():
    text = 'unused keys: {"size": "1024x1536"}, a monkey at http://127.0.0.1/v1'
    assert blotted(text) == text
    assert blotted_bytes(b"\x89PNG\xff\x00") == b"\x89PNG\xff\x00"


def test_a_short_value_is_a_word_and_no_secret(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("OPENAI_API_KEY", "x")
    assert blotted("an expression") == "an expression"


@pytest.mark.parametrize("piece", ["s", "sk-", "<", "\\u0073", " ", "&#115;", "<b>s"])
def test_it_takes_time_in_proportion(piece: str):
    began = time.process_time()
    blotted((piece * (10**5 // len(piece) + 1))[: 10**5])
    assert time.process_time() - began < 2
