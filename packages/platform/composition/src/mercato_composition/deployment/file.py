"""Merge the deployment file and the environment, and record the origin of each value."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from mercato_composition.deployment import flaws
from mercato_composition.deployment.kubernetes import is_of_a_service
from mercato_composition.deployment.partial import Hole
from mercato_composition.deployment.statements import Span, ValuePath
from mercato_composition.deployment.text import read
from mercato_composition.faults import DeploymentError, Fault, Fix, Outside, Place, mercato

PREFIX = "MERCATO_"
DEPLOYMENT = "MERCATO_DEPLOYMENT"
"""The variable with the path of the file: the only variable of ours that sets no value."""

_STRAY = "\0"
"""The first part of the path of a variable without effect; no key and no variable contains it."""


@dataclass(frozen=True)
class Source:
    """The merged, unchecked values of a deployment.

    Args:
        name: The file's name, for messages.
        values: Tables and values, as TOML and the environment gave them.
        origins: The place of each value and table in the file, or its variable.
        keys: The place of each key in the file.
        file: The file; None if the values are from a mapping.
        text: The content of the file.
        faults: What of the file cannot be read (K100, K102).
        holes: The tables and values that are unknown for that. ``("features",)`` stands for the
            set of features.
        unsaid: The tables of which it is unknown what they do not say.
    """

    name: str
    values: Mapping[str, Any]
    origins: Mapping[ValuePath, Place] = field(default_factory=dict)
    keys: Mapping[ValuePath, Place] = field(default_factory=dict, repr=False)
    file: Path | None = None
    text: str = field(default="", repr=False)
    faults: Sequence[Fault] = field(default=(), repr=False)
    holes: Mapping[ValuePath, Hole] = field(default_factory=dict)
    unsaid: Mapping[ValuePath, Hole] = field(default_factory=dict)

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
        alone = isinstance(value_at(self.values, path), Mapping) == line.lstrip().startswith("[")
        return replace(place, excerpt=line) if alone else place

    def key(self, *path: str) -> Place:
        """Return the place of the key at *path*; of its value if there is none."""
        return replace(self.keys[path], path=path) if path in self.keys else self.origin(*path)

    def hole(self, *path: str) -> Hole | None:
        """Return why the table or value at *path* is unknown; None if it is known."""
        if self.in_environment(*path):
            return None
        for length in range(len(path), 0, -1):
            part = path[:length]
            # That a feature may be missing in the set makes nothing of the others unknown.
            if part in self.holes and (part != ("features",) or part == path):
                return self.holes[part]
        return None if path in self.origins else self.unsaid.get(path[:-1])

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

    What cannot be read of it is left out, and reported in the result.

    Args:
        path: The file. Default: the one that ``MERCATO_DEPLOYMENT`` names, else
            ``deployment.toml``.
        environ: The environment.

    Raises:
        DeploymentError: The file cannot be opened.
    """
    file = path or Path(environ.get(DEPLOYMENT) or "deployment.toml")
    try:
        text = read(file.read_bytes())
    except OSError as error:
        raise DeploymentError([_unreadable(file, error)]) from error
    places = {path: _place(file, span) for path, span in text.keys.items()}
    values = {path: _place(file, span) for path, span in text.spans.items()}
    return overlay(
        Source(
            file.name,
            text.values,
            places | values,
            places,
            file,
            "\n".join(text.lines),
            [flaws.fault_of(file, text, flaw) for flaw in text.flaws],
            dict(flaws.holes_of(text.flaws)),
            dict(flaws.unsaid_of(text.flaws)),
        ),
        environ,
    )


def overlay(source: Source, environ: Mapping[str, str]) -> Source:
    """Override values of *source* with the environment's ``MERCATO_…`` variables.

    ``MERCATO_DATABASE__URL`` is ``url`` in ``[database]``. A variable can set values of a feature,
    but cannot add a feature, and cannot accept a danger: only the file does either. Variables that
    Kubernetes sets for a Service are left alone.
    """
    values, origins, holes = _copy(source.values), dict(source.origins), dict(source.holes)
    features = named(source)
    for variable, text in sorted(environ.items()):
        if not variable.startswith(PREFIX) or variable == DEPLOYMENT:
            continue
        if is_of_a_service(variable, text):
            continue
        path = tuple(variable.removeprefix(PREFIX).lower().split("__"))
        adds_feature = path[0] == "features" and path[1:2] and path[1] not in features
        if adds_feature and ("features",) in holes:
            continue
        is_misspelt = any(part.startswith("_") or not part for part in path)
        refused = adds_feature or path[0] == "accept" or is_misspelt
        if not refused and _put(values, path, text):
            origins[path] = Place(variable=variable)
            holes.pop(path, None)
        else:
            origins[(_STRAY, *path)] = Place(variable=variable)
    return replace(source, values=values, origins=origins, holes=holes)


def named(source: Source) -> Collection[str]:
    """Return the names of the features that the file names, as far as it can be read."""
    found = source.values.get("features")
    below = [path[1] for path in source.holes if path[0] == "features" and len(path) > 1]
    return dict.fromkeys([*(found if isinstance(found, Mapping) else ()), *below])


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


def value_at(values: Any, path: ValuePath) -> Any:
    """Return the value at *path*; None if it is missing."""
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


def _place(file: Path, span: Span) -> Place:
    return Place(file.name, span.line, span.column, span.end_column)


def _unreadable(file: Path, error: OSError) -> Fault:
    what = f"the deployment file cannot be read: {error.strerror}.\nlooked for {file.absolute()}"
    fix: Fix = Outside(f"name another file with {DEPLOYMENT} or --deployment")
    if isinstance(error, FileNotFoundError):
        fix = mercato("config", "--example", into=str(file))
    return Fault("K100", Place(name=str(file)), what, (fix,))
