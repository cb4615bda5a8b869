"""Landmarks in pixels, as a person reads them off an image editor, made parts of the portrait."""

from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from typing import Any, cast

from tasks.character.face import Face, FaceError


def in_parts(face: Face, size_px: tuple[int, int]) -> Face:
    """A face in 0..1 of a portrait of that size (width, height); the same where it is already.

    Raises FaceError for what lies outside the portrait.
    """
    if face.unit == "part":
        return face
    width, height = size_px
    for name, point in _points("face", face):
        if not (0 <= point[0] <= width and 0 <= point[1] <= height):
            raise FaceError(
                f"{name} is {list(point)}, outside the portrait, which is {width}x{height} pixels"
            )
    return replace(cast(Face, _divided(face, width, height)), unit="part")


def _points(name: str, value: Any) -> Iterator[tuple[str, tuple[float, ...]]]:
    """Every point of a part of a face, by its name in the config; a radius is one number."""
    if is_dataclass(value):
        for field in fields(value):
            yield from _points(f"{name}.{field.name}", getattr(value, field.name))
    elif isinstance(value, tuple) and isinstance(value[0], tuple):
        for number, point in enumerate(value):
            yield f"{name}[{number}]", point
    elif isinstance(value, tuple):
        yield name, value


def _part(value_px: float, size_px: int) -> float:
    """Rounded to far less than a pixel, so that a place is the same in either unit."""
    return round(value_px / size_px, 6)


def _divided(value: Any, width: int, height: int) -> Any:
    if isinstance(value, (int, float)):
        return _part(value, width)
    if isinstance(value, tuple) and isinstance(value[0], tuple):
        return tuple(_divided(point, width, height) for point in value)
    if isinstance(value, tuple):
        return _part(value[0], width), _part(value[1], height)
    if is_dataclass(value) and not isinstance(value, type):
        parts = {
            field.name: _divided(getattr(value, field.name), width, height)
            for field in fields(value)
        }
        return replace(value, **parts)
    return value
