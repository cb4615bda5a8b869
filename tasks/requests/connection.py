"""What the environment says of the connection: key, address, proxies, certificates.

Read and checked without loading what makes connections, so that what can never work is said in
one line that names the variable. Put right where the meaning is certain.
"""

import importlib.util
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit, urlunsplit

from tasks.ground.outside import clean
from tasks.requests.engine import ENDPOINT_VARIABLE, KEY_VARIABLE

_HEADERS = ("OPENAI_ORG_ID", "OPENAI_PROJECT_ID")
CERTIFICATES = ("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
"""where the authorities are that are trusted; the first that is set counts"""
_PROXIES = ("http_proxy", "https_proxy", "all_proxy")
_PROXY_SCHEMES = ("http", "https", "socks5", "socks5h")
_ENDINGS = re.compile(r"/images/(?:edits|generations)/?$|/+$")
# Hosts whose path is known, by how their names end.
_PATHS = {
    "api.openai.com": "/v1",
    ".openai.azure.com": "/openai/v1",
    ".services.ai.azure.com": "/openai/v1",
    "openrouter.ai": "/api/v1",
}


@dataclass(frozen=True, slots=True)
class Connection:
    """The connection to the endpoint, as it was meant."""

    key: str
    base_url: str = ""
    """without a query; empty: OpenAI's own"""
    query: tuple[tuple[str, str], ...] = ()
    organization: str = ""
    project: str = ""
    certificates: str = ""
    """the file or folder of the authorities that are trusted; empty: the system's"""


def connection(environment: Mapping[str, str]) -> Connection:
    """What the variables mean; of those that `problems` names nothing good can come."""

    def value(name: str) -> str:
        return environment.get(name, "").strip()

    base_url, query = _address(value(ENDPOINT_VARIABLE))
    certificates = next(filter(None, map(value, CERTIFICATES)), "")
    organization, project = map(value, _HEADERS)
    return Connection(value(KEY_VARIABLE), base_url, query, organization, project, certificates)


def problems(environment: Mapping[str, str]) -> Iterator[str]:
    """Why no call could be made: each of these in a line that names the variable."""
    key = environment.get(KEY_VARIABLE, "").strip()
    if not key:
        yield f"{KEY_VARIABLE} is not set: export it, or draw free drafts with engine=puppet"
    elif _is_unsendable(key):
        yield f"{KEY_VARIABLE} holds spaces, line ends or letters that no key has"
    address = environment.get(ENDPOINT_VARIABLE, "").strip()
    wrong = _wrong_address(address) if address else ""
    if wrong:
        yield f'{ENDPOINT_VARIABLE}="{without_user(address)}" {wrong}'
    for name in _HEADERS:
        if _is_unsendable(environment.get(name, "").strip()):
            yield f"{name} holds spaces, line ends or letters that no such id has"
    yield from _proxy_problems(environment)
    for name in CERTIFICATES:
        path = environment.get(name, "").strip()
        if path and not Path(path).exists():
            yield f"{name}={clean(path)}: there is no such file; name one, or unset it"


def without_user(address: str) -> str:
    """An address without the name and password in it, fit to be shown."""
    head, at, rest = address.rpartition("@")
    scheme = re.match(r"\w+://", head)
    return clean(f"{scheme[0] if scheme else ''}{rest}" if at else address)


def proxy_variable(environment: Mapping[str, str], host: str) -> str:
    """The variable that names this proxy; empty where none does."""
    for name, value in environment.items():
        if name.lower() in _PROXIES and host in value:
            return name
    return ""


def _is_unsendable(value: str) -> bool:
    return not (value.isascii() and value.isprintable()) or len(value.split()) > 1


def _wrong_address(address: str) -> str:
    """What is wrong with an address; nothing where it can be used."""
    if not address.isprintable() or len(address.split()) > 1:
        return "holds spaces or line ends"
    if not re.match(r"https?://[^/?#]", address):
        return "must begin with http:// or https://"
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        return "is no address: look at its host and port"
    if not parts.hostname or port == 0:
        return "is no address: look at its host and port"
    return "has a # in it, which no server is told" if parts.fragment else ""


def _address(address: str) -> tuple[str, tuple[tuple[str, str], ...]]:
    """Base and query of an address. A call's own path at its end is left out, since it is added."""
    if not address or _wrong_address(address):
        return "", ()
    parts = urlsplit(address)
    path = _ENDINGS.sub("", _ENDINGS.sub("", parts.path))
    host = parts.hostname or ""
    if not path:
        path = next((path for end, path in _PATHS.items() if host.endswith(end)), "")
    base = urlunsplit((parts.scheme, parts.netloc, path, "", ""))
    return base, tuple(parse_qsl(parts.query, keep_blank_values=True))


def _proxy_problems(environment: Mapping[str, str]) -> Iterator[str]:
    for name, value in environment.items():
        if name.lower() not in _PROXIES or not value.strip():
            continue
        shown = f"{name}={without_user(value)}"
        scheme = value.partition("://")[0].lower() if "://" in value else "http"
        if scheme not in _PROXY_SCHEMES:
            hint = "; socks5:// is meant, perhaps" if scheme.startswith("socks") else ""
            yield f"{shown}: a proxy's address begins with {', '.join(_PROXY_SCHEMES)}{hint}"
        elif scheme.startswith("socks") and not importlib.util.find_spec("socksio"):
            yield (
                f"{shown}: a SOCKS proxy needs one more package: uv pip install socksio; or use an"
                " http:// proxy"
            )
        elif _wrong_address(f"http://{value.strip().partition('://')[2] or value.strip()}"):
            yield f"{shown} is no address of a proxy: look at its host and port"
