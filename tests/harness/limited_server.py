"""Rate limits as servers have them, and an endpoint on a real socket that keeps to one.

The limits know no clock: whoever asks says what time it is. The endpoint's clock may be scaled.
"""

import json
import math
import threading
from collections import deque
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Protocol

from tasks.ground.clock import Clock

_MINUTE_S = 60.0
_GRAIN_S = 1e-9


class Limiter(Protocol):
    """Decides over each request."""

    def ask(self, now_s: float) -> float | None:
        """None: let in. Otherwise the seconds after which one may be."""


class TokenBucket:
    """Fills evenly, and holds so many at most."""

    def __init__(self, per_minute: float, capacity: float) -> None:
        self._per_s = per_minute / _MINUTE_S
        self._capacity = self._tokens = capacity
        self._at_s = -math.inf

    def ask(self, now_s: float) -> float | None:
        """Take a token, if there is one."""
        self._tokens = min(self._capacity, self._tokens + (now_s - self._at_s) * self._per_s)
        self._at_s = now_s
        if self._tokens < 1.0 - _GRAIN_S:
            return (1.0 - self._tokens) / self._per_s
        self._tokens -= 1.0
        return None


class FixedWindows:
    """So many in each minute of the day; the first began `phase_s` ago."""

    def __init__(self, per_minute: float, phase_s: float) -> None:
        self._per_minute = per_minute
        self._phase_s = phase_s
        self._began_s = math.nan
        self._count = 0

    def ask(self, now_s: float) -> float | None:
        """Count a request, if there is room."""
        if math.isnan(self._began_s):
            self._began_s = now_s - self._phase_s
        while now_s >= self._began_s + _MINUTE_S:
            self._began_s += _MINUTE_S
            self._count = 0
        if self._count >= self._per_minute:
            return self._began_s + _MINUTE_S - now_s
        self._count += 1
        return None


class SlidingWindow:
    """So many in any 60 s. `refused_count`: what is refused takes up room too."""

    def __init__(self, per_minute: int, *, refused_count: bool = False) -> None:
        self._per_minute = per_minute
        self._refused_count = refused_count
        self._at_s: deque[float] = deque()

    def ask(self, now_s: float) -> float | None:
        """Note a request, if there is room."""
        while self._at_s and self._at_s[0] <= now_s - _MINUTE_S:
            self._at_s.popleft()
        room = len(self._at_s) < self._per_minute
        if room or self._refused_count:
            self._at_s.append(now_s)
        if room:
            return None
        return self._at_s[len(self._at_s) - self._per_minute] + _MINUTE_S - now_s


LIMITERS: Mapping[str, Callable[[int], Limiter]] = {
    "bucket of 1": lambda per_minute: TokenBucket(per_minute, 1),
    "bucket of 5": lambda per_minute: TokenBucket(per_minute, 5),
    "bucket of R": lambda per_minute: TokenBucket(per_minute, per_minute),
    "fixed windows": lambda per_minute: FixedWindows(per_minute, 40.0),
    "sliding window": SlidingWindow,
    "sliding, refused count": lambda per_minute: SlidingWindow(per_minute, refused_count=True),
}

# What the server says of the wait: a header and its value.
SAYINGS: Mapping[str, Callable[[float], dict[str, str]]] = {
    "ms": lambda wait_s: {"retry-after-ms": str(math.ceil(1000 * wait_s))},
    "rounded down": lambda wait_s: {"retry-after": str(math.floor(wait_s))},
    "rounded up": lambda wait_s: {"retry-after": str(math.ceil(wait_s))},
    "nothing": lambda _wait_s: {},
}


def asked_s(headers: Mapping[str, str]) -> float | None:
    """The wait that headers ask for."""
    if "retry-after-ms" in headers:
        return float(headers["retry-after-ms"]) / 1000
    return float(headers["retry-after"]) if "retry-after" in headers else None


class LimitedServer:
    """Answers every request that its limiter lets in with the same body, after `latency_s`."""

    def __init__(
        self, limiter: Limiter, saying: str, clock: Clock, latency_s: float, body: bytes
    ) -> None:
        self.limiter = limiter
        self.saying = SAYINGS[saying]
        self.clock = clock
        self.latency_s = latency_s
        self.body = body
        self.refused = self.answered = 0
        self.first_s = self.last_s = math.nan
        self._lock = threading.Lock()
        self._httpd = _Httpd(("127.0.0.1", 0), _Handler)
        self._httpd.limited = self

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._httpd.server_address[1])

    def __enter__(self) -> "LimitedServer":
        threading.Thread(target=self._httpd.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._httpd.shutdown()
        self._httpd.server_close()

    def ask(self) -> float | None:
        """A request has come: as `Limiter.ask`."""
        with self._lock:
            now_s = self.clock.now()
            self.first_s = now_s if math.isnan(self.first_s) else self.first_s
            wait_s = self.limiter.ask(now_s)
            self.refused += wait_s is not None
            return wait_s

    def done(self) -> None:
        """An answer goes out."""
        with self._lock:
            self.answered += 1
            self.last_s = self.clock.now()


class _Httpd(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128
    limited: LimitedServer

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that end leave broken connections: no news."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    server: _Httpd

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - as in the base class
        """Nothing to the terminal of a test."""

    def do_POST(self) -> None:
        """Refuse at once, or answer after the latency."""
        limited = self.server.limited
        wait_s = limited.ask()
        self.rfile.read(int(self.headers["Content-Length"]))
        if wait_s is None:
            never = threading.Condition()
            with never:
                limited.clock.wait(never, limited.latency_s)
            limited.done()
            self._send(200, limited.body, {})
        else:
            error = {"message": "Rate limit reached", "code": "rate_limit_exceeded"}
            self._send(429, json.dumps({"error": error}).encode(), limited.saying(wait_s))

    def _send(self, status: int, body: bytes, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()
