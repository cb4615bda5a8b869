"""An endpoint that draws and writes: `POST /v1/chat/completions` beside the images of its base."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from tests.harness.images_server import ImagesHandler, ImagesServer, Reply


def said(content: str | None, **more: Any) -> bytes:
    """An answer in words as the API writes it."""
    message = {"role": "assistant", "content": content, "refusal": None, **more}
    return json.dumps(
        {
            "id": "chatcmpl-1",
            "object": "chat.completion",
            "created": 1,
            "model": "gpt-6-luna",
            "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
            "usage": {"prompt_tokens": 1000, "completion_tokens": 200, "total_tokens": 1200},
        }
    ).encode()


def moods(*pairs: tuple[int, str]) -> bytes:
    """An answer that names these lines and expressions."""
    listed = [{"line": line, "expression": name} for line, name in pairs]
    return said(json.dumps({"moods": listed}))


class TextHandler(ImagesHandler):
    """Answers both kinds of calls."""

    server: Any

    def do_POST(self) -> None:  # noqa: N802 - named by the base class
        """Answer one call."""
        if self.path != "/v1/chat/completions":
            super().do_POST()
            return
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        texts: TextServer = self.server.images
        texts.asked.append(body)
        self.send(self.access_problem() or texts.answer(body), {"x-request-id": "req_text"})


class TextServer(ImagesServer):
    """The server, running while it is used as a context manager."""

    handler = TextHandler

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[Mapping[str, Any]] = []
        """the bodies of the requests for words"""
        self.answer: Callable[[Mapping[str, Any]], Reply] = lambda _body: Reply(body=moods())
