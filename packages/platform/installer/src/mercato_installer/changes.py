"""What differs between two releases: lines of the deployment file, packages, routes."""

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import msgspec

from mercato_composition.deployment.sections import secret_names
from mercato_composition.report.settings import SECTIONS
from mercato_installer.inside import Route

Sign = Literal["+", "~", "-"]


class Change(msgspec.Struct, frozen=True):
    """A thing that is added, changed or removed, in words."""

    sign: Sign
    what: str

    def __str__(self) -> str:
        return f"{self.sign} {self.what}"


class Packages(msgspec.Struct, frozen=True):
    """How packages differ; the number of equal ones; the bytes of new wheels."""

    changes: tuple[Change, ...]
    equal: int
    bytes: int


class Routes(msgspec.Struct, frozen=True):
    """The routes that are added and removed, as ``GET /v1/orders``."""

    added: tuple[str, ...]
    removed: tuple[str, ...]


def of_files(old: bytes, new: bytes) -> tuple[Change, ...]:
    """Compare two deployment files. Values that may be secrets are not shown."""
    before, after = (tomllib.loads(text.decode("utf-8-sig")) for text in (old, new))
    return tuple(_differences(before, after, (), in_clear=_is_production(before, after)))


def of_packages(old: Mapping[str, str], new: Mapping[str, str], sizes: Mapping[str, int]) -> Packages:
    """Compare versions by name.

    Args:
        old: The versions of the current release.
        new: Those of the next one.
        sizes: The bytes of the wheels of the next one, by name.
    """
    found = tuple(_versions(old, new))
    equal = sum(new.get(name) == version for name, version in old.items())
    changed = [name for name in new if old.get(name) != new[name]]
    return Packages(found, equal, sum(sizes[name] for name in changed))


def of_routes(old: Sequence[Route], new: Sequence[Route]) -> Routes:
    """Compare the routes of two environments."""
    before, after = ({f"{it.method} {it.route}" for it in routes} for routes in (old, new))
    return Routes(tuple(sorted(after - before)), tuple(sorted(before - after)))


def _versions(old: Mapping[str, str], new: Mapping[str, str]) -> Iterator[Change]:
    for name in sorted(old.keys() | new.keys()):
        if name not in old:
            yield Change("+", f"{name} {new[name]}")
        elif name not in new:
            yield Change("-", f"{name} {old[name]}")
        elif old[name] != new[name]:
            yield Change("~", f"{name} {old[name]} -> {new[name]}")


def _differences(
    old: Mapping[str, Any], new: Mapping[str, Any], path: tuple[str, ...], *, in_clear: bool
) -> Iterator[Change]:
    for key in sorted(old.keys() | new.keys()):
        here = (*path, key)
        before, after = old.get(key), new.get(key)
        if isinstance(before, Mapping) and isinstance(after, Mapping):
            yield from _differences(before, after, here, in_clear=in_clear)
        elif key not in old:
            yield Change("+", _line(here, after, in_clear=in_clear))
        elif key not in new:
            yield Change("-", _named(here, before))
        elif before != after:
            shown = [_value(here, it, in_clear=in_clear) for it in (before, after)]
            what = f" {shown[0]} -> {shown[1]}" if all(shown) else ""
            yield Change("~", f"{_named(here, after)}{what}")


def _line(path: tuple[str, ...], value: Any, *, in_clear: bool) -> str:
    shown = _value(path, value, in_clear=in_clear)
    return f"{_named(path, value)} = {shown}" if shown else _named(path, value)


def _named(path: tuple[str, ...], value: Any) -> str:
    """Return a table as its header, and a value by its path, without ``features.`` before it."""
    dotted = ".".join(path)
    return f"[{dotted}]" if isinstance(value, Mapping) else dotted.removeprefix("features.")


def _value(path: tuple[str, ...], value: Any, *, in_clear: bool) -> str | None:
    """Return a value as it is shown; None for a table, and for what may be a secret."""
    *table, key = path
    kind = SECTIONS.get(tuple(table))
    if isinstance(value, Mapping) or (kind is not None and key in secret_names(kind)):
        return None
    # Production refuses secrets in the file. Elsewhere any text of a feature may be one.
    if path[0] == "features" and not in_clear and not isinstance(value, int | float):
        return None
    return value if isinstance(value, str) and value else repr(value)


def _is_production(*files: Mapping[str, Any]) -> bool:
    return all(it.get("environment", "production") == "production" for it in files)


def size_of(files: Sequence[Path], names: Sequence[str]) -> dict[str, int]:
    """Return the bytes of wheels by the names of their distributions."""
    return {name: file.stat().st_size for name, file in zip(names, files, strict=True)}
