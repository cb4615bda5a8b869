"""What servers say in the body of an error: their words, and what these mean.

OpenAI's own form, Azure's, those of the gateways (LiteLLM, OpenRouter, LocalAI, Xinference), and
what web frameworks say by themselves. Everything is looked for, since nobody keeps to one form.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

_WORDS = ("message", "detail", "error", "msg", "error_message", "error_description", "reason")
_MEANING = ("code", "type", "status", "error", "reason", "error_code")
_DEEPEST = 6
_MOST = 2_000
"""characters, and pieces, of an error that are looked at"""

# As `_codes` gives them: lower case, letters and digits only.
_REFUSED = re.compile(
    r"moderationblocked|contentpolic|contentfilter|responsibleai|contentviolation"
    r"|safetyviolation|safetysystem|contentmoderation|promptblocked|imageblocked|nsfw"
)
_REFUSED_WORDS = re.compile(
    r"ContentPolicyViolation|content[ _]?polic(?:y|ies)|content[ _-]?filter|content management"
    r" policy|safety system|moderation_blocked|flagged by moderation|requires moderation",
    re.IGNORECASE,
)
_NO_CREDIT = re.compile(
    r"insufficientquota|billing(?:hardlimit|notactive)|budgetexceeded|exceededbudget"
    r"|insufficient(?:credit|balance|fund)|paymentrequired|creditlimit|quotaexceededforever"
)
_NO_CREDIT_WORDS = re.compile(
    r"budget has been exceeded|exceeded (?:your |the |its )?budget|insufficient (?:credit|balance)"
    r"|add more credits|out of credits",
    re.IGNORECASE,
)
_MODEL = re.compile(
    r"modelnotfound|invalidmodel|unknownmodel|unsupportedmodel|modelnotsupported|nosuchmodel"
    r"|deploymentnotfound|modelnotavailable"
)
_MODEL_WORDS = re.compile(
    r"\bmodel\b[^.]{0,80}\b(?:not found|does not exist|not exist|unknown|is not supported)"
    r"|invalid model name|(?:unknown|no such) model",
    re.IGNORECASE,
)


def words_of(body: Any) -> str:
    """The server's own words: the message in its JSON, else what it sent as text."""
    return _words(body, 0)[:_MOST]


def is_refused(body: Any) -> bool:
    """Whether the content rules forbid the request."""
    return _means(body, _REFUSED, _REFUSED_WORDS)


def is_no_credit(body: Any) -> bool:
    """Whether the account, or the gateway's budget for it, has no money left."""
    return _means(body, _NO_CREDIT, _NO_CREDIT_WORDS)


def is_unknown_model(body: Any) -> bool:
    """Whether the endpoint does not have the model."""
    return _means(body, _MODEL, _MODEL_WORDS)


def asks_for_one_image(body: Any) -> bool:
    """Whether a server misses the field `image`, or takes no more than one picture."""
    said = words_of(body)
    missing = re.search(r"\bimage\b(?!\[)", said) and re.search(
        r"required|missing|not provided|no image", said, re.IGNORECASE
    )
    one = re.search(
        r"(?:only|at most|more than) (?:one|1|a single) (?:input )?image", said, re.IGNORECASE
    )
    return bool(missing or one or re.search(r"image\[\]", said))


def _means(body: Any, codes: re.Pattern[str], words: re.Pattern[str]) -> bool:
    named = any(codes.search(code) for code in _codes(body))
    return named or bool(words.search(words_of(body)))


def _words(value: Any, depth: int) -> str:
    if isinstance(value, str):
        return _of_text(value, depth)
    if isinstance(value, dict):
        found = (value.get(name) for name in _WORDS)
        # FastAPI says what is wrong with a field as {"loc": ["body", "size"], "msg": "..."}.
        where = ".".join(map(str, value["loc"])) if isinstance(value.get("loc"), list) else ""
        said = next((v for v in found if v not in (None, "", {}, [])), None)
        if said is None or depth > _DEEPEST:
            return _plain(value)
        return f"{where}: {_words(said, depth + 1)}" if where else _words(said, depth + 1)
    if isinstance(value, list) and value and depth <= _DEEPEST:
        return "; ".join(_words(entry, depth + 1) for entry in value[:5])
    return "" if value is None else _plain(value)


def _of_text(text: str, depth: int) -> str:
    """Words as they are; of JSON within them, its message."""
    if text.lstrip()[:1] in {"{", "["} and depth < _DEEPEST and len(text) < 100_000:
        try:
            return _words(json.loads(text), depth + 1)
        except (ValueError, RecursionError):
            return text
    return text


def _plain(value: Any) -> str:
    try:
        return json.dumps(value, ensure_ascii=False)[:_MOST]
    except (ValueError, TypeError, RecursionError):
        return ""


def _codes(body: Any) -> Iterator[str]:
    """All codes and types in a body, however deep: `inner_error.code`, `error.type`, ..."""
    waiting, looked_at = [body], 0
    while waiting and looked_at < _MOST:
        value, looked_at = waiting.pop(), looked_at + 1
        if isinstance(value, list):
            waiting.extend(value[:50])
        if not isinstance(value, dict):
            continue
        for name, inner in list(value.items())[:50]:
            if isinstance(inner, (dict, list)):
                waiting.append(inner)
            elif isinstance(inner, str) and name in _MEANING:
                yield re.sub(r"[^a-z0-9]", "", inner[:200].lower())
