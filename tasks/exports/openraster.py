"""All expressions of a pose as layers of one picture: OpenRaster, for Krita, GIMP and MyPaint.

The body is one layer, with a hole where faces differ; each expression is a layer that fills that
hole. One is shown, and body and face together are that frame to the bit. Source: OpenRaster 0.0.5
(freedesktop.org): `mimetype` first and stored, `stack.xml`, layers from top to bottom.
"""

import io
import zipfile
from xml.etree import ElementTree as ET

import cv2
import numpy as np

from tasks.character.character import NEUTRAL
from tasks.exports.archive import put
from tasks.exports.cast import Cast
from tasks.exports.layers import Layers, layers_of
from tasks.exports.output import Output
from tasks.exports.pictures import Pictures
from tasks.exports.pixels import Pixels, packed, pose_name
from tasks.ground.advice import doit
from tasks.ground.boxes import inner_size

_THUMBNAIL_PX = 256


def export(cast: Cast, out: Output) -> list[str]:
    """`<pose>.ora` for each pose."""
    pictures = Pictures(cast)
    for pose in cast.poses:
        layers = layers_of(pictures, cast.at_pose(pose))
        out.add(f"{pose_name(cast.settings, pose)}.ora", packed_layers(layers))
    costume = {"costume": cast.costume} if cast.costume else {}
    return [
        f"what is painted there comes back with: {doit('import_layers', 'FILE.ora', **costume)}"
    ]


def packed_layers(layers: Layers) -> bytes:
    """An OpenRaster file: faces on top, the body below, the neutral face (or the first) shown."""
    shown = NEUTRAL if NEUTRAL in layers.faces else next(iter(layers.faces))
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        put(archive, "mimetype", b"image/openraster")
        stack = ET.Element(
            "image", version="0.0.3", w=str(layers.size_px[0]), h=str(layers.size_px[1])
        )
        pile = ET.SubElement(stack, "stack")
        left, top = layers.corner
        for number, (name, face) in enumerate(layers.faces.items()):
            source = f"data/face{number:04d}.png"
            _layer(pile, name, source, (left, top), visible=name == shown)
            put(archive, source, packed(face))
        _layer(pile, "body", "data/body.png", (0, 0), visible=True)
        put(archive, "data/body.png", packed(layers.body))
        put(archive, "stack.xml", ET.tostring(stack, encoding="utf-8", xml_declaration=True))
        whole = layers.frame(shown)
        put(archive, "mergedimage.png", packed(whole))
        put(archive, "Thumbnails/thumbnail.png", packed(_thumbnail(whole)))
    return buffer.getvalue()


def _layer(pile: ET.Element, name: str, source: str, at: tuple[int, int], *, visible: bool) -> None:
    ET.SubElement(
        pile,
        "layer",
        {
            "name": name,
            "src": source,
            "x": str(at[0]),
            "y": str(at[1]),
            "opacity": "1.0",
            "visibility": "visible" if visible else "hidden",
            "composite-op": "svg:src-over",
        },
    )


def _thumbnail(pixels: Pixels) -> Pixels:
    height, width = pixels.shape[:2]
    size = inner_size((width, height), (_THUMBNAIL_PX, _THUMBNAIL_PX), largest=1.0)
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)
