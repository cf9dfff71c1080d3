"""Where in a feature's source something stands, for messages that name file and line."""

import inspect
import sys
from collections.abc import Callable
from collections.abc import Iterator
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from mercato_composition.features.candidate import Candidate
from mercato_kit.feature import ENTRY_POINT_GROUP


def place_of_function(function: Callable[..., Any]) -> str | None:
    """Return file and line of a function; None for what has no source."""
    code = getattr(inspect.unwrap(function), "__code__", None)
    return f"{code.co_filename}:{code.co_firstlineno}" if code else None


def place_of_text(feature: Candidate, text: str) -> str | None:
    """Return file and line where a feature writes the literal *text*, its manifest first."""
    for file in _files_of(feature):
        for number, line in enumerate(file.read_text("utf-8", "replace").splitlines(), start=1):
            if f'"{text}"' in line or f"'{text}'" in line:
                return f"{file}:{number}"
    return None


def _files_of(feature: Candidate) -> Iterator[Path]:
    for entry in entry_points(group=ENTRY_POINT_GROUP, name=feature.name):
        manifest = getattr(sys.modules.get(entry.module), "__file__", None)
        if manifest is None or entry.dist is None or entry.dist.name != feature.distribution:
            continue
        yield Path(manifest)
        package = sys.modules.get(entry.module.partition(".")[0])
        for folder in getattr(package, "__path__", ()):
            yield from sorted(Path(folder).rglob("*.py"))
