"""Landmarks in pixels, as a person reads them off an image editor, made parts of the portrait."""

from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass, replace
from typing import Any, cast

from tasks.character.face import Face, FaceError, Point


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

    def at(point: Point) -> Point:
        return _part(point[0], width), _part(point[1], height)

    found = cast(Face, _mapped(face, at, lambda length: _part(length, width)))
    return replace(found, unit="part")


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


def in_frame(face: Face, inner_px: tuple[int, int, int, int], size_px: tuple[int, int]) -> Face:
    """The landmarks of a portrait as those of a frame of that size in which it lies.

    `inner_px`: where it lies, as `tasks.ground.boxes.inner_box` says: left, top, width, height.
    """
    (left, top, wide, high), (width, height) = inner_px, size_px
    if inner_px == (0, 0, width, height):
        return face

    def at(point: Point) -> Point:
        return (left + point[0] * wide) / width, (top + point[1] * high) / height

    return cast(Face, _mapped(face, at, lambda length: length * wide / width))


def _part(value_px: float, size_px: int) -> float:
    """Rounded to far less than a pixel, so that a place is the same in either unit."""
    return round(value_px / size_px, 6)


def _mapped(value: Any, at: Callable[[Point], Point], length: Callable[[float], float]) -> Any:
    """A part of a face with every point and every length changed."""
    if isinstance(value, (int, float)):
        return length(value)
    if isinstance(value, tuple) and isinstance(value[0], tuple):
        return tuple(at(point) for point in value)
    if isinstance(value, tuple):
        return at(value)
    if is_dataclass(value) and not isinstance(value, type):
        parts = {
            field.name: _mapped(getattr(value, field.name), at, length) for field in fields(value)
        }
        return replace(value, **parts)
    return value
