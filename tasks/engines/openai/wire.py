"""What goes over the wire: whether a request went out, and the bounds of time and size.

The SDK's time-outs count from one read to the next: a body that comes in drops would never end.
Here the whole of a call has its time, and what it may unpack to has its size.
"""

import contextlib
import threading
import time
import zlib
from collections.abc import Generator, Iterable, Iterator
from typing import Any

import httpcore2
import httpx2
from typing_extensions import override

MOST_ANSWER_BYTES = 128 * 2**20
"""of an answer, unpacked: a picture of 64 MB is 86 MB of base64"""
_NOT_BOUND = "/content"
"""the address of results, which are read as they come, and bound line by line"""


class TooLargeError(httpx2.ReadError):
    """An answer was cut at its greatest size."""


class MovedError(httpx2.RequestError):
    """A request that may not be sent again elsewhere was pointed elsewhere."""


class Sending:
    """Notes whether a request went out whole: only then can it have been drawn, and billed.

    The exception does not tell: a connection that breaks off during an upload shows as one that
    breaks off before the answer. The request that opens a proxy's tunnel is not the request.
    """

    def __init__(self) -> None:
        self.whole = False
        self.connected_to = ""
        """host and port that were called: the endpoint's, or its proxy's"""
        self._own = False

    def __call__(self, event: str, facts: dict[str, Any]) -> None:
        """One event of the connection, as httpcore names them."""
        if event.endswith("connect_tcp.started"):
            self.connected_to = f"{facts.get('host')}:{facts.get('port')}"
        elif event.endswith("send_request_headers.started"):
            self._own = getattr(facts.get("request"), "method", b"") != b"CONNECT"
        elif event.endswith("send_request_body.complete"):
            self.whole = self.whole or self._own


def watch(request: httpx2.Request) -> None:
    """Note what becomes of a request; a hook of the client."""
    request.extensions = {**request.extensions, "trace": Sending()}


def sending_of(request: httpx2.Request) -> Sending | None:
    """What is known of the way that a request of the client's took."""
    sending = request.extensions.get("trace")
    return sending if isinstance(sending, Sending) else None


def bound(response: httpx2.Response) -> None:
    """Bound an answer's size, and let no request with a body go elsewhere; a hook of the client."""
    request = response.request
    if response.is_redirect and request.method != "GET" and not _is_sent_on(response):
        raise MovedError(response.headers.get("location", ""), request=request)
    if not request.url.path.endswith(_NOT_BOUND):
        packed = response.headers.pop("content-encoding", "")
        assert isinstance(response.stream, httpx2.SyncByteStream)  # noqa: S101 - the client's kind
        response.stream = _Bound(response.stream, packed)


def _is_sent_on(response: httpx2.Response) -> bool:
    """Whether a call may be sent again where it is pointed: whole, and to the same server."""
    request = response.request
    try:
        url = request.url.join(response.headers.get("location", ""))
    except (httpx2.InvalidURL, ValueError):
        return False
    whole = response.status_code in {307, 308}
    return whole and (url.scheme, url.netloc) == (request.url.scheme, request.url.netloc)


class _Bound(httpx2.SyncByteStream):
    """An answer's body, unpacked here so that a small one cannot become a huge one."""

    def __init__(self, stream: httpx2.SyncByteStream, packed: str) -> None:
        self._stream = stream
        self._unpack = packed.strip().lower() in {"gzip", "x-gzip", "deflate"}

    @override
    def __iter__(self) -> Iterator[bytes]:
        left = MOST_ANSWER_BYTES
        for part in _unpacked(self._stream) if self._unpack else self._stream:
            left -= len(part)
            if left < 0:
                raise TooLargeError(f"more than {MOST_ANSWER_BYTES // 2**20} MB")
            yield part

    @override
    def close(self) -> None:
        """Give the connection back."""
        self._stream.close()


def _unpacked(parts: Iterable[bytes], most: int = 2**20) -> Iterator[bytes]:
    """gzip or zlib data, at most `most` bytes at a time."""
    unpacker = zlib.decompressobj(zlib.MAX_WBITS | 32)
    for part in parts:
        data = part
        while data:
            try:
                out = unpacker.decompress(data, most)
            except zlib.error as error:
                raise httpx2.DecodingError(str(error)) from error
            data = unpacker.unconsumed_tail
            yield out


class _Time(threading.local):
    """Until when the call that this thread is making has to be done."""

    until_s: float | None = None


_TIME = _Time()


@contextlib.contextmanager
def within(seconds: float) -> Generator[None]:
    """All that is sent and read inside, by this thread, has so long altogether."""
    _TIME.until_s = time.monotonic() + seconds
    try:
        yield
    finally:
        _TIME.until_s = None


def _left_s(timeout_s: float | None, error: type[Exception]) -> float | None:
    if _TIME.until_s is None:
        return timeout_s
    left_s = _TIME.until_s - time.monotonic()
    if left_s <= 0:
        raise error("its time is over")
    return left_s if timeout_s is None else min(left_s, timeout_s)


class _TimedStream(httpcore2.NetworkStream):
    """A connection that keeps to the time of the call."""

    def __init__(self, stream: httpcore2.NetworkStream) -> None:
        self._stream = stream

    @override
    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, _left_s(timeout, httpcore2.ReadTimeout))

    @override
    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, _left_s(timeout, httpcore2.WriteTimeout))

    @override
    def close(self) -> None:
        self._stream.close()

    @override
    def start_tls(self, *arguments: Any, **more: Any) -> httpcore2.NetworkStream:
        return _TimedStream(self._stream.start_tls(*arguments, **more))

    @override
    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


class _TimedBackend(httpcore2.SyncBackend):
    @override
    def connect_tcp(
        self, host: str, port: int, timeout: float | None = None, *more: Any, **named: Any
    ) -> httpcore2.NetworkStream:
        left_s = _left_s(timeout, httpcore2.ConnectTimeout)
        return _TimedStream(super().connect_tcp(host, port, left_s, *more, **named))


def keep_time(client: httpx2.Client) -> None:
    """Have all connections of a client, also those through proxies, keep to `within`."""
    # httpx has no public way to hand a backend down; a test sees that this one goes on working.
    for transport in (client._transport, *client._mounts.values()):  # noqa: SLF001
        pool = getattr(transport, "_pool", None)
        if pool is not None:
            pool._network_backend = _TimedBackend()  # noqa: SLF001
