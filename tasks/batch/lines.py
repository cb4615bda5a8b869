"""The lines of a batch's files: requests as they are sent, answers as they come back."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tasks.requests.batches import ENDPOINT
from tasks.requests.request import Request

_NOT_BEGUN = ("batch_expired", "batch_cancelled")
_OK = 200
_LONGEST_FILE_ID = "f" * 64
"""stands for a file's id that is not known yet"""


def request_line(request: Request, file_ids: Sequence[str]) -> bytes:
    """One request in the endpoint's JSON form, with its line end. Its key names it.

    `file_ids`: those of all that the request shows, in its order.
    """
    count = len(request.pictures)
    body = {
        **request.fields(),
        "images": [{"file_id": file_id} for file_id in file_ids[:count]],
        **({"mask": {"file_id": file_ids[count]}} if request.mask else {}),
        **request.extra,
    }
    line = {"custom_id": request.key, "method": "POST", "url": ENDPOINT, "body": body}
    return json.dumps(line, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def line_bytes(request: Request) -> int:
    """How long the line of a request becomes at the most, before its pictures are uploaded."""
    return len(request_line(request, [_LONGEST_FILE_ID] * len(request.shown)))


def split(requests: Iterable[Request], most: int, most_bytes: int) -> list[list[Request]]:
    """Requests in files of at most so many and so long, in order; one model a file.

    Providers take only one model a file.
    """
    full: list[list[Request]] = []
    filling: dict[str, tuple[list[Request], int]] = {}
    for request in requests:
        part, part_bytes = filling.get(request.model, ([], 0))
        size = line_bytes(request)
        if part and (len(part) == most or part_bytes + size > most_bytes):
            full.append(part)
            part, part_bytes = list[Request](), 0
        part.append(request)
        filling[request.model] = (part, part_bytes + size)
    return full + [part for part, _ in filling.values()]


@dataclass(frozen=True, slots=True)
class Answer:
    """One line of results."""

    key: str
    answer_id: str
    """the provider's own name for the call"""
    status: int
    """of HTTP; 0 where the request was never sent on"""
    body: Any

    @property
    def is_picture(self) -> bool:
        """Whether the endpoint says that it drew; there may be no picture in it all the same."""
        return self.status == _OK

    @property
    def was_not_begun(self) -> bool:
        """Whether nobody tried to draw it, since the batch ended first."""
        error = self.body.get("error") if isinstance(self.body, Mapping) else None
        return isinstance(error, Mapping) and error.get("code") in _NOT_BEGUN


def parse_answer(line: bytes) -> Answer:
    """The answer in a line. Raises ValueError where it is none."""
    try:
        document = json.loads(line)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
    content = document if isinstance(document, dict) else {}
    key, response = content.get("custom_id"), content.get("response")
    if not isinstance(key, str):
        raise ValueError("it names no request")  # noqa: TRY004 - of the text, not of a value
    if not isinstance(response, dict):
        return Answer(key, str(content.get("id") or ""), 0, {"error": content.get("error")})
    answer_id = str(response.get("request_id") or content.get("id") or "")
    status = response.get("status_code", _OK)
    return Answer(key, answer_id, status if isinstance(status, int) else 0, response.get("body"))
