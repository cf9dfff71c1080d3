"""The level of the quality scale that a feature's package records; docs/quality.md has its rules.

The tests of the feature write it, and fail where it says more than they show. Nothing is decided
by it: it is printed as it was recorded.
"""

from importlib.util import find_spec
from pathlib import Path
from typing import Literal, get_args

import msgspec

Level = Literal["bronze", "silver", "gold", "platinum"]

LEVELS: tuple[Level, ...] = get_args(Level)
"""The levels, the lowest first. Each requires those before."""

RECORD = "quality.json"
"""The name of the file in the package."""


class Record(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the file says."""

    level: Level


def recorded_level(package: str) -> Level | None:
    """Return the level that an import package records, without importing it; None without one."""
    for folder in _folders(package):
        try:
            text = Path(folder, RECORD).read_bytes()
            return msgspec.json.decode(text, type=Record).level
        except (OSError, msgspec.MsgspecError):
            continue
    return None


def _folders(package: str) -> list[str]:
    try:
        spec = find_spec(package)
    except (ImportError, ValueError):
        return []
    return list(spec.submodule_search_locations or ()) if spec else []
