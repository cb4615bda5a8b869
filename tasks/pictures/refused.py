"""Files that are no picture for us though people take them for one, each with what to do."""

from tasks.pictures import png

_HEIF = (b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1")
_AVIF = (b"avif", b"avis")
_OTHERS = {
    b"%!": "it is PostScript",
    b"\xc5\xd0\xd3\xc6": "it is PostScript",
    b"%PDF": "it is a PDF",
}
_LEAST_PNG = 33
"""bytes up to the end of its header"""
_LOOKED_AT = 1024
"""bytes at the beginning in which an SVG shows itself"""


def why_not_read(data: bytes) -> str:
    """Why these bytes are not read; empty where a reader is to try them."""
    if not data:
        return "it is empty"
    if is_svg(data):
        return "it is an SVG"
    if data[4:8] == b"ftyp":
        kinds = (("HEIC", _HEIF), ("AVIF", _AVIF))
        return "it is " + next((name for name, of in kinds if data[8:12] in of), "a film")
    if data.startswith(png.START) and len(data) < _LEAST_PNG:
        return "only the beginning of a PNG is there"
    found = (what for start, what in _OTHERS.items() if data.startswith(start))
    return next(found, "")


def rendering(data: bytes, path: str, rendered: str) -> list[str]:
    """The command that makes a PNG of these bytes, which no reader here knows; empty: none does."""
    if not data:
        return []
    if is_svg(data):
        return ["rsvg-convert", "-h", "1536", path, "-o", rendered]
    if data[4:8] == b"ftyp" and (data[8:12] in _HEIF or data[8:12] in _AVIF):
        return ["heif-convert", path, rendered]
    if data.startswith(b"%PDF"):
        return ["pdftocairo", "-png", "-singlefile", path, rendered.removesuffix(".png")]
    return []


def is_svg(data: bytes) -> bool:
    """Whether these are the bytes of a vector drawing, also a packed one."""
    if data[:2] == b"\x1f\x8b":
        return True  # gzip: of all that is called a picture, only .svgz
    start = data[:_LOOKED_AT].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    return start.startswith((b"<svg", b"<!doctype svg")) or (
        start.startswith((b"<?xml", b"<!--")) and b"<svg" in data[:65536].lower()
    )
