"""Words: what docstrings, comments and pages name exists."""

import ast
import re
from functools import cache
from pathlib import Path

from tests.conftest import ROOT

_DOTTED = re.compile(r"\b((?:tasks|tests)(?:\.[A-Za-z_]\w*)+)")
_FILE = re.compile(r"`((?:tasks|tests|docs)/[\w/.-]+\.(?:py|md|json|toml))`")


def _sources() -> list[Path]:
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")]
    return [*pages, *(ROOT / "tasks").rglob("*.py"), *(ROOT / "tests").rglob("*.py")]


def _prose(source: Path) -> str:
    """A page, or the docstrings and comments of a module."""
    text = source.read_text(encoding="utf-8")
    if source.suffix != ".py":
        return "\n".join(re.findall(r"`([^`\n]+)`", text))
    return "\n".join([*re.findall(r'"""(.*?)"""', text, re.DOTALL), *re.findall(r"# .*", text)])


@cache
def _exists(dotted: str) -> bool:
    """Whether there is such a module, or such a name in one, or in a class of one."""
    parts = dotted.split(".")
    for at in range(len(parts), 0, -1):
        path = ROOT.joinpath(*parts[:at])
        module = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
        if module.is_file():
            body: list[ast.stmt] = ast.parse(module.read_text(encoding="utf-8")).body
            for name in parts[at:]:
                found = next((node for node in body if name in _names(node)), None)
                if found is None:
                    return False
                body = getattr(found, "body", [])
            return True
        if path.is_dir():
            return at == len(parts)
    return False


def _names(node: ast.stmt) -> set[str]:
    if isinstance(node, (ast.FunctionDef, ast.ClassDef, ast.AsyncFunctionDef)):
        return {node.name}
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        return {alias.asname or alias.name for alias in node.names}
    targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
    return {n.id for t in targets if t is not None for n in ast.walk(t) if isinstance(n, ast.Name)}


def test_every_dotted_name_and_file_that_is_mentioned_exists():
    missing = set()
    for source in _sources():
        text = _prose(source)
        where = source.relative_to(ROOT)
        missing |= {f"{where}: {n}" for n in _DOTTED.findall(text) if not _exists(n)}
        text = source.read_text(encoding="utf-8")
        missing |= {f"{where}: {n}" for n in _FILE.findall(text) if not (ROOT / n).exists()}
    assert not missing, "\n".join(sorted(missing))
