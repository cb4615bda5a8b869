"""`images.edit`: one request, one call, one take."""

import time
from typing import Any

import openai

from tasks.engines.openai.answers import UnusableError, fetched, take_of
from tasks.engines.openai.client import client, one_line, without_key
from tasks.engines.openai.failures import failure_of
from tasks.requests.engine import EngineFailure, EngineSettings, Fault
from tasks.requests.request import Request
from tasks.takes.store import Take


class ImagesEngine:
    """Draws by `images.edit`. Every call that the server answers may cost money."""

    def __init__(self, settings: EngineSettings) -> None:
        self._settings = settings

    def draw(self, request: Request) -> Take:
        """One call, never repeated here."""
        started = time.monotonic()
        connected = client(self._settings.timeout_s)
        try:
            answer = connected.images.with_raw_response.edit(**_sent(request))
        except openai.OpenAIError as error:
            raise failure_of(error, self._settings.timeout_s) from error
        latency_s = round(time.monotonic() - started, 3)
        answer_id = answer.headers.get("x-request-id", "")
        try:
            return take_of(answer.content, latency_s, answer_id, self.fetch)
        except UnusableError as error:
            raise EngineFailure(
                one_line(f"the answer has no picture: {error}"),
                without_key(answer.content),
                fault=Fault.UNUSABLE,
                usage=error.usage,
            ) from error

    def fetch(self, address: str) -> bytes:
        """A picture that the endpoint answered with an address. Raises `UnusableError`."""
        own = client(self._settings.timeout_s).base_url.host
        return fetched(address, own, self._settings.answer_hosts, self._settings.timeout_s)


def _sent(request: Request) -> dict[str, Any]:
    """The arguments of the SDK's `images.edit`."""
    pictures = [
        (f"picture_{number}.png", picture.load_png(), "image/png")
        for number, picture in enumerate(request.pictures, 1)
    ]
    mask = {"mask": ("mask.png", request.mask.load_png(), "image/png")} if request.mask else {}
    return {
        # A single picture goes as `image`, not `image[]`: some servers know only that.
        "image": pictures[0] if len(pictures) == 1 else pictures,
        **mask,
        **request.fields(),
        "extra_body": dict(request.extra) or None,
    }
