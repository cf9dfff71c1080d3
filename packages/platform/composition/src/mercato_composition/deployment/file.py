"""Merge the deployment file and the environment, and record the origin of each value."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from mercato_composition.deployment.kubernetes import is_of_a_service
from mercato_composition.faults import DeploymentError, Fault, Outside, Place

PREFIX = "MERCATO_"
DEPLOYMENT = "MERCATO_DEPLOYMENT"
"""The variable with the path of the file: the only variable of ours that sets no value."""

_STRAY = "\0"
"""The first part of the path of a variable without effect; no key and no variable contains it."""

_HEADER = re.compile(r"\s*\[([^\[\]]+)\]")
_KEY = re.compile(r"\s*([\w.\"'-]+)\s*=")
_PLACE = re.compile(r"\(at line (\d+), column (\d+)\)")

ValuePath = tuple[str, ...]
"""The tables and the key of a value: ``("features", "reviews", "settings", "per_page")``."""


@dataclass(frozen=True)
class Source:
    """The merged, unchecked values of a deployment.

    Args:
        name: The file's name, for messages.
        values: Tables and values, as TOML and the environment gave them.
        origins: The line, or the variable, of each table and value.
        file: The file; None if the values are from a mapping.
        text: The content of the file.
    """

    name: str
    values: Mapping[str, Any]
    origins: Mapping[ValuePath, Place] = field(default_factory=dict)
    file: Path | None = None
    text: str = field(default="", repr=False)

    def origin(self, *path: str) -> Place:
        """Return the place of the value at *path*, else of a value in it or of its table."""
        return replace(self._nearest(path), path=path)

    def shown(self, *path: str) -> Place:
        """Return the place of a value or a table that is no secret, with its line as an excerpt.

        A line that has other values, too, is not shown: they may be secrets.
        """
        place = self.origin(*path)
        if path not in self.origins or place.line is None:
            return place
        line = self.text.split("\n")[place.line - 1]
        alone = isinstance(_value_at(self.values, path), Mapping) == line.lstrip().startswith("[")
        return replace(place, excerpt=line) if alone else place

    def _nearest(self, path: ValuePath) -> Place:
        if path in self.origins:
            return self.origins[path]
        for inner, origin in self.origins.items():
            if path and inner[: len(path)] == path:
                return origin
        return self._nearest(path[:-1]) if path else Place(file=self.name)

    def in_environment(self, *path: str) -> bool:
        """Tell whether the value at *path* is from an environment variable."""
        return path in self.origins and self.origins[path].variable is not None


def load(path: Path | None, environ: Mapping[str, str]) -> Source:
    """Read the deployment file, and override its values from the environment.

    Args:
        path: The file. Default: the one that ``MERCATO_DEPLOYMENT`` names, else
            ``deployment.toml``.
        environ: The environment.

    Raises:
        DeploymentError: The file does not exist, or is not valid TOML.
    """
    file = path or Path(environ.get(DEPLOYMENT) or "deployment.toml")
    try:
        # Editors on Windows may write a byte order mark.
        text = file.read_text(encoding="utf-8-sig")
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise DeploymentError([_syntax_fault(file, text, str(error))]) from error
    except (OSError, UnicodeDecodeError) as error:
        raise DeploymentError([_unreadable(file, error)]) from error
    except (RecursionError, ValueError) as error:
        # tomllib does not catch these itself: deep nesting, numbers with thousands of digits.
        raise DeploymentError([_unreadable(file, error)]) from error
    origins = {path: Place(file.name, lines[0]) for path, lines in _lines_of(text).items()}
    return overlay(Source(file.name, values, origins, file, text), environ)


def overlay(source: Source, environ: Mapping[str, str]) -> Source:
    """Override values of *source* with the environment's ``MERCATO_…`` variables.

    ``MERCATO_DATABASE__URL`` is ``url`` in ``[database]``. A variable can set values of a feature,
    but cannot add a feature, and cannot accept a danger: only the file does either. Variables that
    Kubernetes sets for a Service are left alone.
    """
    values, origins = _copy(source.values), dict(source.origins)
    for variable, text in sorted(environ.items()):
        if not variable.startswith(PREFIX) or variable == DEPLOYMENT:
            continue
        if is_of_a_service(variable, text):
            continue
        path = tuple(variable.removeprefix(PREFIX).lower().split("__"))
        adds_feature = (
            path[0] == "features" and path[1:2] and path[1] not in values.get("features", {})
        )
        refused = adds_feature or path[0] == "accept" or "" in path
        if not refused and _put(values, path, text):
            origins[path] = Place(variable=variable)
        else:
            origins[(_STRAY, *path)] = Place(variable=variable)
    return replace(source, values=values, origins=origins)


def variable_of(*path: str) -> str:
    """Return the name of the environment variable that sets the value at *path*."""
    return PREFIX + "__".join(path).upper()


def stray_variables(source: Source) -> Iterator[tuple[ValuePath, Place]]:
    """Give path and place of each variable that :func:`overlay` could not apply."""
    for path, place in source.origins.items():
        if path[:1] == (_STRAY,):
            yield path[1:], place


def _copy(values: Mapping[str, Any]) -> dict[str, Any]:
    return {
        key: _copy(value) if isinstance(value, Mapping) else value for key, value in values.items()
    }


def _value_at(values: Any, path: ValuePath) -> Any:
    for part in path:
        values = values.get(part) if isinstance(values, Mapping) else None
    return values


def _put(values: dict[str, Any], path: ValuePath, text: str) -> bool:
    """Set the value at *path*; return False if a part of the path is not a table."""
    *tables, key = path
    place: Any = values
    for table in tables:
        place = place.setdefault(table, {})
        if not isinstance(place, dict):
            return False
    place[key] = text
    return True


def _lines_of(text: str) -> dict[ValuePath, list[int]]:
    """Find the line numbers of table headers and keys, which tomllib does not report."""
    found: dict[ValuePath, list[int]] = {}
    table: ValuePath = ()
    for number, line in enumerate(text.split("\n"), start=1):
        if header := _HEADER.match(line):
            table = _split(header[1])
            found.setdefault(table, []).append(number)
        elif key := _KEY.match(line):
            found.setdefault((*table, *_split(key[1])), []).append(number)
    return found


def _split(dotted: str) -> ValuePath:
    return tuple(part.strip().strip("\"'") for part in dotted.split("."))


def _unreadable(file: Path, error: Exception) -> Fault:
    fix = "correct it"
    if isinstance(error, OSError):
        reason = str(error.strerror)
        fix = f"create it, or name another file with {DEPLOYMENT} or --deployment"
    elif isinstance(error, UnicodeDecodeError):
        reason, fix = "it is not UTF-8 text", "save it as UTF-8"
    elif isinstance(error, RecursionError):
        reason = "its tables and lists are nested too deep"
    else:
        reason = "a value in it is out of range, such as a number with too many digits"
    return Fault(
        "K100",
        Place(name=str(file)),
        f"the deployment file cannot be read: {reason}.\nlooked for {file.absolute()}",
        (Outside(fix),),
    )


def _syntax_fault(file: Path, text: str, message: str) -> Fault:
    for path, lines in _lines_of(text).items():
        if len(lines) > 1:
            return Fault(
                "K102",
                Place(file.name, lines[1], path=path),
                f"{'.'.join(path)} appears twice: in line {lines[0]} and in line {lines[1]}.",
                (Outside("keep one of them"),),
            )
    found = _PLACE.search(message)
    place = _place_in(file, text, int(found[1]), int(found[2])) if found else Place(file.name)
    what = f"the file is not valid TOML: {_PLACE.sub('', message).strip()}."
    return Fault("K100", place, what, (Outside("correct this line"),))


def _place_in(file: Path, text: str, line: int, column: int) -> Place:
    """Return a place with its line, up to the equals sign: a secret may be behind it."""
    key, equals, _ = text.split("\n")[line - 1].partition("=")
    shown = key + equals
    excerpt = shown if shown.strip() and column <= len(shown) + 1 else None
    return Place(file.name, line, column, excerpt=excerpt)
