"""What a value of the config may be, as its type says it: `Annotated[float, Ge(0)]` and the like.

pydantic reads these when it checks a config; nothing here imports it, so that the types are as
cheap to load as the standard library's.
"""

from dataclasses import dataclass
from typing import Annotated, Any

from annotated_types import Ge, Le, MaxLen, MinLen


@dataclass(frozen=True, slots=True)
class Pattern:
    """A text that matches a regular expression, which pydantic and JSON Schema both take."""

    regex: str

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> dict[str, Any]:
        schema: dict[str, Any] = handler(source)
        return {**schema, "pattern": self.regex}


@dataclass(frozen=True, slots=True)
class Shown:
    """What the JSON Schema says of a value beside its type: what editors complete, say."""

    schema: tuple[tuple[str, Any], ...]

    def __get_pydantic_json_schema__(self, core: Any, handler: Any) -> dict[str, Any]:
        schema: dict[str, Any] = handler(core)
        return {**schema, **dict(self.schema)}


Weight = Annotated[float, Ge(0), Le(1)]
Degrees = Annotated[float, Ge(-45), Le(45)]
Part = Annotated[float, Ge(0), Le(1)]
Levels = Annotated[float, Ge(0), Le(255)]
Usd = Annotated[float, Ge(0)]
FileName = Annotated[str, MinLen(1)]
MOST_WORDS = 8_000
"""characters"""
Words = Annotated[str, MaxLen(MOST_WORDS)]
